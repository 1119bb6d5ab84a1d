"""When a feed is next due."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.schedule import JITTER, after_failure, after_success
from monitor.records import Document, NotModified, Poll, Stage
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

# A busy machine may take its time.
LAW = settings(deadline=None)

CHANCES = st.floats(0, 1, exclude_max=True)
INTERVALS = st.timedeltas(timedelta(seconds=1), 30 * DAY)
KNOWN = made.feed(etag='"1"', last_modified="Monday", body_hash=made.digest("old"))


def due_in(poll: Poll) -> timedelta:
    """Give the time to the next poll."""
    return poll.due_at - NOW


# --------------------------------------------------------------------------------------- success


@pytest.mark.parametrize(
    "result, etag, last_modified",
    [
        (made.document(etag='"2"', last_modified="Tuesday"), '"2"', "Tuesday"),
        (made.document(etag='"2"'), '"2"', None),
        (made.document(), None, None),
        (NotModified(fetched_at=NOW), '"1"', "Monday"),
        (NotModified(etag='"2"', fetched_at=NOW), '"2"', "Monday"),
        (NotModified(last_modified="Tuesday", fetched_at=NOW), '"1"', "Tuesday"),
    ],
    ids=[
        "a document brings its validators",
        "and takes away what it does not bring",
        "even all of them",
        "where nothing changed, they stay",
        "or are replaced by what came",
        "each by itself",
    ],
)
def test_validators(
    result: Document | NotModified, etag: str | None, last_modified: str | None
) -> None:
    """The next poll asks with the validators of the last answer."""
    poll = after_success(KNOWN, result, chance=0.5, body_hash=KNOWN.body_hash)
    assert (poll.etag, poll.last_modified) == (etag, last_modified)


def test_a_success_is_written_down() -> None:
    """A good answer ends all failures and is remembered by its time and its body."""
    failing = made.feed(failures=7, last_error="HTTP 500", baseline_at=None)
    poll = after_success(failing, made.document(), chance=0.5, body_hash=made.digest("new"))
    assert poll == Poll(
        feed_id=1,
        polled_at=NOW,
        due_at=NOW + 15 * MINUTE,
        ok=True,
        failures=0,
        body_hash=made.digest("new"),
        baseline_at=NOW,
    )


def test_the_first_poll_stays_the_baseline() -> None:
    """Only the first good poll of a feed is its baseline."""
    poll = after_success(KNOWN, made.document(), chance=0.5, body_hash=None)
    assert poll.baseline_at == NOW - DAY
    assert poll.body_hash == KNOWN.body_hash


@LAW
@given(INTERVALS, CHANCES)
def test_the_next_poll_is_about_an_interval_away(every: timedelta, chance: float) -> None:
    """A feed that answers is polled at its own interval, give or take the jitter."""
    wait = due_in(
        after_success(made.feed(every=every), made.document(), chance=chance, body_hash=None)
    )
    assert abs(wait - every) <= JITTER * every + timedelta(microseconds=1)
    assert wait > timedelta(0)


# -------------------------------------------------------------------------------------- failures


def failed(
    failures: int,
    *,
    every: timedelta = 15 * MINUTE,
    retry_after: timedelta | None = None,
    at_least_every: timedelta = 6 * HOUR,
    chance: float = 0.5,
) -> Poll:
    """Plan the next try of a feed that has failed some times before."""
    return after_failure(
        made.feed(failures=failures, every=every),
        made.failure(retry_after=retry_after),
        chance=chance,
        at_least_every=at_least_every,
    )


@pytest.mark.parametrize(
    "poll, wait",
    [
        (failed(0), 15 * MINUTE),
        (failed(1), 30 * MINUTE),
        (failed(4), 4 * HOUR),
        (failed(5), 6 * HOUR),
        (failed(1_000_000), 6 * HOUR),
        (failed(9, every=12 * HOUR), 12 * HOUR),
        (failed(0, retry_after=HOUR), HOUR),
        (failed(0, retry_after=MINUTE), 15 * MINUTE),
        (failed(9, retry_after=DAY), DAY),
        (failed(0, chance=0.0), 13.5 * MINUTE),
        (failed(0, retry_after=15 * MINUTE, chance=0.0), 15 * MINUTE),
    ],
    ids=[
        "one failure changes no interval",
        "a second one doubles it",
        "and so on",
        "up to the longest",
        "for ever",
        "a feed of long intervals keeps its own",
        "what the server asks for is waited for",
        "but is no reason to hurry",
        "even beyond the longest",
        "chance spreads the tries",
        "but not to before what was asked for",
    ],
)
def test_patience(poll: Poll, wait: timedelta) -> None:
    """A feed that fails is tried ever less often, and never given up."""
    assert due_in(poll) == wait


def test_a_failure_is_written_down() -> None:
    """A failure counts, says its cause, and brings nothing else."""
    poll = failed(2)
    expected = Poll(
        feed_id=1, polled_at=NOW, due_at=poll.due_at, ok=False, failures=3, error="HTTP 500"
    )
    assert poll == expected


@LAW
@given(st.integers(0, 10_000), INTERVALS, INTERVALS, CHANCES, st.none() | INTERVALS)
def test_patience_is_bounded(
    failures: int,
    every: timedelta,
    at_least_every: timedelta,
    chance: float,
    retry_after: timedelta | None,
) -> None:
    """No try comes before an interval is over, nor later than the longest wait or what is asked."""
    poll = failed(
        failures,
        every=every,
        at_least_every=at_least_every,
        chance=chance,
        retry_after=retry_after,
    )
    asked = retry_after or timedelta(0)
    assert max(every * (1 - JITTER), asked) - SECOND <= due_in(poll)
    assert due_in(poll) <= max(at_least_every * (1 + JITTER), every * (1 + JITTER), asked) + SECOND


@LAW
@given(st.integers(0, 10_000), INTERVALS, INTERVALS, CHANCES)
def test_patience_grows(
    failures: int, every: timedelta, at_least_every: timedelta, chance: float
) -> None:
    """By the same chance, one more failure never means a shorter wait."""
    waits = [
        due_in(failed(count, every=every, at_least_every=at_least_every, chance=chance))
        for count in (failures, failures + 1)
    ]
    assert waits[0] <= waits[1]


def test_a_failure_says_how_far_it_came() -> None:
    """A feed's error begins with the stage at which its exchange ended, if it broke off."""
    broken = made.failure("connection refused", stage=Stage.CONNECT)
    answered = made.failure("HTTP 500")
    for failure, error in ((broken, "connect: connection refused"), (answered, "HTTP 500")):
        poll = after_failure(made.feed(), failure, chance=0.5, at_least_every=DAY)
        assert poll.error == error
