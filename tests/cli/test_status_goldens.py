"""`status` of a healthy service, and of one with each ailment: goldens of 80 columns."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from sqlalchemy import Engine, create_engine, update
from sqlalchemy.exc import OperationalError

from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.cli.screen import WIDTH
from monitor.cli.status import facts, of_unusable, take_status
from monitor.cli.status_screen import show_status, show_unusable
from monitor.config import load
from monitor.errors import StoreError
from monitor.feeds.troubles import Trouble, TroubleKind
from monitor.records import Batch, DeliveryState, Reason
from monitor.standing import Standing
from monitor.start import start_up
from monitor.store import Room, one_line, sole_daemon
from monitor.store.schema import deliveries, feeds, mailboxes
from monitor.store.told import Told, write
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

GOLDEN = Path(__file__).parent / "golden"
SEED = "Belarus sends migrants to the Polish border. " * 8
CONFIG = {
    "topics": {
        "border": {"seeds": ["seed.txt"], "receivers": ["desk"]},
        "rail": {"seeds": ["seed.txt"], "receivers": ["desk", "night"], "threshold": 0.4},
    },
    "feeds": {
        "baltic": [
            {"url": f"https://{name.lower()}.example/rss", "name": name}
            for name in ("LRT", "ERR", "LSM", "Delfi")
        ]
    },
    "receivers": {
        "desk": ["console", {"webhook": {"url": "https://hooks.example/hushhush"}}],
        "night": {"to": ["console"], "digest": {"at": "20:00"}},
    },
}
ROOM = Room(
    database_bytes=120_000_000,
    wal_bytes=4_100_000,
    free_bytes=12_000_000_000,
    disk_bytes=40_000_000_000,
)


class Service:
    """A service on a database that a test fills; it runs unless the test ends it."""

    def __init__(self, folder: Path) -> None:
        (folder / "seed.txt").write_text(SEED)
        self.path = folder / "seedwatch.yaml"
        self.path.write_text(json.dumps(CONFIG))
        settings = load(self.path, {})
        self.app: App = wire(settings, open_database(settings), clock=lambda: NOW)
        start_up(self.app)
        self.room: Room = ROOM
        self.standing: Standing | None = None
        self._lock = ExitStack()
        self._lock.enter_context(sole_daemon(self.app.engine))
        for feed in self.app.store.feeds():
            last = NOW - 5 * MINUTE
            poll = made.poll(feed.id, polled_at=last, due_at=NOW + 10 * MINUTE, baseline_at=last)
            self.app.store.commit(Batch(poll=poll))
        alert = replace(made.alert("fence"), created_at=NOW - 3 * HOUR)
        test = replace(made.alert("test"), reason=Reason.TEST, items=(), created_at=NOW)
        delivery = made.delivery("desk/1-console", of=alert)
        self.app.store.commit(
            Batch(
                items=(made.judged(made.seen(), value=0.81),),
                alerts=(alert, test),
                deliveries=(delivery,),
            )
        )
        self.change(deliveries, {"state": DeliveryState.DELIVERED, "settled_at": NOW - 3 * HOUR})

    def change(self, table: Any, values: dict[str, Any], **where: Any) -> None:
        """Change rows of a table."""
        query = update(table).values(values)
        for column, value in where.items():
            query = query.where(table.c[column] == value)
        with self.app.engine.begin() as tx:
            tx.execute(query)

    def stop(self) -> None:
        """End the service."""
        self._lock.close()

    def close(self) -> None:
        """Let go of all."""
        self.stop()
        self.app.close()

    def show(self) -> str:
        """Give what `status` prints."""
        console = Console(file=io.StringIO(), width=WIDTH, highlight=False)
        found = take_status(self.app, self.standing, measure=lambda _: self.room)
        show_status(console, found)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a healthy service."""
    made_one = Service(tmp_path)
    yield made_one
    made_one.close()


def well(_: Service) -> None:
    """Change nothing."""


def feed_failing(one: Service) -> None:
    """Let a feed fail."""
    failed = {"failures": 7, "last_error": "HTTP 404 Not Found", "last_ok_at": NOW - 2 * DAY}
    one.change(feeds, failed, name="ERR")


def all_feeds_failing(one: Service) -> None:
    """Let all feeds fail."""
    one.change(feeds, {"failures": 2, "last_error": "dns: its host name cannot be resolved"})


def feed_silent(one: Service) -> None:
    """Tell that a feed has gone silent."""
    trouble = Trouble(
        feed_id=3,
        kind=TroubleKind.SILENT,
        since=NOW - 9 * DAY,
        detail="before, it was never silent for longer than 2 days",
    )
    one.app.store.commit(Batch(), partial(write, told=Told(begun=(trouble,))))


def feed_gone(one: Service) -> None:
    """Let a server say that a feed is gone."""
    one.change(feeds, {"gone_at": NOW - DAY, "failures": 3, "due_at": NOW + 6 * DAY}, name="LSM")


def receiver_down(one: Service) -> None:
    """Let a destination take nothing."""
    down = {
        "failures": 4,
        "down_since": NOW - HOUR,
        "next_at": NOW + 40 * SECOND,
        "why": "HTTP 503: try later",
    }
    one.change(mailboxes, down, destination="desk/2-webhook")


def nobody_told(one: Service) -> None:
    """Pause every destination."""
    one.change(mailboxes, {"paused_at": NOW - HOUR, "why": "HTTP 404: no such hook"})


def delivery_dead(one: Service) -> None:
    """Give a message up."""
    dead = {
        "state": DeliveryState.DEAD,
        "settled_at": NOW - HOUR,
        "attempts": 1,
        "answer": "HTTP 400: [red]bad",
    }
    one.change(deliveries, dead)


def reload_refused(one: Service) -> None:
    """Refuse a changed file."""
    one.standing = Standing(
        config=one.path,
        since=NOW - DAY,
        changed_at=NOW - MINUTE,
        faults=("seedwatch.yaml:9: topics.border.threshold: 7 is not between 0 and 1",),
    )


def disk_nearly_full(one: Service) -> None:
    """Leave little room."""
    one.room = replace(ROOM, free_bytes=400_000_000)


def disk_full(one: Service) -> None:
    """Leave no room, and let the log grow."""
    one.room = replace(ROOM, free_bytes=3_000_000, wal_bytes=2_500_000_000)


def clock_wrong(one: Service) -> None:
    """Set the clock back."""
    polled = {"last_polled_at": NOW + 2 * DAY, "last_ok_at": NOW + 2 * DAY}
    one.change(feeds, {**polled, "due_at": NOW + 2 * DAY})


def stopped(one: Service) -> None:
    """End the service, and let time go by."""
    one.stop()
    one.change(feeds, {"last_polled_at": NOW - 5 * HOUR, "due_at": NOW - 4 * HOUR})


def just_stopped(one: Service) -> None:
    """End the service."""
    one.stop()


def stuck(one: Service) -> None:
    """Let the service run and poll nothing."""
    one.change(feeds, {"last_polled_at": NOW - 5 * HOUR, "due_at": NOW - 4 * HOUR})


# Name -> what ails it, and the health that follows.
AILMENTS: dict[str, tuple[Callable[[Service], None], str]] = {
    "well": (well, "well"),
    "feed-failing": (feed_failing, "ailing"),
    "all-feeds-failing": (all_feeds_failing, "broken"),
    "feed-silent": (feed_silent, "ailing"),
    "feed-gone": (feed_gone, "ailing"),
    "receiver-down": (receiver_down, "ailing"),
    "nobody-told": (nobody_told, "broken"),
    "delivery-dead": (delivery_dead, "ailing"),
    "reload-refused": (reload_refused, "ailing"),
    "disk-nearly-full": (disk_nearly_full, "ailing"),
    "disk-full": (disk_full, "broken"),
    "clock-wrong": (clock_wrong, "broken"),
    "stopped": (stopped, "broken"),
    "just-stopped": (just_stopped, "ailing"),
    "stuck": (stuck, "broken"),
}


def check(name: str, text: str) -> None:
    """Compare a screen with its golden."""
    assert max(map(len, text.splitlines())) <= WIDTH
    assert len(text.splitlines()) <= 40
    assert not [sign for sign in text if sign != "\n" and not sign.isprintable()]
    assert "hushhush" not in text
    assert text == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("name", list(AILMENTS))
def test_status_of_an_ailment_names_it_and_its_cure(service: Service, name: str) -> None:
    """Health in a word comes first, then each reason with what helps; the rest fits the screen."""
    spoil, health = AILMENTS[name]
    spoil(service)
    found = take_status(service.app, service.standing, measure=lambda _: service.room)
    assert found.health == health
    assert all(one.cure for one in found.findings)
    check(f"status-{name}", service.show())


CAUSES = {
    "locked": "database is locked",
    "readonly": "attempt to write a readonly database",
    "gone": "unable to open database file",
}


def unusable(engine: Engine, cause: str) -> StoreError:
    """Give the error of a command whose database says this."""
    with pytest.raises(StoreError) as caught, one_line(engine):
        raise OperationalError("SELECT 1", None, sqlite3.OperationalError(cause))
    return caught.value


@pytest.mark.parametrize("name", list(CAUSES))
def test_a_database_that_cannot_be_used_is_told_with_the_cure(name: str) -> None:
    """What keeps the database from being used is the health, with what helps."""
    error = unusable(create_engine("sqlite:////srv/seedwatch.db"), CAUSES[name])
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    show_unusable(console, of_unusable(error, ROOM), ROOM)
    assert isinstance(console.file, io.StringIO)
    check(f"status-database-{name}", console.file.getvalue())


def test_a_newer_database_is_broken_for_machines_too(service: Service) -> None:
    """`--json` says that a database of a newer version cannot be used, with exit code 65."""
    service.stop()
    with closing(sqlite3.connect(service.path.parent / "seedwatch.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
    done = CliRunner().invoke(main, ["-c", str(service.path), "status", "--json"])
    assert done.exit_code == 65
    said = json.loads(done.stdout)
    assert said["health"] == "broken"
    assert "run the newer version, or restore a backup" in said["ailments"][0]
    assert said["room"]["database_bytes"] > 0


def test_tests_are_no_alerts(service: Service) -> None:
    """`--json` counts alerts, and by themselves the tests and notices that go the same way."""
    counts = facts(take_status(service.app))["counts"]
    assert (counts["alerts"], counts["tests"], counts["notices"]) == (1, 1, 0)


def test_exit_codes_tell_broken_from_ailing(service: Service) -> None:
    """The command fails only where nobody is told: feeds long due, and no service."""
    ask = ["-c", str(service.path), "status"]
    done = CliRunner().invoke(main, ask)
    # By the real clock those feeds are years late.
    assert (done.exit_code, done.stdout.splitlines()[0]) == (1, "broken:")
    service.stop()
    service.app.store.sync_feeds(service.app.settings.feeds, NOW)
    later = {"due_at": NOW.replace(year=2090), "last_polled_at": NOW, "last_ok_at": NOW}
    service.change(feeds, later)
    done = CliRunner().invoke(main, ask)
    assert (done.exit_code, done.stdout.splitlines()[0]) == (0, "ailing:")


def test_a_thousand_feeds_and_ten_topics_fit_the_screen(tmp_path: Path) -> None:
    """However many fail, are gone, have moved or wait, one screen has all that matters."""
    config: dict[str, Any] = json.loads(json.dumps(CONFIG))
    config["topics"] = {f"topic-{n}": CONFIG["topics"]["border"] for n in range(10)}  # type: ignore[index]
    config["feeds"]["baltic"] = [f"https://f{n}.example/rss" for n in range(1_000)]
    (tmp_path / "seed.txt").write_text(SEED)
    path = tmp_path / "seedwatch.yaml"
    path.write_text(json.dumps(config))
    settings = load(path, {})
    app = wire(settings, open_database(settings), clock=lambda: NOW)
    start_up(app)
    with app.engine.begin() as tx:
        changes: tuple[dict[str, Any], ...] = (
            {"failures": 3, "last_error": "HTTP 500"},
            {"gone_at": NOW - DAY},
            {"moved_to": "https://new.example/" + "x" * 200},
            {"due_at": NOW - DAY},
        )
        for number, values in enumerate(changes):
            tx.execute(update(feeds).where(feeds.c.id % 8 == number).values(values))
        down = {"failures": 3, "down_since": NOW, "why": "y" * 300}
        tx.execute(update(mailboxes).values(down))
    console = Console(file=io.StringIO(), width=WIDTH, highlight=False)
    with sole_daemon(app.engine):
        show_status(console, take_status(app, measure=lambda _: ROOM))
    app.close()
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) <= 52
