"""A changed configuration: taken over whole, or not at all, and told either way."""

from __future__ import annotations

import json
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.config import Settings, load
from monitor.daemon import Daemon
from monitor.reload import Configuration
from monitor.standing import CARD, Standing, standing_of
from monitor.start import start_up
from monitor.store import sole_daemon
from monitor.store.schema import mailboxes
from tests.fakes.made import NOW
from tests.fakes.watcher import Watcher

SEED = (
    "Hundreds of migrants tried to cross from Belarus into Poland near Kuznica on Monday."
    " Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends them."
)


class Desk:
    """A daemon that a test leads by the hand, and its configuration file."""

    def __init__(self, folder: Path, environ: dict[str, str]) -> None:
        self.path = folder / "seedwatch.yaml"
        self.environ = environ
        (folder / "seed.txt").write_text(SEED)
        self.config: dict[str, Any] = {
            "topics": {"border": {"seeds": ["seed.txt"], "receivers": ["me"]}},
            "feeds": {"world": ["https://a.example/rss"]},
            "receivers": {"me": ["console"]},
            "store": "sqlite:///seedwatch.db",
        }
        self.write()
        settings = load(self.path, {})
        app = wire(settings, open_database(settings))
        start_up(app)
        self.daemon = Daemon(app, lambda: load(self.path, {}))

    @property
    def app(self) -> App:
        """What is in force."""
        return self.daemon._app

    def write(self) -> None:
        """Write the file as it is now."""
        self.path.write_text(json.dumps(self.config))

    def reload(self) -> list[str]:
        """Have it reloaded; give the events of the log."""
        self.write()
        with capture_logs() as logs:
            self.daemon.reload()
        return [line["event"] for line in logs]

    def urls(self) -> list[str]:
        """Give the feeds that are polled."""
        return [feed.url for feed in self.app.store.feeds()]

    def status(self, *words: str) -> Result:
        """Ask an operator's question."""
        line = ["-c", str(self.path), "status", *words]
        return CliRunner().invoke(main, line, env=self.environ, catch_exceptions=False)


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Watcher]:
    """Listen as systemd does."""
    with Watcher(tmp_path) as made:
        yield made


@pytest.fixture
def desk(tmp_path: Path, watcher: Watcher, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Give a daemon that runs under a service manager, on a right file."""
    (tmp_path / "seedwatch").mkdir()
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    monkeypatch.setenv("NOTIFY_SOCKET", watcher.address)
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "seedwatch"))
    made = Desk(tmp_path, environ)
    yield made
    made.app.close()


def test_a_right_file_is_taken_over(desk: Desk) -> None:
    """Feeds and topics are added and removed, and the standing is that all is in force."""
    desk.config["feeds"]["world"] = ["https://b.example/rss"]
    desk.config["topics"]["other"] = {"seeds": ["seed.txt"], "receivers": ["me"]}
    assert "reloaded" in desk.reload()
    assert desk.urls() == ["https://b.example/rss"]
    assert [topic.name for topic in desk.app.settings.topics] == ["border", "other"]
    assert desk.daemon._configuration.standing.is_current


def test_a_topic_that_comes_back_goes_on(desk: Desk) -> None:
    """What a topic has learned outlives its absence from the file."""
    topic = desk.config["topics"].pop("border")
    desk.config["topics"]["other"] = topic
    desk.reload()
    desk.config["topics"]["border"] = topic
    with capture_logs() as logs:
        desk.write()
        desk.daemon.reload()
    assert "topic_added" not in [line["event"] for line in logs]


def test_a_wrong_file_changes_nothing(desk: Desk, watcher: Watcher) -> None:
    """What is in force stays, and log, STATUS= and card have the fault."""
    before = desk.app
    desk.config["topics"]["border"]["threshold"] = 1.7
    assert "reload_refused" in desk.reload()
    assert desk.app is before
    fault = "seedwatch.yaml:1: topics.border.threshold: 1.7 is not between 0 and 1"
    told = [text for text in watcher.heard() if text.startswith("STATUS=")]
    assert told == [f"STATUS={desk.daemon._configuration.standing.sentence()} | {_numbers(1)}"]
    assert fault in told[0]
    card = standing_of(desk.path, desk.environ)
    assert card is not None
    assert card.faults == (fault,)


def _numbers(feeds: int) -> str:
    return f"1 topic, {feeds} feed, no alert yet"


def test_an_address_that_is_taken_changes_nothing(desk: Desk) -> None:
    """A reload that could not listen for pushes leaves the feeds as they were."""
    before = desk.app
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        desk.config["websub"] = {"callback_url": "https://me.example/push", "listen": listen}
        desk.config["feeds"]["world"] = ["https://b.example/rss"]
        assert "reload_refused" in desk.reload()
    assert desk.app is before
    assert desk.urls() == ["https://a.example/rss"]


@pytest.mark.parametrize("good", [0, 1])
def test_a_database_that_fails_changes_nothing(desk: Desk, good: int) -> None:
    """A disk that fills up in the middle of a reload leaves the old one in force, and it runs."""
    left = [good]

    def refuse(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            left[0] -= 1
            if left[0] < 0:
                full = sqlite3.OperationalError("database or disk is full")
                raise OperationalError(statement, None, full)

    before = desk.app
    event.listen(before.engine, "before_cursor_execute", refuse)
    desk.config["feeds"]["world"] = ["https://b.example/rss"]
    desk.config["topics"]["other"] = {"seeds": ["seed.txt"], "receivers": ["me"]}
    assert "reload_refused" in desk.reload()
    assert desk.app is before
    assert "disk is full" in desk.daemon._configuration.standing.sentence()
    event.remove(before.engine, "before_cursor_execute", refuse)
    assert "reloaded" in desk.reload()
    assert desk.urls() == ["https://b.example/rss"]


def test_a_failed_reload_opens_no_mailbox(desk: Desk) -> None:
    """A destination that is paused stays so, also if the refused file no longer had it."""

    def refuse(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith("INSERT INTO learned"):
            full = sqlite3.OperationalError("database or disk is full")
            raise OperationalError(statement, None, full)

    engine = desk.app.engine
    with engine.begin() as tx:
        tx.execute(update(mailboxes).values(paused_at=NOW, why="HTTP 410"))
    desk.config["receivers"] = {"you": ["console"]}
    desk.config["topics"] = {"other": {"seeds": ["seed.txt"], "receivers": ["you"]}}
    event.listen(engine, "before_cursor_execute", refuse)
    assert "reload_refused" in desk.reload()
    event.remove(engine, "before_cursor_execute", refuse)
    (box,) = desk.app.mailboxes.report(NOW)
    assert (box.mailbox.destination, box.mailbox.paused_at) == ("me/1-console", NOW)


def test_another_database_needs_a_restart(desk: Desk) -> None:
    """`store` is not exchanged in flight."""
    desk.config["store"] = "sqlite:///other.db"
    assert "reload_refused" in desk.reload()
    assert "`store` cannot change" in desk.daemon._configuration.standing.sentence()


# --------------------------------------------------------------------------- without being asked


def test_a_change_is_noticed_once_it_is_still(desk: Desk, watcher: Watcher) -> None:
    """A file that was changed is told when two looks find it the same, and is not taken over."""
    desk.daemon.tell()
    watcher.heard()
    desk.config["feeds"]["world"] = ["https://b.example/rss"]
    desk.write()
    desk.daemon.tell()
    assert watcher.heard() == []
    desk.daemon.tell()
    (told,) = watcher.heard()
    assert "seedwatch.yaml was changed" in told
    assert "not taken over" in told
    assert desk.urls() == ["https://a.example/rss"]
    desk.daemon.tell()
    assert watcher.heard() == []
    assert "reloaded" in desk.reload()
    assert any(text == f"STATUS={_numbers(1)}" for text in watcher.heard())


def test_a_wrong_change_is_noticed(desk: Desk) -> None:
    """A file that became wrong is told with its fault, once, though nobody asked for a reload."""
    desk.config["topics"]["border"]["threshold"] = 1.7
    desk.write()
    with capture_logs() as logs:
        for _ in range(4):
            desk.daemon.tell()
    assert [line["event"] for line in logs] == ["configuration_wrong"]
    assert "was refused" in desk.daemon._configuration.standing.sentence()


def test_a_file_that_is_gone_is_wrong(desk: Desk) -> None:
    """Without its file the service goes on, and says so."""
    desk.path.unlink()
    for _ in range(2):
        desk.daemon.tell()
    assert "does not exist" in desk.daemon._configuration.standing.sentence()


# ------------------------------------------------------------------------------------- for status


def test_status_says_what_is_not_in_force(desk: Desk) -> None:
    """An operator sees that the file was changed and not taken over."""
    desk.config["feeds"]["world"] = ["https://b.example/rss"]
    desk.write()
    for _ in range(2):
        desk.daemon.tell()
    with sole_daemon(desk.app.engine):
        done = desk.status()
    assert "seedwatch.yaml was changed" in " ".join(done.output.split())


def test_status_of_a_wrong_file(desk: Desk) -> None:
    """With a wrong file `status` gives the faults, and says that the service goes on."""
    desk.daemon._configuration.publish()
    desk.config["topics"]["border"]["threshold"] = 1.7
    desk.write()
    done = desk.status()
    assert done.exit_code == 78
    assert "The service goes on with the configuration of" in done.output
    assert "topics.border.threshold" in done.output


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"config": 1}', "\x00", "nul"])
def test_a_card_that_is_damaged_tells_nothing(tmp_path: Path, text: str) -> None:
    """Whatever lies there instead of a card, nobody stumbles over it."""
    (tmp_path / CARD).write_text(text)
    assert Standing.read(tmp_path) is None


def test_a_card_of_another_file_is_not_ours(tmp_path: Path) -> None:
    """A service on another file says nothing about this one."""
    (tmp_path / "seedwatch").mkdir()
    standing = Standing(config=Path("/etc/other.yaml"), since=NOW)
    standing.write(tmp_path / "seedwatch")
    environ = {"XDG_RUNTIME_DIR": str(tmp_path)}
    assert standing_of(Path("/etc/other.yaml"), environ) == standing
    assert standing_of(Path("/etc/mine.yaml"), environ) is None


def test_a_card_that_cannot_be_written_is_no_fault(tmp_path: Path, desk: Desk) -> None:
    """Without its folder the service runs as well, and says so once a change."""
    environ = {"RUNTIME_DIRECTORY": str(tmp_path / "gone")}

    def clock() -> datetime:
        return NOW

    made = Configuration(desk.app.settings, lambda: desk.app.settings, clock, environ)
    with capture_logs() as logs:
        made.publish()
    assert [line["event"] for line in logs] == ["standing_not_written"]


def test_a_fault_of_ours_ends_no_service(desk: Desk) -> None:
    """A reload that breaks in a way nobody thought of leaves the old configuration in force."""

    def broken() -> Settings:
        raise RuntimeError("a fault of ours")

    made = Configuration(desk.app.settings, broken, desk.app.clock, {})
    with capture_logs() as logs:
        assert made.reload(lambda _settings: None) is None
    assert [line["event"] for line in logs] == ["reload_broke"]
    assert "internal error: RuntimeError" in made.standing.sentence()


def test_ready_comes_after_the_first_round(desk: Desk, watcher: Watcher) -> None:
    """From start to end: first a round of each job, then READY=1, signs of life, STOPPING=1."""
    heard: list[str] = []
    before_the_first_round: list[list[str]] = []

    class Poller:
        """Takes down what was said before it is at its end, and has the service stopped later."""

        is_behind = False

        def tick(self, _now: datetime, *, until: float) -> int:
            assert until > 0
            heard.extend(watcher.heard())
            before_the_first_round.append(list(heard))
            if any(text == "READY=1" for text in heard):
                desk.daemon.stop()
            return 0

    desk.daemon._app = replace(desk.app, poller=Poller())  # type: ignore[arg-type]
    desk.daemon.run()
    heard.extend(watcher.heard())
    assert "READY=1" not in before_the_first_round[0]
    assert heard.count("READY=1") == 1
    assert any(text.startswith("STATUS=1 topic, 1 feed") for text in heard)
    assert heard[-1] == "STOPPING=1"
