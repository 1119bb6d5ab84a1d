"""Schedules and silences in a service: what a start, a reload and a catch-up make of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.app import App, open_database, wire
from monitor.cli.one_round import without_wait
from monitor.config import load
from monitor.daemon import Daemon
from monitor.records import Batch, Feed, Reason
from monitor.start import start_up
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW, SECOND
from tests.fakes.news import NewsItem, rss
from tests.fakes.reading import read

pytestmark = pytest.mark.xdist_group("english")

SEED = """Hundreds of migrants tried to cross the border from Belarus into Poland near Kuznica.
Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends the migrants.
Poland closed the crossing at Kuznica, and the European Union prepares sanctions against Belarus."""
FIRST = "Migrants throw stones as Polish guards fire tear gas at Kuznica"
SECOND_ITEM = "Lukashenko in Minsk threatens Poland as migrants camp at the border of Belarus"
DIGEST = {"to": ["console"], "digest": {"at": ["08:00", "17:00"]}}

URL = "https://lrt.example/rss"


def news(title: str, at: datetime) -> NewsItem:
    """Return an item that an outlet published at a time."""
    return NewsItem(name=title.split(maxsplit=1)[0], title=title, summary="", published_at=at)


class Newsroom:
    """A service with one feed, on a database of its own and with a clock that tests set."""

    def __init__(self, folder: Path) -> None:
        (folder / "seed.txt").write_text(SEED, encoding="utf-8")
        self.path = folder / "seedwatch.yaml"
        self.now = NOW
        self.items: list[NewsItem] = []
        self.write(["console"])
        settings = load(self.path, {})
        self.app = wire(settings, open_database(settings), clock=lambda: self.now)
        self.daemon = Daemon(self.app, lambda: load(self.path, {}))
        start_up(self.app)

    def write(self, receiver: Any, **topic: Any) -> None:
        """Write the configuration with this receiver."""
        config = {
            "topics": {"border": {"seeds": ["seed.txt"], "receivers": ["desk"], **topic}},
            "feeds": {"all": [{"url": URL, "name": "LRT"}]},
            "receivers": {"desk": receiver},
            "store": f"sqlite:///{self.path.parent / 'seedwatch.db'}",
        }
        self.path.write_text(json.dumps(config), encoding="utf-8")

    def reload(self, receiver: Any, **topic: Any) -> None:
        """Let the service take over another configuration."""
        self.write(receiver, **topic)
        self.daemon.reload()
        self.app = self.daemon._app

    def feed(self) -> Feed:
        """Give the feed as it is stored."""
        (found,) = self.app.store.feeds()
        return found

    def poll(self, *titles: str) -> Batch:
        """Let the feed bring some more items."""
        self.items += [news(title, self.now) for title in titles]
        document = made.document(rss(URL, "LRT", self.items), fetched_at=self.now)
        return self.app.ingest.take(self.feed(), read(self.feed(), document))

    def slots(self) -> list[tuple[timedelta, str]]:
        """Give due times, from the first look on, and groups of what waits."""
        found = [one.delivery for one in self.app.slots.waiting()]
        return [(one.due_at - NOW, one.group) for one in found]


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    """Give a service whose feed has had its baseline."""
    room = Newsroom(tmp_path)
    room.poll()
    yield room
    room.app.close()


def at(hour: int) -> timedelta:
    """Say how long after the first look it is this full hour."""
    return NOW.replace(hour=hour, minute=0, second=0, microsecond=0) - NOW


def test_companions_wait_half_a_minute(newsroom: Newsroom) -> None:
    """By default what comes on a topic waits 30 s for company, under the topic's name."""
    newsroom.poll(FIRST)
    assert newsroom.slots() == [(30 * SECOND, "border")]


def test_a_reload_dates_what_waits_anew(newsroom: Newsroom) -> None:
    """What waits goes by the schedule that is in force, there and back."""
    newsroom.poll(FIRST)
    newsroom.now += 10 * SECOND
    newsroom.reload(DIGEST)
    assert newsroom.slots() == [(at(17), "digest/2021-11-08 08:00 to 17:00 UTC")]
    newsroom.now += HOUR
    newsroom.reload({**DIGEST, "digest": {"every": "2h"}})
    assert newsroom.slots() == [(at(16), "digest/2021-11-08 14:00 to 16:00 UTC")]
    newsroom.reload(["console"])
    assert newsroom.slots() == [(HOUR + 10 * SECOND, "border")]


def test_a_reload_heeds_urgency(newsroom: Newsroom) -> None:
    """A topic that becomes urgent does not wait for the morning."""
    quiet = {"to": ["console"], "quiet": "13:00-18:00"}
    newsroom.reload(quiet)
    newsroom.poll(FIRST)
    assert newsroom.slots() == [(at(18), "quiet/2021-11-08 13:00 to 18:00 UTC")]
    newsroom.now += MINUTE
    newsroom.reload(quiet, urgent=True)
    assert newsroom.slots() == [(MINUTE, "border")]


def test_a_restart_changes_nothing(newsroom: Newsroom) -> None:
    """A service that starts again on the same configuration leaves every due time as it is."""
    newsroom.reload(DIGEST)
    newsroom.poll(FIRST)
    before = newsroom.slots()
    newsroom.now += HOUR
    start_up(newsroom.app)
    assert newsroom.slots() == before
    newsroom.now = NOW + at(18)
    start_up(newsroom.app)
    assert newsroom.slots() == before


def test_a_held_catch_up_comes_when_its_silence_ends(newsroom: Newsroom) -> None:
    """A catch-up that is silenced waits, asked for again and again, and loses nothing."""
    old = newsroom.now - 48 * HOUR
    newsroom.items = [news(FIRST, old)]
    with_news = made.document(rss(URL, "LRT", newsroom.items), fetched_at=newsroom.now)
    unread = replace(newsroom.feed(), baseline_at=None)
    newsroom.app.ingest.take(unread, read(unread, with_news))
    newsroom.app.silences.add(made.silence(topic="border"))
    topic = newsroom.app.settings.topics[0]
    assert newsroom.app.ingest.catch_up(topic, newsroom.now) is None
    assert newsroom.app.ingest.take_held()
    later = newsroom.now + HOUR
    newsroom.app.silences.add(
        made.silence(source="LRT", id="b", created_at=later, until=later + HOUR)
    )
    assert newsroom.app.ingest.catch_up(topic, later) is None
    assert newsroom.app.ingest.take_held()
    alert = newsroom.app.ingest.catch_up(topic, later + HOUR)
    assert alert is not None
    assert (alert.reason, [one.title for one in alert.items]) == (Reason.CATCH_UP, [FIRST])
    assert newsroom.slots() == [(2 * HOUR + 30 * SECOND, "border")]


def test_a_catch_up_follows_the_schedule(newsroom: Newsroom) -> None:
    """What was there before us can wait for a digest as well."""
    newsroom.reload(DIGEST)
    document = made.document(rss(URL, "LRT", [news(FIRST, NOW)]), fetched_at=NOW)
    unread = replace(newsroom.feed(), baseline_at=None)
    newsroom.app.ingest.take(unread, read(unread, document))
    assert newsroom.app.ingest.catch_up(newsroom.app.settings.topics[0], NOW) is not None
    assert newsroom.slots() == [(at(17), "digest/2021-11-08 08:00 to 17:00 UTC")]


def test_a_silence_of_another_process_is_heeded(newsroom: Newsroom) -> None:
    """What `silence add` stores counts from the next decision on, without a reload."""
    newsroom.app.silences.add(made.silence(topic="border"))
    batch = newsroom.poll(FIRST)
    assert batch.items[0].verdicts[0].decision.reason is Reason.SILENCED
    newsroom.now += HOUR
    assert newsroom.poll(SECOND_ITEM).alerts != ()


def test_one_round_waits_for_nobody(newsroom: Newsroom) -> None:
    """`once` keeps companions together but sends at once; who wants none stays alone."""
    settings = without_wait(newsroom.app.settings)
    waits: list[timedelta] = [one.schedule.group_wait for one in settings.receivers]
    assert waits == [timedelta.resolution]
    newsroom.reload({"to": ["console"], "group_wait": "0s"})
    settings = without_wait(newsroom.app.settings)
    assert [one.schedule.group_wait for one in settings.receivers] == [timedelta(0)]


def test_apps_are_wired_alike(newsroom: Newsroom) -> None:
    """Each destination of the configuration has the schedule of its receiver."""
    app: App = newsroom.app
    assert app.slots.waiting() == []
    newsroom.reload(DIGEST)
    newsroom.poll(FIRST, SECOND_ITEM)
    assert {group for _, group in newsroom.slots()} == {"digest/2021-11-08 08:00 to 17:00 UTC"}
