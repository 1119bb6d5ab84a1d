"""Open the database to look only: whatever is asked of it, it stays as it is."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url

from monitor.errors import StoreError
from monitor.store.engine import BUSY_SECONDS, open_engine
from monitor.store.migrate import migrations


def open_read_only(url: str) -> Engine:
    """Make an engine that cannot write; the database must be there.

    Raises `StoreError` if its schema is not that of this version: to bring it up would be to write.
    """
    parsed = make_url(url)
    if parsed.drivername.startswith("sqlite") and parsed.database:
        engine = _file(Path(parsed.database))
    else:
        engine = open_engine(url)

        @event.listens_for(engine, "begin")
        def on_begin(connection: Any) -> None:
            connection.execute(text("SET TRANSACTION READ ONLY"))

    _check(engine)
    return engine


def _file(path: Path) -> Engine:
    # SQLite itself refuses to write what is opened so (https://www.sqlite.org/uri.html).
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    engine = create_engine("sqlite://", creator=connect)

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN")

    return engine


def _check(engine: Engine) -> None:
    known = ScriptDirectory.from_config(migrations()).get_current_head()
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current != known:
        engine.dispose()
        raise StoreError(
            f"the schema of the database is {current}, that of this version is {known}:"
            " `seedwatch status` or the service brings it up to date"
        )
