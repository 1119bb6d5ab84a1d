"""What a poll means for its feed: what is learned of its pace, and when it is polled next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.feeds.pace import Bounds
from monitor.feeds.pacer import Pacer
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.records import Batch, Document, Feed, FeedSpec, FetchFailure, Lessons, NotModified
from monitor.store import Store, migrate, open_engine
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW
from tests.fakes.reading import read

BOUNDS = Bounds(least=5 * MINUTE, most=6 * HOUR)


class World:
    """Feeds on a store, polled when a test says."""

    def __init__(self, store: Store, *specs: FeedSpec) -> None:
        self.store = store
        self.store.sync_feeds(specs, NOW)
        self.now = NOW
        self._restart()

    def _restart(self) -> None:
        pacer = Pacer(15 * MINUTE, BOUNDS)
        pacer.fill(self.store.demands(), self.store.floors())
        watch = Watch(topics=(), destinations={}, at_least_every=6 * HOUR)
        tracker = Tracker((), Lessons(states={}))
        self.ingest = Ingest(self.store, tracker, watch, pacer, chance=lambda: 0.5)

    def restart(self) -> None:
        """Forget all but what is stored."""
        self._restart()

    def feed(self, name: str) -> Feed:
        """Give a feed as it is stored."""
        (found,) = [feed for feed in self.store.feeds() if feed.name == name]
        return found

    def brings(self, name: str, *items: str, said: str = "", **headers: Any) -> timedelta:
        """Poll a feed that lists these items; give the time to its next poll."""
        entries = "".join(
            f"<item><guid>{one}</guid><title>About {one}</title></item>" for one in items
        )
        body = (
            f"<rss version='2.0'><channel><title>F</title>{said}{entries}</channel></rss>".encode()
        )
        document = Document(url="https://a.example/", body=body, fetched_at=self.now, **headers)
        return self._due_in(name, document)

    def brings_nothing(self, name: str) -> timedelta:
        """Poll a feed that says that nothing changed; give the time to its next poll."""
        return self._due_in(name, NotModified(fetched_at=self.now))

    def fails(self, name: str) -> timedelta:
        """Poll a feed that fails; give the time to its next try."""
        return self._due_in(name, FetchFailure(cause="HTTP 500", fetched_at=self.now))

    def _due_in(self, name: str, result: Document | NotModified | FetchFailure) -> timedelta:
        feed = self.feed(name)
        self.ingest.take(feed, read(feed, result))
        return self.feed(name).due_at - self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Give a store on a fresh database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    migrate(engine)
    yield Store(engine)
    engine.dispose()


def names(first: int, last: int) -> list[str]:
    """Give items by number, the newest first."""
    return [f"n{number}" for number in range(last, first - 1, -1)]


def play(world: World, days: int) -> None:
    """Let a busy feed bring an item an hour, and a quiet one nothing, for some days."""
    world.brings("Busy", *names(0, 29))
    world.brings("Quiet", *names(0, 9))
    for hour in range(1, 24 * days + 1):
        world.now = NOW + hour * HOUR
        world.brings("Busy", *names(hour, hour + 29))
        world.brings_nothing("Quiet")


def test_busy_feeds_come_to_be_polled_sooner(store: Store) -> None:
    """What feeds bring decides how the polls are shared, and that is known after a restart."""
    world = World(store, made.spec("Busy"), made.spec("Quiet"))
    assert world.brings_nothing("Busy") / MINUTE == pytest.approx(15, rel=1e-3)
    play(world, 7)
    waits = {name: world.feed(name).due_at - world.now for name in ("Busy", "Quiet")}
    assert waits["Busy"] < 12 * MINUTE < 20 * MINUTE < waits["Quiet"]
    world.restart()
    world.now += MINUTE
    again = world.brings("Busy", *names(24 * 7, 24 * 7 + 29))
    assert again / waits["Busy"] == pytest.approx(1, rel=0.05)


def test_a_failure_is_tried_again_at_the_pace_of_its_feed(store: Store) -> None:
    """The patience with a feed that fails starts from the interval that was learned."""
    world = World(store, made.spec("Busy"), made.spec("Quiet"))
    play(world, 7)
    learned = world.feed("Quiet").pace
    world.now += MINUTE
    assert world.fails("Quiet") > 20 * MINUTE
    assert world.feed("Quiet").pace == learned


def test_the_same_document_again_teaches_that_nothing_came(store: Store) -> None:
    """A body that was parsed before counts as time without items."""
    world = World(store, made.spec("Busy"))
    world.brings("Busy", *names(0, 9))
    world.now += 6 * HOUR
    world.brings("Busy", *names(0, 9))
    pace = world.feed("Busy").pace
    assert pace is not None
    assert (pace.items, pace.days, pace.lost) == (0.0, 0.25, 0)


def test_what_may_be_lost_is_noticed(store: Store) -> None:
    """A feed that replaced its whole document between two polls is polled sooner, and counted."""
    world = World(store, made.spec("Busy", every=HOUR), made.spec("Quiet"))
    world.brings("Busy", *names(0, 9))
    world.now += 9 * MINUTE
    assert world.brings("Busy", *names(20, 29)) / MINUTE == pytest.approx(6)
    pace = world.feed("Busy").pace
    assert pace is not None
    assert (pace.lost, pace.lost_at) == (1, world.now)


def test_an_interval_of_its_own_is_kept(store: Store) -> None:
    """A feed that names its interval is polled at that, whatever it brings."""
    world = World(
        store, made.spec("Own", every=2 * HOUR, has_own_interval=True), made.spec("Other")
    )
    world.brings("Own", *names(0, 9))
    world.now += 2 * HOUR
    assert world.brings("Own", *names(5, 14)) == 2 * HOUR


def test_a_floor_holds_what_was_learned(store: Store) -> None:
    """A busy feed waits as its server asks, says so, and leaves its polls to the others."""
    world = World(store, made.spec("Busy"), made.spec("Other"))
    play_alone = world.brings_nothing("Other") / MINUTE
    world.brings("Busy", *names(0, 29))
    world.now += HOUR
    busy = world.brings("Busy", *names(1, 30), said="<ttl>120</ttl>")
    assert 2 * HOUR <= busy <= 2.1 * HOUR
    pace = world.feed("Busy").pace
    assert pace is not None
    assert (pace.floor, pace.is_held) == (2 * HOUR, True)
    assert pace.interval is not None
    assert pace.interval < 20 * MINUTE
    # Two feeds have 192 polls a day; one of them takes twelve.
    world.restart()
    assert DAY / world.brings_nothing("Other") == pytest.approx(192 - 12, rel=0.02)
    assert play_alone == pytest.approx(15, rel=1e-3)
    # A document that says nothing of it takes it back.
    world.now += 2 * HOUR
    assert world.brings("Busy", *names(1, 30)) < 20 * MINUTE
    pace = world.feed("Busy").pace
    assert pace is not None
    assert (pace.floor, pace.is_held) == (None, False)


def test_a_floor_outlasts_a_document_that_did_not_change(store: Store) -> None:
    """What a document asked for counts on while it stays as it is."""
    world = World(store, made.spec("A"))
    world.brings("A", *names(0, 9), said="<ttl>120</ttl>")
    world.now += 2 * HOUR
    assert world.brings_nothing("A") >= 2 * HOUR


def test_a_persons_interval_is_kept_from_a_document_but_not_from_a_server(store: Store) -> None:
    """A feed's own `every` goes before its `ttl`, and not before its `Cache-Control`."""
    world = World(store, made.spec("Own", every=30 * MINUTE, has_own_interval=True))
    assert world.brings("Own", *names(0, 9), said="<ttl>120</ttl>") == 30 * MINUTE
    world.now += HOUR
    later = world.brings("Own", *names(1, 10), said="<ttl>240</ttl>", fresh_for=2 * HOUR)
    assert 2 * HOUR <= later <= 2.1 * HOUR


def test_no_floor_is_longer_than_the_longest(store: Store) -> None:
    """Whatever is asked for, the wait and the share go by `at_least_every`."""
    world = World(store, made.spec("A"), made.spec("B"))
    assert world.brings("A", *names(0, 9), fresh_for=7 * DAY) == 6 * HOUR
    assert store.floors() == {1: 6 * HOUR}


def test_a_part_is_no_sign_of_a_loss(store: Store) -> None:
    """A part (226), which lists nothing but news, counts them and says nothing of lost ones."""
    world = World(store, made.spec("A"))
    world.brings("A", *names(0, 9))
    world.now += HOUR
    world.brings("A", *names(10, 19), is_partial=True)
    pace = world.feed("A").pace
    assert pace is not None
    assert (pace.items, pace.lost, pace.strange, pace.turnover) == (10.0, 0, 0, None)


def test_a_database_of_the_first_version_learns_from_now(store: Store) -> None:
    """A feed whose items were stored before paces were learned starts as a new one does."""
    world = World(store, made.spec("Old"))
    world.store.commit(made_before(world.feed("Old").id, NOW - DAY))
    assert world.brings("Old", *names(0, 9)) / MINUTE == pytest.approx(15, rel=1e-3)
    pace = world.feed("Old").pace
    assert pace is not None
    assert (pace.items, pace.observed_at) == (0.0, NOW)


def made_before(feed_id: int, when: datetime) -> Batch:
    """Give a poll as the first version stored it."""
    return Batch(poll=made.poll(feed_id, polled_at=when, baseline_at=when))
