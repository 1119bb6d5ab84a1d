"""How much room the database takes, and how much is left to it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from monitor.store.engine import reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Sizes in bytes; of a database on a server only its own is known."""

    database_bytes: int
    # SQLite's write-ahead log, which a checkpoint makes small again.
    wal_bytes: int | None = None
    # Of the disk that it lies on.
    free_bytes: int | None = None
    disk_bytes: int | None = None


# Measures a database and its disk.
Measure = Callable[[Engine], Room]


def room(engine: Engine) -> Room:
    """Measure the database and its disk.

    Raises `OSError` if the file is gone.
    """
    if engine.dialect.name != "sqlite":
        with reading(engine) as connection:
            size = connection.execute(text("SELECT pg_database_size(current_database())"))
            return Room(database_bytes=int(size.scalar_one()))
    name = engine.url.database
    if not name or name == ":memory:":
        return Room(database_bytes=0)
    return room_of_file(Path(name))


def room_of_file(path: Path) -> Room:
    """Measure an SQLite file that may not be readable as a database. Raises `OSError`."""
    log = path.with_name(path.name + "-wal")
    disk = shutil.disk_usage(path.parent)
    return Room(
        database_bytes=path.stat().st_size,
        wal_bytes=log.stat().st_size if log.exists() else 0,
        free_bytes=disk.free,
        disk_bytes=disk.total,
    )


def damage(engine: Engine) -> str | None:
    """Read the whole database and say what is damaged first; None if nothing is.

    Only SQLite can say so of itself. A damage may also be raised as a `DatabaseError`.
    """
    if engine.dialect.name != "sqlite":
        return None
    with reading(engine) as connection:
        said = str(connection.execute(text("PRAGMA quick_check(1)")).scalar_one())
    return None if said == "ok" else said
