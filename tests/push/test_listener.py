"""The door: what it lets in, what it refuses, and that nobody can hold it."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from monitor.errors import SeedwatchError
from monitor.push import Door, Doorplate, Listener, PushLimits
from monitor.subscription import Reply, Visit

MAX_BYTES = 1_000
LIMITS = PushLimits(max_bytes=MAX_BYTES, most_visits=4, timeout=timedelta(seconds=1))


class Desk:
    """Takes everything but what comes to `/closed`, and remembers it."""

    def __init__(self, name: str = "here") -> None:
        self.name = name
        self.visits: list[Visit] = []

    def refuse(self, visit: Visit) -> Reply | None:
        """Refuse one path."""
        return Reply(status=404, text="closed") if visit.path == "/closed" else None

    def answer(self, visit: Visit) -> Reply:
        """Take it."""
        self.visits.append(visit)
        return Reply(status=200, text=self.name)


@pytest.fixture
def desk() -> Desk:
    """Give the desk behind the door."""
    return Desk()


@pytest.fixture
def door(desk: Desk) -> Iterator[Listener]:
    """Give an open door."""
    listener = Listener("127.0.0.1", 0, desk, LIMITS)
    yield listener
    listener.close()


def say(door: Listener, data: bytes) -> bytes:
    """Send some bytes, and return all that comes back until the door hangs up."""
    with socket.create_connection(("127.0.0.1", door.port), timeout=30) as connection:
        connection.sendall(data)
        heard = b""
        # Cut off while we still send: what has come before is what was said.
        with contextlib.suppress(ConnectionError):
            while more := connection.recv(65_536):
                heard += more
        return heard


def status(heard: bytes) -> int:
    """Give the status of an answer."""
    return int(heard.split(b" ", 2)[1])


def post(body: bytes, *headers: str, path: str = "/x") -> bytes:
    """Write a POST."""
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", *headers, "", ""])
    return head.encode() + body


def test_a_visit_is_passed_on_whole(door: Listener, desk: Desk) -> None:
    """Method, path, query, headers and body reach the desk; its answer goes back as plain text."""
    connection = http.client.HTTPConnection("127.0.0.1", door.port, timeout=30)
    connection.request("POST", "/a/b?c=d&e=%20", b"body", {"X-Hub-Signature": "sha256=1"})
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"here")
    assert answer.getheader("Content-Type") == "text/plain; charset=utf-8"
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Server") is None
    connection.close()
    (visit,) = desk.visits
    assert (visit.method, visit.path, visit.query, visit.body) == (
        "POST",
        "/a/b",
        "c=d&e=%20",
        b"body",
    )
    assert visit.headers["x-hub-signature"] == "sha256=1"


def test_chunks_are_put_together(door: Listener, desk: Desk) -> None:
    """A body may come in chunks, with extensions and trailers."""
    body = b"4\r\nbody\r\n5;x=y\r\n-more\r\n0\r\nT: 1\r\n\r\n"
    assert status(say(door, post(body, "Transfer-Encoding: chunked"))) == 200
    assert desk.visits[0].body == b"body-more"


def test_who_asks_first_is_told_to_go_on(door: Listener, desk: Desk) -> None:
    """`Expect: 100-continue` is answered before the body comes, but not to one that is refused."""
    headers = ("Content-Length: 4", "Expect: 100-continue")
    assert say(door, post(b"body", *headers)).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2")
    assert status(say(door, post(b"body", *headers, path="/closed"))) == 404
    assert len(desk.visits) == 1


@pytest.mark.parametrize(
    "request_, expected",
    [
        (b"GET / HTTP/1.1\r\n\r\n", 200),
        (b"PUT / HTTP/1.1\r\n\r\n", 405),
        (b"hello\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET /" + b"x" * 9_000 + b" HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 20_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 5_000 + b"\r\n", 431),
        (post(b"x"), 411),
        (post(b"x" * 1_000, "Content-Length: 1000"), 200),
        (post(b"x" * 1_001, "Content-Length: 1001"), 413),
        (post(b"", "Content-Length: 99999999999999999999"), 400),
        (post(b"", "Content-Length: -1"), 400),
        (post(b"x", "Content-Length: 1", "Content-Length: 2"), 400),
        (post(b"0\r\n\r\n", "Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        (post(b"x", "Transfer-Encoding: gzip"), 501),
        (post(b"zz\r\n", "Transfer-Encoding: chunked"), 400),
        (post(b"-1\r\n", "Transfer-Encoding: chunked"), 400),
        (post(b"1\r\nxxyz", "Transfer-Encoding: chunked"), 400),
        (post(b"3e9\r\n", "Transfer-Encoding: chunked"), 413),
        (post(b"1f4\r\n" + b"x" * 500 + b"\r\n1f5\r\n", "Transfer-Encoding: chunked"), 413),
        (post(b"1" * 500, "Transfer-Encoding: chunked"), 400),
    ],
    ids=lambda one: repr(one[:40]) if isinstance(one, bytes) else str(one),
)
def test_each_request_has_its_answer(door: Listener, request_: bytes, expected: int) -> None:
    """What is no request, too large or ambiguous is refused by name, and nothing else."""
    assert status(say(door, request_)) == expected


def test_a_huge_body_is_refused_before_it_comes(door: Listener, desk: Desk) -> None:
    """Who sends too much gets the answer though all of it was sent, and nothing is kept."""
    body = b"x" * 500_000
    assert status(say(door, post(body, f"Content-Length: {len(body)}"))) == 413
    assert desk.visits == []


@pytest.mark.parametrize(
    "begun",
    [b"", b"POST /x HTTP/1.1\r\nHo", post(b"some", "Content-Length: 500")],
    ids=["silent", "in its head", "in its body"],
)
def test_who_is_slow_is_cut_off(door: Listener, desk: Desk, begun: bytes) -> None:
    """However a visitor drips, the visit ends in its time without an answer."""
    assert say(door, begun) == b""
    assert desk.visits == []


def test_a_drip_does_not_buy_time(door: Listener) -> None:
    """A byte now and then does not keep a visit open: the time is for the whole of it."""
    gone = threading.Event()

    def drip(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while not gone.wait(0.05):
                connection.sendall(b"x")

    with socket.create_connection(("127.0.0.1", door.port), timeout=30) as connection:
        connection.sendall(post(b"", "Content-Length: 900"))
        thread = threading.Thread(target=drip, args=(connection,))
        thread.start()
        with contextlib.suppress(ConnectionError):
            assert connection.recv(10) == b""
        gone.set()
        thread.join()


def test_a_crowd_is_turned_away_and_the_next_is_let_in(desk: Desk) -> None:
    """More visitors than the limit find the door shut; when they are gone it is open again."""
    limits = PushLimits(max_bytes=MAX_BYTES, most_visits=2, timeout=timedelta(seconds=60))
    listener = Listener("127.0.0.1", 0, desk, limits)
    crowd = [socket.create_connection(("127.0.0.1", listener.port), timeout=30) for _ in range(2)]
    with contextlib.suppress(ConnectionError):
        assert say(listener, b"GET / HTTP/1.1\r\n\r\n") == b""
    for one in crowd:
        one.close()
    heard = b""
    while not heard:
        # Until the threads of the crowd have noticed.
        with contextlib.suppress(ConnectionError):
            heard = say(listener, b"GET / HTTP/1.1\r\n\r\n")
    assert status(heard) == 200
    listener.close()


def test_the_end_does_not_wait_for_visitors(desk: Desk) -> None:
    """A door is closed at once, and whoever stands in it is cut off."""
    limits = PushLimits(max_bytes=MAX_BYTES, timeout=timedelta(seconds=600))
    listener = Listener("127.0.0.1", 0, desk, limits)
    with socket.create_connection(("127.0.0.1", listener.port), timeout=30) as connection:
        connection.sendall(b"GET / HT")
        listener.close()
        with contextlib.suppress(ConnectionError):
            assert connection.recv(10) == b""
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", listener.port), timeout=30)


def free_port() -> int:
    """Give a port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def plate(port: int, desk: Desk) -> Doorplate:
    """Say where to listen."""
    return Doorplate(host="127.0.0.1", port=port, desk=desk, limits=LIMITS)


def heard_at(port: int) -> str:
    """Give the name of the desk that answers at a port."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/")
    with connection.getresponse() as answer:
        text = answer.read().decode()
    connection.close()
    return text


def test_the_door_follows_the_configuration() -> None:
    """It opens, changes its desk, moves, and shuts as it is told."""
    door, first, second = Door(), free_port(), free_port()
    door.follow(None)
    door.follow(plate(first, Desk("one")))
    assert heard_at(first) == "one"
    door.follow(plate(first, Desk("two")))
    assert heard_at(first) == "two"
    door.follow(plate(second, Desk("three")))
    assert heard_at(second) == "three"
    with pytest.raises(ConnectionError):
        heard_at(first)
    door.follow(None)
    with pytest.raises(ConnectionError):
        heard_at(second)


def test_a_taken_address_is_named_and_changes_nothing() -> None:
    """If the new address cannot be listened at, the error says so and the old door stays open."""
    door, port = Door(), free_port()
    door.follow(plate(port, Desk("old")))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = int(taken.getsockname()[1])
        with pytest.raises(SeedwatchError) as refused:
            door.follow(plate(other, Desk("new")))
    assert str(refused.value) == (
        f"cannot listen on 127.0.0.1:{other} (`websub.listen`): Address already in use"
    )
    assert heard_at(port) == "old"
    door.close()
