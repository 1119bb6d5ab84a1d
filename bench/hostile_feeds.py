"""What hostile feeds cost: each of the generated set, in the process that parses.

    python bench/hostile_feeds.py [NAME ...]

Seconds are the processor's, start of the process left out; MB are the most memory that the process
took. The lists (OPML) are read where they are read for a user, in a process of their own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

from monitor.errors import ParseError
from monitor.feeds.contents import Wanted
from monitor.feeds.opml import read_opml
from monitor.parsing import Parsers
from monitor.records import Document
from tests.fakes.hostile_feeds import HOSTILE, LISTS

AT = datetime(2026, 11, 1, tzinfo=UTC)
PLAIN = b"<rss version='2.0'><channel><item><title>t</title></item></channel></rss>"
MOST_SECONDS, MOST_MEGABYTES = 2.0, 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one document took, and what became of it."""

    name: str
    kilobytes: float
    seconds: float
    megabytes: float
    outcome: str

    @property
    def is_fine(self) -> bool:
        """Whether it keeps to the target."""
        return self.seconds <= MOST_SECONDS and self.megabytes <= MOST_MEGABYTES


def feeds(names: list[str]) -> Iterator[Cost]:
    """Read each feed in a fresh process."""
    for name, write in HOSTILE.items():
        if names and name not in names:
            continue
        body = write()
        parsers = Parsers(most=1)
        # The process is up, and its memory is read while it waits for the next document.
        parsers.read(_document(PLAIN))
        (process,) = parsers._idle  # noqa: SLF001 -- its memory is what is measured
        pid = process._process.pid  # noqa: SLF001
        peak = _Peak(pid)
        try:
            said = parsers.read(_document(body), Wanted(hub=True)).said
            outcome = f"{len(said.items if said else ()):,} items"
        except ParseError as error:
            outcome = str(error)
        seconds, megabytes = peak.end()
        yield Cost(
            name=name,
            kilobytes=len(body) / 1000,
            seconds=seconds,
            megabytes=megabytes,
            outcome=outcome,
        )
        parsers.close()


class _Peak(threading.Thread):
    """Watches what a process takes, until told to stop or the process is gone."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._place = Path(f"/proc/{pid}")
        self._before = self._cpu()
        self._over = threading.Event()
        self._megabytes = self._seconds = 0.0
        self.start()

    def run(self) -> None:
        """Look every few milliseconds: the system keeps the peak as long as the process lives."""
        while not self._over.wait(0.005):
            self._look()

    def _look(self) -> None:
        # A process that has ended tells its time until its parent has asked for it.
        with suppress(FileNotFoundError, ProcessLookupError):
            self._seconds = self._cpu() - self._before
            high = re.search(r"VmHWM:\s+(\d+)", (self._place / "status").read_text())
            self._megabytes = int(high[1]) / 1000 if high else self._megabytes

    def _cpu(self) -> float:
        fields = (self._place / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def end(self) -> tuple[float, float]:
        """Give the seconds of processor time, and the most megabytes seen."""
        self._look()
        self._over.set()
        self.join()
        return self._seconds, self._megabytes


def lists(names: list[str]) -> Iterator[Cost]:
    """Read each list of feeds."""
    for name, write in LISTS.items():
        if names and name not in names:
            continue
        yield _in_a_fork(name, write)


def _in_a_fork(name: str, write: Callable[[], bytes]) -> Cost:
    body = write()
    answer, other = multiprocessing.Pipe(duplex=False)
    fork = multiprocessing.get_context("fork").Process(target=_read_list, args=(body, other))
    fork.start()
    seconds, megabytes, outcome = answer.recv()
    fork.join()
    return Cost(
        name=name,
        kilobytes=len(body) / 1000,
        seconds=seconds,
        megabytes=megabytes,
        outcome=outcome,
    )


def _read_list(body: bytes, answer: object) -> None:
    started = time.process_time()
    try:
        outcome = f"{len(read_opml(body)):,} feeds"
    except ParseError as error:
        outcome = str(error)
    seconds = time.process_time() - started
    high = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    answer.send((seconds, int(high[1]) / 1000 if high else 0.0, outcome))  # type: ignore[attr-defined]


def _document(body: bytes) -> Document:
    return Document(url="https://hostile.example/feed", body=body, fetched_at=AT)


def main() -> None:
    """Print the table; end with 1 if one is over the target."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these; all if none is named")
    names = parser.parse_args().names
    costs = []
    print("| file | KB | s | MB | outcome |\n| --- | --- | --- | --- | --- |", flush=True)
    for one in chain(feeds(names), lists(names)):
        costs.append(one)
        cells = (
            one.name + ("" if one.is_fine else " !"),
            f"{one.kilobytes:,.0f}",
            f"{one.seconds:.2f}",
            f"{one.megabytes:.0f}",
            one.outcome,
        )
        print(f"| {' | '.join(cells)} |", flush=True)
    over = sum(not one.is_fine for one in costs)
    print(f"\n{len(costs)} files, {over} over {MOST_SECONDS:g} s or {MOST_MEGABYTES:g} MB")
    sys.exit(over > 0)


if __name__ == "__main__":
    main()
