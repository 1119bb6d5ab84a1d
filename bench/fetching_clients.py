"""What one poll costs: the daemon's client beside stock `requests`, in CPU time of the process.

    python bench/fetching_clients.py [--rounds N] [--exchanges N] [--json]

Feeds live on different hosts, so that nearly every poll makes a connection: the servers end theirs
after each answer, and TLS shakes hands anew. They run in processes of their own on 127.0.0.1, with
the certificate of the tests; clients trust it beside the whole bundle of certifi, which is what
stock requests loads again for each connection. The last row is what nobody gets who polls many
hosts: one connection to one host, kept open.

The clients take turns, some exchanges each; of the rounds the median counts. The ratio is the
rival's CPU time, `requests.get`, by the client's, in the same run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import ssl
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path

import certifi
import requests

from bench.sets import print_table
from monitor.feeds.conditions import Conditions
from monitor.fetch import Client, Guard, Limits
from monitor.records import Document, NotModified

LOOPBACK = Path(__file__).parents[1] / "tests" / "fakes" / "loopback.pem"
AGENT = "seedwatch/1.0 (+https://example.org/about)"
TIMEOUT = 30
ETAG = '"1"'
BODY = (b"<item><title>Lithuania builds a fence</title></item>\n" * 600)[:30_000]
# Polls under way at once, where the rate by the clock is measured: the daemon's default.
WORKERS = 16

# Does one exchange; asks on conditions if the answer shall be "not modified".
Get = Callable[[str, bool], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of exchange."""

    name: str
    is_tls: bool
    is_unchanged: bool


CASES = (
    Case(name="TLS, 304", is_tls=True, is_unchanged=True),
    Case(name="TLS, 200 of 30 kB", is_tls=True, is_unchanged=False),
    Case(name="plain, 304", is_tls=False, is_unchanged=True),
    Case(name="plain, 200 of 30 kB", is_tls=False, is_unchanged=False),
)


# ------------------------------------------------------------------------------------- the servers


def _serve(pipe: Connection, *, is_tls: bool, keeps: bool) -> None:
    """Answer until the process is ended; tells its port first."""
    context = None
    if is_tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(LOOPBACK)
        # A poll of another host resumes no session.
        context.num_tickets = 0
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    pipe.send(listener.getsockname()[1])
    while True:
        connection, _ = listener.accept()
        work = threading.Thread(target=_talk, args=(connection, context, keeps), daemon=True)
        work.start()


def _talk(connection: socket.socket, context: ssl.SSLContext | None, keeps: bool) -> None:  # noqa: FBT001 - a thread's target
    ends = b"" if keeps else b"Connection: close\r\n"
    head = b"ETag: " + ETAG.encode() + b"\r\nContent-Type: application/rss+xml\r\n" + ends
    unchanged = b"HTTP/1.1 304 Not Modified\r\n" + head + b"\r\n"
    whole = b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY
    with suppress(OSError):
        if context is not None:
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            asked = b""
            while part := connection.recv(65_536):
                asked += part
                if not asked.endswith(b"\r\n\r\n"):
                    continue
                connection.sendall(unchanged if b"if-none-match" in asked.lower() else whole)
                asked = b""
                if not keeps:
                    return


@contextmanager
def servers() -> Iterator[Mapping[tuple[bool, bool], str]]:
    """Run a server of each kind; gives their addresses by (is_tls, keeps)."""
    found, running = {}, []
    for kind in ((True, False), (False, False), (True, True), (False, True)):
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.Process(
            target=_serve, args=(theirs,), kwargs={"is_tls": kind[0], "keeps": kind[1]}, daemon=True
        )
        process.start()
        running.append(process)
        scheme = "https" if kind[0] else "http"
        found[kind] = f"{scheme}://127.0.0.1:{ours.recv()}/feed"
    try:
        yield found
    finally:
        for process in running:
            process.terminate()


# ------------------------------------------------------------------------------------- the clients


def our_client() -> Get:
    """Give the client of the daemon."""
    client = Client(
        agent=AGENT,
        limits=Limits(timeout=timedelta(seconds=TIMEOUT), max_bytes=8_000_000),
        clock=lambda: datetime.now(UTC),
        guard=Guard.allowing([ip_network("127.0.0.0/8")]),
    )
    # No way to trust more is offered; the bench alone does.
    client._context.load_verify_locations(LOOPBACK)  # noqa: SLF001

    def get(url: str, is_unchanged: bool) -> None:  # noqa: FBT001 - as all of them are called
        conditions = Conditions(etag=ETAG, of=url) if is_unchanged else Conditions()
        result = client.get(url, conditions)
        assert isinstance(result, NotModified if is_unchanged else Document), result

    return get


def _check(response: requests.Response, *, is_unchanged: bool) -> None:
    assert response.status_code == (304 if is_unchanged else 200), response.status_code
    assert len(response.content) == (0 if is_unchanged else len(BODY))


def _headers(*, is_unchanged: bool) -> dict[str, str]:
    return {"User-Agent": AGENT} | ({"If-None-Match": ETAG} if is_unchanged else {})


def requests_get() -> Get:
    """Give `requests.get`, as most programs poll."""

    def get(url: str, is_unchanged: bool) -> None:  # noqa: FBT001 - as all of them are called
        headers = _headers(is_unchanged=is_unchanged)
        _check(requests.get(url, headers=headers, timeout=TIMEOUT), is_unchanged=is_unchanged)

    return get


def requests_session() -> Get:
    """Give a `requests.Session` for each thread."""
    here = threading.local()

    def get(url: str, is_unchanged: bool) -> None:  # noqa: FBT001 - as all of them are called
        if not hasattr(here, "session"):
            here.session = requests.Session()
        headers = _headers(is_unchanged=is_unchanged)
        answer = here.session.get(url, headers=headers, timeout=TIMEOUT)
        _check(answer, is_unchanged=is_unchanged)

    return get


RIVAL = "requests.get"
KEPT = "requests.Session, one host, kept open"
# Name -> the client, and whether its connections are kept.
CLIENTS: Mapping[str, tuple[Callable[[], Get], bool]] = {
    RIVAL: (requests_get, False),
    "requests.Session": (requests_session, False),
    "ours": (our_client, False),
    KEPT: (requests_session, True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What an exchange of one case costs one client."""

    case: str
    client: str
    cpu_microseconds: float
    # The rival's by this one's.
    ratio: float


def measure(rounds: int, exchanges: int) -> list[Cost]:
    """Measure each client on each case, taking turns."""
    with servers() as addresses:
        gets = {name: make() for name, (make, _) in CLIENTS.items()}
        spent: dict[tuple[str, str], list[float]] = {}
        for _round in range(rounds):
            for case in CASES:
                for name, (_, keeps) in CLIENTS.items():
                    get, url = gets[name], addresses[case.is_tls, keeps]
                    get(url, case.is_unchanged)
                    started = time.process_time()
                    for _ in range(exchanges):
                        get(url, case.is_unchanged)
                    one = (time.process_time() - started) / exchanges
                    spent.setdefault((case.name, name), []).append(one)
    return [
        Cost(
            case=case.name,
            client=name,
            cpu_microseconds=statistics.median(spent[case.name, name]) * 1e6,
            ratio=statistics.median(
                rival / own
                for rival, own in zip(spent[case.name, RIVAL], spent[case.name, name], strict=True)
            ),
        )
        for case in CASES
        for name in CLIENTS
    ]


def rates(rounds: int, exchanges: int) -> dict[str, float]:
    """Give the polls a second by the clock, TLS and 304, of so many at once; by client."""
    found: dict[str, list[float]] = {}
    with servers() as addresses:
        gets = {name: make() for name, (make, keeps) in CLIENTS.items() if not keeps}
        for _round in range(rounds):
            for name, get in gets.items():
                with ThreadPoolExecutor(WORKERS) as pool:
                    started = time.perf_counter()
                    # `list` raises what an exchange raised.
                    list(pool.map(lambda url: get(url, True), [addresses[True, False]] * exchanges))  # noqa: B023 - used at once
                    found.setdefault(name, []).append(exchanges / (time.perf_counter() - started))
    return {name: statistics.median(each) for name, each in found.items()}


@contextmanager
def trusted() -> Iterator[None]:
    """Have stock requests trust the server beside all of certifi's authorities."""
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as bundle:
        bundle.write(Path(certifi.where()).read_text("ascii") + LOOPBACK.read_text("utf-8"))
        bundle.flush()
        os.environ["REQUESTS_CA_BUNDLE"] = bundle.name
        yield


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--exchanges", type=int, default=40, help="of each client in a round")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with trusted():
        costs = measure(given.rounds, given.exchanges)
        by_clock = rates(given.rounds, 4 * given.exchanges)
    if given.json:
        print(json.dumps({"costs": [asdict(one) for one in costs], "polls_a_second": by_clock}))
        return
    rows = [
        (one.case, one.client, f"{one.cpu_microseconds:,.0f}", f"{one.ratio:.1f}") for one in costs
    ]
    print_table(("exchange", "client", "CPU µs", "times as cheap"), rows)
    print()
    rival = by_clock[RIVAL]
    print_table(
        (f"TLS, 304, {WORKERS} at once", "polls/s", "ratio"),
        [(name, f"{rate:.0f}", f"{rate / rival:.1f}") for name, rate in by_clock.items()],
    )


if __name__ == "__main__":
    main()
