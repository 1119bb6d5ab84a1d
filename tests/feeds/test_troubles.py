"""Which feeds are in trouble: told once, each by its own pace."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.troubles import (
    LEAST_SILENCE,
    MOST_ARRIVALS,
    Trouble,
    TroubleKind,
    compare,
    find,
    in_words,
    patience,
    usual_gap,
)
from monitor.records import Feed
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

FAILING, GONE, SILENT = TroubleKind.FAILING, TroubleKind.GONE, TroubleKind.SILENT
# The gaps of feeds, newest first.
NEWSROOM = [20 * MINUTE] * 39
OFFICE = [DAY, 3 * DAY, DAY, DAY, DAY, DAY, 3 * DAY, DAY, DAY]
WEEKLY = [7 * DAY] * 9


def arrivals(gaps: list[timedelta], last: timedelta) -> list[datetime]:
    """Give the arrivals of a feed whose last one was so long ago, newest first."""
    moments = [NOW - last]
    for gap in gaps:
        moments.append(moments[-1] - gap)
    return moments


def well(**changes: Any) -> Feed:
    """Give a feed that answered just now."""
    answered: dict[str, Any] = {"last_ok_at": NOW, "last_polled_at": NOW}
    return made.feed("LRT", **answered | changes)


@pytest.mark.parametrize(
    "gaps,quiet_for,is_silent",
    [
        # A newsroom may sleep over a weekend, but no longer.
        (NEWSROOM, 71 * HOUR, False),
        (NEWSROOM, 72 * HOUR, True),
        # An office has weekends, and now and then a long one.
        (OFFICE, 3 * DAY, False),
        (OFFICE, 6 * DAY - HOUR, False),
        (OFFICE, 6 * DAY, True),
        (WEEKLY, 13 * DAY, False),
        (WEEKLY, 14 * DAY, True),
        # One that paused for a month lately may do it again, up to twice as long.
        ([HOUR, 30 * DAY, *NEWSROOM[:10]], 50 * DAY, False),
        # What was longer ago than the last arrivals does not count.
        ([*NEWSROOM, 30 * DAY], 4 * DAY, True),
        # Too few arrivals show no pace, however long it is.
        ([HOUR] * 8, 300 * DAY, False),
        ([HOUR] * 9, 3 * DAY, True),
        # Never brought anything.
        ([], 300 * DAY, False),
    ],
)
def test_silence(gaps: list[timedelta], quiet_for: timedelta, *, is_silent: bool) -> None:
    """A feed is silent when it brings nothing for twice its longest gap, three days at least."""
    found = find(well(), arrivals(gaps, quiet_for), 5)
    assert [one.kind for one in found] == ([SILENT] if is_silent else [])
    if is_silent:
        assert found[0].since == NOW - quiet_for
        assert found[0].detail.startswith("before, it was never silent for longer than ")


@pytest.mark.parametrize(
    "changes,kinds",
    [
        ({}, []),
        ({"failures": 4, "last_error": "HTTP 503"}, []),
        ({"failures": 5, "last_error": "HTTP 503"}, [FAILING]),
        ({"failures": 9, "last_error": "HTTP 410", "gone_at": NOW - DAY}, [GONE]),
        # Never well since it was added.
        ({"failures": 5, "last_ok_at": None}, [FAILING]),
        ({"last_ok_at": None, "last_polled_at": None}, []),
    ],
)
def test_failures(changes: dict[str, Any], kinds: list[TroubleKind]) -> None:
    """A feed fails when it has failed often enough in a row; one that is gone is just gone."""
    assert [one.kind for one in find(well(**changes), [], 5)] == kinds


def test_silence_is_as_of_the_last_good_poll() -> None:
    """A feed that nobody polled, or that fails, is not silent for that: nobody looked."""
    ago = arrivals(NEWSROOM, 10 * DAY)
    not_looked_at = well(last_ok_at=NOW - 9 * DAY, failures=2)
    assert find(not_looked_at, ago, 5) == ()
    assert [one.kind for one in find(well(), ago, 5)] == [SILENT]


def trouble(kind: TroubleKind, feed_id: int = 1) -> Trouble:
    """Give a trouble of a feed."""
    return Trouble(feed_id=feed_id, kind=kind, since=NOW - DAY, detail="HTTP 503")


@pytest.mark.parametrize(
    "told,found,feed,begun,over,dropped",
    [
        ([], [FAILING], well(failures=5), [FAILING], [], []),
        # Told once, and the same after that.
        ([FAILING], [FAILING], well(failures=9), [], [], []),
        ([FAILING], [], well(), [], [FAILING], []),
        # The configuration asks for more failures now; it has not answered since.
        ([FAILING], [], well(failures=6), [], [], []),
        ([SILENT], [], well(), [], [SILENT], []),
        # Silent and failing are two things: each is told, each is over by itself.
        ([SILENT], [SILENT, FAILING], well(failures=5), [FAILING], [], []),
        ([SILENT, FAILING], [SILENT], well(), [], [FAILING], []),
        # What fails, and then is gone, is not well in between.
        ([FAILING], [GONE], well(failures=9, gone_at=NOW), [GONE], [], [FAILING]),
        ([GONE], [], well(), [], [GONE], []),
        # It was gone, now it answers something else that is no feed.
        ([GONE], [], well(failures=1), [], [], []),
        # No longer polled: nothing is told of it.
        ([FAILING, SILENT], [], None, [], [], [FAILING, SILENT]),
    ],
)
def test_what_has_changed(
    told: list[TroubleKind],
    found: list[TroubleKind],
    feed: Feed | None,
    begun: list[TroubleKind],
    over: list[TroubleKind],
    dropped: list[TroubleKind],
) -> None:
    """Each trouble is told when it begins and when it is over, and never in between."""
    changes = compare(map(trouble, told), map(trouble, found), {1: feed} if feed else {})
    assert [one.kind for one in changes.begun] == begun
    assert [one.kind for one in changes.over] == over
    assert [one.kind for one in changes.dropped] == dropped


@given(
    st.lists(st.timedeltas(timedelta(seconds=1), 40 * DAY), min_size=9, max_size=60),
    st.timedeltas(timedelta(0), 200 * DAY),
)
def test_what_a_feed_did_of_late_is_no_silence(gaps: list[timedelta], last: timedelta) -> None:
    """No feed is silent that is quiet for no longer than it was among its last arrivals."""
    moments = arrivals(gaps, last)
    longest, allowed = usual_gap(moments), patience(moments)
    assert longest is not None
    assert allowed is not None
    assert allowed >= max(longest, LEAST_SILENCE)
    assert bool(find(well(), moments, 5)) == (last >= allowed)
    assert usual_gap(moments) == usual_gap(moments[:MOST_ARRIVALS])


@pytest.mark.parametrize(
    "span,words",
    [
        (timedelta(seconds=5), "a minute"),
        (119 * MINUTE, "119 minutes"),
        (2 * HOUR, "2 hours"),
        (47 * HOUR, "47 hours"),
        (7 * DAY, "7 days"),
    ],
)
def test_spans(span: timedelta, words: str) -> None:
    """A span is said in the largest unit of which there are two."""
    assert in_words(span) == words
