"""What new items amount to: scores, stories, decisions, alerts. Stores nothing.

tracker.score(item)          -> Score per topic, with the terms that made it
refuse, link, decide         -> Decision(reason), a reason both ways; Story
silenced                     -> a Decision that nobody is told, with who asked for that
make_alert, tell             -> Alert, [Delivery] by the receivers' schedules
tracker.learn(item, scores)     score first, then learn
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from monitor.alerts.decide import decide, refuse
from monitor.alerts.plan import Missed
from monitor.alerts.route import make_alert
from monitor.alerts.schedule import Schedule
from monitor.records import (
    Alert,
    AlertedItem,
    Batch,
    Decision,
    JudgedItem,
    Reason,
    Score,
    SeenItem,
    Story,
    Topic,
    Verdict,
)
from monitor.targets import Destination
from monitor.tell import Outbox, Routes, Teller
from monitor.topics import story as stories
from monitor.topics.track import Tracker

# Why an item belongs to a story that takes no more by itself.
_TOLD = "the same article, told before"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What is watched, and who is told."""

    topics: tuple[Topic, ...]
    # Topic name -> where its alerts go.
    destinations: Mapping[str, tuple[Destination, ...]]
    # The most patience with a feed that fails.
    at_least_every: timedelta
    # Destination name -> when it wants to be told; one that is not named: at once.
    schedules: Mapping[str, Schedule] = field(default_factory=dict)

    @property
    def routes(self) -> Routes:
        """Where alerts go, and when."""
        return Routes(destinations=self.destinations, schedules=self.schedules)


@dataclass(slots=True)
class _Draft:
    """A batch while it is being made: the working set of one poll."""

    teller: Teller
    open: dict[str, dict[str, Story]] = field(default_factory=dict)
    items: list[JudgedItem] = field(default_factory=list)
    changed: dict[str, Story] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)
    rejudged: list[JudgedItem] = field(default_factory=list)
    # (item id, topic) -> the story, closed since, in which the same article was told.
    told: Mapping[tuple[str, str], Story] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A known item whose text changed, and the topics that have not placed it in a story yet."""

    # First seen now, as far as its new text goes.
    seen: SeenItem
    topics: tuple[Topic, ...]


class OpenStories(Protocol):
    """What judging asks of a store."""

    def open_stories(self, topics: Iterable[str], since: datetime) -> list[Story]:
        """Give the stories of some topics that had an item since a time, oldest first."""
        ...


class Judge:
    """Judges items in order; what it knows of the stream is in the tracker."""

    def __init__(
        self, known: OpenStories, tracker: Tracker, watch: Watch, outbox: Outbox | None = None
    ) -> None:
        self._known = known
        self._tracker = tracker
        self._routes = watch.routes
        # None: nothing is silenced, and nothing was told before.
        self._outbox = outbox

    def judge(
        self,
        seen: Sequence[SeenItem],
        topics: Sequence[Topic],
        now: datetime,
        *,
        again: Sequence[Again] = (),
        told: Mapping[tuple[str, str], Story] | None = None,
        missed: Missed | None = None,
    ) -> Batch:
        """Judge new items in order, each by every one of some topics; the tracker learns.

        Then `again`: from items that it has counted already the tracker learns only what turns out
        to be on-topic. `told` names, by item id and topic, stories too old to be open in which the
        same article was told: that item joins them, and is not told. `missed` is given if all of
        them came in a time in which nothing was read.
        """
        teller = Teller(self._routes, self._outbox, now, missed)
        draft = _Draft(told=told or {}, teller=teller)
        for one in seen:
            scores = [self._tracker.score(topic.name, one.item, now) for topic in topics]
            verdicts = tuple(
                self._decide(draft, topic, one, score)
                for topic, score in zip(topics, scores, strict=True)
            )
            self._tracker.learn(one.item, scores, now)
            draft.items.append(JudgedItem(seen=one, verdicts=verdicts))
        for case in again:
            draft.rejudged.append(self._judge_again(draft, case, now))
        return Batch(
            items=tuple(draft.items),
            stories=tuple(draft.changed.values()),
            alerts=tuple(draft.alerts),
            deliveries=tuple(draft.teller.deliveries),
            withheld=tuple(draft.teller.withheld),
            rejudged=tuple(draft.rejudged),
        )

    def _judge_again(self, draft: _Draft, case: Again, now: datetime) -> JudgedItem:
        item = case.seen.item
        scores = [self._tracker.score(topic.name, item, now) for topic in case.topics]
        verdicts = tuple(
            self._decide(draft, topic, case.seen, score)
            for topic, score in zip(case.topics, scores, strict=True)
        )
        self._tracker.learn(item, [score for score in scores if score.on_topic], now)
        return JudgedItem(seen=case.seen, verdicts=verdicts)

    def _decide(self, draft: _Draft, topic: Topic, seen: SeenItem, score: Score) -> Verdict:
        refused = refuse(topic, seen.item, score)
        if refused is not None:
            return Verdict(score=score, decision=refused)
        name, now = topic.name, seen.first_seen_at
        known = self._open_stories(draft, name, now)
        seen = _by_own_names(seen)
        member = self._tracker.member(name, seen)
        usual = self._tracker.usual_terms(name, seen.item.lang)
        link = stories.link(seen.item, member, known.values(), usual)
        earlier = draft.told.get((seen.id, name))
        if link is None and earlier is not None:
            before = known.setdefault(earlier.id, earlier)
            link = stories.Link(story_id=before.id, is_copy=True, why=_TOLD)
            news, story = "", stories.attach(before, seen, member)
        elif link is None:
            before = story = stories.open_story(name, seen, member)
            news = ""
        else:
            before = known[link.story_id]
            news = stories.news_in(member, before, link, usual)
            story = stories.attach(before, seen, member)
        decision = decide(topic, seen, before, link, news)
        silence = draft.teller.silenced(topic, story.id, seen.source) if decision.alert else ""
        if silence:
            decision = _hushed(decision, silence)
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
        draft.teller.tell(topic, alert)


def _hushed(decision: Decision, silence: str) -> Decision:
    """Give the decision that an alert is not told, as somebody asked."""
    return replace(decision, alert=False, reason=Reason.SILENCED, detail=silence)


def _by_own_names(seen: SeenItem) -> SeenItem:
    """Give an item without an address that is not its own: it would be a copy of any neighbour."""
    if not seen.shares_url:
        return seen
    return replace(seen, item=replace(seen.item, canonical_url=None))


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
