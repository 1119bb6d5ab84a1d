"""Tell the service manager how the service is: up, alive, reloading, stopping, and in a line.

up         once, when each job has come to its end for the first time
alive      only at the end of a tick, and only while every job and all workers get somewhere:
           no timer beside them could vouch for them
in a line  topics, feeds, last alert, and before them what an operator has to do
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import structlog

from monitor.store import Glance
from monitor.systemd import notify, watchdog
from monitor.vitals import Vitals

log = structlog.get_logger()

# How old the end of a job's last tick may be where no watchdog says so. A tick may have to wait for
# a database that another process holds, and so may each job before it.
PATIENCE = timedelta(minutes=2)
# Of the time that the watchdog leaves: between two signs of life.
FED_AFTER = 0.1


class Herald:
    """Speaks for one run of the service; its calls may come from any thread."""

    def __init__(
        self,
        environ: Mapping[str, str],
        pid: int,
        jobs: tuple[str, ...],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._environ = environ
        self._clock = clock
        self._within = watchdog(environ, pid)
        self._jobs = frozenset(jobs)
        self.vitals = Vitals(jobs, self._within or PATIENCE, clock=clock)
        self._is_up = False
        self._fed_at: float | None = None
        self._said = ""
        # The names of what did not get anywhere when that was last looked for.
        self._overdue: set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_up(self) -> bool:
        """Whether the service has been called ready."""
        return self._is_up

    def completed(self, job: str, *, well: bool) -> None:
        """Note the end of a tick, and say so: that we are up, or that we are alive.

        Of other jobs than those that are waited for, it only takes the occasion to look round.
        """
        self.vitals.completed(job, well=well)
        with self._lock:
            overdue = self.vitals.overdue()
            if overdue.keys() != self._overdue:
                if overdue:
                    log.error("stuck", what="; ".join(overdue.values()))
                else:
                    log.info("moving_again")
            self._overdue = set(overdue)
            if not self._is_up and self.vitals.is_up:
                self._is_up = True
                self._send("READY=1")
            if not overdue and job in self._jobs:
                self._feed()

    def _feed(self) -> None:
        if self._within is None:
            return
        now = self._clock()
        if self._fed_at is None or now - self._fed_at >= FED_AFTER * self._within.total_seconds():
            self._fed_at = now
            self._send("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that a reload has begun; `reloaded` has to follow."""
        # Of the monotonic clock, as systemd.service(5) asks of `Type=notify-reload`.
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def reloaded(self) -> None:
        """Say that the reload is over; who was not up yet is not up by that."""
        with self._lock:
            if self._is_up:
                self._send("READY=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._send("STOPPING=1")

    def say(self, line: str) -> None:
        """Give the line that `systemctl status` shows; the same one is not sent again."""
        with self._lock:
            if line != self._said:
                self._said = line
                self._send(f"STATUS={line}")

    def _send(self, *lines: str) -> None:
        notify(self._environ, *lines)


def status_line(topics: int, glance: Glance | None, ailments: Sequence[str]) -> str:
    """Write the line for `systemctl status`: what is wrong first, then how it is, if that is known.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 11, 24, 18, 3, tzinfo=UTC)
    >>> glance = Glance(feeds=90, failing=3, waiting=0, last_alert=("border", at))
    >>> status_line(2, glance, ())
    '2 topics, 90 feeds (3 failing), last alert 2026-11-24 18:03 UTC (border)'
    >>> status_line(2, None, ("the database cannot be used: disk full",))
    'the database cannot be used: disk full'
    """
    return " | ".join([*ailments, *([_in_numbers(topics, glance)] if glance else [])])


def _in_numbers(topics: int, glance: Glance) -> str:
    failing = f" ({glance.failing} failing)" if glance.failing else ""
    last = "no alert yet"
    if glance.last_alert:
        topic, at = glance.last_alert
        last = f"last alert {at:%Y-%m-%d %H:%M} UTC ({topic})"
    parts = [
        _count(topics, "topic", "topics"),
        _count(glance.feeds, "feed", "feeds") + failing,
        last,
    ]
    if glance.waiting:
        parts.append(_count(glance.waiting, "delivery waiting", "deliveries waiting"))
    return ", ".join(parts)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
