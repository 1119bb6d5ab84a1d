"""The upkeep: once a night what is too old is pruned, batch by batch, and the database is tended.

tick(now)   -> is it due? some batches, not more than a moment's worth
               ... until nothing is left to prune
            -> keeping.tend()     optimize, write-ahead log written back
            -> keeping.note(...)  what it did, for whoever looks
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

import structlog

from monitor.store import Keeping, Upkeep
from monitor.store.keeping import BATCH, Place

log = structlog.get_logger()

DAY = timedelta(days=1)
# From this hour of UTC on; a service that did not run then makes up for it at its next start.
HOUR_OF_DAY = 3
# How long one tick may prune: polls and messages wait meanwhile.
TICK_SECONDS = 0.2
# How long it is remembered what was done; items may be kept for ever.
NOTED_FOR = timedelta(days=90)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepRules:
    """How long things are kept; None: for ever."""

    items: timedelta | None
    alerts: timedelta | None


class _Stage(Enum):
    ALERTS = auto()
    ITEMS = auto()
    STORIES = auto()
    TEND = auto()


@dataclass(slots=True)
class _Work:
    """One upkeep under way."""

    # What it looks back from.
    now: datetime
    stage: _Stage = _Stage.ALERTS
    place: Place | None = None
    items: int = 0
    stories: int = 0
    alerts: int = 0
    seconds: float = 0.0


def next_at(last: datetime | None, now: datetime) -> datetime:
    """Say when the next upkeep is due: in the night after the last one, and at once without any.

    >>> last = datetime(2021, 11, 8, 3, 0, tzinfo=UTC)
    >>> next_at(last, last).isoformat()
    '2021-11-09T03:00:00+00:00'
    >>> next_at(last - timedelta(hours=1), last).isoformat()
    '2021-11-08T03:00:00+00:00'
    """
    if last is None or last > now + DAY:
        # The clock was set back: what was to be waited for can no longer be told.
        return now
    due = last.astimezone(UTC).replace(hour=HOUR_OF_DAY, minute=0, second=0, microsecond=0)
    return due if due > last else due + DAY


class Caretaker:
    """Does the upkeep in small pieces; what is under way when the service stops begins anew."""

    def __init__(self, keeping: Keeping, rules: KeepRules) -> None:
        self._keeping = keeping
        self._rules = rules
        self._due_at: datetime | None = None
        self._work: _Work | None = None

    def tick(self, now: datetime) -> Upkeep | None:
        """Do a moment's worth of what is due; give what was done once an upkeep is over."""
        if self._due_at is None:
            last = self._keeping.last()
            self._due_at = next_at(last.at if last else None, now)
        if self._work is None:
            if now < self._due_at:
                return None
            self._work = _Work(now=now)
        work, began = self._work, time.monotonic()
        try:
            while work.stage is not _Stage.TEND and time.monotonic() - began < TICK_SECONDS:
                self._prune(work)
            if work.stage is not _Stage.TEND:
                return None
            wal_bytes = self._keeping.tend()
        finally:
            work.seconds += time.monotonic() - began
        return self._end(work, wal_bytes)

    def _prune(self, work: _Work) -> None:
        """Prune one batch, and go on to what comes next once nothing is left."""
        rules, now = self._rules, work.now
        match work.stage:
            case _Stage.ALERTS:
                before = None if rules.alerts is None else now - rules.alerts
                words_before = now - (rules.items or NOTED_FOR)
                count = self._keeping.prune_alerts(before, words_before)
                work.alerts += count
                if count < BATCH:
                    work.stage = _Stage.ITEMS
            case _Stage.ITEMS if rules.items is not None:
                pruned = self._keeping.prune_items(now - rules.items, work.place)
                work.items += pruned.count
                work.place = pruned.place
                if pruned.place is None:
                    work.stage = _Stage.STORIES
            case _Stage.STORIES if rules.items is not None:
                count = self._keeping.prune_stories(now - rules.items)
                work.stories += count
                if count < BATCH:
                    work.stage = _Stage.TEND
            case _:
                # For ever, or nothing is left.
                work.stage = _Stage.TEND

    def _end(self, work: _Work, wal_bytes: int | None) -> Upkeep:
        done = Upkeep(
            at=work.now,
            seconds=round(work.seconds, 3),
            items=work.items,
            stories=work.stories,
            alerts=work.alerts,
            wal_bytes=wal_bytes,
        )
        self._keeping.note(done, work.now - NOTED_FOR)
        self._work, self._due_at = None, next_at(done.at, work.now)
        log.info(
            "upkeep",
            items=done.items,
            stories=done.stories,
            alerts=done.alerts,
            seconds=done.seconds,
            wal_bytes=done.wal_bytes,
        )
        return done


def in_a_line(last: Upkeep | None) -> str:
    """Say what the last upkeep did, as `status` may show it.

    >>> in_a_line(None)
    'no upkeep yet'
    """
    if last is None:
        return "no upkeep yet"
    counts = {"item": last.items, "alert": last.alerts}
    said = ", ".join(f"{n:,} {what}{'' if n == 1 else 's'}" for what, n in counts.items() if n)
    return f"upkeep at {last.at:%Y-%m-%d %H:%M} UTC: {said or 'nothing'} pruned"
