"""When a receiver wants its messages: digests and quiet hours on the clock of a zone. Pure.

Times of day are minutes after midnight as the clock on the wall shows them. One that the clock
skips in spring (02:30) comes as much later as it skips (03:30); one that it shows twice in autumn
counts where it comes first. Between two instants time is counted as it passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

DAY_MINUTES = 24 * 60
ALL_DAYS = frozenset(range(7))
# The shortest time between two instants.
TICK = timedelta.resolution
_DAY = timedelta(days=1)
# Quiet hours that follow each other without a gap; more than anyone writes into a week, twice.
_MOST_JOINED = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When what waits is sent as one message: either `every` or `at` is given."""

    # From one digest to the next, counted from each midnight; the last one of a day ends with it.
    every: timedelta | None = None
    # Times of day, 0 to 1439, ascending.
    at: tuple[int, ...] = ()
    # For `at`: 0 (Monday) to 6.
    days: frozenset[int] = ALL_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """A part of a day in which nothing is sent that can wait."""

    # 0 to 1439.
    start: int
    # Later than `start` by at most a day; from 1440 on it is a time of the next day.
    end: int
    # On which days it begins: 0 (Monday) to 6.
    days: frozenset[int] = ALL_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When a receiver wants to be told; as it is made here: at once, each alert alone."""

    # Whose clock the times of day are of.
    zone: tzinfo = UTC
    # How long the first alert of a topic waits for companions; 0: alerts go alone.
    group_wait: timedelta = timedelta(0)
    # None: no digests.
    digest: Digest | None = None
    quiet: tuple[Quiet, ...] = ()
    # How many alerts of one topic are told at once within an hour; None: all.
    burst: int | None = None


AT_ONCE = Schedule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From one instant up to, and without, another; both in UTC."""

    start: datetime
    end: datetime


def instant(day: date, minute: int, zone: tzinfo) -> datetime:
    """Give the instant in UTC at which a clock shows a time of day; 1440 and more: the next day.

    >>> from zoneinfo import ZoneInfo
    >>> instant(date(2021, 11, 8), 8 * 60 + 30, ZoneInfo("Asia/Kolkata")).isoformat()
    '2021-11-08T03:00:00+00:00'
    """
    days, minute = divmod(minute, DAY_MINUTES)
    shown = time(minute // 60, minute % 60, tzinfo=zone)
    return datetime.combine(day + days * _DAY, shown).astimezone(UTC)


def digest_after(digest: Digest, zone: tzinfo, at: datetime) -> datetime:
    """Give the first time of a digest after an instant."""
    if digest.every is not None:
        day = at.astimezone(zone).date()
        midnight = instant(day, 0, zone)
        passed = (at - midnight) // digest.every + 1
        return min(midnight + passed * digest.every, instant(day, DAY_MINUTES, zone))
    return min(found for found in _times_near(digest, zone, at) if found > at)


def digest_before(digest: Digest, zone: tzinfo, at: datetime) -> datetime:
    """Give the last time of a digest before an instant."""
    if digest.every is not None:
        just_before = at - TICK
        midnight = instant(just_before.astimezone(zone).date(), 0, zone)
        return midnight + (just_before - midnight) // digest.every * digest.every
    return max(found for found in _times_near(digest, zone, at) if found < at)


def _times_near(digest: Digest, zone: tzinfo, at: datetime) -> Iterator[datetime]:
    # A week and a bit to both sides: a digest may come on one day of the week only, and a zone has
    # once skipped a day (Samoa, 30 December 2011).
    middle = at.astimezone(zone).date()
    for offset in range(-9, 10):
        day = middle + offset * _DAY
        if day.weekday() in digest.days:
            yield from (instant(day, minute, zone) for minute in digest.at)


def quiet_at(schedule: Schedule, at: datetime) -> Period | None:
    """Give the quiet hours that an instant lies in, as long as they last; None if in none.

    Those that touch or overlap are one.
    """
    found = _holding(schedule, at)
    if found is None:
        return None
    start, end = found.start, found.end
    for _ in range(_MOST_JOINED):
        later = _holding(schedule, end)
        if later is None:
            break
        end = later.end
    for _ in range(_MOST_JOINED):
        earlier = _holding(schedule, start - TICK)
        if earlier is None:
            break
        start = earlier.start
    return Period(start=start, end=end)


def _holding(schedule: Schedule, at: datetime) -> Period | None:
    """Give what the quiet hours around an instant span that begin one by one on each day."""
    middle = at.astimezone(schedule.zone).date()
    found = []
    # They last a day at most; two more for a clock that skips one.
    for offset in range(-3, 2):
        day = middle + offset * _DAY
        for quiet in schedule.quiet:
            if day.weekday() in quiet.days:
                start = instant(day, quiet.start, schedule.zone)
                end = instant(day, quiet.end, schedule.zone)
                if start <= at < end:
                    found.append(Period(start=start, end=end))
    if not found:
        return None
    return Period(start=min(one.start for one in found), end=max(one.end for one in found))


def span_in_words(span: Period, zone: tzinfo) -> str:
    """Say from when to when, to the minute, on the clock of a zone.

    >>> from zoneinfo import ZoneInfo
    >>> day, zone = date(2021, 10, 30), ZoneInfo("Europe/Warsaw")
    >>> noon, night, morning = (instant(day, hour * 60, zone) for hour in (12, 22, 31))
    >>> span_in_words(Period(start=noon, end=night), zone)
    '2021-10-30 12:00 to 22:00 CEST'
    >>> span_in_words(Period(start=night, end=morning), zone)
    '2021-10-30 22:00 CEST to 2021-10-31 07:00 CET'
    """
    start, end = span.start.astimezone(zone), span.end.astimezone(zone)
    from_zone = f" {start.tzname()}" if start.tzname() != end.tzname() else ""
    to_day = f"{end:%Y-%m-%d} " if start.date() != end.date() else ""
    return f"{start:%Y-%m-%d %H:%M}{from_zone} to {to_day}{end:%H:%M} {end.tzname()}"
