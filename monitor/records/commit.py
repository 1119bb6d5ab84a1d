"""All that one poll changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.records.alerts import Alert, Decision, Reason
from monitor.records.feeds import Pace, Poll
from monitor.records.items import Alias, Edit, SeenItem
from monitor.records.outbox import Delivery, Withheld
from monitor.records.topics import Score, Story


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one topic makes of one item."""

    score: Score
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItem:
    """A new item with the verdict of each topic that reads its feed."""

    seen: SeenItem
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What tracking learned from some items, to be stored with them."""

    # Name -> small state as JSON, whole.
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """All that one poll changes: stored in one transaction, or not at all."""

    poll: Poll | None = None
    items: tuple[JudgedItem, ...] = ()
    # New stories and those that grew, as they are now.
    stories: tuple[Story, ...] = ()
    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    # (topic, item id, new reason) of the waiting baseline items that a catch-up message settles.
    caught_up: tuple[tuple[str, str, Reason], ...] = ()
    lessons: Lessons = field(default_factory=Lessons)
    # Known items whose text changed, with the verdicts of the topics that judged them again.
    rejudged: tuple[JudgedItem, ...] = ()
    edits: tuple[Edit, ...] = ()
    aliases: tuple[Alias, ...] = ()
    # Ids of known items that the feed still lists, to be noted as seen at this poll.
    seen_again: tuple[str, ...] = ()
    # Feed id, and what a push taught of its pace; a poll brings its own.
    pushed: tuple[int, Pace] | None = None
