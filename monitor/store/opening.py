"""Open a database at this version's schema, and say in one line why it cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from monitor.errors import RefusedStoreError, StoreError
from monitor.store.engine import open_engine
from monitor.store.migrate import migrate
from monitor.store.outage import is_damaged, outage


def open_at(url: str) -> Engine:
    """Open the database at a URL, at this version's schema.

    Raises `StoreError` with one line if it cannot be used as it is.
    """
    engine = open_engine(url)
    with one_line(engine):
        migrate(engine)
    return engine


@contextmanager
def one_line(engine: Engine) -> Iterator[None]:
    """Turn an outage of the database into a `StoreError` of one line."""
    try:
        yield
    except DatabaseError as error:
        cause = outage(error)
        if cause is None:
            raise
        what = f"the database {engine.url.render_as_string()} cannot be used: {cause}"
        if is_damaged(error):
            cure = "restore a backup, or move the file away to begin anew"
            raise RefusedStoreError(f"{what}: {cure}") from error
        raise StoreError(what) from error
