"""Which feeds are fetched when, and what becomes of what they bring."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from monitor.errors import StoreError
from monitor.feeds.schedule import after_failure, after_success
from monitor.feeds.turns import TurnRules, due_of
from monitor.poll import IN_A_ROW, MOST_DUE, REST, Poller
from monitor.reading import Reading, ReadResult
from monitor.records import (
    AliasFault,
    Batch,
    Feed,
    FeedSpec,
    FetchFailure,
    NotModified,
    Trust,
)
from monitor.store import Store, migrate, open_engine
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND


class Bench(Executor):
    """Keeps the work that is handed over until it is told to do it."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []
        # How much was handed over so far.
        self.handed = 0
        self.is_closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Keep it."""
        if self.is_closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        self.handed += 1
        self._waiting.append(lambda: fn(*args, **kwargs))
        return Future()

    def work(self, most: int = 1_000) -> int:
        """Do what waits, the oldest first; give how much that was."""
        now, self._waiting = self._waiting[:most], self._waiting[most:]
        for one in now:
            one()
        return len(now)


class World:
    """Feeds that answer as a test says, a store, and a poller between them."""

    def __init__(
        self,
        engine: Engine,
        *specs: FeedSpec,
        workers: int = 8,
        per_host: int = 8,
        host_spacing: timedelta = timedelta(0),
    ) -> None:
        self.store = Store(engine)
        self.store.sync_feeds(specs, NOW)
        self.bench = Bench()
        self.fetched: list[str] = []
        self.taken: list[str] = []
        # How many had been handed to the bench when each of them was taken.
        self.handed: list[int] = []
        self.results: dict[str, ReadResult] = {}
        # Feed name -> what fetching or taking it raises.
        self.fetch_faults: dict[str, Exception] = {}
        self.take_faults: dict[str, Exception] = {}
        self.rules = TurnRules(workers=workers, per_host=per_host, host_spacing=host_spacing)
        self.poller = Poller(self.store, self.fetch, self.take, self.rules, self.bench)
        self.now = NOW

    def reload(self, *specs: FeedSpec) -> None:
        """Have another poller go on with other feeds."""
        self.store.sync_feeds(specs, self.now)
        before, self.poller = (
            self.poller,
            Poller(self.store, self.fetch, self.take, self.rules, self.bench),
        )
        self.poller.follow(before)

    def fetch(self, feed: Feed) -> ReadResult:
        """Bring what the test says."""
        self.fetched.append(feed.name)
        if feed.name in self.fetch_faults:
            raise self.fetch_faults[feed.name]
        return self.results.get(feed.name, NotModified(fetched_at=self.now))

    def take(self, feed: Feed, result: ReadResult) -> Batch:
        """Store what a poll means for its feed."""
        if feed.name in self.take_faults:
            raise self.take_faults[feed.name]
        self.taken.append(feed.name)
        self.handed.append(self.bench.handed)
        if isinstance(result, FetchFailure):
            poll = after_failure(feed, result, chance=0.5, at_least_every=6 * HOUR)
        else:
            answer = result.document if isinstance(result, Reading) else result
            poll = after_success(feed, answer, chance=0.5, body_hash=None, at_least_every=6 * HOUR)
        batch = Batch(poll=poll)
        self.store.commit(batch)
        return batch

    def tick(self) -> int:
        """Let the poller judge what has come and start what is due."""
        return self.poller.tick(self.now, until=time.monotonic() + 60)

    def round(self) -> list[str]:
        """Tick, and let all that was started be fetched; give the names of that."""
        before = len(self.fetched)
        self.tick()
        self.bench.work()
        return self.fetched[before:]

    def feed(self, name: str) -> Feed:
        """Give a feed as it is stored."""
        (found,) = [feed for feed in self.store.feeds() if feed.name == name]
        return found


Make = Callable[..., World]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Make]:
    """Give a world on a fresh database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    migrate(engine)
    yield lambda *specs, **rules: World(engine, *specs, **rules)
    engine.dispose()


def at(host: str, count: int) -> list[FeedSpec]:
    """Return some feeds of one host."""
    return [
        made.spec(f"{host}{number}", url=f"https://{host}.example/{number}")
        for number in range(count)
    ]


LRT, BBC, DW = (made.spec(name) for name in ("LRT", "BBC", "DW"))


def test_a_due_feed_is_polled_and_then_rests(world: Make) -> None:
    """A feed is fetched when it is due, judged, and left alone until it is due again."""
    here = world(LRT)
    assert here.round() == ["LRT"]
    assert here.round() == []
    assert here.taken == ["LRT"]
    here.now += 15 * MINUTE - SECOND
    assert here.round() == []
    here.now += SECOND
    assert here.round() == ["LRT"]


def test_a_feed_under_way_is_not_fetched_twice(world: Make) -> None:
    """However long a fetch takes, its feed is not asked again meanwhile."""
    here = world(LRT)
    for _ in range(3):
        here.tick()
        here.now += DAY
    assert here.bench.work() == 1
    assert here.tick() == 1


def test_no_more_than_the_workers(world: Make) -> None:
    """At most as many feeds are under way as there are workers, and each has its turn."""
    here = world(*(made.spec(name) for name in "ABCDE"), workers=2)
    turns = [here.round() for _ in range(4)]
    assert turns == [["A", "B"], ["C", "D"], ["E"], []]


def test_one_that_ends_makes_room_for_one(world: Make) -> None:
    """The place of a fetch that ended goes to the next feed at once."""
    here = world(*(made.spec(name) for name in "ABC"), workers=2)
    here.tick()
    here.bench.work(1)
    assert here.tick() == 1
    assert here.bench.work() == 2
    assert here.fetched == ["A", "B", "C"]


def test_no_host_is_crowded(world: Make) -> None:
    """A host that has many feeds is asked for few at a time, and others do not wait for it."""
    here = world(*at("big", 5), BBC, workers=4, per_host=2)
    assert here.round() == ["big0", "big1", "BBC"]
    assert here.round() == ["big2", "big3"]
    assert here.round() == ["big4"]


def test_work_is_found_behind_a_busy_host(world: Make) -> None:
    """Hundreds of due feeds of one host do not hide a feed of another."""
    here = world(*at("big", 300), BBC, per_host=1)
    assert here.round() == ["big0", "BBC"]


def test_thousands_of_a_host_hide_no_other(world: Make) -> None:
    """Also where more are due than a tick looks at, those of other hosts are found."""
    here = world(*at("big", MOST_DUE + 100), BBC, per_host=1, host_spacing=5 * SECOND)
    assert here.round() == ["big0", "BBC"]
    here.now += 5 * SECOND
    assert here.round() == ["big1"]


def test_a_tick_reads_what_it_starts(world: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many feeds are due, only those that are started now are read whole."""
    here = world(*(made.spec(f"F{number}") for number in range(50)), workers=3)
    read: list[int] = []
    whole = here.store.feeds_of

    def feeds_of(ids: Sequence[int]) -> list[Feed]:
        read.extend(ids)
        return whole(ids)

    monkeypatch.setattr(here.store, "feeds_of", feeds_of)
    assert here.round() == ["F0", "F1", "F2"]
    assert read == [1, 2, 3]


def test_a_doubted_move_has_its_turn_with_its_own_host(world: Make) -> None:
    """Of a feed whose new place fails, the queue knows the host that is asked next."""
    here = world(LRT)
    moved = made.poll(moved_to="https://new.example/2", host="new.example", due_at=NOW)
    here.store.commit(Batch(poll=moved))
    hosts = []
    for result in [made.failure("HTTP 500")] * 5 + [NotModified(fetched_at=NOW)]:
        (due,) = here.store.due(here.now, 9)
        assert due == due_of(here.feed("LRT"))
        hosts.append(due.host)
        here.results["LRT"] = replace(result, fetched_at=here.now)
        here.round()
        here.tick()
        here.now += DAY
    new, old = "new.example", "lrt.example"
    assert hosts == [new, new, new, old, new, old]
    assert here.store.due(here.now, 9) == [due_of(here.feed("LRT"))]


def test_a_host_has_its_pauses(world: Make) -> None:
    """Between two polls of one host some seconds pass, however soon the first one ends."""
    here = world(*at("big", 3), BBC, host_spacing=5 * SECOND)
    assert here.round() == ["big0", "BBC"]
    here.now += 4 * SECOND
    assert here.round() == []
    here.now += SECOND
    assert here.round() == ["big1"]


def test_a_host_is_one_by_any_port(world: Make) -> None:
    """Scheme, port and letter case do not make another host."""
    urls = ["https://a.example/1", "http://a.example:8080/2", "https://A.EXAMPLE/3"]
    here = world(*(made.spec(url[-1], url=url) for url in urls), per_host=1)
    assert [len(here.round()) for _ in range(4)] == [1, 1, 1, 0]


# ---------------------------------------------------------------------------------------- faults


def test_a_fetch_that_breaks_is_its_feeds_failure(world: Make) -> None:
    """A fault of ours while fetching is told and counts as a failure of that feed, no other."""
    here = world(LRT, BBC)
    here.fetch_faults["LRT"] = ZeroDivisionError("secret detail")
    here.now += 2 * DAY
    with structlog.testing.capture_logs() as logs:
        here.round()
    assert [(one["event"], one["feed"]) for one in logs] == [("fetch_broke", "LRT")]
    assert here.tick() == 2
    broken, well = here.feed("LRT"), here.feed("BBC")
    assert (broken.failures, broken.last_error) == (1, "internal error: ZeroDivisionError")
    assert (broken.last_polled_at, broken.due_at) == (here.now, here.now + 15 * MINUTE)
    assert (well.failures, well.last_ok_at) == (0, here.now)


def disk_full() -> OperationalError:
    """Return what the store raises if it cannot write."""
    return OperationalError("INSERT", {}, Exception("database or disk is full"))


@pytest.mark.parametrize("fault", [disk_full(), ZeroDivisionError("a fault of ours")], ids=repr)
def test_what_cannot_be_stored_is_not_lost(world: Make, fault: Exception) -> None:
    """If a poll cannot be stored, its feed stays due, unmarked, and comes round again."""
    here = world(LRT, BBC)
    before = here.feed("LRT")
    here.take_faults["LRT"] = fault
    here.round()
    with pytest.raises(type(fault)):
        here.tick()
    assert here.feed("LRT") == before
    assert here.tick() == 1
    assert here.taken == ["BBC"]
    here.take_faults.clear()
    here.now += REST
    assert here.round() == ["LRT"]
    assert here.tick() == 1
    assert here.feed("LRT").last_ok_at == here.now


def test_a_server_does_not_pay_for_our_trouble(world: Make) -> None:
    """While nothing can be stored, no feed is fetched again each second."""
    here = world(LRT)
    here.take_faults["LRT"] = disk_full()
    for _ in range(121):
        try:
            here.round()
        except OperationalError:
            here.bench.work()
        here.now += SECOND
    assert here.fetched == ["LRT"] * 2


def test_a_quick_feed_rests_no_longer_than_it_would(world: Make) -> None:
    """A feed of short intervals is asked again after one of them."""
    here = world(replace(LRT, every=5 * SECOND))
    here.take_faults["LRT"] = StoreError("read-only")
    here.round()
    here.tick()
    here.now += 5 * SECOND
    assert here.round() == ["LRT"]


def test_a_refusal_stops_no_other_feed(world: Make) -> None:
    """If one poll is refused, that is told, and the others are judged in the same round."""
    here = world(LRT, BBC, DW)
    here.take_faults["BBC"] = StoreError("the database is read-only")
    here.round()
    with structlog.testing.capture_logs() as logs:
        assert here.tick() == 3
    assert here.taken == ["LRT", "DW"]
    (line,) = [one for one in logs if one["log_level"] == "error"]
    expected = {
        "event": "poll_not_stored",
        "feed": "BBC",
        "cause": "the database is read-only",
        "log_level": "error",
    }
    assert line == expected


def test_a_feed_that_loses_its_guids_is_told_once(world: Make) -> None:
    """When a feed has shown what its guids are worth, one line says so and what stands in."""
    here = world(LRT)
    trust = Trust(guid_strikes=3, guid_fault=AliasFault.CHANGED)
    poll = after_success(
        here.feed("LRT"), made.document(), chance=0.5, body_hash=None, at_least_every=6 * HOUR
    )
    batch = Batch(poll=replace(poll, trust=trust, read_at=NOW))

    def take(_feed: Feed, _result: ReadResult) -> Batch:
        here.store.commit(batch)
        return batch

    here.poller.take = take
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            here.round()
            here.now += HOUR
    assert [one for one in logs if one["event"] == "feed_distrusted"] == [
        {
            "event": "feed_distrusted",
            "feed": "LRT",
            "why": "its guids change: items are known by their address",
            "log_level": "warning",
        }
    ]


def test_workers_that_are_gone_lose_no_feed(world: Make) -> None:
    """A feed that could not be handed over is started when there are workers again."""
    here = world(LRT)
    here.bench.is_closed = True
    with pytest.raises(RuntimeError):
        here.tick()
    here.bench.is_closed = False
    assert here.round() == ["LRT"]


def test_judging_pauses(world: Make) -> None:
    """When its time is up a tick judges no more; the rest is judged by the next one."""
    here = world(LRT, BBC)
    here.round()
    assert here.poller.tick(here.now, until=time.monotonic() - 1) == 0
    assert here.taken == []
    assert here.tick() == 2


def test_workers_do_not_wait_for_what_is_judged(world: Make) -> None:
    """Workers that are free are given work again while much of what has arrived is still unread."""
    here = world(*at("big", 20))
    assert len(here.round()) == 8
    assert here.tick() == 8
    assert here.handed == [8] * IN_A_ROW + [8 + IN_A_ROW] * IN_A_ROW
    assert here.bench.handed == 16


def test_a_tick_takes_what_arrives_meanwhile(world: Make) -> None:
    """What arrives while a tick judges is judged by it, until its time is up."""
    here = world(*at("big", 20))
    here.round()
    take = here.poller.take

    def meanwhile(feed: Feed, result: ReadResult) -> Batch:
        here.bench.work()
        return take(feed, result)

    here.poller.take = meanwhile
    assert here.tick() == 20
    assert here.tick() == 0


def test_it_says_whether_more_is_due(world: Make) -> None:
    """A poller is behind while all workers have work, or more was due than may start at once."""
    here = world(LRT, BBC, DW, workers=2)
    states = [here.poller.is_behind]
    for _ in range(3):
        here.round()
        states.append(here.poller.is_behind)
    # Two start; one is left; none is.
    assert states == [False, True, False, False]
    assert sorted(here.taken) == ["BBC", "DW", "LRT"]


def test_real_workers(tmp_path: Path) -> None:
    """With threads instead of a bench, every feed is polled once, side by side."""
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    migrate(engine)
    here = World(engine, *at("big", 20), workers=4, per_host=4)
    rules = TurnRules(workers=4, per_host=4)
    with ThreadPoolExecutor(4) as threads:
        poller = Poller(here.store, here.fetch, here.take, rules, threads)
        give_up_at = time.monotonic() + 30
        while len(here.taken) < 20 and time.monotonic() < give_up_at:
            poller.tick(NOW, until=time.monotonic() + 1)
            time.sleep(0.01)
    assert sorted(here.taken) == sorted(here.fetched) == sorted(one.name for one in at("big", 20))
    engine.dispose()


# ------------------------------------------------------------------------------------------ told


def test_what_is_told_of_a_feed(world: Make) -> None:
    """The first poll, a failure and a recovery are each told once; a quiet poll is not."""
    here = world(LRT)
    told: list[list[str]] = []

    def poll(result: ReadResult, wait: timedelta) -> None:
        here.results["LRT"] = result
        here.now += wait
        here.round()
        with structlog.testing.capture_logs() as logs:
            here.tick()
        told.append([one["event"] for one in logs])

    poll(NotModified(fetched_at=NOW), timedelta(0))
    for hours in (1, 2, 3):
        poll(made.failure("HTTP 500", fetched_at=NOW + hours * HOUR), HOUR)
    poll(made.failure("connection refused", fetched_at=NOW + 9 * HOUR), 6 * HOUR)
    poll(NotModified(fetched_at=NOW + DAY), 15 * HOUR)
    assert told == [["baseline"], ["poll_failed"], [], [], ["poll_failed"], ["feed_recovered"]]


def test_what_is_under_way_ends_after_a_reload(world: Make) -> None:
    """A fetch that began before a reload is judged after it, and is not begun again meanwhile."""
    here = world(LRT)
    here.tick()
    here.reload(LRT, BBC)
    assert here.round() == ["LRT", "BBC"]
    here.tick()
    assert here.taken == ["LRT", "BBC"]
    assert here.fetched == ["LRT", "BBC"]


def test_what_a_reload_removed_is_not_judged(world: Make) -> None:
    """What a feed brings that is no longer configured is dropped; its worker is free."""
    here = world(LRT, BBC, workers=2)
    here.tick()
    here.reload(BBC, DW)
    here.bench.work()
    assert here.round() == ["DW"]
    here.tick()
    assert here.taken == ["BBC", "DW"]


def test_what_a_reload_changed_is_judged_as_it_is_now(world: Make) -> None:
    """A feed that was renamed while it was fetched is judged under its new name."""
    here = world(LRT)
    here.tick()
    here.reload(replace(LRT, name="Radio"))
    here.bench.work()
    here.tick()
    assert here.taken == ["Radio"]


def test_a_reload_ends_no_pause(world: Make) -> None:
    """The host that was just asked has its pause also after a reload."""
    feeds = at("big", 2)
    here = world(*feeds, host_spacing=5 * SECOND)
    assert here.round() == ["big0"]
    here.reload(*feeds)
    assert here.round() == []
    here.now += 5 * SECOND
    assert here.round() == ["big1"]


def test_a_clock_that_is_put_back_holds_no_feed_up(world: Make) -> None:
    """Put back by a year, feeds are due as long after now as they were after their last poll."""
    here = world(LRT, BBC)
    here.results["BBC"] = made.failure(fetched_at=here.now)
    here.round()
    here.round()
    wait = here.feed("LRT").due_at - NOW
    here.now -= 365 * DAY
    assert here.round() == []
    assert here.feed("LRT").due_at == here.now + wait
    here.now += wait
    assert "LRT" in here.round()


def test_a_clock_that_was_put_back_before_the_start_holds_no_feed_up(world: Make) -> None:
    """A service that starts on an earlier time than it ended on polls within its interval."""
    here = world(LRT)
    here.round()
    here.round()
    here.poller = Poller(here.store, here.fetch, here.take, here.rules, here.bench)
    here.now -= DAY
    assert here.round() == []
    here.now += 15 * MINUTE
    assert here.round() == ["LRT"]


def test_a_clock_that_is_corrected_a_little_changes_nothing(world: Make) -> None:
    """What moves a clock by seconds moves no due time."""
    here = world(LRT)
    here.round()
    here.round()
    due_at = here.feed("LRT").due_at
    here.now -= 30 * SECOND
    assert here.round() == []
    assert here.feed("LRT").due_at == due_at


def test_what_is_fetched_while_the_clock_is_put_back_holds_no_feed_up(world: Make) -> None:
    """A fetch that began on the later time does not bring that time back into the schedule."""
    here = world(LRT)
    here.results["LRT"] = NotModified(fetched_at=NOW)
    here.tick()
    here.now -= HOUR
    here.tick()
    here.bench.work()
    here.tick()
    assert here.feed("LRT").due_at <= here.now + 15 * MINUTE
