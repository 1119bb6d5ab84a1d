"""Open the database: SQLite with the settings that keep it safe, or PostgreSQL."""

from __future__ import annotations

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from monitor.errors import StoreError

# How long a writer waits for another one before it gives up.
BUSY_SECONDS = 15
# Numbers of PostgreSQL's advisory locks: any, but always the same, and one for each purpose.
DAEMON_LOCK = 7_333_202_111
CLAIM_LOCK = 7_333_202_112
MIGRATION_LOCK = 7_333_202_113
# A user's name and password: a message must not show them.
CREDENTIALS = re.compile(r"(?<=://).*@", re.DOTALL)


def open_engine(url: str) -> Engine:
    """Make the engine of a database URL; SQLite's folder is made if it is missing.

    Raises `StoreError` if the URL is none of these, or its driver is not installed.
    """
    shown = CREDENTIALS.sub("***@", url)
    try:
        parsed = make_url(url)
        if parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_dialect().name not in {"sqlite", "postgresql"}:
            raise StoreError(f"{shown!r} is neither an SQLite nor a PostgreSQL database")
        # A server may have closed a connection that waits in the pool; a file has not, and to ask
        # costs a query for each transaction.
        is_server = parsed.get_dialect().name != "sqlite"
        engine = create_engine(parsed, pool_pre_ping=is_server)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{shown!r} is not a database URL") from error
    except ModuleNotFoundError as error:
        raise StoreError(
            f"the database driver {error.name} is not installed: pip install 'seedwatch[postgres]'"
        ) from error
    if engine.dialect.name == "sqlite":
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        _prepare_sqlite(engine)
    return engine


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        # The driver's own transactions begin too late (at the first write): we begin them.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        # After a power cut the newest commits may be gone, all of a commit together:
        # the next poll fetches those items again, since the validators went with them.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        # A reader that turns writer half-way can fail with "database is locked" at once
        # (https://www.sqlite.org/isolation.html): writers take the lock at the start.
        reads = connection.get_execution_options().get("reads_only", False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the database and never waits for writers."""
    with engine.connect().execution_options(reads_only=True) as connection:
        yield connection


def alone(tx: Connection, lock: int) -> None:
    """Wait until no other transaction has this lock, and have it until ours ends.

    Does nothing on SQLite, where a writer is alone anyway.
    """
    if tx.dialect.name == "postgresql":
        tx.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})


@contextmanager
def sole_daemon(engine: Engine) -> Iterator[None]:
    """Hold the right to be the one daemon on this database.

    Raises `StoreError` if another process holds it. The system frees it when we die.
    """
    if engine.dialect.name == "sqlite":
        if not engine.url.database or engine.url.database == ":memory:":
            yield
            return
        with Path(engine.url.database + ".lock").open("w", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise _taken(engine) from error
            yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # The lock lives as long as its connection, which the pool would keep open.
        connection.detach()
        query = text("SELECT pg_try_advisory_lock(:lock)")
        if not connection.execute(query, {"lock": DAEMON_LOCK}).scalar_one():
            raise _taken(engine)
        yield


def _taken(engine: Engine) -> StoreError:
    return StoreError(
        f"another seedwatch daemon is running on {engine.url.render_as_string()}:"
        " stop it first, or give this one a database of its own (`store:`)"
    )


def has_daemon(engine: Engine) -> bool:
    """Say whether a daemon is running on this database."""
    try:
        with sole_daemon(engine):
            return False
    except StoreError:
        return True
