"""How each feed that is polled is: well, failing, gone, moved, silent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from monitor.feeds.address import bare
from monitor.records import Feed

# A feed that answers well and has brought nothing for so long may have been given up by its outlet.
SILENT_AFTER = timedelta(days=14)
# How far back the items of a feed are counted, and how long it must have been polled for that.
COUNTED = timedelta(days=7)
LEAST_COUNTED = timedelta(days=1)


class Health(StrEnum):
    """How a feed is, the worst first."""

    FAILING = "failing"
    GONE = "gone"
    SILENT = "silent"
    MOVED = "moved"
    NEW = "not polled"
    WELL = "well"


# What a person ought to look at.
AILING = frozenset({Health.FAILING, Health.GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What a feed has brought since its first poll."""

    # When its last item was first seen, those of the first poll included.
    last_item_at: datetime
    # Items of the last week, those of the first poll left out.
    recent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """One feed as `feeds list` shows it."""

    name: str
    # Without a password.
    url: str
    groups: tuple[str, ...]
    health: Health
    # Cause, or place.
    detail: str
    # Failures in a row.
    failures: int
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    due_at: datetime
    # None: it is not known yet.
    items_a_day: float | None
    last_item_at: datetime | None


def health_of(feed: Feed, activity: Activity | None, now: datetime) -> FeedHealth:
    """Say how a feed is; `activity` is None if it has brought nothing at all."""
    last_item_at = activity.last_item_at if activity else None
    health, detail = _judged(feed, last_item_at, now)
    return FeedHealth(
        name=feed.name,
        url=bare(feed.url),
        groups=feed.groups,
        health=health,
        detail=detail,
        failures=feed.failures,
        last_polled_at=feed.last_polled_at,
        last_ok_at=feed.last_ok_at,
        due_at=feed.due_at,
        items_a_day=rate(activity.recent if activity else 0, feed.baseline_at, now),
        last_item_at=last_item_at,
    )


def rate(recent: int, since: datetime | None, now: datetime) -> float | None:
    """Give the items a day of a feed that is polled since a time; None if that is too short.

    >>> noon = datetime.fromisoformat("2026-01-10T12:00Z")
    >>> rate(14, noon - timedelta(days=30), noon), rate(14, noon - timedelta(days=2), noon)
    (2.0, 7.0)
    """
    if since is None or now - since < LEAST_COUNTED:
        return None
    return recent / (min(now - since, COUNTED) / timedelta(days=1))


def _judged(feed: Feed, last_item_at: datetime | None, now: datetime) -> tuple[Health, str]:
    if feed.gone_at is not None:
        return Health.GONE, "gone for good, says its server (410)"
    if feed.failures:
        return Health.FAILING, feed.last_error or ""
    if feed.last_polled_at is None:
        return Health.NEW, ""
    # Nothing new, and looked for long enough to say so.
    marks = [mark for mark in (feed.baseline_at, last_item_at) if mark]
    if marks and now - max(marks) >= SILENT_AFTER:
        days = (now - max(marks)).days
        return Health.SILENT, f"answers, but has brought nothing for {days} days"
    if feed.moved_to:
        return Health.MOVED, f"now at {feed.moved_to}"
    return Health.WELL, ""
