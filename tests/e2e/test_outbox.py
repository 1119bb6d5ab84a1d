"""The lines of destinations on the real service: totals of what each of them was sent."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.forks import Fork
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import (
    DESTINATIONS,
    RECEIVER,
    SLACK,
    WEBHOOK,
    Scene,
    payload_of,
    scene,
    wait_until,
)
from tests.fakes.web import RecordedRequest, Reply

# The service with quicker ticks than the command's.
quick = partial(Fork, "never")
# On different events each: the first ones of the shipped stream.
NEWS = tuple(on_topic(number) for number in (0, 4, 12, 14))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a service that reads one feed and tells its operator by the receiver of its news."""
    with scene(tmp_path) as made:
        made.service.config["operator"] = [RECEIVER]
        made.open_feed("wire", "rss", off_topic(0))
        made.service.start(quick)
        made.wait_until_read()
        yield made


def subjects(stage: Scene) -> list[str]:
    """Give the subjects of all mails so far."""
    return [str(mail.message["Subject"]).strip() for mail in stage.receivers.mail.mails]


def test_a_refused_message_is_told_elsewhere_and_goes_again(stage: Scene) -> None:
    """A message that is refused is told once by each other way, and goes again under its id."""
    stage.receivers.script(WEBHOOK, Reply(status=400, body=b"bad field"))
    stage.news.publish("/wire", NEWS[0])
    stage.service.wait_for("delivery_given_up")
    wait_until(lambda: len(subjects(stage)) == 2, lambda: f"mails: {subjects(stage)}")
    stage.service.wait_until_settled()
    notice = f"[seedwatch] {DESTINATIONS['webhook']}: an alert was refused for good"
    assert subjects(stage).count(notice) == 1
    assert len(stage.receivers.taken(SLACK)) == 2
    assert stage.receivers.taken() == []

    (lost,) = stage.service.ask("deliveries", "--state", "lost")
    assert lost["tells"] == NEWS[0].title
    assert stage.service.command("redeliver", lost["delivery"]["id"]).returncode == 0
    stage.receivers.web.wait_for(WEBHOOK, 2, 40)
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    first, second = stage.receivers.web.requests(WEBHOOK)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == lost["delivery"]["id"]
    assert first.body == second.body
    assert (len(subjects(stage)), len(stage.receivers.taken(SLACK))) == (2, 2)


def test_a_destination_that_is_down_delays_no_other_and_keeps_its_order(stage: Scene) -> None:
    """While one destination fails the others get each alert; then it gets all of them, in order."""
    down = Reply(status=503, body=b"down", headers={"Retry-After": "2"})
    # Two waits of at most fifteen seconds together.
    stage.receivers.script(WEBHOOK, *[down] * 2)
    for number, item in enumerate(NEWS, start=1):
        stage.news.publish("/wire", item)
        wait_until(
            lambda count=number: len(subjects(stage)) == count,  # type: ignore[misc]
            lambda: f"mails: {subjects(stage)}",
        )
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    titles = [payload_of(one)["items"][0]["title"] for one in stage.receivers.taken()]
    assert titles == [item.title for item in NEWS]
    tried = [one.headers["webhook-id"] for one in stage.receivers.web.requests(WEBHOOK)]
    assert len(tried) == len(NEWS) + 2
    assert len(set(tried)) == len(NEWS)
    assert len(stage.receivers.taken(SLACK)) == len(subjects(stage)) == len(NEWS)


def test_a_destination_that_swallows_messages_delays_no_other(stage: Scene) -> None:
    """While one never answers the others get each alert; then it gets all, in order, by one id."""
    is_back = threading.Event()

    def swallow(_: RecordedRequest) -> Reply:
        # Silent until it is back; our timeout hangs up before.
        is_back.wait(60)
        return Reply(body=b"ok")

    stage.service.config["delivery"]["timeout"] = "1s"
    stage.service.write()
    stage.service.send(signal.SIGHUP)
    stage.service.wait_for("reloaded")
    stage.receivers.web.route(WEBHOOK, swallow)
    for number, item in enumerate(NEWS, start=1):
        stage.news.publish("/wire", item)
        wait_until(
            lambda count=number: len(subjects(stage)) == count,  # type: ignore[misc]
            lambda: f"mails: {subjects(stage)}",
        )
    (delayed, *_) = stage.service.wait_for("delivery_delayed")
    assert delayed["destination"] == DESTINATIONS["webhook"]
    assert stage.service.events("delivered")[-1]["destination"] != DESTINATIONS["webhook"]
    swallowed = len(stage.receivers.web.requests(WEBHOOK))
    is_back.set()
    # Not to wait for its next try, which may be far.
    stage.service.command("redeliver", DESTINATIONS["webhook"])
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    # Those that were swallowed were all the first in line, under one id.
    requests = stage.receivers.web.requests(WEBHOOK)
    titles = [payload_of(one)["items"][0]["title"] for one in requests]
    assert set(titles[:swallowed]) == {NEWS[0].title}
    assert list(dict.fromkeys(titles)) == [item.title for item in NEWS]
    assert len({one.headers["webhook-id"] for one in requests}) == len(NEWS)
    assert len(stage.receivers.taken(SLACK)) == len(subjects(stage)) == len(NEWS)
