"""Those who watch the service from outside: what they are told, and what they never are."""

from __future__ import annotations

import http.client
import io
import json
import logging
import os
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from structlog.testing import capture_logs

from monitor.app import open_database, utc_now, wire
from monitor.config import load
from monitor.daemon import Daemon
from monitor.errors import DeliveryError
from monitor.heartbeat import Heart
from monitor.log import ForJournal, goes_to_journal
from monitor.metrics import outcome_of
from monitor.records import Answer, Batch, DeliveryState, NotModified, Outcome, Stage
from monitor.start import start_up
from monitor.targets import Secret
from tests.fakes import made
from tests.fakes.made import NOW

RULES = Path(__file__).parents[1] / "config" / "prometheus-rules.yml"
SEED = (
    "Hundreds of migrants tried to cross from Belarus into Poland near Kuznica on Monday."
    " Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends them."
)
SECRET = "https://hooks.example/services/hushhush"


def free_port() -> int:
    """Give a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


class Scene:
    """A daemon that listens, and that a test leads by the hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "seedwatch.yaml"
        (folder / "seed.txt").write_text(SEED)
        self.port = free_port()
        self.config: dict[str, Any] = {
            "topics": {"border": {"seeds": ["seed.txt"], "receivers": ["me"]}},
            "feeds": {"world": [{"url": "https://a.example/rss", "name": "Outlet"}]},
            "receivers": {"me": ["console", {"webhook": {"url": SECRET}}]},
            "health": {"listen": f"127.0.0.1:{self.port}"},
        }
        self.write()
        settings = load(self.path, {})
        app = wire(settings, open_database(settings))
        start_up(app)
        self.daemon = Daemon(app, lambda: load(self.path, {}))
        self.daemon._doors.follow(app)

    def write(self) -> None:
        """Write the file as it is now."""
        self.path.write_text(json.dumps(self.config))

    def ask(self, path: str, *, method: str = "GET", port: int | None = None) -> tuple[int, str]:
        """Ask, as who watches does; give status and text."""
        with closing(
            http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=30)
        ) as connection:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def numbers(self) -> dict[tuple[str, tuple[str, ...]], float]:
        """Give the metrics by name and values of labels."""
        text = self.ask("/metrics")[1]
        return {
            (sample.name, tuple(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def first_round(self) -> None:
        """Have each job come to its end."""
        for job in ("poll", "websub", "deliver"):
            self.daemon._herald.completed(job, well=True)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a daemon that listens."""
    one = Scene(tmp_path)
    yield one
    one.daemon._doors.close()
    one.daemon._app.close()


def test_it_is_alive_before_it_is_ready(stage: Scene) -> None:
    """Until each job had its first round it is alive, and not ready: the reason is the answer."""
    assert stage.ask("/healthz") == (200, "ok\n")
    assert stage.ask("/readyz") == (503, "it starts: not every job has had its first round\n")
    stage.first_round()
    assert stage.ask("/readyz") == (200, "ok\n")


def test_an_outage_of_the_database_is_no_reason_to_start_again(stage: Scene) -> None:
    """While the database cannot be used it is not ready, and alive: a start would not mend it."""
    stage.first_round()
    stage.daemon._broken["poll"] = "database or disk is full"
    assert stage.ask("/healthz")[0] == 200
    assert stage.ask("/readyz") == (
        503,
        "the database cannot be used: database or disk is full\n",
    )


def test_a_job_that_hangs_is_neither(stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come to an end is named to both."""
    stage.first_round()
    vitals = stage.daemon._herald.vitals
    later = time.monotonic() + 600
    monkeypatch.setattr(vitals, "_clock", lambda: later)
    for path in ("/healthz", "/readyz"):
        status, text = stage.ask(path)
        assert status == 503
        assert "poll has not come to an end for" in text


def test_what_is_not_there_is_refused(stage: Scene) -> None:
    """Other paths and methods get nothing."""
    assert stage.ask("/")[0] == 404
    assert stage.ask("/metrics", method="POST")[0] == 405


def test_a_dead_delivery_is_seen(stage: Scene) -> None:
    """A message that was given up shows in the metrics, as a state and as an attempt."""
    app = stage.daemon._app
    alert = made.alert("fence")
    delivery = made.delivery("me/2-webhook", of=alert)
    app.store.commit(
        Batch(items=(made.judged(made.seen()),), alerts=(alert,), deliveries=(delivery,))
    )
    (claim,) = app.store.claim_these([delivery.id], utc_now() + timedelta(minutes=1))
    outcome = Outcome(
        delivery_ids=(delivery.id,),
        state=DeliveryState.DEAD,
        at=NOW,
        mailbox=claim.mailbox,
    )
    app.store.settle(outcome)
    app.metrics.attempted(outcome)
    found = stage.numbers()
    assert found["seedwatch_deliveries", ("me", "dead")] == 1
    assert found["seedwatch_delivery_attempts_total", ("dead", "me")] == 1
    assert found["seedwatch_last_alert_timestamp_seconds", ("border",)] > 0


def test_each_metric_of_the_rules_is_there(stage: Scene) -> None:
    """Each name in the rules for Prometheus stands in the metrics of a service that just began."""
    text = stage.ask("/metrics")[1]
    rules = YAML(typ="safe").load(RULES.read_text())["groups"][0]["rules"]
    assert len({one["alert"] for one in rules}) == len(rules) >= 10
    for rule in rules:
        names = re.findall(r"seedwatch_[a-z_]+", rule["expr"])
        assert names, rule
        for name in names:
            assert f"# HELP {name.removesuffix('_total')}" in text, name
        assert rule["annotations"]["cure"]


def test_metrics_keep_secrets_and_stay_few(stage: Scene) -> None:
    """No URL, no feed and no destination is in the metrics; names follow the conventions."""
    text = stage.ask("/metrics")[1]
    assert "hushhush" not in text
    assert "Outlet" not in text
    assert "2-webhook" not in text
    for family in text_string_to_metric_families(text):
        if family.type == "counter":
            assert all(one.name.endswith(("_total", "_created")) for one in family.samples)
        labels = {label for one in family.samples for label in one.labels}
        allowed = {"topic", "receiver", "outcome", "state", "health", "version", "le"}
        assert labels <= allowed


def test_what_has_not_happened_is_counted_as_nothing(stage: Scene) -> None:
    """Counts of what is configured begin at zero: a rule on their increase sees the first one."""
    found = stage.numbers()
    for outcome in ("delivered", "delayed", "expired", "dead"):
        assert found["seedwatch_delivery_attempts_total", (outcome, "me")] == 0
    assert found["seedwatch_alerts_total", ("border",)] == 0


def test_polls_are_counted_by_how_they_end(stage: Scene) -> None:
    """A poll counts once it is stored, with what it brought."""
    app = stage.daemon._app
    (feed,) = app.store.feeds()
    app.poller.take(feed, made.failure(stage=Stage.DNS, fetched_at=utc_now()))
    app.poller.take(feed, NotModified(fetched_at=utc_now()))
    found = stage.numbers()
    assert found["seedwatch_polls_total", ("dns",)] == 1
    assert found["seedwatch_polls_total", ("not_modified",)] == 1
    assert found["seedwatch_feeds", ("well",)] == 1


@pytest.mark.parametrize(
    "changes, name",
    [
        ({"status": 404}, "http_4xx"),
        ({"status": 99_999}, "http_5xx"),
        ({"stage": Stage.ADDRESS}, "refused_address"),
        ({"cause": "parse: not XML"}, "unreadable"),
    ],
)
def test_outcomes_are_few(changes: dict[str, Any], name: str) -> None:
    """Whatever a server says, its failure has one of a few names."""
    assert outcome_of(made.failure(**changes)) == name


def test_a_reload_moves_the_door(stage: Scene) -> None:
    """Another port is taken over by a reload, a refused reload shows, and none closes the door."""
    old, stage.port = stage.port, free_port()
    stage.config["health"]["listen"] = f"127.0.0.1:{stage.port}"
    stage.write()
    stage.daemon.reload()
    assert stage.ask("/healthz")[0] == 200
    with pytest.raises(ConnectionError):
        stage.ask("/healthz", port=old)
    stage.path.write_text("topics: {")
    stage.daemon.reload()
    found = stage.numbers()
    assert found["seedwatch_reloads_total", ("taken",)] == 1
    assert found["seedwatch_reloads_total", ("refused",)] == 1
    assert found["seedwatch_configuration_current", ()] == 0
    del stage.config["health"]
    stage.write()
    stage.daemon.reload()
    with pytest.raises(ConnectionError):
        stage.ask("/healthz")


def test_a_taken_port_refuses_the_reload(stage: Scene) -> None:
    """An address that somebody else has leaves the old door open, and names its key."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        other = f"127.0.0.1:{taken.getsockname()[1]}"
        stage.config["health"]["listen"] = other
        stage.write()
        with capture_logs() as logs:
            stage.daemon.reload()
    (refused,) = [line for line in logs if line["event"] == "reload_refused"]
    assert refused["faults"] == [
        f"cannot listen on {other} (`health.listen`): Address already in use"
    ]
    assert stage.ask("/healthz")[0] == 200


def test_nobody_can_hold_the_door(stage: Scene) -> None:
    """Visitors who say nothing keep those out who come then, and nobody who is there."""
    with ThreadPoolExecutor() as pool:
        idle = [socket.create_connection(("127.0.0.1", stage.port)) for _ in range(7)]
        assert pool.submit(stage.ask, "/healthz").result(30)[0] == 200
        for one in idle:
            one.close()


class Pulse:
    """Remembers calls, and answers them by script."""

    def __init__(self, *statuses: int | None) -> None:
        self.left = list(statuses)
        self.urls: list[str] = []

    def post(self, url: str, body: bytes, headers: Any) -> Answer:  # noqa: ARG002 - the seam's
        """Answer a call; None: nobody does."""
        self.urls.append(url)
        status = self.left.pop(0)
        if status is None:
            raise DeliveryError("no answer in time", permanent=False)
        return Answer(status=status, headers={}, text="")


def test_a_heartbeat_tells_changes_only() -> None:
    """Calls come `every` so often; a failure is logged when it appears, changes and ends."""
    now = 0.0
    heart = Heart(clock=lambda: now)
    pulse = Pulse(200, None, None, 500, 200)
    with ThreadPoolExecutor(1) as pool, capture_logs() as logs:
        for _ in range(50):
            heart.beat(Secret(SECRET), timedelta(seconds=10), pulse.post, pool)
            pool.submit(int).result()
            now += 1.0
    assert pulse.urls == [SECRET] * 5
    assert [(line["event"], line.get("cause")) for line in logs] == [
        ("heartbeat_failed", "no answer in time"),
        ("heartbeat_failed", "HTTP 500"),
        ("heartbeat_well_again", None),
    ]


def test_the_heart_beats_only_while_all_goes_well(stage: Scene) -> None:
    """Nothing is called before it is up, nor in an outage."""
    stage.config["heartbeat"] = {"url": "https://hc.example/hushhush", "every": "10s"}
    stage.write()
    stage.daemon.reload()
    heart = stage.daemon._watched._heart
    stage.daemon._watched.beat()
    assert heart._beaten_at is None
    stage.first_round()
    stage.daemon._broken["poll"] = "database is locked"
    stage.daemon._watched.beat()
    assert heart._beaten_at is None
    stage.daemon._broken.clear()
    stage.daemon._watched.beat()
    assert heart._beaten_at is not None


def test_lines_for_the_journal_say_how_much_they_matter() -> None:
    """Each line has the priority of its record before it, also of those with several lines."""
    form = ForJournal(logging.Formatter("%(message)s"))
    said = [
        form.format(logging.LogRecord("a", level, "f", 1, "one\ntwo", None, None))
        for level in (logging.CRITICAL, logging.WARNING, logging.INFO, logging.DEBUG)
    ]
    assert said == [f"<{number}>one\n<{number}>two" for number in (3, 4, 6, 7)]


def test_the_journal_is_known_by_its_stream(tmp_path: Path) -> None:
    """Only the very stream that systemd named leads to the journal."""
    with (tmp_path / "log").open("w") as stream:
        found = os.fstat(stream.fileno())
        mine = f"{found.st_dev}:{found.st_ino}"
        assert goes_to_journal({"JOURNAL_STREAM": mine}, stream)
        assert not goes_to_journal({"JOURNAL_STREAM": "1:2"}, stream)
        assert not goes_to_journal({}, stream)
    assert not goes_to_journal({"JOURNAL_STREAM": mine}, io.StringIO())
