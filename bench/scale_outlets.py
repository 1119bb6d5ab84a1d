"""The other side of `bench.scale`: very many feeds of 30 kB, served by one process on 127.0.0.1.

    python -m bench.scale_outlets --config FILE run     the daemon, in whose world their names exist

Each feed has a host of its own, `h17.feeds.example`. All begin with the same 30 items. One poll in
`CHANGES` finds a new item at the top of its feed; the others are "not modified" if they ask so.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import random
import re
import runpy
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import cache
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import certifi
from wordfreq import top_n_list

DOMAIN = "feeds.example"
ITEMS = 30
CHANGES = 10
# Of one item, so that a feed has 30 kB.
SUMMARY_CHARACTERS = 710
FIRST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=2)
# Asks the process for a certificate authority beside certifi's.
AUTHORITY = "SEEDWATCH_BENCH_AUTHORITY"


def url_of(number: int, port: int, *, is_tls: bool) -> str:
    """Give the address of a feed; they count from 1, as their rows will."""
    return f"{'https' if is_tls else 'http'}://h{number}.{DOMAIN}:{port}/rss"


@cache
def _words() -> str:
    chosen = random.Random(7).choices(top_n_list("en", 8_000), k=60_000)  # noqa: S311 - texts
    return " ".join(chosen)


def _text(number: int, place: int, length: int) -> str:
    words = _words()
    start = (number * 7_919 + place * 104_729) % (len(words) - 2 * length)
    return words[start : start + length].partition(" ")[2]


@cache
def _item(number: int, place: int) -> str:
    """Give an item of a feed; those of number 0 are in all feeds."""
    url = f"https://www.h{number}.{DOMAIN}/2026/{place}/article-{place}"
    at = format_datetime(FIRST + timedelta(minutes=place))
    return (
        f"<item><title>{_text(number, place, 70).capitalize()}</title><link>{url}</link>"
        f'<guid isPermaLink="false">tag:{number},{place}</guid><pubDate>{at}</pubDate>'
        f"<description>&lt;p&gt;{_text(number, place + 50_000, SUMMARY_CHARACTERS)}&lt;/p&gt;"
        f"</description></item>\n"
    )


def document(number: int, version: int) -> bytes:
    """Give a feed that has had so many new items since the beginning."""
    fresh = [_item(number, 1_000 + place) for place in range(version, 0, -1)]
    usual = [_item(0, place) for place in range(ITEMS, 0, -1)]
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
    about = (
        f"<title>Outlet</title><link>https://www.{DOMAIN}/</link><description>News</description>"
    )
    body = "".join((fresh + usual)[:ITEMS])
    return f"{head}{about}\n{body}</channel></rss>\n".encode()


# ------------------------------------------------------------------------------------- the server


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """The server as its process shows it."""

    port: int
    # Requests so far, and answers with a new item.
    asked: Synchronized[int]
    changed: Synchronized[int]


class _Answers(asyncio.Protocol):
    # Feed -> how many new items it has had.
    versions: dict[int, int]
    asked: Synchronized[int]
    changed: Synchronized[int]

    def __init__(self) -> None:
        self._heard = b""
        self._way: Any = None

    def connection_made(self, transport: Any) -> None:
        self._way = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if not self._heard.endswith(b"\r\n\r\n"):
            return
        self._way.write(self._answer(self._heard))
        self._way.close()

    def _answer(self, request: bytes) -> bytes:
        host = re.search(rb"\nhost: h(\d+)\.", request, re.IGNORECASE)
        assert host is not None
        number = int(host[1])
        self.asked.value += 1
        if self.asked.value % CHANGES == 0:
            self.versions[number] = self.versions.get(number, 0) + 1
            self.changed.value += 1
        version = self.versions.get(number, 0)
        known = re.search(rb'\nif-none-match: "(\d+)"', request, re.IGNORECASE)
        head = b'ETag: "%d"\r\nContent-Type: application/rss+xml\r\nConnection: close\r\n' % version
        if known is not None and int(known[1]) == version:
            return b"HTTP/1.1 304 Not Modified\r\n" + head + b"\r\n"
        body = document(number, version)
        return b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: %d\r\n\r\n" % len(body) + body


def _serve(
    port: Any, asked: Synchronized[int], changed: Synchronized[int], identity: Path | None
) -> None:
    context = None
    if identity is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(identity)
        # A poll of another host resumes no session.
        context.num_tickets = 0
    _Answers.versions, _Answers.asked, _Answers.changed = {}, asked, changed

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Answers, "127.0.0.1", 0, backlog=512, ssl=context)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


@contextmanager
def outlets(identity: Path | None) -> Iterator[Outlets]:
    """Serve the feeds from a process of its own, with TLS if there is a certificate."""
    ours, theirs = multiprocessing.Pipe()
    asked, changed = multiprocessing.Value("q", lock=False), multiprocessing.Value("q", lock=False)
    arguments = (theirs, asked, changed, identity)
    process = multiprocessing.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    try:
        yield Outlets(port=ours.recv(), asked=asked, changed=changed)
    finally:
        process.terminate()
        process.join()


def make_identity(folder: Path) -> Path:
    """Make a certificate for all the hosts, signed by itself."""
    made = folder / "identity.pem"
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(  # noqa: S603 - nothing of it comes from outside
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={DOMAIN}"),
            *("-addext", f"subjectAltName=DNS:*.{DOMAIN}"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    made.write_text(key.read_text("ascii") + certificate.read_text("ascii"), "ascii")
    bundle = Path(certifi.where()).read_text("ascii") + certificate.read_text("ascii")
    (folder / "authorities.pem").write_text(bundle, "ascii")
    return made


# ------------------------------------------------------------------------- the world of the daemon


def look_up(_host: str, port: int, *_: Any, **__: Any) -> Sequence[tuple[Any, ...]]:
    """Stand in for the system's resolver: all names lead here."""
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


def enter_their_world() -> None:
    """Let this process find the feeds, and trust their certificate."""
    socket.getaddrinfo = look_up  # type: ignore[assignment]
    bundle = os.environ.get(AUTHORITY)
    if bundle:
        certifi.where = lambda: bundle
        os.environ["REQUESTS_CA_BUNDLE"] = bundle


if __name__ == "__main__":
    enter_their_world()
    sys.argv[0] = "seedwatch"
    # Only now: what it imports takes the resolver as it finds it.
    runpy.run_module("monitor", run_name="__main__", alter_sys=True)
