"""The real service on a database that can be spoilt while it runs, by SQLite's own faults.

Each transaction of the service begins with the statements that are in the file `faults.sql` beside
its configuration: `PRAGMA max_page_count = 1` makes the database full, `PRAGMA query_only = 1`
read-only. Its errors are SQLite's, and nothing of the service is patched.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection, event

from monitor.app import open_database, wire
from monitor.cli.service import leave
from monitor.config import load
from monitor.daemon import Daemon
from monitor.log import set_up
from monitor.store import one_line, sole_daemon

FAULTS = "faults.sql"
FULL = "PRAGMA max_page_count = 1"
READ_ONLY = "PRAGMA query_only = 1"
# Also: how long it waits for a lock, so that a test need not wait for 15 seconds.
WELL = (
    "PRAGMA busy_timeout = 200",
    "PRAGMA max_page_count = 1073741823",
    "PRAGMA query_only = 0",
)
# Quicker than the command's.
TICK = timedelta(seconds=0.1)


def spoil(folder: Path, *faults: str) -> None:
    """Have these faults in the database of a folder from now on; without any all is well again."""
    new = folder / "faults.new"
    new.write_text("\n".join((*WELL, *faults)), encoding="ascii")
    # At once, for whoever reads it.
    new.replace(folder / FAULTS)


def run(path: Path) -> None:
    """Run the service until SIGTERM."""
    settings = load(path, os.environ)
    set_up(settings.log.level, settings.log.format)
    engine = open_database(settings)

    def on_begin(connection: Connection) -> None:
        for statement in (path.parent / FAULTS).read_text("ascii").splitlines():
            connection.exec_driver_sql(statement)

    # Within a transaction they would come too late.
    event.listen(engine, "begin", on_begin, insert=True)
    with sole_daemon(engine), one_line(engine):
        Daemon(wire(settings, engine), lambda: load(path, os.environ), tick=TICK).run()
    leave()
