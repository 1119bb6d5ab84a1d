"""Records for tests, whole and plausible; a test names only what its story is about.

Items and what follows from them go by a short name: `item("fence")` is the same item everywhere.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.alerts.route import make_alert, route
from monitor.alerts.silence import Silence, make_id
from monitor.records import (
    Alert,
    AlertedItem,
    Decision,
    Delivery,
    Document,
    Feed,
    FeedSpec,
    FetchFailure,
    Item,
    JudgedItem,
    Member,
    Poll,
    Reason,
    Score,
    Seed,
    SeenItem,
    Story,
    TermShare,
    Topic,
    Verdict,
)
from monitor.targets import ConsoleTarget, Destination
from monitor.topics.story import open_story

NOW = datetime(2021, 11, 8, 14, 0, 0, 123456, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def digest(text: str) -> str:
    """Give 64 hexadecimal digits that stand for a text."""
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------------------------------- feeds


def spec(name: str = "LRT", **changes: Any) -> FeedSpec:
    """Return a feed as the configuration names it; its URL follows from the name."""
    made = FeedSpec(
        url=f"https://{name.lower()}.example/rss",
        name=name,
        groups=("baltic",),
        every=15 * MINUTE,
        lang="en",
    )
    return replace(made, **changes)


def feed(name: str = "LRT", **changes: Any) -> Feed:
    """Return a feed that was polled before and is due now."""
    made = Feed(
        id=1,
        url=f"https://{name.lower()}.example/rss",
        name=name,
        groups=("baltic",),
        every=15 * MINUTE,
        lang="en",
        due_at=NOW,
        baseline_at=NOW - DAY,
        last_polled_at=NOW - 15 * MINUTE,
        last_ok_at=NOW - 15 * MINUTE,
    )
    return replace(made, **changes)


def document(body: bytes = b"<rss/>", **changes: Any) -> Document:
    """Return a document that was fetched now."""
    return replace(Document(url="https://lrt.example/rss", body=body, fetched_at=NOW), **changes)


def failure(cause: str = "HTTP 500", **changes: Any) -> FetchFailure:
    """Return a poll that failed now."""
    return replace(FetchFailure(cause=cause, fetched_at=NOW), **changes)


def poll(feed_id: int = 1, **changes: Any) -> Poll:
    """Return a poll that went well now."""
    made = Poll(
        feed_id=feed_id,
        polled_at=NOW,
        due_at=NOW + 15 * MINUTE,
        ok=True,
        failures=0,
        etag='W/"1"',
        last_modified="Mon, 08 Nov 2021 14:00:00 GMT",
        body_hash=digest("body"),
        baseline_at=NOW,
    )
    return replace(made, **changes)


# ---------------------------------------------------------------------------------------- items


def item(name: str = "fence", **changes: Any) -> Item:
    """Return an item with a guid and a link."""
    made = Item(
        key=f"guid:{name}",
        guid=name,
        url=f"https://www.lrt.example/news/{name}?utm_source=rss",
        canonical_url=f"https://lrt.example/news/{name}",
        fingerprint=digest(name),
        title=f"Lithuania on the {name} at its border with Belarus",
        summary="The government in Vilnius met on Monday.",
        lang="en",
        published_at=NOW - HOUR,
    )
    return replace(made, **changes)


def seen(name: str = "fence", of: Item | None = None, **changes: Any) -> SeenItem:
    """Return an item that was first seen now, in feed 1; its id follows from the name."""
    made = SeenItem(
        id=digest(f"item {name}")[:16],
        item=of or item(name),
        feed_id=1,
        source="LRT",
        first_seen_at=NOW,
        baseline=False,
    )
    return replace(made, **changes)


# --------------------------------------------------------------------------------------- topics


def topic(name: str = "border", **changes: Any) -> Topic:
    """Return a topic with one seed and one receiver."""
    seed = Seed(name="seed.txt", title="Migrants at the border", text="Hundreds at the border.")
    return replace(Topic(name=name, seeds=(seed,), receivers=("desk",)), **changes)


def score(value: float = 0.7, **changes: Any) -> Score:
    """Return a score of topic `border`, by two terms."""
    terms = (
        TermShare(term="border", surface="border", share=round(value * 0.75, 6)),
        TermShare(term="belarus", surface="Belarus", share=round(value * 0.25, 6)),
    )
    return replace(Score(topic="border", value=value, threshold=0.5, terms=terms), **changes)


def member(*terms: str, **changes: Any) -> Member:
    """Return what a story remembers of an item with these terms, all of one weight."""
    made = Member(
        title="Lithuania on the fence at its border with Belarus",
        source="LRT",
        at=NOW,
        terms=dict.fromkeys(terms or ("lithuania", "belarus", "border"), 4.5),
        heads=(),
        facts=(),
    )
    return replace(made, **changes)


def story(name: str = "fence", **changes: Any) -> Story:
    """Return the story that an item of this name opens for topic `border`."""
    opened = open_story("border", seen(name), member("lithuania", "belarus", "border", name))
    return replace(opened, **changes)


def judged(
    one: SeenItem | None = None,
    *,
    value: float = 0.7,
    reason: Reason = Reason.FIRST_STORY,
    story_id: str | None = None,
    topic_name: str = "border",
) -> JudgedItem:
    """Return an item with the verdict of one topic."""
    one = one or seen()
    decision = Decision(
        topic=topic_name,
        alert=reason is Reason.FIRST_STORY,
        reason=reason,
        story_id=story_id,
        detail="the same text" if reason is Reason.COPY else "",
    )
    verdict = Verdict(score=score(value, topic=topic_name), decision=decision)
    return JudgedItem(seen=one, verdicts=(verdict,))


# --------------------------------------------------------------------------------------- alerts


def alerted(name: str = "fence", **changes: Any) -> AlertedItem:
    """Return an item as an alert shows it."""
    one = seen(name)
    made = AlertedItem(
        item_id=one.id,
        title=one.item.title,
        summary=one.item.summary,
        source=one.source,
        url=one.item.url,
        published_at=one.item.published_at,
        first_seen_at=one.first_seen_at,
        score=0.7,
        threshold=0.5,
        terms=score().terms,
        sources=("LRT",),
    )
    return replace(made, **changes)


def alert(name: str = "fence", **changes: Any) -> Alert:
    """Return the alert on the first item of a story; test alerts need no stored item."""
    reason = changes.pop("reason", Reason.FIRST_STORY)
    now = changes.pop("created_at", NOW)
    items = changes.pop("items", (alerted(name),))
    whole = make_alert("border", reason, story(name).id, items, now)
    return replace(whole, **{"detail": "fence is new", **changes})


def destination(name: str = "desk/1-console") -> Destination:
    """Return a destination of this name."""
    return Destination(
        name=name, receiver=name.split("/", maxsplit=1)[0], kind="console", target=ConsoleTarget()
    )


def delivery(to: str = "desk/1-console", *, of: Alert | None = None, **changes: Any) -> Delivery:
    """Return the delivery of an alert to one destination, due when the alert was made."""
    of = of or alert()
    (made,) = route(of, [destination(to)], of.created_at)
    return replace(made, **changes)


def silence(**changes: Any) -> Silence:
    """Return a silence of an hour from now; what it is of is for the test to say."""
    told = [str(changes.get(name)) for name in ("topic", "story", "source", "receiver")]
    whole = Silence(
        id=make_id(*told, at=NOW),
        created_at=NOW,
        until=NOW + HOUR,
        comment="moving desks",
        author="anna",
    )
    return replace(whole, **changes)
