"""requests' transport, changed in three places: how it connects, what it reads, when TLS is set up.

Connections come from the dialer, which vets their addresses and puts them under the deadline. What
comes over them is counted as it comes, before anything is unpacked or put together. And stock
requests loads the bundle of authorities again for each connection, which costs 20 ms of CPU a poll;
feeds live on different hosts, so that nearly every poll makes a connection. Here one SSL context,
which verifies chain and host name, serves them all.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import certifi
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from monitor.fetch.refused import Refused
from monitor.records import Stage

# All headers together, those of interim answers (1xx) too. The largest of real sites have 16 kB.
MOST_HEAD_BYTES = 65_536
# `http.client` has the same limit, but not over interim answers.
MOST_HEAD_LINES = 100
# Lines before, between and after chunks. In chunks of a byte the largest answer would keep a core
# busy for half a minute; real ones have hundreds of bytes.
MOST_CHUNK_LINES = 50_000
MOST_CHUNK_LINE_BYTES = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """How the adapter reaches the rest of the client."""

    # Opens a connection to a host and port.
    connect: Callable[[str, int], socket.socket]
    # Told what each exchange comes to.
    at: Callable[[Stage], None]
    # Of one answer as it is sent: headers, chunk marks and packed body.
    most_bytes: int


def tls_context() -> ssl.SSLContext:
    """Make the context that all connections share: certifi's authorities, host name checked."""
    return ssl.create_default_context(cafile=certifi.where())


class _Counted(io.BufferedReader):
    """Reads an answer and counts: nothing that a server sends is read without end."""

    def __init__(self, raw: io.RawIOBase, most_bytes: int) -> None:
        super().__init__(raw, io.DEFAULT_BUFFER_SIZE)
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lines = 0
        self._in_head = True

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read a line: of the head, or one that tells chunks apart."""
        most = MOST_HEAD_BYTES - self._bytes if self._in_head else MOST_CHUNK_LINE_BYTES
        line = super().readline(most + 1 if size is None or size < 0 else min(size, most + 1))
        self._lines += 1
        if len(line) > most:
            raise Refused(
                f"more than {MOST_HEAD_BYTES:,} bytes of headers"
                if self._in_head
                else f"a line of more than {most:,} bytes before a chunk"
            )
        self._count(len(line))
        if self._in_head:
            # The status line is none, and neither is the empty one at the end.
            if self._lines > MOST_HEAD_LINES + 1 and line.strip():
                raise Refused(f"more than {MOST_HEAD_LINES} headers")
        elif self._lines > MOST_CHUNK_LINES:
            raise Refused(f"more than {MOST_CHUNK_LINES:,} lines around its chunks")
        # `http.client` takes headers that were cut off for whole ones, and an answer of nothing
        # but `HTTP/1.1 200` for an empty document. Nothing at all it has its own word for.
        is_first = self._in_head and self._lines == 1
        if not line.endswith(b"\n") and (line or (self._in_head and not is_first)):
            raise Refused("the answer ended too soon")
        return line

    def end_head(self) -> None:
        """Count from here on as for a body."""
        self._in_head = False
        self._lines = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Read a part of the body."""
        data = super().read(size)
        self._count(len(data))
        return data

    def read1(self, size: int = -1, /) -> bytes:
        """Read what is there of the body."""
        data = super().read1(size)
        self._count(len(data))
        return data

    def readinto(self, buffer: Any, /) -> int:
        """Read a part of the body into a buffer."""
        count = super().readinto(buffer)
        self._count(count)
        return count

    def _count(self, more: int) -> None:
        self._bytes += more
        if self._bytes > self._most_bytes:
            raise Refused(f"larger than {self._most_bytes:,} bytes as it is sent")


def sent_bytes(raw: Any) -> int:
    """Give how much of a body has come, as it was sent; urllib3 counts no chunks."""
    return int(raw.tell() or getattr(raw._fp, "chunk_bytes", 0))  # noqa: SLF001 - no other way


def _response_class(line: Line) -> type[http.client.HTTPResponse]:
    class Response(http.client.HTTPResponse):
        # What has come of a body that is sent in chunks.
        chunk_bytes = 0

        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            # Nothing has been read, so that nothing is lost with its buffer.
            self.fp: Any = _Counted(self.fp.detach(), line.most_bytes)
            line.at(Stage.HEADERS)

        def begin(self) -> None:
            """Read the head."""
            reader = self.fp
            super().begin()
            reader.end_head()
            line.at(Stage.BODY)

        def _safe_read(self, amt: int) -> bytes:
            """Refuse a chunk of a negative size, which `read` takes for all (RFC 9112 7.1)."""
            if amt < 0:
                raise http.client.HTTPException(f"a chunk of {amt} bytes")
            data: bytes = super()._safe_read(amt)  # type: ignore[misc]  # no stub
            self.chunk_bytes += len(data)
            return data

    return Response


def _dialled(plain: type[HTTPConnection], line: Line) -> type[HTTPConnection]:
    """Give a connection class that has its sockets from the dialer."""

    class Dialled(plain):  # type: ignore[valid-type,misc]
        response_class = _response_class(line)

        def _new_conn(self) -> socket.socket:
            # As it was written: a dot at the end says that the name is whole. IPv6 has brackets.
            made = line.connect(self._dns_host.strip("[]"), self.port)
            line.at(Stage.TLS if isinstance(self, HTTPSConnection) else Stage.HEADERS)
            return made

        def connect(self) -> None:
            super().connect()
            line.at(Stage.HEADERS)

    return Dialled


class DialledAdapter(HTTPAdapter):
    """The one way to the network: no address is used that was not vetted."""

    def __init__(self, context: ssl.SSLContext, line: Line) -> None:
        self._context = context
        self._line = line
        # A poll every some minutes: idle connections are not worth keeping.
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools with our connections and the shared context."""
        super().init_poolmanager(*args, ssl_context=self._context, **options)
        line = self._line

        class Http(HTTPConnectionPool):
            ConnectionCls = _dialled(HTTPConnection, line)

        class Https(HTTPSConnectionPool):
            ConnectionCls = _dialled(HTTPSConnection, line)  # type: ignore[assignment]

        self.poolmanager.pool_classes_by_scheme = {"http": Http, "https": Https}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Leave the pool alone: the shared context verifies already (`CERT_REQUIRED`)."""
