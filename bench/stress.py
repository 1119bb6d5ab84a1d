"""Tracking where it is hard: headlines, one publisher, short seeds, cold starts, no story at all.

    python bench/stress.py [--json]

Ours only, the daemon's code at its shipped threshold. What the sets give as they are is in
`tracking.py`.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

import numpy as np

from bench.sets import (
    ROOT,
    RSS,
    WCEP,
    all_sets,
    need_sets,
    print_table,
    rounded,
    stream,
    topics_of,
)
from monitor.config.topics import make_seed
from monitor.evaluate import (
    WEEK,
    Judged,
    LabelledItem,
    LabelledTopic,
    Measure,
    Run,
    mean,
    measure,
)
from monitor.feeds.identity import fingerprint
from monitor.records import Lessons, Seed, Topic

SHIPPED_SEED = "2021-11-08-poland-belarus-border.txt"
# Those with more than a handful of items.
PUBLISHERS = ("bbc.co.uk", "cnn.com", "theguardian.com")
# Of a seed that is cut.
SENTENCES = 3
# A topic with fewer on-topic items left tells nothing.
LEAST_ON_TOPIC = 3
# Where streams are long enough that a topic may have looked at the months before.
QUIET = {
    RSS: (datetime(2020, 4, 1, tzinfo=UTC), datetime(2020, 12, 31, tzinfo=UTC)),
    WCEP: (datetime(2012, 1, 1, tzinfo=UTC), datetime(2017, 12, 31, tzinfo=UTC)),
}


class ColdRun(Run):
    """A run whose topics start from the seed alone, without the items before."""

    def _warm(self, *_: object) -> None:
        """Learn nothing beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """What a topic does on a stream that holds nothing of its story; a mean of several is one."""

    # On-topic items a week, and messages: copies and follow-ups are folded.
    items_a_week: float
    messages_a_week: float


# ---------------------------------------------------------------------------------------- variants


def measured(
    items: Sequence[LabelledItem],
    topics: Sequence[LabelledTopic],
    run: Callable[..., Run] = Run,
) -> Measure:
    """Judge a stream and give the mean over topics."""
    found = judged_by_topic(run(items=items, topics=topics))
    return mean([measure(one, found[one.topic.name]) for one in topics])


def judged_by_topic(run: Run) -> dict[str, list[Judged]]:
    """Judge a stream whole."""
    found: dict[str, list[Judged]] = {one.topic.name: [] for one in run.topics}
    for judged in run.judge(Lessons()):
        found[judged.topic].append(judged)
    return found


def headlines(items: Sequence[LabelledItem]) -> list[LabelledItem]:
    """Take the summaries away."""
    return [
        replace(
            one,
            item=replace(one.item, summary="", fingerprint=fingerprint(one.item.title, "")),
        )
        for one in items
    ]


def of_publisher(
    name: str, items: Sequence[LabelledItem], topics: Sequence[LabelledTopic]
) -> tuple[list[LabelledItem], list[LabelledTopic]]:
    """Leave one publisher's items, and the topics that still have some."""
    own = [one for one in items if one.source == name]
    ids = frozenset(one.id for one in own)
    cut = [replace(one, on_topic=one.on_topic & ids) for one in topics]
    return own, [one for one in cut if len(one.on_topic) >= LEAST_ON_TOPIC]


def cut_seeds(one: LabelledTopic) -> LabelledTopic:
    """Leave the first sentences of each seed."""
    seeds = tuple(replace(seed, text=_beginning(seed.text)) for seed in one.topic.seeds)
    return replace(one, topic=replace(one.topic, seeds=seeds))


def _beginning(text: str) -> str:
    return " ".join(re.split(r"(?<=[.!?])\s+", text)[:SENTENCES])


def variants() -> Iterator[tuple[str, int, Measure]]:
    """Give each variant with its number of topics and what it amounts to."""
    for of in all_sets():
        yield f"{of.name}, cold start", len(of.topics), measured(of.items, of.topics, ColdRun)
    items, topics = stream(RSS), topics_of(RSS)
    yield "rss-2020, headlines only", len(topics), measured(headlines(items), topics)
    for name in PUBLISHERS:
        own, left = of_publisher(name, items, topics)
        yield f"rss-2020, {name} only", len(left), measured(own, left)
    for name in (RSS, WCEP):
        cut = [cut_seeds(one) for one in topics_of(name)]
        yield f"{name}, {SENTENCES} sentences of a seed", len(cut), measured(stream(name), cut)


# ------------------------------------------------------------------------------------ quiet streams


def quiet_rates() -> Iterator[tuple[str, Rate]]:
    """Give what topics say on streams that hold nothing of their story."""
    shipped = [shipped_topic()]
    for name in (WCEP, RSS):
        yield f"the shipped seed on {name}", rate(shipped, name)
    yield f"the topics of rss-2020 on {WCEP}", rate(topics_of(RSS), WCEP)


def shipped_topic() -> LabelledTopic:
    """Make a topic of the seed that ships with the project."""
    seed = make_seed(SHIPPED_SEED, (ROOT / "seeds" / SHIPPED_SEED).read_text(encoding="utf-8"))
    return _topic("border", (seed,))


def _topic(name: str, seeds: tuple[Seed, ...]) -> LabelledTopic:
    never = datetime.max.replace(tzinfo=UTC)
    return LabelledTopic(
        topic=Topic(name=name, seeds=seeds, threshold=None, receivers=()),
        from_at=never,
        until=never,
        after_id=None,
        on_topic=frozenset(),
        ignored=frozenset(),
    )


def rate(topics: Sequence[LabelledTopic], of: str) -> Rate:
    """Count what topics say on a stream: the mean over topics."""
    start, end = QUIET[of]
    moved = [
        replace(_topic(one.topic.name, one.topic.seeds), from_at=start, until=end) for one in topics
    ]
    found = judged_by_topic(Run(items=stream(of), topics=moved)).values()
    weeks = (end - start) / WEEK
    return Rate(
        items_a_week=float(np.mean([sum(one.alerted for one in each) for each in found])) / weeks,
        messages_a_week=float(
            np.mean([sum(one.verdict.decision.alert for one in each) for each in found])
        )
        / weeks,
    )


# ---------------------------------------------------------------------------------------- the table


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    options = parser.parse_args()
    need_sets()
    rows, rates = list(variants()), list(quiet_rates())
    if options.json:
        print(json.dumps(_figures(rows, rates), indent=2))
        return
    head = ["variant", "topics", "AP", "F1", "C", "min C", "fa/week", "precision", "recall"]
    print_table(head, [_cells(*row) for row in rows])
    print("\nStreams that hold nothing of the story, a topic and week:\n")
    print_table(
        ["topics on a stream", "on-topic items", "messages"],
        [[name, f"{one.items_a_week:.2f}", f"{one.messages_a_week:.2f}"] for name, one in rates],
    )


def _figures(
    rows: Sequence[tuple[str, int, Measure]], rates: Sequence[tuple[str, Rate]]
) -> dict[str, Mapping[str, Mapping[str, float]]]:
    return {
        "variants": {name: rounded(_numbers(one)) for name, _, one in rows},
        "quiet": {name: rounded(_numbers(one)) for name, one in rates},
    }


def _numbers(one: Measure | Rate) -> dict[str, float]:
    return {name: value for name, value in asdict(one).items() if name != "topic"}


def _cells(name: str, topics: int, one: Measure) -> list[str]:
    rates = (one.average_precision, one.f1, one.cost, one.least_cost)
    more = (one.false_alarms_a_week, one.precision, one.recall)
    return [
        name,
        str(topics),
        *(f"{value:.3f}" for value in rates),
        *(f"{value:.2f}" for value in more),
    ]


if __name__ == "__main__":
    main()
