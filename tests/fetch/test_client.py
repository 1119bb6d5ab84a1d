"""What the HTTP client sends, takes and refuses, against servers on this machine."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from email.utils import format_datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from monitor.errors import DeliveryError
from monitor.feeds.conditions import Conditions
from monitor.fetch import Client, Guard, Limits, user_agent
from monitor.records import Document, FetchFailure, FetchResult, NotModified
from tests.fakes.behaviour import OK
from tests.fakes.hostile import NAMED
from tests.fakes.lies import LOOPBACK, floods, leads_round, own_certificate, silence
from tests.fakes.made import DAY, HOUR, NOW
from tests.fakes.raw import RawServer, Visitor
from tests.fakes.web import RecordedRequest, Reply, WebServer

AGENT = "seedwatch/1.0 (+https://example.org/about)"
# What an exchange may take beyond its time: scheduling on a busy machine, no more.
GRACE_SECONDS = 2.0
# The servers of these tests are inside, where only who is allowed may go.
INSIDE = Guard.allowing([ip_network("127.0.0.0/8")])


def client(seconds: float = 10.0, max_bytes: int = 1_000_000) -> Client:
    """Make a client with these limits."""
    limits = Limits(timeout=timedelta(seconds=seconds), max_bytes=max_bytes)
    return Client(agent=AGENT, limits=limits, clock=lambda: NOW, guard=INSIDE)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server."""
    with WebServer() as server:
        yield server


def got(url: str, *, etag: str | None = None, last_modified: str | None = None) -> Document:
    """GET a document that is expected to come."""
    result = client().get(url, Conditions(etag=etag, last_modified=last_modified))
    assert isinstance(result, Document), result
    return result


def failed(result: FetchResult) -> FetchFailure:
    """Expect a failure."""
    assert isinstance(result, FetchFailure), result
    return result


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Expect a block to end in time, with some grace."""
    started = time.monotonic()
    yield
    assert time.monotonic() - started < seconds + GRACE_SECONDS


# --------------------------------------------------------------------------- what comes and goes


def test_a_document_comes_whole(web: WebServer) -> None:
    """Body and headers of a 200 arrive as they were sent, with the time of arrival."""
    body = bytes(range(256)) * 1_000
    headers = {
        "Content-Type": "application/rss+xml; charset=windows-1257",
        "Content-Language": "lt",
        "ETag": '"1"',
        "Last-Modified": "Mon, 08 Nov 2021 14:00:00 GMT",
    }
    url = web.route("/feed", Reply(body=body, headers=headers))
    assert got(url) == Document(
        url=url,
        body=body,
        content_type="application/rss+xml; charset=windows-1257",
        content_language="lt",
        etag='"1"',
        last_modified="Mon, 08 Nov 2021 14:00:00 GMT",
        fetched_at=NOW,
    )


def test_an_empty_document_is_one(web: WebServer) -> None:
    """A 200 without a body is an empty document: whether that is a feed, others decide."""
    assert got(web.route("/feed", Reply())).body == b""


def test_what_is_asked(web: WebServer) -> None:
    """A request says who asks and what it can take, and nothing else."""
    got(web.route("/feed", Reply()) + "?a=%20b")
    (request,) = web.requests()
    assert (request.method, request.path, request.body) == ("GET", "/feed?a=%20b", b"")
    assert request.headers["User-Agent"] == AGENT
    assert request.headers["Accept-Encoding"] == "gzip"
    assert request.headers["Accept"].startswith("application/atom+xml, application/rss+xml")
    expected = {"host", "user-agent", "accept", "accept-encoding"}
    assert set(request.headers) - {"connection"} == expected


@pytest.mark.parametrize(
    "contact, agent",
    [
        ("https://desk.example/bot", "seedwatch/1.2 (+https://desk.example/bot)"),
        (None, "seedwatch/1.2 (+https://pypi.org/project/seedwatch/)"),
    ],
)
def test_the_agent_names_a_contact(contact: str | None, agent: str) -> None:
    """Whoever is annoyed by us finds out where to complain."""
    assert user_agent("1.2", contact) == agent


# ------------------------------------------------------------------------------------ validators


@pytest.mark.parametrize(
    "etag",
    [
        '"abc"',
        'W/"abc"',
        "unquoted",
        '""',
        '"a, b"',
        "'single'",
        '"caf\xe9"',
        '"back\\slash"',
        '"inner  space"',
        "W/weak",
        "0",
    ],
)
def test_an_etag_goes_back_as_it_came(web: WebServer, etag: str) -> None:
    """An entity tag is repeated byte for byte, however odd it is."""
    url = web.route("/feed", Reply(headers={"ETag": etag}))
    assert got(url, etag=got(url).etag or "").etag == etag
    first, second = web.requests()
    assert "If-None-Match" not in first.headers
    assert second.headers["If-None-Match"] == etag


@pytest.mark.parametrize(
    "date", ["Mon, 08 Nov 2021 14:00:00 GMT", "2021-11-08T14:00:00Z", "yesterday", "-1"]
)
def test_a_date_goes_back_as_it_came(web: WebServer, date: str) -> None:
    """A date of last change is repeated byte for byte, never parsed."""
    url = web.route("/feed", Reply(headers={"Last-Modified": date}))
    got(url, last_modified=got(url).last_modified or "")
    assert web.requests()[1].headers["If-Modified-Since"] == date


def test_nothing_has_changed(web: WebServer) -> None:
    """A 304 brings the validators that it repeats, and no document."""
    url = web.route("/feed", [Reply(status=304, headers={"ETag": '"2"'}), Reply(status=304)])
    assert client().get(url, Conditions(etag='"1"')) == NotModified(etag='"2"', fetched_at=NOW)
    assert client().get(url, Conditions(etag='"1"')) == NotModified(fetched_at=NOW)


def test_a_folded_validator_is_no_trap() -> None:
    """A validator over two lines cannot be sent back: it does not make each later poll fail."""

    def script(visitor: Visitor) -> None:
        visitor.hear()
        visitor.send(OK + b'ETag: "a\r\n b"\r\nContent-Length: 2\r\n\r\nok')

    with RawServer(script) as server:
        first = got(server.url())
        assert first.body == b"ok"
        assert got(server.url(), etag=first.etag).body == b"ok"


# ------------------------------------------------------------------------------------- encodings


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZip"])
def test_gzip_is_unpacked(web: WebServer, name: str) -> None:
    """A body that comes packed as we asked is given unpacked."""
    body = "Łódź ".encode() * 50_000
    packed = Reply(body=gzip.compress(body), headers={"Content-Encoding": name})
    assert got(web.route("/feed", packed)).body == body


@pytest.mark.parametrize("name", ["br", "zstd", "deflate", "gzip, gzip", "gzip, br", "compress"])
def test_other_encodings_are_refused(web: WebServer, name: str) -> None:
    """An encoding that we did not ask for, or one upon another, is not even begun."""
    packed = Reply(body=gzip.compress(b"x"), headers={"Content-Encoding": name})
    cause = failed(client().get(web.route("/feed", packed))).cause
    assert cause == f"its content encoding {name!r} is not one that we asked for"


def test_what_only_says_that_it_is_gzip(web: WebServer) -> None:
    """A body that cannot be unpacked is a failure, not garbage."""
    reply = Reply(body=b"<rss/>", headers={"Content-Encoding": "gzip"})
    cause = failed(client().get(web.route("/feed", reply))).cause
    assert cause == "its body is not what its content encoding says"


# ------------------------------------------------------------------------------------------ size


@pytest.mark.parametrize("packed", [False, True], ids=["as it is", "packed"])
def test_the_size_is_limited(web: WebServer, *, packed: bool) -> None:
    """A body may have as many bytes as allowed, unpacked, and not one more."""
    headers = {"Content-Encoding": "gzip"} if packed else {}

    def reply(size: int) -> Reply:
        body = bytes(size)
        return Reply(body=gzip.compress(body) if packed else body, headers=headers)

    url = web.route("/feed", [reply(100_000), reply(100_001)])
    small = client(max_bytes=100_000)
    result = small.get(url)
    assert isinstance(result, Document)
    assert len(result.body) == 100_000
    assert failed(small.get(url)).cause == "larger than 100,000 bytes"


# ------------------------------------------------------------------------------------------ time


def slow_second_answer() -> Callable[[Visitor], None]:
    """Answer the first request at once and keep the connection; drip the answer to the next."""
    numbers = itertools.count()

    def script(visitor: Visitor) -> None:
        while True:
            visitor.hear()
            if next(numbers) == 0:
                visitor.send(OK + b"Content-Length: 2\r\nConnection: keep-alive\r\n\r\nok")
            else:
                visitor.drip(OK + b"Content-Length: 1000000\r\n\r\n", ever=b"x")

    return script


def test_time_is_limited_on_every_exchange() -> None:
    """The second exchange with a server is bounded like the first, kept connection or not."""
    with RawServer(slow_second_answer()) as server:
        shared = client(0.5)
        assert isinstance(shared.get(server.url()), Document)
        with ends_within(0.5):
            assert failed(shared.get(server.url())).cause == "no complete answer within 0.5 s"


def test_redirects_share_one_time(web: WebServer) -> None:
    """A chain of slow redirects has together the time of one exchange."""
    url = web.route("/a", Reply(status=302, headers={"Location": "/a"}, delay=0.2))
    with ends_within(0.5):
        assert failed(client(0.5).get(url)).cause == "no complete answer within 0.5 s"
    assert len(web.requests()) <= 3


def test_close_ends_what_is_under_way() -> None:
    """Whoever closes the client waits for nobody: each exchange fails at once."""
    with RawServer(silence) as server, ThreadPoolExecutor(3) as threads:
        shared = client(60.0)
        gets = [threads.submit(shared.get, server.url()) for _ in range(2)]
        post = threads.submit(shared.post, server.url(), b"", {})
        for _ in range(3):
            assert server.came.acquire(timeout=10)
        with ends_within(0.0):
            shared.close()
            for get in gets:
                assert failed(get.result(10)).cause == "cut off, since seedwatch stops"
            with pytest.raises(DeliveryError, match="cut off, since seedwatch stops"):
                post.result(10)
        with ends_within(0.0):
            assert failed(shared.get(server.url())).cause == "cut off, since seedwatch stops"


# ------------------------------------------------------------------------------------- redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(web: WebServer, status: int) -> None:
    """Each kind of redirect is followed by a GET; the document says where it came from."""
    end = web.route("/new/feed", Reply(body=b"here"))
    start = web.route("/old", Reply(status=status, headers={"Location": end}))
    document = got(start, etag='"1"')
    assert (document.url, document.body) == (end, b"here")
    assert [(one.method, one.path) for one in web.requests()] == [
        ("GET", "/old"),
        ("GET", "/new/feed"),
    ]


@pytest.mark.parametrize(
    "location, path",
    [
        ("/new/feed", "/new/feed"),
        ("new", "/old/new"),
        ("../new?a=b#top", "/new?a=b"),
        ("?page=2", "/old/feed?page=2"),
        ("/na%C5%9Bwiecie", "/na%C5%9Bwiecie"),
        ("/naświecie".encode().decode("latin-1"), "/na%C5%9Bwiecie"),
        ("/caf\xe9", "/caf%C3%A9"),
        ("/with space", "/with%20space"),
    ],
)
def test_a_relative_redirect(web: WebServer, location: str, path: str) -> None:
    """A redirect may leave out what does not change, and be written as people write."""
    start = web.route("/old/feed", [Reply(status=302, headers={"Location": location}), Reply()])
    for place in (
        "/old/new",
        "/new",
        "/new/feed",
        "/na%C5%9Bwiecie",
        "/caf%C3%A9",
        "/with%20space",
    ):
        web.route(place, Reply())
    got(start)
    assert web.requests()[1].path == path


def chain(web: WebServer, length: int) -> str:
    """Make a chain of redirects to `/end`."""
    for number in range(length):
        target = f"/hop{number + 1}" if number + 1 < length else "/end"
        web.route(f"/hop{number}", Reply(status=302, headers={"Location": target}))
    web.route("/end", Reply(body=b"end"))
    return web.url("/hop0")


def test_five_redirects_are_enough(web: WebServer) -> None:
    """A document behind five redirects is reached, one behind six is not asked for."""
    assert got(chain(web, 5)).body == b"end"
    assert failed(client().get(chain(web, 6))).cause == "more than 5 redirects"
    assert [one.path for one in web.requests()].count("/end") == 1


def test_a_circle_is_left(web: WebServer) -> None:
    """Redirects that lead back to where they began come to an end."""
    url = web.route("/a", Reply(status=301, headers={"Location": "/b"}))
    web.route("/b", Reply(status=301, headers={"Location": "/a"}))
    assert failed(client().get(url)).cause == "more than 5 redirects"
    assert len(web.requests()) == 6


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/feed", "javascript:alert(1)", "data:,x"]
)
def test_a_redirect_stays_on_the_web(web: WebServer, location: str) -> None:
    """No redirect leads to a file or to anything else that is not http or https."""
    url = web.route("/feed", Reply(status=302, headers={"Location": location}))
    cause = failed(client().get(url)).cause
    assert cause == f"redirected to {location!r}, which is not http or https"


@pytest.mark.parametrize("location", ["http://[", "http://:99999/", "http:///", "http://a b/"])
def test_a_redirect_to_nowhere(web: WebServer, location: str) -> None:
    """A redirect that is no address is a failure like others."""
    url = web.route("/feed", Reply(status=302, headers={"Location": location}))
    assert failed(client().get(url)).cause


@pytest.mark.parametrize("status", [300, 304, 305])
def test_what_is_no_redirect(web: WebServer, status: int) -> None:
    """A place that is named by another answer is not gone to."""
    url = web.route("/feed", Reply(status=status, headers={"Location": "/other"}))
    assert not isinstance(client().get(url), Document)
    assert len(web.requests()) == 1


def test_nobody_is_told_where_we_come_from(web: WebServer) -> None:
    """No cookie goes back, no referrer and no password goes on."""
    kept = {"Set-Cookie": "id=1; Path=/", "Location": "/b"}
    web.route("/a", Reply(status=302, headers=kept))
    web.route("/b", Reply(headers={"Set-Cookie": "id=2; Path=/"}))
    shared = client()
    for _ in range(2):
        assert isinstance(shared.get(web.url("/a")), Document)
    for request in web.requests():
        assert set(request.headers).isdisjoint({"cookie", "referer", "authorization"})


def test_a_password_stays_with_its_host(web: WebServer) -> None:
    """The name and password of an address go to its own host, and not where that sends us."""
    with WebServer() as other:
        end = other.route("/end", Reply())
        start = web.route("/feed", Reply(status=302, headers={"Location": end}))
        got(start.replace("http://", "http://reader:s3cret@"))
        assert web.requests()[0].headers["Authorization"] == "Basic cmVhZGVyOnMzY3JldA=="
        assert "Authorization" not in other.requests()[0].headers


def test_the_environment_changes_nothing(
    web: WebServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Proxies and passwords that the environment names are not for us."""
    url = web.route("/feed", Reply(body=b"direct"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n", encoding="ascii")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(LOOPBACK))
    assert got(url).body == b"direct"
    assert "Authorization" not in web.requests()[0].headers


# -------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize(
    "status, cause",
    [
        (201, "HTTP 201 Created"),
        (204, "HTTP 204 No Content"),
        (206, "HTTP 206 Partial Content"),
        (400, "HTTP 400 Bad Request"),
        (401, "HTTP 401 Unauthorized"),
        (403, "HTTP 403 Forbidden"),
        (404, "HTTP 404 Not Found"),
        (410, "HTTP 410 Gone"),
        (429, "HTTP 429 Too Many Requests"),
        (500, "HTTP 500 Internal Server Error"),
        (503, "HTTP 503 Service Unavailable"),
    ],
)
def test_only_200_is_a_document(web: WebServer, status: int, cause: str) -> None:
    """Any other answer is a failure that says its status."""
    result = failed(client().get(web.route("/feed", Reply(status=status, body=b"no"))))
    assert result == FetchFailure(cause=cause, status=status, host="127.0.0.1", fetched_at=NOW)


@pytest.mark.parametrize(
    "said, wait",
    [
        ("0", timedelta(0)),
        ("120", timedelta(seconds=120)),
        (" 120 ", timedelta(seconds=120)),
        (format_datetime(NOW.replace(microsecond=0) + HOUR, usegmt=True), HOUR),
        (format_datetime(NOW - HOUR, usegmt=True), timedelta(0)),
        ("315360000", DAY),
        ("9" * 5_000, DAY),
        (format_datetime(NOW + 3_650 * DAY, usegmt=True), DAY),
        ("Mon, 08 Nov 99999999999 14:00:00 GMT", None),
        ("Mon, 08 Nov 2021 99:00:00 GMT", None),
        ("Mon, 08 Nov 2021 14:00:00 +99999999999999999999", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_the_wanted_patience(
    web: WebServer, status: int, said: str, wait: timedelta | None
) -> None:
    """Patience is asked for in seconds or until a date; a day is the most, nonsense is nothing."""
    url = web.route("/feed", Reply(status=status, headers={"Retry-After": said}))
    found = failed(client().get(url)).retry_after
    if wait is None:
        assert found is None
    else:
        assert found is not None
        assert abs(found - wait) < timedelta(seconds=1)


def test_a_refused_connection() -> None:
    """Where nobody listens, the cause says so."""
    with socket.socket() as taken:
        # Bound but not listening: connections are refused, and nobody else gets the port.
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert failed(client().get(url)).cause == "connection refused"


def test_an_unknown_host() -> None:
    """A name that no one has is told from a host that does not answer."""
    cause = failed(client(30.0).get("http://no-such-host.invalid/feed")).cause
    assert cause == "its host name cannot be resolved"


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:99999/", "http://[::1", "http://", "http://a..b/", "https://\x00/", "feed"],
)
def test_an_address_that_is_none(url: str) -> None:
    """An address that cannot be asked is a failure, never an exception."""
    assert failed(client().get(url)).cause


# ------------------------------------------------------------------------------------------- TLS


def test_a_certificate_is_verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that cannot prove who it is gets no request, whatever the environment trusts."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(LOOPBACK))
    monkeypatch.setenv("CURL_CA_BUNDLE", str(LOOPBACK))
    with RawServer(own_certificate) as server:
        cause = failed(client().get(server.url("https"))).cause
        assert cause == "its TLS certificate is not valid"
        with pytest.raises(DeliveryError, match=r"^its TLS certificate is not valid$") as caught:
            client().post(server.url("https"), b"{}", {})
        assert not caught.value.unsure


# ------------------------------------------------------------------------------------------ POST


def test_a_post_goes_out_as_it_is(web: WebServer) -> None:
    """Body and headers of a POST arrive byte for byte; the answer comes back."""
    reply = Reply(status=202, headers={"X-Id": "7"}, body="gerai, ačiū".encode())
    url = web.route("/hook", reply)
    body = bytes(range(256)) + "ą".encode()
    answer = client().post(f"{url}?key=1", body, {"Content-Type": "application/json", "X-A": "b"})
    assert (answer.status, answer.text, answer.headers["X-Id"]) == (202, "gerai, ačiū", "7")
    (request,) = web.requests()
    assert (request.method, request.path, request.body) == ("POST", "/hook?key=1", body)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == str(len(body))
    assert request.headers["User-Agent"] == AGENT
    assert request.headers["X-A"] == "b"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_post_is_not_sent_elsewhere(web: WebServer, status: int) -> None:
    """A redirect is the answer to a POST, not an order."""
    url = web.route("/hook", Reply(status=status, headers={"Location": "/other"}))
    assert client().post(url, b"{}", {}).status == status
    assert [one.path for one in web.requests()] == ["/hook"]


@pytest.mark.parametrize("status", [200, 400, 404, 429, 500])
def test_a_status_is_an_answer(web: WebServer, status: int) -> None:
    """Whatever the status, it is an answer: the notifier knows what it means."""
    url = web.route("/hook", Reply(status=status, body=b"said", headers={"Retry-After": "5"}))
    answer = client().post(url, b"{}", {})
    assert (answer.status, answer.text, answer.headers["Retry-After"]) == (status, "said", "5")


def test_a_long_answer_is_cut(web: WebServer) -> None:
    """An answer of any length is no burden: its beginning says enough."""
    url = web.route("/hook", Reply(status=500, body=b"\xff" + b"x" * 65_536))
    answer = client().post(url, b"{}", {})
    assert answer.text == "\ufffd" + "x" * 16_383
    for script in (floods(OK + b"\r\n"), leads_round):
        with RawServer(script) as server, ends_within(0.0):
            assert len(client().post(server.url(), b"", {}).text) == 16_384


def reset_the_post(visitor: Visitor) -> None:
    """Take a body of two bytes, and break off."""
    visitor.hear()
    visitor.connection.recv(2, socket.MSG_WAITALL)
    visitor.reset()


@pytest.mark.parametrize(
    "script, words",
    [
        (silence, "no complete answer within 0.5 s"),
        (NAMED["drips one header"].script, "no complete answer within 0.5 s"),
        (NAMED["drips body of a given length"].script, "no complete answer within 0.5 s"),
        (reset_the_post, "the other side reset the connection"),
    ],
)
def test_no_answer_is_temporary(script: Callable[[Visitor], None], words: str) -> None:
    """Without a whole answer a POST fails for now, in words that give no address away."""
    with RawServer(script) as server, ends_within(0.5):
        with pytest.raises(DeliveryError) as caught:
            client(0.5).post(f"{server.url()}/T0SECRET", b"{}", {})
        assert (str(caught.value), caught.value.permanent) == (words, False)
        # It may have arrived.
        assert caught.value.unsure


def test_nobody_takes_the_post() -> None:
    """A refused POST fails for now, in words that give no address away."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(DeliveryError, match=r"^connection refused$") as caught:
            client().post(f"http://127.0.0.1:{taken.getsockname()[1]}/T0SECRET", b"{}", {})
    assert not caught.value.permanent
    assert not caught.value.unsure


def test_threads_share_a_client(web: WebServer) -> None:
    """Many threads may use one client at once, and each gets its own answer."""

    def echo(request: RecordedRequest) -> Reply:
        return Reply(body=request.path.encode())

    paths = [f"/{number}" for number in range(40)]
    for path in paths:
        web.route(path, echo)
    shared, before = client(), set(threading.enumerate())
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(shared.get, [web.url(path) for path in paths]))
    assert [one.body.decode() for one in results if isinstance(one, Document)] == paths
    # The server's own end with its answers.
    ours = {one for one in set(threading.enumerate()) - before if "process_request" not in one.name}
    assert {one.name for one in ours} <= {"look-up", "deadlines"}
    assert len(ours) <= 8 + 1


def test_links_of_the_headers_come_along(web: WebServer) -> None:
    """What `Link` headers say is part of the document: several of one name, several relations."""
    header = '<https://hub.example/>; rel="hub", </rss>; rel="self"'
    url = web.route("/linked", Reply(headers={"Link": header}, body=b"<rss/>"))
    found = client().get(url)
    assert isinstance(found, Document)
    assert [(one.rel, one.url) for one in found.links] == [
        ("hub", "https://hub.example/"),
        ("self", "/rss"),
    ]
