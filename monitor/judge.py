"""What new items amount to: scores, stories, decisions, alerts. Stores nothing.

tracker.score(item)          -> Score per topic, with the terms that made it
refuse, link, decide         -> Decision(reason), a reason both ways; Story
make_alert, route            -> Alert, [Delivery]
tracker.learn(item, scores)     score first, then learn
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from monitor.alerts.decide import decide, refuse
from monitor.alerts.route import make_alert, route
from monitor.records import (
    Alert,
    AlertedItem,
    Batch,
    Delivery,
    JudgedItem,
    Score,
    SeenItem,
    Story,
    Topic,
    Verdict,
)
from monitor.targets import Destination
from monitor.topics import story as stories
from monitor.topics.track import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched, and who is told."""

    topics: tuple[Topic, ...]
    # Topic name -> where its alerts go.
    destinations: Mapping[str, tuple[Destination, ...]]
    # The most patience with a feed that fails.
    at_least_every: timedelta


@dataclass(slots=True)
class _Draft:
    """A batch while it is being made: the working set of one poll."""

    open: dict[str, dict[str, Story]] = field(default_factory=dict)
    items: list[JudgedItem] = field(default_factory=list)
    changed: dict[str, Story] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)


class OpenStories(Protocol):
    """What judging asks of a store."""

    def open_stories(self, topics: Iterable[str], since: datetime) -> list[Story]:
        """Give the stories of some topics that had an item since a time, oldest first."""
        ...


class Judge:
    """Judges items in order; what it knows of the stream is in the tracker."""

    def __init__(self, known: OpenStories, tracker: Tracker, watch: Watch) -> None:
        self._known = known
        self._tracker = tracker
        self._watch = watch

    def judge(self, seen: Sequence[SeenItem], topics: Sequence[Topic], now: datetime) -> Batch:
        """Judge new items in order, each by every one of some topics; the tracker learns."""
        draft = _Draft()
        for one in seen:
            scores = [self._tracker.score(topic.name, one.item, now) for topic in topics]
            verdicts = tuple(
                self._decide(draft, topic, one, score)
                for topic, score in zip(topics, scores, strict=True)
            )
            self._tracker.learn(one.item, scores, now)
            draft.items.append(JudgedItem(seen=one, verdicts=verdicts))
        return Batch(
            items=tuple(draft.items),
            stories=tuple(draft.changed.values()),
            alerts=tuple(draft.alerts),
            deliveries=tuple(draft.deliveries),
        )

    def _decide(self, draft: _Draft, topic: Topic, seen: SeenItem, score: Score) -> Verdict:
        refused = refuse(topic, seen.item, score)
        if refused is not None:
            return Verdict(score=score, decision=refused)
        name, now = topic.name, seen.first_seen_at
        known = self._open_stories(draft, name, now)
        member = self._tracker.member(name, seen)
        usual = self._tracker.usual_terms(name, seen.item.lang)
        link = stories.link(seen.item, member, known.values(), usual)
        if link is None:
            before = story = stories.open_story(name, seen, member)
            news = ""
        else:
            before = known[link.story_id]
            news = stories.news_in(member, before, link, usual)
            story = stories.attach(before, seen, member)
        decision = decide(topic, seen, before, link, news)
        if decision.alert:
            self._tell(draft, topic, story, seen, Verdict(score=score, decision=decision))
            story = stories.tell(story, now)
        known[story.id] = draft.changed[story.id] = story
        return Verdict(score=score, decision=decision)

    def _open_stories(self, draft: _Draft, topic: str, now: datetime) -> dict[str, Story]:
        if topic not in draft.open:
            found = self._known.open_stories([topic], now - stories.OPEN_FOR)
            draft.open[topic] = {story.id: story for story in found}
        return draft.open[topic]

    def _tell(
        self, draft: _Draft, topic: Topic, story: Story, seen: SeenItem, verdict: Verdict
    ) -> None:
        item = alerted(seen, verdict.score, story.sources)
        now, reason = seen.first_seen_at, verdict.decision.reason
        alert = make_alert(topic.name, reason, story.id, (item,), now)
        draft.alerts.append(replace(alert, detail=verdict.decision.detail))
        draft.deliveries += route(alert, self._watch.destinations[topic.name], now)


def alerted(seen: SeenItem, score: Score, sources: tuple[str, ...]) -> AlertedItem:
    """Give an item as an alert shows it."""
    return AlertedItem(
        item_id=seen.id,
        title=seen.item.title,
        summary=seen.item.summary,
        source=seen.source,
        url=seen.item.url,
        published_at=seen.item.published_at,
        first_seen_at=seen.first_seen_at,
        score=score.value,
        threshold=score.threshold,
        terms=score.terms,
        sources=sources,
    )
