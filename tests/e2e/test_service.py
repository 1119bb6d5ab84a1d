"""The installed command as a service: real feeds, a real webhook, real mail, on loopback.

Each test ends by comparing totals: a message too many fails like one that is missing.
"""

from __future__ import annotations

import signal
import socket
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.fakes.forks import forked
from tests.fakes.mail import OK
from tests.fakes.news import NewsItem, off_topic, on_topic
from tests.fakes.service import (
    DESTINATIONS,
    PASSWORD,
    SECRETS,
    SLACK,
    STOP_SECONDS,
    TOPIC,
    WEBHOOK,
    WEBHOOK_TOKEN,
    Scene,
    run_command,
    scene,
    shown,
    subject,
    told_once,
    wait_until,
)
from tests.fakes.web import Reply


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a news server, receivers and a service that is not started yet."""
    with scene(tmp_path) as made:
        yield made


# ---------------------------------------------------------------------------------- the main job


def test_each_story_is_told_once_at_every_receiver(stage: Scene) -> None:
    """Old items come in one catch-up, new ones once each, copies never, restart or not."""
    stage.open_feed("wire", "rss", *map(on_topic, range(4)), *map(off_topic, range(5)))
    stage.open_feed("east", "atom", *map(on_topic, range(4, 7)))
    stage.open_feed("south", "rss1", *map(off_topic, range(5, 10)))
    stage.open_feed("north", "json")

    # What is there at first sight: one message, five items of seven.
    stage.service.start()
    wait_until(lambda: bool(stage.receivers.taken()), lambda: "no catch-up came")
    (catch_up,) = stage.receivers.payloads()
    best = catch_up["items"][0]["title"]
    assert catch_up["type"] == "alert.catch_up"
    assert len({item["title"] for item in catch_up["items"]}) == 5
    assert catch_up["left_out"] == 2

    # What is new, between news on other things.
    stage.news.publish("/wire", off_topic(10), on_topic(10), on_topic(11), off_topic(11))
    stage.news.publish("/south", on_topic(12), off_topic(12))
    stage.receivers.wait_until_told(best, *(on_topic(number).title for number in (10, 11, 12)))

    # Copies in other feeds, of what an alert told and of what the catch-up told.
    caught_up = next(item for item in map(on_topic, range(7)) if item.title == best)
    stage.news.publish("/north", on_topic(10), caught_up)
    stage.news.publish("/east", replace(on_topic(11), title="Border: " + on_topic(11).title))
    stage.wait_until_read()

    # A restart, with news while it is down.
    assert stage.service.stop() == 0
    stage.news.publish("/south", on_topic(13), off_topic(13))
    stage.news.publish("/north", on_topic(14))
    stage.service.start()
    stage.receivers.wait_until_told(on_topic(13).title, on_topic(14).title)
    stage.wait_until_read()
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0

    new = [subject(on_topic(number).title) for number in range(10, 15)]
    assert stage.receivers.told() == told_once(subject(best, kind="catch-up"), *new)
    # Asked for unconditionally only at the very first: validators outlive a restart.
    conditions = ["If-None-Match" in poll.headers for poll in stage.news.requests("/wire")]
    assert conditions == [False] + [True] * (len(conditions) - 1)
    assert len(stage.receivers.web.requests(WEBHOOK)) == 6
    assert len({request.headers["webhook-id"] for request in stage.receivers.taken()}) == 6
    assert len({mail.message["Message-ID"] for mail in stage.receivers.mail.mails}) == 6


# -------------------------------------------------------------------------------------- its end


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_a_hanging_fetch_does_not_delay_the_end(stage: Scene, number: signal.Signals) -> None:
    """Asked to end while a server is silent, it exits 0 at once; the feed is due again."""
    stage.service.config["polling"]["timeout"] = "60s"
    stage.open_feed("wire", "rss", off_topic(0))
    stage.add_feed("silent", stage.news.route("/silent", Reply(delay=120)))
    stage.service.start()
    stage.news.wait_for("/silent", 1)
    started = time.monotonic()
    assert stage.service.stop(number) == 0
    assert time.monotonic() - started < STOP_SECONDS / 2
    (stopped,) = stage.service.events("stopped")
    assert stopped["cut_off"] == 0


def test_a_message_under_way_is_finished(stage: Scene) -> None:
    """Asked to end while a receiver takes two seconds to answer, it waits for the answer."""
    stage.receivers.script(WEBHOOK, Reply(body=b"slowly", delay=2.0))
    stage.open_feed("wire", "rss")
    stage.service.start()
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.receivers.web.wait_for(WEBHOOK, 1, 40)
    assert stage.service.stop() == 0
    delivered = {event["destination"]: event for event in stage.service.events("delivered")}
    assert delivered[DESTINATIONS["webhook"]]["answer"] == "200 slowly"

    stage.service.wait_until_settled()
    assert stage.receivers.told() == told_once(subject(on_topic(0).title))


def test_a_message_that_hangs_is_cut_off_and_repeated(stage: Scene) -> None:
    """A receiver that never answers does not hold the end; it gets the message again later."""
    stage.service.config["delivery"]["timeout"] = "60s"
    stage.receivers.script(WEBHOOK, Reply(delay=120))
    stage.open_feed("wire", "rss")
    stage.service.start()
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.receivers.web.wait_for(WEBHOOK, 1, 40)
    assert stage.service.stop() == 0
    (stopped,) = stage.service.events("stopped")
    assert stopped["cut_off"] == 1

    stage.receivers.script(WEBHOOK)
    stage.service.start()
    stage.receivers.web.wait_for(WEBHOOK, 2, 40)
    stage.service.wait_until_settled()
    requests = stage.receivers.web.requests(WEBHOOK)
    assert Counter(request.headers["webhook-id"] for request in requests).most_common() == [
        (requests[0].headers["webhook-id"], 2)
    ]
    assert stage.receivers.told()["email"] == Counter([subject(on_topic(0).title)])


# --------------------------------------------------------------------------------------- reload

VOLCANO = """\
Lava from the Cumbre Vieja volcano on La Palma reached the ocean. The eruption buried banana
plantations and houses of Todoque under lava and ash. Scientists of the volcanology institute
measured tremors and sulphur dioxide while islanders were evacuated from the lava flow.
"""
ERUPTION = NewsItem(
    name="volcano",
    title="Lava of the Cumbre Vieja volcano on La Palma buries banana plantations",
    summary="The eruption's lava flow and ash reached Todoque; islanders were evacuated.",
    published_at=on_topic(0).published_at,
)


def test_a_reload_takes_over_what_is_new(stage: Scene) -> None:
    """SIGHUP adds a topic, a feed and a receiver; feeds that stay keep what they knew."""
    stage.open_feed("wire", "rss", on_topic(0), off_topic(0))
    stage.service.start(forked)
    stage.receivers.wait_until_told(on_topic(0).title)

    config = stage.service.config
    (stage.service.folder / "volcano.txt").write_text(VOLCANO, encoding="utf-8")
    second = stage.receivers.web.route("/second", Reply(body=b"ok"))
    config["receivers"]["islands"] = [{"webhook": {"url": second}}]
    config["topics"]["la-palma"] = {"seeds": ["volcano.txt"], "receivers": ["islands"]}
    stage.open_feed("east", "atom", off_topic(1))
    stage.service.write()
    polls = len(stage.news.requests("/wire"))
    stage.service.send(signal.SIGHUP)
    (reloaded,) = stage.service.wait_for("reloaded")
    assert (reloaded["topics"], reloaded["feeds"]) == (2, 2)
    stage.wait_until_read()

    stage.news.publish("/wire", on_topic(1))
    stage.news.publish("/east", on_topic(2), ERUPTION)
    stage.receivers.wait_until_told(on_topic(1).title, on_topic(2).title)
    stage.receivers.web.wait_for("/second", 1, 40)
    stage.wait_until_read()
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0
    assert all("If-None-Match" in one.headers for one in stage.news.requests("/wire")[polls:])
    assert [event["feed"] for event in stage.service.events("baseline")] == ["wire", "east"]
    assert len(stage.receivers.web.requests("/second")) == 1
    assert ERUPTION.title.encode() in stage.receivers.web.requests("/second")[0].body
    new = [subject(on_topic(number).title) for number in (1, 2)]
    caught_up = subject(on_topic(0).title, kind="catch-up")
    assert stage.receivers.told() == told_once(caught_up, *new)


def test_a_reload_of_a_wrong_file_changes_nothing(stage: Scene) -> None:
    """SIGHUP on a wrong file logs every fault, and polls and tells as before."""
    stage.open_feed("wire", "rss")
    stage.service.start(forked)
    stage.wait_until_read()
    config = stage.service.config
    right = {**config["topics"][TOPIC]}
    config["topics"][TOPIC] |= {"threshold": 1.7, "seeds": ["gone.txt"], "recievers": ["x"]}
    stage.service.write()
    stage.service.send(signal.SIGHUP)
    (refused,) = stage.service.wait_for("reload_refused")
    faults = "\n".join(refused["faults"])
    assert len(refused["faults"]) == 3
    assert f"topics.{TOPIC}.threshold: 1.7 is not between 0 and 1" in faults
    assert "gone.txt" in faults
    assert "recievers" in faults

    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.receivers.wait_until_told(on_topic(0).title)
    config["topics"][TOPIC] = right
    stage.service.write()
    stage.service.send(signal.SIGHUP)
    stage.service.wait_for("reloaded")
    stage.wait_until_read()
    assert stage.service.stop() == 0
    assert stage.receivers.told() == told_once(subject(on_topic(0).title))


# ------------------------------------------------------------------------------------- refusals


def test_a_wrong_configuration_starts_nothing(stage: Scene) -> None:
    """All faults stand on standard error at once, the exit code is 78, no database is made."""
    stage.open_feed("wire", "rss")
    config = stage.service.config
    config["topics"][TOPIC] |= {"threshold": 1.7, "receivers": ["nobody"]}
    config["polling"]["evry"] = "5m"
    stage.service.write()
    done = run_command("--config", "seedwatch.yaml", "run", cwd=stage.service.folder)
    assert done.returncode == 78
    faults = done.stderr.splitlines()
    assert len(faults) == 3
    assert all(fault.startswith("seedwatch.yaml:") for fault in faults)
    assert f"topics.{TOPIC}.threshold: 1.7 is not between 0 and 1" in done.stderr
    assert "nobody" in done.stderr
    assert "did you mean 'every'?" in done.stderr
    assert sorted(path.name for path in stage.service.folder.iterdir()) == ["seedwatch.yaml"]
    assert stage.news.requests() == []


def test_a_database_that_is_not_ours_is_refused(stage: Scene) -> None:
    """One that another service holds, or a newer version wrote: one line says so."""
    stage.open_feed("wire", "rss")
    stage.service.start()
    done = stage.service.command("run")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert "another seedwatch daemon is running on sqlite:///" in line
    stage.wait_until_read()
    assert stage.service.stop() == 0

    stage.service.sql("UPDATE alembic_version SET version_num = '9999'")
    before = stage.service.database.read_bytes()
    done = stage.service.command("run")
    assert done.returncode == 65
    (line,) = done.stderr.splitlines()
    assert "is of a newer version of seedwatch (its schema is 9999" in line
    assert stage.service.database.read_bytes() == before


# ------------------------------------------------------------------------------ receivers that fail


def test_a_receiver_that_was_down_gets_each_alert_once(stage: Scene) -> None:
    """A webhook and a mail server that refuse at first get it later, Slack without delay."""
    starting = Reply(status=503, body=b"starting", headers={"Retry-After": "3"})
    stage.receivers.script(WEBHOOK, starting)
    stage.receivers.mail.script("RCPT", "451 4.7.1 later", OK)
    stage.open_feed("wire", "rss")
    stage.service.start(forked)
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.receivers.wait_until_told(on_topic(0).title)
    stage.service.wait_until_settled()
    assert stage.service.stop() == 0

    assert stage.receivers.told() == told_once(subject(on_topic(0).title))
    tries = stage.receivers.web.requests(WEBHOOK)
    assert len(tries) == 2
    assert tries[0].headers["webhook-id"] == tries[1].headers["webhook-id"]
    assert tries[1].at - tries[0].at >= 3
    delayed = {event["destination"]: event for event in stage.service.events("delivery_delayed")}
    assert set(delayed) == {DESTINATIONS["webhook"], DESTINATIONS["email"]}
    assert delayed[DESTINATIONS["webhook"]]["answer"] == "HTTP 503: starting"
    assert "451" in delayed[DESTINATIONS["email"]]["answer"]
    delivered = {event["destination"]: event for event in stage.service.events("delivered")}
    attempts = {name: event["attempt"] for name, event in delivered.items()}
    wanted = {"webhook": 2, "email": 2, "slack": 1}
    assert attempts == {DESTINATIONS[kind]: count for kind, count in wanted.items()}


def test_a_receiver_that_is_gone_is_paused_and_visible(stage: Scene) -> None:
    """A destination that is gone is not tried again: log and `status` say so, others get theirs."""
    gone = Reply(status=410, body=b"no_service")
    stage.receivers.script(SLACK, gone, gone)
    stage.open_feed("wire", "rss")
    stage.service.start(forked)
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    (paused,) = stage.service.wait_for("destination_paused")
    assert paused["destination"] == DESTINATIONS["slack"]
    assert paused["answer"] == "HTTP 410: no_service"

    stage.service.wait_for("delivered", 2)
    found = stage.service.ask("status")
    assert found["health"] == "ailing"
    assert found["ailments"] == ["1 destination is paused: nothing is sent there: see below"]
    assert (found["counts"]["pending"], found["counts"]["delivered"]) == (1, 2)
    boxes = {one["mailbox"]["destination"]: one["mailbox"] for one in found["mailboxes"]}
    assert boxes[DESTINATIONS["slack"]]["why"] == "HTTP 410: no_service"
    assert stage.service.stop() == 0
    assert len(stage.receivers.web.requests(SLACK)) == 1
    told = told_once(subject(on_topic(0).title))
    assert stage.receivers.told() == {**told, "slack": Counter()}


def test_no_secret_is_said_even_when_the_other_side_says_it(stage: Scene) -> None:
    """Refusals that quote tokens and passwords come into log and reports without them."""
    quoting = f"no such hook {WEBHOOK_TOKEN}, POST {WEBHOOK}".encode()
    stage.receivers.script(WEBHOOK, *[Reply(status=400, body=quoting)] * 2)
    stage.receivers.script(SLACK, *[Reply(status=403, body=f"bad path {SLACK}".encode())] * 2)
    stage.receivers.mail.script("MAIL", f"550 5.7.8 wrong password {PASSWORD}")
    # Nobody listens there, and the client's own error names the URL.
    dead_end = f"http://127.0.0.1:{_closed_port()}/{WEBHOOK_TOKEN}"
    receivers = stage.service.config["receivers"]["newsroom"]
    receivers.append({"webhook": {"url": f"{dead_end}?token={WEBHOOK_TOKEN}"}})
    stage.open_feed("wire", "rss")
    stage.service.start(forked)
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0))
    stage.service.wait_for("delivery_given_up")
    stage.service.wait_for("destination_paused", 2)
    stage.service.wait_for("delivery_delayed")
    log = stage.service.log.read_text(encoding="utf-8")
    done = stage.service.command("test-alert", "newsroom")
    said = log + shown(done) + done.stderr
    assert said.count("no such hook ***") == 2
    assert [secret for secret in SECRETS if secret in said] == []


# ----------------------------------------------------------------------------------- no network


def test_without_a_network_it_stays_up_and_says_so_once(stage: Scene) -> None:
    """One line says how many feeds fail, why, when it tries next, and where the demo is."""
    # Two feeds of one outlet have one name.
    for name, path in (("wire", "world"), ("wire", "europe"), ("south", "")):
        stage.add_feed(name, f"http://127.0.0.1:{_closed_port()}/{path}")
    stage.service.start(forked)

    def least_tried() -> int:
        (row,) = stage.service.sql("SELECT min(failures) FROM feeds")
        return int(row[0])

    wait_until(lambda: least_tried() >= 3, lambda: f"a feed was tried {least_tried()} times")
    assert stage.service.process.poll() is None
    (line,) = stage.service.events("feeds_failing")
    assert (line["failing"], line["of"]) == (3, 3)
    assert line["feeds"] == "wire, wire, south"
    assert "refused" in line["why"]
    assert "(3)" in line["why"]
    assert line["next_try"].endswith(" UTC")
    assert "make demo" in line["hint"]
    assert [event for event in stage.service.events() if event["level"] == "error"] == []
    assert stage.service.stop() == 0


def _closed_port() -> int:
    """Give a port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
