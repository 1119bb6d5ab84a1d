"""The nightly look after the database, while somebody else holds it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from monitor.store import Keeping, Store, open_at, outage
from tests.fakes import made
from tests.fakes.made import NOW


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Name the database's file."""
    return tmp_path / "seedwatch.db"


@pytest.fixture
def engine(file: Path) -> Engine:
    """Open a database that has something to look after."""
    engine = open_at(f"sqlite:///{file}")
    Store(engine).sync_feeds([made.spec(url=f"https://{n}.example/rss") for n in range(200)], NOW)
    return engine


def test_what_others_hold_is_left_for_the_next_night(file: Path, engine: Engine) -> None:
    """A lock of somebody else is no fault, and no outage."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert Keeping(engine).tend() is not None
        other.execute("ROLLBACK")
    assert Keeping(engine).tend() is not None


def test_a_damaged_file_is_an_outage(file: Path, engine: Engine) -> None:
    """What else SQLite says comes as every other outage does."""
    engine.dispose()
    body = bytearray(file.read_bytes())
    body[4096:] = b"\xff" * (len(body) - 4096)
    file.with_name("seedwatch.db-wal").unlink(missing_ok=True)
    file.write_bytes(body)
    with pytest.raises(DatabaseError) as caught:
        Keeping(engine).tend()
    assert outage(caught.value) is not None
