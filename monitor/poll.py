"""Poll what is due: fetch and parse in parallel, judge one by one.

The due times live in the store, so that they survive a restart. What is under way lives here: a
feed that was being fetched when the daemon died is simply still due.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog

from monitor.errors import SeedwatchError
from monitor.feeds.address import bare
from monitor.feeds.conditions import DISTRUST
from monitor.feeds.schedule import REFUSED
from monitor.feeds.trust import explain
from monitor.feeds.turns import TurnRules, Turns
from monitor.log import log_alerts
from monitor.reading import ReadResult
from monitor.records import Batch, Due, Feed, FetchFailure, Poll
from monitor.store import Store

log = structlog.get_logger()

# Due feeds looked at in one tick: enough to find work behind a busy host. Mostly a few are enough.
MOST_DUE = 1000
FEW_DUE = 50
# Results judged before workers that have become free are given work again.
IN_A_ROW = 4
# How long a feed is left alone if what it brought could not be stored: it is still due, but its
# server shall not be asked each second for what is our trouble.
REST = timedelta(minutes=1)
# A clock that is put back by less than this holds nothing up.
SET_BACK = timedelta(minutes=1)


class Poller:
    """Keeps the workers busy with due feeds, and hands each result to `take`."""

    def __init__(
        self,
        store: Store,
        read: Callable[[Feed], ReadResult],
        take: Callable[[Feed, ReadResult], Batch],
        rules: TurnRules,
        executor: Executor,
    ) -> None:
        self._store = store
        self._read = read
        self.take = take
        self._per_host = rules.per_host
        self._turns = Turns(rules)
        self._executor = executor
        self._done: queue.SimpleQueue[tuple[Feed, ReadResult]] = queue.SimpleQueue()
        # Feed id -> until when it rests.
        self._resting: dict[int, datetime] = {}
        # Feeds that another poller began to fetch: as we know them they may be out of date.
        self._taken_over: set[int] = set()
        # Feeds whose fetch began before the clock was put back: what they bring dates them wrong.
        self._from_ahead: set[int] = set()
        # When it last ticked; None before the first time.
        self._ticked_at: datetime | None = None

    def follow(self, before: Poller) -> None:
        """Go on where another poller was; what it has under way comes to its end here.

        Its feeds may have been changed, or be gone: they are read anew then.
        """
        self._done = before._done
        self._turns.follow(before._turns)
        self._resting = dict(before._resting)
        self._from_ahead = set(before._from_ahead)
        self._ticked_at = before._ticked_at
        self._taken_over = set(self._turns.under_way)

    @property
    def is_behind(self) -> bool:
        """Whether more may be due than could be started: then the next tick is worth its cost."""
        return self._turns.free() <= 0 or self._turns.is_cut

    def tick(self, now: datetime, *, until: float) -> int:
        """Judge what has arrived, then start what is due; give how many feeds were judged.

        `until` is a reading of the monotonic clock at which judging pauses, so that the work of a
        burst never keeps the daemon from being stopped.
        """
        self._heed_clock(now)
        judged = 0
        while True:
            arrived = self._judge_some(now, until)
            judged += arrived
            # In between, so that those who fetch do not wait for what is judged.
            self._start(now)
            if not arrived:
                return judged

    def _heed_clock(self, now: datetime) -> None:
        """See that nothing waits for a clock that was put back, here or before a start."""
        before = self._ticked_at
        if before is None or before - now > SET_BACK:
            self._resting.clear()
            self._from_ahead |= self._turns.under_way
            feeds = self._store.put_back(now)
            if feeds:
                log.warning("clock_put_back", feeds=feeds)
        self._ticked_at = now

    def _judge_some(self, now: datetime, until: float) -> int:
        """Judge what has arrived, but not much of it; give how many feeds that was."""
        for judged in range(IN_A_ROW):
            if time.monotonic() >= until:
                return judged
            try:
                feed, result = self._done.get_nowait()
            except queue.Empty:
                return judged
            self._turns.end(feed.id)
            current = self._current(feed)
            if current is not None:
                self._judge(current, result, now)
            if feed.id in self._from_ahead:
                self._from_ahead.discard(feed.id)
                self._store.put_back(now)
        return IN_A_ROW

    def _current(self, feed: Feed) -> Feed | None:
        """Give a feed that was fetched as it is configured now; None if it no longer is."""
        if feed.id not in self._taken_over:
            return feed
        self._taken_over.discard(feed.id)
        return next(iter(self._store.feeds_of([feed.id])), None)

    def _start(self, now: datetime) -> None:
        if self._turns.free() <= 0:
            return
        self._resting = {one: until for one, until in self._resting.items() if until > now}
        chosen = self._turns.choose(self._due(now), now)
        if not chosen:
            return
        # Only these are read whole: very many may be due that have to wait.
        feeds = {feed.id: feed for feed in self._store.feeds_of([one.id for one in chosen])}
        for one in chosen:
            # Unless it has just been taken out of the configuration.
            if one.id in feeds:
                self._executor.submit(self._work, feeds[one.id], now)
                self._turns.begin(one, now)

    def _due(self, now: datetime) -> Iterator[Due]:
        """Give what is due, longest first; only if that is not enough, find it host by host."""
        known = self._turns.under_way | self._resting.keys()
        for most in (FEW_DUE, MOST_DUE):
            longest = self._store.due(now, most, without=known)
            yield from longest
            if len(longest) < most:
                return
            known = known.union(one.id for one in longest)
        # The thousands of one host may hide all others.
        yield from self._store.due(now, MOST_DUE, per_host=self._per_host, without=known)

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
        self._resting.pop(feed.id, None)
        _log(feed, batch)


def _log(feed: Feed, batch: Batch) -> None:
    poll = batch.poll
    assert poll is not None
    if poll.error is not None:
        _log_failure(feed, poll)
        return
    if feed.failures:
        log.info("feed_recovered", feed=feed.name, after_failures=feed.failures)
    if poll.moved_to != feed.moved_to:
        where = bare(poll.moved_to or feed.url)
        log.info("feed_moved", feed=feed.name, url=bare(feed.url), fetched_from=where)
    if poll.lied_at != feed.lied_at:
        log.info("validators_lie", feed=feed.name, url=bare(feed.url), asked_whole_for=DISTRUST)
    shown = explain(poll.trust) if poll.trust is not None else ""
    if shown and shown != explain(feed.trust):
        log.warning("feed_distrusted", feed=feed.name, why=shown)
    event = "baseline" if feed.baseline_at is None else "polled"
    if batch.items or feed.baseline_at is None:
        log.info(event, feed=feed.name, new_items=len(batch.items))
    log_alerts(batch.alerts)


def _log_failure(feed: Feed, poll: Poll) -> None:
    """Tell a cause when it appears; one that a person must mend is a warning of its own."""
    facts = {"feed": feed.name, "url": bare(feed.url), "cause": poll.error}
    if poll.host_rest:
        log.warning("host_rests", host=poll.host_rest.host, until=poll.host_rest.until, **facts)
    if poll.gone_at and not feed.gone_at:
        log.warning("feed_gone", **facts, next_look=poll.due_at)
    elif poll.error != feed.last_error:
        tell = log.warning if poll.status in REFUSED else log.debug
        tell("poll_failed", **facts)
