"""How the HTTP client behaves towards those it asks: what it sends, to whom, and what it notes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.errors import DeliveryError
from monitor.feeds.conditions import Conditions
from monitor.fetch import Client, Limits
from monitor.fetch.way import LONGEST_LOCATION, Refused, Way
from monitor.records import Document, FetchFailure, FetchResult, NotModified
from tests.fakes.made import HOUR, MINUTE, NOW
from tests.fakes.raw import RawServer, Visitor
from tests.fakes.web import Reply, WebServer


def client() -> Client:
    """Make a client."""
    limits = Limits(timeout=timedelta(seconds=10), max_bytes=1_000_000)
    return Client(agent="seedwatch/1.0 (+https://example.org/)", limits=limits, clock=lambda: NOW)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server."""
    with WebServer() as server:
        yield server


def to(location: str, status: int = 301) -> Reply:
    """Return a redirect."""
    return Reply(status=status, headers={"Location": location})


def document(result: FetchResult) -> Document:
    """Expect a document."""
    assert isinstance(result, Document), result
    return result


# ------------------------------------------------------------------------------------ validators


def test_validators_go_to_who_gave_them(web: WebServer) -> None:
    """Of a chain of redirects, only the address that gave the validators gets them back."""
    end = web.route("/end", Reply(status=304))
    start = web.route("/start", to("/end", 302))
    asked = Conditions(etag='"1"', last_modified="Monday", of=end)
    assert client().get(start, asked) == NotModified(fetched_at=NOW)
    first, last = web.requests()
    assert set(first.headers).isdisjoint({"if-none-match", "if-modified-since"})
    assert last.headers["If-None-Match"] == '"1"'
    assert last.headers["If-Modified-Since"] == "Monday"


def test_validators_do_not_go_astray(web: WebServer) -> None:
    """If a redirect leads elsewhere than before, that place is asked without conditions."""
    start = web.route("/start", to("/new", 302))
    web.route("/new", Reply(body=b"news"))
    asked = Conditions(etag='"1"', of=web.url("/old"))
    assert document(client().get(start, asked)).body == b"news"
    assert all("If-None-Match" not in one.headers for one in web.requests())


def test_nothing_was_asked_about(web: WebServer) -> None:
    """A 304 without a condition is a failure: nobody has seen what is "not modified"."""
    url = web.route("/feed", Reply(status=304, headers={"ETag": '"1"'}))
    result = client().get(url)
    assert isinstance(result, FetchFailure)
    assert result.cause == "HTTP 304 Not Modified"


@pytest.mark.parametrize("value", ["x" * 1_001, "a\x07b", "\x7f"])
def test_a_validator_that_cannot_go_back(value: str) -> None:
    """A validator that no server would take back is not kept."""

    def script(visitor: Visitor) -> None:
        visitor.hear()
        head = f"ETag: {value}\r\nLast-Modified: {value}\r\nContent-Length: 2\r\n\r\nok"
        visitor.send(b"HTTP/1.1 200 OK\r\n" + head.encode("latin-1"))

    with RawServer(script) as server:
        found = document(client().get(server.url()))
    assert (found.etag, found.last_modified) == (None, None)


# ---------------------------------------------------------------------------------------- deltas


def test_only_what_is_new_is_asked_for_where_it_is_offered(web: WebServer) -> None:
    """`A-IM: feed` goes out with an entity tag only; a part says that it is one."""
    part = Reply(status=226, headers={"IM": "feed", "ETag": '"2"'}, body=b"<rss/>")
    url = web.route("/feed", [Reply(headers={"Vary": "Accept, a-im"}), part, Reply()])
    whole = document(client().get(url))
    assert (whole.is_partial, whole.offers_deltas) == (False, True)
    found = document(client().get(url, Conditions(etag='"1"', deltas=True)))
    assert (found.is_partial, found.offers_deltas, found.etag) == (True, True, '"2"')
    last = document(client().get(url, Conditions(last_modified="Monday", deltas=True)))
    assert (last.is_partial, last.offers_deltas) == (False, False)
    assert [one.headers.get("A-IM") for one in web.requests()] == [None, "feed", None]


@pytest.mark.parametrize("manipulation", ["", "vcdiff", "gzip", "feed, gzip"])
def test_a_part_in_another_form(web: WebServer, manipulation: str) -> None:
    """A 226 that is not a feed of the new entries cannot be read: it is a failure."""
    url = web.route("/feed", Reply(status=226, headers={"IM": manipulation}, body=b"<rss/>"))
    result = client().get(url, Conditions(etag='"1"', deltas=True))
    assert isinstance(result, FetchFailure)
    assert result.status == 226


# ----------------------------------------------------------------------------------------- hints


def test_how_long_it_stays(web: WebServer) -> None:
    """A document and a 304 both bring how long they stay as they are."""
    headers = {"Cache-Control": "max-age=3600"}
    url = web.route("/feed", [Reply(headers=headers), Reply(status=304, headers=headers), Reply()])
    asked = Conditions(etag='"1"')
    assert document(client().get(url)).fresh_for == HOUR
    assert client().get(url, asked) == NotModified(fresh_for=HOUR, fetched_at=NOW)
    assert document(client().get(url, asked)).fresh_for is None


def test_who_asks_for_patience(web: WebServer) -> None:
    """A failure says which host gave it, after redirects, and how long to wait."""
    web.route("/end", Reply(status=429, headers={"Retry-After": "60"}))
    start = web.route("/start", to(web.url("/end")))
    result = client().get(start)
    assert isinstance(result, FetchFailure)
    assert (result.status, result.host, result.retry_after) == (429, "127.0.0.1", MINUTE)


def test_a_wall_against_bots(web: WebServer) -> None:
    """A refusal that only a browser could get round is told as such."""
    url = web.route("/feed", Reply(status=403, headers={"CF-Mitigated": "challenge"}))
    result = client().get(url)
    assert isinstance(result, FetchFailure)
    assert result.cause == "HTTP 403 Forbidden: it lets in browsers only"


# ------------------------------------------------------------------------------------- redirects


@pytest.mark.parametrize(
    "hops, is_for_good",
    [
        ([301], True),
        ([308], True),
        ([301, 308, 301], True),
        ([302], False),
        ([303], False),
        ([307], False),
        ([301, 302], False),
        ([302, 301], False),
    ],
)
@pytest.mark.parametrize("status", [200, 304])
def test_where_it_has_moved(
    web: WebServer, hops: list[int], status: int, *, is_for_good: bool
) -> None:
    """Permanent redirects, and only a chain of nothing else, say where a document has moved."""
    for number, hop in enumerate(hops):
        web.route(f"/{number}", to(f"/{number + 1}#top", hop))
    end = web.route(f"/{len(hops)}", Reply(status=status))
    result = client().get(web.url("/0"), Conditions(etag='"1"', of=f"{end}#top"))
    assert not isinstance(result, FetchFailure), result
    assert result.moved_to == (end if is_for_good else None)


@pytest.mark.parametrize(
    "start, hops, moved_to",
    [
        ("https://a.example/", [], None),
        ("http://a.example/", ["https://a.example/"], "https://a.example/"),
        ("https://a.example/", ["http://a.example/"], None),
        ("https://a.example/", ["http://b.example/", "https://a.example/1"], None),
        ("http://a.example/", ["http://b.example/"], "http://b.example/"),
        ("https://a.example/", ["https://u:p@b.example/x#y"], "https://b.example/x"),
    ],
)
def test_no_move_leads_away_from_https(start: str, hops: list[str], moved_to: str | None) -> None:
    """What anybody on the wire could have written moves no feed."""
    way = Way(url=start)
    for hop in hops:
        way = way.on(301, hop)
    assert way.moved_to == moved_to


@pytest.mark.parametrize("location", ["/" + "a" * LONGEST_LOCATION, "/a\x00b", "/a\x1b[2J"])
def test_an_address_for_nobody(location: str) -> None:
    """A redirect to an endless address, or to one that a terminal would obey, is refused."""
    with pytest.raises(Refused, match=r"more than 2,048 characters|control characters"):
        Way(url="https://a.example/").on(301, location)


# --------------------------------------------------------------------------------------- secrets


def test_a_password_is_for_its_own_host(web: WebServer) -> None:
    """Name and password go to each address of their own host, and to no other."""
    with WebServer() as other:
        away = other.route("/away", to(web.url("/end")))
        web.route("/again", to(away))
        web.route("/end", Reply(body=b"end"))
        start = web.route("/start", to("/again"))
        found = document(client().get(start.replace("http://", "http://reader:s3cret@")))
        secret = "Basic cmVhZGVyOnMzY3JldA=="
        assert [one.headers.get("Authorization") for one in web.requests()] == [secret] * 3
        assert "Authorization" not in other.requests()[0].headers
    assert found.url == web.url("/end")


def test_a_redirect_brings_no_password(web: WebServer) -> None:
    """A name and password that a redirect brings along are sent to nobody, and shown to nobody."""
    end = web.route("/end", Reply())
    start = web.route("/start", to(end.replace("http://", "http://u:p@")))
    assert document(client().get(start)).url == end
    assert all("Authorization" not in one.headers for one in web.requests())
    web.route("/start", to("ftp://u:s3cret@a.example/"))
    result = client().get(start)
    assert isinstance(result, FetchFailure)
    assert result.cause == "redirected to 'ftp://a.example/', which is not http or https"


def test_a_failure_shows_no_password() -> None:
    """Whatever goes wrong with an address, its password is not in the cause."""
    for url in ("http://u:s3cret@127.0.0.1:1/", "http://u:s3cret@[::1", "http://u:s3cret@a..b/"):
        result = client().get(url)
        assert isinstance(result, FetchFailure)
        assert "s3cret" not in result.cause
    with pytest.raises(DeliveryError) as raised:
        client().post("http://u:s3cret@127.0.0.1:1/", b"", {})
    assert "s3cret" not in str(raised.value)


def test_cookies_are_forgotten(web: WebServer) -> None:
    """A cookie goes nowhere: not to the next hop, not with the next poll."""
    web.route("/end", Reply(headers={"Set-Cookie": "b=2; Path=/"}))
    crumb = {"Location": "/end", "Set-Cookie": "a=1; Path=/"}
    start = web.route("/start", Reply(status=302, headers=crumb))
    one = client()
    for _ in range(3):
        document(one.get(start))
    assert len(web.requests()) == 6
    assert all(set(each.headers).isdisjoint({"cookie", "referer"}) for each in web.requests())
