"""What very many feeds cost one daemon: CPU at the usual pace, polls a second flat out, memory.

    python -m bench.scale [--feeds 10000] [--seconds 120] [--tls] [--only usual|flat|rival] [--json]

The daemon is the command itself, `seedwatch run`, as a process of its own, with a database in which
all feeds have been read before: 30 items each, with their aliases and decisions. The feeds come
from another process (`bench.scale_outlets`): one poll in ten finds a new item in 30 kB, the others
are not modified. Counted is the CPU time, user and system, of the daemon and of all its children.

The rival is what one writes first: as many threads, each with `requests.get` on conditions,
`feedparser.parse` and one transaction for what was not known. It has no schedule, no guard, no
deadline, no topic and no alerts; it works flat out.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import feedparser
import requests
from sqlalchemy import Engine, bindparam, text, update

from bench.scale_outlets import (
    AUTHORITY,
    Outlets,
    document,
    enter_their_world,
    make_identity,
    outlets,
    url_of,
)
from bench.sets import ROOT, print_table
from monitor.app import open_database, wire
from monitor.config import load
from monitor.feeds.pace import observe
from monitor.log import set_up
from monitor.records import Document
from monitor.start import start_up
from monitor.store.paces import pace_json
from monitor.store.schema import feeds

EVERY = timedelta(minutes=15)
WORKERS = 16
MEGABYTE = 1e6
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
# Until a start is over: importing, reading the configuration, the first polls.
SETTLE_SECONDS = 20.0
START = timedelta(seconds=15)
START_SECONDS = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What some time of polling came to."""

    what: str
    seconds: float
    polls: int
    changed: int
    cpu_seconds: float
    # For a core, with work to do, all threads together: what the machine's other work took away.
    waited_seconds: float
    # Of the process, and of it with its children, shared pages counted in part.
    resident_mb: float
    proportional_mb: float

    @property
    def polls_a_second(self) -> float:
        """Give the rate by the clock."""
        return self.polls / self.seconds

    @property
    def cpu_milliseconds(self) -> float:
        """Give what one poll costs."""
        return 1e3 * self.cpu_seconds / self.polls

    @property
    def of_a_core(self) -> float:
        """Give the part of one core that was busy."""
        return self.cpu_seconds / self.seconds


# ------------------------------------------------------------------------------- what /proc can say


def _family(pid: int) -> list[int]:
    """Give a process and all that descend from it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += map(int, task.read_text("ascii").split())
    return found


def _cpu_seconds(pid: int) -> float:
    ticks = 0
    for one in _family(pid):
        # Behind the name, which may hold anything: utime is the twelfth, then stime, and those of
        # children that have ended.
        fields = Path(f"/proc/{one}/stat").read_text("utf-8").rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS_A_SECOND


def _waited_seconds(pid: int) -> float:
    delays = 0
    for one in _family(pid):
        for task in Path(f"/proc/{one}/task").glob("*/schedstat"):
            # A thread may end meanwhile, and takes its own with it.
            with suppress(FileNotFoundError, ProcessLookupError):
                delays += int(task.read_text("ascii").split()[1])
    return delays / 1e9


def _memory(pid: int) -> tuple[float, float]:
    found = {"Rss": 0.0, "Pss": 0.0}
    for one in _family(pid):
        lines = Path(f"/proc/{one}/smaps_rollup").read_text("ascii").splitlines()[1:]
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
        found["Pss"] += kilobytes["Pss"]
        if one == pid:
            found["Rss"] += kilobytes["Rss"]
    return found["Rss"] * 1024 / MEGABYTE, found["Pss"] * 1024 / MEGABYTE


# --------------------------------------------------------------------------------------- the daemon


def configure(folder: Path, count: int, port: int, *, every: timedelta, is_tls: bool) -> Path:
    """Write a configuration with so many feeds."""
    seconds = f"{every.total_seconds():g}s"
    seeds = [str(ROOT / "seeds" / "2021-11-08-poland-belarus-border.txt")]
    configuration = {
        "topics": {"border": {"seeds": seeds, "receivers": ["log"]}},
        "feeds": {"all": [url_of(one, port, is_tls=is_tls) for one in range(1, count + 1)]},
        "receivers": {"log": [{"console": {}}]},
        "polling": {
            "every": seconds,
            "at_most_every": min(seconds, "5m") if every >= EVERY else seconds,
            "workers": WORKERS,
            "allow_addresses": ["127.0.0.0/8"],
        },
        "store": f"sqlite:///{folder / 'scale.db'}",
        "log": {"level": "info", "format": "json"},
    }
    path = folder / "seedwatch.yaml"
    # JSON is YAML.
    path.write_text(json.dumps(configuration), "utf-8")
    return path


def prepare(path: Path, count: int, *, spread: timedelta) -> None:
    """Let every feed have been read once, and be due within some time of now."""
    set_up("warning", "json")
    settings = load(path, os.environ)
    engine = open_database(settings)
    app = wire(settings, engine)
    start_up(app)
    first = app.store.feeds_of([1])[0]
    fetched = Document(
        url=first.url,
        body=document(1, 0),
        content_type="application/rss+xml",
        content_language=None,
        etag='"0"',
        last_modified=None,
        fetched_at=datetime.now(UTC) - timedelta(hours=1),
    )
    app.ingest.take(first, app.reader.look_into(first, fetched))
    _copy_items(engine, count)
    _copy_feed(engine, app.store.feeds_of([1])[0].body_hash, count, spread)
    app.close()


def _copy_items(engine: Engine, count: int) -> None:
    """Give all feeds what the first one has."""
    numbers = "WITH RECURSIVE n(f) AS (SELECT 2 UNION ALL SELECT f + 1 FROM n WHERE f < :count)"
    # No digest begins with a g.
    named = "printf('g%05d', f) || substr({}, 7)"
    with engine.begin() as tx:
        for table, owner in (("items", "id"), ("aliases", "item_id"), ("decisions", "item_id")):
            columns = [row.name for row in tx.execute(text(f"PRAGMA table_info({table})"))]
            values = [
                named.format(one) if one == owner else "f" if one == "feed_id" else f'"{one}"'
                for one in columns
            ]
            copied = f"INSERT INTO {table} {numbers} SELECT {', '.join(values)} FROM {table}, n"  # noqa: S608 - our own names
            tx.execute(text(copied), {"count": count})


def _copy_feed(engine: Engine, body_hash: str | None, count: int, spread: timedelta) -> None:
    # The copying of items took its time, and nothing shall be overdue.
    now = datetime.now(UTC)
    first = now + START
    pace = observe(observe(None, now - timedelta(days=1)), now - spread, new=10, listed=30)
    row: dict[str, Any] = {"pace": pace_json(pace), "baseline_at": now, "last_ok_at": now}
    row |= {"last_polled_at": now, "read_at": now, "whole_at": now, "etag": '"0"'}
    row |= {"body_hash": body_hash, "document_url": feeds.c.url}
    due = update(feeds).where(feeds.c.id == bindparam("of_id")).values(due_at=bindparam("at"))
    with engine.begin() as tx:
        tx.execute(update(feeds).values(row))
        tx.execute(
            due,
            [{"of_id": one, "at": first + spread * (one / count)} for one in range(1, count + 1)],
        )


@contextmanager
def daemon(path: Path) -> Iterator[int]:
    """Run the command, and give its process once it has started."""
    log = path.parent / "log.txt"
    command = [sys.executable, "-m", "bench.scale_outlets", "--config", str(path), "run"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=ROOT)  # noqa: S603 - our own
    try:
        give_up_at = time.monotonic() + START_SECONDS
        while b'"started"' not in log.read_bytes():
            assert process.poll() is None, log.read_text("utf-8")[-2000:]
            assert time.monotonic() < give_up_at, "did not start"
            time.sleep(0.2)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    said = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    bad = [one for one in said if one["level"] in {"error", "warning"}]
    assert not bad, bad[:3]


def measured(what: str, pid: int, seconds: float, served: Outlets) -> Cost:
    """Watch a process that polls for some time."""
    cpu, waited, at = _cpu_seconds(pid), _waited_seconds(pid), time.monotonic()
    asked, changed = served.asked.value, served.changed.value
    time.sleep(seconds)
    spent, passed = _cpu_seconds(pid) - cpu, time.monotonic() - at
    waited = _waited_seconds(pid) - waited
    resident, proportional = _memory(pid)
    return Cost(
        what=what,
        seconds=passed,
        polls=served.asked.value - asked,
        changed=served.changed.value - changed,
        cpu_seconds=spent,
        waited_seconds=waited,
        resident_mb=resident,
        proportional_mb=proportional,
    )


def run_daemon(given: argparse.Namespace, folder: Path, *, is_flat_out: bool) -> Cost:
    """Measure the daemon at its usual pace, or with more due than it can poll."""
    every = timedelta(seconds=10) if is_flat_out else EVERY
    what = "ours, flat out" if is_flat_out else f"ours, {given.feeds:,} feeds in 15 min"
    with outlets(make_identity(folder) if given.tls else None) as served:
        path = configure(folder, given.feeds, served.port, every=every, is_tls=given.tls)
        prepare(path, given.feeds, spread=every)
        with daemon(path) as pid:
            time.sleep(SETTLE_SECONDS)
            cost = measured(what, pid, given.seconds, served)
    _check(folder / "scale.db", given.feeds, served)
    return cost


def _check(database: Path, count: int, served: Outlets) -> None:
    """See that what was served is what is known, but for what was under way at the end."""
    with sqlite3.connect(database) as connection:
        [(stored,)] = connection.execute("SELECT count(*) FROM items")
        [(failed,)] = connection.execute("SELECT count(*) FROM feeds WHERE failures > 0")
    assert not failed, f"{failed} feeds failed"
    new = stored - count * 30
    assert served.changed.value - 2 * WORKERS <= new <= served.changed.value, (new, served.changed)


# ---------------------------------------------------------------------------------------- the rival


def _rival(pipe: Any, database: str, urls: list[str], polls: int) -> None:
    enter_their_world()
    here, validators = threading.local(), dict.fromkeys(urls, '"0"')

    def poll(number: int) -> None:
        url = urls[number % len(urls)]
        if not hasattr(here, "store"):
            here.store = sqlite3.connect(database, timeout=30)
            here.store.execute("PRAGMA synchronous = NORMAL")
        headers = {"If-None-Match": validators[url]}
        response = requests.get(url, headers=headers, timeout=30)
        with here.store as tx:
            if response.status_code == 200:
                validators[url] = response.headers["ETag"]
                entries = feedparser.parse(response.content).entries
                rows = [(url, one.id, one.title, one.summary) for one in entries]
                tx.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?)", rows)
            row = (validators[url], time.time(), url)
            tx.execute("UPDATE feeds SET etag = ?, polled_at = ? WHERE url = ?", row)

    cpu, at = time.process_time(), time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(poll, range(polls)))
        passed, waited = time.monotonic() - at, _waited_seconds(os.getpid())
    spent = time.process_time() - cpu
    pipe.send((passed, spent, waited, *_memory(os.getpid())))


def run_rival(given: argparse.Namespace, folder: Path) -> Cost:
    """Measure stock requests and feedparser, flat out."""
    database, polls = folder / "rival.db", 15 * int(given.seconds)
    with outlets(make_identity(folder) if given.tls else None) as served:
        urls = [url_of(one, served.port, is_tls=given.tls) for one in range(1, given.feeds + 1)]
        with sqlite3.connect(database) as tx:
            tx.execute("PRAGMA journal_mode = WAL")
            tx.execute("CREATE TABLE feeds (url TEXT PRIMARY KEY, etag TEXT, polled_at REAL)")
            unique = "PRIMARY KEY (url, guid)"
            tx.execute(f"CREATE TABLE items (url TEXT, guid TEXT, title TEXT, text TEXT, {unique})")
            tx.executemany("INSERT INTO feeds VALUES (?, '\"0\"', 0)", [(url,) for url in urls])
            usual = [(one.id, one.title, one.summary) for one in _usual()]
            tx.executemany(
                "INSERT INTO items VALUES (?, ?, ?, ?)",
                ((url, *item) for url in urls for item in usual),
            )
        ours, theirs = multiprocessing.Pipe()
        arguments = (theirs, str(database), urls, polls)
        process = multiprocessing.Process(target=_rival, args=arguments)
        process.start()
        theirs.close()
        passed, spent, waited, resident, proportional = ours.recv()
        process.join()
        return Cost(
            what="requests and feedparser, flat out",
            seconds=passed,
            polls=served.asked.value,
            changed=served.changed.value,
            cpu_seconds=spent,
            waited_seconds=waited,
            resident_mb=resident,
            proportional_mb=proportional,
        )


def _usual() -> list[Any]:
    entries: list[Any] = feedparser.parse(document(1, 0)).entries
    return entries


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--feeds", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=120.0, help="of each measurement")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--only", choices=("usual", "flat", "rival"))
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    given = parser.parse_args()
    costs = []
    for name in ("usual", "flat", "rival"):
        if given.only not in {None, name}:
            continue
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            if given.tls:
                os.environ[AUTHORITY] = str(folder / "authorities.pem")
            if name == "rival":
                costs.append(run_rival(given, folder))
            else:
                costs.append(run_daemon(given, folder, is_flat_out=name == "flat"))
    if given.json:
        print(json.dumps([asdict(one) for one in costs], indent=2))
        return
    print_table(
        ("", "polls/s", "of a core", "waited", "CPU ms a poll", "RSS MB", "PSS MB"),
        [
            (
                one.what,
                f"{one.polls_a_second:.1f}",
                f"{one.of_a_core:.1%}",
                f"{one.waited_seconds / one.seconds:.0%}",
                f"{one.cpu_milliseconds:.2f}",
                f"{one.resident_mb:.0f}",
                f"{one.proportional_mb:.0f}",
            )
            for one in costs
        ],
    )


if __name__ == "__main__":
    main()
