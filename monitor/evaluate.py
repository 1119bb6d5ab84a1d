"""Measure tracking on a labelled stream, by the very code of the daemon.

A set is a folder with `items.jsonl[.gz]`, one item a line in time order, and `topics.jsonl`, one
topic a line: its seeds, the window in which it is tracked, and which items in it are on-topic.
Every item goes through `Judge.judge` once, in order, with the topics whose window holds it;
nothing is fitted on the set, and only earlier items can have any influence.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from monitor.errors import SeedwatchError
from monitor.feeds.identity import canonical_url, fingerprint
from monitor.judge import Judge, Watch
from monitor.records import Batch, Item, Lessons, Seed, SeenItem, Story, Topic, Verdict
from monitor.text.language import language_of
from monitor.text.markup import plain
from monitor.topics.track import WARM_ITEMS, Tracker

# NIST's tracking cost (TDT): C = P_miss + 4.9 P_fa, from C_miss 1, C_fa 0.1 and P_target 0.02.
FALSE_ALARM_COST = 4.9
WEEK = timedelta(days=7)

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledItem:
    """An item of a set."""

    id: str
    source: str
    published_at: datetime
    item: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTopic:
    """A topic of a set, with the truth about the items of its window."""

    topic: Topic
    # It is tracked over the items with from_at < published_at <= until.
    from_at: datetime
    until: datetime
    # If given, only over those after this one in the file.
    after_id: str | None
    on_topic: frozenset[str]
    # They count neither way.
    ignored: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One verdict on one item whose truth is known."""

    topic: str
    item: LabelledItem
    # Of the item in the file, counted from 0.
    place: int
    verdict: Verdict
    on_topic: bool

    @property
    def alerted(self) -> bool:
        """Whether the item itself is on-topic for us, before copies are folded."""
        return self.verdict.score.on_topic

    def line(self) -> dict[str, Any]:
        """Give it as a line of a decisions file."""
        score, decision = self.verdict.score, self.verdict.decision
        return {
            "topic": self.topic,
            "id": self.item.id,
            "score": score.value,
            "on_topic": self.on_topic,
            "alerted": self.alerted,
            "story": decision.story_id,
            "reason": decision.reason.value,
            "terms": [[term.surface, term.share] for term in score.terms],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What a topic's verdicts amount to; the mean of several is one too."""

    topic: str
    items: float
    on_topic: float
    alerted: float
    misses: float
    false_alarms: float
    false_alarms_a_week: float
    precision: float
    recall: float
    f1: float
    average_precision: float
    # At the shipped threshold, and the lowest that any threshold would give.
    cost: float
    least_cost: float


# ----------------------------------------------------------------------------------- reading a set


def read_items(folder: Path) -> list[LabelledItem]:
    """Read a set's items. Raises `SeedwatchError` naming file and line."""
    for name in ("items.jsonl.gz", "items.jsonl"):
        path = folder / name
        if path.exists():
            return _records(path, _item)
    raise SeedwatchError(f"{folder} has no items.jsonl.gz and no items.jsonl")


def read_topics(path: Path, threshold: float | None = None) -> list[LabelledTopic]:
    """Read a set's topics. Raises `SeedwatchError` naming file and line."""
    found = _records(path, lambda fields: _topic(fields, threshold))
    for number, one in enumerate(found):
        if any(one.topic.name == other.topic.name for other in found[:number]):
            raise SeedwatchError(f"{path}: two topics are called {one.topic.name}")
    return found


def _records(path: Path, make: Callable[[Mapping[str, Any]], T]) -> list[T]:
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise SeedwatchError(f"{path} cannot be read: {error}") from error
    found = []
    # Not splitlines(): an item's text may hold U+2028, which that takes for the end of a line.
    for number, line in enumerate(raw.split(b"\n"), start=1):
        if line.strip():
            try:
                found.append(make(json.loads(line.decode("utf-8"))))
            except KeyError as error:
                raise SeedwatchError(f"{path}:{number}: {error} is missing") from error
            except (AttributeError, TypeError, ValueError) as error:
                not_json = isinstance(error, json.JSONDecodeError | UnicodeDecodeError)
                what = "not JSON" if not_json else "not of the form of a set"
                raise SeedwatchError(f"{path}:{number}: {what}: {error}") from error
    return found


def _item(fields: Mapping[str, Any]) -> LabelledItem:
    title, summary = plain(fields["title"], limit=300), plain(fields["summary"], limit=2000)
    published_at = _time(fields["published"])
    url = fields.get("link") or None
    item = Item(
        key=f"guid:{fields['id']}",
        guid=fields["id"],
        url=url,
        canonical_url=canonical_url(url) if url else None,
        fingerprint=fingerprint(title, summary),
        title=title,
        summary=summary,
        lang=language_of(title, summary, stated=fields.get("lang") or None, usual=None),
        published_at=published_at,
    )
    return LabelledItem(
        id=fields["id"], source=fields["source"], published_at=published_at, item=item
    )


def _topic(fields: Mapping[str, Any], threshold: float | None) -> LabelledTopic:
    seeds = tuple(
        Seed(name=f"seed {number}", title=seed.get("title", ""), text=seed["text"])
        for number, seed in enumerate(fields["seeds"], start=1)
    )
    if not seeds:
        raise ValueError("a topic needs a seed")
    return LabelledTopic(
        topic=Topic(name=fields["topic"], seeds=seeds, threshold=threshold, receivers=()),
        from_at=_time(fields["from"]),
        until=_time(fields["until"]),
        after_id=fields.get("after_id"),
        on_topic=frozenset(fields["on_topic"]),
        ignored=frozenset(fields["ignored"]),
    )


def _time(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


# ------------------------------------------------------------------------------------ running it


class _Memory:
    """The part of a store that judging needs, in memory."""

    def __init__(self) -> None:
        self._stories: dict[str, dict[str, Story]] = {}

    def open_stories(self, topics: Iterable[str], since: datetime) -> list[Story]:
        """Give the stories that had an item since a time; the others are forgotten."""
        found: list[Story] = []
        for topic in topics:
            known = self._stories.setdefault(topic, {})
            for story in [one for one in known.values() if one.updated_at < since]:
                del known[story.id]
            found += known.values()
        return found

    def keep(self, changed: Iterable[Story]) -> None:
        """Remember stories as they are now."""
        for story in changed:
            self._stories.setdefault(story.topic, {})[story.id] = story


@dataclass(slots=True)
class Run:
    """A set on its way through the tracker; can be stopped and resumed from its lessons."""

    items: Sequence[LabelledItem]
    topics: Sequence[LabelledTopic]
    memory: _Memory = field(default_factory=_Memory)
    # What is known at the end of the last `judge` that was run through: the next may start from it.
    lessons: Lessons = field(default_factory=Lessons)

    def judge(self, lessons: Lessons, start: int = 0, stop: int | None = None) -> Iterator[Judged]:
        """Judge the items from one place in the file to another, in order."""
        tracker = Tracker((one.topic for one in self.topics), lessons)
        watch = Watch(
            topics=(),
            destinations={one.topic.name: () for one in self.topics},
            at_least_every=timedelta(0),
        )
        judge = Judge(self.memory, tracker, watch)
        windows = _windows(self.items, self.topics)
        for place, labelled in enumerate(self.items[start:stop], start=start):
            active = [one for one, window in windows if window.start <= place < window.stop]
            for one, window in windows:
                if window.start == place and window:
                    self._warm(tracker, one, place)
            seen, at = _seen(labelled), labelled.published_at
            batch = judge.judge([seen], [one.topic for one in active], at)
            self.memory.keep(batch.stories)
            yield from _truths(batch, labelled, place, active)
        self.lessons = Lessons(states={**lessons.states, **tracker.take_lessons().states})

    def _warm(self, tracker: Tracker, one: LabelledTopic, place: int) -> None:
        """Show a topic that starts here the items before, as the daemon does with stored ones."""
        earlier = self.items[max(0, place - WARM_ITEMS) : place]
        pairs = [(labelled.item, labelled.published_at) for labelled in earlier]
        tracker.warm(one.topic.name, pairs, one.from_at)


def _seen(labelled: LabelledItem) -> SeenItem:
    return SeenItem(
        id=labelled.id,
        item=labelled.item,
        feed_id=0,
        source=labelled.source,
        first_seen_at=labelled.published_at,
        baseline=False,
    )


def _truths(
    batch: Batch, labelled: LabelledItem, place: int, active: Sequence[LabelledTopic]
) -> Iterator[Judged]:
    for one, verdict in zip(active, batch.items[0].verdicts, strict=True):
        if labelled.id not in one.ignored:
            yield Judged(
                topic=one.topic.name,
                item=labelled,
                place=place,
                verdict=verdict,
                on_topic=labelled.id in one.on_topic,
            )


def _windows(
    items: Sequence[LabelledItem], topics: Sequence[LabelledTopic]
) -> list[tuple[LabelledTopic, range]]:
    """Give each topic the places in the file at which it is tracked."""
    places = {labelled.id: place for place, labelled in enumerate(items)}
    windows = []
    for one in topics:
        inside = [
            place
            for place, labelled in enumerate(items)
            if one.from_at < labelled.published_at <= one.until
        ]
        start, stop = (inside[0], inside[-1] + 1) if inside else (0, 0)
        if one.after_id is not None and one.after_id not in places:
            name, what = one.topic.name, f"after_id {one.after_id!r} is no item of the set"
            raise SeedwatchError(f"topic {name}: {what}")
        if one.after_id is not None:
            start = max(start, places[one.after_id] + 1)
        windows.append((one, range(start, stop)))
    return windows


# -------------------------------------------------------------------------------------- measures


def measure(topic: LabelledTopic, judged: Sequence[Judged]) -> Measure:
    """Measure one topic's verdicts."""
    on_topic = sum(one.on_topic for one in judged)
    off_topic = len(judged) - on_topic
    alerted = sum(one.alerted for one in judged)
    right = sum(one.alerted and one.on_topic for one in judged)
    wrong = alerted - right
    weeks = (topic.until - topic.from_at) / WEEK
    ranked = sorted(judged, key=lambda one: -one.verdict.score.value)
    return Measure(
        topic=topic.topic.name,
        items=len(judged),
        on_topic=on_topic,
        alerted=alerted,
        misses=on_topic - right,
        false_alarms=wrong,
        false_alarms_a_week=wrong / weeks if weeks > 0 else 0.0,
        precision=right / alerted if alerted else 0.0,
        recall=right / on_topic if on_topic else 0.0,
        f1=2 * right / (alerted + on_topic) if alerted + on_topic else 0.0,
        average_precision=average_precision([one.on_topic for one in ranked]),
        cost=cost(on_topic - right, on_topic, wrong, off_topic),
        least_cost=least_cost(ranked),
    )


def average_precision(ranked: Sequence[bool]) -> float:
    """Give the mean, over the on-topic items, of the precision at their rank; best first.

    AP = (1/R) sum over ranks k with an on-topic item of (on-topic among the first k) / k

    >>> average_precision([True, False, True])
    0.8333333333333333
    """
    found, total = 0, 0.0
    for rank, is_on_topic in enumerate(ranked, start=1):
        if is_on_topic:
            found += 1
            total += found / rank
    return total / found if found else 0.0


def cost(misses: int, on_topic: int, false_alarms: int, off_topic: int) -> float:
    """Give NIST's normalised tracking cost, C = P_miss + 4.9 P_fa; 0 is perfect.

    >>> cost(1, 4, 2, 98)
    0.35
    """
    p_miss = misses / on_topic if on_topic else 0.0
    p_fa = false_alarms / off_topic if off_topic else 0.0
    return p_miss + FALSE_ALARM_COST * p_fa


def least_cost(ranked: Sequence[Judged]) -> float:
    """Give the cost at the best threshold; items of one score stand or fall together."""
    on_topic = sum(one.on_topic for one in ranked)
    off_topic = len(ranked) - on_topic
    best, hits, wrong = cost(on_topic, on_topic, 0, off_topic), 0, 0
    for place, one in enumerate(ranked):
        hits += one.on_topic
        wrong += not one.on_topic
        after = ranked[place + 1] if place + 1 < len(ranked) else None
        if after is None or after.verdict.score.value < one.verdict.score.value:
            best = min(best, cost(on_topic - hits, on_topic, wrong, off_topic))
    return best


def mean(measures: Sequence[Measure]) -> Measure:
    """Give the mean over topics, each of the same weight."""
    if not measures:
        raise SeedwatchError("the set has no topics")
    numbers = {
        name: sum(getattr(one, name) for one in measures) / len(measures)
        for name in Measure.__slots__
        if name != "topic"
    }
    return Measure(topic="mean", **numbers)


def evaluate(
    items: Sequence[LabelledItem],
    topics: Sequence[LabelledTopic],
    *,
    each: Callable[[Judged], None],
) -> list[Measure]:
    """Judge a whole set from nothing learned, hand each verdict on, and measure every topic."""
    judged: dict[str, list[Judged]] = {one.topic.name: [] for one in topics}
    for one in Run(items=items, topics=topics).judge(Lessons()):
        judged[one.topic].append(one)
        each(one)
    return [measure(one, judged[one.topic.name]) for one in topics]
