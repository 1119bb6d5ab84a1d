"""What a round of polls showed: catch-ups of feeds that are read for the first time, what fails.

hear(app)          -> what people have said since moves the topics
tell(app, now)     -> one catch-up a topic; one line on the feeds that fail
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from typing import Any

import structlog

from monitor.app import App

log = structlog.get_logger()

# The first catch-up waits until each feed had its first poll, but not longer than this.
CATCH_UP_WITHIN_SECONDS = 120.0
# Feeds fail and recover one after another: a line a minute says enough.
TELL_FAILING_EVERY_SECONDS = 60.0
# How often new feedback is looked for: one query for two numbers.
HEAR_EVERY_SECONDS = 10.0


class Rounds:
    """Knows what was told of the rounds so far; for one thread at a time."""

    def __init__(self) -> None:
        # Since when (monotonic clock) this configuration is in force.
        self._since = time.monotonic()
        # Feeds without a baseline when a catch-up was last looked for; None before the first time.
        self._unread: set[int] | None = None
        # URL of each feed that was told to fail, with the cause.
        self._failing: dict[str, str] = {}
        # When (monotonic clock) the failing feeds were last told; None before the first time.
        self._told_failing_at: float | None = None
        # When (monotonic clock) feedback was last looked for, and what marked it then.
        self._heard_at: float | None = None
        self._heard_mark: tuple[int, int] | None = None

    @property
    def is_first(self) -> bool:
        """Whether no round was told under this configuration."""
        return self._unread is None

    def begin_anew(self) -> None:
        """Take note that another configuration is in force."""
        self._since, self._unread = time.monotonic(), None

    def hear(self, app: App) -> None:
        """Take over what people have said or undone since; nothing that was learned is lost."""
        heard_at = self._heard_at
        if heard_at is not None and time.monotonic() - heard_at < HEAR_EVERY_SECONDS:
            return
        # The mark first: what is said between the two queries is heard the next time.
        mark = app.feedback.mark()
        if mark != self._heard_mark:
            judgements = app.feedback.all()
            app.tracker.hear(judgements)
            if self._heard_mark is not None or judgements:
                log.info("feedback_heard", judgements=len(judgements))
        self._heard_at, self._heard_mark = time.monotonic(), mark

    def tell(self, app: App, now: datetime) -> None:
        """Catch up on feeds that got their baseline, and tell what fails, once all were polled.

        Never waits for a moment without polls: with many feeds there is none.
        """
        waiting = app.store.unread_feeds()
        is_late = time.monotonic() - self._since > CATCH_UP_WITHIN_SECONDS
        if not is_late and any(feed.last_polled_at is None for feed in waiting):
            return
        unread = {feed.id for feed in waiting}
        if self._unread is None or self._unread - unread or app.ingest.take_held():
            for topic in app.settings.topics:
                alert = app.ingest.catch_up(topic, now)
                if alert:
                    facts = {"listed": len(alert.items), "left_out": alert.left_out}
                    log.info("catch_up", topic=topic.name, **facts)
        self._unread = unread
        self._tell_failing(app)

    def _tell_failing(self, app: App) -> None:
        """Say in one line how many feeds fail, why, and when they are tried again."""
        told_at = self._told_failing_at
        if told_at is not None and time.monotonic() - told_at < TELL_FAILING_EVERY_SECONDS:
            return
        feeds = app.store.failing_feeds()
        # By URL: outlets share names.
        failing = {feed.url: feed.last_error or "" for feed in feeds}
        if failing == self._failing:
            return
        self._failing, self._told_failing_at = failing, time.monotonic()
        all_feeds = app.store.count_feeds()
        if not failing:
            log.info("feeds_well", feeds=all_feeds)
            return
        causes = Counter(failing.values()).most_common(3)
        facts: dict[str, Any] = {
            "failing": len(failing),
            "of": all_feeds,
            "why": "; ".join(f"{cause} ({count})" for cause, count in causes),
            "next_try": min(feed.due_at for feed in feeds),
        }
        if len(failing) <= 3:
            facts["feeds"] = ", ".join(feed.name for feed in feeds)
        if len(failing) == all_feeds:
            facts["hint"] = "no network? `make demo` (or `seedwatch demo`) needs none"
        log.warning("feeds_failing", **facts)
