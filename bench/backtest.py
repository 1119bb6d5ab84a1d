"""How fast a backtest goes through what is stored, against the live ingest of the same items.

    .venv/bin/python -m bench.backtest [ITEMS]

The two streams of the labelled sets, one after the other, are ingested into a database as the
daemon does it (identity, scores, stories, decisions, one commit a document; fetching and parsing
left out), by one topic. Then the same is gone through again, with and without a change.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.sets import RSS, WCEP, need_sets, print_table, stream
from monitor.app import open_database, wire
from monitor.backtest import backtest
from monitor.config import Settings, load
from monitor.difference import Backtest
from monitor.evaluate import LabelledItem
from monitor.feeds.contents import Said
from monitor.feeds.identity import fingerprint
from monitor.log import set_up
from monitor.reading import Reading
from monitor.records import Document, Hints
from monitor.start import start_up
from monitor.store import Past, open_read_only

ITEMS = 100_000
# Items that come in one document at most.
MOST = 10
SEED = Path(__file__).parents[1] / "seeds" / "2021-11-08-poland-belarus-border.txt"
YEAR = timedelta(days=366)


def items(most: int) -> list[LabelledItem]:
    """Give so many items in time order: both streams, and the second once more, a year on."""
    second = stream(RSS)
    third = [_again(one) for one in second]
    # Some items of the first stream name no source.
    both = [
        replace(one, source=one.source or "unknown") for one in (*stream(WCEP), *second, *third)
    ]
    return both[:most]


def _again(one: LabelledItem) -> LabelledItem:
    title = f"{one.item.title} once more"
    item = replace(
        one.item,
        key=f"{one.item.key}/again",
        guid=f"{one.item.guid}/again",
        url=None,
        canonical_url=None,
        title=title,
        fingerprint=fingerprint(title, one.item.summary),
    )
    return replace(one, item=item, published_at=one.published_at + YEAR)


def documents(found: Sequence[LabelledItem]) -> Iterator[tuple[str, datetime, list[LabelledItem]]]:
    """Give feed, time and new items of each document."""
    for _, day in groupby(found, key=lambda one: one.published_at.date()):
        by_source = sorted(day, key=lambda one: (one.source, one.published_at))
        made = []
        for source, mine in groupby(by_source, key=lambda one: one.source):
            listed = list(mine)
            parts = [listed[start : start + MOST] for start in range(0, len(listed), MOST)]
            made += [(source, part[-1].published_at, part) for part in parts]
        yield from sorted(made, key=lambda one: one[1])


def settings_for(folder: Path, sources: Sequence[str]) -> Settings:
    """Write a configuration with one topic that reads all, and load it."""
    config = {
        "topics": {"border": {"seeds": [str(SEED)], "receivers": ["desk"]}},
        "feeds": {
            "all": [
                {"url": f"https://feed{place}.example/rss", "name": source}
                for place, source in enumerate(sources)
            ]
        },
        "receivers": {"desk": [{"console": {}}]},
        "store": f"sqlite:///{folder / 'seedwatch.db'}",
    }
    path = folder / "seedwatch.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return load(path, {})


def live(settings: Settings, found: Sequence[LabelledItem]) -> None:
    """Ingest all of it as the daemon does."""
    now = found[0].published_at - timedelta(days=1)
    app = wire(settings, open_database(settings), clock=lambda: now)
    start_up(app)
    feeds = {feed.name: feed.id for feed in app.store.feeds()}
    for source, at, listed in documents(found):
        (feed,) = app.store.feeds_of([feeds[source]])
        said = Said(
            title=source, lang=None, items=tuple(one.item for one in listed[::-1]), hints=Hints()
        )
        document = Document(url=feed.url, body=b"", fetched_at=at)
        app.ingest.take(feed, Reading(document=document, body_hash=str(at), said=said))
        if feed.baseline_at is None or app.ingest.take_held():
            # As the daemon does at the end of a round.
            app.ingest.catch_up(settings.topics[0], at)
    app.close()


def again(settings: Settings, changed: Settings | None) -> Backtest:
    """Go through it again."""
    engine = open_read_only(settings.store_url)
    try:
        return backtest(Past(engine), settings, changed)
    finally:
        engine.dispose()


def timed(what: Callable[[], object]) -> tuple[float, float, object]:
    """Give seconds by the clock, seconds of CPU, and what came of it."""
    clock, cpu = time.monotonic(), time.process_time()
    done = what()
    return time.monotonic() - clock, time.process_time() - cpu, done


def main() -> None:
    """Measure, and print a table."""
    need_sets()
    set_up("error", "plain")
    found = items(int(sys.argv[1]) if len(sys.argv) > 1 else ITEMS)
    rows = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings = settings_for(folder, sorted({one.source for one in found}))
        changed = load(settings.path, {}, ["topics.border.threshold=0.4"])
        runs: dict[str, Callable[[], object]] = {
            "live ingest": lambda: live(settings, found),
            "backtest, as it is": lambda: again(settings, None),
            "backtest, a threshold changed": lambda: again(settings, changed),
        }
        first = 0.0
        for label, run in runs.items():
            seconds, cpu, done = timed(run)
            first = first or cpu
            alike = ""
            if isinstance(done, Backtest):
                alike = f"{done.agreement.same:,} of {done.agreement.compared:,}"
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
            rate = f"{len(found) / cpu:,.0f}"
            rows.append(
                [
                    label,
                    f"{seconds:.0f}",
                    f"{cpu:.0f}",
                    rate,
                    f"{first / cpu:.1f}",
                    alike,
                    f"{memory:.0f}",
                ]
            )
            print(rows[-1], file=sys.stderr, flush=True)
        size = (folder / "seedwatch.db").stat().st_size / 1e6
    head = ["", "s", "CPU s", "items a CPU second", "times live", "decisions alike", "peak MB"]
    print_table(head, rows)
    print(f"\n{len(found):,} items, a database of {size:.0f} MB")


if __name__ == "__main__":
    main()
