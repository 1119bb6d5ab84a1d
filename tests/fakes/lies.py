"""Particular lies that servers tell, with the client's words for each."""

from __future__ import annotations

import gzip
import itertools
import socket
import ssl
import zlib
from pathlib import Path
from typing import Any

from monitor.records import Stage
from tests.fakes.behaviour import (
    CHUNKED,
    LONG_HEAD,
    OK,
    PACKED,
    SHORT_SECONDS,
    TOO_LARGE,
    TOO_SLOW,
    TOO_SOON,
    Behaviour,
    Script,
)
from tests.fakes.raw import Visitor

LOOPBACK = Path(__file__).with_name("loopback.pem")
SIZE = b"Content-Length: "
BIG = b"10000\r\n" + b"x" * 65_536 + b"\r\n"
NO_HTTP = "the answer is not HTTP"
NOT_PACKED = "its body is not what its content encoding says"


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
        "leads to an address of more than 2,048 characters",
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

LIES = (*BEFORE, *HEADS, *SIZES, *PACKS, *WAYS, *ANSWERS)
