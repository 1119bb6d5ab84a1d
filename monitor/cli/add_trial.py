"""`add`: poll feeds once and judge what they hold, by the daemon's own code, in a database for it.

Nothing is sent: the topic has no receivers there. Nothing is kept: the database goes at the end.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from monitor.app import App, open_database, wire
from monitor.cli.asking import ask
from monitor.config import Settings
from monitor.reading import ReadResult
from monitor.records import Feed, FeedSpec, FetchFailure, SeenItem, Topic, Verdict

# For all polls together: who tries a topic waits for it.
MOST_TIME = timedelta(seconds=30)
# More feeds are not asked for a look.
MOST_FEEDS = 80


@dataclass(slots=True)
class Trial:
    """What one look at the feeds of a topic brought."""

    # Feeds that were to be asked, and that were left out since there are too many.
    feeds: int = 0
    left_out: int = 0
    # Feed name -> why it gave nothing.
    failing: dict[str, str] = field(default_factory=dict)
    # Feeds whose turn did not come in time.
    not_asked: int = 0
    seconds: float = 0.0
    # Each item with a verdict for each topic that was tried, in the order in which it was judged.
    judged: list[tuple[SeenItem, tuple[Verdict, ...]]] = field(default_factory=list)


def try_out(
    topics: Sequence[Topic], feeds: Sequence[FeedSpec], settings: Settings, console: Console | None
) -> Trial:
    """Poll the feeds once, as politely as the daemon does, and judge the items by each topic.

    `console` shows progress if it is a terminal. A feed that does not answer is a line, no failure.
    """
    with tempfile.TemporaryDirectory(prefix="seedwatch-add-") as folder:
        tried = replace(
            settings,
            topics=tuple(replace(topic, groups=(), receivers=()) for topic in topics),
            feeds=tuple(feeds[:MOST_FEEDS]),
            receivers=(),
            operator=(),
            websub=None,
            templates={},
            reports=None,
            store_url=f"sqlite:///{Path(folder) / 'trial.db'}",
        )
        app = wire(tried, open_database(tried))
        trial = Trial(feeds=len(tried.feeds), left_out=max(0, len(feeds) - MOST_FEEDS))
        started = time.monotonic()
        try:
            _judge(app, _poll(app, trial, console), trial)
        finally:
            app.close()
        trial.seconds = time.monotonic() - started
        return trial


def _poll(app: App, trial: Trial, console: Console | None) -> list[tuple[Feed, ReadResult]]:
    """Read all feeds within the time that there is, and give what came in their order."""
    now = app.clock()
    app.store.sync_feeds(app.settings.feeds, now)
    # As if they had been polled before: what they hold is judged like what comes later.
    feeds = [replace(feed, baseline_at=now) for feed in app.store.feeds()]
    came: dict[int, tuple[Feed, ReadResult]] = {}

    def keep(feed: Feed, result: ReadResult) -> None:
        came[feed.id] = (feed, result)

    trial.not_asked = ask(app, feeds, keep, console, MOST_TIME)
    return [came[feed.id] for feed in feeds if feed.id in came]


def _judge(app: App, came: Sequence[tuple[Feed, ReadResult]], trial: Trial) -> None:
    for feed, result in came:
        if isinstance(result, FetchFailure):
            trial.failing[feed.name] = result.told
            continue
        batch = app.ingest.take(feed, result)
        trial.judged += [(one.seen, one.verdicts) for one in batch.items]
