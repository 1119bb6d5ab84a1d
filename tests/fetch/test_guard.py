"""The client reaches what it may reach and nothing else: names, answers and redirects that lie."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from monitor.errors import DeliveryError
from monitor.fetch import Client, Guard, Limits
from monitor.fetch.addresses import Address, kind_of
from monitor.fetch.resolve import MOST_PLACES, Resolver, in_turns
from monitor.records import Allowed, Document, FetchFailure, FetchResult, Stage
from tests.fakes.lies import says
from tests.fakes.made import NOW
from tests.fakes.names import Names
from tests.fakes.raw import RawServer, Visitor
from tests.fakes.web import Reply, WebServer

LOOPBACK = ip_network("127.0.0.0/8")


def client(
    *allow: Allowed, names: Callable[..., Any] = socket.getaddrinfo, seconds: float = 10.0
) -> Client:
    """Make a client that may reach these."""
    limits = Limits(timeout=timedelta(seconds=seconds), max_bytes=100_000)
    return Client(
        agent="seedwatch/1.0",
        limits=limits,
        clock=lambda: NOW,
        guard=Guard.allowing(allow),
        resolver=Resolver(names),
    )


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server, which is inside: on this machine."""
    with WebServer() as server:
        server.route("/feed", Reply(body=b"secret"))
        yield server


def refused(result: FetchResult, stage: Stage = Stage.ADDRESS) -> str:
    """Expect a failure at a stage, and give its cause."""
    assert isinstance(result, FetchFailure), result
    assert result.stage is stage
    return result.cause


# --------------------------------------------------------------------------------------- one hop


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "localhost",
        "LOCALHOST.",
        "%6c%6fcalhost",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "me:pw@127.0.0.1",
        "example.org@127.0.0.1",
    ],
)
def test_no_spelling_of_this_machine_is_reached(web: WebServer, host: str) -> None:
    """However this machine is written, it is not asked."""
    result = client().get(f"http://{host}:{web.port}/feed")
    assert isinstance(result, FetchFailure)
    assert result.stage in {Stage.ADDRESS, Stage.DNS, Stage.URL}
    assert web.requests() == []


def test_the_cure_is_said(web: WebServer) -> None:
    """Who means it is told which key of the configuration opens an address."""
    assert refused(client().get(web.url("/feed"))) == (
        "127.0.0.1 is loopback; if that is meant, add it to polling.allow_addresses"
    )
    assert isinstance(client(ip_network("127.0.0.1")).get(web.url("/feed")), Document)


def test_an_allowed_name_is_reached(web: WebServer) -> None:
    """A host that is allowed by name is reached by that name only."""
    names = Names(feeds_internal=["127.0.0.1"], other_internal=["127.0.0.1"])
    shared = client("feeds.internal", names=names)
    assert isinstance(shared.get(f"http://feeds.internal:{web.port}/feed"), Document)
    (request,) = web.requests()
    assert request.headers["Host"] == f"feeds.internal:{web.port}"
    assert "polling.allow" in refused(shared.get(f"http://other.internal:{web.port}/feed"))


def test_a_name_is_looked_up_once(web: WebServer) -> None:
    """A name that turns from public to private (rebinding) is connected to as it was vetted."""
    names = Names(rebinds_example=["203.0.113.7 127.0.0.1", "127.0.0.1"])
    shared = client(LOOPBACK, names=names)
    assert "203.0.113.7" in refused(shared.get(f"http://rebinds.example:{web.port}/feed"))
    assert names.asked == ["rebinds.example"]
    assert isinstance(shared.get(f"http://rebinds.example:{web.port}/feed"), Document)
    assert names.asked == ["rebinds.example"] * 2


@pytest.mark.parametrize("order", ["127.0.0.1 1.1.1.1", "1.1.1.1 127.0.0.1"])
def test_a_mixed_answer_is_refused(web: WebServer, order: str) -> None:
    """One address inside spoils a name, and nobody is connected to."""
    names = Names(mixed_example=[order])
    said = refused(client(names=names).get(f"http://mixed.example:{web.port}/feed"))
    assert said.startswith("127.0.0.1 is loopback")
    assert web.requests() == []


def test_the_second_address_is_tried(web: WebServer) -> None:
    """A host whose first address does not answer is reached by its second, in the same time."""
    names = Names(two_example=["127.0.0.2 127.0.0.1"])
    assert isinstance(
        client(LOOPBACK, names=names).get(f"http://two.example:{web.port}/feed"), Document
    )


def test_tls_and_host_go_by_the_name() -> None:
    """The server is told the name that was asked for, and must prove to be that."""
    heard: list[str | None] = []
    names = Names(feeds_example=["127.0.0.1"])

    def script(visitor: Visitor) -> None:
        heard.append(server_name(visitor.connection.recv(4_096)))

    with RawServer(script) as server:
        url = f"https://feeds.example:{server.port}/"
        assert refused(client(LOOPBACK, names=names).get(url), Stage.TLS)
    assert heard == ["feeds.example"]


def server_name(hello: bytes) -> str | None:
    """Find the server's name in a client's hello (RFC 6066 section 3), as a server would."""
    marker = b"feeds.example"
    at = hello.find(marker)
    return marker.decode() if at > 0 and hello[at - 1] == len(marker) else None


# ------------------------------------------------------------------------------------- redirects


def lead(web: WebServer, location: str) -> None:
    """Make a way out of `/start`."""
    web.route("/start", Reply(status=302, headers={"Location": location}))


def test_the_inside_leads_on_inside(web: WebServer) -> None:
    """A redirect between allowed hosts is followed."""
    with WebServer() as other:
        lead(web, other.route("/end", Reply(body=b"end")))
        assert isinstance(client(LOOPBACK).get(web.url("/start")), Document)


def test_the_inside_leads_no_further_than_allowed(web: WebServer) -> None:
    """A redirect from an allowed host to one that is not is refused, and says where it led."""
    names = Names(hidden_internal=["127.0.0.1"], open_internal=["127.0.0.1"])
    lead(web, f"http://hidden.internal:{web.port}/feed")
    shared = client("open.internal", names=names)
    said = refused(shared.get(f"http://open.internal:{web.port}/start"))
    assert said.startswith("127.0.0.1 is loopback; if that is meant")
    assert said.endswith("(redirected to hidden.internal)")
    assert [one.path for one in web.requests()] == ["/start"]


def kind_but_one(address: Address) -> str | None:
    """Say that 127.0.0.2 is public, as no address of this machine is."""
    return None if str(address) == "127.0.0.2" else kind_of(address)


def test_the_outside_does_not_lead_inside(web: WebServer) -> None:
    """A redirect from a public host is not followed inside, even where that is allowed."""
    answer = f"HTTP/1.1 302 Found\r\nLocation: {web.url('/feed')}\r\n\r\n".encode()
    guard = Guard(networks=(LOOPBACK,), kind_of=kind_but_one)
    limits = Limits(timeout=timedelta(seconds=10), max_bytes=1_000)
    shared = Client(agent="a/1", limits=limits, clock=lambda: NOW, guard=guard)
    with RawServer(says(answer), host="127.0.0.2") as outside:
        said = refused(shared.get(f"http://127.0.0.2:{outside.port}/"))
    assert said == (
        "127.0.0.1 is loopback, and a redirect from outside may not lead there"
        " (redirected to 127.0.0.1)"
    )
    assert web.requests() == []


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://10.0.0.1/",
        "http://2852039166/",
        "//192.168.0.1/",
        "http://[::ffff:169.254.169.254]/",
    ],
)
def test_every_hop_is_vetted(web: WebServer, location: str) -> None:
    """A redirect to an address inside that is not allowed is refused like a feed there."""
    lead(web, location)
    assert " is " in refused(client(LOOPBACK).get(web.url("/start")))
    assert [one.path for one in web.requests()] == ["/start"]


def test_an_address_of_two_hosts_is_not_asked(web: WebServer) -> None:
    """What is read in two ways is refused as it was written, not as it looks without a password."""
    url = web.url("/feed").replace("http://", r"http://10.0.0.1\@")
    said = refused(client(LOOPBACK).get(url), Stage.URL)
    assert said == "has a backslash, a space or a control character in it"
    assert web.requests() == []


def test_a_password_stays_at_its_origin(web: WebServer) -> None:
    """Name and password go along to the same origin, and neither to another port nor host."""
    lead(web, web.url("/feed"))
    start = web.url("/start").replace("http://", "http://me:s3cret@")
    assert isinstance(client(LOOPBACK).get(start), Document)
    assert [("Authorization" in one.headers) for one in web.requests()] == [True, True]
    with WebServer() as other:
        lead(web, other.route("/feed", Reply(body=b"x")).replace("http://", "http://you:pw@"))
        assert isinstance(client(LOOPBACK).get(start), Document)
        assert "Authorization" not in other.requests()[0].headers


# --------------------------------------------------------------------------------------- looking up


def test_an_answer_of_nothing() -> None:
    """A name without an address is one that cannot be resolved."""
    said = refused(client(names=lambda *_, **__: []).get("http://a.example/"), Stage.DNS)
    assert said == "its host name cannot be resolved"


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", ".".join(["a" * 60] * 6)])
def test_a_name_that_is_none(host: str) -> None:
    """A name that no resolver takes is told so, and not an internal error."""
    result = client().get(f"http://{host}/")
    assert isinstance(result, FetchFailure)
    assert "internal" not in result.told
    assert "(" not in result.cause


def test_look_ups_are_bounded_and_left_behind() -> None:
    """However many names hang, so many threads look up, and each caller's own time is kept.

    Once the resolver answers again, what is asked then is answered.
    """
    hanging = threading.Event()
    under_way = threading.Semaphore(0)

    def hang(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        if host != "quick.example":
            under_way.release()
            hanging.wait(30)
        return socket.getaddrinfo("10.9.9.9", port)

    resolver = Resolver(hang, most_threads=2)
    limits = Limits(timeout=timedelta(seconds=0.5), max_bytes=1_000)
    shared = Client(agent="a/1", limits=limits, clock=lambda: NOW, resolver=resolver)
    before = set(threading.enumerate())
    with ThreadPoolExecutor(6) as threads:
        gets = [threads.submit(shared.get, f"http://{n}.example/") for n in range(6)]
        for get in gets:
            assert refused(get.result(20), Stage.DNS) == "no complete answer within 0.5 s"
    left = set(threading.enumerate()) - before
    assert [one.name for one in left if one.name != "deadlines"] == ["look-up"] * 2
    assert under_way.acquire(blocking=False)
    assert under_way.acquire(blocking=False)
    assert not under_way.acquire(blocking=False)
    hanging.set()
    assert "10.9.9.9 is private" in refused(shared.get("http://quick.example/"))


def test_close_ends_a_look_up() -> None:
    """Whoever closes the client does not wait for a resolver."""
    hanging, asked = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        asked.set()
        hanging.wait(30)
        return []

    shared = client(names=hang, seconds=60.0)
    with ThreadPoolExecutor(1) as threads:
        get = threads.submit(shared.get, "http://a.example/")
        assert asked.wait(10)
        shared.close()
        assert refused(get.result(10), Stage.DNS) == "cut off, since seedwatch stops"
    hanging.set()


def test_families_take_turns() -> None:
    """Of many addresses one of each family comes first, and no more than a few are tried."""
    six = [(socket.AF_INET6, (f"2606::{n}", 80, 0, 0)) for n in range(9)]
    four = [(socket.AF_INET, (f"1.1.1.{n}", 80)) for n in range(9)]
    assert in_turns(six + four) == [six[0], four[0], six[1], four[1], six[2], four[2]]
    assert in_turns(four) == four[:MOST_PLACES]
    assert in_turns([*four[:1], *six[:1]]) == [four[0], six[0]]


# ------------------------------------------------------------------------------------- receivers


def test_a_receiver_may_be_inside(web: WebServer) -> None:
    """A message goes where the operator wants it, without a permission for feeds."""
    assert client().post(web.url("/feed"), b"{}", {}).status == 200


def test_a_receiver_is_not_a_clouds_metadata() -> None:
    """No message goes where a cloud keeps its credentials, whatever a receiver's name leads to."""
    names = Names(hooks_example=["169.254.169.254"])
    with pytest.raises(DeliveryError, match=r"^169\.254\.169\.254 is a cloud's metadata, where"):
        client(names=names).post("http://hooks.example/", b"{}", {})


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://a\\@b/?s3cret", "http://a b/s3cret"])
def test_a_receivers_address_stays_secret(url: str) -> None:
    """An address that is refused is not shown: a receiver's may hold its token."""
    with pytest.raises(DeliveryError) as caught:
        client().post(url, b"", {})
    assert "s3cret" not in str(caught.value)
    assert "passwd" not in str(caught.value)
