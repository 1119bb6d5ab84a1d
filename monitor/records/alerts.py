"""Decisions, and the alerts that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.records.topics import TermShare


class Reason(StrEnum):
    """Why an item did or did not become an alert; each has its sentence in `SENTENCES`."""

    FIRST_STORY = "first_story"
    CATCH_UP = "catch_up"
    UPDATE = "update"
    TEST = "test"
    NOTICE = "notice"
    DIGEST = "digest"
    COPY = "copy"
    FOLLOW_UP = "follow_up"
    BASELINE = "baseline"
    LEFT_OUT = "left_out"
    BELOW_THRESHOLD = "below_threshold"
    NOT_MENTIONED = "not_mentioned"
    MENTIONED = "mentioned"
    OTHER_FEEDS = "other_feeds"
    HELD = "held"
    SILENCED = "silenced"


SENTENCES: Mapping[Reason, str] = {
    Reason.FIRST_STORY: "the first item of its story on this topic: alerted",
    Reason.CATCH_UP: "among the best of what the feeds already held: in the catch-up message",
    Reason.UPDATE: "its story is known, but it brings something new: alerted as an update",
    Reason.TEST: "a test that you asked for",
    Reason.NOTICE: "what seedwatch tells its operator about itself",
    Reason.DIGEST: "several alerts in one message",
    Reason.COPY: "another outlet's copy of a story already alerted: counted, not sent again",
    Reason.FOLLOW_UP: "its story was already alerted: attached to it, not sent again",
    Reason.BASELINE: "on-topic, but in the feed before its first poll: left to the catch-up",
    Reason.LEFT_OUT: "on-topic, but not among the best five: counted in the catch-up message",
    Reason.BELOW_THRESHOLD: "its score is below the threshold",
    Reason.NOT_MENTIONED: "it lacks what `must_mention` asks for",
    Reason.MENTIONED: "it has what `never_mention` excludes",
    Reason.OTHER_FEEDS: "the topic does not read this feed",
    Reason.HELD: "on-topic, but old or one of many that its feed changed: left to the catch-up",
    Reason.SILENCED: "on-topic, but somebody has asked not to be told: not sent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether an item becomes an alert for a topic, and why, both ways."""

    topic: str
    alert: bool
    reason: Reason
    story_id: str | None = None
    # What the reason leaves open, e.g. the word that was missing.
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertedItem:
    """An item as an alert shows it."""

    item_id: str
    title: str
    summary: str
    source: str
    url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    score: float
    threshold: float
    terms: tuple[TermShare, ...]
    # Distinct feeds that carry its story so far.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The decision that a story is worth telling now."""

    # Derived from topic, story and reason: the same decision taken twice is the same alert.
    id: str
    topic: str
    reason: Reason
    story_id: str
    created_at: datetime
    # One, but up to five in a catch-up, none in a notice, all those of the alerts in a digest.
    items: tuple[AlertedItem, ...]
    # How many more items a catch-up leaves out.
    left_out: int = 0
    # What is new, in an update; in a notice its headline, and below it a paragraph a line.
    detail: str = ""
