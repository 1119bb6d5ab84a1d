r"""Servers that speak bytes, for what no decent web server would send.

with RawServer(lambda one: one.send(b"HTTP/1.1 200 OK\r\n\r\n")) as server:
    ...  # ask http://127.0.0.1:{server.port}/
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

PAUSE_SECONDS = 0.05


class Visitor:
    """One connection, from the server's side; it ends when its script does."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self.connection = connection
        self._closing = closing

    def hear(self, until: bytes = b"\r\n\r\n") -> bytes:
        """Wait for one whole head of a request, or for what ends otherwise, and return it."""
        heard = b""
        while not heard.endswith(until):
            more = self.connection.recv(1)
            if not more:
                raise ConnectionAbortedError
            heard += more
        return heard

    def send(self, data: bytes) -> None:
        """Send some bytes."""
        self.connection.sendall(data)

    def drip(self, data: bytes, *, ever: bytes) -> None:
        """Send bytes one at a time, then others over and over until the other side is gone."""
        self.send(data)
        while not self._closing.wait(PAUSE_SECONDS):
            self.send(ever)

    def flood(self, data: bytes) -> None:
        """Send bytes over and over, as fast as they are taken."""
        while not self._closing.is_set():
            self.send(data)

    def say_nothing(self) -> None:
        """Wait until the test is over."""
        self._closing.wait()

    def reset(self) -> None:
        """Break the connection off instead of closing it."""
        # To linger for no time is to send RST (socket(7)).
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class RawServer:
    """Listens on 127.0.0.1 from `with` to its end, and plays its script to each visitor."""

    def __init__(self, script: Callable[[Visitor], None], host: str = "127.0.0.1") -> None:
        self._script = script
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self._listener = socket.create_server((host, 0))
        self.port = int(self._listener.getsockname()[1])
        self.came = threading.Semaphore(0)

    def url(self, scheme: str = "http") -> str:
        """Return its address."""
        return f"{scheme}://127.0.0.1:{self.port}/feed"

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        with contextlib.suppress(OSError):
            # Wakes who waits for the next visitor.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                self.came.release()
                self._begin(lambda connection=connection: self._play(connection))  # type: ignore[misc]

    def _play(self, connection: socket.socket) -> None:
        # A client that hangs up ends the script: that is part of the tests.
        with connection, contextlib.suppress(OSError):
            self._script(Visitor(connection, self._closing))
