"""`kill -9` at any moment: no alert is lost, and at most the one in hand is repeated.

The oracle is what the webhook received, all of it: a message too many fails like a missing one.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.forks import Fork, forked
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import WEBHOOK, Scene, payload_of, scene, wait_until
from tests.fakes.web import RecordedRequest, Reply

# The item over which the service dies.
THE_ITEM = on_topic(12)
# `bench/kills.py` has two hundred, at four destinations with faults of their own.
KILLS = 10
# From the start of the service; coming up takes about half a second of it.
LONGEST_LIFE_SECONDS = 1.5

# The service with quicker ticks than the command's.
quick = partial(Fork, "never")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a news server, a service that is not started yet, and one webhook to receive."""
    with scene(tmp_path) as made:
        del made.service.config["receivers"]["newsroom"][1:]
        yield made


def tries(stage: Scene) -> dict[str, int]:
    """Count the requests by the title that they lead with, each title under one id and body."""
    requests = stage.receivers.web.requests(WEBHOOK)
    titles = [str(payload_of(request)["items"][0]["title"]) for request in requests]
    messages = {
        (title, one.headers["webhook-id"]) for title, one in zip(titles, requests, strict=True)
    }
    assert len(messages) == len(set(titles)) == len({request.body for request in requests})
    return dict(Counter(titles))


def finish(stage: Scene) -> None:
    """Let a service do all that is left to do, end it, and look at its database."""
    stage.wait_until_read()
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert stage.service.sql("PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize(
    "step,sent",
    [
        pytest.param("fetched", 1, id="after-fetch"),
        pytest.param("judged", 1, id="before-commit"),
        pytest.param("committed", 1, id="after-commit"),
        pytest.param("claimed", 1, id="before-send"),
        pytest.param("sent", 2, id="after-send-before-settling"),
        pytest.param("settled", 1, id="after-settling"),
    ],
)
def test_killed_at_a_step_it_goes_on_where_it_was(stage: Scene, step: str, sent: int) -> None:
    """Killed at any step over an alert, it tells it after the restart, and none of the others."""
    stage.open_feed("wire", "rss", off_topic(0))
    stage.service.start(partial(Fork, step))
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.receivers.web.wait_for(WEBHOOK, 1, 40)
    stage.service.wait_until_settled()
    stage.news.publish("/wire", off_topic(1), THE_ITEM, on_topic(14))
    assert stage.service.wait() == -signal.SIGKILL

    stage.service.start(quick)
    finish(stage)
    assert tries(stage) == {on_topic(0).title: 1, THE_ITEM.title: sent, on_topic(14).title: 1}


def test_killed_in_mid_send_it_repeats_under_the_same_id(stage: Scene) -> None:
    """A receiver that has the request, but has not answered, gets it once more."""

    def answer(request: RecordedRequest) -> Reply:
        if len(stage.receivers.web.requests(WEBHOOK)) > 2 or THE_ITEM.title not in title(request):
            return Reply(body=b"ok")
        stage.service.process.kill()
        return Reply(drop=True)

    def title(request: RecordedRequest) -> str:
        return str(json.loads(request.body)["items"][0]["title"])

    stage.receivers.web.route(WEBHOOK, answer)
    stage.open_feed("wire", "rss", off_topic(0))
    stage.service.start(quick)
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.receivers.web.wait_for(WEBHOOK, 1, 40)
    stage.service.wait_until_settled()
    stage.news.publish("/wire", THE_ITEM)
    assert stage.service.wait() == -signal.SIGKILL

    stage.service.start(quick)
    finish(stage)
    assert tries(stage) == {on_topic(0).title: 1, THE_ITEM.title: 2}


@pytest.mark.parametrize("step", ["baseline", "caught-up"])
def test_killed_around_the_catch_up_it_comes_once(stage: Scene, step: str) -> None:
    """Killed between the first poll and the catch-up, or right after it, it sends it once."""
    stage.open_feed("wire", "rss", on_topic(0), off_topic(0), on_topic(1))
    stage.open_feed("east", "atom", off_topic(1), on_topic(2))
    stage.service.start(partial(Fork, step), wait=False)
    assert stage.service.wait() == -signal.SIGKILL
    assert stage.receivers.web.requests(WEBHOOK) == []

    stage.service.start(quick)
    stage.receivers.web.wait_for(WEBHOOK, 1, 40)
    finish(stage)
    assert list(tries(stage).values()) == [1]
    (catch_up,) = stage.receivers.payloads()
    assert catch_up["reason"] == "catch_up"
    assert {item["title"] for item in catch_up["items"]} == {on_topic(n).title for n in range(3)}


def test_killed_at_random_it_loses_nothing(stage: Scene) -> None:
    """Ten kills in a stream of news: each alert arrives, repeats are fewer than the kills."""
    # The same kills each time, as far as the machine lets them be.
    chance = random.Random(2021)  # noqa: S311 - no secret
    stage.receivers.web.route(WEBHOOK, lambda _: Reply(body=b"ok", delay=chance.uniform(0, 0.3)))
    stage.open_feed("wire", "rss", *map(off_topic, range(10)))
    stage.open_feed("east", "atom")
    stage.service.start(quick)
    stage.wait_until_read()
    stage.service.kill()

    for number in range(KILLS):
        stage.service.start(forked if number % 3 == 0 else quick, wait=False)
        life = chance.uniform(0.1, LONGEST_LIFE_SECONDS)
        before = chance.uniform(0, life)
        time.sleep(before)
        path = chance.choice(("/wire", "/east"))
        stage.news.publish(path, on_topic(number), off_topic(10 + number))
        time.sleep(life - before)
        stage.service.kill()

    stage.service.start(quick)
    wanted = {on_topic(number).title for number in range(KILLS)}
    wait_until(lambda: set(tries(stage)) >= wanted, lambda: f"lost: {wanted - set(tries(stage))}")
    finish(stage)
    told = tries(stage)
    assert set(told) == wanted
    repeats = sum(told.values()) - len(told)
    assert repeats <= KILLS
    print(f"{KILLS} kills, {len(told)} alerts, {repeats} repeats")  # noqa: T201 - shown by -s
