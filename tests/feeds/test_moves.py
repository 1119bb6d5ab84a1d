"""Where a feed is fetched after permanent redirects."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.feeds.moves import DOUBTFUL_AFTER, ENOUGH_POLLS, ENOUGH_TIME, Place, address, place
from monitor.records import Feed, Move
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, NOW, SECOND

HERE = made.feed()
THERE = "https://new.example/rss"
ELSEWHERE = "https://other.example/rss"
MOVED = replace(HERE, moved_to=THERE)


def held(polls: int = ENOUGH_POLLS - 1) -> Feed:
    """Return a feed that was led to one place so far."""
    return replace(HERE, move=Move(to=THERE, since=NOW - ENOUGH_TIME, polls=polls))


@pytest.mark.parametrize(
    "feed, led_to, expected",
    [
        (HERE, None, Place(moved_to=None, move=None)),
        (HERE, THERE, Place(moved_to=None, move=Move(to=THERE, since=NOW))),
        (
            held(1),
            THERE,
            Place(moved_to=None, move=Move(to=THERE, since=NOW - ENOUGH_TIME, polls=2)),
        ),
        (held(), THERE, Place(moved_to=THERE, move=None)),
        (
            replace(HERE, move=Move(to=THERE, since=NOW - ENOUGH_TIME + SECOND, polls=900)),
            THERE,
            Place(
                moved_to=None,
                move=Move(to=THERE, since=NOW - ENOUGH_TIME + SECOND, polls=901),
            ),
        ),
        (held(), ELSEWHERE, Place(moved_to=None, move=Move(to=ELSEWHERE, since=NOW))),
        (held(), None, Place(moved_to=None, move=None)),
        (MOVED, None, Place(moved_to=THERE, move=None)),
        (MOVED, ELSEWHERE, Place(moved_to=THERE, move=Move(to=ELSEWHERE, since=NOW))),
        (
            replace(MOVED, move=Move(to=HERE.url, since=NOW - DAY, polls=4)),
            HERE.url,
            Place(moved_to=None, move=None),
        ),
        (replace(MOVED, failures=DOUBTFUL_AFTER), THERE, Place(moved_to=THERE, move=None)),
        (replace(MOVED, failures=DOUBTFUL_AFTER), None, Place(moved_to=None, move=None)),
        (
            replace(MOVED, failures=DOUBTFUL_AFTER),
            ELSEWHERE,
            Place(moved_to=None, move=Move(to=ELSEWHERE, since=NOW)),
        ),
        (
            replace(held(), url="https://reader:s3cret@lrt.example/rss"),
            THERE,
            Place(moved_to=None, move=None),
        ),
    ],
    ids=[
        "no redirect",
        "the first time",
        "the second time",
        "often and long enough",
        "often, but not for long",
        "now to another place",
        "not any more",
        "where it moved to it stays",
        "it moves on",
        "it moves back home",
        "asked at home, it still has moved",
        "asked at home, it is there again",
        "asked at home, it has moved elsewhere",
        "a feed with a password stays",
    ],
)
def test_a_place(feed: Feed, led_to: str | None, expected: Place) -> None:
    """A feed moves once a permanent redirect has held for five polls over a day."""
    assert place(feed, led_to, NOW) == expected


@pytest.mark.parametrize(
    "feed, expected",
    [
        (HERE, HERE.url),
        (replace(HERE, failures=9), HERE.url),
        (MOVED, THERE),
        (replace(MOVED, failures=2), THERE),
        (replace(MOVED, failures=3), HERE.url),
        (replace(MOVED, failures=4), THERE),
        (replace(MOVED, failures=5), HERE.url),
    ],
)
def test_where_it_is_fetched(feed: Feed, expected: str) -> None:
    """Where the new place fails, every other try goes home, since the move may be the mistake."""
    assert address(feed) == expected


def test_a_real_move() -> None:
    """Polled each hour, a feed moves after a day; its URL, and so its items' ids, stay."""
    feed = HERE
    hours = 0
    while feed.moved_to is None:
        found = place(feed, THERE, NOW + hours * HOUR)
        feed = replace(feed, moved_to=found.moved_to, move=found.move)
        hours += 1
    assert hours == 25
    assert feed.url == HERE.url
