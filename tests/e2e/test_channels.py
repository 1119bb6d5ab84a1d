"""The service as a bot of Slack and into files: threads, counts and lines, over a kill."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import RECEIVER, Scene, scene
from tests.fakes.slack import POST, TOKEN, UPDATE, Slack


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a news server with three outlets, and a service that is not started yet."""
    with scene(tmp_path) as made:
        for name in ("wire", "east", "south"):
            made.open_feed(name, "rss", off_topic(len(name)))
        yield made


def test_a_story_in_slack_and_in_files(stage: Scene) -> None:
    """One message tells a story, copies are counted in it, its update goes into its thread."""
    slack = Slack(stage.receivers.web)
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
