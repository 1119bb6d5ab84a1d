"""What the service manager is told, and when the watchdog is fed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import wait
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from monitor.herald import Herald, status_line
from monitor.systemd import notify, watchdog
from monitor.vitals import Vitals
from monitor.workers import SLACK, Workers
from tests.fakes.watcher import Watcher

PID = 7
JOBS = ("poll", "deliver")
WITHIN = 60.0


class Clock:
    """A monotonic clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Read it."""
        return self.now


@pytest.fixture
def watcher(tmp_path: Path) -> Iterator[Watcher]:
    """Listen as systemd does."""
    with Watcher(tmp_path) as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    """Give a clock that stands still."""
    return Clock()


@pytest.fixture
def herald(watcher: Watcher, clock: Clock) -> Herald:
    """Give a herald whose watchdog waits for a minute."""
    environ = {
        "NOTIFY_SOCKET": watcher.address,
        "WATCHDOG_USEC": str(int(WITHIN * 1e6)),
        "WATCHDOG_PID": str(PID),
    }
    return Herald(environ, PID, JOBS, clock=clock)


def test_ready_is_said_once_and_after_each_job(herald: Herald, watcher: Watcher) -> None:
    """READY=1 comes when each job has come to its end, not before, and not again."""
    herald.completed("poll", well=True)
    assert "READY=1" not in watcher.heard()
    herald.completed("deliver", well=True)
    herald.completed("poll", well=True)
    assert watcher.heard().count("READY=1") == 1
    assert herald.is_up


def test_an_outage_is_not_ready(herald: Herald, watcher: Watcher) -> None:
    """A first tick that could not use the database makes nobody ready, but is a sign of life."""
    herald.completed("poll", well=False)
    herald.completed("deliver", well=True)
    assert watcher.heard() == ["WATCHDOG=1"]
    herald.completed("poll", well=True)
    assert watcher.heard() == ["READY=1"]


def test_the_watchdog_is_fed_by_ticks(herald: Herald, watcher: Watcher, clock: Clock) -> None:
    """Ends of ticks feed it, a tenth of its time apart; no other job does."""
    herald.completed("poll", well=True)
    assert watcher.heard() == ["WATCHDOG=1"]
    clock.now += WITHIN / 10 - 1
    herald.completed("poll", well=True)
    assert watcher.heard() == []
    clock.now += 2
    herald.completed("tell", well=True)
    assert watcher.heard() == []
    herald.completed("poll", well=True)
    assert watcher.heard() == ["WATCHDOG=1"]


def test_one_job_that_hangs_starves_it(herald: Herald, watcher: Watcher, clock: Clock) -> None:
    """The ticks of one job do not vouch for another that does not come to its end."""
    with capture_logs() as logs:
        for _ in range(9):
            clock.now += 10
            herald.completed("deliver", well=True)
    assert watcher.heard() == ["WATCHDOG=1"] * 6
    assert [line["event"] for line in logs] == ["stuck"]
    herald.completed("poll", well=True)
    assert "WATCHDOG=1" in watcher.heard()


def test_what_hangs_is_logged_when_it_begins_and_ends(herald: Herald, clock: Clock) -> None:
    """One line says what hangs, one that it moves again."""
    with capture_logs() as logs:
        clock.now += WITHIN + 1
        herald.completed("tell", well=True)
        herald.completed("tell", well=True)
        herald.completed("poll", well=True)
        herald.completed("deliver", well=True)
    assert [(line["event"], line["log_level"]) for line in logs] == [
        ("stuck", "error"),
        # One of two moves again.
        ("stuck", "error"),
        ("moving_again", "info"),
    ]
    assert "poll has not come to an end for 61 s" in logs[0]["what"]


def test_workers_that_all_hang_starve_it(herald: Herald, watcher: Watcher, clock: Clock) -> None:
    """One worker past its bound costs a thread; when all are, nothing feeds the watchdog."""
    release = threading.Event()
    with Workers(2, "fetch", at_most=timedelta(0)) as workers:
        try:
            herald.vitals.watch(workers)
            begun = threading.Barrier(2)

            def hang() -> None:
                begun.wait()
                release.wait()

            done = [workers.submit(hang)]
            begun.wait()
            # Workers read the real clock.
            soon = SLACK.total_seconds() + 1
            assert not workers.hangs(_later(soon))
            done.append(workers.submit(hang))
            begun.wait()
            assert workers.hangs(_later(soon))
            assert not workers.hangs(_later(soon - 30))
            clock.now = _later(soon)
            herald.completed("poll", well=True)
            herald.completed("deliver", well=True)
            assert "WATCHDOG=1" not in watcher.heard()
            assert herald.vitals.overdue() == {"workers fetch": "all workers of fetch hang"}
        finally:
            release.set()
        wait(done)
        assert herald.vitals.overdue() == {}


def _later(seconds: float) -> float:
    return time.monotonic() + seconds


def test_a_reload_is_said_from_begin_to_end(herald: Herald, watcher: Watcher) -> None:
    """RELOADING=1 carries the monotonic time; READY=1 ends it, but makes nobody ready."""
    herald.reloading()
    (begun,) = watcher.heard()
    first, second = begun.splitlines()
    assert first == "RELOADING=1"
    assert second.startswith("MONOTONIC_USEC=")
    assert int(second.partition("=")[2]) > 0
    herald.reloaded()
    assert watcher.heard() == []
    for job in JOBS:
        herald.completed(job, well=True)
    watcher.heard()
    herald.reloaded()
    herald.stopping()
    assert watcher.heard() == ["READY=1", "STOPPING=1"]


def test_a_line_is_said_when_it_changes(herald: Herald, watcher: Watcher) -> None:
    """STATUS= is sent when it differs, as one line whatever it quotes."""
    herald.say("1 topic")
    herald.say("1 topic")
    herald.say("bad\nMAINPID=1")
    assert watcher.heard() == ["STATUS=1 topic", "STATUS=bad MAINPID=1"]


def test_without_a_service_manager_nothing_is_said(clock: Clock) -> None:
    """In a terminal it works as well."""
    herald = Herald({}, PID, JOBS, clock=clock)
    for job in JOBS:
        herald.completed(job, well=True)
    assert herald.is_up


def test_a_service_manager_that_is_gone_breaks_nothing(tmp_path: Path) -> None:
    """A message to nobody is lost, and that is all."""
    assert not notify({"NOTIFY_SOCKET": str(tmp_path / "gone")}, "READY=1")
    assert not notify({"NOTIFY_SOCKET": "unix:strange"}, "READY=1")
    assert not notify({"NOTIFY_SOCKET": "@" + "x" * 200}, "READY=1")


@pytest.mark.parametrize("usec", ["", "0", "-5", "soon", "1e9", "9" * 40])
def test_a_watchdog_that_says_no_time_waits_for_nothing(usec: str) -> None:
    """Whatever stands in WATCHDOG_USEC, it is a time or nothing."""
    assert watchdog({"WATCHDOG_USEC": usec}, PID) is None


def test_vitals_know_only_their_jobs(clock: Clock) -> None:
    """Another job's end is no sign of life of those that are waited for."""
    vitals = Vitals(JOBS, timedelta(seconds=5), clock=clock)
    vitals.completed("thresholds")
    clock.now += 6
    assert len(vitals.overdue()) == 2
    assert not vitals.is_up


def test_the_line_says_what_is_wrong_first() -> None:
    """What has to be done stands before the numbers."""
    assert status_line(1, None, ("a", "b")) == "a | b"
