"""What `status` says of feeds."""

from __future__ import annotations

import io

from rich.console import Console

from monitor.cli.status_record import Status
from monitor.cli.status_screen import show_status
from monitor.feeds.pace import Bounds
from monitor.records import DeliveryState, Feed
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW


def shown(*feeds: Feed) -> str:
    """Return what is printed of a service with these feeds."""
    counts = {"items": 0} | dict.fromkeys((state.value for state in DeliveryState), 0)
    status = Status(
        findings=(),
        is_running=True,
        topics=(),
        thresholds={},
        foreign={},
        pushes=(),
        feeds=feeds,
        bounds=Bounds(least=5 * MINUTE, most=6 * HOUR),
        stuck=(),
        counts=counts,
        now=NOW,
    )
    console = Console(file=io.StringIO(), width=100)
    show_status(console, status)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_feed_that_is_gone_is_shown() -> None:
    """A feed that is gone is counted and named as such, and not among those that fail."""
    text = shown(
        made.feed("LRT", gone_at=NOW - DAY, failures=2, due_at=NOW + 7 * DAY), made.feed("BBC")
    )
    assert "feeds: 1 well, 0 failing, 1 gone, 0 not polled yet" in text
    assert "gone: LRT" in text
    assert "failing feed" not in text


def test_a_feed_that_has_moved_is_shown() -> None:
    """A feed that is fetched elsewhere than the configuration says is named with its place."""
    assert "moved: LRT, now at https://new.example/rss" in shown(
        made.feed(moved_to="https://new.example/rss")
    )
