"""Outlets whose feeds have faults, and a desk that reads them: documents in, items and alerts out.

desk = Desk(engine)
desk.poll([off_topic(1)])                  # the first poll is the baseline
found = desk.poll([on_topic(1), off_topic(1)])
found.new, found.told                      # titles
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from xml.sax.saxutils import escape

from sqlalchemy import Engine, func, select

from monitor.feeds.pace import Bounds
from monitor.feeds.pacer import Pacer
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.records import Batch, Document, Feed, Reason, Seed, Topic
from monitor.store import Reports, Store
from monitor.store.schema import metadata
from monitor.topics.track import Tracker
from tests.fakes import made, news
from tests.fakes.made import HOUR, NOW
from tests.fakes.reading import Lectern

SHIPPED = Path(__file__).parents[2] / "seeds" / "2021-11-08-poland-belarus-border.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as a feed lists it; None is left out."""

    title: str | None
    summary: str | None
    guid: str | None
    link: str | None
    # As it stands in the feed.
    date: str | None

    def but(self, **changes: str | None) -> Entry:
        """Return the same entry with something else in it."""
        return replace(self, **changes)

    @property
    def xml(self) -> str:
        """The entry as RSS has it."""
        parts = {
            "title": self.title,
            "description": self.summary,
            "guid": self.guid,
            "link": self.link,
            "pubDate": self.date,
        }
        inside = "".join(
            f"<{name}>{escape(text)}</{name}>" for name, text in parts.items() if text is not None
        )
        return f"<item>{inside}</item>"


def on_topic(number: int) -> Entry:
    """Give one of 40 entries on the border, each on an event of its own."""
    return _entry(news.on_topic(number))


def off_topic(number: int) -> Entry:
    """Give one of 49 entries on anything else."""
    return _entry(news.off_topic(number))


def _entry(one: news.NewsItem) -> Entry:
    return Entry(
        title=one.title,
        summary=one.summary,
        guid=f"id-{one.name}",
        link=f"https://wire.example/news/{one.name}",
        date=format_datetime(one.published_at),
    )


def rss(entries: Sequence[Entry]) -> bytes:
    """Write a feed."""
    listed = "\n".join(entry.xml for entry in entries)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel><title>Wire</title>'
        f"<link>https://wire.example/</link>\n{listed}</channel></rss>\n"
    ).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one poll amounted to."""

    batch: Batch

    @property
    def new(self) -> list[str]:
        """Titles of the items that were not known, sorted."""
        return sorted(one.seen.item.title for one in self.batch.items)

    @property
    def edited(self) -> list[str]:
        """Titles of the known items that say something else now, sorted."""
        return sorted(one.seen.item.title for one in self.batch.edits if one.revision)

    @property
    def told(self) -> list[str]:
        """Titles of the items that alerts tell for the first time, sorted."""
        return sorted(
            item.title
            for alert in self.batch.alerts
            if alert.reason is Reason.FIRST_STORY
            for item in alert.items
        )

    @property
    def reasons(self) -> dict[str, Reason]:
        """Title of each item that was judged -> why it was, or was not, told."""
        judged = (*self.batch.items, *self.batch.rejudged)
        return {one.seen.item.title: one.verdicts[0].decision.reason for one in judged}


@dataclass(slots=True)
class Desk:
    """A service that watches the border, without network and clock."""

    engine: Engine
    now: datetime = NOW
    topic: Topic = field(
        default_factory=lambda: Topic(
            name="border",
            seeds=(Seed(name="seed", title="", text=SHIPPED.read_text(encoding="utf-8")),),
            receivers=("desk",),
        )
    )
    store: Store = field(init=False)
    ingest: Ingest = field(init=False)
    lectern: Lectern = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.engine)
        self.lectern = Lectern(self.store)
        self.start()

    @property
    def reports(self) -> Reports:
        """What the database says."""
        return Reports(self.engine)

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.engine.connect() as connection:
            query = select(func.count()).select_from(metadata.tables[table])
            return int(connection.execute(query).scalar_one())

    def start(self) -> None:
        """Start the service, for the first time or again."""
        watch = Watch(
            topics=(self.topic,),
            destinations={self.topic.name: (made.destination(),)},
            at_least_every=HOUR,
        )
        tracker = Tracker([self.topic], self.store.lessons())
        pacer = Pacer(HOUR, Bounds(least=HOUR, most=6 * HOUR))
        self.ingest = Ingest(self.store, tracker, watch, pacer, chance=lambda: 0.5)

    def feed(self, name: str = "Wire") -> Feed:
        """Give a feed as it is stored; one that is new is taken into the configuration."""
        known = {one.name: one for one in self.store.feeds()}
        if name not in known:
            specs = [made.spec(one) for one in (*known, name)]
            self.store.sync_feeds(specs, self.now)
            known = {one.name: one for one in self.store.feeds()}
        return known[name]

    def poll(
        self, entries: Sequence[Entry], *, name: str = "Wire", after: timedelta = HOUR
    ) -> Found:
        """Let some time go by, and read a feed that lists these entries."""
        self.now += after
        document = Document(url="https://wire.example/rss", body=rss(entries), fetched_at=self.now)
        feed = self.feed(name)
        return Found(batch=self.ingest.take(feed, self.lectern.read(feed, document)))
