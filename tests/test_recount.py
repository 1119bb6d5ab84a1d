"""Counts of sources are put right in place: a real store, a scripted Slack, a clock by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from monitor.alerts.render import render
from monitor.alerts.route import route
from monitor.notify import build
from monitor.records import (
    Alert,
    Batch,
    Delivery,
    DeliveryState,
    Editor,
    Message,
    Outcome,
    Reason,
    Story,
)
from monitor.recount import MOST_EDITS, Recounter
from monitor.store import Recounts, Store, migrate, open_engine
from monitor.targets import Secret, SlackBotTarget, SlackTarget
from monitor.topics.story import OPEN_FOR
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW, SECOND
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer

SLACK = "desk/1-slack"
UPDATE = "/api/chat.update"
TAKEN = Reply(body=b'{"ok":true,"channel":"C1","ts":"1.2"}')


def as_told(delivery: Delivery, alert: Alert) -> Message:
    """Render as `Deliver` does without templates."""
    return render(alert, message_id=delivery.id)


class Newsroom:
    """A database with stories that were told to Slack, and who keeps their counts right."""

    def __init__(self, path: Path, web: WebServer) -> None:
        self.engine = open_engine(f"sqlite:///{path / 'seedwatch.db'}")
        migrate(self.engine)
        self.store = Store(self.engine)
        self.web = web
        self.now = NOW
        web.route(UPDATE, TAKEN)
        target = SlackBotTarget(token=Secret("xoxb-1"), channel="C1", api_url=web.url("/api"))
        bot = build(target, post=PlainPost(), timeout=timedelta(seconds=5), clock=lambda: self.now)
        assert isinstance(bot, Editor)
        self.editors: dict[str, Editor] = {SLACK: bot}

    def tell(self, name: str, **changes: Any) -> Story:
        """Tell a story by its first item, in one source, and take it as delivered."""
        story = made.story(name, told_at=self.now, told_sources=1, updated_at=self.now)
        alert = made.alert(name, created_at=self.now, items=(made.alerted(name),))
        alert = replace(alert, reason=changes.get("reason", alert.reason))
        to = changes.get("to", SLACK)
        (one,) = route(alert, [made.destination(to)], self.now)
        delivery = replace(one, state=DeliveryState.SENDING)
        self.store.sync_feeds([made.spec()], self.now)
        seen = made.seen(name, first_seen_at=self.now)
        batch = Batch(
            items=(made.judged(seen, story_id=story.id),),
            stories=(story,),
            alerts=(alert,),
            deliveries=(delivery,),
        )
        self.store.commit(batch)
        outcome = Outcome(
            delivery_ids=(delivery.id,),
            state=changes.get("state", DeliveryState.DELIVERED),
            receipt=changes.get("receipt", {"channel": "C1", "ts": f"ts-{name}", "to": "C1"}),
            at=self.now,
        )
        self.store.settle(outcome)
        return story

    def grow(self, story: Story, *sources: str) -> None:
        """Attach copies of other outlets to a story, now."""
        names = ("LRT", *sources)
        grown = replace(story, sources=names, size=len(names), updated_at=self.now)
        self.store.commit(Batch(stories=(grown,)))

    def run(self) -> int:
        """Look through the messages once; give how many edits were taken."""
        recounts = Recounts(self.engine)
        return Recounter(recounts, self.editors, as_told, clock=lambda: self.now).run()

    def edits(self) -> list[tuple[str, str]]:
        """Give what was edited: which message, and what it says of its sources."""
        bodies = [json.loads(one.body) for one in self.web.requests(UPDATE)]
        return [(body["ts"], _sources_in(body)) for body in bodies]


def _sources_in(body: Mapping[str, Any]) -> str:
    lines = [one["text"] for one in body["blocks"][-1]["elements"]]
    (found,) = [line for line in lines if line.startswith("sources: ")]
    return str(found)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    """Give one that begins now."""
    with WebServer() as web:
        room = Newsroom(tmp_path, web)
        yield room
        room.engine.dispose()


def test_a_count_is_put_right(newsroom: Newsroom) -> None:
    """When other outlets copy a story, its first message says so; nothing new is posted."""
    story = newsroom.tell("fence")
    assert newsroom.run() == 0
    newsroom.grow(story, "BBC", "Euronews")
    assert newsroom.run() == 1
    assert newsroom.edits() == [("ts-fence", "sources: 3 (LRT, BBC, Euronews)")]
    newsroom.now += HOUR
    assert newsroom.run() == 0
    assert [one.path for one in newsroom.web.requests()] == [UPDATE]


def test_a_story_that_spreads_fast(newsroom: Newsroom) -> None:
    """Many copies at once make one edit a minute, and the last one says them all."""
    story = newsroom.tell("fence")
    outlets: list[str] = []
    for number in range(12):
        outlets.append(f"Outlet {number}")
        newsroom.grow(story, *outlets)
        newsroom.run()
        newsroom.now += 10 * SECOND
    newsroom.now += MINUTE
    newsroom.run()
    counts = [int(said.split()[1]) for _, said in newsroom.edits()]
    assert counts == [2, 8, 13]


@pytest.mark.parametrize(
    "changes",
    [
        {"reason": Reason.CATCH_UP},
        {"receipt": {}},
        {"state": DeliveryState.DEAD},
        {"to": "desk/2-slack"},
    ],
    ids=["a list", "no receipt", "not delivered", "no editor"],
)
def test_what_is_not_edited(newsroom: Newsroom, changes: dict[str, Any]) -> None:
    """Lists, what never arrived, and what the other side cannot edit stay as they are."""
    newsroom.grow(newsroom.tell("fence", **changes), "BBC")
    assert newsroom.run() == 0
    assert newsroom.web.requests() == []


def test_an_old_story_rests(newsroom: Newsroom) -> None:
    """A story without an item for three days is left alone."""
    newsroom.grow(newsroom.tell("fence"), "BBC")
    newsroom.now += OPEN_FOR + SECOND
    assert newsroom.run() == 0


def test_what_fails_is_tried_again(newsroom: Newsroom) -> None:
    """An edit that fails is tried later, ever less often, told once, and then says the truth."""
    newsroom.web.route(UPDATE, [Reply(status=503), Reply(status=503), TAKEN])
    newsroom.grow(newsroom.tell("fence"), "BBC")
    done = []
    with structlog.testing.capture_logs() as logs:
        for _ in range(8):
            done.append(newsroom.run())
            newsroom.now += MINUTE
    assert done == [0, 0, 0, 0, 0, 0, 1, 0]
    events = [(one["event"], one["log_level"]) for one in logs]
    assert events == [("recount_failed", "warning"), ("recounted", "info")]
    assert len(newsroom.edits()) == 3


def test_patience_that_is_asked_for(newsroom: Newsroom) -> None:
    """Who asks to be left alone is left alone for so long."""
    newsroom.web.route(UPDATE, [Reply(status=429, headers={"Retry-After": "1800"}), TAKEN])
    newsroom.grow(newsroom.tell("fence"), "BBC")
    newsroom.run()
    newsroom.now += timedelta(seconds=1799)
    assert newsroom.run() == 0
    newsroom.now += SECOND
    assert newsroom.run() == 1


def test_a_message_that_is_gone(newsroom: Newsroom) -> None:
    """A message that somebody deleted is let go: it is asked for once."""
    newsroom.web.route(UPDATE, Reply(body=b'{"ok":false,"error":"message_not_found"}'))
    story = newsroom.tell("fence")
    for outlets in (["BBC"], ["BBC", "Euronews"]):
        newsroom.grow(story, *outlets)
        newsroom.run()
        newsroom.now += HOUR
    assert len(newsroom.edits()) == 1


def test_one_failure_spares_the_others(newsroom: Newsroom) -> None:
    """Where an edit fails the rest of that destination waits for the next look."""
    newsroom.web.route(UPDATE, Reply(status=500))
    for name in ("fence", "wall", "camp"):
        newsroom.grow(newsroom.tell(name), "BBC")
    newsroom.run()
    assert len(newsroom.edits()) == 1


def test_no_storm_of_edits(newsroom: Newsroom) -> None:
    """However many stories grow at once, a look edits some, and the next looks the rest."""
    names = [f"item {number}" for number in range(MOST_EDITS + 3)]
    for name in names:
        newsroom.grow(newsroom.tell(name), "BBC")
    assert [newsroom.run() for _ in range(3)] == [MOST_EDITS, 3, 0]
    assert {ts for ts, _ in newsroom.edits()} == {f"ts-{name}" for name in names}


def test_a_webhook_of_slack_edits_nothing() -> None:
    """An incoming webhook is no editor: it does not know its messages."""
    target = SlackTarget(webhook_url=Secret("https://hooks.slack.test/T0"))
    notifier = build(target, post=PlainPost(), timeout=SECOND, clock=lambda: NOW)
    assert not isinstance(notifier, Editor)
