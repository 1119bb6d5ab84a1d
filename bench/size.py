"""How much room items take, with their text and after they were pruned; how long upkeep takes.

    python -m bench.size [ITEMS]

Fills an SQLite database as polls do (4 names an item, two topics), backs it up, prunes it, and says
what each costs. The rival in the same run is a plain copy of the file.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.feeds.identity import canonical_url, fingerprint
from monitor.feeds.trust import look_ups
from monitor.records import (
    Alias,
    Batch,
    Decision,
    FeedSpec,
    Item,
    JudgedItem,
    Reason,
    Score,
    SeenItem,
    TermShare,
    Trust,
    Verdict,
)
from monitor.store import Keeping, Store, migrate, open_engine
from monitor.store.backup import back_up

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FEEDS = 100
A_POLL = 20
TOPICS = ("border", "rail")
WORDS = (
    *("border", "police", "minister", "talks", "guard", "fence", "crossing", "winter", "vote"),
    *("budget", "railway", "strike", "court", "ruling", "market", "energy", "gas", "price"),
    *("summit", "union", "army", "drone", "hospital", "flood", "school", "election", "harvest"),
)


def main() -> None:
    """Measure and print."""
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measure(folder / "seedwatch.db", total)


def measure(database: Path, total: int) -> None:
    """Fill, back up, prune, and print what each took."""
    engine = open_engine(f"sqlite:///{database}")
    migrate(engine)
    store, keeping = Store(engine), Keeping(engine)
    specs = [
        FeedSpec(url=f"https://f{n}.example/rss", name=f"F{n}", groups=("a",), every=timedelta(1))
        for n in range(FEEDS)
    ]
    store.sync_feeds(specs, NOW)
    wal = Path(f"{database}-wal")
    most_wal, began = 0, time.perf_counter()
    for batch in batches(total):
        store.commit(batch)
        most_wal = max(most_wal, wal.stat().st_size)
    filled = time.perf_counter() - began
    keeping.tend()
    full = database.stat().st_size
    print(f"{total:,} items, two topics: {full / 1e6:,.0f} MB, {full / total:,.0f} bytes an item")
    print(f"  written in {filled:,.1f} s; write-ahead log at most {most_wal / 1e6:.1f} MB")
    began = time.perf_counter()
    shutil.copy(database, database.with_suffix(".plain"))
    plain = time.perf_counter() - began
    began = time.perf_counter()
    back_up(database, database.with_suffix(".copy"), lambda _done, _total: None)
    took = time.perf_counter() - began
    print(f"backup, checked: {took:.2f} s ({took / plain:.1f} x a plain copy, {plain:.2f} s)")
    prune(keeping, total, wal)
    began = time.perf_counter()
    keeping.tend()
    print(f"optimize and checkpoint: {time.perf_counter() - began:.2f} s")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        pages, free, size = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("page_count", "freelist_count", "page_size")
        )
    used = (pages - free) * size
    print(f"after it: {used / 1e6:,.1f} MB in use, {used / total:,.0f} bytes an item")
    print(f"  ({free * size / 1e6:,.0f} MB are free for what comes)")
    engine.dispose()


def prune(keeping: Keeping, total: int, wal: Path) -> None:
    """Prune all, and print how long the batches held the lock."""
    spans, place, count, most_wal = [], None, 0, 0
    cpu = time.process_time()
    while True:
        began = time.perf_counter()
        done = keeping.prune_items(NOW + timedelta(days=1), place)
        spans.append(time.perf_counter() - began)
        place, count = done.place, count + done.count
        most_wal = max(most_wal, wal.stat().st_size)
        if place is None:
            break
    spans.sort()
    print(
        f"pruned {count:,} of {total:,}: {sum(spans):.1f} s in {len(spans):,} batches, median"
        f" {spans[len(spans) // 2] * 1000:.0f} ms, worst {spans[-1] * 1000:.0f} ms;"
        f" {(time.process_time() - cpu) / len(spans) * 1000:.0f} ms of CPU each;"
        f" write-ahead log at most {most_wal / 1e6:.1f} MB"
    )


def batches(total: int) -> Iterator[Batch]:
    """Give what polls commit."""
    chance = random.Random(7)  # noqa: S311 - the same in each run
    for start in range(0, total, A_POLL):
        feed_id = start // A_POLL % FEEDS + 1
        seen = [made(n, feed_id, chance) for n in range(start, min(start + A_POLL, total))]
        yield Batch(
            items=tuple(JudgedItem(seen=one, verdicts=verdicts(chance)) for one in seen),
            aliases=tuple(
                Alias(key=key, feed_id=feed_id, item_id=one.id)
                for one in seen
                for key in look_ups([one.item], Trust())
            ),
        )


def made(number: int, feed_id: int, chance: random.Random) -> SeenItem:
    """Return an item with a title of nine words and a summary of thirty."""
    title = " ".join(chance.choices(WORDS, k=8)) + f" {number}"
    summary = " ".join(chance.choices(WORDS, k=30))
    url = f"https://www.f{feed_id}.example/2025/12/{number}/{title.replace(' ', '-')}"
    item = Item(
        key=f"guid:{url}",
        guid=url,
        url=url,
        canonical_url=canonical_url(url),
        fingerprint=fingerprint(title, summary),
        title=title,
        summary=summary,
        lang="en",
        published_at=NOW,
    )
    return SeenItem(
        id=hashlib.sha256(url.encode()).hexdigest()[:16],
        item=item,
        feed_id=feed_id,
        source=f"F{feed_id}",
        first_seen_at=NOW + timedelta(milliseconds=number),
        baseline=False,
    )


def verdicts(chance: random.Random) -> tuple[Verdict, ...]:
    """Return what two topics make of an item that is off-topic: two terms each."""
    terms = tuple(
        TermShare(term=word, surface=word.title(), share=round(chance.random() / 9, 6))
        for word in chance.sample(WORDS, 2)
    )
    score = Score(topic="", value=0.12, threshold=0.35, terms=terms, lacks="it names no place")
    return tuple(
        Verdict(
            score=replace(score, topic=topic),
            decision=Decision(topic=topic, alert=False, reason=Reason.BELOW_THRESHOLD),
        )
        for topic in TOPICS
    )


if __name__ == "__main__":
    main()
