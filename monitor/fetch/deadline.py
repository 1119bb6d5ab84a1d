"""A total deadline for an HTTP exchange, headers and slow drips included.

A read timeout alone is none: a server that sends a byte now and then holds such a client for ever.
Here the connection itself is shut down when the time is up, whatever the client is waiting for.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta


class Deadline:
    """Shuts down the connections that it was given when the time is up."""

    def __init__(self, time: timedelta) -> None:
        self.time = time
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether the time was up before the exchange ended."""
        return self._is_over

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

    def close(self) -> None:
        """Let go of the handles."""
        with self._lock:
            for held in self._sockets:
                held.close()
            self._sockets.clear()

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

    def watch(self, connection: socket.socket) -> None:
        """Put a new connection of this thread under the deadline in force."""
        deadline: Deadline | None = getattr(self._here, "deadline", None)
        if deadline is not None:
            deadline.watch(connection)

    def expire_all(self) -> None:
        """End every exchange now, and those still to come at once: the daemon stops."""
        with self._lock:
            self._is_closed = True
            for deadline in self._running:
                deadline.expire()
