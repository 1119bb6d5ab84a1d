"""What a person's yes and no are worth: said on the first half of a topic, measured on the second.

    python bench/feedback.py [--set NAME ...] [--json]

Each topic is tracked as `seedwatch evaluate` does it. In the middle of its window some of its
alerts so far get a yes or a no, by the truth; the second half is then judged with and without them,
from the same learned state. Which alerts: the first ones, or as many spread over all of them.

F1 is a mean over the topics with on-topic items in their second half (without any it has no
meaning), C and false alarms over all. The worst topic is the one that loses most F1; beside it
stand its hits and false alarms without and with feedback, as small counts make large figures.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from bench.sets import LabelledSet, all_sets, need_sets, print_table, rounded
from monitor.evaluate import LabelledItem, LabelledTopic, cost
from monitor.records import Judgement, Lessons, SeenItem
from monitor.topics.track import WARM_ITEMS, Tracker

CLICKS = (3, 20)
WAYS = ("first", "spread")
# Items with what is said of each.
Clicks = Sequence[tuple[LabelledItem, bool]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Half:
    """What a topic's second half amounts to."""

    topic: str
    on_topic: int
    off_topic: int
    hits: int
    false_alarms: int
    weeks: float

    @property
    def f1(self) -> float:
        """Give F1; 0 if there is nothing to find."""
        found = self.hits + self.false_alarms + self.on_topic
        return 2 * self.hits / found if found else 0.0

    @property
    def cost(self) -> float:
        """Give NIST's tracking cost."""
        misses = self.on_topic - self.hits
        return cost(misses, self.on_topic, self.false_alarms, self.off_topic)


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """A topic in the middle of its window."""

    topic: LabelledTopic
    lessons: Lessons
    # What was alerted so far, with the truth; ignored items are left out.
    alerted: Clicks
    rest: Sequence[LabelledItem]
    at: datetime


def first_half(items: Sequence[LabelledItem], topic: LabelledTopic) -> Middle:
    """Track a topic to the middle of its window."""
    places = window(items, topic)
    middle = topic.from_at + (topic.until - topic.from_at) / 2
    tracker = Tracker([topic.topic], Lessons())
    earlier = items[max(0, places.start - WARM_ITEMS) : places.start]
    if places:
        before = [(one.item, one.published_at) for one in earlier]
        tracker.warm(topic.topic.name, before, topic.from_at)
    inside = items[places.start : places.stop]
    first = [one for one in inside if one.published_at <= middle]
    alerted = [
        (one, one.id in topic.on_topic)
        for one, (is_alerted,) in track([tracker], topic, first)
        if is_alerted and one.id not in topic.ignored
    ]
    return Middle(
        topic=topic,
        lessons=tracker.take_lessons(),
        alerted=alerted,
        rest=inside[len(first) :],
        at=middle,
    )


def window(items: Sequence[LabelledItem], topic: LabelledTopic) -> range:
    """Give the places of the items that a topic is tracked over."""
    places = [n for n, one in enumerate(items) if topic.from_at < one.published_at <= topic.until]
    if not places:
        return range(0)
    start = places[0]
    if topic.after_id is not None:
        start = max(start, 1 + next(n for n, one in enumerate(items) if one.id == topic.after_id))
    return range(start, places[-1] + 1)


def track(
    trackers: Sequence[Tracker], topic: LabelledTopic, items: Sequence[LabelledItem]
) -> list[tuple[LabelledItem, list[bool]]]:
    """Let some trackers score and learn items in order; say of each whether it was on-topic."""
    found = []
    for one in items:
        said = []
        for tracker in trackers:
            score = tracker.score(topic.topic.name, one.item, one.published_at)
            tracker.learn(one.item, [score], one.published_at)
            said.append(score.on_topic)
        found.append((one, said))
    return found


def second_half(middle: Middle, trials: Sequence[Clicks]) -> list[Half]:
    """Track a topic from the middle on, once for each lot of clicks."""
    topic = middle.topic
    trackers = []
    for clicks in trials:
        tracker = Tracker([topic.topic], middle.lessons)
        tracker.hear([judgement(tracker, topic, one, middle.at, yes=yes) for one, yes in clicks])
        trackers.append(tracker)
    judged = [
        (one.id in topic.on_topic, alerted)
        for one, alerted in track(trackers, topic, middle.rest)
        if one.id not in topic.ignored
    ]
    weeks = (topic.until - middle.at).total_seconds() / (7 * 86_400)
    return [
        Half(
            topic=topic.topic.name,
            on_topic=sum(truth for truth, _ in judged),
            off_topic=sum(not truth for truth, _ in judged),
            hits=sum(truth and alerted[number] for truth, alerted in judged),
            false_alarms=sum(alerted[number] and not truth for truth, alerted in judged),
            weeks=weeks,
        )
        for number in range(len(trials))
    ]


def judgement(
    tracker: Tracker, topic: LabelledTopic, one: LabelledItem, at: datetime, *, yes: bool
) -> Judgement:
    """Say yes or no to an item."""
    seen = SeenItem(
        id=one.id,
        item=one.item,
        feed_id=0,
        source=one.source,
        first_seen_at=one.published_at,
        baseline=False,
    )
    return tracker.judgement(topic.topic.name, seen, is_on_topic=yes, at=at)


def chosen(alerted: Clicks, clicks: int, way: str) -> Clicks:
    """Choose the alerts that are clicked on."""
    if way == "first" or len(alerted) <= clicks:
        return alerted[:clicks]
    ends = [number * len(alerted) // clicks for number in range(clicks + 1)]
    return [alerted[(start + end) // 2] for start, end in pairwise(ends)]


def summed(halves: Sequence[Half]) -> dict[str, float]:
    """Give the means over topics."""
    with_any = [one.f1 for one in halves if one.on_topic]
    return {
        "f1": sum(with_any) / len(with_any),
        "cost": sum(one.cost for one in halves) / len(halves),
        "false_alarms_a_week": sum(one.false_alarms / one.weeks for one in halves) / len(halves),
    }


def compared(name: str, clicks: int, way: str, pairs: Sequence[tuple[Half, Half]]) -> Any:
    """Give one row of the table: without feedback, with it, and the worst topic."""
    f1 = [(after.f1 - before.f1, before, after) for before, after in pairs if before.on_topic]
    worst, before, after = min(f1, key=lambda found: found[0])
    return {
        "set": name,
        "clicks": clicks,
        "which": way,
        "without": rounded(summed([one for one, _ in pairs])),
        "with": rounded(summed([one for _, one in pairs])),
        "better": sum(change > 0.005 for change, _, _ in f1),
        "worse": sum(change < -0.005 for change, _, _ in f1),
        "worst": {
            "topic": before.topic,
            "f1": round(worst, 4),
            "on_topic": before.on_topic,
            "hits": [before.hits, after.hits],
            "false_alarms": [before.false_alarms, after.false_alarms],
        },
    }


def rows_of(labelled: LabelledSet) -> list[Any]:
    """Measure one set."""
    kinds = [(clicks, way) for clicks in CLICKS for way in WAYS]
    halves = []
    for topic in labelled.topics:
        middle = first_half(labelled.items, topic)
        trials = [chosen(middle.alerted, clicks, way) for clicks, way in kinds]
        halves.append(second_half(middle, [(), *trials]))
    return [
        compared(labelled.name, clicks, way, [(one[0], one[number]) for one in halves])
        for number, (clicks, way) in enumerate(kinds, start=1)
    ]


def cells(row: Any) -> list[str]:
    """Write a row for people."""
    before, after, worst = row["without"], row["with"], row["worst"]
    hits, wrong = worst["hits"], worst["false_alarms"]
    counts = f"{hits[0]} -> {hits[1]} of {worst['on_topic']}, {wrong[0]} -> {wrong[1]} false"
    return [
        row["set"],
        f"{row['clicks']} {row['which']}",
        f"{before['f1']:.3f} -> {after['f1']:.3f}",
        f"{before['cost']:.3f} -> {after['cost']:.3f}",
        f"{before['false_alarms_a_week']:.2f} -> {after['false_alarms_a_week']:.2f}",
        f"{row['better']}/{row['worse']}",
        f"{worst['topic'][:24]} {worst['f1']:+.2f} ({counts})",
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--set", dest="names", action="append", help="only this set")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")
    wanted = parser.parse_args()
    need_sets()
    found = [one for one in all_sets() if not wanted.names or one.name in wanted.names]
    rows = [row for labelled in found for row in rows_of(labelled)]
    if wanted.json:
        print(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    head = ("set", "clicks", "F1", "C", "false alarms/week", "better/worse", "worst topic")
    print_table(head, [cells(row) for row in rows])


if __name__ == "__main__":
    main()
