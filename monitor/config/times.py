"""Times of day, days and zones, as they are written in the file.

All raise `ValueError` with `{}` where the value belongs, as `values` does.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from monitor.alerts.schedule import ALL_DAYS, DAY_MINUTES, Quiet

_ZONE = re.compile(r"[A-Za-z0-9_+-]{1,40}(/[A-Za-z0-9_+-]{1,40}){0,2}")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_QUIET = re.compile(r"(?:(?P<days>[a-z, -]{1,60}) )?(?P<start>\d\d:\d\d)-(?P<end>\d\d:\d\d)")


def parse_zone(value: object) -> ZoneInfo:
    """Read the name of a zone such as `Europe/Warsaw`."""
    text = value if isinstance(value, str) else ""
    try:
        if _ZONE.fullmatch(text):
            return ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        # Not there, a folder of zones, or a file that is none.
        pass
    folded = {name.lower(): name for name in available_timezones()}
    near = get_close_matches(text.lower(), folded, n=1, cutoff=0.6)
    cure = f"; did you mean '{folded[near[0]]}'?" if near else "; write it like Europe/Warsaw"
    raise ValueError("{} is not a time zone" + cure)


def parse_time(value: object) -> int:
    """Read `08:00` as minutes after midnight."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError('{} is not a time of day; write it like "08:00"')
    return int(found[1]) * 60 + int(found[2])


def parse_days(value: object) -> frozenset[int]:
    """Read `mon-fri`, `sat, sun` or `mon`, as days of the week from 0 (Monday)."""
    days: set[int] = set()
    for part in value.split(",") if isinstance(value, str) else [""]:
        first, dash, last = (one.strip() for one in part.partition("-"))
        if first not in _DAYS or (dash and last not in _DAYS):
            raise ValueError("{} is not a list of days; write it like mon-fri or sat,sun")
        begin = _DAYS.index(first)
        # `fri-mon` goes over the end of the week.
        span = (_DAYS.index(last) - begin) % 7 if dash else 0
        days |= {(begin + offset) % 7 for offset in range(span + 1)}
    return frozenset(days)


def parse_quiet(value: object) -> Quiet:
    """Read `22:00-07:00` or `sat-sun 00:00-24:00`; the days are those on which it begins."""
    cure = 'write it like "22:00-07:00" or "sat-sun 00:00-24:00"'
    found = _QUIET.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError("{} is not a span of hours; " + cure)
    try:
        start = parse_time(found["start"])
        end = DAY_MINUTES if found["end"] == "24:00" else parse_time(found["end"])
        days = parse_days(found["days"]) if found["days"] else ALL_DAYS
    except ValueError:
        raise ValueError("{} is not a span of hours; " + cure) from None
    if start == end:
        raise ValueError("{} begins and ends at the same time; a whole day is 00:00-24:00")
    return Quiet(start=start, end=end if end > start else end + DAY_MINUTES, days=days)
