"""How often each feed is polled, and why, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from rich.console import Console

from monitor.cli.screen import ago, amount, plain, span, table
from monitor.feeds.conditions import is_distrusted
from monitor.feeds.pace import LEAST_KNOWN, MOST_STRANGE, Bounds, rate
from monitor.records import Feed, Pace


def planned(feed: Feed) -> timedelta:
    """Give the time between the last poll of a feed and its next one, as it is planned."""
    return feed.due_at - feed.last_polled_at if feed.last_polled_at else feed.every


def why_so_often(feed: Feed, bounds: Bounds) -> str:
    """Say in a few words what a feed's interval follows from.

    >>> now = datetime.fromisoformat("2026-01-01T00:00Z")
    >>> bounds = Bounds(least=timedelta(minutes=5), most=timedelta(hours=6))
    >>> feed = Feed(id=1, url="https://a.example/", name="A", groups=(), due_at=now,
    ...             every=timedelta(minutes=15))
    >>> why_so_often(feed, bounds)
    'not polled yet'
    """
    pace = feed.pace
    if feed.failures:
        return f"fails: {feed.last_error}"
    if feed.last_polled_at is None:
        return "not polled yet"
    if pace is None or pace.interval is None:
        return "nothing learned yet"
    brings = f"{amount(rate(pace))} items a day"
    limit = _limit(feed, pace, pace.interval, bounds)
    return f"{brings}; {limit}" if limit else brings


def _limit(feed: Feed, pace: Pace, interval: timedelta, bounds: Bounds) -> str:
    """Say what else than its rate sets an interval; nothing if nothing does."""
    near_end = pace.turnover is not None and interval >= (1 - LEAST_KNOWN) * pace.turnover
    limits = {
        "its validators lie, all of it is fetched": pace.is_held and _is_distrusted(feed),
        "its server asks for patience": pace.is_held,
        "its own `every`": feed.has_own_interval,
        "all looks new each time, its keys change": pace.strange > MOST_STRANGE,
        "its document is short for that": near_end,
        "at_most_every": interval <= bounds.least,
        "at_least_every": interval >= bounds.most,
    }
    return next((limit for limit, holds in limits.items() if holds), "")


def _is_distrusted(feed: Feed) -> bool:
    return feed.last_polled_at is not None and is_distrusted(feed, feed.last_polled_at)


def interval_words(feed: Feed, bounds: Bounds) -> str:
    """Say in a sentence how often a feed is polled, and why."""
    return f"polled every {span(planned(feed))}: {why_so_often(feed, bounds)}"


def show_feeds(console: Console, feeds: Sequence[Feed], bounds: Bounds, now: datetime) -> None:
    """Print every feed with its interval, the most polled first."""
    rows = table("feed", "every", "last well", "why", least=6)
    for feed in sorted(feeds, key=lambda one: (planned(one), one.name)):
        rows.add_row(
            plain(feed.name),
            span(planned(feed)),
            ago(feed.last_ok_at, now),
            plain(why_so_often(feed, bounds)),
        )
    console.print(rows)


def losses(feeds: Sequence[Feed], since: datetime) -> list[Feed]:
    """Give the feeds that may have lost items since a time, those that did so most often first."""
    lost = [
        feed for feed in feeds if feed.pace and feed.pace.lost_at and feed.pace.lost_at >= since
    ]
    return sorted(lost, key=lambda feed: -(feed.pace.lost if feed.pace else 0))
