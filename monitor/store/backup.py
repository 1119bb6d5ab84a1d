"""Copies of an SQLite database: made while it is in use, checked, and put in its place.

A copy is written beside its place and then renamed: there is the whole file or none.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, delete, select, update

from monitor.errors import RefusedStoreError, StoreError
from monitor.records import DeliveryState, Reason
from monitor.store.engine import open_engine
from monitor.store.keeping import RESTORED
from monitor.store.migrate import migrate
from monitor.store.schema import alerts, deliveries, mailboxes, marks
from monitor.store.told import NO_ALERTS
from monitor.store.writing import overwrite

# Pages a step: some megabytes, after each of which it can be told how far it is.
PAGES = 1_000
BUSY_SECONDS = 15.0
# What a notice of the time of the backup is settled with.
OF_THEN = "it waited in a backup that was restored: it spoke of how things were then"

Progress = Callable[[int, int], None]


def back_up(database: Path, target: Path, progress: Progress, *, force: bool = False) -> int:
    """Copy a database that may be in use; give the size of the copy in bytes.

    Readers and writers go on: the copy is of one moment. Only its owner may read it. Raises
    `StoreError` if the target exists (unless forced), cannot be written, or the copy is not whole.
    """
    if target.exists() and not force:
        raise StoreError(f"{target} exists: name another file, or add --force to replace it")
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        _copy(database, part, progress)
        os.replace(part, target)  # noqa: PTH105 - as `os.open` below: one family of calls
        _sync(target.parent)
        return target.stat().st_size
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot back up {database} to {target}: {error}") from error
    finally:
        _remove(part)


def _copy(source: Path, part: Path, progress: Progress) -> None:
    # Made by us, so that it is nobody else's to read from its first byte on.
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    uri = f"{source.absolute().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as old,
        closing(sqlite3.connect(part, isolation_level=None)) as new,
    ):
        # One state for the whole copy: without it, each write of another process would make the
        # copy begin anew (https://www.sqlite.org/backup.html).
        old.execute("BEGIN")
        old.execute("SELECT count(*) FROM sqlite_master").fetchone()
        old.backup(
            new,
            pages=PAGES,
            progress=lambda _status, left, total: progress(total - left, total),
            sleep=0,
        )
        old.execute("ROLLBACK")
        # One file: without the log that belongs to a database in use.
        new.execute("PRAGMA journal_mode = DELETE")
        _check(new, part)
    _sync(part)


def _check(connection: sqlite3.Connection, file: Path) -> None:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(3)")]
    if found != ["ok"]:
        raise RefusedStoreError(f"{file} is damaged: {'; '.join(map(str, found))}")


def restore(backup: Path, database: Path, now: datetime) -> Path | None:
    """Put a backup in the place of a database; give where the old one is kept, None without any.

    The caller holds the right of the sole daemon. The backup is copied, checked, migrated and told
    that it was restored before it takes the place. Raises `StoreError`, and then nothing has
    changed.
    """
    database.parent.mkdir(parents=True, exist_ok=True)
    part = database.with_name(f".{database.name}.{os.getpid()}.part")
    try:
        _must_be_ours(backup)
        _copy(backup, part, lambda _done, _total: None)
        engine = open_engine(f"sqlite:///{part}")
        try:
            migrate(engine)
            mark_restored(engine, now)
        finally:
            engine.dispose()
        _close_log(part)
        aside = _set_aside(database, now)
        os.replace(part, database)  # noqa: PTH105 - as above
        _sync(database.parent)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"cannot restore {backup}: {error}") from error
    else:
        return aside
    finally:
        for name in (part, Path(f"{part}-wal"), Path(f"{part}-shm")):
            _remove(name)


def _must_be_ours(backup: Path) -> None:
    if not backup.is_file():
        raise StoreError(f"there is no file {backup}")
    uri = f"{backup.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        try:
            found = connection.execute(
                "SELECT name FROM sqlite_master WHERE name IN ('alembic_version', 'feeds')"
            ).fetchall()
        except sqlite3.DatabaseError as error:
            raise RefusedStoreError(f"{backup} is no backup of seedwatch: {error}") from error
    if len(found) != 2:
        raise RefusedStoreError(f"{backup} is no backup of seedwatch: its tables are missing")


def _set_aside(database: Path, now: datetime) -> Path | None:
    if not database.exists():
        return None
    _close_log(database)
    aside = database.with_name(f"{database.name}.before-{now:%Y%m%dT%H%M%SZ}")
    # A second name and no move: at no moment is there no database.
    os.link(database, aside)
    return aside


def _close_log(database: Path) -> None:
    """Write all of a database into its file: a log that stays would be read into the next one."""
    with closing(sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None)) as opened:
        busy, _, _ = opened.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise StoreError(f"another program has {database} open: end it first")


def mark_restored(engine: Engine, now: datetime) -> None:
    """Let a database know that it was restored, so that it tells nothing twice unasked.

    What waited when the backup was made may have been sent since. It is not sent as if nothing had
    been: alerts go into one digest a topic that says so, notices end untold.
    """
    open_states = [DeliveryState.PENDING, DeliveryState.SENDING]
    waiting = deliveries.c.state.in_(open_states)
    words = select(alerts.c.id).where(alerts.c.reason.in_([Reason(one) for one in NO_ALERTS]))
    is_word = deliveries.c.alert_id.in_(words)
    with engine.begin() as tx:
        tx.execute(
            update(deliveries)
            .where(waiting, is_word)
            .values(state=DeliveryState.EXPIRED, answer=OF_THEN, settled_at=now, lease_until=None)
        )
        # As if nobody had tried: only what is untried can share a message.
        tx.execute(
            update(deliveries)
            .where(waiting, ~is_word)
            .values(
                state=DeliveryState.PENDING,
                attempts=0,
                message_id=None,
                lease_until=None,
                retry_at=None,
                due_at=now,
                group=None,
            )
        )
        # How destinations were then says nothing of now.
        tx.execute(delete(mailboxes).where(mailboxes.c.paused_at.is_(None)))
        overwrite(tx, marks, [{"name": RESTORED, "at": now}])


def _remove(file: Path) -> None:
    file.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
