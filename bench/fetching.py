"""What reading feeds costs, against plain feedparser in the same run.

    python bench/fetching.py [--json] [--rounds N] [--archive NAME ...]

For each feed, interleaved: `feedparser.parse(bytes)` as anyone would call it, our reading of the
whole, of a document with one new item after one that is known, of one whose head alone changed, and
of one that did not change. Seconds are the processor's; of several rounds the quickest counts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from functools import partial

from bench.feeds import REAL, need_feeds, plain_feedparser, real_feeds
from bench.sets import print_table
from monitor.errors import ParseError
from monitor.feeds.parse import parse
from monitor.parsing import Parsers
from monitor.records import Document

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
    return Document(url="https://feeds.example/rss", body=body, fetched_at=AT)


def without_first(body: bytes) -> bytes | None:
    """Take the first entry out: what the feed was before that came; None if that cannot be told."""
    found = ENTRY.search(body)
    return body[: found.start()] + body[found.end() :] if found else None


def with_other_head(body: bytes) -> bytes:
    """Change something before the first entry, as a `lastBuildDate` does with each answer."""
    found = HEAD_END.search(body)
    at = found.start() if found else 0
    return body[:at] + b"<!-- built now -->" + body[at:]


def measure(body: bytes, rounds: int) -> Cost | None:
    """Measure one feed; None if it has no two entries, or is none."""
    before = without_first(body)
    if before is None or len(ENTRY.findall(body)) < 2:
        return None
    now = document(body)
    try:
        seen = parse(document(before), feed_lang=None).imprint
        all_seen = parse(now, feed_lang=None).imprint
    except ParseError:
        return None
    other = document(with_other_head(body))
    return Cost(
        feedparser=quickest(lambda: plain_feedparser(body), rounds),
        whole=quickest(lambda: parse(now, feed_lang=None), rounds),
        one_new=quickest(lambda: parse(now, feed_lang=None, seen=seen), rounds),
        head_only=quickest(lambda: parse(other, feed_lang=None, seen=all_seen), rounds),
        unchanged=quickest(lambda: hashlib.sha256(body).hexdigest(), rounds),
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
    parsers.parse(document(bodies[0]), feed_lang=None)
    start = time.perf_counter() - started
    for body in bodies:
        now = document(body)
        if len(body) > 1_000_000:
            # After one so long the process is replaced, by design.
            continue
        here.append(min(_clock(partial(parse, now, feed_lang=None)) for _ in range(rounds)))
        there.append(
            min(_clock(partial(parsers.parse, now, feed_lang=None)) for _ in range(rounds))
        )
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
    measured = [(body, measure(body, options.rounds)) for body in bodies]
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
