"""A clock for the service that a test sets, from another process.

set_clock(folder, datetime(2021, 10, 30, 20, tzinfo=UTC))   # and from there it runs
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

# How many seconds the clock is ahead of the machine's.
_FILE = "clock"


def set_clock(folder: Path, at: datetime) -> None:
    """Let it be a time for the service of a folder."""
    _write(folder, (at - datetime.now(UTC)).total_seconds())


def wind_clock(folder: Path, by: timedelta) -> None:
    """Let some time pass at once."""
    _write(folder, _ahead(folder) + by.total_seconds())


def clock_of(folder: Path) -> Callable[[], datetime]:
    """Give the clock of a folder; if nobody sets it, it is the machine's."""
    return lambda: datetime.now(UTC) + timedelta(seconds=_ahead(folder))


def _ahead(folder: Path) -> float:
    try:
        return float((folder / _FILE).read_text("ascii"))
    except FileNotFoundError:
        return 0.0


def _write(folder: Path, seconds: float) -> None:
    new = folder / "clock.new"
    new.write_text(repr(seconds), encoding="ascii")
    # At once, for whoever reads it.
    new.replace(folder / _FILE)
