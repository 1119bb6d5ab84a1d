"""The demo's time waits for the daemon."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import pairwise

import pytest

from monitor.demo.clock import BEGIN, LEASH_SECONDS, PACE, STEP_SECONDS, QuickClock, conduct
from monitor.demo.server import NEWEST
from monitor.demo.stream import read_stream
from monitor.records import Feed
from tests.fakes import made

END = PACE[-1][0]
EVERY = timedelta(hours=6)


def test_time_stands_still_for_a_feed_that_is_late() -> None:
    """However slow the daemon is, no more of the stream passes than a feed may be late."""
    clock = QuickClock()
    assert clock.is_ahead_of([])
    late, done = made.feed(due_at=BEGIN), made.feed(due_at=END)
    while not clock.is_ahead_of([done, late]):
        clock.wind(STEP_SECONDS)
    one_more = timedelta(days=PACE[0][1]) * STEP_SECONDS
    leash = timedelta(days=PACE[0][1]) * LEASH_SECONDS
    assert leash < clock() - BEGIN <= leash + one_more
    assert not clock.is_ahead_of([done])


def test_the_stream_is_played_and_read_to_its_end() -> None:
    """Where the daemon follows, time runs to the end, in order, and not past an unread feed."""
    clock, seen = QuickClock(), [BEGIN]
    # The last second of it.
    clock.wind(18.2)

    def feeds() -> list[Feed]:
        seen.append(clock())
        # Polled the moment it is due.
        return [made.feed(due_at=clock() + EVERY)]

    conduct(clock, feeds, threading.Event())
    assert seen[1] < seen[-1] == END
    assert all(before <= after for before, after in pairwise(seen))
    assert clock.is_ahead_of([made.feed(due_at=END - timedelta(seconds=1))])


def test_who_stops_the_demo_waits_for_no_feed() -> None:
    """A demo that is interrupted ends, though a feed is late."""
    clock, ended = QuickClock(), threading.Event()
    thread = threading.Thread(target=conduct, args=(clock, list, ended))
    thread.start()
    ended.set()
    thread.join(10)
    assert not thread.is_alive()
    assert clock() == BEGIN


@pytest.mark.parametrize("pace", range(len(PACE)))
def test_no_feed_runs_over(pace: int) -> None:
    """While a feed is as late as it may be, its outlet publishes less than the feed holds."""
    starts = [BEGIN, *(until for until, _ in PACE)]
    days = PACE[pace][1] * (LEASH_SECONDS + STEP_SECONDS)
    longest = timedelta(days=days) + 2 * EVERY
    stream = read_stream()
    for outlet in stream.outlets:
        times = [
            one.published_at
            for one in stream.items
            if one.outlet == outlet.slug and starts[pace] <= one.published_at <= PACE[pace][0]
        ]
        for first in times:
            assert sum(first <= other <= first + longest for other in times) < NEWEST
