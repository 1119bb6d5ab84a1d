"""Tell an outage of the database from a fault of ours."""

from __future__ import annotations

from sqlalchemy.exc import DatabaseError, OperationalError


def outage(error: BaseException) -> str | None:
    """Say in a line why the database cannot be used; None if an error is no outage.

    Full, locked, read-only and gone are SQLAlchemy's `OperationalError`. A damaged file is a plain
    `DatabaseError`, whose other kinds are wrong statements: those are faults of ours.
    """
    if isinstance(error, OperationalError) or type(error) is DatabaseError:
        return str(error.orig or error).strip().splitlines()[0]
    return None


def is_damaged(error: BaseException) -> bool:
    """Say whether the file itself is broken: no other try, and no other start, will mend that."""
    return type(error) is DatabaseError
