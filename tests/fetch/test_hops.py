"""What the client tells of the way to a document."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor.fetch import Client, Guard, Limits
from monitor.records import Document, FetchFailure, FetchResult, Hop
from tests.fakes.made import NOW
from tests.fakes.raw import RawServer, Visitor
from tests.fakes.web import Reply, WebServer

LOOPBACK = Guard.allowing([ip_network("127.0.0.0/8")])
# Packs badly, so that the packed size says that all of it was counted.
BODY = random.Random(1).randbytes(40_000).hex().encode()  # noqa: S311 - only noise


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server."""
    with WebServer() as server:
        yield server


def asked(url: str, max_bytes: int = 1_000_000) -> tuple[FetchResult, list[Hop]]:
    """GET an address, and give what the client told of the way."""
    limits = Limits(timeout=timedelta(seconds=10), max_bytes=max_bytes)
    hops: list[Hop] = []
    client = Client(agent="seedwatch/1.0", limits=limits, clock=lambda: NOW, guard=LOOPBACK)
    return client.get(url, on_hop=hops.append), hops


def test_each_hop_is_told_in_order(web: WebServer) -> None:
    """Each answer on the way is told with its address and status, the last one included."""
    web.route("/old", Reply(status=301, headers={"Location": "/new"}))
    web.route("/new", Reply(status=302, headers={"Location": "/gone"}))
    web.route("/gone", Reply(status=410))
    result, hops = asked(web.url("/old"))
    assert isinstance(result, FetchFailure)
    assert [(hop.url, hop.status) for hop in hops] == [
        (web.url("/old"), 301),
        (web.url("/new"), 302),
        (web.url("/gone"), 410),
    ]


def test_a_password_is_not_told(web: WebServer) -> None:
    """The way shows no name and password of the address."""
    web.route("/feed", Reply(body=b"<rss/>"))
    _, hops = asked(web.url("/feed").replace("//", "//reader:s3cret@"))
    assert [hop.url for hop in hops] == [web.url("/feed")]


def test_the_size_is_that_on_the_wire(web: WebServer) -> None:
    """A packed body is counted as it was sent, and its document holds all of it."""
    packed = gzip.compress(BODY)
    web.route("/feed", Reply(headers={"Content-Encoding": "gzip"}, body=packed))
    result, hops = asked(web.url("/feed"))
    assert isinstance(result, Document)
    assert (len(result.body), hops[0].sent_bytes, hops[0].coding) == (
        len(BODY),
        len(packed),
        "gzip",
    )


def test_chunks_are_counted() -> None:
    """The size of a body that comes in chunks is known, too, give or take the marks between."""
    packed = gzip.compress(BODY)
    parts = [packed[start : start + 9_000] for start in range(0, len(packed), 9_000)]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunks
        )

    with RawServer(script) as server:
        result, hops = asked(server.url())
    assert isinstance(result, Document)
    assert result.body == BODY
    assert len(packed) <= hops[0].sent_bytes <= len(chunks)


def test_a_body_that_is_refused_is_told(web: WebServer) -> None:
    """An answer that is cut off for its size is told all the same."""
    web.route("/feed", Reply(body=BODY))
    result, hops = asked(web.url("/feed"), max_bytes=1_000)
    assert isinstance(result, FetchFailure)
    assert [hop.status for hop in hops] == [200]
