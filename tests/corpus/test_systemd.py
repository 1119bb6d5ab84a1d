"""The service under a real systemd: installed, started, watched, killed, reloaded, stopped."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import box as boxes
from tests.fakes.box import HOME, SHARED, Box
from tests.fakes.news import NewsServer, on_topic
from tests.fakes.service import (
    RECEIVER,
    SIGNING_SECRET,
    TOPIC,
    WEBHOOK,
    Receivers,
    configuration,
    payload_of,
)

TOOL = SHARED / "tools" / "systemd-box"
PROGRAM = str(HOME / "bin" / "seedwatch")
CONFIG = "/etc/seedwatch/seedwatch.yaml"
STATE = "/var/lib/seedwatch"
# Quicker than the shipped ones. The box is a chroot, in which the kernel makes no user namespaces
# (user_namespaces(7), EPERM): of all the hardening, that line alone cannot be tried.
DROP_IN = "[Service]\nRestartSec=1\nWatchdogSec=15\nPrivateUsers=no\n"
# What systemd itself writes.
NOT_OURS = ("/var/log/journal/", "/var/lib/systemd/", "/etc/machine-id", "/var/log/wtmp")

pytestmark = [pytest.mark.xdist_group("systemd"), pytest.mark.timeout(400)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The box with the program in it, a news server, and who is told."""

    box: Box
    news: NewsServer
    receivers: Receivers
    config: dict[str, Any]

    def write(self) -> None:
        """Write the configuration as it is now."""
        self.box.write(CONFIG, json.dumps(self.config, indent=1))

    def publish(self, number: int) -> None:
        """Publish an item of the story."""
        self.news.publish("/wire", on_topic(number))

    def times_told(self, number: int) -> int:
        """Count the messages that tell an item of the story; their signatures are verified."""
        told = [payload_of(request) for request in self.receivers.taken(WEBHOOK)]
        titles = [item["title"] for payload in told for item in payload["items"]]
        return titles.count(on_topic(number).title)

    def wait_until_told(self, number: int) -> None:
        """Wait for the message that tells an item."""
        self.box.wait_until(lambda: self.times_told(number), f"item {number} told")

    def status_text(self) -> str:
        """Give the line of `systemctl status`."""
        return self.box.show("StatusText")

    def pid(self) -> int:
        """Give the id of the service's process, 0 without one."""
        return int(self.box.show("MainPID"))

    def seedwatch(self, *words: str) -> str:
        """Give what a command of the program prints to an operator."""
        done = self.box.attempt(PROGRAM, "--config", CONFIG, *words)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    """Boot a box and install the program in it, as the README says."""
    why = boxes.absent(TOOL)
    if why:
        pytest.skip(why)
    with boxes.booted(TOOL) as made:
        made.install_program()
        yield made


@pytest.fixture
def stage(box: Box) -> Iterator[Scene]:
    """Install the service, with a configuration that polls and tells local servers."""
    with ExitStack() as stack:
        news = stack.enter_context(NewsServer())
        receivers = stack.enter_context(Receivers())
        box.run(PROGRAM, "install-service")
        stack.callback(box.attempt, PROGRAM, "uninstall-service", "--purge")
        config = configuration(receivers)
        config["topics"][TOPIC]["seeds"] = ["seeds"]
        config["feeds"] = {"world": [{"name": "wire", "url": news.open_feed("/wire", "rss")}]}
        url = receivers.web.url(WEBHOOK)
        hook = {"url": url, "secret_file": "credentials/hook-key"}
        config["receivers"][RECEIVER] = [{"webhook": hook}]
        config["store"] = f"sqlite:///{STATE}/seedwatch.db"
        box.write("/etc/seedwatch/credentials/hook-key", SIGNING_SECRET, "600")
        box.write("/etc/systemd/system/seedwatch.service.d/quick.conf", DROP_IN)
        box.run("systemctl", "daemon-reload")
        found = Scene(box=box, news=news, receivers=receivers, config=config)
        found.write()
        yield found


def test_the_unit_is_right(stage: Scene) -> None:
    """Systemd finds no fault with the installed unit."""
    done = stage.box.attempt("systemd-analyze", "verify", "seedwatch.service")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_from_start_to_stop(stage: Scene) -> None:
    """It is ready, tells an alert, says how it is, stops in time, and writes in its folder only."""
    began = time.time()
    stage.box.run("systemctl", "start", "seedwatch")
    assert stage.box.show("ActiveState") == "active"
    owner = stage.box.run("stat", "-c", "%U", f"/proc/{stage.pid()}", f"{STATE}/.")
    assert owner.split() == ["seedwatch", "seedwatch"]
    stage.box.wait_until(lambda: stage.news.is_read("/wire"), "feed read")
    stage.publish(0)
    stage.wait_until_told(0)
    stage.box.wait_until(lambda: f"({TOPIC})" in stage.status_text(), "the alert in STATUS=")
    assert stage.status_text().startswith("1 topic, 1 feed, last alert ")
    assert "last alert" in stage.seedwatch("status")

    started = time.monotonic()
    stage.box.run("systemctl", "stop", "seedwatch")
    assert time.monotonic() - started < 20
    assert stage.box.show("Result") == "success"
    assert stage.box.show("ExecMainStatus") == "0"
    ours = [one for one in stage.box.written_since(began) if not one.startswith(NOT_OURS)]
    assert {str(Path(one).parent) for one in ours} == {"/var/lib/private/seedwatch"}
    assert stage.box.run("find", "/run", "/tmp", "-name", "*seedwatch*") == ""  # noqa: S108
    assert stage.times_told(0) == 1
    assert SIGNING_SECRET not in stage.box.journal()


def test_ready_is_who_has_worked(stage: Scene) -> None:
    """When `systemctl start` is back, the database has its tables, and the feeds are in it."""
    stage.box.run("systemctl", "start", "seedwatch")
    code = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute(sys.argv[2]))"
    query = "SELECT name FROM feeds"
    found = stage.box.run(str(HOME / "bin/python"), "-c", code, f"{STATE}/seedwatch.db", query)
    assert found == "('wire',)\n"


def test_a_reload_takes_over_a_right_file(stage: Scene) -> None:
    """`systemctl reload` adds a feed; the process and what it knows stay."""
    stage.box.run("systemctl", "start", "seedwatch")
    stage.box.wait_until(lambda: stage.news.is_read("/wire"), "feed read")
    pid = stage.pid()
    url = stage.news.open_feed("/east", "atom")
    stage.config["feeds"]["world"].append({"name": "east", "url": url})
    stage.write()
    stage.box.run("systemctl", "reload", "seedwatch")
    stage.box.wait_until(lambda: stage.news.is_read("/east"), "the new feed read")
    stage.box.wait_until(lambda: "2 feeds" in stage.status_text(), "two feeds in STATUS=")
    stage.news.publish("/east", on_topic(1))
    stage.wait_until_told(1)
    assert stage.pid() == pid


def test_a_reload_refuses_a_wrong_file(stage: Scene) -> None:
    """`systemctl reload` fails and says why; the service goes on, and all who ask are told."""
    stage.box.run("systemctl", "start", "seedwatch")
    stage.box.wait_until(lambda: stage.news.is_read("/wire"), "feed read")
    pid = stage.pid()
    stage.config["topics"][TOPIC]["threshold"] = 1.7
    stage.write()
    assert stage.box.attempt("systemctl", "reload", "seedwatch").returncode != 0
    assert "Permission denied" not in stage.box.journal()
    fault = f"topics.{TOPIC}.threshold: 1.7 is not between 0 and 1"
    assert fault in stage.box.journal()
    stage.box.wait_until(lambda: "was refused" in stage.status_text(), "the fault in STATUS=")
    assert fault in stage.status_text()
    assert "goes on with" in stage.seedwatch("status")
    stage.publish(2)
    stage.wait_until_told(2)
    # Asked for past the check, it refuses by itself.
    stage.box.run("kill", "-HUP", str(pid))
    stage.box.wait_until(lambda: "reload_refused" in stage.box.journal(), "refused")
    assert stage.pid() == pid

    del stage.config["topics"][TOPIC]["threshold"]
    stage.write()
    stage.box.run("systemctl", "reload", "seedwatch")
    stage.box.wait_until(lambda: stage.status_text().startswith("1 topic"), "all well again")
    assert stage.pid() == pid


def test_a_frozen_daemon_is_started_again(stage: Scene) -> None:
    """The watchdog ends a process that stands still, and the next one goes on where it was."""
    stage.box.run("systemctl", "start", "seedwatch")
    stage.box.wait_until(lambda: stage.news.is_read("/wire"), "feed read")
    frozen = stage.pid()
    stage.box.run("kill", "-STOP", str(frozen))
    stage.publish(3)
    stage.box.wait_until(lambda: stage.pid() not in {0, frozen}, "another process")
    stage.wait_until_told(3)
    assert stage.box.show("NRestarts") == "1"
    assert "Watchdog timeout" in stage.box.run("journalctl", "-u", "seedwatch", "--no-pager")


def test_what_was_killed_comes_back(stage: Scene) -> None:
    """After kill -9 it is started again, loses nothing and repeats nothing that was told."""
    stage.box.run("systemctl", "start", "seedwatch")
    stage.box.wait_until(lambda: stage.news.is_read("/wire"), "feed read")
    stage.publish(4)
    stage.wait_until_told(4)
    killed = stage.pid()
    stage.box.run("kill", "-KILL", str(killed))
    stage.publish(5)
    stage.box.wait_until(lambda: stage.pid() not in {0, killed}, "another process")
    stage.wait_until_told(5)
    assert stage.box.show("NRestarts") == "1"
    stage.box.run("systemctl", "stop", "seedwatch")
    assert (stage.times_told(4), stage.times_told(5)) == (1, 1)


def test_a_wrong_file_is_not_tried_again_and_again(stage: Scene) -> None:
    """A start on a wrong file ends with 78, once."""
    stage.config["polling"]["evry"] = "5m"
    stage.write()
    assert stage.box.attempt("systemctl", "start", "seedwatch").returncode != 0
    assert stage.box.show("ActiveState") == "failed"
    assert stage.box.show("ExecMainStatus") == "78"
    assert stage.box.show("NRestarts") == "0"


def test_its_processes_may_bound_themselves(stage: Scene) -> None:
    """The sandbox lets the service start processes with bounds on their memory."""
    code = (
        "import resource, subprocess, sys;"
        "bound = lambda: resource.setrlimit(resource.RLIMIT_AS, (2**31, 2**31));"
        "subprocess.run([sys.executable, '-c', 'pass'], preexec_fn=bound, check=True)"
    )
    drop_in = f'[Service]\nExecStartPre={HOME}/bin/python -c "{code}"\n'
    stage.box.write("/etc/systemd/system/seedwatch.service.d/child.conf", drop_in)
    stage.box.run("systemctl", "daemon-reload")
    try:
        stage.box.run("systemctl", "start", "seedwatch")
    finally:
        stage.box.run("rm", "/etc/systemd/system/seedwatch.service.d/child.conf")


def test_the_service_takes_itself_away(stage: Scene) -> None:
    """`uninstall-service` stops it and keeps what is the operator's; `--purge` leaves nothing."""
    stage.box.run("systemctl", "enable", "--now", "seedwatch")
    said = stage.box.run(PROGRAM, "uninstall-service")
    assert "kept     /etc/seedwatch" in said
    assert stage.box.show("LoadState") == "not-found"
    assert stage.box.run("ls", "/var/lib/private/seedwatch").split()[0] == "seedwatch.db"
    assert stage.box.attempt("ls", "/etc/seedwatch/credentials/hook-key").returncode == 0
    stage.box.run(PROGRAM, "uninstall-service", "--purge")
    for path in ("/etc/seedwatch", STATE, "/var/lib/private/seedwatch"):
        assert stage.box.attempt("ls", path).returncode != 0


def test_what_root_did_before_is_no_hindrance(stage: Scene) -> None:
    """A first test alert, sent as root, leaves a database that the service can go on with."""
    assert "delivered" in stage.seedwatch("test-alert", RECEIVER)
    stage.box.run("systemctl", "start", "seedwatch")
    owners = stage.box.run("find", f"{STATE}/", "-printf", "%u\n")
    assert set(owners.split()) == {"seedwatch"}
    stage.box.wait_until(lambda: stage.news.is_read("/wire"), "feed read")


def test_a_service_of_a_user(box: Box) -> None:
    """Without root it is installed, started, reloaded and taken away, and nothing is left."""
    home, runtime = "/home/tester", "/run/of-tester"
    box.run("useradd", "--create-home", "tester")
    properties = ("User=tester", "Delegate=yes", "Type=notify", "RuntimeDirectory=of-tester")
    given = [word for one in properties for word in ("-p", one)]
    runs = ("systemd-run", "--unit=tester", "-E", f"XDG_RUNTIME_DIR={runtime}", *given)
    box.run(*runs, "/lib/systemd/systemd", "--user")
    environ = (f"HOME={home}", f"XDG_RUNTIME_DIR={runtime}")

    def as_user(*words: str) -> str:
        return box.run("runuser", "-u", "tester", "--", "env", *environ, *words)

    with Receivers() as receivers, NewsServer() as news:
        as_user(PROGRAM, "install-service", "--user")
        config = configuration(receivers)
        config["topics"][TOPIC]["seeds"] = ["seeds"]
        config["feeds"] = {"world": [{"name": "wire", "url": news.open_feed("/wire", "rss")}]}
        config["store"] = f"sqlite:///{home}/.local/state/seedwatch/seedwatch.db"
        box.write(f"{home}/.config/seedwatch/seedwatch.yaml", json.dumps(config))
        as_user("systemctl", "--user", "enable", "--now", "seedwatch")
        box.wait_until(lambda: news.is_read("/wire"), "feed read")
        as_user("systemctl", "--user", "reload", "seedwatch")
        news.publish("/wire", on_topic(0))
        box.wait_until(lambda: receivers.taken(WEBHOOK), "an alert")
        show = ("systemctl", "--user", "show", "--value", "-p", "StatusText", "seedwatch")
        box.wait_until(lambda: TOPIC in as_user(*show), "the alert in STATUS=")
        as_user(PROGRAM, "uninstall-service", "--user", "--purge")
    assert box.run("find", home, "-name", "*seedwatch*") == ""
