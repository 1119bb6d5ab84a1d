"""`doctor` on a healthy service and on ailing ones: goldens of 80 columns, each with its cure."""

from __future__ import annotations

import io
import json
import re
import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console
from rich.progress import Progress
from sqlalchemy import Engine

from monitor.app import open_database, utc_now
from monitor.cli import main
from monitor.cli.doctor import Plan, World, examine, show
from monitor.cli.screen import WIDTH
from monitor.config import load
from monitor.config.secret_files import secret_files
from monitor.fetch import Client, Limits
from monitor.fetch.addresses import Guard
from monitor.fetch.resolve import Resolver
from monitor.findings import Finding, health
from monitor.parsing import Parsers
from monitor.store import Room, Store, sole_daemon
from tests.fakes.mail import MailServer
from tests.fakes.web import Reply, WebServer

GOLDEN = Path(__file__).parent / "golden"
RSS = b"<rss version='2.0'><channel><item><title>A</title></item></channel></rss>"
SEED = "Belarus sends migrants to the Polish border. " * 8
ROOM = Room(
    database_bytes=120_000_000,
    wal_bytes=0,
    free_bytes=12_000_000_000,
    disk_bytes=40_000_000_000,
)


class Clinic:
    """A service on servers of this machine, each of which a test may spoil."""

    def __init__(self, folder: Path, web: WebServer, mail: MailServer) -> None:
        self.folder = folder
        self.web = web
        (folder / "seed.txt").write_text(SEED)
        key = folder / "hook.url"
        key.write_text(web.url("/hook/hushhush"))
        key.chmod(0o600)
        for path in ("/lrt", "/err", "/lsm"):
            web.route(path, Reply(body=RSS))
        self.config: dict[str, Any] = {
            "topics": {"border": {"seeds": ["seed.txt"], "receivers": ["desk"]}},
            "feeds": {
                "baltic": [
                    {"url": web.url(f"/{name.lower()}"), "name": name}
                    for name in ("LRT", "ERR", "LSM")
                ]
            },
            "receivers": {
                "desk": [
                    "console",
                    {"webhook": {"url_file": "hook.url"}},
                    {
                        "email": {
                            "to": "a@b.example",
                            "smtp": {"host": "127.0.0.1", "port": mail.port},
                        }
                    },
                ]
            },
            "polling": {"allow_addresses": ["127.0.0.1"], "host_spacing": "0s"},
        }
        self.room = ROOM
        self.skew = timedelta(0)
        self.is_running = True
        self.look_up: Callable[..., Any] = socket.getaddrinfo
        self.mail = mail

    @property
    def path(self) -> Path:
        """Its configuration."""
        return self.folder / "seedwatch.yaml"

    def write(self) -> None:
        """Write the file as it is now."""
        self.path.write_text(json.dumps(self.config))
        self.path.chmod(0o644)

    def open(self) -> Engine:
        """Make the database, as a service that has just polled would."""
        engine = open_database(load(self.path, {}))
        Store(engine).sync_feeds(load(self.path, {}).feeds, utc_now() + timedelta(minutes=10))
        return engine

    def examine(self, plan: Plan) -> list[Finding]:
        """Give what `doctor` finds."""
        settings = load(self.path, {})
        client = Client(
            agent="seedwatch",
            limits=Limits(timeout=timedelta(seconds=20), max_bytes=100_000),
            clock=utc_now,
            guard=Guard.allowing(settings.polling.allow_addresses),
            resolver=Resolver(self.look_up),
        )
        parsers = Parsers()
        world = World(
            client=client,
            parsers=parsers,
            now=lambda: utc_now() + self.skew,
            measure=lambda _: self.room,
        )
        try:
            return examine(settings, plan, world, Progress(disable=True))
        finally:
            parsers.close()
            client.close()

    def show(self, found: list[Finding]) -> str:
        """Give what is printed, without what differs from run to run."""
        named = [
            replace(
                one,
                what=self._plain(one.what),
                cure=self._plain(one.cure),
                about=self._plain(one.about),
            )
            for one in found
        ]
        console = Console(file=io.StringIO(), width=WIDTH, highlight=False)
        show(console, named)
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    def _plain(self, text: str) -> str:
        # The number of this version's schema grows.
        text = re.sub(r"knows up to \d{4}", "knows up to 0000", text)
        return text.replace(str(self.folder), "/srv")


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """Give a healthy service."""
    with WebServer() as web, MailServer() as mail:
        yield Clinic(tmp_path, web, mail)


def nothing(_: Clinic) -> None:
    """Leave all as it is."""


def feed_failing(one: Clinic) -> None:
    """Let one feed be gone, and another be a page."""
    one.web.route("/err", Reply(status=404))
    one.web.route("/lsm", Reply(headers={"Content-Type": "text/html"}, body=b"<html></html>"))
    one.config["feeds"]["baltic"] += [one.web.url(f"/x{n}") for n in range(3)]
    for n in range(3):
        one.web.route(f"/x{n}", Reply(body=RSS))


def most_feeds_failing(one: Clinic) -> None:
    """Let most feeds fail."""
    for path in ("/lrt", "/err"):
        one.web.route(path, Reply(status=503))


def receiver_down(one: Clinic) -> None:
    """Let nobody listen where a receiver should be."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (one.folder / "hook.url").write_text(f"http://127.0.0.1:{port}/hook/hushhush")


def dns_dead(one: Clinic) -> None:
    """Let no name be looked up."""

    def fail(host: str, *rest: Any, **more: Any) -> Any:
        if host == "127.0.0.1":
            return socket.getaddrinfo(host, *rest, **more)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    one.look_up = fail
    one.config["feeds"]["baltic"] = [
        {"url": f"https://{name}.example/rss", "name": name} for name in ("lrt", "err")
    ]


def clock_wrong(one: Clinic) -> None:
    """Set the clock two hours ahead."""
    one.skew = timedelta(hours=2)


def disk_nearly_full(one: Clinic) -> None:
    """Leave little room."""
    one.room = replace(ROOM, free_bytes=400_000_000)


def stopped(one: Clinic) -> None:
    """End the service."""
    one.is_running = False


def secrets_open(one: Clinic) -> None:
    """Let everybody read a secret and change the database."""
    (one.folder / "hook.url").chmod(0o644)
    (one.folder / "seedwatch.db").chmod(0o666)


def database_newer(one: Clinic) -> None:
    """Let a newer version have written the database."""
    with closing(sqlite3.connect(one.folder / "seedwatch.db")) as file, file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")


# Name -> what is spoilt before and after the database is made, the health that follows.
AILMENTS: dict[str, tuple[Callable[[Clinic], None], Callable[[Clinic], None], str]] = {
    "well": (nothing, nothing, "well"),
    "feed-failing": (feed_failing, nothing, "ailing"),
    "most-feeds-failing": (most_feeds_failing, nothing, "broken"),
    "receiver-down": (receiver_down, nothing, "broken"),
    "dns-dead": (dns_dead, nothing, "broken"),
    "clock-wrong": (clock_wrong, nothing, "broken"),
    "disk-nearly-full": (disk_nearly_full, nothing, "ailing"),
    "stopped": (stopped, nothing, "ailing"),
    "secrets-open": (nothing, secrets_open, "broken"),
    "database-newer": (nothing, database_newer, "broken"),
}


@pytest.mark.parametrize("name", list(AILMENTS))
def test_doctor_names_each_ailment_with_its_cure(clinic: Clinic, name: str) -> None:
    """All is looked at, what is wrong stands there with what helps, and no secret is shown."""
    before, after, grade = AILMENTS[name]
    before(clinic)
    clinic.write()
    engine = clinic.open()
    after(clinic)
    if clinic.is_running:
        with sole_daemon(engine):
            found = clinic.examine(Plan())
    else:
        found = clinic.examine(Plan())
    engine.dispose()
    # The path of the database in a refusal is the folder of this run.
    text = clinic.show(found)
    assert health(found) == grade
    assert max(map(len, text.splitlines())) <= WIDTH
    assert "hushhush" not in text
    assert text == (GOLDEN / f"doctor-{name}.txt").read_text("utf-8")
    # Nobody was told, and no feed was asked twice.
    assert clinic.mail.mails == []
    paths = [request.path for request in clinic.web.requests()]
    assert len(paths) == len(set(paths))
    assert "/hook/hushhush" not in paths


def test_offline_touches_nothing_outside(clinic: Clinic) -> None:
    """`--offline` asks no feed, no receiver and no name server."""
    dns_dead(clinic)
    clinic.write()
    clinic.open().dispose()
    found = clinic.examine(Plan(network=False, feeds=False))
    assert health(found) == "ailing"
    assert {one.about for one in found} == {"permissions", "database", "disk", "service", "time"}
    assert clinic.web.requests() == []


def test_the_command_fails_where_there_is_a_fault(clinic: Clinic) -> None:
    """Exit code 0 for warnings, 1 for a fault; `--json` has all findings and nothing beside."""
    clinic.write()
    ask = ["-c", str(clinic.path), "doctor", "--no-feeds", "--json"]
    done = CliRunner().invoke(main, ask, catch_exceptions=False)
    said = json.loads(done.stdout)
    assert (done.exit_code, said["health"]) == (0, "ailing")
    assert {"about", "grade", "what", "cure"} == set(said["findings"][0])
    receiver_down(clinic)
    done = CliRunner().invoke(main, ask, catch_exceptions=False)
    assert (done.exit_code, json.loads(done.stdout)["health"]) == (1, "broken")


def test_files_with_secrets_are_found(clinic: Clinic) -> None:
    """Each file that a receiver or the heartbeat names as its secret is looked after."""
    (clinic.folder / "beat.url").write_text("https://hc.example/hushhush")
    clinic.config["heartbeat"] = {"url_file": "beat.url"}
    clinic.write()
    assert [one.name for one in secret_files(clinic.path, {})] == ["hook.url", "beat.url"]


def test_a_bad_certificate_is_told(clinic: Clinic) -> None:
    """Where TLS is spoken and cannot be trusted, `reach` says so and sends nothing."""
    client = Client(
        agent="seedwatch",
        limits=Limits(timeout=timedelta(seconds=20), max_bytes=1_000),
        clock=utc_now,
    )
    with MailServer(security="tls") as mail:
        failure = client.reach(f"https://127.0.0.1:{mail.port}/")
    assert failure is not None
    assert failure.told == "tls: its TLS certificate is not valid"
    assert client.reach(clinic.web.url("/")) is None
    client.close()
