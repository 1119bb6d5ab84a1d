"""A service that lives through a stream in a test's own time: feeds, words, silences, restarts.

life = Life(folder)
life.poll("Wire", [on_topic(1), off_topic(1)])
life.say(0, is_on_topic=False)
life.restart()
life.backtest()
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from monitor.app import App, open_database, wire
from monitor.backtest import backtest
from monitor.config import Settings, load
from monitor.difference import Backtest
from monitor.records import Batch, Document
from monitor.start import choose_thresholds, start_up
from monitor.store import Past, open_read_only
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW
from tests.fakes.press import SHIPPED, Entry, rss
from tests.fakes.reading import Lectern

FEEDS = ("Wire", "Post")
BERLIN = """Berlin's new airport opens after nine years of delay. The airport BER in Schoenefeld
was to open in 2011; smoke extraction and wrong cables kept it shut, and it cost six billion euros.
Lufthansa and Easyjet landed first in front of the new terminal, and Tegel is going to close."""
TOPICS: Mapping[str, Mapping[str, Any]] = {
    "border": {"seeds": ["border.txt"], "receivers": ["desk"]},
    "berlin": {"seeds": ["berlin.txt"], "receivers": ["desk"], "threshold": 0.2},
    "rated": {"seeds": ["border.txt"], "receivers": ["desk"], "threshold": "2 per week"},
}


@cache
def _empty() -> Path:
    """Make an empty database once: to migrate costs more than most tests."""
    folder = Path(mkdtemp())
    write(folder, TOPICS)
    open_database(load(folder / "seedwatch.yaml", {})).dispose()
    return folder / "seedwatch.db"


def write(folder: Path, topics: Mapping[str, Mapping[str, Any]], name: str = "seedwatch") -> Path:
    """Write a configuration into a folder."""
    shutil.copy(SHIPPED, folder / "border.txt")
    (folder / "berlin.txt").write_text(BERLIN, encoding="utf-8")
    config = {
        "topics": topics,
        "feeds": {"world": [{"url": made.spec(one).url, "name": one} for one in FEEDS]},
        "receivers": {"desk": [{"console": {}}]},
        "store": f"sqlite:///{folder / 'seedwatch.db'}",
    }
    path = folder / f"{name}.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path


class Life:
    """A service on a database of its own; every poll is a round of its own."""

    def __init__(self, folder: Path, topics: Mapping[str, Mapping[str, Any]] = TOPICS) -> None:
        self.now: datetime = NOW
        self.folder = folder
        shutil.copy(_empty(), folder / "seedwatch.db")
        self.settings: Settings = load(write(folder, topics), {})
        self.app: App
        self.start()

    def start(self) -> None:
        """Start the service."""
        self.app = wire(self.settings, open_database(self.settings), clock=lambda: self.now)
        start_up(self.app)
        self._lectern = Lectern(self.app.store)

    def restart(self, topics: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Stop it and start it anew, with other topics if they are given."""
        self.close()
        self.now += MINUTE
        if topics is not None:
            self.settings = load(write(self.folder, topics), {})
        self.start()

    def close(self) -> None:
        """Stop it."""
        self.app.close()

    def poll(self, name: str, entries: Sequence[Entry], *, after: timedelta = HOUR) -> Batch:
        """Let some time go by, poll a feed, and catch up as the daemon does after a round."""
        self.now += after
        (feed,) = [one for one in self.app.store.feeds() if one.name == name]
        document = Document(url=feed.url, body=rss(entries), fetched_at=self.now)
        batch = self.app.ingest.take(feed, self._lectern.read(feed, document))
        if feed.baseline_at is None or self.app.ingest.take_held():
            for topic in self.settings.topics:
                self.app.ingest.catch_up(topic, self.now)
        return batch

    def choose(self) -> None:
        """Choose the thresholds that follow a rate, as the daemon does once a day."""
        self.now += MINUTE
        choose_thresholds(self.app)

    def say(self, place: int, *, is_on_topic: bool, topic: str = "border") -> None:
        """Say something of one of the latest items, and let the service hear it."""
        found = self.app.store.latest_items(50)
        if not found:
            return
        self.now += HOUR / 2
        said = self.app.tracker.judgement(
            topic, found[place % len(found)], is_on_topic=is_on_topic, at=self.now
        )
        self.app.feedback.add([said])
        self.app.tracker.hear(self.app.feedback.all())

    def take_back(self) -> None:
        """Undo what was said last."""
        self.now += HOUR / 2
        self.app.feedback.undo(None, self.now)
        self.app.tracker.hear(self.app.feedback.all())

    def silence(self, **what: Any) -> None:
        """Ask not to be told for some hours."""
        self.app.silences.add(
            made.silence(
                id=f"{self.now:%d%H%M}", created_at=self.now, until=self.now + 5 * HOUR, **what
            )
        )

    def backtest(self, changed: Settings | None = None, **options: Any) -> Backtest:
        """Go through what is stored."""
        engine = open_read_only(self.settings.store_url)
        try:
            return backtest(Past(engine), self.settings, changed, **options)
        finally:
            engine.dispose()
