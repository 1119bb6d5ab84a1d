"""What servers and feeds say about when to ask again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds import hints
from monitor.feeds.hints import MOST_FRESH, after_skips, fresh_for, skips
from monitor.records import Hints
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

LAW = settings(deadline=None)
AT = NOW.replace(microsecond=0)


def date(at: datetime) -> str:
    """Write a moment as HTTP does."""
    return format_datetime(at, usegmt=True)


@pytest.mark.parametrize(
    "headers, wait",
    [
        ({}, None),
        ({"Cache-Control": "max-age=900"}, 15 * MINUTE),
        ({"Cache-Control": "public, Max-Age=900, must-revalidate"}, 15 * MINUTE),
        ({"Cache-Control": 'max-age="900"'}, 15 * MINUTE),
        ({"Cache-Control": "max-age = 900"}, 15 * MINUTE),
        ({"Cache-Control": "max-age=60, max-age=900"}, MINUTE),
        ({"Cache-Control": "max-age=900", "Age": "300"}, 10 * MINUTE),
        ({"Cache-Control": "max-age=900", "Age": "old"}, 15 * MINUTE),
        ({"Cache-Control": "max-age=900", "Age": "900"}, None),
        ({"Cache-Control": "max-age=900", "Age": "9999999999"}, None),
        ({"Cache-Control": "s-maxage=900"}, None),
        ({"Cache-Control": "no-cache, max-age=900"}, None),
        ({"Cache-Control": "no-store, max-age=900"}, None),
        ({"Cache-Control": "max-age=0"}, None),
        ({"Cache-Control": "max-age=-5"}, None),
        ({"Cache-Control": "max-age=soon"}, None),
        ({"Cache-Control": "max-age"}, None),
        ({"Cache-Control": "max-age=31536000, immutable"}, None),
        ({"Cache-Control": "max-age=" + "9" * 5_000}, None),
        ({"Cache-Control": "," * 100_000}, None),
        ({"Expires": date(AT + HOUR), "Date": date(AT)}, HOUR),
        ({"Expires": date(AT - DAY + HOUR), "Date": date(AT - DAY)}, HOUR),
        ({"Expires": date(AT + HOUR)}, HOUR),
        ({"Expires": date(AT - HOUR)}, None),
        ({"Expires": "0"}, None),
        ({"Expires": "-1"}, None),
        ({"Expires": date(AT + 3650 * DAY)}, None),
        ({"Expires": date(AT + HOUR), "Date": "today"}, HOUR),
        ({"Expires": date(AT + HOUR), "Cache-Control": "max-age=60"}, MINUTE),
        ({"Expires": date(AT + HOUR), "Cache-Control": "max-age=0"}, None),
        ({"Expires": date(AT + HOUR), "Cache-Control": "private"}, HOUR),
    ],
)
def test_how_long_a_document_stays(headers: dict[str, str], wait: timedelta | None) -> None:
    """`max-age` less `Age`, else `Expires` less `Date`; what cannot be meant is no hint."""
    assert fresh_for(headers, AT) == wait


@pytest.mark.parametrize(
    "minutes, wait",
    [
        ("60", HOUR),
        (" 5 ", 5 * MINUTE),
        ("0", None),
        ("-60", None),
        ("1.5", None),
        ("", None),
        ("hourly", None),
        ("99999", None),
        ("9" * 5_000, None),
        ("٦٠", None),
    ],
)
def test_ttl(minutes: str, wait: timedelta | None) -> None:
    """RSS `ttl` is a number of minutes, up to a month."""
    assert hints.ttl(minutes) == wait


@pytest.mark.parametrize(
    "period, frequency, wait",
    [
        ("hourly", "1", None),
        (" Hourly\n", "", None),
        (" Daily\n", "", DAY),
        ("hourly", "4", 15 * MINUTE),
        ("daily", "2", 12 * HOUR),
        ("dayly", "1", DAY),
        ("weekly", "1", 7 * DAY),
        ("monthly", "1", 30 * DAY),
        ("yearly", "1", 365 * DAY),
        ("hourly", "0.1", 10 * HOUR),
        ("yearly", "0.1", 365 * DAY),
        ("always", "1", None),
        ("", "", None),
        ("", "4", None),
        ("hourly", "0", None),
        ("hourly", "-1", None),
        ("hourly", "nan", None),
        ("hourly", "inf", None),
        ("hourly", "1e-300", None),
        ("hourly", "often", None),
    ],
)
def test_update_period(period: str, frequency: str, wait: timedelta | None) -> None:
    """`sy:updateFrequency` times in each `sy:updatePeriod`, if both make sense.

    Once an hour by these very words is WordPress's default, and nobody's wish.
    """
    assert hints.update_every(period, frequency) == wait


def hours(*values: object) -> str:
    """Write `skipHours`."""
    return f"<skipHours>{''.join(f'<hour>{value}</hour>' for value in values)}</skipHours>"


def days(*values: str) -> str:
    """Write `skipDays`."""
    return f"<skipDays>\n{' '.join(f'<day> {value} </day>' for value in values)}\n</skipDays>"


@pytest.mark.parametrize(
    "text, expected",
    [
        ("<channel/>", ((), ())),
        (hours(3, 1), ((1, 3), ())),
        (hours(24, 0), ((0,), ())),
        (hours(25, -1, "noon", 7), ((7,), ())),
        (days("Sunday", "saturday"), ((), (5, 6))),
        (days("Sunday", "Caturday"), ((), (6,))),
        (hours(1) + "<item/>" + days("Monday"), ((1,), ())),
        (hours(1) + "<item></item>" + days("Monday"), ((1,), (0,))),
        ("<item>" + hours(1) + "</item>", ((), ())),
        (hours(*range(24)), ((), ())),
        (
            days(*["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]),
            ((), ()),
        ),
        (hours("1" * 1_000), ((), ())),
        ("<skipHours>" * 50_000, ((), ())),
        ("<skipHours>" + " " * 1_000_000, ((), ())),
    ],
)
def test_what_to_skip(text: str, expected: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    """Hours and days to skip are read outside of items; all of them together are none."""
    assert skips(text) == expected


@pytest.mark.parametrize(
    "due, skipped, until",
    [
        ((8, 14, 30), Hints(), (8, 14, 30)),
        ((8, 14, 30), Hints(skip_hours=(13, 15)), (8, 14, 30)),
        ((8, 14, 30), Hints(skip_hours=(14, 15)), (8, 16, 0)),
        ((8, 23, 30), Hints(skip_hours=(23, 0)), (9, 1, 0)),
        ((8, 20, 30), Hints(skip_days=(0,)), (9, 0, 0)),
        ((8, 23, 30), Hints(skip_days=(0,), skip_hours=(0,)), (9, 1, 0)),
        ((8, 14, 30), Hints(skip_days=(0, 1, 2, 3, 4, 5)), (9, 14, 0)),
    ],
    ids=[
        "nothing to skip",
        "another hour",
        "this hour and the next",
        "over midnight",
        "a Monday",
        "a Monday and an hour of Tuesday",
        "too long",
    ],
)
def test_a_poll_is_put_off(
    due: tuple[int, int, int], skipped: Hints, until: tuple[int, int, int]
) -> None:
    """A poll waits for the end of what is skipped, in UTC, but not beyond the latest time."""
    latest = datetime(2021, 11, 9, 14, tzinfo=UTC)
    found = after_skips(datetime(2021, 11, *due, tzinfo=UTC), skipped, latest)
    assert found == datetime(2021, 11, *until, tzinfo=UTC)


@LAW
@given(
    st.timedeltas(timedelta(0), 2 * DAY),
    st.sets(st.integers(0, 23)),
    st.sets(st.integers(0, 6)),
    st.timedeltas(timedelta(0), 7 * DAY),
)
def test_skipping_is_bounded(
    wait: timedelta, some_hours: set[int], some_days: set[int], longest: timedelta
) -> None:
    """A poll is never put forward, and never put off beyond the longest wait."""
    skipped = Hints(skip_hours=tuple(some_hours), skip_days=tuple(some_days))
    due, latest = NOW + wait, NOW + longest
    assert due <= after_skips(due, skipped, latest) <= max(due, latest)


@LAW
@given(st.dictionaries(st.sampled_from(["Cache-Control", "Age", "Expires", "Date"]), st.text()))
def test_no_header_breaks_the_reading(headers: dict[str, str]) -> None:
    """Whatever stands in the headers, the hint is none or one between nothing and a month."""
    found = fresh_for(headers, NOW)
    assert found is None or timedelta(0) < found <= MOST_FRESH
