"""The law of telling: each story is told first once to each receiver, whatever is interleaved.

The whole app as it is wired, on a clock of the test's; only the other side is made up. It decides
at each message whether it takes it, refuses it for now, takes it without an answer, or whether we
die before or after it took it.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy import event as sql_event

from monitor.app import App, open_database, wire
from monitor.config import load
from monitor.daemon import Daemon
from monitor.errors import DeliveryError
from monitor.records import Message, Reason, Sent
from monitor.rules import destinations_of
from monitor.start import start_up
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW, SECOND
from tests.fakes.news import NewsItem, off_topic, on_topic, rss
from tests.fakes.reading import read

pytestmark = pytest.mark.xdist_group("english")

SEED = Path(__file__).parents[1] / "seeds" / "2021-11-08-poland-belarus-border.txt"
FEEDS = ("wire", "east")
# What a message list shows at most, and more: no title of a digest is cut.
MOST_STORIES = 14
# Receivers differ in when they want to be told, and a reload changes who wants what.
AT_ONCE: dict[str, Any] = {"group_wait": "0s"}
COMPANIONS: dict[str, Any] = {"group_wait": "10m"}
HOURLY: dict[str, Any] = {"digest": {"every": "1h"}}
TWICE: dict[str, Any] = {"digest": {"at": ["08:00", "17:00"]}, "zone": "Europe/Warsaw"}
QUIET: dict[str, Any] = {"quiet": "16:00-07:00", "zone": "Europe/Vilnius"}
FEW: dict[str, Any] = {"burst": 2, "group_wait": "0s"}
RECEIVERS = ("a", "b", "c", "d")
CONFIGURATIONS: tuple[tuple[dict[str, Any], ...], ...] = (
    (AT_ONCE, COMPANIONS, HOURLY, QUIET),
    (FEW, TWICE, AT_ONCE, COMPANIONS),
    (HOURLY, QUIET | FEW, COMPANIONS, AT_ONCE),
)
FATES = st.sampled_from(
    ["takes", "takes", "takes", "takes", "is down", "is silent", "we die", "we die after"]
)
STEPS = st.one_of(
    st.tuples(st.just("publish"), st.sampled_from(FEEDS), st.integers(1, 3)),
    st.tuples(st.just("copy"), st.sampled_from(FEEDS)),
    st.tuples(st.just("poll_and_die"), st.sampled_from(FEEDS)),
    st.tuples(st.just("deliver"), st.lists(FATES, max_size=6)),
    st.tuples(st.just("deliver"), st.lists(FATES, max_size=6)),
    st.tuples(st.just("restart")),
    st.tuples(st.just("reload"), st.integers(0, len(CONFIGURATIONS) - 1)),
    st.tuples(st.just("silence"), st.sampled_from(RECEIVERS), st.sampled_from([MINUTE, 5 * HOUR])),
    st.tuples(st.just("go_on"), st.sampled_from([SECOND, MINUTE, 11 * MINUTE, HOUR, 6 * HOUR])),
)


class Death(BaseException):
    """The process ends here."""


class AtOnce(Executor):
    """Runs what it is given in the caller's thread."""

    def submit(self, call: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run it; a death goes on to the caller."""
        future: Future[Any] = Future()
        future.set_result(call(*args, **kwargs))
        return future


@dataclass(slots=True)
class Other:
    """The other side of all destinations: takes messages by a list of fates, then all."""

    fates: list[str] = field(default_factory=list)
    # (destination, id) -> what it said, the first time and each time after.
    said: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    # Those that have been answered: they must not come again.
    answered: set[tuple[str, str]] = field(default_factory=set)
    repeats: int = 0

    def take(self, destination: str, message: Message) -> Sent:
        """Take a message, or not."""
        fate = self.fates.pop(0) if self.fates else "takes"
        if fate == "we die":
            raise Death
        if fate == "is down":
            raise DeliveryError("503", permanent=False)
        name = (destination, message.id)
        titles = tuple(item["title"] for item in message.payload["items"])
        assert name not in self.answered, "sent again although it was answered"
        self.repeats += name in self.said
        assert self.said.setdefault(name, titles) == titles, "not the same message"
        if fate == "we die after":
            raise Death
        if fate == "is silent":
            raise DeliveryError("no answer", permanent=False, unsure=True)
        self.answered.add(name)
        return Sent(answer="ok")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The notifier of one destination."""

    destination: str
    other: Other

    def send(self, message: Message) -> Sent:
        """Hand it over."""
        return self.other.take(self.destination, message)


class World:
    """A service that dies and comes back, its feeds, and the other side."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "seedwatch.yaml"
        self.now: datetime = NOW
        self.other = Other()
        self.held: dict[str, list[NewsItem]] = {name: [] for name in FEEDS}
        self.stories = 0
        # Title -> the receivers that must hear of it.
        self.due: dict[str, set[str]] = {}
        self.silences: list[tuple[str, datetime]] = []
        self.will_die = False
        self.write(0)
        self.app = self.start()
        for name in FEEDS:
            self.poll(name)

    # -- the service

    def write(self, which: int) -> None:
        """Write a configuration."""
        schedules = zip(RECEIVERS, CONFIGURATIONS[which], strict=True)
        # One kind that people read, whose deep mailbox becomes a digest.
        kinds: Mapping[str, dict[str, Any]] = defaultdict(
            lambda: {"webhook": {"url": "https://a.example/hook"}},
            b={"slack": {"webhook_url": "https://slack.example/b"}},
        )
        config = {
            "topics": {"border": {"seeds": [str(SEED)], "receivers": list(RECEIVERS)}},
            "feeds": {"all": [{"url": _url(name), "name": name} for name in FEEDS]},
            "receivers": {name: {"to": [kinds[name]], **one} for name, one in schedules},
            "delivery": {"give_up_after": "30d"},
            "store": f"sqlite:///{self.path.parent / 'seedwatch.db'}",
        }
        self.path.write_text(json.dumps(config), encoding="utf-8")

    def start(self) -> App:
        """Start it, as the daemon does."""
        read_from_file = load(self.path, {})
        engine = open_database(read_from_file)
        sql_event.listen(engine, "checkout", _do_not_wait_for_the_disk)
        sql_event.listen(engine, "before_cursor_execute", self.on_statement)
        app = wire(read_from_file, engine, clock=lambda: self.now)
        app.store.release(self.now)
        start_up(app)
        return self.rewired(app)

    def rewired(self, app: App) -> App:
        """Give the same app with the made-up other side."""
        ways = {
            one.name: Way(destination=one.name, other=self.other)
            for one in destinations_of(app.settings)
        }
        return replace(app, deliver=app.deliver.with_notifiers(ways))

    def on_statement(self, _connection: Connection, _cursor: Any, said: str, *_: Any) -> None:
        """Die in a poll's transaction, when most of it is written."""
        if self.will_die and said.startswith("UPDATE feeds"):
            self.will_die = False
            raise Death

    def restart(self) -> None:
        """Die, and start again."""
        self.will_die = False
        self.app.close()
        self.app = self.start()

    def poll(self, name: str) -> None:
        """Poll a feed."""
        (feed,) = [one for one in self.app.store.feeds() if one.name == name]
        document = made.document(rss(_url(name), name, self.held[name]), fetched_at=self.now)
        self.app.ingest.take(feed, read(feed, document))

    # -- steps

    def on_publish(self, name: str, count: int) -> None:
        """Let a feed bring some new stories, and something else."""
        for _ in range(min(count, MOST_STORIES - self.stories)):
            item = replace(on_topic(self.stories), published_at=self.now)
            self.held[name] += [item, replace(off_topic(self.stories), published_at=self.now)]
            self.stories += 1
        self.on_poll(name)

    def on_copy(self, name: str) -> None:
        """Let a feed bring what another has brought."""
        known = {one.name for one in self.held[name]}
        self.held[name] += [
            one for feed in FEEDS for one in self.held[feed] if one.name not in known
        ][:1]
        self.on_poll(name)

    def on_poll(self, name: str) -> None:
        """Poll, and note who is to hear of what is new."""
        self.poll(name)
        silenced = {receiver for receiver, until in self.silences if until > self.now}
        for item in self.held[name]:
            if item.name.startswith("border"):
                self.due.setdefault(item.title, set(RECEIVERS) - silenced)

    def on_poll_and_die(self, name: str) -> None:
        """Die over a poll, before its commit."""
        if self.stories < MOST_STORIES:
            self.held[name].append(replace(on_topic(self.stories), published_at=self.now))
            self.stories += 1
        self.will_die = True
        with pytest.raises(Death):
            self.poll(name)
        self.restart()
        self.on_poll(name)

    def on_deliver(self, fates: list[str]) -> None:
        """Let what is due be sent, until the fates are used up."""
        self.other.fates = list(fates)
        try:
            self.app.deliver.deliver_due(AtOnce(), 8)
        except Death:
            self.restart()
        self.other.fates = []

    def on_restart(self) -> None:
        """Die between two steps."""
        self.restart()

    def on_reload(self, which: int) -> None:
        """Take over another configuration."""
        self.write(which)
        daemon = Daemon(self.app, lambda: load(self.path, {}))
        daemon.reload()
        self.app = self.rewired(daemon._app)

    def on_silence(self, receiver: str, span: timedelta) -> None:
        """Let a receiver ask for silence, never all of them."""
        open_to = set(RECEIVERS) - {one for one, until in self.silences if until > self.now}
        if len(open_to - {receiver}) > 0:
            until = self.now + span
            made_of = made.silence(
                receiver=receiver, id=f"s{len(self.silences)}", created_at=self.now, until=until
            )
            self.app.silences.add(made_of)
            self.silences.append((receiver, until))

    def on_go_on(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    # -- the end

    def finish(self) -> None:
        """Let all be well for some days, and look at what was told."""
        for name in FEEDS:
            self.on_poll(name)
        for _ in range(40):
            self.on_deliver([])
            self.now += 3 * HOUR
            if not any(one.waiting or one.later for one in self.app.mailboxes.report(self.now)):
                break
        else:
            raise AssertionError("something is never sent")
        told: Counter[tuple[str, str]] = Counter()
        for (destination, _), titles in self.other.said.items():
            told.update((destination.partition("/")[0], title) for title in titles)
        wanted = {(receiver, title) for title, whom in self.due.items() for receiver in whom}
        assert told == Counter(wanted)
        assert all(name in self.other.answered for name in self.other.said)
        first = [
            one
            for one in self.app.mailboxes.deliveries(limit=1_000)
            if one.alert.reason is Reason.FIRST_STORY
        ]
        assert len(first) == len(wanted)


def _do_not_wait_for_the_disk(connection: Any, *_: Any) -> None:
    # Who dies here is no machine.
    connection.execute("PRAGMA synchronous = OFF")


def _url(name: str) -> str:
    return f"https://{name}.example/rss"


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a database whose feeds have had their baseline."""
    folder = tmp_path_factory.mktemp("fresh")
    World(folder).app.close()
    return folder


@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=4, max_size=24))
def test_each_story_is_told_first_once_to_each_receiver(
    fresh: Path, tmp_path: Path, steps: list[Any]
) -> None:
    """However polls, deaths, reloads, silences and deliveries interleave, each story comes once.

    To each receiver that was not silent then, by its own schedule, alone or with others; a message
    that comes again was not answered before, and has the same id and the same content.
    """
    folder = tmp_path / "world"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(fresh, folder)
    world = World(folder)
    try:
        for name, *arguments in steps:
            getattr(world, f"on_{name}")(*arguments)
        world.finish()
    finally:
        world.app.close()
    event(f"repeats: {min(world.other.repeats, 3)}")
