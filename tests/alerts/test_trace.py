"""The steps of an item's way: where it came to its end, and which feeds could have brought it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.alerts.trace import (
    Origin,
    Stage,
    carriers,
    delivery_steps,
    end_of,
    first_steps,
    never_seen,
    topic_steps,
    unjudged,
)
from monitor.records import DeliveryState, Pace, Reason, Withheld
from tests.fakes import made
from tests.fakes.made import HOUR, NOW

NOTHING = Origin(pushed=False, last_seen_at=None, edits=0)


@pytest.mark.parametrize(
    "reason, stage",
    [
        (Reason.FIRST_STORY, None),
        (Reason.NOT_MENTIONED, Stage.WORDS),
        (Reason.MENTIONED, Stage.WORDS),
        (Reason.COPY, Stage.DECISION),
        (Reason.SILENCED, Stage.DECISION),
        (Reason.BASELINE, Stage.DECISION),
        (Reason.LEFT_OUT, Stage.DECISION),
        (Reason.CATCH_UP, None),
    ],
)
def test_where_an_item_on_topic_ends(reason: Reason, stage: Stage | None) -> None:
    """The first step that it did not pass is its end; one that was told has none."""
    (verdict,) = made.judged(reason=reason, story_id="s").verdicts
    end = end_of(topic_steps(verdict), "border")
    assert (end.stage if end else None) is stage


def test_an_item_below_the_threshold_ends_at_its_score() -> None:
    """It is said how far below it is, and nothing of a story."""
    (verdict,) = made.judged(value=0.41, reason=Reason.BELOW_THRESHOLD).verdicts
    (step,) = topic_steps(verdict)
    assert (step.stage, step.says) == (Stage.SCORE, "0.41, threshold 0.50: 0.09 below it")


def test_how_an_item_came() -> None:
    """A push, an edit, a shared address and the name that was asked for are said."""
    seen = made.seen(shares_url=True)
    origin = Origin(pushed=True, last_seen_at=NOW + HOUR, edits=2)
    says = {one.stage: one.says for one in first_steps(seen, origin, "https://lrt.example/old")}
    assert says[Stage.FETCHED] == "pushed by the feed's hub"
    assert says[Stage.IDENTITY] == (
        "new in its feed, known by its guid; its address stands for other items, too; edited 2"
        " times; what you ask for is a name that it had before; still listed 2021-11-08 15:00 UTC"
    )
    says = {one.stage: one.says for one in first_steps(made.seen(baseline=True), NOTHING, "")}
    assert says[Stage.FETCHED] == "brought by a poll, in the feed's first document: a baseline"


def test_a_topic_that_does_not_read_the_feed() -> None:
    """Its groups and those of the feed stand beside each other."""
    step = unjudged(made.topic(groups=("world",)), ("baltic",), made.seen())
    assert step.says.endswith("it reads world, the feed is in baltic")
    assert "newer than the item" in unjudged(made.topic(), ("baltic",), made.seen()).says


def test_one_destination_that_fails_is_no_end() -> None:
    """It was told if any destination was; if none was, the first that was not is its end."""
    alert = made.alert()
    good = made.delivery(of=alert, state=DeliveryState.DELIVERED, answer="printed")
    bad = made.delivery("desk/2-slack", of=alert, state=DeliveryState.DEAD, answer="HTTP 410")
    hushed = Withheld(alert_id=alert.id, receiver="pager", why="silenced", at=NOW)
    steps = delivery_steps("border", [alert], [good, bad], [hushed])
    assert [one.passed for one in steps] == [True, False, False]
    assert end_of(steps, "border") is None
    end = end_of(delivery_steps("border", [alert], [bad], []), "border")
    assert end is not None
    assert end.says == "desk/2-slack: dead; HTTP 410"
    assert delivery_steps("other", [alert], [good], [hushed]) == []


def test_which_feeds_could_have_brought_an_article() -> None:
    """Those of its site, and those that have brought items from there, with how they are."""
    pace = Pace(observed_at=NOW, turnover=timedelta(hours=3))
    own = made.feed("LRT", id=1, failures=2, last_error="HTTP 500", pace=pace)
    other = made.feed("Wire", id=2)
    strange = made.feed("BBC", id=3)
    found = carriers("https://www.lrt.example/news/1", [strange, own, other], frozenset({2}))
    assert [(one.name, one.has_brought, one.last_error, one.window) for one in found] == [
        ("Wire", True, None, None),
        ("LRT", False, "HTTP 500", timedelta(hours=3)),
    ]
    assert "2 feeds that could have" in never_seen(found, is_text=False).says
    assert "no feed of yours" in never_seen([], is_text=False).says
    assert never_seen([], is_text=True).says == "never seen: none of the feeds carried it"
