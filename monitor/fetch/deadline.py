"""A total deadline for an HTTP exchange, headers and slow drips included.

A read timeout alone is none: a server that sends a byte now and then holds such a client for ever.
Here the connection itself is shut down when the time is up, whatever the client is waiting for.
"""

from __future__ import annotations

import socket
import threading
import time as clock
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from monitor.records import Stage


class Deadline:
    """Shuts down the connections that it was given when the time is up."""

    def __init__(self, time: timedelta) -> None:
        self.time = time
        # How far the exchange is: where it ran out of time, if it does.
        self.stage = Stage.URL
        # The host that the last redirect named.
        self.led_to: str | None = None
        self._ends_at = clock.monotonic() + time.total_seconds()
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
        return max(self._ends_at - clock.monotonic(), 0.0)

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
            with _ignored():
                held.shutdown(socket.SHUT_RDWR)


@contextmanager
def _ignored() -> Iterator[None]:
    try:
        yield
    except OSError:
        return


class Deadlines:
    """The deadlines of all exchanges under way."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[Deadline] = set()
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
        timer = threading.Timer(time.total_seconds(), deadline.expire)
        timer.daemon = True
        with self._lock:
            self._running.add(deadline)
            if self._is_closed:
                deadline.expire()
        self._here.deadline = deadline
        timer.start()
        try:
            yield deadline
        finally:
            timer.cancel()
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
