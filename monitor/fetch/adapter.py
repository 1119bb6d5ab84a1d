"""requests' transport, changed in two places: every connection is watched, TLS is set up once.

Stock requests loads the bundle of authorities again for each connection, which costs 20 ms of CPU a
poll; feeds live on different hosts, so that nearly every poll makes a connection. Here one SSL
context, which verifies chain and host name, serves them all.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable
from typing import Any

import certifi
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

Watch = Callable[[socket.socket], None]


def tls_context() -> ssl.SSLContext:
    """Make the context that all connections share: certifi's authorities, host name checked."""
    return ssl.create_default_context(cafile=certifi.where())


class _Response(http.client.HTTPResponse):
    # What has come of a body that is sent in chunks.
    chunk_bytes = 0

    def _safe_read(self, amt: int) -> bytes:
        """Refuse a chunk of a negative size, which `read` takes for all there is (RFC 9112 7.1)."""
        if amt < 0:
            raise http.client.HTTPException(f"a chunk of {amt} bytes")
        data: bytes = super()._safe_read(amt)  # type: ignore[misc]  # no stub
        self.chunk_bytes += len(data)
        return data


def sent_bytes(raw: Any) -> int:
    """Give how much of a body has come, as it was sent; urllib3 counts no chunks."""
    return int(raw.tell() or getattr(raw._fp, "chunk_bytes", 0))  # noqa: SLF001 - no other way


def _watched(plain: type[HTTPConnection], watch: Watch) -> type[HTTPConnection]:
    """Give a connection class that reports each new socket before it is used."""

    class Watched(plain):  # type: ignore[valid-type,misc]
        response_class = _Response

        def _new_conn(self) -> socket.socket:
            made: socket.socket = super()._new_conn()
            watch(made)
            return made

    return Watched


class WatchedAdapter(HTTPAdapter):
    """The one way to the network: the place where an address will be vetted before it is used."""

    def __init__(self, context: ssl.SSLContext, watch: Watch) -> None:
        self._context = context
        self._watch = watch
        # A poll every some minutes: idle connections are not worth keeping.
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools with our connections and the shared context."""
        super().init_poolmanager(*args, ssl_context=self._context, **options)
        watch = self._watch

        class Http(HTTPConnectionPool):
            ConnectionCls = _watched(HTTPConnection, watch)

        class Https(HTTPSConnectionPool):
            ConnectionCls = _watched(HTTPSConnection, watch)  # type: ignore[assignment]

        self.poolmanager.pool_classes_by_scheme = {"http": Http, "https": Https}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the pool alone: the shared context verifies already (`CERT_REQUIRED`)."""
