"""INSERT as both dialects know it, with a word about rows that are there already."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

Rows = Sequence[dict[str, Any]]


def add(tx: Connection, table: Table, values: Rows) -> None:
    """Insert rows; one that is there already stays as it is."""
    if values:
        tx.execute(_adding(tx.dialect.name, table), values)


def overwrite(tx: Connection, table: Table, values: Rows) -> None:
    """Insert rows, or overwrite those of the same primary key.

    All rows have the same columns; what a row that is there has in others stays.
    """
    if values:
        tx.execute(_overwriting(tx.dialect.name, table, frozenset(values[0])), values)


# To build a statement costs more than to run it.


@cache
def _adding(dialect: str, table: Table) -> PostgresInsert | SqliteInsert:
    return _insert(dialect, table).on_conflict_do_nothing()


@cache
def _overwriting(
    dialect: str, table: Table, columns: frozenset[str]
) -> PostgresInsert | SqliteInsert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.primary_key]
    changed: dict[str, ColumnElement[Any]] = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name in columns and column.name not in keys
    }
    return statement.on_conflict_do_update(index_elements=keys, set_=changed)


def _insert(dialect: str, table: Table) -> PostgresInsert | SqliteInsert:
    """Give the dialect's INSERT that knows ON CONFLICT."""
    if dialect == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)
