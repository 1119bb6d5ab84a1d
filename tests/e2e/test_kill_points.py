"""`kill -9` where more than one alert is in hand, or more than alerts are.

The oracle is all that came to the other side: a message too many fails like a missing one.
"""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.fakes.clocks import wind_clock
from tests.fakes.forks import Fork
from tests.fakes.killing import DOOMED, REFUSED, STATEMENTS, STEPS
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import (
    RECEIVER,
    WEBHOOK,
    Scene,
    scene,
)
from tests.fakes.slack import POST, UPDATE, Slack
from tests.fakes.web import RecordedRequest, Reply

# The item over which the service dies, and one that comes with it.
THE_ITEM = on_topic(12)
COMPANION = on_topic(14)
NEWS = (THE_ITEM, COMPANION)
SECOND = timedelta(seconds=1)

quick = partial(Fork, "never")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a news server with one feed, and a service with one webhook that is not started yet."""
    with scene(tmp_path) as made:
        del made.service.config["receivers"][RECEIVER][1:]
        made.open_feed("wire", "rss", off_topic(0))
        yield made


def messages(stage: Scene) -> list[tuple[int, list[str]]]:
    """Give how often each message came, each under one id and body, and the titles in it."""
    requests = stage.receivers.web.requests(WEBHOOK)
    tries = Counter(one.headers["webhook-id"] for one in requests)
    assert len(tries) == len({one.body for one in requests})
    # Not verified: the clock of the service may be far from ours.
    bodies = {one.headers["webhook-id"]: json.loads(one.body) for one in requests}
    return [(tries[id_], [one["title"] for one in said["items"]]) for id_, said in bodies.items()]


def hold(stage: Scene, *, seconds: int = 30) -> None:
    """Let a service take two alerts that wait for companions, and die while they wait."""
    stage.service.config["delivery"]["group_wait"] = f"{seconds}s"
    stage.service.start(quick)
    stage.wait_until_read()
    stage.news.publish("/wire", *NEWS)
    stage.wait_until_read()
    stage.service.kill()
    assert stage.receivers.web.requests(WEBHOOK) == []


def finish(stage: Scene) -> None:
    """Let a service do all that is left to do, end it, and look at its database."""
    stage.service.start(quick)
    stage.wait_until_read()
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert stage.service.sql("PRAGMA integrity_check") == [("ok",)]


def test_killed_while_companions_wait_and_in_mid_bundle(stage: Scene) -> None:
    """A bundle that left before its rows were written comes once more, whole and the same."""
    hold(stage)
    wind_clock(stage.service.folder, 31 * SECOND)
    stage.service.start(partial(Fork, "sent"), wait=False)
    assert stage.service.wait() == -signal.SIGKILL
    # One that comes meanwhile does not join it.
    stage.news.publish("/wire", on_topic(0))
    wind_clock(stage.service.folder, 31 * SECOND)
    stage.service.start(quick)
    stage.wait_until_read()
    wind_clock(stage.service.folder, 31 * SECOND)
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    bundle, later = messages(stage)
    assert (bundle[0], sorted(bundle[1])) == (2, sorted(one.title for one in NEWS))
    assert later == (1, [on_topic(0).title])


@pytest.mark.parametrize("step", ["reloading", "redating", "reloaded"])
def test_killed_in_a_reload_what_waits_goes_by_the_new_schedule(stage: Scene, step: str) -> None:
    """Killed before, amid or right after a reload, what waited comes once, as the file says."""
    hold(stage, seconds=60)
    stage.service.start(partial(Fork, step) if step in STEPS else quick)
    stage.service.config["delivery"]["group_wait"] = "0s"
    stage.service.config["receivers"][RECEIVER] = {
        "to": stage.service.config["receivers"][RECEIVER],
        "digest": {"every": "24h"},
    }
    stage.service.write()
    stage.service.send(signal.SIGHUP)
    if step == "reloaded":
        stage.service.wait_for("reloaded")
        stage.service.kill()
    assert stage.service.wait() == -signal.SIGKILL
    stage.service.start(quick)
    (slots,) = stage.service.sql('SELECT count(*), count(DISTINCT "group") FROM deliveries')
    assert slots == (2, 1)
    wind_clock(stage.service.folder, timedelta(days=1))
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    ((tries, titles),) = messages(stage)
    assert (tries, sorted(titles)) == (1, sorted(one.title for one in NEWS))
    (request,) = stage.receivers.taken()
    assert "digest of " in json.loads(request.body)["detail"]


@pytest.mark.parametrize("step", ["migrating", "migrated", "starting"])
def test_killed_while_it_comes_up_it_comes_up_the_next_time(stage: Scene, step: str) -> None:
    """Killed amid its first migration or its start, it starts as if nothing had been."""
    stage.service.start(partial(Fork, step), wait=False)
    assert stage.service.wait() == -signal.SIGKILL
    stage.service.start(quick)
    stage.wait_until_read()
    stage.news.publish("/wire", *NEWS)
    stage.receivers.web.wait_for(WEBHOOK, 2, 40)
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert sorted(messages(stage)) == sorted((1, [one.title]) for one in NEWS)


def test_killed_after_an_edit_it_edits_once_more_and_posts_nothing(stage: Scene) -> None:
    """An edit that was not noted is made again, the same; the message itself comes once."""
    slack = Slack(stage.receivers.web)
    stage.service.config["receivers"][RECEIVER] = [slack.target]
    stage.open_feed("east", "atom", off_topic(1))
    stage.service.start(partial(Fork, "edited"))
    stage.wait_until_read()
    stage.news.publish("/wire", THE_ITEM)
    slack.wait_for(POST, 1)
    stage.news.publish("/east", THE_ITEM)
    assert stage.service.wait() == -signal.SIGKILL
    stage.service.start(quick)
    first, second = slack.wait_for(UPDATE, 2)
    stage.service.wait_for("recounted")
    assert stage.service.stop() == 0
    assert first == second
    assert (len(slack.bodies(POST)), len(slack.bodies(UPDATE))) == (1, 2)


@pytest.mark.parametrize(
    "step, refused, told",
    [
        pytest.param("refused", 2, 1, id="before-it-is-written-down"),
        pytest.param("noticed", 1, 1, id="after-it-is-written-down"),
        pytest.param("operator-told", 1, 2, id="after-the-notice-was-taken"),
    ],
)
def test_killed_around_a_notice_the_operator_is_told_once(
    stage: Scene, step: str, refused: int, told: int
) -> None:
    """What is refused for good is one notice elsewhere; a repeat has the same Message-ID."""
    mail = stage.receivers.configured()[1]
    stage.service.config["receivers"]["operator"] = [mail]
    stage.service.config["operator"] = ["operator"]
    stage.receivers.web.route(WEBHOOK, Reply(status=400, body=b"bad field"))
    stage.service.start(partial(Fork, step))
    stage.wait_until_read()
    stage.news.publish("/wire", THE_ITEM)
    assert stage.service.wait() == -signal.SIGKILL
    finish(stage)
    assert messages(stage) == [(refused, [THE_ITEM.title])]
    mails = [one.message for one in stage.receivers.mail.mails]
    assert len(mails) == told
    assert len({str(one["Message-ID"]) for one in mails}) == 1
    assert REFUSED in str(mails[0]["Subject"])
    (lost,) = stage.service.ask("deliveries", "--state", "lost")
    assert lost["tells"] == THE_ITEM.title


def test_killed_while_a_destination_is_tried_again(stage: Scene) -> None:
    """Killed over the one try after an outage, it is still one try, and then all in order."""
    # On a busy machine there may be more tries than the two that are waited for.
    answers: list[str] = []
    doomed = threading.Event()

    def answer(_: RecordedRequest) -> Reply:
        if "killed" in answers:
            return Reply(body=b"ok")
        if not doomed.is_set():
            answers.append("refused")
            return Reply(status=503)
        answers.append("killed")
        stage.service.process.kill()
        return Reply(drop=True)

    stage.receivers.web.route(WEBHOOK, answer)
    stage.service.start(quick)
    stage.wait_until_read()
    stage.news.publish("/wire", THE_ITEM)
    stage.service.wait_for("delivery_delayed")
    stage.news.publish("/wire", COMPANION, on_topic(0))
    stage.wait_until_read()
    wind_clock(stage.service.folder, 6 * SECOND)
    stage.service.wait_for("delivery_delayed", 2)
    doomed.set()
    wind_clock(stage.service.folder, 900 * SECOND)
    assert stage.service.wait() == -signal.SIGKILL
    finish(stage)
    assert [tries for tries, _ in messages(stage)] == [len(answers) + 1, 1, 1]
    titles = [titles for _, (titles) in messages(stage)]
    assert titles[0] == [THE_ITEM.title]
    assert sorted(titles[1:]) == sorted([[COMPANION.title], [on_topic(0).title]])


def test_the_steps_are_all_tried() -> None:
    """Each step at which a service can be made to die has its test."""
    one_alert = {"fetched", "judged", "committed", "claimed", "sent", "settled"}
    round_catch_up = {"baseline", "caught-up"}
    notice = {"refused", "noticed", "operator-told"}
    coming_up = {"migrating", "migrated", "starting"}
    rest = {"edited", "reloading", "redating", "never"}
    assert set(STEPS) == one_alert | round_catch_up | notice | coming_up | rest
    assert set(STATEMENTS) == coming_up | {"redating"}
    assert DOOMED in THE_ITEM.title
