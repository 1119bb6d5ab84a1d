"""A day of polls in minutes: two services on one stream, one of which is killed each hour.

    .venv/bin/python -m bench.soak [--minutes 12] [--json FILE]

Both are the real command, with databases and receivers of their own. One lives through the whole
day: what it holds must stay flat. The other gets 24 times `kill -9`, half of them while it has
something to tell, and is started again. At the end both must have told each topic of each item of
the story, and nothing else; a message may come twice only if it was in hand when its teller was
killed: the last that its destination got in that life, and the first in the next.

Exits with 1, and says why, if that does not hold.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from scipy.stats import theilslopes

from bench.watched import PROGRAM, Held, Watched, held_by, tree_of
from monitor.parsing import pool
from tests.fakes.news import NewsItem, NewsServer, off_topic, on_topic
from tests.fakes.service import SEED
from tests.fakes.web import RecordedRequest, Reply, WebServer

HOURS = 24
FEEDS = 40
TOPICS = 6
# Of items of the story: all that the fake has.
TOLD = 40
# Between two polls of a feed, so that a day of twelve minutes has 360 of each.
POLL_SECONDS = 2
# Items that are not on the topic, of all feeds together: in the first hours as many as the service
# keeps in memory to know what is common, and so many in each hour after them.
EARLY_HOURS, EARLY_CHATTER = 5, 5_000
CHATTER = 100
WINDOW = 30
SAMPLE_SECONDS = 1.0
# What its caches need to fill is no leak: slopes are taken from here on.
WARM_HOURS = 8
# How much more it may hold at the end of the day than after its warm hours.
MOST_GROWTH = 0.05
# SQLite checkpoints at 1,000 pages of 4 kB; a reader in the way may let it grow to a few of those.
MOST_WAL_BYTES = 16_000_000
WORDS = """
harvest orchestra violin museum glacier tunnel bakery festival lantern engine turbine painter reef
lighthouse marathon violinist sculptor beetle comet telescope vaccine dividend merger quarterback
striker goalkeeper recipe vineyard volcano ferry tram bicycle chess poem novel theatre ballet whale
falcon orchard cheese honey satellite robot battery solar wheat copper steel cotton salmon mayor
parliament budget pension strike union nurse teacher pupil exam
"""


class Wire(NewsServer):
    """A news server whose feeds show only their latest items, as those of outlets do."""

    def publish(self, path: str, *items: NewsItem) -> None:
        """Add items to a feed; the oldest fall out."""
        super().publish(path, *items)
        with self._desk:
            shown = self._feeds[path].items
            del shown[:-WINDOW]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One request that a receiver took."""

    destination: str
    id: str
    title: str
    reason: str
    at: float


class Sink:
    """The receivers of one service; each takes its time to answer."""

    def __init__(self, web: WebServer, name: str) -> None:
        self._web = web
        self._name = name
        self.taken: list[Taken] = []

    def receiver(self, topic: str) -> dict[str, Any]:
        """Open the endpoint of one topic, and give its configuration."""
        path = f"/{self._name}/{topic}"

        def answer(request: RecordedRequest) -> Reply:
            payload = json.loads(request.body)
            self.taken.append(
                Taken(
                    destination=topic,
                    id=request.headers["webhook-id"],
                    title=payload["items"][0]["title"],
                    reason=payload["reason"],
                    at=request.at,
                )
            )
            return Reply(body=b"ok", delay=random.random() * 0.3)  # noqa: S311 - no secret

        # A day's alerts come within minutes: the bound on an hour's must not fold them.
        return {"to": [{"webhook": {"url": self._web.route(path, answer)}}], "burst": 1000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a service held at some hour of the day."""

    hour: float
    held: Held
    wal_bytes: int
    database_bytes: int


@dataclass(slots=True, kw_only=True)
class Subject:
    """One of the services, and what was seen of it."""

    name: str
    service: Watched
    folder: Path
    sink: Sink
    samples: list[Sample] = field(default_factory=list)
    # `time.monotonic()` of each `kill -9`.
    kills: list[float] = field(default_factory=list)
    ready_seconds: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it, and note how long it took."""
        self.ready_seconds.append(self.service.start())

    def look(self, hour: float) -> None:
        """Take a sample."""
        self.service.listen()
        self.samples.append(
            Sample(
                hour=hour,
                held=held_by(self.service.pid),
                wal_bytes=_size(self.folder / "seedwatch.db-wal"),
                database_bytes=_size(self.folder / "seedwatch.db"),
            )
        )

    def sql(self, statement: str) -> int:
        """Ask its database for a number."""
        where = self.folder / "seedwatch.db"
        with closing(sqlite3.connect(where, timeout=60)) as connection:
            return int(connection.execute(statement).fetchone()[0])


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def chatter(number: int, chance: random.Random) -> NewsItem:
    """Make an item on anything but the story."""
    pattern = off_topic(number % 49)
    words = chance.sample(WORDS.split(), 12)
    return NewsItem(
        name=f"chatter-{number}",
        title=f"{words[0].title()} and {words[1]} after the {words[2]} of {words[3]}, {number}",
        summary=f"{' '.join(words[4:])}. {pattern.summary}",
        published_at=pattern.published_at,
    )


def configure(folder: Path, news: NewsServer, sink: Sink) -> Path:
    """Write the configuration of one service."""
    topics = [f"story-{number}" for number in range(TOPICS)]
    config = {
        "topics": {one: {"seeds": [str(SEED)], "receivers": [one]} for one in topics},
        "feeds": {
            "wires": [
                {"name": path.strip("/"), "url": news.url(path), "every": f"{POLL_SECONDS}s"}
                for path in news.paths
            ]
        },
        "receivers": {one: sink.receiver(one) for one in topics},
        "reports": None,
        "polling": {"per_host": 16, "host_spacing": "0s", "allow_addresses": ["127.0.0.1"]},
        "delivery": {"group_wait": "0s"},
        "store": "sqlite:///seedwatch.db",
        "log": {"level": "info", "format": "json"},
    }
    path = folder / "seedwatch.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


# --------------------------------------------------------------------------------------- the day


def script(chance: random.Random) -> list[tuple[float, str, int]]:
    """Give what happens, in its order: hour of the day, what, and a number."""
    late = CHATTER * (HOURS - EARLY_HOURS)
    times = [chance.uniform(0.1, EARLY_HOURS) for _ in range(EARLY_CHATTER)]
    times += [chance.uniform(EARLY_HOURS, HOURS - 0.3) for _ in range(late)]
    events = [(at, "chatter", number) for number, at in enumerate(times)]
    kills = [hour + chance.uniform(0.55, 0.85) for hour in range(HOURS)]
    events += [(at, "kill", number) for number, at in enumerate(kills)]
    # Every other kill comes upon something to tell: within two polls of it.
    eve = [at - chance.uniform(0.02, 0.15) for at in kills[1::2]]
    calm = [chance.uniform(0.4, HOURS - 0.6) for _ in range(TOLD - len(eve))]
    events += [(at, "tell", one) for one, at in enumerate(eve + calm)]
    # What was told comes again from another outlet later on, word by word: nobody is told of that.
    events += [(at + 0.5, "copy", one) for one, at in enumerate(eve + calm) if at < HOURS - 1]
    return sorted(events)


def day(news: NewsServer, steady: Subject, killed: Subject, hour_seconds: float) -> None:
    """Live through the day."""
    chance = random.Random(6)  # noqa: S311 - the same day each time
    began = time.monotonic()
    looked_at = 0.0

    def until(hour: float) -> None:
        nonlocal looked_at
        while (now := time.monotonic()) < began + hour * hour_seconds:
            if now - looked_at >= SAMPLE_SECONDS:
                looked_at = now
                for one in (steady, killed):
                    one.look((now - began) / hour_seconds)
            time.sleep(min(0.05, max(0.0, began + hour * hour_seconds - now)))

    for at, what, number in script(chance):
        until(at)
        if what == "kill":
            kill(killed)
            print(
                f"hour {at:4.1f}: killed, ready again after {killed.ready_seconds[-1]:.1f} s;"
                f" told {len(steady.sink.taken)} and {len(killed.sink.taken)}",
                file=sys.stderr,
            )
        elif what == "chatter":
            news.publish(f"/wire-{chance.randrange(FEEDS)}", chatter(number, chance))
        else:
            first = (number * 7) % FEEDS
            outlet = first if what == "tell" else (first + 1) % FEEDS
            news.publish(f"/wire-{outlet}", on_topic(number))
    until(HOURS)


def kill(subject: Subject) -> None:
    """Kill it with nothing said, see its children end by themselves, and start it again."""
    children = tree_of(subject.service.pid)[1:]
    subject.kills.append(time.monotonic())
    subject.service.kill()
    subject.start()
    orphans = [pid for pid in children if _is_parser(pid)]
    if orphans:
        raise SystemExit(f"{len(orphans)} processes that parse outlived their service")


def _is_parser(pid: int) -> bool:
    with suppress(OSError):
        return (
            pool.__name__.rpartition(".")[0].encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
        )
    return False


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; say whether it came."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.2)
    return True


# ------------------------------------------------------------------------------------- the verdict


def faults_of_telling(subject: Subject) -> tuple[dict[str, int], list[str]]:
    """Compare what was told with what should be; give totals, and what is wrong."""
    wanted = {
        (f"story-{topic}", on_topic(one).title) for topic in range(TOPICS) for one in range(TOLD)
    }
    by_title: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_destination: dict[str, list[Taken]] = defaultdict(list)
    for one in subject.sink.taken:
        by_title[one.destination, one.title].add(one.id)
        by_destination[one.destination].append(one)
    repeats, unexcused = 0, 0
    for line in by_destination.values():
        for place, one in enumerate(line):
            if one.id in {other.id for other in line[:place]}:
                repeats += 1
                before = line[place - 1]
                was_in_hand = before.id == one.id and any(
                    before.at < kill < one.at for kill in subject.kills
                )
                unexcused += not was_in_hand
    missing = wanted - by_title.keys()
    for topic, title in sorted(missing)[:10]:
        print(f"{subject.name}: {topic} was not told {title!r}", file=sys.stderr)
    lost = len(missing)
    strange = len(by_title.keys() - wanted)
    split = sum(len(ids) > 1 for ids in by_title.values())
    totals = {"alerts": len(wanted), "lost": lost, "repeats": repeats, "kills": len(subject.kills)}
    wrong = {
        "alerts lost": lost,
        "messages that nobody waits for": strange,
        "alerts told under two ids": split,
        "repeats of what was not in hand": unexcused,
    }
    return totals, [f"{subject.name}: {count} {what}" for what, count in wrong.items() if count]


def growth(samples: Sequence[Sample], measure: Callable[[Sample], float]) -> float:
    """Give by what part a measure grows from the warm hours to the end of the day.

    The slope is Theil and Sen's, the median of those of all pairs: a peak does not move it.
    """
    hours = [one.hour for one in samples]
    values = [measure(one) for one in samples]
    # All pairs of some hundreds of samples are enough.
    step = max(1, len(hours) // 500)
    slope = float(theilslopes(values[::step], hours[::step]).slope)
    return slope * (HOURS - WARM_HOURS) / max(median(values), 1.0)


MEASURES: dict[str, Callable[[Sample], float]] = {
    "memory (PSS), MB": lambda one: one.held.pss_bytes / 1e6,
    "memory (RSS), MB": lambda one: one.held.rss_bytes / 1e6,
    "descriptors": lambda one: one.held.descriptors,
    "threads": lambda one: one.held.threads,
    "child processes": lambda one: one.held.children,
    "WAL, MB": lambda one: one.wal_bytes / 1e6,
    "database, MB": lambda one: one.database_bytes / 1e6,
}


def settled(subject: Subject) -> list[Sample]:
    """Give the samples that count: of the warm hours, and of a service that is up.

    One that was just started again has no process yet that parses.
    """
    return [one for one in subject.samples if one.hour >= WARM_HOURS and one.held.children]


def table_of(subject: Subject) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Give least, median, most and growth of each measure, and what is wrong with them."""
    samples = settled(subject)
    found, wrong = {}, []
    for name, measure in MEASURES.items():
        values = [measure(one) for one in samples]
        by = growth(samples, measure)
        found[name] = {
            "least": min(values),
            "median": median(values),
            "most": max(values),
            "growth": by,
        }
        # The database may grow, the WAL is bounded by its size: it is used over and over.
        if name.split(",")[0] not in {"database", "WAL"} and by > MOST_GROWTH:
            wrong.append(f"{subject.name}: {name} grew by {by:.1%} in {HOURS - WARM_HOURS} hours")
    most_wal = max(one.wal_bytes for one in subject.samples)
    if most_wal > MOST_WAL_BYTES:
        wrong.append(f"{subject.name}: the WAL reached {most_wal / 1e6:.1f} MB")
    return found, wrong


def faults_of_ending(subject: Subject) -> list[str]:
    """Let it read and tell what is left, end it in good order, and look at what it leaves."""
    wrong = []
    # On a busy machine the day's last polls come late; what was not read yet is not lost.
    read = "SELECT count(DISTINCT title) FROM items WHERE title LIKE '% for migrants'"
    if not wait_until(lambda: subject.sql(read) == TOLD, 180):
        wrong.append(f"{subject.name}: read {subject.sql(read)} of {TOLD} items of the story")
    if not wait_until(
        lambda: not subject.sql("SELECT count(*) FROM deliveries WHERE settled_at IS NULL"), 60
    ):
        wrong.append(f"{subject.name}: deliveries still wait")
    if (code := subject.service.stop()) != 0:
        wrong.append(f"{subject.name}: ended with {code}")
    if subject.sql("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'") != 1:
        wrong.append(f"{subject.name}: its database is damaged")
    log = subject.service.log.read_text("utf-8")
    broken = ("job_broke", "fetch_broke", "delivery_broke", "outcome_not_stored", "stuck")
    wrong += [f"{subject.name}: {one} in its log" for one in broken if f'"{one}"' in log]
    return wrong


def run(hour_seconds: float, folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Live through the day, and give figures and faults."""
    with ExitStack() as stack:
        news = stack.enter_context(Wire())
        web = stack.enter_context(WebServer())
        for number in range(FEEDS):
            news.open_feed(f"/wire-{number}", "rss" if number % 2 else "atom", off_topic(number))
        subjects = []
        for name in ("steady", "killed"):
            home = folder / name
            home.mkdir()
            sink = Sink(web, name)
            config = configure(home, news, sink)
            command = [str(PROGRAM), "--config", str(config), "run"]
            service = stack.enter_context(Watched(home, command))
            subjects.append(Subject(name=name, service=service, folder=home, sink=sink))
        steady, killed = subjects
        for one in subjects:
            one.start()
        for one in subjects:
            # What a feed has at its first poll is told as a catch-up: that is not what is counted.
            unread = "SELECT count(*) FROM feeds WHERE last_polled_at IS NULL"
            if not wait_until(partial(lambda who, what: not who.sql(what), one, unread), 60):
                raise SystemExit(f"{one.name}: feeds are not read")
        day(news, steady, killed, hour_seconds)
        polls = len(news.requests())
        wrong = [fault for one in subjects for fault in faults_of_ending(one)]
    figures: dict[str, Any] = {"polls": polls, "hour_seconds": hour_seconds}
    for one in subjects:
        totals, untold = faults_of_telling(one)
        held, grown = table_of(one)
        wrong += untold + grown
        figures[one.name] = {
            "told": totals,
            "held": held,
            "ready_seconds": [
                min(one.ready_seconds),
                median(one.ready_seconds),
                max(one.ready_seconds),
            ],
            "items": one.sql("SELECT count(*) FROM items"),
        }
    return figures, wrong


def show(figures: dict[str, Any]) -> None:
    """Print the figures as tables of the README."""
    print(f"{HOURS} hours of {figures['hour_seconds']:g} s, {figures['polls']} polls")
    for name in ("steady", "killed"):
        one = figures[name]
        told = ", ".join(f"{what} {count}" for what, count in one["told"].items())
        least, usual, most = one["ready_seconds"]
        print(f"\n{name}: {told}; {one['items']} items;", end=" ")
        print(f"ready in {least:.1f} / {usual:.1f} / {most:.1f} s\n")
        print(f"| {name} | least | median | most | growth, {HOURS - WARM_HOURS} h |")
        print("| --- | --- | --- | --- | --- |")
        for what, value in one["held"].items():
            print(
                f"| {what} | {value['least']:.1f} | {value['median']:.1f} |"
                f" {value['most']:.1f} | {value['growth']:+.1%} |"
            )


def main() -> None:
    """Run the soak from the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=12.0, help="how long the day takes")
    parser.add_argument("--keep", type=Path, help="work in this folder, and keep it")
    parser.add_argument("--json", type=Path, help="write figures and samples here")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="soak-") as made:
        folder = wanted.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        figures, wrong = run(wanted.minutes * 60 / HOURS, folder)
    show(figures)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=1), encoding="utf-8")
    for one in wrong:
        print(f"WRONG {one}", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
