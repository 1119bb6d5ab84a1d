"""When an alert is due, and with what it shares a message."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.plan import Slot, heading, plan, replan
from monitor.alerts.schedule import Digest, Quiet, Schedule, digest_after, quiet_at
from tests.fakes.schedules import SCHEDULES, hm

LAW = settings(deadline=None)

WARSAW = ZoneInfo("Europe/Warsaw")
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2021, 1, 1), datetime(2024, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - bounds are naive

AT_ONCE = Schedule(zone=WARSAW)
WAIT = Schedule(zone=WARSAW, group_wait=30 * SECOND)
TWICE = Digest(at=(hm("08:00"), hm("17:00")))
NIGHT = (Quiet(start=hm("22:00"), end=hm("31:00")),)
NIGHTLY = Schedule(zone=WARSAW, group_wait=30 * SECOND, quiet=NIGHT)
DIGESTS = Schedule(zone=WARSAW, group_wait=30 * SECOND, digest=TWICE)
HOURLY = Schedule(zone=WARSAW, digest=Digest(every=HOUR), quiet=NIGHT)
CAPPED = Schedule(zone=WARSAW, group_wait=30 * SECOND, burst=2)
CAPPED_NIGHTLY = Schedule(zone=WARSAW, quiet=NIGHT, burst=1)

NIGHT_GROUP = "quiet/2021-11-08 22:00 to 2021-11-09 07:00 CET"


def at(text: str) -> datetime:
    """Read a time on Warsaw's clock; a bare one is of 8 November 2021."""
    if "-" not in text:
        text = f"2021-11-08 {text}"
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW).astimezone(UTC)


CASES: dict[str, tuple[Schedule, str, str, str]] = {
    "without a schedule: at once and alone": (AT_ONCE, "14:00", "14:00", ""),
    "companions have half a minute": (WAIT, "14:00", "14:00:30", "border"),
    "before the quiet hours: at once": (NIGHTLY, "21:59", "21:59:30", "border"),
    "nobody waits into the quiet hours": (NIGHTLY, "21:59:45", "21:59:45", "border"),
    "in the quiet hours: held": (NIGHTLY, "22:00", "2021-11-09 07:00", NIGHT_GROUP),
    "late in them: in the same message": (
        NIGHTLY,
        "2021-11-09 06:59:59",
        "2021-11-09 07:00",
        NIGHT_GROUP,
    ),
    "at their end: at once": (NIGHTLY, "2021-11-09 07:00", "2021-11-09 07:00:30", "border"),
    "a digest waits for its time": (
        DIGESTS,
        "08:00",
        "17:00",
        "digest/2021-11-08 08:00 to 17:00 CET",
    ),
    "a digest over midnight": (
        DIGESTS,
        "17:00:01",
        "2021-11-09 08:00",
        "digest/2021-11-08 17:00 to 2021-11-09 08:00 CET",
    ),
    "a digest over the clock's change": (
        DIGESTS,
        "2021-10-30 18:00",
        "2021-10-31 08:00",
        "digest/2021-10-30 17:00 CEST to 2021-10-31 08:00 CET",
    ),
    "an hourly digest by day": (HOURLY, "14:20", "15:00", "digest/2021-11-08 14:00 to 15:00 CET"),
    "the digests of the quiet hours are one": (
        HOURLY,
        "21:30",
        "2021-11-09 07:00",
        "digest/2021-11-08 21:00 to 2021-11-09 07:00 CET",
    ),
    "and so is the one at their end": (
        HOURLY,
        "2021-11-09 06:30",
        "2021-11-09 07:00",
        "digest/2021-11-08 21:00 to 2021-11-09 07:00 CET",
    ),
    "the next one begins where it ended": (
        HOURLY,
        "2021-11-09 07:00",
        "2021-11-09 08:00",
        "digest/2021-11-09 07:00 to 08:00 CET",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_plan(case: tuple[Schedule, str, str, str]) -> None:
    """Each rule gives the time and the group that its sentence says."""
    schedule, now, due_at, group = case
    assert plan(schedule, "border", urgent=False, now=at(now)) == Slot(
        due_at=at(due_at), group=group
    )


URGENT: dict[str, tuple[Schedule, str, str, str]] = {
    "it passes quiet hours": (NIGHTLY, "23:00", "23:00:30", "border"),
    "it keeps to digests": (DIGESTS, "14:00", "17:00", "digest/2021-11-08 08:00 to 17:00 CET"),
    "its digests pass quiet hours": (
        HOURLY,
        "22:30",
        "23:00",
        "digest/2021-11-08 22:00 to 23:00 CET",
    ),
}


@pytest.mark.parametrize("case", URGENT.values(), ids=URGENT)
def test_urgent(case: tuple[Schedule, str, str, str]) -> None:
    """An urgent topic is kept from nobody's night, but makes no message of its own of a digest."""
    schedule, now, due_at, group = case
    assert plan(schedule, "border", urgent=True, now=at(now)) == Slot(
        due_at=at(due_at), group=group
    )


@pytest.mark.parametrize(
    "schedule, recent, now, due_at, group",
    [
        (CAPPED, [], "14:00", "14:00:30", "border"),
        (CAPPED, ["13:30"], "14:00", "14:00:30", "border"),
        (CAPPED, ["13:00", "13:30"], "14:00", "14:00:30", "border"),
        (
            CAPPED,
            ["13:30", "13:10"],
            "14:00",
            "14:10",
            "burst/2021-11-08 13:10 to 14:10 CET, border",
        ),
        # To the full minute, so that all of them are one message.
        (
            CAPPED,
            ["13:10:05", "13:30"],
            "14:00",
            "14:11",
            "burst/2021-11-08 13:11 to 14:11 CET, border",
        ),
        # More than the bound of now, which may have been lowered: until all but one are old.
        (
            CAPPED,
            ["13:10", "13:20", "13:50"],
            "14:00",
            "14:20",
            "burst/2021-11-08 13:20 to 14:20 CET, border",
        ),
        (CAPPED_NIGHTLY, ["21:30"], "21:45", "2021-11-09 07:00", NIGHT_GROUP),
        (CAPPED_NIGHTLY, ["20:45"], "21:45", "21:45", ""),
    ],
)
def test_burst(schedule: Schedule, recent: list[str], now: str, due_at: str, group: str) -> None:
    """What is more than the hour's share waits until the hour has room, as one message."""
    found = plan(schedule, "border", urgent=False, now=at(now), recent=map(at, recent))
    assert found == Slot(due_at=at(due_at), group=group)


@pytest.mark.parametrize(
    "group, expected",
    [
        ("", ""),
        ("border", ""),
        ("digest/2021-11-08 08:00 to 17:00 CET", "digest of 2021-11-08 08:00 to 17:00 CET"),
        (NIGHT_GROUP, "held in quiet hours, 2021-11-08 22:00 to 2021-11-09 07:00 CET"),
        (
            "burst/2021-11-08 13:10 to 14:10 CET, border",
            "more alerts than the hour's share, 2021-11-08 13:10 to 14:10 CET, border",
        ),
    ],
)
def test_heading(group: str, expected: str) -> None:
    """A message of several says what it is, with its window."""
    assert heading(group) == expected


# --------------------------------------------------------------------------- another schedule


@pytest.mark.parametrize(
    "before, made, after, now, due_at, group",
    [
        # Nothing has changed.
        (DIGESTS, "14:00", DIGESTS, "15:00", "17:00", "digest/2021-11-08 08:00 to 17:00 CET"),
        (NIGHTLY, "23:00", NIGHTLY, "2021-11-09 06:00", "2021-11-09 07:00", NIGHT_GROUP),
        # Overdue, since the service was down: due as it was.
        (DIGESTS, "14:00", DIGESTS, "18:00", "17:00", "digest/2021-11-08 08:00 to 17:00 CET"),
        # But not in quiet hours.
        (NIGHTLY, "21:00", NIGHTLY, "22:30", "2021-11-09 07:00", NIGHT_GROUP),
        # No digests any more: what they held goes now, together.
        (DIGESTS, "14:00", WAIT, "15:00", "15:00", "border"),
        (DIGESTS, "14:00", NIGHTLY, "22:30", "2021-11-09 07:00", NIGHT_GROUP),
        # Digests at other times: the one whose time has passed goes now.
        (
            DIGESTS,
            "14:00",
            Schedule(zone=WARSAW, digest=Digest(at=(hm("15:00"), hm("20:00")))),
            "16:00",
            "16:00",
            "digest/2021-11-07 20:00 to 2021-11-08 15:00 CET",
        ),
        (
            DIGESTS,
            "14:00",
            Schedule(zone=WARSAW, digest=Digest(at=(hm("20:00"),))),
            "16:00",
            "20:00",
            "digest/2021-11-07 20:00 to 2021-11-08 20:00 CET",
        ),
        # Digests from now on: what waits for companions waits longer.
        (WAIT, "14:00", DIGESTS, "14:00:10", "17:00", "digest/2021-11-08 08:00 to 17:00 CET"),
    ],
)
def test_replan(
    before: Schedule, made: str, after: Schedule, now: str, due_at: str, group: str
) -> None:
    """A delivery that waits follows a changed schedule; nothing goes later than it has to."""
    slot = plan(before, "border", urgent=False, now=at(made))
    found = replan(after, "border", urgent=False, made_at=at(made), slot=slot, now=at(now))
    assert found == Slot(due_at=at(due_at), group=group)


def test_replan_of_a_burst() -> None:
    """What a burst held stays held while there is a bound, and goes now when there is none."""
    slot = Slot(due_at=at("14:10"), group="burst/2021-11-08 13:10 to 14:10 CET, border")
    kept = replan(CAPPED, "border", urgent=False, made_at=at("14:00"), slot=slot, now=at("14:05"))
    gone = replan(WAIT, "border", urgent=False, made_at=at("14:00"), slot=slot, now=at("14:05"))
    assert kept == slot
    assert gone == Slot(due_at=at("14:05"), group="border")


# ------------------------------------------------------------------------------------- laws


@LAW
@given(SCHEDULES, MOMENTS, st.booleans())
def test_due_in_time(schedule: Schedule, now: datetime, urgent: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    """Nothing is due before now, in quiet hours, or later than the next time that is open."""
    slot = plan(schedule, "border", urgent=urgent, now=now)
    latest = now + schedule.group_wait
    if schedule.digest is not None:
        latest = digest_after(schedule.digest, schedule.zone, now)
    for moment in (now, latest):
        period = None if urgent else quiet_at(schedule, moment)
        if period is not None:
            latest = max(latest, period.end)
    assert now <= slot.due_at <= latest
    assert urgent or quiet_at(schedule, slot.due_at) is None


@LAW
@given(SCHEDULES, MOMENTS, st.lists(st.integers(0, 3 * 24 * 3600), min_size=2, max_size=12))
def test_one_group_is_one_time(schedule: Schedule, start: datetime, offsets: list[int]) -> None:
    """What waits in one group is due at one time; a later alert is not due in an earlier group."""
    slots = [
        plan(schedule, "border", urgent=False, now=start + offset * SECOND)
        for offset in sorted(offsets)
    ]
    times: dict[str, set[datetime]] = {}
    for slot in slots:
        if "/" in slot.group:
            times.setdefault(slot.group, set()).add(slot.due_at)
    assert all(len(found) == 1 for found in times.values())
    # But for those that quiet hours kept from waiting for companions.
    slack = schedule.group_wait
    assert all(one.due_at <= other.due_at + slack for one, other in pairwise(slots))


def _told(schedule: Schedule, moments: list[datetime]) -> Iterator[tuple[datetime, Slot]]:
    """Plan alerts one after another, each knowing those that went at once before it."""
    recent: list[datetime] = []
    for moment in moments:
        slot = plan(schedule, "border", urgent=False, now=moment, recent=recent)
        if slot.group in {"", "border"}:
            recent.append(moment)
        yield moment, slot


@LAW
@given(SCHEDULES, MOMENTS, st.lists(st.integers(0, 4 * 3600), min_size=1, max_size=40))
def test_a_burst_is_bounded(schedule: Schedule, start: datetime, offsets: list[int]) -> None:
    """No hour has more alerts that went at once than the bound; the rest wait an hour at most."""
    moments = [start + offset * SECOND for offset in sorted(offsets)]
    found = list(_told(schedule, moments))
    at_once = [moment for moment, slot in found if slot.group in {"", "border"}]
    if schedule.burst is not None:
        crowd = [sum(one - HOUR < other <= one for other in at_once) for one in at_once]
        assert max(crowd, default=0) <= schedule.burst
    for moment, slot in found:
        if slot.group.startswith("burst/"):
            assert moment < slot.due_at <= moment + HOUR + MINUTE


@LAW
@given(SCHEDULES, SCHEDULES, MOMENTS, st.integers(0, 10 * 24 * 3600))
def test_another_schedule_keeps_the_rules(
    before: Schedule, after: Schedule, made_at: datetime, passed: int
) -> None:
    """Given another time, a delivery is due in an open hour, or as before; twice is once."""
    now = made_at + passed * SECOND
    slot = plan(before, "border", urgent=False, now=made_at)
    found = replan(after, "border", urgent=False, made_at=made_at, slot=slot, now=now)
    if found.due_at < now:
        assert found == slot
        assert quiet_at(after, now) is None
    else:
        assert quiet_at(after, found.due_at) is None
    again = replan(after, "border", urgent=False, made_at=made_at, slot=found, now=now)
    assert again == found


@LAW
@given(SCHEDULES, MOMENTS, st.floats(0, 1))
def test_the_same_schedule_changes_nothing(
    schedule: Schedule, made_at: datetime, part: float
) -> None:
    """As long as a delivery is not due, its own schedule leaves it as it is."""
    slot = plan(schedule, "border", urgent=False, now=made_at)
    now = made_at + part * (slot.due_at - made_at)
    assert replan(schedule, "border", urgent=False, made_at=made_at, slot=slot, now=now) == slot
