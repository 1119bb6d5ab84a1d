"""How often a feed is polled, and why, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.cli.pacing import interval_words, losses
from monitor.feeds.pace import Bounds
from monitor.records import Feed, Pace
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

BOUNDS = Bounds(least=5 * MINUTE, most=6 * HOUR)
# 34 items a day.
PACE = Pace(observed_at=NOW, items=339, days=9, interval=11 * MINUTE)


def feed(pace: dict[str, Any] | None = None, **changes: Any) -> Feed:
    """Give a feed of a pace, polled now and due after its interval."""
    known = replace(PACE, **(pace or {}))
    assert known.interval is not None
    return made.feed(
        **{"pace": known, "last_polled_at": NOW, "due_at": NOW + known.interval, **changes}
    )


@pytest.mark.parametrize(
    "one, words",
    [
        (feed(), "polled every 11 min: 34 items a day"),
        (feed({"items": 1, "interval": HOUR}), "polled every 60 min: 0.2 items a day"),
        (feed({"interval": 5 * MINUTE}), "polled every 5 min: 34 items a day; at_most_every"),
        (feed({"interval": 6 * HOUR}), "polled every 6 h: 34 items a day; at_least_every"),
        (
            feed(has_own_interval=True, due_at=NOW + 10 * MINUTE),
            "polled every 10 min: 34 items a day; its own `every`",
        ),
        (
            feed({"is_held": True}, due_at=NOW + HOUR),
            "polled every 60 min: 34 items a day; its server asks for patience",
        ),
        (
            feed({"is_held": True}, due_at=NOW + HOUR, has_own_interval=True),
            "polled every 60 min: 34 items a day; its server asks for patience",
        ),
        (
            feed({"is_held": True}, due_at=NOW + HOUR, lied_at=NOW - DAY),
            "polled every 60 min: 34 items a day; its validators lie, all of it is fetched",
        ),
        # Put off by its hub, or by a rest of its host: its server has not asked for it.
        (feed(due_at=NOW + HOUR), "polled every 60 min: 34 items a day"),
        (
            feed({"turnover": 16 * MINUTE}),
            "polled every 11 min: 34 items a day; its document is short for that",
        ),
        (
            feed({"strange": 6}),
            "polled every 11 min: 34 items a day; all looks new each time, its keys change",
        ),
        (
            feed(failures=2, last_error="HTTP 500", due_at=NOW + HOUR),
            "polled every 60 min: fails: HTTP 500",
        ),
        (made.feed(last_polled_at=None), "polled every 15 min: not polled yet"),
        (
            made.feed(last_polled_at=NOW, due_at=NOW + 15 * MINUTE),
            "polled every 15 min: nothing learned yet",
        ),
    ],
)
def test_words(one: Feed, words: str) -> None:
    """Each interval is told with its reason."""
    assert interval_words(one, BOUNDS) == words


def test_losses_are_told_while_they_are_news() -> None:
    """Feeds that may have lost items since a time are named, the worst first."""
    feeds = [
        feed({"lost": 1, "lost_at": NOW}, name="Once"),
        feed({"lost": 9, "lost_at": NOW - DAY}, name="Often"),
        feed({"lost": 99, "lost_at": NOW - 30 * DAY}, name="Long ago"),
        feed(name="Never"),
        made.feed("Unknown"),
    ]
    assert [one.name for one in losses(feeds, NOW - 7 * DAY)] == ["Often", "Once"]
