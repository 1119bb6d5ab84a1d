"""The demo's time: months in seconds, but never faster than the daemon can follow."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from monitor.records import Feed

# From when on the feeds are polled: what they hold by then is the backlog.
BEGIN = datetime(2021, 11, 8, 18, tzinfo=UTC)
# (until, days of the stream a second): the weeks of the story slowly, the long quiet quickly.
PACE = (
    (datetime(2021, 11, 9, tzinfo=UTC), 0.15),
    (datetime(2021, 12, 4, tzinfo=UTC), 3.0),
    (datetime(2022, 4, 12, tzinfo=UTC), 14.0),
)
# How long a feed may be overdue, in seconds of ours, before time stands still for it. An idle
# machine needs half of that. Meanwhile no outlet publishes more than its feed holds.
LEASH_SECONDS = 1.0
# The longest step: a thread that had to wait for its turn does not make up for it.
STEP_SECONDS = 0.05


class QuickClock:
    """A clock that runs through the stream's months in seconds, when it is wound."""

    def __init__(self) -> None:
        self._elapsed = 0.0

    def __call__(self) -> datetime:
        """Give the stream's time."""
        return _at(self._elapsed)

    @property
    def is_over(self) -> bool:
        """Whether the stream has been played to its end, for as long as feeds may be late."""
        return _at(self._elapsed - LEASH_SECONDS) == PACE[-1][0]

    def wind(self, seconds: float) -> None:
        """Let some seconds of ours pass."""
        self._elapsed += seconds

    def is_ahead_of(self, feeds: Iterable[Feed]) -> bool:
        """Say whether one of the feeds has been due for too long, or there are none yet."""
        due = [feed.due_at for feed in feeds]
        return not due or min(due) < _at(self._elapsed - LEASH_SECONDS)


def _at(elapsed: float) -> datetime:
    """Give the stream's time after so many seconds of play.

    >>> str(_at(-1.0)), str(_at(2.0)), str(_at(1_000.0))
    ('2021-11-08 18:00:00+00:00', '2021-11-10 00:00:00+00:00', '2022-04-12 00:00:00+00:00')
    """
    elapsed = max(elapsed, 0.0)
    now = BEGIN
    for until, days_a_second in PACE:
        left = (until - now) / timedelta(days=days_a_second)
        if elapsed < left:
            return now + elapsed * timedelta(days=days_a_second)
        elapsed -= left
        now = until
    return now


def conduct(
    clock: QuickClock, feeds: Callable[[], Iterable[Feed]], stopped: threading.Event
) -> None:
    """Run the clock to the stream's end, as fast as the feeds are read; then wait for the rest."""
    before = time.monotonic()
    while not stopped.wait(STEP_SECONDS / 2):
        now = time.monotonic()
        if not clock.is_ahead_of(feeds()):
            if clock.is_over:
                return
            clock.wind(min(now - before, STEP_SECONDS))
        before = now
