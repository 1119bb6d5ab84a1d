"""Read one request within bounds, and answer it (RFC 9112)."""

from __future__ import annotations

import http.client
import io
import re
import socketserver
from collections.abc import Iterator
from dataclasses import replace
from email.message import Message
from email.utils import formatdate
from http import HTTPStatus
from typing import Protocol

from monitor.subscription import Desk, Reply, Visit

MOST_HEAD_BYTES = 16_384
# A line that gives the size of a chunk, with its extensions.
MOST_CHUNK_LINE = 256
PIECE_BYTES = 65_536
# What a refused visitor may still send before we hang up: one who is cut off while sending may
# never read our answer.
MOST_DRAINED = 1_048_576
DRAIN_SECONDS = 1.0

_REQUEST = re.compile(r"([A-Z]{1,20}) ([!-~]{1,8000}) HTTP/1\.[01]")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r?\n")


class Doorway(Protocol):
    """What a visit needs to know of its server."""

    desk: Desk
    max_bytes: int


class _Refused(Exception):  # noqa: N818 - an answer, not a fault of ours
    """A request that is of no use, with its answer."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(reply.text)


class Visiting(socketserver.StreamRequestHandler):
    """Serves one request and hangs up."""

    server: Doorway  # type: ignore[assignment]  # the base's is any server

    def handle(self) -> None:
        """Answer one request; a visitor who hangs up, or is cut off, gets no answer."""
        try:
            try:
                reply = self._reply()
            except _Refused as refused:
                self._send(refused.reply)
                self._drain()
                return
            self._send(reply)
        except (OSError, ValueError, http.client.HTTPException):
            # Gone, or not speaking HTTP.
            return

    def _reply(self) -> Reply:
        line, headers = self._head()
        visit = _visit_of(line, headers)
        early = self.server.desk.refuse(visit)
        if early is not None:
            raise _Refused(early)
        body = b"".join(self._body(headers)) if visit.method == "POST" else b""
        return self.server.desk.answer(replace(visit, body=body))

    # -- reading

    def _head(self) -> tuple[str, Message]:
        """Read the request line and the headers."""
        head = b""
        while not head.endswith((b"\r\n\r\n", b"\n\n")):
            line = self.rfile.readline(MOST_HEAD_BYTES + 1 - len(head))
            head += line
            if len(head) > MOST_HEAD_BYTES:
                raise _refusal(431, "too many headers")
            if not line.endswith(b"\n"):
                raise ConnectionAbortedError
        first, _, rest = head.partition(b"\n")
        return first.decode("latin-1").rstrip("\r"), http.client.parse_headers(io.BytesIO(rest))

    def _body(self, headers: Message) -> Iterator[bytes]:
        """Read the body piece by piece; it never holds more than the limit."""
        lengths = headers.get_all("Content-Length") or []
        codings = headers.get_all("Transfer-Encoding") or []
        # Two ways to say how long it is may differ (RFC 9112 section 6.3).
        if len(lengths) + len(codings) > 1:
            raise _refusal(400, "its length is said twice")
        if not lengths and not codings:
            raise _refusal(411, "a push needs a length")
        is_chunked = bool(codings) and codings[0].strip().lower() == "chunked"
        if codings and not is_chunked:
            raise _refusal(501, "its transfer coding is unknown")
        length = "" if is_chunked else lengths[0].strip()
        if not is_chunked and not (length.isascii() and length.isdecimal() and len(length) < 16):
            raise _refusal(400, "its length is no number")
        if length and int(length) > self.server.max_bytes:
            raise _refusal(413, f"more than {self.server.max_bytes} bytes")
        if headers.get("Expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return self._chunks() if is_chunked else self._pieces(int(length))

    def _pieces(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self.rfile.read(min(length, PIECE_BYTES))
            if not piece:
                raise ConnectionAbortedError
            length -= len(piece)
            yield piece

    def _chunks(self) -> Iterator[bytes]:
        """Read a chunked body (RFC 9112 section 7.1); trailers are left unread."""
        left = self.server.max_bytes
        while True:
            found = _CHUNK.fullmatch(self.rfile.readline(MOST_CHUNK_LINE))
            if not found:
                raise _refusal(400, "its chunks cannot be read")
            size = int(found[1], 16)
            if size > left:
                raise _refusal(413, f"more than {self.server.max_bytes} bytes")
            if size == 0:
                return
            left -= size
            yield from self._pieces(size)
            if self.rfile.readline(3) not in {b"\r\n", b"\n"}:
                raise _refusal(400, "its chunks cannot be read")

    # -- answering

    def _send(self, reply: Reply) -> None:
        body = reply.text.encode()
        lines = [
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}",
            f"Date: {formatdate(usegmt=True)}",
            # The challenge is a stranger's text: it must not be taken for a page.
            f"Content-Type: {reply.content_type}",
            "X-Content-Type-Options: nosniff",
            f"Content-Length: {len(body)}",
            "Connection: close",
        ]
        if reply.retry_after is not None:
            lines.append(f"Retry-After: {reply.retry_after}")
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    def _drain(self) -> None:
        self.wfile.flush()
        self.connection.settimeout(DRAIN_SECONDS)
        left = MOST_DRAINED
        while left > 0:
            piece = self.rfile.read1(PIECE_BYTES)
            if not piece:
                return
            left -= len(piece)


def _refusal(status: int, text: str) -> _Refused:
    return _Refused(Reply(status=status, text=text))


def _visit_of(line: str, headers: Message) -> Visit:
    found = _REQUEST.fullmatch(line)
    if not found:
        raise _refusal(400, "not an HTTP request")
    method, target = found[1], found[2]
    if method not in {"GET", "POST"}:
        raise _refusal(405, "only GET and POST are of use here")
    path, _, query = target.partition("?")
    # The first of each name: the last hop's own stand in front of what it passes on.
    named: dict[str, str] = {}
    for name, value in headers.items():
        named.setdefault(name.lower(), value)
    return Visit(method=method, path=path, query=query, headers=named)
