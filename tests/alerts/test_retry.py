"""What follows a failed attempt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.retry import FIRST_WAIT, LONGEST_WAIT, Limits, after_error, wait_after
from monitor.errors import DeliveryError, Scope
from monitor.records import Claim, DeliveryState, Mailbox, Outcome
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

# A busy machine may take its time.
LAW = settings(deadline=None)

CHANCES = st.floats(0, 1, exclude_max=True)
ATTEMPTS = st.integers(1, 10_000)
WAITS = st.timedeltas(timedelta(0), 30 * DAY)


def claim(*, attempts: int = 0, age: timedelta = timedelta(0), **mailbox: Any) -> Claim:
    """Return a message of one delivery that has been due for a time."""
    one = made.delivery(attempts=attempts, due_at=NOW - age)
    box = Mailbox(destination=one.destination, **mailbox)
    return Claim(deliveries=(one,), alerts=(made.alert(),), mailbox=box)


def failed(
    of: Claim | None = None,
    *,
    permanent: bool = False,
    scope: Scope = "message",
    unsure: bool = False,
    retry_after: timedelta | None = None,
    give_up_after: timedelta = DAY,
    chance: float = 0.5,
    spacing: timedelta = timedelta(0),
) -> Outcome:
    """Decide on a failure now."""
    error = DeliveryError(
        "HTTP 503", permanent=permanent, retry_after=retry_after, scope=scope, unsure=unsure
    )
    limits = Limits(give_up_after=give_up_after, spacing=spacing)
    return after_error(of or claim(), error, now=NOW, chance=chance, limits=limits)


PENDING, EXPIRED, DEAD = DeliveryState.PENDING, DeliveryState.EXPIRED, DeliveryState.DEAD
DOWN: dict[str, Any] = {"failures": 5, "down_since": NOW - HOUR}
LONG_DOWN: dict[str, Any] = {"failures": 50, "down_since": NOW - DAY}


@pytest.mark.parametrize(
    "outcome, state, wait",
    [
        (failed(), PENDING, 2.5 * SECOND),
        (failed(chance=0.9), PENDING, 4.5 * SECOND),
        (failed(chance=0.0), PENDING, 0 * SECOND),
        (failed(chance=0.0, spacing=SECOND), PENDING, SECOND),
        (failed(claim(failures=1)), PENDING, 5 * SECOND),
        (failed(claim(**DOWN)), PENDING, 80 * SECOND),
        (failed(claim(**LONG_DOWN)), PENDING, HOUR / 2),
        (failed(claim(attempts=9)), PENDING, 1280 * SECOND),
        (failed(retry_after=MINUTE), PENDING, MINUTE),
        (failed(retry_after=SECOND), PENDING, 2.5 * SECOND),
        (failed(claim(**LONG_DOWN), retry_after=MINUTE), PENDING, HOUR / 2),
        (failed(unsure=True), PENDING, 30 * SECOND),
        (failed(claim(**LONG_DOWN), unsure=True), PENDING, HOUR / 2),
        (failed(claim(age=23 * HOUR, **LONG_DOWN)), PENDING, HOUR / 2),
        (failed(claim(age=23 * HOUR), retry_after=HOUR), PENDING, HOUR),
        (failed(claim(age=23 * HOUR), retry_after=HOUR + SECOND), EXPIRED, None),
        (failed(claim(age=DAY)), EXPIRED, None),
        (failed(give_up_after=timedelta(0)), EXPIRED, None),
        (failed(permanent=True), DEAD, None),
        (failed(claim(age=2 * DAY), permanent=True), DEAD, None),
        (failed(permanent=True, retry_after=MINUTE), DEAD, None),
        (failed(permanent=True, scope="destination"), PENDING, None),
        (failed(claim(age=2 * DAY), permanent=True, scope="destination"), PENDING, None),
    ],
    ids=[
        "a first failure is tried again after seconds",
        "chance spreads the tries",
        "down to at once",
        "but never faster than the kind bears",
        "a second one after twice as long",
        "a sixth one after minutes",
        "and never later than after an hour",
        "a message that alone fails has its own count",
        "what the other side asks for is waited for",
        "but is no reason to hurry",
        "nor a way around our own patience",
        "what may have arrived is not hurried",
        "nor tried sooner than else",
        "near the end it is still tried",
        "even at the very last moment",
        "but not after it",
        "what is too old has expired",
        "no patience at all is one attempt",
        "a message that is refused is not tried again",
        "however old",
        "whatever the other side asks for",
        "a message waits where nothing is taken",
        "however old: it was not tried at its end",
    ],
)
def test_what_follows(outcome: Outcome, state: DeliveryState, wait: timedelta | None) -> None:
    """Each failure has one consequence, which carries what the other side said and when."""
    assert outcome.delivery_ids == (made.delivery().id,)
    assert (outcome.state, outcome.at) == (state, NOW)
    assert outcome.due_at == (None if wait is None else NOW + wait)
    assert outcome.answer.endswith("HTTP 503")


def box_after(outcome: Outcome) -> Mailbox:
    """Give the mailbox after an outcome."""
    assert outcome.mailbox is not None
    return outcome.mailbox


def test_a_failure_holds_the_whole_line() -> None:
    """What may pass delays all that is due there, and is counted from the first failure on."""
    first = box_after(failed())
    assert (first.failures, first.down_since, first.next_at) == (1, NOW, NOW + 2.5 * SECOND)
    later = box_after(failed(claim(failures=1, down_since=NOW - HOUR)))
    assert (later.failures, later.down_since, later.why) == (2, NOW - HOUR, "HTTP 503")


def test_a_refusal_shows_that_the_destination_is_well() -> None:
    """A message that is refused holds up no other, but for the pause that the kind needs."""
    after = box_after(failed(claim(**DOWN), permanent=True, spacing=SECOND))
    assert (after.failures, after.down_since, after.next_at) == (0, None, NOW + SECOND)


def test_a_destination_is_paused() -> None:
    """Where nothing is taken nothing is sent, and what was said is kept."""
    after = box_after(failed(claim(**DOWN), permanent=True, scope="destination"))
    assert (after.paused_at, after.why, after.next_at) == (NOW, "HTTP 503", None)


def test_what_may_have_arrived_says_so() -> None:
    """Of a message without an answer it is told that it may have arrived."""
    assert failed(unsure=True).answer == "may have arrived: HTTP 503"


def test_a_message_that_alone_fails_is_set_aside() -> None:
    """One that fails again and again where others arrive waits by itself; the line goes on."""
    outcome = failed(claim(attempts=5))
    assert outcome.is_set_aside
    assert box_after(outcome).failures == 0
    assert box_after(outcome).next_at is None


@pytest.mark.parametrize(
    "outcome",
    [failed(claim(attempts=4)), failed(claim(attempts=5, failures=1)), failed(retry_after=HOUR)],
    ids=["too few failures", "the last one did not arrive either", "it names a time"],
)
def test_no_message_is_blamed_too_soon(outcome: Outcome) -> None:
    """Without a sign that it is the message, the destination is down, and the line waits."""
    assert not outcome.is_set_aside
    assert box_after(outcome).failures > 0


@LAW
@given(ATTEMPTS, CHANCES)
def test_the_wait_is_bounded(attempts: int, chance: float) -> None:
    """No pause is longer than the longest, and none runs back."""
    assert timedelta(0) <= wait_after(attempts, chance) <= LONGEST_WAIT


@LAW
@given(ATTEMPTS, ATTEMPTS, CHANCES)
def test_the_wait_grows(one: int, other: int, chance: float) -> None:
    """By the same chance, more attempts never mean a shorter pause."""
    fewer, more = sorted([one, other])
    assert wait_after(fewer, chance) <= wait_after(more, chance)


@LAW
@given(ATTEMPTS, CHANCES)
def test_chance_moves_a_wait_by_all_of_it(attempts: int, chance: float) -> None:
    """A pause is the part of the longest one at its place that chance says."""
    longest = min(FIRST_WAIT * 2 ** min(attempts - 1, 20), LONGEST_WAIT)
    assert wait_after(attempts, chance) == longest * chance


@LAW
@given(
    attempts=st.integers(0, 1_000),
    failures=st.integers(0, 1_000),
    age=WAITS,
    retry_after=st.none() | WAITS,
    give_up_after=WAITS,
    chance=CHANCES,
)
def test_temporary_failures(
    attempts: int,
    failures: int,
    age: timedelta,
    retry_after: timedelta | None,
    give_up_after: timedelta,
    chance: float,
) -> None:
    """A temporary failure is tried again in time and not before it is wanted, or has expired."""
    outcome = failed(
        claim(attempts=attempts, age=age, failures=failures),
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
        assert NOW <= outcome.due_at <= NOW - age + give_up_after
