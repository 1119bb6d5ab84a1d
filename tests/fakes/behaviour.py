"""What a hostile server does, and one made for each place of an answer and each bad manner."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from monitor.fetch.resolve import LookUp
from monitor.records import Stage
from tests.fakes.raw import RawServer, Visitor

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
PACKED = OK + b"Content-Encoding: gzip\r\n\r\n"
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"

# What the client allows in these tests, and what follows from it for what is sent.
MAX_BYTES = 500_000
SHORT_SECONDS = 0.5
LONG_SECONDS = 30.0

TOO_SLOW = f"no complete answer within {SHORT_SECONDS:g} s"
TOO_SOON = "the answer ended too soon"
TOO_LARGE = "larger than 500,000 bytes"
TOO_MUCH = "larger than 1,065,536 bytes as it is sent"
LONG_HEAD = "more than 65,536 bytes of headers"
MANY_HEADERS = "more than 100 headers"

Script = Callable[[Visitor], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """One way to be hostile."""

    name: str
    script: Script
    # What the client says, and at which stage; None: it takes the answer as a document.
    says: str | None
    stage: Stage | None
    # The time that the exchange is given: short where it must run out, else longer than it takes.
    seconds: float = LONG_SECONDS
    scheme: str = "http"
    # Do not accept connections.
    is_deaf: bool = False
    # A resolver of its own.
    look_up: LookUp | None = None

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Be that server inside the block; gives the address to ask."""
        if self.is_deaf:
            with _deaf() as url:
                yield url
            return
        with RawServer(self.script) as server:
            yield server.url(self.scheme)


@contextmanager
def _deaf() -> Iterator[str]:
    """Give the address of a listener whose queue is full, so that no connection comes about."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/feed"
        finally:
            for one in waiting:
                one.close()


# --------------------------------------------------------- wherever an answer can be, five manners


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in an answer a server is when it turns bad."""

    name: str
    # What it has sent by then.
    sent: bytes
    # What it would send next, over and over.
    more: bytes
    stage: Stage
    # What is said if it floods us from here, and if it hangs up.
    flooded: str
    hung_up: str | None = TOO_SOON


PLACES = (
    Place(
        name="status line",
        sent=b"HTTP/1.1 200 ",
        more=b"O",
        stage=Stage.HEADERS,
        flooded=LONG_HEAD,
    ),
    Place(
        name="interim answers",
        sent=b"HTTP/1.1 100 Continue\r\n\r\n",
        more=b"HTTP/1.1 100 Continue\r\n\r\n",
        stage=Stage.HEADERS,
        flooded=MANY_HEADERS,
    ),
    Place(
        name="one header",
        sent=OK + b"X-Long: ",
        more=b"x",
        stage=Stage.HEADERS,
        flooded=LONG_HEAD,
    ),
    Place(
        name="many headers",
        sent=OK,
        more=b"X-More: and more\r\n",
        stage=Stage.HEADERS,
        flooded=MANY_HEADERS,
    ),
    Place(
        name="body of a given length",
        sent=OK + b"Content-Length: 1000000000\r\n\r\n",
        more=b"x",
        stage=Stage.BODY,
        flooded=TOO_LARGE,
    ),
    Place(
        name="body without a length",
        sent=OK + b"\r\n<rss>",
        more=b"x",
        stage=Stage.BODY,
        flooded=TOO_LARGE,
        # Nobody can tell: HTTP/1.0 ends its answers so.
        hung_up=None,
    ),
    Place(
        name="size of a chunk",
        sent=CHUNKED,
        more=b"0",
        stage=Stage.BODY,
        flooded="a line of more than 4,096 bytes before a chunk",
    ),
    Place(
        name="chunks of one byte",
        sent=CHUNKED + b"1\r\nx\r\n",
        more=b"1\r\nx\r\n",
        stage=Stage.BODY,
        flooded="more than 50,000 lines around its chunks",
    ),
    Place(
        name="one chunk of a terabyte",
        sent=CHUNKED + b"ffffffffff\r\n",
        more=b"x",
        stage=Stage.BODY,
        flooded=TOO_LARGE,
    ),
    Place(
        name="headers after the last chunk",
        sent=CHUNKED + b"1\r\nx\r\n0\r\n",
        more=b"X: y\r\n",
        stage=Stage.BODY,
        flooded="more than 50,000 lines around its chunks",
        # The document is whole by then.
        hung_up=None,
    ),
    Place(
        name="packed body that unpacks to nothing",
        sent=PACKED + GZIP_HEAD,
        more=b"\x00\x00\x00\xff\xff",
        stage=Stage.BODY,
        flooded=TOO_MUCH,
    ),
)


def _stops(place: Place) -> Script:
    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(place.sent)
        visitor.say_nothing()

    return script


def _drips(place: Place) -> Script:
    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.drip(place.sent, ever=place.more)

    return script


def _floods(place: Place) -> Script:
    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(place.sent)
        visitor.flood(place.more * (65_536 // len(place.more)))

    return script


def _resets(place: Place) -> Script:
    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(place.sent)
        visitor.reset()

    return script


def _hangs_up(place: Place) -> Script:
    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(place.sent)

    return script


def _made() -> Iterator[Behaviour]:
    for place in PLACES:
        stage = place.stage
        for verb, make in (("stops in", _stops), ("drips", _drips)):
            yield Behaviour(
                name=f"{verb} {place.name}",
                script=make(place),
                says=TOO_SLOW,
                stage=stage,
                seconds=SHORT_SECONDS,
            )
        yield Behaviour(
            name=f"floods {place.name}", script=_floods(place), says=place.flooded, stage=stage
        )
        yield Behaviour(
            name=f"resets in {place.name}",
            script=_resets(place),
            says="the other side reset the connection",
            stage=stage,
        )
        yield Behaviour(
            name=f"hangs up in {place.name}",
            script=_hangs_up(place),
            says=place.hung_up,
            stage=stage if place.hung_up else None,
        )


MADE = tuple(_made())
