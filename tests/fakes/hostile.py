"""Servers that mean ill, as a table: what each does, and what the client must say of it.

Half of the table is made: wherever an answer can be, a server stops, drips, floods, hangs up or
breaks off. The rest are particular lies. `tests/fetch/test_hostile.py` holds the client to it, and
`bench/hostile_servers.py` measures what each costs.
"""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monitor.fetch.resolve import LookUp
from monitor.records import Stage
from tests.fakes.raw import RawServer, Visitor

LOOPBACK = Path(__file__).with_name("loopback.pem")
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
NO_HTTP = "the answer is not HTTP"
SIZE = b"Content-Length: "
BIG = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
NOT_PACKED = "its body is not what its content encoding says"

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


# ------------------------------------------------------------------------------ particular lies


def silence(visitor: Visitor) -> None:
    """Take the request and say nothing."""
    visitor.say_nothing()


def hang_up(visitor: Visitor) -> None:
    """Close instead of answering."""
    visitor.hear()


def reset_at_once(visitor: Visitor) -> None:
    """Break off instead of answering."""
    visitor.hear()
    visitor.reset()


def reset_at_hello(visitor: Visitor) -> None:
    """Break off when TLS begins."""
    visitor.connection.recv(4_096)
    visitor.reset()


def greet_as_mail(visitor: Visitor) -> None:
    """Greet as a mail server does."""
    visitor.send(b"220 mail.example ESMTP\r\n")
    visitor.hear()


def plain_http(visitor: Visitor) -> None:
    """Answer in plain HTTP where TLS is expected."""
    visitor.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    visitor.connection.recv(4_096)


def slow_handshake(visitor: Visitor) -> None:
    """Begin a TLS record and never come to its end."""
    visitor.drip(b"\x16\x03\x03\x3f\xff", ever=b"\x02")


def endless_handshake(visitor: Visitor) -> None:
    """Send one TLS record after the other, none of which leads anywhere."""
    visitor.flood(b"\x14\x03\x03\x00\x01\x01" * 1_000)


def own_certificate(visitor: Visitor) -> None:
    """Answer under a certificate that nobody has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOOPBACK)
    with context.wrap_socket(visitor.connection.dup(), server_side=True) as secure:
        secure.recv(4_096)
        secure.sendall(OK + b"Content-Length: 2\r\n\r\nok")


def says(answer: bytes) -> Script:
    """Make a server that gives one answer, whatever is asked, and closes."""

    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(answer)

    return script


def floods(head: bytes, more: bytes = b"x" * 65_536) -> Script:
    """Make a server that sends a head, and then the same without an end."""

    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(head)
        visitor.flood(more)

    return script


def packed(size: int) -> bytes:
    """Pack so many zeros."""
    packer = zlib.compressobj(9, wbits=31)
    step = bytes(1_000_000)
    return b"".join(packer.compress(step) for _ in range(size // len(step))) + packer.flush()


def bomb(visitor: Visitor) -> None:
    """Send 50 kB that unpack to 50 MB."""
    visitor.hear()
    visitor.send(PACKED + packed(50_000_000))


def bomb_in_chunks(visitor: Visitor) -> None:
    """Send the same in one chunk."""
    visitor.hear()
    body = packed(50_000_000)
    visitor.send(OK + b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n")
    visitor.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))


def coded(coding: bytes, body: bytes) -> Script:
    """Make a server that says this of its body's coding."""
    return says(OK + b"Content-Encoding: " + coding + b"\r\n\r\n" + body)


def leads_to(location: bytes, body: bytes = b"") -> Script:
    """Make a server whose every answer is this redirect."""
    return says(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\n\r\n" + body)


def leads_round(visitor: Visitor) -> None:
    """Send a redirect to ourselves with a body without an end."""
    host = visitor.hear().partition(b"Host: ")[2].split(b"\r\n")[0]
    visitor.send(b"HTTP/1.1 302 Found\r\nLocation: http://" + host + b"/feed\r\n\r\n")
    visitor.flood(b"x" * 65_536)


def leads_on() -> Script:
    """Make a server that leads to ever new addresses, a little later each time."""
    numbers = itertools.count()

    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\n\r\n" % next(numbers))

    return script


def no_name_server(*_: object, **__: object) -> list[tuple[object, ...]]:
    """Look a name up where no answer comes, as `getaddrinfo` does: it cannot be interrupted."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        silent.settimeout(3 * SHORT_SECONDS)
        silent.recv(1)
    raise AssertionError("nobody sends")


def hang_up_at_hello(visitor: Visitor) -> None:
    """Close when TLS begins."""
    visitor.connection.recv(4_096)


def lie(name: str, script: Script, words: str | None, stage: Stage | None) -> Behaviour:
    """Make a row of the table below."""
    return Behaviour(name=name, script=script, says=words, stage=stage)


def _slow(name: str, stage: Stage, script: Script = silence, **more: Any) -> Behaviour:
    return Behaviour(
        name=name, script=script, says=TOO_SLOW, stage=stage, seconds=SHORT_SECONDS, **more
    )


def _secure(name: str, script: Script, words: str) -> Behaviour:
    return Behaviour(name=name, script=script, says=words, stage=Stage.TLS, scheme="https")


def not_asked(coding: str) -> str:
    """What is said of a coding."""
    return f"its content encoding {coding!r} is not one that we asked for"


RESET = "the other side reset the connection"
NO_ANSWER = "the other side closed the connection without an answer"
TOO_MANY_HOPS = "more than 5 redirects"
MARKS = "leads to an address that has a backslash, a space or a control character in it"
RSS = gzip.compress(b"<rss/>" * 100)

BEFORE = (
    _slow("a name server that does not answer", Stage.DNS, look_up=no_name_server),
    _slow("takes no connection", Stage.CONNECT, is_deaf=True),
    _slow("says nothing to hello", Stage.TLS, scheme="https"),
    _slow("drips its handshake", Stage.TLS, slow_handshake, scheme="https"),
    _secure("floods its handshake", endless_handshake, "TLS failed: unexpected message"),
    _secure("a certificate of its own", own_certificate, "its TLS certificate is not valid"),
    _secure("plain HTTP for TLS", plain_http, "TLS failed: wrong version number"),
    _secure("hangs up at hello", hang_up_at_hello, "TLS failed: unexpected eof while reading"),
    _secure("resets at hello", reset_at_hello, RESET),
    _slow("says nothing", Stage.HEADERS),
    lie("hangs up", hang_up, NO_ANSWER, Stage.HEADERS),
    lie("resets", reset_at_once, RESET, Stage.HEADERS),
)
HEADS = tuple(
    lie(name, script, words, Stage.HEADERS)
    for name, script, words in (
        ("a mail server", greet_as_mail, NO_HTTP),
        ("a status of letters", says(b"HTTP/1.1 abc OK\r\n\r\n"), NO_HTTP),
        ("a status of five digits", says(b"HTTP/1.1 20000 OK\r\n\r\n"), NO_HTTP),
        ("a negative status", says(b"HTTP/1.1 -20 OK\r\n\r\n"), NO_HTTP),
        ("another version", says(b"HTTP/7.3 200 OK\r\n\r\n"), NO_HTTP),
        ("HTTP/0.9", says(b"<rss/>\n"), NO_HTTP),
        ("noise", says(bytes(range(256)) * 16 + b"\n"), NO_HTTP),
        ("floods noise", floods(b"", bytes(range(11, 256)) * 256), LONG_HEAD),
    )
)
SIZES = tuple(
    lie(name, script, words, Stage.BODY)
    for name, script, words in (
        ("promises more than it sends", says(OK + SIZE + b"100\r\n\r\nbeginning"), TOO_SOON),
        ("a negative length", floods(OK + SIZE + b"-1\r\n\r\n"), TOO_LARGE),
        ("a length of letters", floods(OK + SIZE + b"many\r\n\r\n"), TOO_LARGE),
        ("a length of 4,000 digits", floods(OK + SIZE + b"9" * 4_000 + b"\r\n\r\n"), TOO_LARGE),
        (
            "two lengths",
            says(OK + SIZE + b"2\r\n" + SIZE + b"900\r\n\r\nok"),
            "its length is given in two ways",
        ),
        (
            "a length beside chunks",
            floods(OK + SIZE + b"2\r\n" + CHUNKED[len(OK) :], BIG),
            TOO_LARGE,
        ),
        ("a chunk of a negative size", floods(CHUNKED + b"-1\r\n"), NO_HTTP),
        ("a chunk of letters", says(CHUNKED + b"zz\r\nx\r\n"), "its chunks cannot be told apart"),
        ("a chunk without a size", says(CHUNKED + b"\r\n\r\n"), "its chunks cannot be told apart"),
        (
            "a chunk with a long remark",
            floods(CHUNKED + b"1;"),
            "a line of more than 4,096 bytes before a chunk",
        ),
    )
)
PACKS = tuple(
    lie(name, script, words, Stage.BODY)
    for name, script, words in (
        ("a bomb", bomb, TOO_LARGE),
        ("a bomb in one chunk", bomb_in_chunks, TOO_LARGE),
        (
            "a bomb in a bomb",
            coded(b"gzip, gzip", gzip.compress(packed(9_000_000))),
            not_asked("gzip, gzip"),
        ),
        (
            "twenty codings",
            coded(b", ".join([b"gzip"] * 20), RSS),
            not_asked(", ".join(["gzip"] * 20)[:40]),
        ),
        ("a coding that nobody asked for", coded(b"br", b"\x8b\x03\x80"), not_asked("br")),
        ("zstd", coded(b"zstd", b"\x28\xb5\x2f\xfd"), not_asked("zstd")),
        ("a coding that nobody knows", coded(b"rot13", b"<eff/>"), not_asked("rot13")),
        ("only says that it is packed", coded(b"gzip", b"<rss/>"), NOT_PACKED),
        ("a packed body with a wrong sum", coded(b"gzip", RSS[:-8] + bytes(8)), NOT_PACKED),
        ("a packed body that is cut", coded(b"gzip", RSS[:-12]), TOO_SOON),
        (
            "10,000 packed files in one",
            coded(b"gzip", gzip.compress(b"") * 10_000),
            "more than 1,000 packed files in one",
        ),
    )
)
WAYS = (
    lie("leads to itself, with an endless body", leads_round, TOO_MANY_HOPS, Stage.REDIRECT),
    lie("leads on and on", leads_on(), TOO_MANY_HOPS, Stage.REDIRECT),
    lie(
        "leads to a file",
        leads_to(b"file:///etc/passwd"),
        "redirected to 'file:///etc/passwd', which is not http or https",
        Stage.REDIRECT,
    ),
    lie("leads to two hosts", leads_to(rb"http://127.0.0.1\@example.org/"), MARKS, Stage.REDIRECT),
    lie("leads to a tab", leads_to(b"http://exam\tple.org/"), MARKS, Stage.REDIRECT),
    lie("leads to a bell", leads_to(b"http://example.org/\x07"), MARKS, Stage.REDIRECT),
    lie(
        "leads to an address of 60,000 letters",
        leads_to(b"/" + b"a" * 60_000),
        "leads to an address that is longer than 8,000 characters",
        Stage.REDIRECT,
    ),
    lie(
        "leads to no host",
        leads_to(b"https:///feed"),
        "leads to an address that names no host",
        Stage.REDIRECT,
    ),
)
# What came to its end, and is of no use.
ANSWERS = tuple(
    lie(name, says(answer), words, None)
    for name, answer, words in (
        ("leads nowhere", b"HTTP/1.1 302 Found\r\n\r\n", "HTTP 302 Found"),
        (
            "another protocol",
            b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "HTTP 101 Switching Protocols",
        ),
        (
            "a status that paints the terminal",
            b"HTTP/1.1 500 \x1b[2J\x1b[31mGone\x07" + b"!" * 9_000 + b"\r\n\r\n",
            "HTTP 500 [2J[31mGone" + "!" * 49,
        ),
    )
)

BEHAVIOURS = (*BEFORE, *HEADS, *_made(), *SIZES, *PACKS, *WAYS, *ANSWERS)
NAMED = {one.name: one for one in BEHAVIOURS}
