"""What a tick costs when many feeds are known and few are due, and what a start costs.

    python -m bench.due [--feeds 100000] [--json]

The rival of the due queue is a scan of all feeds, which is what the same question costs without an
index. Nothing is fetched: a poll is stored as one that found nothing new.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, bindparam, text, update

from bench.sets import print_table
from monitor.feeds.pace import Bounds, observe
from monitor.feeds.pacer import Pacer
from monitor.feeds.schedule import after_success
from monitor.feeds.turns import TurnRules
from monitor.poll import MOST_DUE, Poller
from monitor.records import Batch, Feed, FeedSpec, FetchResult, NotModified
from monitor.store import Store, migrate, open_engine
from monitor.store.paces import pace_json
from monitor.store.schema import feeds

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=15)
BOUNDS = Bounds(least=timedelta(minutes=5), most=timedelta(hours=5))


def specs(count: int) -> list[FeedSpec]:
    """Give feeds, each on a host of its own."""
    return [
        FeedSpec(
            url=f"https://h{number}.example/rss", name=f"F{number}", groups=("all",), every=EVERY
        )
        for number in range(count)
    ]


def timed(work: Callable[[], object], times: int = 1) -> float:
    """Give the median of the milliseconds of CPU time that some work takes."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return 1e3 * statistics.median(taken)


def spread(engine: Engine, count: int) -> None:
    """Let every feed have been polled, and be due within the average interval of now."""
    pace = observe(observe(None, NOW - timedelta(days=1)), NOW, new=12, listed=30)
    row = {"pace": pace_json(pace), "baseline_at": NOW, "last_polled_at": NOW, "last_ok_at": NOW}
    with engine.begin() as tx:
        tx.execute(update(feeds).values(**row))
        tx.execute(
            update(feeds).where(feeds.c.id == bindparam("of_id")).values(due_at=bindparam("at")),
            [{"of_id": one, "at": NOW + EVERY * (one / count)} for one in range(1, count + 1)],
        )


class Later(Executor):
    """Does work when it is told to: the network costs nothing here, and answers after a tick."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], object]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep it."""
        self._waiting.append(lambda: fn(*args, **kwargs))
        return Future()

    def work(self) -> None:
        """Do what waits."""
        while self._waiting:
            self._waiting.pop()()


class Ticks:
    """A poller on a store, whose fetches answer that nothing changed."""

    def __init__(self, store: Store, pacer: Pacer) -> None:
        self._store, self._pacer = store, pacer
        self.now = NOW
        self.polls = 0
        rules = TurnRules(workers=16, per_host=1)
        self._later = Later()
        self._poller = Poller(store, self._fetch, self._take, rules, self._later)

    def _fetch(self, _feed: Feed) -> FetchResult:
        return NotModified(fetched_at=self.now)

    def _take(self, feed: Feed, result: FetchResult) -> Batch:
        assert isinstance(result, NotModified)
        pace = self._pacer.learn(feed, self.now)
        poll = after_success(
            feed,
            result,
            chance=0.5,
            body_hash=None,
            at_least_every=timedelta(hours=6),
            base=pace.interval,
        )
        batch = Batch(poll=poll)
        self._store.commit(batch)
        self.polls += 1
        return batch

    def tick(self, *, seconds: float) -> None:
        """Let some time pass, and tick."""
        self.now += timedelta(seconds=seconds)
        self._poller.tick(self.now, until=time.monotonic() + 10)
        self._later.work()


def measured(folder: Path, count: int) -> dict[str, float]:
    """Measure a store with so many feeds, in milliseconds."""
    engine = open_engine(f"sqlite:///{folder / f'{count}.db'}")
    migrate(engine)
    store, wanted = Store(engine), specs(count)
    found = {"first start: sync_feeds": timed(lambda: store.sync_feeds(wanted, NOW))}
    spread(engine, count)
    found["next start: sync_feeds"] = timed(lambda: store.sync_feeds(wanted, NOW))
    pacer = Pacer(EVERY, BOUNDS)
    found["start: fill the pacer"] = timed(lambda: pacer.fill(store.demands(), store.floors()))
    found["price of a poll, found anew"] = timed(lambda: pacer.price)
    found["queue, none due"] = timed(lambda: store.due(NOW - EVERY, MOST_DUE), 50)
    found["rounds: failing and unread feeds"] = timed(
        lambda: (store.failing_feeds(), store.unread_feeds()), 50
    )
    ticks = Ticks(store, pacer)
    found["tick, sixteen polls started and stored"] = timed(
        lambda: ticks.tick(seconds=EVERY.total_seconds() / 3), 20
    )
    found["queue, a thousand and more due"] = timed(
        lambda: store.due(NOW + 2 * EVERY, MOST_DUE), 10
    )
    known = [one.id for one in store.due(NOW + 2 * EVERY, MOST_DUE)]
    found["the same, host by host"] = timed(
        lambda: store.due(NOW + 2 * EVERY, MOST_DUE, per_host=1, without=known), 10
    )
    scan = text("SELECT id, url, due_at FROM feeds NOT INDEXED WHERE active AND due_at <= :now")
    with engine.connect() as connection:
        past = (NOW - EVERY).replace(tzinfo=None)
        found["rival: full scan, none due"] = timed(
            lambda: connection.execute(scan, {"now": past}).all(), 10
        )
    found["rival: read all feeds"] = timed(store.feeds, 1)
    engine.dispose()
    return found


def main() -> None:
    """Print a table: a column for each number of feeds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--feeds", type=int, default=100_000, help="the most feeds")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    options = parser.parse_args()
    sizes = [options.feeds // 100, options.feeds // 10, options.feeds]
    with tempfile.TemporaryDirectory() as folder:
        found = {size: measured(Path(folder), size) for size in sizes}
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print_table(
        ["milliseconds", *(f"{size:,} feeds" for size in sizes)],
        [[name, *(f"{found[size][name]:,.2f}" for size in sizes)] for name in found[sizes[0]]],
    )


if __name__ == "__main__":
    main()
