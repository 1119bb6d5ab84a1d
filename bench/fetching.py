"""What reading feeds costs, against plain feedparser in the same run.

    python bench/fetching.py [--json] [--rounds N] [--archive NAME ...]

For each feed, interleaved: `feedparser.parse(bytes)` as anyone would call it, our reading of the
whole, of a document with one new item after one that is known, of one whose head alone changed, and
of one that did not change. Ours is all that `monitor.reading` does, looking known items up in an
SQLite database of all these feeds included, but for the other process, which is measured by itself.
Seconds are the processor's; of several rounds the quickest counts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from bench.feeds import REAL, need_feeds, plain_feedparser, real_feeds
from bench.sets import print_table
from monitor.feeds.contents import contents_of
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.parsing import Parsers
from monitor.reading import Imprints, Reader, Reading
from monitor.records import Document, Feed, FeedSpec
from monitor.store import Store, migrate, open_engine
from monitor.topics.track import Tracker

URL = "https://feeds.example/rss"
AT = datetime(2026, 11, 1, tzinfo=UTC)
ENTRY = re.compile(rb"<(item|entry)[ >].*?</\1>", re.DOTALL)
HEAD_END = re.compile(rb"<(?:item|entry)[ >]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds that one feed takes, in each way of reading it."""

    feedparser: float
    whole: float
    one_new: float
    head_only: float
    unchanged: float


WAYS = {
    "whole": "whole document",
    "one_new": "one new item",
    "head_only": "only the head changed",
    "unchanged": "same body",
}


def quickest(work: Callable[[], object], rounds: int) -> float:
    """Give the least seconds of several rounds."""
    return min(_seconds(work) for _ in range(rounds))


def _seconds(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def document(body: bytes) -> Document:
    """Make a document of a body."""
    return Document(url=URL, body=body, fetched_at=AT)


def without_first(body: bytes) -> bytes | None:
    """Take the first entry out: what the feed was before that came; None if that cannot be told."""
    found = ENTRY.search(body)
    return body[: found.start()] + body[found.end() :] if found else None


def with_other_head(body: bytes) -> bytes:
    """Change something before the first entry, as a `lastBuildDate` does with each answer."""
    found = HEAD_END.search(body)
    at = found.start() if found else 0
    return body[:at] + b"<!-- built now -->" + body[at:]


class Desk:
    """Reads documents as a poll does, and stores what they hold."""

    def __init__(self, engine: Engine, feeds: int) -> None:
        self._store = Store(engine)
        watch = Watch(topics=(), destinations={}, at_least_every=timedelta(hours=6))
        self._ingest = Ingest(
            self._store, Tracker((), self._store.lessons()), watch, chance=lambda: 0.5
        )
        specs = [
            FeedSpec(url=f"{URL}/{n}", name=str(n), groups=(), every=timedelta(minutes=15))
            for n in range(feeds)
        ]
        self._store.sync_feeds(specs, AT)
        self.feeds = {int(feed.name): feed for feed in self._store.feeds()}
        self._known = self._reader(Imprints())
        self._fresh = self._reader(Imprints())

    def _reader(self, imprints: Imprints) -> Reader:
        return Reader(self._fetch, contents_of, self._store.stored_items, imprints, wants_hub=False)

    def _fetch(self, _feed: Feed) -> Document:
        return self._document

    def take(self, feed: Feed, body: bytes) -> bool:
        """Poll a feed that brings this, and store it; False if it cannot be read."""
        self._document = document(body)
        result = self._known.read(feed)
        self._ingest.take(feed, result)
        return isinstance(result, Reading)

    def read(self, feed: Feed, body: bytes, *, knows: bool = True) -> None:
        """Read a document after those that were taken, which stay the last ones."""
        (self._known if knows else self._fresh).look_into(feed, document(body))


def measure(desk: Desk, feed: Feed, body: bytes, rounds: int) -> Cost | None:
    """Measure one feed; None if it has no two entries, or is none."""
    before = without_first(body)
    if before is None or len(ENTRY.findall(body)) < 2 or not desk.take(feed, before):
        return None
    plain = quickest(lambda: plain_feedparser(body), rounds)
    whole = quickest(lambda: desk.read(feed, body, knows=False), rounds)
    one_new = quickest(lambda: desk.read(feed, body), rounds)
    desk.take(feed, body)
    other = with_other_head(body)
    same = replace(feed, body_hash=hashlib.sha256(body).hexdigest())
    return Cost(
        feedparser=plain,
        whole=whole,
        one_new=one_new,
        head_only=quickest(lambda: desk.read(feed, other), rounds),
        unchanged=quickest(lambda: desk.read(same, body), rounds),
    )


def ratios(costs: Sequence[Cost]) -> dict[str, dict[str, float]]:
    """Say how many times less each way takes than feedparser: in sum, and for a usual feed."""
    found = {}
    for way in WAYS:
        each = [one.feedparser / getattr(one, way) for one in costs]
        found[way] = {
            "total": sum(one.feedparser for one in costs) / sum(getattr(one, way) for one in costs),
            "median": statistics.median(each),
            "p10": sorted(each)[len(each) // 10],
            "median_ms": 1000 * statistics.median(getattr(one, way) for one in costs),
        }
    return found


def overhead(bodies: Sequence[bytes], rounds: int) -> dict[str, float]:
    """Say what the process of its own adds, by the clock, to reading each feed whole."""
    parsers = Parsers(most=1)
    here, there = [], []
    started = time.perf_counter()
    parsers.read(document(bodies[0]))
    start = time.perf_counter() - started
    for body in bodies:
        now = document(body)
        if len(body) > 1_000_000:
            # After one so long the process is replaced, by design.
            continue
        here.append(min(_clock(partial(contents_of, now)) for _ in range(rounds)))
        there.append(min(_clock(partial(parsers.read, now)) for _ in range(rounds)))
    parsers.close()
    return {
        "part_of_the_whole": sum(there) / sum(here) - 1,
        "median_ms": 1000 * statistics.median(b - a for a, b in zip(here, there, strict=True)),
        "start_ms": 1000 * start,
    }


def _clock(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--rounds", type=int, default=5, help="of which the quickest counts")
    parser.add_argument("--archive", action="append", choices=REAL, help="only these feeds")
    options = parser.parse_args()
    need_feeds()
    bodies = [body for _, body in real_feeds(tuple(options.archive or REAL))]
    with TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/seedwatch.db")
        migrate(engine)
        desk = Desk(engine, len(bodies))
        measured = [
            (body, measure(desk, desk.feeds[number], body, options.rounds))
            for number, body in enumerate(bodies)
        ]
        engine.dispose()
    costs = [cost for _, cost in measured if cost]
    read = [body for body, cost in measured if cost]
    found, process = ratios(costs), overhead(read, options.rounds)
    if options.json:
        feeds = [asdict(one) for one in costs]
        print(json.dumps({"ratios": found, "process": process, "feeds": feeds}, indent=2))
        return
    usual = 1000 * statistics.median(one.feedparser for one in costs)
    print(f"{len(costs)} feeds of two items or more, {sum(map(len, read)) / 1e6:.1f} MB;")
    print(
        f"plain feedparser takes {usual:.1f} ms for a usual one. It takes so many times more than\n"
    )
    print_table(
        ["reading", "in sum", "median", "p10", "ms, median"],
        [
            [
                WAYS[way],
                f"{one['total']:.1f}",
                f"{one['median']:.1f}",
                f"{one['p10']:.1f}",
                f"{one['median_ms']:.2f}",
            ]
            for way, one in found.items()
        ],
    )
    print(
        f"\nThe process of its own adds {process['part_of_the_whole']:.1%} by the clock"
        f" ({process['median_ms']:.2f} ms a feed); to start it takes {process['start_ms']:.0f} ms."
    )


assert set(WAYS) == {field.name for field in fields(Cost)} - {"feedparser"}

if __name__ == "__main__":
    main()
