"""When a feed is dead, and what is proof of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.dead import find_dead, least_span
from monitor.feeds.schedule import after_failure
from monitor.records import Feed, FetchFailure
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

WELL = made.feed("BBC", id=2, last_ok_at=NOW, last_polled_at=NOW)


def failing(**changes: object) -> Feed:
    """Return a feed that was well 40 days ago, and has failed ever since."""
    feed = made.feed("LRT", last_ok_at=NOW - 40 * DAY, last_polled_at=NOW, failures=160)
    return replace(feed, **changes)  # type: ignore[arg-type]  # names of its fields


def names(*feeds: Feed, days: int = 30) -> list[str]:
    """Return the names of the dead among some feeds."""
    return [one.feed.name for one in find_dead(feeds, days * DAY, 6 * HOUR)]


def test_what_fails_for_long_is_dead() -> None:
    """A feed that has failed for so long, while another answered, is dead, with its proof."""
    (death,) = find_dead([WELL, failing()], 30 * DAY, 6 * HOUR)
    assert (death.feed.name, death.since, death.lasted) == ("LRT", NOW - 40 * DAY, 40 * DAY)
    assert names(WELL, failing(), days=41) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"failures": 0, "last_ok_at": NOW},
        {"failures": 1},
        {"last_polled_at": None},
        {"last_ok_at": NOW - 29 * DAY},
        {"last_polled_at": NOW - 20 * DAY},
    ],
    ids=[
        "it answers and is merely quiet",
        "the service stood still and has asked once",
        "it was never asked",
        "it was well not so long ago",
        "it has not been asked for so long a time",
    ],
)
def test_what_is_not_proven_stays(changes: dict[str, object]) -> None:
    """Without failures in a row over the whole time a feed is not dead."""
    quiet = {"baseline_at": NOW - 400 * DAY, "read_at": NOW - 400 * DAY}
    assert names(WELL, failing(**quiet | changes)) == []


def test_a_failing_network_kills_no_feed() -> None:
    """Time in which no feed at all answered was our own trouble."""
    others = replace(WELL, last_ok_at=NOW - 35 * DAY)
    assert names(others, failing()) == []
    assert names(failing()) == []
    assert names(replace(WELL, last_ok_at=None), failing(last_ok_at=None)) == []


def test_what_never_answered_is_dead_by_the_count_of_its_failures() -> None:
    """A feed that never was well is dead once its failures cannot have fitted into less time."""
    assert names(WELL, failing(last_ok_at=None, failures=160)) == ["LRT"]
    assert names(WELL, failing(last_ok_at=None, failures=100)) == []


def test_what_is_gone_is_dead_since_its_server_said_so() -> None:
    """A server's 410 counts from its first; such a feed is asked but once a week."""
    gone = failing(last_ok_at=None, gone_at=NOW - 31 * DAY, failures=5)
    assert names(WELL, gone) == ["LRT"]
    assert names(WELL, replace(gone, gone_at=NOW - 29 * DAY)) == []


def test_the_longest_dead_come_first() -> None:
    """The order is that of the last good polls."""
    later = failing(name="Delfi", last_ok_at=NOW - 35 * DAY)
    assert names(later, WELL, failing()) == ["LRT", "Delfi"]


@given(
    st.integers(1, 12),
    st.floats(0, 1),
    st.sampled_from([MINUTE, 15 * MINUTE, 12 * HOUR]),
    st.sampled_from([None, 404, 410, 500]),
)
def test_failures_take_at_least_the_least_span(
    failures: int, chance: float, every: timedelta, status: int | None
) -> None:
    """However chance falls, polls that fail take no less time than the proof claims."""
    feed = made.feed("LRT", every=every, last_polled_at=None)
    at = first = last = NOW
    for _ in range(failures):
        last = at
        poll = after_failure(
            feed,
            FetchFailure(cause="x", status=status, fetched_at=at),
            chance=chance,
            at_least_every=6 * HOUR,
        )
        feed = replace(feed, failures=poll.failures, gone_at=poll.gone_at)
        at = poll.due_at
    assert last - first >= least_span(failures, every, 6 * HOUR) - timedelta(seconds=1)
