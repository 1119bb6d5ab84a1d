"""How long a start takes until READY, and what the service holds at rest: 10 topics, 1,000 feeds.

    .venv/bin/python -m bench.startup [--feeds 1000] [--starts 3]

The rival, in the same run and on the same server, is the usual script (bench/startup_rival.py):
feedparser, requests, scikit-learn and APScheduler in one process, without a database. Starts take
turns, so that what else the machine does falls on both. At rest is: each feed was polled once, all
is judged, and nothing is due.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from statistics import median

from bench.soak import chatter
from bench.watched import PROGRAM, Held, Watched, held_by
from monitor.demo.stream import read_stream
from tests.fakes.news import NewsServer
from tests.fakes.service import SEED

TOPICS = 10
ITEMS = 10
SENTENCES = 24
REST_SECONDS = 5.0
MEGABYTE = 1e6


def write_seeds(folder: Path) -> list[Path]:
    """Write a seed for each topic: the shipped article, and nine of the demo's sentences."""
    texts = [SEED.read_text("utf-8")]
    items = read_stream().items
    for number in range(1, TOPICS):
        some = items[number::TOPICS][:SENTENCES]
        texts.append("\n\n".join(f"{one.title}. {one.summary}" for one in some))
    found = []
    for number, text in enumerate(texts):
        found.append(folder / f"seed-{number}.txt")
        found[-1].write_text(text, encoding="utf-8")
    return found


def write_config(folder: Path, urls: list[str], seeds: list[Path]) -> Path:
    """Write the configuration of ours."""
    config = {
        "topics": {
            f"story-{number}": {"seeds": [str(seed)], "receivers": ["desk"]}
            for number, seed in enumerate(seeds)
        },
        "feeds": {
            "wires": [{"name": f"wire {number}", "url": url} for number, url in enumerate(urls)]
        },
        "receivers": {"desk": [{"file": {"jsonl": "alerts.jsonl"}}]},
        "polling": {
            # All feeds are on one host, and feeds of a host are spread over the interval.
            "every": "1m",
            "at_least_every": "1m",
            "per_host": 16,
            "host_spacing": "0s",
            "allow_addresses": ["127.0.0.1"],
        },
        "store": "sqlite:///seedwatch.db",
        "log": {"level": "info", "format": "json"},
    }
    path = folder / "seedwatch.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


def is_read(database: Path) -> bool:
    """Say whether ours has polled each feed, and told what there was to tell."""
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        unread = connection.execute("SELECT count(*) FROM feeds WHERE last_polled_at IS NULL")
        waiting = connection.execute("SELECT count(*) FROM deliveries WHERE settled_at IS NULL")
        return unread.fetchone() == (0,) and waiting.fetchone() == (0,)


def rested(service: Watched, condition: Callable[[], bool]) -> Held:
    """Wait until there is nothing to do, and measure what is held then."""
    give_up_at = time.monotonic() + 900
    while not condition():
        if time.monotonic() > give_up_at:
            raise SystemExit("the feeds are not read in time")
        service.listen()
        time.sleep(0.5)
    time.sleep(REST_SECONDS)
    return held_by(service.pid)


def measure(feeds: int, starts: int, folder: Path) -> dict[str, list[tuple[float, Held]]]:
    """Start both in turns, and give for each start the time until READY and what is held."""
    chance = random.Random(10)  # noqa: S311 - the same items each time
    found: dict[str, list[tuple[float, Held]]] = {"ours": [], "rival": []}
    with ExitStack() as stack:
        news = stack.enter_context(NewsServer())
        urls = [
            news.open_feed(
                f"/wire-{number}",
                ("rss", "atom")[number % 2],
                *(chatter(number * ITEMS + one, chance) for one in range(ITEMS)),
            )
            for number in range(feeds)
        ]
        seeds = write_seeds(folder)
        homes = {name: folder / name for name in found}
        for home in homes.values():
            home.mkdir()
        config = write_config(homes["ours"], urls, seeds)
        plain = homes["rival"] / "feeds.json"
        plain.write_text(json.dumps({"feeds": urls, "seeds": list(map(str, seeds))}), "utf-8")
        rival = [sys.executable, str(Path(__file__).with_name("startup_rival.py")), str(plain)]
        commands = {"ours": [str(PROGRAM), "--config", str(config), "run"], "rival": rival}
        marks = {
            "ours": lambda: is_read(homes["ours"] / "seedwatch.db"),
            "rival": (homes["rival"] / "rested").exists,
        }
        services = {
            name: stack.enter_context(Watched(homes[name], command))
            for name, command in commands.items()
        }
        for number in range(starts):
            for name, service in services.items():
                (homes["rival"] / "rested").unlink(missing_ok=True)
                ready = service.start()
                print(f"start {number + 1} of {name}: {ready:.1f} s", file=sys.stderr, flush=True)
                found[name].append((ready, rested(service, marks[name])))
                service.kill()
    return found


def show(found: dict[str, list[tuple[float, Held]]], feeds: int) -> None:
    """Print the table of the README."""
    print(f"{TOPICS} topics, {feeds} feeds of {ITEMS} items\n")
    print("| | READY, first | READY, again | PSS at rest, MB | RSS, MB | processes | threads |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, starts in found.items():
        again = [ready for ready, _ in starts[1:]] or [starts[0][0]]
        first, last = starts[0][1], starts[-1][1]
        print(
            f"| {name} | {starts[0][0]:.2f} s | {median(again):.2f} s |"
            f" {last.pss_bytes / MEGABYTE:.0f} (first start {first.pss_bytes / MEGABYTE:.0f}) |"
            f" {last.rss_bytes / MEGABYTE:.0f} | {last.children + 1} | {last.threads} |"
        )


def main() -> None:
    """Run the bench from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feeds", type=int, default=1000)
    parser.add_argument("--starts", type=int, default=3, help="of each, in turns")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        show(measure(wanted.feeds, wanted.starts, Path(folder)), wanted.feeds)


if __name__ == "__main__":
    main()
