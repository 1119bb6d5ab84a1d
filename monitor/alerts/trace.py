"""An item's way through every stage, as steps: which it passed, and where it came to its end. Pure.

    feed -> fetched -> identity -> language -> score -> words -> story -> decision -> delivery

What the steps say is what was stored when it happened; only `Today` is judged anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from monitor.records import (
    SENTENCES,
    Alert,
    Delivery,
    DeliveryState,
    Feed,
    Reason,
    SeenItem,
    Topic,
    Verdict,
    Withheld,
)

# Why the user's own words stopped an item that is on-topic.
_WORDS = {Reason.NOT_MENTIONED, Reason.MENTIONED}
# What the key of an item begins with, and what it is then known by.
_KEYS = {"guid": "its guid", "url": "its address", "text": "its text"}
# Second parts of a host below which others have theirs, as in bbc.co.uk.
_SHARED = {"co", "com", "org", "net", "ac", "gov", "edu"}


class Stage(StrEnum):
    """How far an item came; in this order."""

    FEED = "feed"
    FETCHED = "fetched"
    IDENTITY = "identity"
    LANGUAGE = "language"
    SCORE = "score"
    WORDS = "words"
    STORY = "story"
    DECISION = "decision"
    DELIVERY = "delivery"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened to an item at one stage."""

    stage: Stage
    # Whose step it is; empty: that of all topics.
    topic: str = ""
    passed: bool
    says: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How an item came, as it is stored."""

    # A hub pushed it; else a poll brought it.
    pushed: bool
    # Renewed once a day while its feed lists it; None: not since it came.
    last_seen_at: datetime | None
    edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A feed that could have brought an article, and how it is now."""

    name: str
    url: str
    # Whether it has brought items of that site before; else it only lies there.
    has_brought: bool
    last_polled_at: datetime | None
    failures: int
    last_error: str | None
    # In what time all of its document is replaced, by its last poll; None: not known.
    window: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """What today's configuration makes of a stored item, where that is otherwise than then."""

    score: float
    threshold: float
    says: str


def first_steps(seen: SeenItem, origin: Origin, asked: str) -> list[Step]:
    """Give the steps that are those of all topics; `asked` is what it was looked for by."""
    how = "pushed by the feed's hub" if origin.pushed else "brought by a poll"
    if seen.baseline:
        how += ", in the feed's first document: a baseline"
    return [
        Step(stage=Stage.FEED, passed=True, says=f"carried by {seen.source}"),
        Step(stage=Stage.FETCHED, passed=True, says=how, at=seen.first_seen_at),
        Step(stage=Stage.IDENTITY, passed=True, says=_identity(seen, origin, asked)),
        Step(stage=Stage.LANGUAGE, passed=True, says=seen.item.lang or "not known"),
    ]


def _identity(seen: SeenItem, origin: Origin, asked: str) -> str:
    kind = seen.item.key.partition(":")[0]
    parts = [f"new in its feed, known by {_KEYS.get(kind, 'its key')}"]
    if seen.shares_url:
        parts.append("its address stands for other items, too")
    if origin.edits:
        parts.append(f"edited {origin.edits} times" if origin.edits > 1 else "edited once")
    if asked and asked not in _names(seen):
        parts.append("what you ask for is a name that it had before")
    if origin.last_seen_at is not None:
        parts.append(f"still listed {origin.last_seen_at:%Y-%m-%d %H:%M} UTC")
    return "; ".join(parts)


def _names(seen: SeenItem) -> set[str | None]:
    item = seen.item
    return {item.guid, item.url, item.canonical_url, item.fingerprint}


def unjudged(topic: Topic, feed_groups: tuple[str, ...], seen: SeenItem) -> Step:
    """Give the step at which a topic that made nothing of an item left it."""
    if not topic.reads(feed_groups):
        read = ", ".join(topic.groups)
        says = f"{SENTENCES[Reason.OTHER_FEEDS]}: it reads {read}, the feed is in "
        says += ", ".join(feed_groups) or "no group"
    else:
        says = f"it was not judged: the topic is newer than the item, or did not read {seen.source}"
    return Step(stage=Stage.FEED, topic=topic.name, passed=False, says=says)


def topic_steps(verdict: Verdict) -> list[Step]:
    """Give the steps of one topic, up to its decision."""
    score, decision = verdict.score, verdict.decision
    topic = score.topic
    far = f"{score.value:.2f}, threshold {score.threshold:.2f}"
    if not score.on_topic:
        says = f"{far}: {score.threshold - score.value:.2f} below it"
        return [Step(stage=Stage.SCORE, topic=topic, passed=False, says=_joined(says, score.lacks))]
    steps = [Step(stage=Stage.SCORE, topic=topic, passed=True, says=far)]
    sentence = _joined(SENTENCES[decision.reason], decision.detail)
    if decision.reason in _WORDS:
        return [*steps, Step(stage=Stage.WORDS, topic=topic, passed=False, says=sentence)]
    if decision.story_id:
        says = f"story {decision.story_id}"
        steps.append(Step(stage=Stage.STORY, topic=topic, passed=True, says=says))
    told = decision.alert or decision.reason is Reason.CATCH_UP
    return [*steps, Step(stage=Stage.DECISION, topic=topic, passed=told, says=sentence)]


def _joined(says: str, more: str) -> str:
    return f"{says}; {more}" if more else says


def delivery_steps(
    topic: str,
    alerts: Iterable[Alert],
    deliveries: Sequence[Delivery],
    withheld: Sequence[Withheld],
) -> list[Step]:
    """Give a step for each destination that was, or was not, told."""
    mine = {alert.id for alert in alerts if alert.topic == topic}
    steps = [
        Step(
            stage=Stage.DELIVERY,
            topic=topic,
            passed=one.state is DeliveryState.DELIVERED,
            says=f"{one.destination}: {_joined(one.state.value, one.answer)}",
            at=one.settled_at or one.due_at,
        )
        for one in deliveries
        if one.alert_id in mine
    ]
    return steps + [
        Step(
            stage=Stage.DELIVERY,
            topic=topic,
            passed=False,
            says=f"{one.receiver}: not told: {one.why}",
            at=one.at,
        )
        for one in withheld
        if one.alert_id in mine
    ]


def end_of(steps: Sequence[Step], topic: str) -> Step | None:
    """Give the step that stopped an item for a topic; None: it was told."""
    mine = [one for one in steps if one.topic in {"", topic}]
    stopped = [one for one in mine if not one.passed]
    delivered = any(one.stage is Stage.DELIVERY and one.passed for one in mine)
    if delivered:
        # One destination that failed does not mean that nobody was told.
        stopped = [one for one in stopped if one.stage is not Stage.DELIVERY]
    return stopped[0] if stopped else None


# ------------------------------------------------------------------------------- never seen


def site(url: str) -> str:
    """Give the part of a host that a publisher's hosts have in common, by its looks.

    >>> site("https://feeds.bbc.co.uk/news/rss.xml"), site("https://www.lrt.lt/en?rss")
    ('bbc.co.uk', 'lrt.lt')
    """
    parts = (urlsplit(url).hostname or "").split(".")
    length = 3 if len(parts) > 2 and parts[-2] in _SHARED else 2
    return ".".join(parts[-length:])


def carriers(url: str, feeds: Iterable[Feed], have_brought: frozenset[int]) -> list[Carrier]:
    """Give the feeds that could have brought an article: of its site, or with items of it."""
    wanted = site(url)
    found = [
        Carrier(
            name=feed.name,
            url=feed.url,
            has_brought=feed.id in have_brought,
            last_polled_at=feed.last_polled_at,
            failures=feed.failures,
            last_error=feed.last_error if feed.failures else None,
            window=feed.pace.turnover if feed.pace else None,
        )
        for feed in feeds
        if feed.id in have_brought or site(feed.moved_to or feed.url) == wanted
    ]
    return sorted(found, key=lambda one: (not one.has_brought, one.name))


def never_seen(found: Sequence[Carrier], *, is_text: bool) -> Step:
    """Give the one step of what no feed has brought."""
    if is_text:
        says = "never seen: none of the feeds carried it"
    elif found:
        what = (
            "1 feed that could have" if len(found) == 1 else f"{len(found)} feeds that could have"
        )
        says = f"never seen: none of the feeds carried it, {what}"
    else:
        says = "never seen: no feed of yours is of its site, or has brought anything from there"
    return Step(stage=Stage.FEED, passed=False, says=says)
