"""The shipped seed through eight months: a story of some weeks, then the neighbours of its names.

    python -m bench.border [--list]

The stream is rss-2020, April to November, moved to November 2021, with the demo's items laid over
it: 42 of the story, and its neighbours of that winter as the demo has them. The year 2020 brings
neighbours of its own, the protests in Belarus; the second row is without the items that name
Belarus. `--list` prints the false alarms. Ours only, the daemon's code at its shipped threshold.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.sets import RSS, need_sets, print_table, stream
from bench.stress import judged_by_topic, shipped_topic
from monitor.demo.stream import DemoItem, read_stream
from monitor.evaluate import Judged, LabelledItem, LabelledTopic, Run, measure
from monitor.feeds.identity import fingerprint
from monitor.text.markup import plain

BEGINS = datetime(2021, 11, 8, 12, tzinfo=UTC)
LASTS = timedelta(weeks=34)
MOVED_BY = datetime(2021, 11, 8, tzinfo=UTC) - datetime(2020, 4, 1, tzinfo=UTC)
COUNTRY = ("belarus", "lukashenk")


def laid_over() -> tuple[list[LabelledItem], frozenset[str]]:
    """Give the stream in order of time, and the ids of the story's items."""
    background = stream(RSS)
    moved = [
        replace(
            one,
            published_at=one.published_at + MOVED_BY,
            item=replace(one.item, published_at=one.published_at + MOVED_BY),
        )
        for one in background
    ]
    demo = read_stream().items
    items = [*moved, *(_labelled(one, background[0]) for one in demo)]
    items.sort(key=lambda one: one.published_at)
    return items, frozenset(one.guid for one in demo if one.on_topic)


def _labelled(one: DemoItem, form: LabelledItem) -> LabelledItem:
    title, summary = plain(one.title, limit=300), plain(one.summary, limit=2000)
    item = replace(
        form.item,
        key=f"guid:{one.guid}",
        guid=one.guid,
        url=None,
        canonical_url=None,
        fingerprint=fingerprint(title, summary),
        title=title,
        summary=summary,
        published_at=one.published_at,
    )
    return replace(form, id=one.guid, source=one.outlet, published_at=one.published_at, item=item)


def names_country(one: LabelledItem) -> bool:
    """Say whether an item names Belarus."""
    text = f"{one.item.title} {one.item.summary}".lower()
    return any(word in text for word in COUNTRY)


def variants() -> Iterator[tuple[str, LabelledTopic, Sequence[Judged]]]:
    """Give each stream with what our tracker makes of it."""
    items, story = laid_over()
    demo = frozenset(one.guid for one in read_stream().items)
    topic = replace(shipped_topic(), from_at=BEGINS, until=BEGINS + LASTS, on_topic=story)
    for name, kept in (
        ("with the protests of 2020", items),
        ("without them", [one for one in items if one.id in demo or not names_country(one)]),
    ):
        (judged,) = judged_by_topic(Run(items=kept, topics=[topic])).values()
        yield name, topic, judged


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print the false alarms")
    options = parser.parse_args()
    need_sets()
    rows = []
    for name, topic, judged in variants():
        found = measure(topic, judged)
        counts = (found.on_topic, found.misses, found.false_alarms)
        rates = (found.false_alarms_a_week, found.average_precision, found.f1)
        rows.append([name, *(f"{count:.0f}" for count in counts), *(f"{r:.2f}" for r in rates)])
        if options.list:
            for one in judged:
                if one.alerted and not one.on_topic:
                    day = one.item.published_at.date()
                    print(f"{one.verdict.score.value:.2f} {day} {one.item.item.title[:90]}")
    print_table(["stream", "on-topic", "misses", "false", "fa/week", "AP", "F1"], rows)


if __name__ == "__main__":
    main()
