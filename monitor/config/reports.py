"""The values of `reports`.

All raise `ValueError` with `{}` where the value belongs, as `values` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from monitor.alerts.report import ReportPlan

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TIME = re.compile(r"(?:([A-Za-z]+) +)?([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekTime:
    """A time of one day of the week, or of each."""

    # From 0 (Monday); None: each day.
    weekday: int | None
    # After midnight.
    minute: int


def parse_week_time(value: object) -> WeekTime:
    """Read `mon 09:00`, `monday 09:00`, or `09:00` for each day."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    day = found[1].lower() if found and found[1] else None
    named = [number for number, name in enumerate(_DAYS) if day in (name, name[:3])]
    if not found or (day is not None and not named):
        raise ValueError('{} is not a time of the week; write it like "mon 09:00", or "09:00"')
    return WeekTime(weekday=named[0] if named else None, minute=int(found[2]) * 60 + int(found[3]))


def build_plan(at: WeekTime, zone: ZoneInfo) -> ReportPlan:
    """Make the record of a section that has no faults."""
    return ReportPlan(weekday=at.weekday, minute=at.minute, zone=zone)
