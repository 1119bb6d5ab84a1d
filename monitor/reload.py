"""Take over a changed configuration: parsed fully, then swapped whole, or not at all.

    asked to      load -> wire a new app -> bring the database in line -> swap; a fault at any of
                  these leaves the old app as it was, and is kept for whoever looks
    not asked to  each look at the file says whether it is still what is in force

What stays the same keeps its state: feeds and topics are known to the database by URL and by name,
polls and messages under way come to their end, and hosts get their pause.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from monitor import app as wiring
from monitor.app import App
from monitor.config import Settings
from monitor.doors import Doors
from monitor.errors import ConfigError, SeedwatchError
from monitor.standing import Standing, runtime_folder
from monitor.start import start_up

log = structlog.get_logger()

# What tells one writing of a file from another: time (ns), size and number on its disk.
Mark = tuple[int, int, int]


class Configuration:
    """The file, and how it stands with what is in force; for several threads."""

    def __init__(
        self,
        settings: Settings,
        load: Callable[[], Settings],
        clock: Callable[[], datetime],
        environ: Mapping[str, str],
    ) -> None:
        self._path = settings.path
        self._load = load
        self._clock = clock
        self._folder = runtime_folder(environ)
        self._lock = threading.Lock()
        # Of the file as it was last tried; what a look found different, and not yet twice.
        self._tried = self._mark()
        self._seen = self._tried
        self._standing = Standing(config=self._path.absolute(), since=clock())

    @property
    def standing(self) -> Standing:
        """How the file stands with what is in force."""
        return self._standing

    def publish(self) -> None:
        """Leave word of the standing where other commands look for it."""
        if self._folder is None:
            return
        try:
            self._standing.write(self._folder)
        except OSError as error:
            log.warning("standing_not_written", folder=str(self._folder), cause=error.strerror)

    def reload(self, take_over: Callable[[Settings], None]) -> Settings | None:
        """Load the file and have it taken over; None if that failed, with the reasons kept."""
        with self._lock:
            self._tried = self._seen = self._mark()
            try:
                settings = self._load()
                take_over(settings)
            except (SeedwatchError, SQLAlchemyError) as error:
                faults = _faults(error)
                log.error("reload_refused", faults=faults, kept="the old configuration")  # noqa: TRY400 - no bug
            except Exception as error:
                # A fault of ours must not end a service that runs.
                faults = [f"internal error: {type(error).__name__}"]
                log.exception("reload_broke", kept="the old configuration")
            else:
                self._stand(self._standing.taken(self._clock()))
                return settings
            self._stand(self._standing.changed(self._clock(), tuple(faults)))
            return None

    def look(self) -> Standing:
        """See whether the file is still what was tried last, and if not, whether it is right.

        A file is tried once it was the same in two looks: who writes it may not be done yet.
        """
        with self._lock:
            mark = self._mark()
            if mark not in {self._tried, self._seen}:
                self._seen = mark
            elif mark != self._tried:
                self._tried = mark
                self._try()
            return self._standing

    def _try(self) -> None:
        try:
            self._load()
        except ConfigError as error:
            faults = _faults(error)
            log.error("configuration_wrong", faults=faults, kept="the old configuration")  # noqa: TRY400 - no bug
            self._stand(self._standing.changed(self._clock(), tuple(faults)))
        else:
            log.info("configuration_changed", hint="it is not in force before a reload")
            self._stand(self._standing.changed(self._clock()))

    def _stand(self, standing: Standing) -> None:
        self._standing = standing
        self.publish()

    def _mark(self) -> Mark | None:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - one call, whatever stands there
        except OSError:
            return None
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def _faults(error: Exception) -> list[str]:
    if isinstance(error, ConfigError):
        return [str(fault) for fault in error.faults]
    return [str(error).strip().splitlines()[0]]


def swap(old: App, settings: Settings, doors: Doors) -> App:
    """Give an app for other settings on the same database, which `old` makes way for.

    What `old` has under way ends in the new app. If the settings cannot be put in force it
    raises why, and `old` is in force as before.
    """
    if settings.store_url != old.settings.store_url:
        raise SeedwatchError("`store` cannot change without a restart")
    new = wiring.wire(settings, old.engine, clock=old.clock, after=old, weigh=old.weigh)
    try:
        # First what may fail: an address that cannot be listened at.
        doors.follow(new)
        start_up(new)
    except Exception:
        _let_go(new)
        _go_back(old, doors)
        raise
    new.poller.follow(old.poller)
    if old.subscriber is not None:
        old.subscriber.give_back()
    _let_go(old)
    return new


def _let_go(app: App) -> None:
    """Let threads end by themselves, with what they have."""
    for workers in (app.fetchers, app.senders, app.askers, app.readers):
        workers.shutdown(wait=False)


def _go_back(old: App, doors: Doors) -> None:
    """Undo what a failed swap may have done."""
    old.inbox.max_bytes = wiring.MOST_LARGE_PUSHES * old.settings.polling.max_bytes
    doors.follow(old)
    try:
        start_up(old)
    except SQLAlchemyError as error:
        # The database cannot be used: the feeds are put right by the next reload or start.
        log.warning("feeds_not_put_back", cause=str(error).strip().splitlines()[0])
