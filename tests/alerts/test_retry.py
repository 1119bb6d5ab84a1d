"""What follows a failed attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.retry import FIRST_WAIT, LONGEST_WAIT, after_error, wait_after
from monitor.errors import DeliveryError
from monitor.records import DeliveryState, Outcome
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

# A busy machine may take its time.
LAW = settings(deadline=None)

CHANCES = st.floats(0, 1, exclude_max=True)
ATTEMPTS = st.integers(1, 10_000)
WAITS = st.timedeltas(timedelta(0), 30 * DAY)


def failed(
    *,
    attempts: int = 0,
    age: timedelta = timedelta(0),
    permanent: bool = False,
    retry_after: timedelta | None = None,
    give_up_after: timedelta = DAY,
    chance: float = 0.0,
) -> Outcome:
    """Decide on a failure now of a delivery of some age."""
    return after_error(
        made.delivery(attempts=attempts, created_at=NOW - age),
        DeliveryError("HTTP 503", permanent=permanent, retry_after=retry_after),
        now=NOW,
        chance=chance,
        give_up_after=give_up_after,
    )


@pytest.mark.parametrize(
    "outcome, state, wait",
    [
        (failed(), DeliveryState.PENDING, 2.5 * SECOND),
        (failed(chance=0.5), DeliveryState.PENDING, 3.75 * SECOND),
        (failed(attempts=1), DeliveryState.PENDING, 5 * SECOND),
        (failed(attempts=5), DeliveryState.PENDING, 80 * SECOND),
        (failed(attempts=50), DeliveryState.PENDING, HOUR / 2),
        (failed(retry_after=MINUTE), DeliveryState.PENDING, MINUTE),
        (failed(retry_after=SECOND), DeliveryState.PENDING, 2.5 * SECOND),
        (failed(attempts=50, retry_after=MINUTE), DeliveryState.PENDING, HOUR / 2),
        (failed(age=23 * HOUR, attempts=50), DeliveryState.PENDING, HOUR / 2),
        (failed(age=23 * HOUR, retry_after=HOUR), DeliveryState.PENDING, HOUR),
        (failed(age=23 * HOUR, retry_after=HOUR + SECOND), DeliveryState.EXPIRED, None),
        (failed(age=DAY), DeliveryState.EXPIRED, None),
        (failed(give_up_after=timedelta(0)), DeliveryState.EXPIRED, None),
        (failed(permanent=True), DeliveryState.DEAD, None),
        (failed(permanent=True, age=2 * DAY), DeliveryState.DEAD, None),
        (failed(permanent=True, retry_after=MINUTE), DeliveryState.DEAD, None),
    ],
    ids=[
        "a first failure is tried again after seconds",
        "chance spreads the tries",
        "a second one after twice as long",
        "a sixth one after minutes",
        "and never later than after an hour",
        "what the other side asks for is waited for",
        "but is no reason to hurry",
        "nor a way around our own patience",
        "near the end it is still tried",
        "even at the very last moment",
        "but not after it",
        "what is too old has expired",
        "no patience at all is one attempt",
        "a permanent failure is not tried again",
        "however old",
        "whatever the other side asks for",
    ],
)
def test_what_follows(outcome: Outcome, state: DeliveryState, wait: timedelta | None) -> None:
    """Each failure has one consequence, which carries what the other side said and when."""
    assert outcome == Outcome(
        delivery_id=made.delivery().id,
        state=state,
        due_at=None if wait is None else NOW + wait,
        answer="HTTP 503",
        at=NOW,
    )


@LAW
@given(ATTEMPTS, CHANCES)
def test_the_wait_is_bounded(attempts: int, chance: float) -> None:
    """No pause is shorter than half of the first, or longer than the longest."""
    assert FIRST_WAIT / 2 <= wait_after(attempts, chance) <= LONGEST_WAIT


@LAW
@given(ATTEMPTS, ATTEMPTS, CHANCES)
def test_the_wait_grows(one: int, other: int, chance: float) -> None:
    """By the same chance, more attempts never mean a shorter pause."""
    fewer, more = sorted([one, other])
    assert wait_after(fewer, chance) <= wait_after(more, chance)


@LAW
@given(ATTEMPTS, CHANCES, CHANCES)
def test_chance_moves_a_wait_by_half(attempts: int, one: float, other: float) -> None:
    """Chance makes no pause more than twice as long as another."""
    least, most = sorted([wait_after(attempts, one), wait_after(attempts, other)])
    assert most <= 2 * least + timedelta(microseconds=1)


@LAW
@given(
    attempts=st.integers(0, 1_000),
    age=WAITS,
    retry_after=st.none() | WAITS,
    give_up_after=WAITS,
    chance=CHANCES,
)
def test_temporary_failures(
    attempts: int,
    age: timedelta,
    retry_after: timedelta | None,
    give_up_after: timedelta,
    chance: float,
) -> None:
    """A temporary failure is tried again in time and not before it is wanted, or has expired."""
    outcome = failed(
        attempts=attempts,
        age=age,
        retry_after=retry_after,
        give_up_after=give_up_after,
        chance=chance,
    )
    if outcome.due_at is None:
        assert outcome.state is DeliveryState.EXPIRED
        longest = max(LONGEST_WAIT, retry_after or timedelta(0))
        assert NOW + longest > NOW - age + give_up_after
    else:
        assert outcome.state is DeliveryState.PENDING
        assert outcome.due_at >= NOW + (retry_after or timedelta(0))
        assert NOW < outcome.due_at <= NOW - age + give_up_after
