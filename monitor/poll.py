"""Poll what is due: fetch and parse in parallel, judge one by one.

The due times live in the store, so that they survive a restart. What is under way lives here: a
feed that was being fetched when the daemon died is simply still due.
"""

from __future__ import annotations

import queue
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from monitor.errors import SeedwatchError
from monitor.reading import ReadResult
from monitor.records import Batch, Feed, FetchFailure
from monitor.store import Store

log = structlog.get_logger()

# Due feeds looked at in one tick: enough to find work behind a busy host.
MOST_DUE = 1000
# How long a feed is left alone if what it brought could not be stored: it is still due, but its
# server shall not be asked each second for what is our trouble.
REST = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollRules:
    """How many exchanges may be under way."""

    workers: int
    per_host: int


class Poller:
    """Keeps the workers busy with due feeds, and hands each result to `take`."""

    def __init__(
        self,
        store: Store,
        read: Callable[[Feed], ReadResult],
        take: Callable[[Feed, ReadResult], Batch],
        rules: PollRules,
        executor: Executor,
    ) -> None:
        self._store = store
        self._read = read
        self.take = take
        self._rules = rules
        self._executor = executor
        self._done: queue.SimpleQueue[tuple[Feed, ReadResult]] = queue.SimpleQueue()
        # Feed id -> its host, while it is being fetched.
        self._under_way: dict[int, str] = {}
        # Feed id -> until when it rests.
        self._resting: dict[int, datetime] = {}

    def tick(self, now: datetime, *, until: float) -> int:
        """Judge what has arrived, then start what is due; give how many feeds were judged.

        `until` is a reading of the monotonic clock at which judging pauses, so that the work of a
        burst never keeps the daemon from being stopped.
        """
        judged = 0
        while time.monotonic() < until:
            try:
                feed, result = self._done.get_nowait()
            except queue.Empty:
                break
            del self._under_way[feed.id]
            self._judge(feed, result, now)
            judged += 1
        self._start(now)
        return judged

    def _start(self, now: datetime) -> None:
        free = self._rules.workers - len(self._under_way)
        if free <= 0:
            return
        hosts = Counter(self._under_way.values())
        for feed in self._store.due_feeds(now, MOST_DUE):
            host = urlsplit(feed.url).hostname or ""
            if feed.id in self._under_way or hosts[host] >= self._rules.per_host:
                continue
            if self._resting.get(feed.id, now) > now:
                continue
            self._executor.submit(self._work, feed, now)
            hosts[host] += 1
            self._under_way[feed.id] = host
            free -= 1
            if free == 0:
                return

    def _work(self, feed: Feed, now: datetime) -> None:
        try:
            result: ReadResult = self._read(feed)
        except Exception as error:
            # The reader answers for network and parser; this is a fault of ours, kept to its feed.
            log.exception("fetch_broke", feed=feed.name)
            result = FetchFailure(cause=f"internal error: {type(error).__name__}", fetched_at=now)
        self._done.put((feed, result))

    def _judge(self, feed: Feed, result: ReadResult, now: datetime) -> None:
        self._resting[feed.id] = now + min(feed.every, REST)
        try:
            batch = self.take(feed, result)
        except SeedwatchError as error:
            log.error("poll_not_stored", feed=feed.name, cause=str(error))  # noqa: TRY400 - no bug
            return
        del self._resting[feed.id]
        _log(feed, batch)


def _log(feed: Feed, batch: Batch) -> None:
    assert batch.poll is not None
    if batch.poll.error is not None:
        if batch.poll.error != feed.last_error:
            log.debug("poll_failed", feed=feed.name, url=feed.url, cause=batch.poll.error)
        return
    if feed.failures:
        log.info("feed_recovered", feed=feed.name, after_failures=feed.failures)
    event = "baseline" if feed.baseline_at is None else "polled"
    if batch.items or feed.baseline_at is None:
        log.info(event, feed=feed.name, new_items=len(batch.items))
    for alert in batch.alerts:
        told = alert.items[0]
        log.info(
            "alert",
            topic=alert.topic,
            reason=alert.reason.value,
            item=told.item_id,
            score=round(told.score, 3),
            title=told.title,
            source=told.source,
        )
