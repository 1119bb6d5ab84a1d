"""Schedules for tests: as receivers may have them, odd zones and all."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from monitor.alerts.schedule import Digest, Quiet, Schedule

DAYS = st.frozensets(st.integers(0, 6), min_size=1)
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Warsaw",
        "America/New_York",
        "Asia/Kolkata",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/Havana",
        "Asia/Beirut",
        "Pacific/Apia",
        "America/Sao_Paulo",
    ]
).map(ZoneInfo)
MINUTES = st.integers(0, 24 * 60 - 1)
DIGESTS = st.one_of(
    st.builds(
        Digest,
        every=st.sampled_from([5, 30, 60, 90, 360, 420, 1440]).map(lambda m: timedelta(minutes=m)),
    ),
    st.builds(
        Digest,
        at=st.lists(MINUTES, min_size=1, max_size=4, unique=True).map(sorted).map(tuple),
        days=DAYS,
    ),
)


def hm(text: str) -> int:
    """Read a time of day, also beyond 24:00, as minutes after midnight."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _quiet(start: int, length: int, days: frozenset[int]) -> Quiet:
    return Quiet(start=start, end=start + length, days=days)


# Never longer than from one noon to the next: some of each day is left.
QUIET = st.builds(_quiet, MINUTES, st.integers(1, 11 * 60), DAYS)
SCHEDULES = st.builds(
    Schedule,
    zone=ZONES,
    group_wait=st.sampled_from([0, 30, 600]).map(lambda seconds: timedelta(seconds=seconds)),
    digest=st.one_of(st.none(), DIGESTS),
    quiet=st.lists(QUIET, max_size=2).map(tuple),
    burst=st.one_of(st.none(), st.integers(1, 5)),
)
