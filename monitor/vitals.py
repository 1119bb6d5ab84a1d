"""Whether the service gets anywhere: when each job last came to its end, which workers hang.

Knows nothing of who asks: systemd's watchdog is fed by it, a health check may be answered from it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta

from monitor.workers import Workers


class Vitals:
    """Heartbeats of jobs and workers; `clock` is a monotonic one."""

    def __init__(
        self,
        jobs: Iterable[str],
        patience: timedelta,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._patience_seconds = patience.total_seconds()
        self._clock = clock
        begin = clock()
        # Job -> when it last came to its end; at first, when it began to be waited for.
        self._ended = dict.fromkeys(jobs, begin)
        # Those that have not come to their end yet, without an outage.
        self._never_well = set(self._ended)
        self._workers: tuple[Workers, ...] = ()
        self._lock = threading.Lock()

    def watch(self, *kinds: Workers) -> None:
        """Watch these workers from now on, in place of those before."""
        with self._lock:
            self._workers = kinds

    def completed(self, job: str, *, well: bool = True) -> None:
        """Note that a tick of a job came to its end; not `well`: in an outage that it knows."""
        with self._lock:
            if job in self._ended:
                self._ended[job] = self._clock()
                if well:
                    self._never_well.discard(job)

    @property
    def is_up(self) -> bool:
        """Whether each job has once come to its end without an outage."""
        return not self._never_well

    def overdue(self) -> dict[str, str]:
        """Say what does not get anywhere, by name, a sentence each; empty while all is well.

        >>> now = 0.0
        >>> vitals = Vitals(["poll", "deliver"], timedelta(seconds=60), clock=lambda: now)
        >>> vitals.overdue()
        {}
        >>> now = 61.0
        >>> vitals.completed("deliver")
        >>> vitals.overdue()
        {'poll': 'poll has not come to an end for 61 s'}
        """
        now = self._clock()
        with self._lock:
            late = {
                job: f"{job} has not come to an end for {now - ended:.0f} s"
                for job, ended in self._ended.items()
                if now - ended > self._patience_seconds
            }
            kinds = self._workers
        return late | {
            f"workers {kind.name}": f"all workers of {kind.name} hang"
            for kind in kinds
            if kind.hangs(now)
        }
