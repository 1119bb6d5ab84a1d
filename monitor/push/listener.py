"""Listen for visits, one short thread each, and let nobody stay or bring too much.

The standard library's server, with what it lacks: a bound on connections, on the head of a request,
on its body, and a total time for a visit, however slowly its bytes drip. A connection serves one
request. A reverse proxy with TLS stands before it.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from http.server import HTTPServer
from typing import Any

import structlog

from monitor.errors import SeedwatchError
from monitor.push.visit import Visiting
from monitor.subscription import Desk

log = structlog.get_logger()

# How often visits that take too long are looked for.
LOOK_SECONDS = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class PushLimits:
    """What visitors may cost."""

    # Visits at the same time; who comes then is turned away.
    most_visits: int = 16
    # For one visit, from the first byte to the last.
    timeout: timedelta = timedelta(seconds=20)
    # Of one body.
    max_bytes: int
    # The key of the configuration that names the address.
    key: str = "websub.listen"


class Listener:
    """Listens at an address until it is closed; its desk may be exchanged meanwhile."""

    def __init__(self, host: str, port: int, desk: Desk, limits: PushLimits) -> None:
        """Begin to listen.

        Raises `SeedwatchError` if the address cannot be used.
        """
        try:
            self._server = _Server(host, port, desk, limits)
        except OSError as error:
            raise SeedwatchError(
                f"cannot listen on {host}:{port} (`{limits.key}`): {error.strerror or error}"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": LOOK_SECONDS},
            name="push",
            daemon=True,
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def use(self, desk: Desk, limits: PushLimits) -> None:
        """Let another desk answer the visits that come from now on."""
        self._server.desk, self._server.limits = desk, limits
        self._server.max_bytes = limits.max_bytes

    def close(self) -> None:
        """Listen no longer; visits under way are cut off."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server.cut_off(0.0)


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    daemon_threads = True
    # A visitor who stays must not hold the end.
    block_on_close = False
    request_queue_size = 32

    def __init__(self, host: str, port: int, desk: Desk, limits: PushLimits) -> None:
        self.desk = desk
        self.limits = limits
        self.max_bytes = limits.max_bytes
        # Visit -> when it began, by the monotonic clock.
        self._visits: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Visiting)

    def server_bind(self) -> None:
        """Bind without asking the name service who we are, as HTTPServer would."""
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a visit, unless there are too many."""
        with self._lock:
            is_full = len(self._visits) >= self.limits.most_visits
            if not is_full:
                self._visits[request] = time.monotonic()
        if is_full:
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a visit."""
        with self._lock:
            self._visits.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        """End the visits that took too long: called by the server between visits."""
        self.cut_off(self.limits.timeout.total_seconds())

    def cut_off(self, seconds: float) -> None:
        """End the visits that are older than this."""
        begun_before = time.monotonic() - seconds
        with self._lock:
            for visit, begun in self._visits.items():
                if begun <= begun_before:
                    # Its thread finds a connection at its end, and goes.
                    with contextlib.suppress(OSError):
                        visit.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - the base's
        """Say what broke if it is ours; visitors who hang up are no news."""
        log.exception("visit_broke")  # noqa: LOG004 - the base calls it while handling one
