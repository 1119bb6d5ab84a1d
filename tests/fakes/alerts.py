"""Alerts for tests: one ready-made item, changed where a test says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from monitor.alerts.render import render
from monitor.records import Alert, AlertedItem, Message, Reason, TermShare

ITEM = AlertedItem(
    item_id="4f1c9a7e2b3d",
    title="Poland deploys 12,000 troops as hundreds of migrants mass at its border with Belarus",
    summary="Warsaw says that Minsk directs the attempts to cross; hundreds camp near Kuźnica.",
    source="BBC World",
    url="https://www.bbc.co.uk/news/world-europe-59206685",
    published_at=datetime(2021, 11, 8, 14, 5, tzinfo=UTC),
    first_seen_at=datetime(2021, 11, 8, 14, 9, tzinfo=UTC),
    score=0.71,
    threshold=0.5,
    terms=(
        TermShare(term="border", surface="border", share=0.24),
        TermShare(term="belarus", surface="Belarus", share=0.15),
        TermShare(term="migrant", surface="migrants", share=0.09),
    ),
    sources=("BBC World", "LRT English", "Euronews"),
)


def alert(*items: AlertedItem, **changes: Any) -> Alert:
    """Return an alert on these items, else on `ITEM`: the first item of a story."""
    made = Alert(
        id="a-1",
        topic="belarus-eu-border",
        reason=Reason.FIRST_STORY,
        story_id="s-1",
        created_at=datetime(2021, 11, 8, 14, 10, tzinfo=UTC),
        items=items or (ITEM,),
    )
    return replace(made, **changes)


def catch_up(left_out: int = 12) -> Alert:
    """Return a catch-up of five items."""
    others = [
        replace(
            ITEM,
            item_id=f"{number:012}",
            title=f"Item number {number}",
            score=0.75 - 0.04 * number,
            terms=ITEM.terms[:1],
            sources=("LRT",),
        )
        for number in range(2, 6)
    ]
    return alert(ITEM, *others, reason=Reason.CATCH_UP, left_out=left_out)


def message(message_id: str = "d-1", **changes: Any) -> Message:
    """Return the rendered alert on `ITEM` with these changes."""
    return render(alert(replace(ITEM, **changes)), message_id=message_id)


# Not only what Hypothesis thinks of: what acts somewhere.
HOSTILE = st.sampled_from(
    [
        "<!channel>",
        "<@U1>",
        "<https://e|x>",
        "*b*",
        "_i_",
        "`c`",
        "&lt;",
        "\r\nBcc: a@b",
        "\u202e",
        "<script>",
        "</p>",
        '" onclick="x',
        "{{7*7}}",
        "\x1b[2J",
        "\ud800",
        "🇵🇱" * 90,
        "國" * 99,
        "\u0301",
    ]
)
TEXT = st.one_of(
    st.text(st.characters(), max_size=400), st.lists(HOSTILE, max_size=40).map("".join)
)
MOMENTS = st.datetimes(datetime(1980, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive
ITEMS = st.builds(
    AlertedItem,
    item_id=TEXT,
    title=TEXT,
    summary=TEXT,
    source=TEXT,
    url=st.one_of(st.none(), TEXT, TEXT.map(lambda text: "https://x.test/" + text)),
    published_at=st.one_of(st.none(), MOMENTS),
    first_seen_at=MOMENTS,
    score=st.floats(0, 1),
    threshold=st.floats(0, 1),
    terms=st.lists(st.builds(TermShare, term=TEXT, surface=TEXT, share=st.floats(0, 1)), max_size=9)
    .map(tuple),
    sources=st.lists(TEXT, max_size=9).map(tuple),
)  # fmt: skip
ALERTS = st.builds(
    lambda items, reason, topic: alert(*items, reason=reason, topic=topic, left_out=3),
    st.lists(ITEMS, min_size=1, max_size=7) | st.lists(ITEMS, min_size=22, max_size=22),
    st.sampled_from(
        [Reason.FIRST_STORY, Reason.CATCH_UP, Reason.UPDATE, Reason.TEST, Reason.DIGEST]
    ),
    TEXT,
)
