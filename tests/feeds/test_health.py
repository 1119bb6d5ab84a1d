"""How a feed is said to be."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.health import SILENT_AFTER, Activity, Health, health_of, rate
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

LONG_AGO = NOW - 30 * DAY
MOVED = "https://new.example/rss"


@pytest.mark.parametrize(
    "changes,last_item_at,health,detail",
    [
        ({}, NOW - HOUR, Health.WELL, ""),
        ({}, None, Health.WELL, ""),
        ({"failures": 2, "last_error": "HTTP 503"}, NOW, Health.FAILING, "HTTP 503"),
        ({"last_polled_at": None, "baseline_at": None}, None, Health.NEW, ""),
        ({"gone_at": NOW, "failures": 1}, NOW, Health.GONE, "gone for good, says its server (410)"),
        ({"moved_to": MOVED}, NOW, Health.MOVED, f"now at {MOVED}"),
        (
            {"baseline_at": LONG_AGO},
            LONG_AGO,
            Health.SILENT,
            "answers, but has brought nothing for 30 days",
        ),
        (
            {"baseline_at": LONG_AGO},
            None,
            Health.SILENT,
            "answers, but has brought nothing for 30 days",
        ),
        ({"baseline_at": LONG_AGO}, NOW - SILENT_AFTER + MINUTE, Health.WELL, ""),
        # Silent where it is now, or failing: the worse is told.
        (
            {"baseline_at": LONG_AGO, "moved_to": MOVED},
            LONG_AGO,
            Health.SILENT,
            "answers, but has brought nothing for 30 days",
        ),
        (
            {"baseline_at": LONG_AGO, "failures": 1, "last_error": "HTTP 500"},
            LONG_AGO,
            Health.FAILING,
            "HTTP 500",
        ),
    ],
)
def test_health(
    changes: dict[str, Any], last_item_at: datetime | None, health: Health, detail: str
) -> None:
    """A feed is what is worst about it, with cause, place or how long it has been silent."""
    activity = Activity(last_item_at=last_item_at, recent=1) if last_item_at else None
    found = health_of(made.feed(**changes), activity, NOW)
    assert (found.health, found.detail) == (health, detail)


def test_a_password_is_not_shown() -> None:
    """The address of a feed is shown without name and password."""
    found = health_of(made.feed(url="https://reader:s3cret@lrt.example/rss"), None, NOW)
    assert found.url == "https://lrt.example/rss"


@given(
    st.integers(min_value=0, max_value=10_000),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400)),
)
def test_the_rate_is_of_what_was_watched(recent: int, watched: timedelta) -> None:
    """Items a day times the days watched, a week at most, gives the items; a day is the least."""
    found = rate(recent, NOW - watched, NOW)
    if watched < DAY:
        assert found is None
    else:
        assert found is not None
        assert found * (min(watched, 7 * DAY) / DAY) == pytest.approx(recent)
