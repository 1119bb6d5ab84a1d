"""The Alertmanager receiver: what it is sent, and that a repeat is no second alert."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.alerts.notice import make_notice
from monitor.alerts.render import render
from monitor.notify import build
from monitor.records import Message, Notifier, Reason
from monitor.targets import AlertmanagerTarget, Secret
from tests.fakes.alerts import alert, catch_up, message
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer

# Two minutes after the alert of `message()` was made.
NOW = datetime(2021, 11, 8, 14, 12, tzinfo=UTC)
PATH = "/am/api/v2/alerts"


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a server that takes alerts."""
    with WebServer() as server:
        server.route(PATH, Reply())
        yield server


def notifier(web: WebServer, now: datetime = NOW, **changes: Any) -> Notifier:
    """Return the notifier of an Alertmanager behind a path."""
    target = AlertmanagerTarget(url=Secret(web.url("/am/")))
    return build(
        replace(target, **changes),
        post=PlainPost(),
        timeout=timedelta(seconds=1),
        clock=lambda: now,
    )


def posted(web: WebServer) -> list[dict[str, Any]]:
    """Give the alerts that were sent, each in a list of one."""
    lists = [json.loads(one.body) for one in web.requests(PATH)]
    assert all(len(one) == 1 for one in lists)
    return [one[0] for one in lists]


def test_what_is_sent(web: WebServer) -> None:
    """One alert, with labels to route by, the text as annotations, and an end to come."""
    sent = message("d-1")
    assert notifier(web, labels={"severity": "info"}).send(sent).answer == "200"
    assert posted(web) == [
        {
            "labels": {
                "severity": "info",
                "alertname": "seedwatch",
                "topic": "belarus-eu-border",
                "reason": "first_story",
                "story": "s-1",
                "alert_id": "a-1",
            },
            "annotations": {"summary": sent.subject, "description": sent.text},
            "startsAt": "2021-11-08T14:10:00Z",
            "endsAt": "2021-11-08T15:12:00Z",
            "generatorURL": "https://www.bbc.co.uk/news/world-europe-59206685",
        }
    ]


def test_a_repeat_is_the_same_alert(web: WebServer) -> None:
    """On a retry the labels stay, by which Alertmanager knows it, and its end is still to come."""
    later = NOW + timedelta(days=2)
    for now in (NOW, later):
        notifier(web, now, lasts=timedelta(minutes=5)).send(message())
    first, second = posted(web)
    assert first["labels"] == second["labels"]
    assert first["startsAt"] == second["startsAt"]
    assert second["endsAt"] == "2021-11-10T14:17:00Z"


def test_a_clock_behind(web: WebServer) -> None:
    """An alert never ends before it begins, whatever the clock says."""
    notifier(web, NOW - timedelta(days=9)).send(message())
    (one,) = posted(web)
    assert one["endsAt"] > one["startsAt"]


def test_two_updates_are_two_alerts(web: WebServer) -> None:
    """Two updates of one story are told apart: the second is not taken for the first."""
    for number in (1, 2):
        update = alert(id=f"u-{number}", reason=Reason.UPDATE)
        notifier(web).send(render(update, message_id=f"d-{number}"))
    first, second = (one["labels"] for one in posted(web))
    assert first != second
    assert first["story"] == second["story"] == "s-1"


def other_messages() -> list[Message]:
    """Return messages that are about no one item."""
    notice = make_notice("paused", "desk", "desk/1-slack is paused", "HTTP 410", NOW)
    return [render(one, message_id="d-9") for one in (catch_up(), notice)]


@pytest.mark.parametrize("sent", other_messages(), ids=["catch-up", "notice"])
def test_lists_and_notices(web: WebServer, sent: Message) -> None:
    """A label without a value is left out: Alertmanager refuses none, and would drop it."""
    notifier(web).send(sent)
    (one,) = posted(web)
    assert "story" not in one["labels"]
    assert all(one["labels"].values())
    assert one["annotations"]["summary"] == sent.subject


@pytest.mark.parametrize("token", [None, Secret("letmein")])
def test_a_token(web: WebServer, token: Secret | None) -> None:
    """A token goes along as a bearer token, and only if there is one."""
    notifier(web, token=token).send(message())
    (request,) = web.requests(PATH)
    assert request.headers.get("Authorization") == ("Bearer letmein" if token else None)
