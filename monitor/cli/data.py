"""`backup`, `restore` and `forget`: the database as a thing that is kept."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from rich.progress import Progress

from monitor.app import open_database, utc_now
from monitor.cli.place import database_file, has_database, opened, settings_of
from monitor.cli.screen import plain, screen
from monitor.config import Settings
from monitor.config.values import suggest
from monitor.errors import SeedwatchError, StoreError
from monitor.store import Archive, History, has_daemon, one_line, open_engine, sole_daemon
from monitor.store import back_up as copy
from monitor.store import restore as put_in_place

_MB = 1_000_000


def back_up(named: Path | None, file: Path, *, force: bool) -> None:
    """Copy the database while it may be in use."""
    settings = settings_of(named)
    database = _sqlite_file(settings, f"pg_dump --format=custom --file={file} DATABASE")
    if not database.exists():
        raise StoreError(f"there is no database at {database} yet: start `seedwatch run` first")
    if file.resolve() == database.resolve():
        raise SeedwatchError(f"{file} is the database itself: name another file")
    console = screen()
    # A bar belongs on a terminal; what is told below is for everybody.
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("copying", total=None)
        size = copy(
            database,
            file,
            lambda done, total: bar.update(task, completed=done, total=total),
            force=force,
        )
    console.print(plain(f"Wrote {file}: {size / _MB:,.1f} MB, whole and checked."))
    console.print("The configuration, its seeds and secrets are not in it: keep them, too.")


def restore(named: Path | None, file: Path) -> None:
    """Put a backup in the place of the database."""
    settings = settings_of(named)
    database = _sqlite_file(settings, f"pg_restore --clean --dbname=DATABASE {file}")
    now = utc_now()
    engine = open_engine(settings.store_url)
    try:
        if has_daemon(engine):
            raise StoreError(
                "the service is running on this database: stop it first, e.g. `systemctl stop"
                " seedwatch`"
            )
        with sole_daemon(engine):
            aside = put_in_place(file, database, now)
    finally:
        engine.dispose()
    # That it can be opened is the proof.
    fresh = open_database(settings)
    with one_line(fresh):
        fresh.dispose()
    console = screen()
    console.print(plain(f"Restored {database} from {file}."))
    if aside is not None:
        console.print(plain(f"What was there before is kept: {aside}"))
    console.print("What came since the backup was made is told in one digest a topic at the next")
    console.print("start; it says that some of it may have been told before.")


def _sqlite_file(settings: Settings, instead: str) -> Path:
    found = database_file(settings)
    if found is None:
        raise SeedwatchError(f"this is for SQLite; on PostgreSQL use its own tool: {instead}")
    return found


def forget(named: Path | None, topic: str, *, yes: bool) -> None:
    """Delete the history of a topic that is not configured any more."""
    settings = settings_of(named)
    if topic in {one.name for one in settings.topics}:
        raise SeedwatchError(
            f"{topic!r} is still in {settings.path}, and would begin anew: take it out there and"
            " reload the service first"
        )
    if not has_database(settings):
        raise StoreError("there is no database yet, and so nothing to forget")
    with opened(settings, must_exist=True) as app:
        archive = Archive(app.engine)
        found = archive.history(topic)
        if found.is_empty:
            configured = {one.name for one in settings.topics}
            known = [one for one in archive.topics() if one not in configured]
            raise SeedwatchError(f"there is no history of a topic {topic!r}{suggest(topic, known)}")
        console = screen()
        console.print(plain(f"Of {topic} this goes, for good: {_in_words(found)}."))
        if found.waiting:
            console.print(plain(f"{found.waiting} messages that still wait are not sent."))
        console.print("Items stay. A backup first: seedwatch backup FILE")
        if not yes and not _agrees():
            console.print("Nothing was changed.")
            return
        archive.forget(topic)
        console.print(plain(f"Forgotten: {topic}."))


def _agrees() -> bool:
    if not sys.stdin.isatty():
        raise SeedwatchError("nobody is there to be asked: add --yes")
    return click.confirm("Forget it?", default=False)


def _in_words(found: History) -> str:
    counts = {
        "decisions": found.decisions,
        "stories": found.stories,
        "alerts": found.alerts,
        "words of feedback": found.feedback,
        "silences": found.silences,
        "learned states": found.learned,
    }
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
