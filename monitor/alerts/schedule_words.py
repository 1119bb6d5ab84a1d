"""A schedule in words, as `check` and `status` show it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitor.alerts.plan import plan
from monitor.alerts.schedule import ALL_DAYS, DAY_MINUTES, Digest, Quiet, Schedule, quiet_at

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def in_words(schedule: Schedule) -> str:
    """Say when a receiver is told.

    >>> from zoneinfo import ZoneInfo
    >>> night = Quiet(start=22 * 60, end=31 * 60)
    >>> in_words(Schedule(zone=ZoneInfo("Europe/Warsaw"), digest=Digest(at=(480, 1020)),
    ...                   quiet=(night,)))
    'digests at 08:00 and 17:00; quiet 22:00-07:00 (Europe/Warsaw)'
    >>> in_words(Schedule(group_wait=timedelta(seconds=30), burst=20))
    'at once, companions within 30 s; more than 20 of a topic in an hour as a digest'
    """
    parts = [_pace(schedule)]
    if schedule.quiet:
        parts.append("quiet " + _listed(_hours(one) for one in schedule.quiet))
    if schedule.burst is not None and schedule.digest is None:
        parts.append(f"more than {schedule.burst} of a topic in an hour as a digest")
    has_clock = schedule.quiet or (schedule.digest is not None and schedule.digest.at)
    return "; ".join(parts) + (f" ({schedule.zone})" if has_clock else "")


def state_in_words(schedule: Schedule, now: datetime) -> str:
    """Say what a receiver's schedule does just now; empty if it holds nothing.

    >>> from datetime import UTC
    >>> night = Quiet(start=22 * 60, end=31 * 60)
    >>> state_in_words(Schedule(quiet=(night,)), datetime(2021, 11, 8, 23, tzinfo=UTC))
    'quiet until 2021-11-09 07:00 UTC'
    """
    period = quiet_at(schedule, now)
    if schedule.digest is not None:
        due_at = plan(schedule, "", urgent=False, now=now).due_at
        return f"next digest {_moment(due_at, schedule)}"
    return "" if period is None else f"quiet until {_moment(period.end, schedule)}"


def _pace(schedule: Schedule) -> str:
    if schedule.digest is not None:
        return _digest(schedule.digest)
    if not schedule.group_wait:
        return "at once"
    return f"at once, companions within {_span(schedule.group_wait)}"


def _digest(digest: Digest) -> str:
    if digest.every is not None:
        return f"digests every {_span(digest.every)}"
    days = "" if digest.days == ALL_DAYS else f" on {_days(digest.days)}"
    return f"digests at {_listed(map(_time, digest.at))}{days}"


def _hours(quiet: Quiet) -> str:
    days = "" if quiet.days == ALL_DAYS else f"{_days(quiet.days)} "
    end = quiet.end - DAY_MINUTES if quiet.end > DAY_MINUTES else quiet.end
    return f"{days}{_time(quiet.start)}-{_time(end)}"


def _days(days: Iterable[int]) -> str:
    """Name days, three and more in a row by the first and the last.

    >>> _days({0, 1, 2, 3, 4}), _days({5, 6}), _days({0, 2, 4, 5, 6})
    ('Mon-Fri', 'Sat, Sun', 'Mon, Wed, Fri-Sun')
    """
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    named = []
    for run in runs:
        if len(run) > 2:
            named.append(f"{_DAYS[run[0]]}-{_DAYS[run[-1]]}")
        else:
            named += [_DAYS[day] for day in run]
    return ", ".join(named)


def _time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _span(span: timedelta) -> str:
    """Write a span in its units, the largest first.

    >>> _span(timedelta(minutes=90)), _span(timedelta(seconds=30)), _span(timedelta(days=1))
    ('1 h 30 min', '30 s', '24 h')
    """
    seconds = round(span.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{amount} {unit}" for amount, unit in parts if amount) or "0 s"


def _listed(parts: Iterable[str]) -> str:
    *rest, last = parts
    return f"{', '.join(rest)} and {last}" if rest else last


def _moment(at: datetime, schedule: Schedule) -> str:
    local = at.astimezone(schedule.zone)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"
