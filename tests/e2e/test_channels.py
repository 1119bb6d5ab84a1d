"""The service as a bot of Slack and into files: threads, counts and lines, over a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest

from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import RECEIVER, Scene, scene, wait_until
from tests.fakes.web import RecordedRequest, Reply

TOKEN = "xoxb-47110815-5f3d"
POST, UPDATE = "/api/chat.postMessage", "/api/chat.update"


class Slack:
    """The Web API, which names its messages by counting them."""

    def __init__(self, stage: Scene) -> None:
        self._web = stage.receivers.web
        self._web.route(POST, self._post)
        self._web.route(UPDATE, Reply(body=b'{"ok":true,"channel":"C1","ts":"1.0"}'))

    @property
    def target(self) -> dict[str, Any]:
        """How the configuration names it."""
        api_url = self._web.url("/api")
        return {"slack": {"bot_token": TOKEN, "channel": "#desk", "api_url": api_url}}

    def _post(self, _request: RecordedRequest) -> Reply:
        said = {"ok": True, "channel": "C1", "ts": f"{len(self.bodies(POST))}.0"}
        return Reply(body=json.dumps(said).encode())

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Give what came to a method."""
        return [json.loads(one.body) for one in self._web.requests(path)]

    def wait_for(self, path: str, count: int) -> list[dict[str, Any]]:
        """Give what came to a method once there is so much of it."""
        wait_until(
            lambda: len(self.bodies(path)) >= count,
            lambda: f"{len(self.bodies(path))} of {count} came to {path}",
        )
        return self.bodies(path)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a news server with three outlets, and a service that is not started yet."""
    with scene(tmp_path) as made:
        for name in ("wire", "east", "south"):
            made.open_feed(name, "rss", off_topic(len(name)))
        yield made


def test_a_story_in_slack_and_in_files(stage: Scene) -> None:
    """One message tells a story, copies are counted in it, its update goes into its thread."""
    slack = Slack(stage)
    files = {"file": {"atom": "alerts.xml", "jsonl": "alerts.jsonl"}}
    stage.service.config["receivers"] = {RECEIVER: [slack.target, files]}
    stage.service.start()
    stage.wait_until_read()

    stage.news.publish("/wire", on_topic(10))
    (first,) = slack.wait_for(POST, 1)
    assert "thread_ts" not in first

    stage.news.publish("/east", on_topic(10))
    (edit,) = slack.wait_for(UPDATE, 1)
    assert edit["ts"] == "1.0"
    assert "sources: 2 (" in json.dumps(edit["blocks"])

    # What it knows of its messages survives a kill.
    stage.service.kill()
    # A story is updated some hours after it was told at the earliest.
    stage.service.sql(
        "UPDATE stories SET told_at = strftime('%Y-%m-%d %H:%M:%f000', told_at, '-1 day')"
        " WHERE told_at IS NOT NULL"
    )
    stage.news.publish("/south", on_topic(10))
    stage.service.start()
    _, update = slack.wait_for(POST, 2)
    assert update["thread_ts"] == "1.0"
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0

    assert len(slack.bodies(POST)) == 2
    told = (stage.service.folder / "alerts.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line)["reason"] for line in told] == ["first_story", "update"]
    feed = feedparser.parse((stage.service.folder / "alerts.xml").read_bytes())
    assert ["update: " in entry.title for entry in feed.entries] == [True, False]
    assert TOKEN not in stage.service.log.read_text("utf-8")
