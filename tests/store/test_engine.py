"""How a database is opened, and who may run a daemon on it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from monitor.errors import StoreError
from monitor.store import has_daemon, migrate, open_engine, sole_daemon
from monitor.store.engine import reading
from tests.fakes.postgres import cluster, databases


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of an SQLite database in a folder that is not there yet."""
    return f"sqlite:///{tmp_path / 'deep' / 'down' / 'seedwatch.db'}"


@pytest.fixture(params=databases())
def url(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[str]:
    """Give the URL of an empty database of each kind in turn."""
    with ExitStack() as stack:
        if request.param == "postgresql":
            yield stack.enter_context(cluster().empty())
        else:
            yield sqlite_url


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """Open a database for a while, as a process of its own would."""
    engine = open_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "pragma, value",
    [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1), ("busy_timeout", 15_000)],
)
def test_sqlite_is_opened_safely(sqlite_url: str, pragma: str, value: object) -> None:
    """Every connection to SQLite has the settings that keep what is in it."""
    with opened(sqlite_url) as engine:
        for _ in range(2):
            with engine.connect() as connection:
                found = connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one()
                assert found == value
                connection.invalidate()


def test_the_folder_is_made(tmp_path: Path, sqlite_url: str) -> None:
    """A database may be put into a folder that is not there yet."""
    with opened(sqlite_url) as engine:
        migrate(engine)
    assert (tmp_path / "deep" / "down" / "seedwatch.db").stat().st_size > 0


def test_foreign_keys_hold(url: str) -> None:
    """No kind of database takes a row that points nowhere."""
    orphan = "INSERT INTO alert_items (alert_id, item_id) VALUES ('a', 'b')"
    with opened(url) as engine:
        migrate(engine)
        with pytest.raises(IntegrityError), engine.begin() as tx:
            tx.execute(text(orphan))


def test_a_reader_waits_for_no_writer(url: str) -> None:
    """While one writes, another reads what was there before, all from one state if it likes."""
    count = text("SELECT count(*) FROM learned")
    with opened(url) as engine:
        migrate(engine)
        with engine.begin() as writer:
            writer.execute(text("INSERT INTO learned (name, state) VALUES ('a', '{}')"))
            with reading(engine) as reader:
                assert reader.execute(count).scalar_one() == 0
        with reading(engine) as reader:
            assert reader.execute(count).scalar_one() == 1


def test_a_second_daemon_is_refused(url: str) -> None:
    """Two daemons never share a database: the second is told which one, and what to do."""
    with opened(url) as first, opened(url) as second:
        with sole_daemon(first):
            with pytest.raises(StoreError) as refused, sole_daemon(second):
                pass
            assert str(refused.value) == (
                f"another seedwatch daemon is running on {second.url.render_as_string()}: stop it"
                " first, or give this one a database of its own (`store:`)"
            )
        with sole_daemon(second):
            pass


def test_whether_a_daemon_runs(url: str) -> None:
    """Who asks whether a daemon runs is told so, and does not stand in its way."""
    with opened(url) as daemon, opened(url) as asker:
        assert not has_daemon(asker)
        with sole_daemon(daemon):
            assert has_daemon(asker)
            assert has_daemon(asker)
        assert not has_daemon(asker)
        with sole_daemon(daemon):
            assert has_daemon(asker)


DAEMON = """
import sys, time
from monitor.store import open_engine, sole_daemon
with sole_daemon(open_engine(sys.argv[1])):
    print("holds it", flush=True)
    time.sleep(60)
"""


def test_a_killed_daemon_holds_nothing(sqlite_url: str) -> None:
    """What a daemon held is free when it dies, however it dies."""
    words = [sys.executable, "-c", DAEMON, sqlite_url]
    with opened(sqlite_url) as engine:
        with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"holds it\n"
            held = has_daemon(engine)
            other.kill()
        assert held
        assert not has_daemon(engine)


def test_a_database_in_memory_is_nobody_elses() -> None:
    """Any number of daemons may each have a database in memory."""
    with (
        opened("sqlite://") as first,
        opened("sqlite://") as second,
        sole_daemon(first),
        sole_daemon(second),
    ):
        assert not has_daemon(first)


@pytest.mark.parametrize(
    "url, message",
    [
        ("", "'' is not a database URL"),
        ("seedwatch.db", "'seedwatch.db' is not a database URL"),
        ("sqlight:///seedwatch.db", "'sqlight:///seedwatch.db' is not a database URL"),
        (
            "postgresql://watch:s3cret@db:port/watch",
            "'postgresql://***@db:port/watch' is not a database URL",
        ),
        (
            "postgresql://watch:s3/cr@et@db:port/watch",
            "'postgresql://***@db:port/watch' is not a database URL",
        ),
        (
            "postgresql+pg8000://watch:s3cret@db/watch",
            "the database driver pg8000 is not installed: pip install 'seedwatch[postgres]'",
        ),
        (
            "mysql://watch:s3cret@db/watch",
            "'mysql://***@db/watch' is neither an SQLite nor a PostgreSQL database",
        ),
    ],
)
def test_a_url_that_cannot_be_used(url: str, message: str) -> None:
    """A URL that names no database of ours is refused in one line, without its password."""
    with pytest.raises(StoreError) as refused:
        open_engine(url)
    assert str(refused.value) == message


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_postgresql_may_be_called_as_people_do(scheme: str) -> None:
    """The usual names of PostgreSQL all lead to the driver that we install."""
    with opened(f"{scheme}://watch@db.example/watch") as engine:
        assert engine.url.drivername == "postgresql+psycopg"
