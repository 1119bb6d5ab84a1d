"""Read the clock: the one place that does."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Give the time; aware, in UTC."""
    return datetime.now(UTC)
