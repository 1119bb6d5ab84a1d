"""To whom an alert goes and when: many receivers, each with a schedule of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.dispatch import Policy, dispatch, redated
from monitor.alerts.plan import plan
from monitor.alerts.route import route
from monitor.alerts.schedule import Digest, Quiet, Schedule
from monitor.alerts.silence import in_words
from monitor.records import Withheld
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW
from tests.fakes.schedules import SCHEDULES, hm

LAW = settings(deadline=None)

WARSAW = ZoneInfo("Europe/Warsaw")
# At NOW it is 15:00 in Warsaw.
HOURLY = Schedule(zone=WARSAW, digest=Digest(every=HOUR))
RESTING = Schedule(zone=WARSAW, quiet=(Quiet(start=hm("14:00"), end=hm("16:00")),))
CAPPED = Schedule(burst=1)

DESK, PAGER, MAIL = (
    made.destination(name) for name in ("desk/1-console", "pager/1-slack", "mail/1-email")
)


def test_each_receiver_has_its_own_schedule() -> None:
    """The same alert goes at once to one, in a digest to another, after its rest to a third."""
    policy = Policy(schedules={PAGER.name: HOURLY, MAIL.name: RESTING})
    found = dispatch(made.alert(), [DESK, PAGER, MAIL], policy, NOW)
    assert [
        (one.destination, one.due_at - NOW < MINUTE, one.group) for one in found.deliveries
    ] == [
        ("desk/1-console", True, ""),
        ("pager/1-slack", False, "digest/2021-11-08 15:00 to 16:00 CET"),
        ("mail/1-email", False, "quiet/2021-11-08 14:00 to 16:00 CET"),
    ]
    assert found.withheld == ()


def test_a_schedule_changes_no_identity() -> None:
    """A delivery that is held has the id and the dedup key that it would have at once."""
    (plain,) = route(made.alert(), [PAGER], NOW)
    (held,) = dispatch(
        made.alert(), [PAGER], Policy(schedules={PAGER.name: HOURLY}), NOW
    ).deliveries
    assert replace(held, due_at=NOW, group="") == plain


def test_a_burst_is_counted_by_destination() -> None:
    """What one receiver was told at once does not fill the hour of another."""
    policy = Policy(
        schedules={DESK.name: CAPPED, PAGER.name: CAPPED}, recent={DESK.name: [NOW - 20 * MINUTE]}
    )
    desk, pager = dispatch(made.alert(), [DESK, PAGER], policy, NOW).deliveries
    assert desk.group.startswith("burst/")
    assert (pager.due_at, pager.group) == (NOW, "")


def test_a_silenced_receiver_is_not_told_and_the_reason_is_kept() -> None:
    """Its places, however many, have no delivery; who is silenced and by what is written down."""
    silence = made.silence(receiver="pager")
    other = made.destination("pager/2-email")
    policy = Policy(silences=(silence,))
    found = dispatch(made.alert(), [DESK, PAGER, other], policy, NOW)
    assert [one.destination for one in found.deliveries] == ["desk/1-console"]
    assert found.withheld == (
        Withheld(alert_id=made.alert().id, receiver="pager", why=in_words(silence), at=NOW),
    )


def test_a_silence_that_has_ended_keeps_nothing() -> None:
    """A silence whose time is over stops no alert."""
    policy = Policy(silences=(made.silence(receiver="desk"),))
    found = dispatch(made.alert(), [DESK], policy, NOW + HOUR)
    assert len(found.deliveries) == 1
    assert found.withheld == ()


def test_what_waits_follows_a_changed_schedule() -> None:
    """A delivery gets another slot exactly if its receiver's schedule says another one now."""
    (held,) = dispatch(
        made.alert(), [PAGER], Policy(schedules={PAGER.name: HOURLY}), NOW
    ).deliveries
    topic, later = made.topic(), NOW + 10 * MINUTE
    assert redated(held, topic, {PAGER.name: HOURLY}, later) is None
    assert redated(held, topic, {}, later) is None
    assert redated(held, topic, {PAGER.name: RESTING}, later) == plan(
        RESTING, "border", urgent=False, now=NOW
    )
    urgent = redated(held, replace(topic, urgent=True), {PAGER.name: RESTING}, later)
    assert urgent is not None
    assert urgent.due_at == later


@LAW
@given(
    st.lists(SCHEDULES, min_size=1, max_size=4),
    st.lists(st.integers(0, 2 * 24 * 60), min_size=1, max_size=12),
    st.booleans(),
)
def test_every_receiver_is_told_once(
    schedules: list[Schedule],
    minutes: list[int],
    urgent: bool,  # noqa: FBT001 - Hypothesis gives it
) -> None:
    """Whatever the schedules, each alert has one delivery for each destination, due in days."""
    names = [f"receiver{number}/1-console" for number in range(len(schedules))]
    destinations = [made.destination(name) for name in names]
    recent: dict[str, list[timedelta]] = {}
    told = set()
    for number, minute in enumerate(sorted(minutes)):
        now = NOW + minute * MINUTE
        policy = Policy(
            schedules=dict(zip(names, schedules, strict=True)),
            urgent=urgent,
            recent={name: [NOW + at for at in found] for name, found in recent.items()},
        )
        alert = made.alert(f"alert {number}", created_at=now)
        for one in dispatch(alert, destinations, policy, now).deliveries:
            assert now <= one.due_at <= now + 9 * DAY
            told.add((alert.id, one.destination))
            if one.group in {"", "border"}:
                recent.setdefault(one.destination, []).append(now - NOW)
    assert len(told) == len(minutes) * len(names)
