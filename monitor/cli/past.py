"""Which items of the last month would cross the threshold if a topic changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console

from monitor.cli.screen import plain
from monitor.records import Score, SeenItem

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.topics.track import Tracker

# How far back, and how many items at most: a second's work.
SPAN = timedelta(days=30)
MOST_ITEMS = 1000
# No single word lifts an item from below this over a usual threshold.
FLOOR = 0.1
# Titles that are shown of each kind.
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a topic makes of its latest near items, as it is before a change."""

    topic: str
    scored: Sequence[tuple[SeenItem, Score]]

    @classmethod
    def of(cls, app: App, topic: str, now: datetime) -> Past:
        """Score the items as the topic is now; what it has learned since counts both times."""
        found = app.store.nearest_verdicts(topic, FLOOR, now - SPAN, MOST_ITEMS)
        return cls(
            topic=topic,
            scored=[(seen, app.tracker.score(topic, seen.item, now)) for seen, _ in found],
        )

    def changes(
        self, tracker: Tracker, now: datetime
    ) -> tuple[list[tuple[SeenItem, Score]], list[tuple[SeenItem, Score]]]:
        """Give those that would be on-topic from now on, and those that would be no more."""
        again = [
            (seen, was, tracker.score(self.topic, seen.item, now)) for seen, was in self.scored
        ]
        gained = [(seen, new) for seen, was, new in again if new.on_topic and not was.on_topic]
        lost = [(seen, new) for seen, was, new in again if was.on_topic and not new.on_topic]
        return gained, lost

    def show(self, console: Console, tracker: Tracker, now: datetime) -> None:
        """Print what would change."""
        gained, lost = self.changes(tracker, now)
        span = f"{SPAN.days} days"
        items = f"{len(self.scored)} items that came near in {span}"
        if not gained and not lost:
            console.print(f"Of {items} none would be on the other side.")
            return
        console.print(f"Of {items}, {len(gained)} would be on-topic anew, {len(lost)} no more:")
        for mark, found in (("+", gained), ("-", lost)):
            for seen, score in found[:MOST_SHOWN]:
                line = f"  {mark} {score.value:.2f}  {seen.source}: {seen.item.title}"
                console.print(plain(line), no_wrap=True, overflow="ellipsis")
            if len(found) > MOST_SHOWN:
                console.print(f"  {mark} and {len(found) - MOST_SHOWN} more")
