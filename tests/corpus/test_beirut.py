"""Real news of August 2020, in quick motion: what an alert on the explosion in Beirut looks like.

The entries of three outlets are served as feeds by a local server and polled each hour of that
month; the seed is three items of 4 August. No labels say what is right: the test asserts that the
result is sane, and writes down all of it for a person to read.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from structlog.testing import capture_logs

from monitor.app import SENDERS, App, open_database, wire
from monitor.config import load
from monitor.daemon import Daemon
from monitor.feeds.identity import fingerprint
from monitor.records import SeenItem, Verdict
from monitor.start import choose_thresholds, start_up
from tests.fakes.web import RecordedRequest, Reply, WebServer

OUTLETS = {"bbc.co.uk": "BBC", "cnn.com": "CNN", "theguardian.com": "Guardian"}
TOPIC = "beirut-explosion"
BEGIN, END = datetime(2020, 8, 1, tzinfo=UTC), datetime(2020, 9, 1, tzinfo=UTC)
STEP = timedelta(hours=1)
# What a feed holds: more than is published between two polls.
NEWEST = 25
MOST_SECONDS_A_STEP = 60.0
# The first three items on it.
SEEDS = (
    "Beirut explosion \N{EN DASH} in pictures",
    "Videos show moment of massive Beirut blast",
    (
        "Beirut explosion: scores dead and thousands hurt as blast rips through city"
        " \N{EN DASH} video report"
    ),
)
# A reader's first idea of what is on it; what it finds on other things is for the reader to see.
PATTERN = re.compile(r"Beirut|Lebanon|Lebanese")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the corpus."""

    id: str
    outlet: str
    published_at: datetime
    title: str
    summary: str
    link: str

    @property
    def is_near(self) -> bool:
        """Whether the simple pattern finds it."""
        return PATTERN.search(f"{self.title} {self.summary}") is not None


@dataclass(slots=True)
class Clock:
    """A clock that goes when it is told to."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        """Give its time."""
        return self.now


@dataclass(slots=True)
class Month:
    """The month's news, its clock, and what the webhook was told."""

    entries: list[Entry]
    clock: Clock = field(default_factory=Clock)
    payloads: list[dict[str, Any]] = field(default_factory=list)

    def feed(self, outlet: str) -> bytes:
        """Write an outlet's feed as it stands now."""
        now = self.clock.now
        held = [one for one in self.entries if one.outlet == outlet and one.published_at <= now]
        items = "\n".join(
            f'<item><guid isPermaLink="false">{one.id}</guid><title>{escape(one.title)}</title>'
            f"<link>{escape(one.link)}</link><description>{escape(one.summary)}</description>"
            f"<pubDate>{format_datetime(one.published_at)}</pubDate></item>"
            for one in reversed(held[-NEWEST:])
        )
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<rss version="2.0"><channel>'
            f"<title>{outlet}</title><link>https://{outlet}/</link><description>News</description>"
            f"<language>en</language>\n{items}</channel></rss>"
        ).encode()

    def receive(self, request: RecordedRequest) -> Reply:
        """Take what the webhook is told."""
        self.payloads.append(json.loads(request.body))
        return Reply(body=b"ok")


def read_month(folder: Path) -> list[Entry]:
    """Read the three outlets' entries of August 2020, in order of publication."""
    entries = []
    with gzip.open(folder / "items.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            raw = json.loads(line)
            if raw["published"].startswith("2020-08-") and raw["source"] in OUTLETS:
                entry = Entry(
                    id=raw["id"],
                    outlet=raw["source"],
                    published_at=datetime.fromisoformat(raw["published"]),
                    title=raw["title"],
                    summary=raw["summary"],
                    link=raw["link"],
                )
                entries.append(entry)
    return sorted(entries, key=lambda entry: entry.published_at)


@contextmanager
def watching(month: Month, folder: Path) -> Iterator[App]:
    """Wire the app on the month's feeds, by the month's clock."""
    with WebServer() as web:
        feeds = []
        for outlet, name in OUTLETS.items():
            # Each route has its own outlet.
            def serve(_: RecordedRequest, outlet: str = outlet) -> Reply:
                headers = {"Content-Type": "application/rss+xml; charset=utf-8"}
                return Reply(headers=headers, body=month.feed(outlet))

            feeds.append({"name": name, "url": web.route(f"/{outlet}", serve)})
        for number, title in enumerate(SEEDS):
            (seed,) = [one for one in month.entries if one.title == title]
            text = f"{seed.title}\n\n{seed.summary}\n"
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")
        seeds = [f"{number}.txt" for number in range(len(SEEDS))]
        config = {
            "topics": {TOPIC: {"seeds": seeds, "receivers": ["reader"]}},
            "feeds": {"world": feeds},
            "receivers": {"reader": [{"webhook": {"url": web.route("/alerts", month.receive)}}]},
            "polling": {
                "every": "30m",
                "per_host": 3,
                "host_spacing": "0s",
                "allow_addresses": ["127.0.0.1"],
            },
            # Each alert is a message.
            "delivery": {"group_wait": "0s"},
            "reports": None,
        }
        path = folder / "seedwatch.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        settings = load(path, {})
        app = wire(settings, open_database(settings), clock=month.clock)
        try:
            start_up(app)
            yield app
        finally:
            app.close()


def play(month: Month, app: App) -> None:
    """Do what the daemon does, hour by hour."""
    daemon = Daemon(app, lambda: app.settings)
    while month.clock.now < END:
        month.clock.now += STEP
        choose_thresholds(app)
        give_up_at = time.monotonic() + MOST_SECONDS_A_STEP
        while app.store.due_feeds(month.clock.now, 1):
            assert time.monotonic() < give_up_at, f"stuck at {month.clock.now}"
            daemon.poll()
            time.sleep(0.002)
        while sends := app.deliver.deliver_due(app.senders, SENDERS):
            wait(sends)


def report(month: Month, verdicts: list[tuple[SeenItem, Verdict]]) -> str:
    """Write down what was told, what the pattern finds beside it, and what it does not find."""
    entries = {entry.id: entry for entry in month.entries}
    judged = [(entries[seen.item.guid or ""], verdict) for seen, verdict in verdicts]
    told = [(payload, item) for payload in month.payloads for item in payload["items"]]
    titles = {item["title"] for _, item in told}
    near = sum(entry.is_near for entry in month.entries)
    reasons = Counter(verdict.decision.reason for entry, verdict in judged if entry.is_near)
    lines = [
        (
            f"{len(month.entries)} entries, {near} with {PATTERN.pattern};"
            f" {len(month.payloads)} messages with {len(told)} items"
        ),
        "of those with the pattern: " + ", ".join(f"{n} {why}" for why, n in reasons.most_common()),
        "",
        "TOLD (* without the pattern)",
    ]
    for payload, item in told:
        mark = " " if PATTERN.search(f"{item['title']} {item['summary']}") else "*"
        kind = payload["reason"]
        lines.append(
            f"{mark} {payload['created_at']} {item['score']:.2f} {kind:11} {item['source']:8}"
            f" {item['title']}"
        )
    lines += ["", "WITH THE PATTERN, NOT TOLD"]
    lines += [
        f"  {entry.published_at:%m-%d %H:%M} {verdict.score.value:.2f}"
        f" {verdict.decision.reason:15} {OUTLETS[entry.outlet]:8} {entry.title}"
        for entry, verdict in judged
        if entry.is_near and entry.title not in titles
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.timeout(600)
def test_the_explosion_in_beirut_is_told(shared: Path, tmp_path: Path) -> None:
    """A month of three outlets gives alerts, and most of them are on Beirut."""
    folder = shared / "bench" / "tracking" / "rss-2020"
    if not folder.is_dir():
        pytest.skip("rss-2020 is absent")
    month = Month(read_month(folder))
    with capture_logs(), watching(month, tmp_path) as app:
        play(month, app)
        verdicts = app.store.verdicts_of(TOPIC)
        counts = app.reports.counts()
    text = report(month, verdicts)
    print(text)
    if "SEEDWATCH_REPORT" in os.environ:
        Path(os.environ["SEEDWATCH_REPORT"]).write_text(text, encoding="utf-8")

    # Nothing fell out of a feed between two polls, and nothing waits.
    # The Guardian published three texts again within the week, under new guids: they are no items.
    texts = {(one.outlet, fingerprint(one.title, one.summary)) for one in month.entries}
    assert len(month.entries) - len(texts) == 3
    assert len(verdicts) == counts["items"] == len(texts)
    assert counts["delivered"] == counts["alerts"] == len(month.payloads)
    ids = [payload["id"] for payload in month.payloads]
    assert len(ids) == len(set(ids))
    told = [item for payload in month.payloads for item in payload["items"]]
    near = [item for item in told if PATTERN.search(f"{item['title']} {item['summary']}")]
    assert near
    assert len(near) > len(told) / 2
