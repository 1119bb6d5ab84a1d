"""What `doctor` looks at on this machine: permissions, the database, the clock."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median

from monitor.cli import ailments
from monitor.cli.ailments import in_bytes, store_cure
from monitor.cli.place import database_file, has_database, opened
from monitor.config import Settings
from monitor.config.secret_files import secret_files
from monitor.errors import StoreError
from monitor.findings import Finding, fault, warning, well
from monitor.records import Feed, Hop
from monitor.store import Measure, damage, has_daemon

# By how much the clock may differ from those of others: caches and slow answers make some of it.
SKEW = timedelta(minutes=5)


def permissions(settings: Settings, environ: Mapping[str, str]) -> list[Finding]:
    """Say which files others may read or write that they must not."""
    found = []
    for path in secret_files(settings.path, environ):
        if _mode(path) & 0o007 and not _is_given(path, environ):
            what = f"{path}, which holds a secret, is open to other users"
            found.append(warning("permissions", what, f"chmod 600 {path}"))
    if _mode(settings.path) & 0o002:
        what = f"{settings.path} can be changed by every user"
        found.append(fault("permissions", what, f"chmod o-w {settings.path}"))
    database = database_file(settings)
    if database is not None and database.exists():
        if _mode(database.parent) & 0o002 and not _mode(database.parent) & stat.S_ISVTX:
            what = f"{database.parent}, where the database is, can be changed by every user"
            found.append(fault("permissions", what, f"chmod o-w {database.parent}"))
        if _mode(database) & 0o002:
            what = f"{database} can be changed by every user"
            found.append(fault("permissions", what, f"chmod o-w {database}"))
    return found or [well("permissions", "no other user can change it or read its secrets")]


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _is_given(path: Path, environ: Mapping[str, str]) -> bool:
    """Say whether systemd gave the file to us alone (`LoadCredential=`)."""
    given = environ.get("CREDENTIALS_DIRECTORY")
    return bool(given) and path.is_relative_to(str(given))


def database(settings: Settings, measure: Measure) -> tuple[list[Finding], tuple[Feed, ...]]:
    """Open the database, read all of it, and give what it knows of the feeds."""
    if not has_database(settings):
        what = f"there is none at {database_file(settings)} yet"
        return [warning("database", what, "start `seedwatch run`, which makes it")], ()
    try:
        with opened(settings, must_exist=True) as app:
            broken = damage(app.engine)
            feeds = tuple(app.store.feeds())
            is_running = has_daemon(app.engine)
            space = measure(app.engine)
            now = app.clock()
    except StoreError as error:
        return [fault("database", str(error), store_cure(str(error)))], ()
    except OSError as error:
        return [fault("database", f"it cannot be measured: {error.strerror}")], ()
    found = [well("database", f"whole, writable, {in_bytes(space.database_bytes)}")]
    if broken is not None:
        cure = "stop the service, and restore a backup"
        found = [fault("database", f"it is damaged: {broken}", cure)]
    found += ailments.of_room(space) or [well("disk", f"{in_bytes(space.free_bytes or 0)} free")]
    running = ailments.of_running(feeds, now, is_running=is_running)
    found += running or [well("service", "it runs")]
    return found, feeds


def clock(now: datetime, feeds: Sequence[Feed], dates: Iterable[tuple[Hop, datetime]]) -> Finding:
    """Compare the clock with those of the servers that answered, else with what is stored.

    `dates` are answers with the time at which each came. The median counts: one server's clock may
    be wrong, not those of most.
    """
    skews = [
        (sent - came).total_seconds() for hop, came in dates if (sent := _date_of(hop)) is not None
    ]
    if skews:
        skew = timedelta(seconds=median(skews))
        if abs(skew) > SKEW:
            way = "slow" if skew > timedelta(0) else "fast"
            minutes = abs(skew) // timedelta(minutes=1)
            what = f"the clock is {minutes} minutes {way}, say the servers of feeds"
            return fault("time", what, "set it right: timedatectl set-ntp true")
        return well("time", f"as {len(skews)} {'server' if len(skews) == 1 else 'servers'} have it")
    wrong = ailments.of_clock(feeds, now)
    return wrong[0] if wrong else well("time", "not before what was stored last")


def _date_of(hop: Hop) -> datetime | None:
    try:
        sent = parsedate_to_datetime(hop.date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return sent if sent.tzinfo else sent.replace(tzinfo=UTC)
