"""A total deadline for an HTTP exchange, headers and slow drips included.

A read timeout alone is none: a server that sends a byte now and then holds such a client for ever.
Here the connection itself is shut down when the time is up, whatever the client is waiting for.
"""

from __future__ import annotations

import socket
import threading
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from heapq import heappop, heappush
from itertools import count

from monitor.records import Stage


class Deadline:
    """Shuts down the connections that it was given when the time is up."""

    def __init__(self, time: timedelta) -> None:
        self.time = time
        # How far the exchange is: where it ran out of time, if it does.
        self.stage = Stage.URL
        # The host that the last redirect named.
        self.led_to: str | None = None
        # By the monotonic clock.
        self.ends_at = clock.monotonic() + time.total_seconds()
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._at_end: list[Callable[[], None]] = []
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether the time was up before the exchange ended."""
        return self._is_over

    def left(self) -> float:
        """Give the seconds that are left, 0 at least."""
        return max(self.ends_at - clock.monotonic(), 0.0)

    def at_end(self, wake: Callable[[], None]) -> None:
        """Have something called when the time is up, or now if it is: it may not block."""
        with self._lock:
            self._at_end.append(wake)
            if self._is_over:
                wake()

    def check(self) -> None:
        """Raise `TimeoutError` if the time was up: to a reader our end looks like the other's."""
        if self._is_over:
            raise TimeoutError

    def watch(self, connection: socket.socket) -> None:
        """Hold a second handle on a connection: TLS replaces the first while it shakes hands."""
        with self._lock:
            self._sockets.append(connection.dup())
            if self._is_over:
                self._shut()

    def expire(self) -> None:
        """End it now."""
        with self._lock:
            self._is_over = True
            self._shut()
            for wake in self._at_end:
                wake()

    def close(self) -> None:
        """Let go of the handles."""
        with self._lock:
            for held in self._sockets:
                held.close()
            self._sockets.clear()
            self._at_end.clear()

    def _shut(self) -> None:
        for held in self._sockets:
            # It may be closed already: then there is nothing to end.
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)


class Deadlines:
    """The deadlines of all exchanges under way.

    One thread looks after all of them: one for each exchange would cost more than the rest of a
    plain GET does. It lives as long as there is a deadline whose time has not come.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Told when a deadline comes before all others, or when all are over.
        self._sooner = threading.Condition(self._lock)
        self._running: set[Deadline] = set()
        # By their ends, with those of exchanges that came to theirs before; the number keeps two of
        # one end apart.
        self._ends: list[tuple[float, int, Deadline]] = []
        self._numbers = count()
        self._is_watched = False
        self._here = threading.local()
        self._is_closed = False

    @property
    def are_closed(self) -> bool:
        """Whether no exchange has any time left."""
        return self._is_closed

    @property
    def current(self) -> Deadline:
        """The deadline of this thread. Raises `TimeoutError` if it has none: no time at all."""
        deadline: Deadline | None = getattr(self._here, "deadline", None)
        if deadline is None:
            raise TimeoutError
        return deadline

    def come_to(self, stage: Stage) -> None:
        """Note how far the exchange of this thread has come."""
        self.current.stage = stage

    @contextmanager
    def within(self, time: timedelta) -> Iterator[Deadline]:
        """Bound what this thread does inside the block."""
        deadline = Deadline(time)
        self._begin(deadline)
        self._here.deadline = deadline
        try:
            yield deadline
        finally:
            self._here.deadline = None
            with self._lock:
                self._running.discard(deadline)
            deadline.close()

    def expire_all(self) -> None:
        """End every exchange now, and those still to come at once: the daemon stops."""
        with self._lock:
            self._is_closed = True
            for deadline in self._running:
                deadline.expire()
            self._ends.clear()
            self._sooner.notify()

    def _begin(self, deadline: Deadline) -> None:
        with self._lock:
            if self._is_closed:
                deadline.expire()
                return
            self._running.add(deadline)
            is_first = not self._ends or deadline.ends_at < self._ends[0][0]
            heappush(self._ends, (deadline.ends_at, next(self._numbers), deadline))
            if not self._is_watched:
                # A daemon: a program that ends waits for no deadline.
                threading.Thread(target=self._watch, daemon=True, name="deadlines").start()
                self._is_watched = True
            elif is_first:
                self._sooner.notify()

    def _watch(self) -> None:
        """End exchanges whose time is up, until there are none."""
        while True:
            with self._lock:
                while self._ends and self._ends[0][2] not in self._running:
                    heappop(self._ends)
                if not self._ends:
                    self._is_watched = False
                    return
                ends_at, _, deadline = self._ends[0]
                left = ends_at - clock.monotonic()
                if left > 0:
                    self._sooner.wait(left)
                    continue
                heappop(self._ends)
            # What goes wrong at one end is no reason to let the others run on.
            with suppress(Exception):
                deadline.expire()
