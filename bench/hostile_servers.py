"""What hostile servers cost: time and memory of one GET, beside `requests.get` as people write it.

    python bench/hostile_servers.py [--json] [--only WORDS]

The servers are those that the tests hold the client to (`tests/fakes/hostile.py`). Each GET runs in
a process of its own, forked before its server starts. Memory is the peak of the resident set above
what it was before the GET. The rival has the same time as its `timeout`, reads `.content`, and is
stopped after STOP_SECONDS or at MOST_MEMORY.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import re
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from multiprocessing.connection import Connection
from pathlib import Path

import requests

from bench.sets import print_table
from monitor.fetch import Client, Guard, Limits
from monitor.fetch.resolve import Resolver
from monitor.records import Document, NotModified
from tests.fakes.hostile import BEHAVIOURS, MAX_BYTES, Behaviour

STOP_SECONDS = 6.0
MOST_MEMORY = 1_500_000_000
MEGABYTE = 1e6

# Answers what came of it, in a few words.
Get = Callable[[Behaviour, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one GET came to."""

    said: str
    seconds: float
    cpu_seconds: float
    peak_mb: float


def ours(behaviour: Behaviour) -> Get:
    """Make the client of the daemon, and give its GET."""
    client = Client(
        agent="seedwatch/1.0",
        limits=Limits(timeout=timedelta(seconds=behaviour.seconds), max_bytes=MAX_BYTES),
        clock=lambda: datetime.now(UTC),
        guard=Guard.allowing([ip_network("127.0.0.0/8")]),
        resolver=Resolver(behaviour.look_up) if behaviour.look_up else None,
    )

    def get(_: Behaviour, url: str) -> str:
        result = client.get(url)
        if isinstance(result, Document):
            return f"a document of {len(result.body):,} bytes"
        return "not modified" if isinstance(result, NotModified) else result.told

    return get


def stock(_: Behaviour) -> Get:
    """Give the GET of stock requests, with no more than a timeout."""

    def get(behaviour: Behaviour, url: str) -> str:
        try:
            response = requests.get(url, timeout=behaviour.seconds)
        except requests.RequestException as error:
            return type(error).__name__
        except MemoryError:
            return f"out of memory at {MOST_MEMORY / 1e9:g} GB"
        return f"{response.status_code}, {len(response.content):,} bytes"

    return get


def _resident(field: str) -> int:
    found = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) * 1024


def _run(make: Callable[[Behaviour], Get], behaviour: Behaviour, pipe: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    get = make(behaviour)
    pipe.send(None)
    url = pipe.recv()
    # Forgets the peak so far (proc(5)).
    Path("/proc/self/clear_refs").write_text("5", "ascii")
    before = _resident("VmRSS")
    pipe.send(before)
    started, cpu = time.monotonic(), time.process_time()
    said = get(behaviour, url)
    cost = Cost(
        said=said,
        seconds=time.monotonic() - started,
        cpu_seconds=time.process_time() - cpu,
        peak_mb=(_resident("VmHWM") - before) / MEGABYTE,
    )
    pipe.send(cost)


def measure(make: Callable[[Behaviour], Get], behaviour: Behaviour) -> Cost:
    """GET once from such a server, in a process of its own."""
    fork = multiprocessing.get_context("fork")
    here, there = fork.Pipe()
    # Forked while this process has no threads: the server's come after.
    process = fork.Process(target=_run, args=(make, behaviour, there), daemon=True)
    process.start()
    there.close()
    try:
        here.recv()
        with behaviour.serve() as url:
            here.send(url)
            before: int = here.recv()
            if here.poll(STOP_SECONDS):
                cost: Cost = here.recv()
                return cost
            status = Path(f"/proc/{process.pid}/status").read_text("ascii")
    finally:
        process.kill()
        process.join()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return Cost(
        said=f"still at it after {STOP_SECONDS:g} s",
        seconds=STOP_SECONDS,
        cpu_seconds=float("nan"),
        peak_mb=(int(peak[1]) * 1024 - before) / MEGABYTE if peak else float("nan"),
    )


def _shown(text: str) -> str:
    return text if len(text) <= 70 else f"{text[:67]}..."


def main() -> None:
    """Measure each behaviour, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="", help="behaviours whose name has these words")
    asked = parser.parse_args()
    rows = [
        (one, measure(ours, one), measure(stock, one))
        for one in BEHAVIOURS
        if asked.only in one.name
    ]
    if asked.json:
        print(json.dumps({one.name: [asdict(mine), asdict(its)] for one, mine, its in rows}))
        return
    print_table(
        ("behaviour", "seedwatch says", "s", "CPU s", "MB", "requests.get", "s", "MB"),
        (
            (
                one.name,
                _shown(mine.said),
                f"{mine.seconds:.2f}",
                f"{mine.cpu_seconds:.2f}",
                f"{mine.peak_mb:.1f}",
                its.said,
                f"{its.seconds:.2f}",
                f"{its.peak_mb:.1f}",
            )
            for one, mine, its in rows
        ),
    )
    short = [mine.seconds - one.seconds for one, mine, _ in rows if one.seconds < 1]
    print(
        f"\n{len(rows)} behaviours. Most memory: {max(mine.peak_mb for _, mine, _ in rows):.1f} MB"
        f" (requests {max(its.peak_mb for _, _, its in rows):.0f}). Most CPU:"
        f" {max(mine.cpu_seconds for _, mine, _ in rows):.2f} s. Latest end of the"
        f" {len(short)} that run out of time: {max(short, default=0.0):.2f} s after it."
    )


if __name__ == "__main__":
    main()
