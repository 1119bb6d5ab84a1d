"""A web server on loopback that answers by script and remembers what it was asked.

with WebServer() as web:
    web.route("/hook", [Reply(status=503), Reply(body=b"ok")])
    ...
    assert web.requests("/hook")[0].body == b"..."
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit


class Headers(Mapping[str, str]):
    """Headers by name, in any case; a header sent twice is joined by a comma."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            known = self._values.get(name.lower())
            self._values[name.lower()] = value if known is None else f"{known}, {value}"

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request as it arrived."""

    method: str
    # With its query.
    path: str
    headers: Headers
    body: bytes
    # `time.monotonic()` when it had been read.
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server answers."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    # Seconds of silence before the answer.
    delay: float = 0.0
    # Close the connection without any answer.
    drop: bool = False
    # Promise the whole body, send only so many bytes, and close.
    cut: int | None = None
    # Seconds between the bytes of the body, one at a time.
    drip: float = 0.0


Responder = Callable[[RecordedRequest], Reply]


class WebServer:
    """Listens on 127.0.0.1 at a free port from `with` to its end; unknown paths are 404."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._recorded: list[RecordedRequest] = []
        self._routes: dict[str, Responder | list[Reply]] = {}
        self._closing = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def url(self, path: str = "/") -> str:
        """Return the address of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def route(self, path: str, responder: Responder | Reply | Sequence[Reply]) -> str:
        """Answer a path (without query) from now on, and return its URL.

        Replies of a list are used up in order; the last one repeats.
        """
        with self._lock:
            if callable(responder):
                self._routes[path] = responder
            else:
                replies = [responder] if isinstance(responder, Reply) else list(responder)
                self._routes[path] = replies
        return self.url(path)

    def requests(self, path: str | None = None) -> list[RecordedRequest]:
        """Return the requests so far in order of arrival, of one path (without query) or all."""
        with self._lock:
            return [
                one for one in self._recorded if path is None or urlsplit(one.path).path == path
            ]

    def wait_for(self, path: str, count: int, seconds: float = 10.0) -> list[RecordedRequest]:
        """Return the requests of a path once there are `count`; fails if they do not come."""
        with self._lock:
            come = self._lock.wait_for(lambda: len(self.requests(path)) >= count, seconds)
            requests = self.requests(path)
        assert come, f"{len(requests)} of {count} requests came to {path} in {seconds} s"
        return requests

    def answer(self, request: RecordedRequest) -> Reply:
        """Record the request and choose its answer."""
        with self._lock:
            self._recorded.append(request)
            self._lock.notify_all()
            responder = self._routes.get(urlsplit(request.path).path)
            if isinstance(responder, list):
                return responder.pop(0) if len(responder) > 1 else responder[0]
        # Outside of the lock: a responder may take its time, or ask this server.
        return Reply(status=404, body=b"not found") if responder is None else responder(request)

    def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        self._closing.wait(seconds)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A test of refused connections may come right after one that filled the queue.
    request_queue_size = 64

    def __init__(self, web: WebServer) -> None:
        self.web = web
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        with self._open_lock:
            self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        with self._open_lock:
            still_open = list(self._open)
        for connection in still_open:
            # Wakes the thread that waits for the next request of a kept connection.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Stay silent."""

    def _answer(self) -> None:
        request = RecordedRequest(
            method=self.command,
            path=self.path,
            headers=Headers(list(self.headers.items())),
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            at=time.monotonic(),
        )
        reply = self.server.web.answer(request)
        self.server.web.pause(reply.delay)
        if reply.drop:
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        has_length = any(name.lower() == "content-length" for name in reply.headers)
        if not has_length and reply.status not in (204, 304) and reply.status >= 200:
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if self.command != "HEAD" and reply.status not in (204, 304):
            self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        body = reply.body if reply.cut is None else reply.body[: reply.cut]
        if reply.drip:
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.server.web.pause(reply.drip)
        else:
            self.wfile.write(body)
        if reply.cut is not None:
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the base's
