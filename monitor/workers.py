"""Workers that can be asked whether they still get anywhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# What a piece of work may take beside the time that its exchange is allowed: to be written down
# while another process holds the database, for one.
SLACK = timedelta(minutes=1)


class Workers(ThreadPoolExecutor):
    """Threads for work that has a bound in time; knows since when each piece is under way.

    It hangs once *all* its threads are at pieces past their bound: then nothing of its kind is done
    any more. One such piece costs a thread, and no more.
    """

    def __init__(self, workers: int, name: str, *, at_most: timedelta) -> None:
        super().__init__(workers, thread_name_prefix=name)
        self.name = name
        self._workers = workers
        self._at_most_seconds = (at_most + SLACK).total_seconds()
        self._begun: dict[int, float] = {}
        self._lock = threading.Lock()

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a piece of work done by the next thread that is free."""
        return super().submit(self._timed, fn, *args, **kwargs)

    def _timed(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        thread = threading.get_ident()
        with self._lock:
            self._begun[thread] = time.monotonic()
        try:
            return fn(*args, **kwargs)
        finally:
            with self._lock:
                del self._begun[thread]

    def hangs(self, now: float) -> bool:
        """Say whether no thread can take work, all being past their bound at `now` (monotonic)."""
        with self._lock:
            begun = list(self._begun.values())
        late = sum(now - since > self._at_most_seconds for since in begun)
        return late >= self._workers
