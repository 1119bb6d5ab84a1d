"""The service on a database that is full, locked, read-only or damaged.

The oracle is what the webhook received: nothing is lost, and nothing is told twice.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.faulty import FULL, READ_ONLY, spoil
from tests.fakes.forks import FAULTY, Fork
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import WEBHOOK, Scene, payload_of, scene
from tests.fakes.web import RecordedRequest, Reply

faulty = partial(Fork, FAULTY)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a service that has read its feed, with one webhook to tell."""
    spoil(tmp_path)
    with scene(tmp_path) as made:
        made.service.has_outages = True
        del made.service.config["receivers"]["newsroom"][1:]
        made.open_feed("wire", "rss", off_topic(0))
        made.service.start(faulty)
        made.wait_until_read()
        yield made


def titles(stage: Scene) -> list[str]:
    """Give the title of each request that came to the webhook, repeats and all."""
    requests = stage.receivers.web.requests(WEBHOOK)
    return [str(payload_of(one)["items"][0]["title"]) for one in requests]


@contextmanager
def spoilt(stage: Scene, fault: str) -> Iterator[None]:
    """Have a fault of SQLite for a while."""
    spoil(stage.service.folder, fault)
    yield
    spoil(stage.service.folder)


@contextmanager
def locked(stage: Scene) -> Iterator[None]:
    """Hold the database as a backup or a forgotten shell would."""
    with closing(sqlite3.connect(stage.service.database, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


FAULTS: dict[str, Callable[[Scene], AbstractContextManager[None]]] = {
    "database or disk is full": lambda stage: spoilt(stage, FULL),
    "attempt to write a readonly database": lambda stage: spoilt(stage, READ_ONLY),
    "database is locked": locked,
}


@pytest.mark.parametrize("cause", FAULTS)
def test_it_waits_out_an_outage(stage: Scene, cause: str) -> None:
    """In an outage it stays up and says why, once a job; after it each alert is told, once."""
    service = stage.service
    with FAULTS[cause](stage):
        # So much that no free page is left for it.
        stage.news.publish("/wire", on_topic(0), *map(off_topic, range(1, 12)))
        service.wait_for("store_unusable")
        tries = len(stage.news.requests("/wire"))
        stage.news.publish("/wire", on_topic(4))
        stage.news.wait_for("/wire", tries + 2, 40)
        assert service.process.poll() is None
    stage.wait_until_read()
    stage.receivers.web.wait_for(WEBHOOK, 2, 40)
    service.wait_until_settled()
    assert service.stop() == 0
    assert sorted(titles(stage)) == sorted(on_topic(number).title for number in (0, 4))
    found = [*service.events("store_unusable"), *service.events("store_usable_again")]
    told = [(one["job"], one["cause"]) for one in service.events("store_unusable")]
    assert {why for _, why in told} == {cause}
    assert len(told) == len(set(told)) == len(found) - len(told), found
    assert service.sql("PRAGMA integrity_check") == [("ok",)]


def test_what_was_sent_in_an_outage_is_not_sent_again(stage: Scene) -> None:
    """An answer that cannot be written down waits in memory, also beyond the end of its lease."""

    def answer(_: RecordedRequest) -> Reply:
        spoil(stage.service.folder, READ_ONLY)
        return Reply(body=b"ok")

    stage.receivers.web.route(WEBHOOK, answer)
    stage.news.publish("/wire", on_topic(0))
    (waits,) = stage.service.wait_for("outcome_waits")
    assert waits["cause"] == "attempt to write a readonly database"
    # As if it had lasted for long.
    stage.service.sql("UPDATE deliveries SET lease_until = '2020-01-01 00:00:00.000000'")
    stage.receivers.script(WEBHOOK)
    spoil(stage.service.folder)
    stage.service.wait_until_settled()
    stage.news.publish("/wire", on_topic(4))
    stage.receivers.web.wait_for(WEBHOOK, 2, 40)
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert titles(stage) == [on_topic(0).title, on_topic(4).title]
    assert [one["answer"] for one in stage.service.events("delivered")] == ["200 ok"] * 2


def damage(path: Path, first_page: int) -> None:
    """Overwrite all pages of a database from one on."""
    size = path.stat().st_size
    start = first_page * 4096
    file = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(file, b"\xa5" * (size - start), start)
    finally:
        os.close(file)


@pytest.mark.parametrize(
    "first_page, cause",
    [(0, "file is not a database"), (1, "database disk image is malformed")],
    ids=["header", "pages"],
)
def test_a_damaged_database_is_refused(stage: Scene, first_page: int, cause: str) -> None:
    """A damaged file starts nothing: one line with the cure, an exit code of its own, no change."""
    assert stage.service.stop() == 0
    damage(stage.service.database, first_page)
    before = stage.service.database.read_bytes()
    for command in ("run", "status", "deliveries"):
        done = stage.service.command(command)
        assert done.returncode == 65, done.stderr
        (line,) = done.stderr.splitlines()
        assert line.endswith(
            f"cannot be used: {cause}: restore a backup, or move the file away to begin anew"
        )
    assert stage.service.database.read_bytes() == before


def test_a_database_that_is_damaged_in_use(stage: Scene) -> None:
    """Damage under a running service is told once a job, as an outage, and ends nothing."""
    with closing(sqlite3.connect(stage.service.database)) as connection, connection:
        # From the journal into the file; a transaction of the service may be in the way.
        while connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            pass
        # A commit after the damage makes the service read the pages anew.
        connection.execute("UPDATE feeds SET due_at = '2020-01-01 00:00:00.000000'")
        damage(stage.service.database, 1)
    stage.service.wait_for("store_unusable")
    told = stage.service.events("store_unusable")
    assert {one["cause"] for one in told} == {"database disk image is malformed"}
    assert stage.service.process.poll() is None
    assert stage.service.stop() == 0
    assert len(stage.service.events("store_unusable")) <= 5
