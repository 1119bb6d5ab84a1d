"""The background service: a few recurring jobs, three signals, an orderly end.

APScheduler drives the clock; what is due, and when, is in the store.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from typing import Any, Literal

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from monitor import app as wiring
from monitor.app import App
from monitor.config import Settings
from monitor.doors import Doors
from monitor.herald import Herald, status_line
from monitor.probes import ProbeDesk
from monitor.records import Outcome
from monitor.reload import Configuration, swap
from monitor.rounds import Rounds
from monitor.start import choose_thresholds, gather, start_up
from monitor.store import outage
from monitor.watched import Watched

log = structlog.get_logger()

TICK = timedelta(seconds=1)
# What has to come to an end again and again; the watchdog waits for each of them.
JOBS = ("poll", "websub", "deliver")
# The next tick comes so many times sooner while more is due than could be started: with one poll of
# each a tick, workers would spend most of their time without work.
SOONER = 20
# How long a signal may go unnoticed.
LISTEN_SECONDS = 0.5
# How often thresholds that follow a rate of alerts are chosen anew.
CHOOSE_EVERY = timedelta(days=1)
# How late a report may be.
REPORT_EVERY = timedelta(seconds=30)
# How often messages that were sent are looked through for counts that are no longer right.
RECOUNT_EVERY_SECONDS = 10.0
# How often it is looked whether an upkeep is due, and how often one that is goes on.
UPKEEP_EVERY = timedelta(seconds=5)
# How often the service manager is told how it is, and the configuration file is looked at.
TELL_EVERY = timedelta(seconds=5)
# What SIGTERM leaves to messages under way; the whole end takes less than ten seconds.
SEND_GRACE_SECONDS = 6.0
# What it leaves to pushes that were taken and not judged yet.
PUSH_GRACE_SECONDS = 1.0


class Daemon:
    """Runs an app until it is told to stop."""

    def __init__(self, app: App, reload: Callable[[], Settings], *, tick: timedelta = TICK) -> None:
        self._app = app
        self._tick = tick
        self._herald = Herald(os.environ, os.getpid(), JOBS)
        self._configuration = Configuration(app.settings, reload, app.clock, os.environ)
        # Held by whoever works with the app: a reload swaps it between two ticks.
        self._lock = threading.Lock()
        # What signals ask for. Its `put` may interrupt its `get` in one thread, as signals do; an
        # `Event` can lock itself out.
        self._asked: queue.SimpleQueue[Literal["stop", "reload"]] = queue.SimpleQueue()
        self._sending: set[Future[list[Outcome]]] = set()
        # The last look at messages that were sent, and when (monotonic clock) it began.
        self._recounting: Future[int] | None = None
        self._recounted_at: float | None = None
        self._rounds = Rounds()
        self._broken: dict[str, str] = {}
        self._watched = Watched(
            self._herald, lambda: self._configuration.standing, self._broken, lambda: self._app
        )
        self._doors = Doors(ProbeDesk(self._watched.condition, self._watched.numbers))
        # Of `run`.
        self._scheduler: BackgroundScheduler | None = None

    # -- life

    def run(self) -> None:
        """Run until SIGTERM or SIGINT; SIGHUP reloads the configuration."""
        with self._signals():
            released = self._app.store.release(self._app.clock())
            if released:
                log.info("leases_released", deliveries=released)
            # It starts while the rest does, not when the first document waits for it.
            self._app.parsers.warm()
            start_up(self._app)
            gather(self._app)
            self._doors.follow(self._app)
            self._watch(self._app)
            self._configuration.publish()
            self._scheduler = self._scheduled()
            self._scheduler.start()
            settings = self._app.settings
            log.info("started", topics=len(settings.topics), feeds=len(settings.feeds))
            # That it is up says the first tick of each job, at its end.
            while (asked := self._next_asked()) != "stop":
                if asked == "reload":
                    self.reload()
            self._herald.stopping()
            self._end(self._scheduler)

    def stop(self) -> None:
        """Ask the daemon to end; it finishes what is in hand."""
        self._asked.put("stop")

    def _next_asked(self) -> Literal["stop", "reload"] | None:
        """Wait for what is asked for, but not long; None if nothing is.

        The system may hand a signal to any thread, and Python acts on it when the main thread next
        does something.
        """
        try:
            return self._asked.get(timeout=LISTEN_SECONDS)
        except queue.Empty:
            return None

    def _scheduled(self) -> BackgroundScheduler:
        # A late tick is run once, never dropped: APScheduler's default of one second's grace
        # silently skips runs under load.
        scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        every = self._tick.total_seconds()
        jobs = {"poll": self.poll, "websub": self.websub, "deliver": self.deliver}
        for name in JOBS:
            scheduler.add_job(
                self._guarded,
                "interval",
                seconds=every,
                args=(name, jobs[name]),
                id=name,
                # The machine's clock: the app's may be that of a demo.
                next_run_time=wiring.utc_now(),
            )
        scheduler.add_job(
            self._guarded,
            "interval",
            seconds=CHOOSE_EVERY.total_seconds(),
            args=("thresholds", self.choose_thresholds),
            id="thresholds",
        )
        scheduler.add_job(
            self._guarded,
            "interval",
            seconds=REPORT_EVERY.total_seconds(),
            args=("report", self.report),
            id="report",
            next_run_time=wiring.utc_now(),
        )
        scheduler.add_job(
            self._guarded,
            "interval",
            seconds=UPKEEP_EVERY.total_seconds(),
            args=("upkeep", self.upkeep),
            id="upkeep",
        )
        scheduler.add_job(
            self._guarded,
            "interval",
            seconds=TELL_EVERY.total_seconds(),
            # It waits for nobody: how it is has to be said also, and above all, while a job hangs.
            args=("tell", self.tell, nullcontext()),
            id="tell",
            next_run_time=wiring.utc_now(),
        )
        return scheduler

    def choose_thresholds(self) -> None:
        """Let thresholds that follow a rate of alerts follow the stream."""
        choose_thresholds(self._app)

    def report(self) -> None:
        """Tell the troubles of feeds, and report on topics, when it is time."""
        self._app.reporter.tick(self._app.clock())

    def upkeep(self) -> bool:
        """Prune what is too old, and tend the database, once a night; say whether it wrote."""
        return self._app.caretaker.tick(self._app.clock()) is not None

    def tell(self) -> None:
        """Say how it is, in a line; first see whether the configuration is still the file's."""
        wrong = [self._configuration.look().sentence(), *self._herald.vitals.overdue().values()]
        causes = dict.fromkeys(self._broken.values())
        glance = None
        try:
            glance = self._app.reports.glance()
        except Exception as error:
            if (cause := outage(error)) is None:
                raise
            causes[cause] = None
        wrong += [f"the database cannot be used: {cause}" for cause in causes]
        topics = len(self._app.settings.topics)
        self._herald.say(status_line(topics, glance, [one for one in wrong if one]))
        if glance is not None:
            self._watched.beat()

    def websub(self) -> None:
        """Judge what hubs have pushed, and ask those that are due."""
        app = self._app
        if app.subscriber is not None:
            app.subscriber.tick(app.askers, until=time.monotonic() + self._tick.total_seconds())

    def _end(self, scheduler: Any) -> None:
        started = time.monotonic()
        self._doors.close()
        scheduler.shutdown(wait=True)
        self._guarded("websub", self._take_last_pushes)
        # A job that had to be waited for is part of the grace.
        wait(self._sending, timeout=SEND_GRACE_SECONDS - (time.monotonic() - started))
        self._guarded("deliver", self._app.deliver.settle_left)
        cut_off = sum(not future.done() for future in self._sending)
        self._app.close()
        # What was cut off now is written down as such.
        wait(self._sending, timeout=1.0)
        log.info("stopped", cut_off=cut_off, seconds=round(time.monotonic() - started, 1))

    def _take_last_pushes(self) -> None:
        if self._app.subscriber is not None:
            self._app.subscriber.take_pushes(until=time.monotonic() + PUSH_GRACE_SECONDS)

    @contextmanager
    def _signals(self) -> Iterator[None]:
        def on_stop(_number: int, _frame: object) -> None:
            self.stop()

        def on_reload(_number: int, _frame: object) -> None:
            self._asked.put("reload")

        wanted = {signal.SIGTERM: on_stop, signal.SIGINT: on_stop, signal.SIGHUP: on_reload}
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    # -- jobs

    def _guarded(
        self,
        name: str,
        job: Callable[[], bool | None],
        lock: AbstractContextManager[Any] | None = None,
    ) -> None:
        """Run a job; a fault is logged when it appears and when it ends, and tried again.

        A job that is at its end says so to the watchdog, also in an outage of the database: another
        start would not mend that. One that breaks by a fault of ours does not.

        False from a job: it had nothing to write. That is no sign that an outage is over.
        """
        try:
            with lock or self._lock:
                has_written = job() is not False
        except Exception as error:
            cause = outage(error)
            if cause is None:
                log.exception("job_broke", job=name)
                return
            if self._broken.get(name) != cause:
                log.error("store_unusable", job=name, cause=cause)  # noqa: TRY400 - no bug
            self._broken[name] = cause
            self._herald.completed(name, well=False)
        else:
            if has_written and name in self._broken:
                del self._broken[name]
                log.info("store_usable_again", job=name)
            self._herald.completed(name, well=name not in self._broken)

    def poll(self) -> bool:
        """Judge what was fetched, start what is due, and tell what a round of polls showed.

        Says whether anything was judged, and so written.
        """
        app = self._app
        now = app.clock()
        self._rounds.hear(app)
        judged = app.poller.tick(now, until=time.monotonic() + 2 * self._tick.total_seconds())
        if judged or self._rounds.is_first:
            self._rounds.tell(app, now)
        scheduler = self._scheduler
        if scheduler is not None and scheduler.running and app.poller.is_behind:
            soon = wiring.utc_now() + self._tick / SOONER
            scheduler.modify_job("poll", next_run_time=soon)
        return judged > 0

    def deliver(self) -> None:
        """Send what is due; finished sends are let go."""
        ended = {future for future in self._sending if future.done()}
        self._watched.count(ended)
        self._sending -= ended
        free = wiring.SENDERS - len(self._sending)
        if free:
            self._sending |= set(self._app.deliver.deliver_due(self._app.senders, free))
        self._recount()

    def _recount(self) -> None:
        """Have the messages that were sent looked through, one look at a time."""
        last = self._recounted_at
        is_early = last is not None and time.monotonic() - last < RECOUNT_EVERY_SECONDS
        if is_early or (self._recounting is not None and not self._recounting.done()):
            return
        if self._recounting is not None and self._recounting.exception() is not None:
            log.error("recount_broke", cause=str(self._recounting.exception()))
        self._recounted_at = time.monotonic()
        self._recounting = self._app.senders.submit(self._app.recounter.run)

    # -- reload

    def reload(self) -> None:
        """Take over the configuration as it is now; keep the old one whole if it is wrong."""
        self._herald.reloading()
        settings = self._configuration.reload(self._take_over)
        self._app.metrics.reloaded(well=settings is not None)
        if settings is not None:
            log.info("reloaded", topics=len(settings.topics), feeds=len(settings.feeds))
        self._guarded("tell", self.tell, nullcontext())
        self._herald.reloaded()

    def _take_over(self, settings: Settings) -> None:
        with self._lock:
            self._app = swap(self._app, settings, self._doors)
            self._watch(self._app)
            self._rounds.begin_anew()

    def _watch(self, app: App) -> None:
        self._herald.vitals.watch(app.fetchers, app.senders, app.askers)
