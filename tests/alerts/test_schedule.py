"""Times of digests and quiet hours on clocks that jump, and in zones of all kinds."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.schedule import (
    Digest,
    Period,
    Quiet,
    Schedule,
    digest_after,
    digest_before,
    instant,
    quiet_at,
    span_in_words,
)
from tests.fakes.schedules import SCHEDULES, hm

LAW = settings(deadline=None)

WARSAW = ZoneInfo("Europe/Warsaw")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2011, 12, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive


def at(text: str, zone: str = "UTC") -> datetime:
    """Read a time on a zone's clock; `(2)` behind it is the second of two that it shows."""
    found = datetime.fromisoformat(text.removesuffix("(2)"))
    return found.replace(tzinfo=ZoneInfo(zone), fold=int(text.endswith("(2)"))).astimezone(UTC)


def utc(text: str) -> datetime:
    """Read a time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "zone, day, time, expected",
    [
        ("UTC", "2021-11-08", "08:00", "2021-11-08 08:00"),
        ("Europe/Warsaw", "2021-11-08", "08:00", "2021-11-08 07:00"),
        # The night of 28 March 2021: 02:00 was 03:00. What was skipped comes as much later.
        ("Europe/Warsaw", "2021-03-28", "01:59", "2021-03-28 00:59"),
        ("Europe/Warsaw", "2021-03-28", "02:30", "2021-03-28 01:30"),
        ("Europe/Warsaw", "2021-03-28", "03:00", "2021-03-28 01:00"),
        # The night of 31 October 2021: 03:00 was 02:00. What came twice counts the first time.
        ("Europe/Warsaw", "2021-10-31", "02:30", "2021-10-31 00:30"),
        ("Europe/Warsaw", "2021-10-31", "03:00", "2021-10-31 02:00"),
        # Half hours, three quarters, and a summer time of half an hour.
        ("Asia/Kolkata", "2021-11-08", "08:00", "2021-11-08 02:30"),
        ("Asia/Kathmandu", "2021-11-08", "08:00", "2021-11-08 02:15"),
        ("Australia/Lord_Howe", "2021-10-03", "02:10", "2021-10-02 15:40"),
        # Midnight is skipped in Beirut, and comes twice in Havana.
        ("Asia/Beirut", "2021-03-28", "00:00", "2021-03-27 22:00"),
        ("America/Havana", "2021-11-07", "00:00", "2021-11-07 04:00"),
        # Leap days are days; the next day may be another year.
        ("Europe/Warsaw", "2024-02-29", "08:00", "2024-02-29 07:00"),
        ("Europe/Warsaw", "2023-02-28", "24:00", "2023-02-28 23:00"),
        ("Europe/Warsaw", "2024-02-28", "31:00", "2024-02-29 06:00"),
        ("Europe/Warsaw", "2021-12-31", "31:00", "2022-01-01 06:00"),
        # Samoa had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30", "08:00", "2011-12-30 18:00"),
        ("Pacific/Apia", "2011-12-31", "08:00", "2011-12-30 18:00"),
    ],
)
def test_a_time_of_day_is_an_instant(zone: str, day: str, time: str, expected: str) -> None:
    """A time on a clock is one instant, also where the clock jumps or runs half an hour off."""
    assert instant(date.fromisoformat(day), hm(time), ZoneInfo(zone)) == utc(expected)


TWICE = Digest(at=(hm("08:00"), hm("17:00")))
HOURLY = Digest(every=HOUR)
SIX = Digest(every=6 * HOUR)
MONDAYS = Digest(at=(hm("09:00"),), days=frozenset({0}))


@pytest.mark.parametrize(
    "digest, zone, now, expected",
    [
        (TWICE, "Europe/Warsaw", "2021-11-08 07:59", "2021-11-08 08:00"),
        (TWICE, "Europe/Warsaw", "2021-11-08 08:00", "2021-11-08 17:00"),
        (TWICE, "Europe/Warsaw", "2021-11-08 17:30", "2021-11-09 08:00"),
        (TWICE, "Europe/Warsaw", "2021-03-27 20:00", "2021-03-28 08:00"),
        (TWICE, "Europe/Warsaw", "2024-02-28 18:00", "2024-02-29 08:00"),
        (TWICE, "Europe/Warsaw", "2021-12-31 23:59", "2022-01-01 08:00"),
        (TWICE, "Asia/Kolkata", "2021-11-08 16:59:59", "2021-11-08 17:00"),
        (MONDAYS, "Europe/Warsaw", "2021-11-08 08:59", "2021-11-08 09:00"),
        (MONDAYS, "Europe/Warsaw", "2021-11-08 09:00", "2021-11-15 09:00"),
        (MONDAYS, "Pacific/Apia", "2011-12-26 10:00", "2012-01-02 09:00"),
        (HOURLY, "Europe/Warsaw", "2021-11-08 08:00:01", "2021-11-08 09:00"),
        (HOURLY, "Asia/Kolkata", "2021-11-08 08:10", "2021-11-08 09:00"),
        # An hour is an hour on both nights.
        (HOURLY, "Europe/Warsaw", "2021-03-28 01:30", "2021-03-28 03:00"),
        (HOURLY, "Europe/Warsaw", "2021-10-31 02:30", "2021-10-31 02:00(2)"),
        (HOURLY, "Europe/Warsaw", "2021-10-31 02:30(2)", "2021-10-31 03:00"),
        # Six hours are six hours; the last part of a day ends with it.
        (SIX, "Europe/Warsaw", "2021-03-28 01:30", "2021-03-28 07:00"),
        (SIX, "Europe/Warsaw", "2021-03-28 20:00", "2021-03-29 00:00"),
        (SIX, "Europe/Warsaw", "2021-10-31 23:30", "2021-11-01 00:00"),
        (SIX, "America/Havana", "2021-11-07 00:30(2)", "2021-11-07 05:00"),
        (SIX, "Pacific/Apia", "2011-12-29 23:00", "2011-12-31 00:00"),
        (Digest(every=7 * HOUR), "UTC", "2021-11-08 22:00", "2021-11-09 00:00"),
        (Digest(every=24 * HOUR), "Asia/Beirut", "2021-03-27 12:00", "2021-03-28 01:00"),
    ],
)
def test_the_next_digest(digest: Digest, zone: str, now: str, expected: str) -> None:
    """The next digest comes when the clock on the wall says so, strictly after now."""
    assert digest_after(digest, ZoneInfo(zone), at(now, zone)) == at(expected, zone)


NIGHT = Quiet(start=hm("22:00"), end=hm("31:00"))
NOON = Quiet(start=hm("12:00"), end=hm("13:30"), days=frozenset({0}))
SATURDAY = Quiet(start=0, end=hm("24:00"), days=frozenset({5}))
SUNDAY = Quiet(start=0, end=hm("24:00"), days=frozenset({6}))
SMALL = Quiet(start=hm("02:10"), end=hm("02:40"))


@pytest.mark.parametrize(
    "hours, zone, now, expected",
    [
        ([NIGHT], "Europe/Warsaw", "2021-11-08 21:59:59", None),
        ([NIGHT], "Europe/Warsaw", "2021-11-08 22:00", "2021-11-08 22:00/2021-11-09 07:00"),
        ([NIGHT], "Europe/Warsaw", "2021-11-09 06:59:59", "2021-11-08 22:00/2021-11-09 07:00"),
        ([NIGHT], "Europe/Warsaw", "2021-11-09 07:00", None),
        ([NIGHT], "Europe/Warsaw", "2021-03-28 04:00", "2021-03-27 22:00/2021-03-28 07:00"),
        ([NIGHT], "Europe/Warsaw", "2021-10-31 02:30(2)", "2021-10-30 22:00/2021-10-31 07:00"),
        ([NIGHT], "Asia/Kolkata", "2024-02-29 23:00", "2024-02-29 22:00/2024-03-01 07:00"),
        ([NOON], "Europe/Warsaw", "2021-11-08 12:30", "2021-11-08 12:00/2021-11-08 13:30"),
        ([NOON], "Europe/Warsaw", "2021-11-09 12:30", None),
        # What touches or overlaps is one: from Friday evening to Monday morning.
        (
            [NIGHT, SATURDAY, SUNDAY],
            "Europe/Warsaw",
            "2021-11-06 15:00",
            "2021-11-05 22:00/2021-11-08 07:00",
        ),
        ([SATURDAY, SUNDAY], "UTC", "2021-11-07 23:59", "2021-11-06 00:00/2021-11-08 00:00"),
        # Skipped hours are as long as ever, a bit later; those that come twice are kept once.
        ([SMALL], "Europe/Warsaw", "2021-03-28 03:20", "2021-03-28 03:10/2021-03-28 03:40"),
        ([SMALL], "Europe/Warsaw", "2021-10-31 02:20", "2021-10-31 02:10/2021-10-31 02:40"),
        ([SMALL], "Europe/Warsaw", "2021-10-31 02:20(2)", None),
        # A day that a zone has skipped is over before it begins.
        ([NIGHT], "Pacific/Apia", "2011-12-29 23:00", "2011-12-29 22:00/2011-12-31 07:00"),
    ],
)
def test_quiet_hours(hours: list[Quiet], zone: str, now: str, expected: str | None) -> None:
    """Quiet hours last from a time on the clock to another, over midnights, weekends and jumps."""
    found = quiet_at(Schedule(zone=ZoneInfo(zone), quiet=tuple(hours)), at(now, zone))
    if expected is None:
        assert found is None
    else:
        start, end = expected.split("/")
        assert found == Period(start=at(start, zone), end=at(end, zone))


@pytest.mark.parametrize(
    "zone, start, end, expected",
    [
        ("UTC", "2021-11-08 08:00", "2021-11-08 17:00", "2021-11-08 08:00 to 17:00 UTC"),
        (
            "Asia/Kolkata",
            "2021-11-08 22:00",
            "2021-11-09 07:00",
            "2021-11-08 22:00 to 2021-11-09 07:00 IST",
        ),
        (
            "Europe/Warsaw",
            "2021-10-31 02:00",
            "2021-10-31 02:00(2)",
            "2021-10-31 02:00 CEST to 02:00 CET",
        ),
        # Zones without letters of their own say how far they are from UTC.
        (
            "America/Sao_Paulo",
            "2021-11-08 08:00",
            "2021-11-08 17:00",
            "2021-11-08 08:00 to 17:00 -03",
        ),
    ],
)
def test_a_window_in_words(zone: str, start: str, end: str, expected: str) -> None:
    """A window is told with date, times and the name of its zone's time, both where it changes."""
    span = Period(start=at(start, zone), end=at(end, zone))
    assert span_in_words(span, ZoneInfo(zone)) == expected


@LAW
@given(SCHEDULES, MOMENTS)
def test_digests_follow_each_other(schedule: Schedule, now: datetime) -> None:
    """The digest after now is later, the one before it not later, and none lies between them."""
    if schedule.digest is None:
        return
    after = digest_after(schedule.digest, schedule.zone, now)
    before = digest_before(schedule.digest, schedule.zone, after)
    assert before <= now < after
    assert digest_after(schedule.digest, schedule.zone, before) == after
    # A week, or an hour more where clocks went back, or the day that Samoa skipped.
    assert after - before <= 8 * DAY + HOUR


@LAW
@given(SCHEDULES, MOMENTS)
def test_quiet_hours_hold_what_is_in_them(schedule: Schedule, now: datetime) -> None:
    """The quiet hours around a moment have it in them, but not their end, nor what was before."""
    found = quiet_at(schedule, now)
    if found is None:
        return
    assert found.start <= now < found.end
    assert quiet_at(schedule, found.end) is None
    assert quiet_at(schedule, found.start - timedelta.resolution) is None
    assert quiet_at(schedule, found.start) == found


def test_a_fixed_offset_is_a_zone() -> None:
    """The rules need no more of a zone than what Python's own offsets have."""
    east = timezone(2 * HOUR)
    assert digest_after(TWICE, east, utc("2021-11-08 05:00")) == utc("2021-11-08 06:00")
