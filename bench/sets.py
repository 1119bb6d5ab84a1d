"""The labelled sets that the benches read: where they lie, and what each topic's window holds.

They are third-party texts and no part of the project. They lie in the shared data folder: `shared`
beside the repository's root, or where SEEDWATCH_SHARED says.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from monitor.evaluate import LabelledItem, LabelledTopic, read_items, read_topics

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("SEEDWATCH_SHARED") or ROOT.parent / "shared")
TRACKING = SHARED / "bench" / "tracking"
WCEP, RSS = "wcep-2011-2017", "rss-2020"


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What counts of a stream for one topic: places of items, and which of them are on-topic."""

    topic: LabelledTopic
    places: NDArray[np.intp]
    on_topic: NDArray[np.bool_]

    @property
    def weeks(self) -> float:
        """Give how long the topic is tracked."""
        return (self.topic.until - self.topic.from_at).total_seconds() / (7 * 86_400)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSet:
    """A stream with topics."""

    name: str
    items: Sequence[LabelledItem]
    topics: Sequence[LabelledTopic]
    # Of which stream it is: sets of one stream share their items.
    stream: str
    windows: Sequence[Window] = field(default_factory=tuple)


def need_sets() -> None:
    """End the program, without a fault, where the shared data folder is absent."""
    absent = [name for name in (WCEP, RSS) if not (TRACKING / name).is_dir()]
    if absent:
        print(f"{TRACKING} has no {' and no '.join(absent)}: nothing to measure")
        sys.exit(0)


@lru_cache(maxsize=2)
def stream(name: str) -> Sequence[LabelledItem]:
    """Give the items of a stream, in time order."""
    return read_items(TRACKING / name)


def topics_of(name: str, file: str = "topics.jsonl") -> list[LabelledTopic]:
    """Give the topics of a stream."""
    return read_topics(TRACKING / name / file)


def all_sets() -> list[LabelledSet]:
    """Give the three sets of the tables."""
    return [
        labelled("wcep article", WCEP, topics_of(WCEP)),
        labelled("wcep short", WCEP, topics_of(WCEP, "topics-short.jsonl")),
        labelled("rss-2020", RSS, topics_of(RSS)),
    ]


def labelled(name: str, of: str, topics: Sequence[LabelledTopic]) -> LabelledSet:
    """Make a set of a stream and topics."""
    items = stream(of)
    windows = tuple(window(items, one) for one in topics)
    return LabelledSet(name=name, stream=of, items=items, topics=topics, windows=windows)


def window(items: Sequence[LabelledItem], topic: LabelledTopic) -> Window:
    """Find the items that count for a topic, as `monitor.evaluate` has it."""
    first = 0
    if topic.after_id is not None:
        first = 1 + next(n for n, one in enumerate(items) if one.id == topic.after_id)
    places = [
        place
        for place, one in enumerate(items[first:], start=first)
        if topic.from_at < one.published_at <= topic.until and one.id not in topic.ignored
    ]
    return Window(
        topic=topic,
        places=np.array(places, dtype=np.intp),
        on_topic=np.array([items[place].id in topic.on_topic for place in places], dtype=np.bool_),
    )


def text_of(one: LabelledItem) -> str:
    """Give an item's title and summary as one text."""
    return f"{one.item.title}\n{one.item.summary}".strip()


def seed_of(topic: LabelledTopic) -> str:
    """Give a topic's seeds as one text."""
    return "\n".join(f"{seed.title}\n{seed.text}" for seed in topic.topic.seeds)


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table as Markdown has it, with columns that line up."""
    lines = [list(head), *map(list, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    lines.insert(1, ["-" * width for width in widths])
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print(f"| {' | '.join(cells)} |", flush=True)


def rounded(values: Mapping[str, float], digits: int = 4) -> dict[str, float]:
    """Round figures for `--json`."""
    return {name: round(value, digits) for name, value in values.items()}
