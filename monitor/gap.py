"""Times in which nothing was read: what came in them is told in one digest, not one by one.

A feed that has not been read for long brings at once what others told one after the other. It makes
no difference why: the service was stopped, the machine slept, the network was away. After a backup
was restored this holds for every feed, however young the backup is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from monitor.alerts.plan import HOUR, Missed
from monitor.records import Feed

log = structlog.get_logger()

# How long it is gathered what was missed: the first polls of all feeds take about so long.
GATHER = timedelta(minutes=5)
# However short `at_least_every` is: a night with the lid closed is long, an upgrade is not.
LEAST_LONG = timedelta(hours=6)
# A feed with an interval of its own may be asked less often than any other, and one that a hub
# pushes a quarter as often as that.
OWN_INTERVALS = 4
NEVER = timedelta(days=100_000)


def long_after(at_least_every: timedelta) -> timedelta:
    """Say from when on a feed has not been read for long: two polls of the laziest feed were lost.

    >>> long_after(timedelta(hours=6)) == timedelta(hours=12)
    True
    """
    return max(2 * at_least_every, LEAST_LONG)


class Gap:
    """Knows what is gathered now; one for all feeds, for one thread at a time."""

    def __init__(
        self,
        last_read_at: Callable[[], datetime | None],
        restored_at: Callable[[], datetime | None],
        long: timedelta,
    ) -> None:
        # When any feed was last read, before what is committed next.
        self._last_read_at = last_read_at
        self._restored_at = restored_at() or datetime.min.replace(tzinfo=UTC)
        self._long = long
        self._gather = GATHER
        self._missed: dict[bool, Missed] = {}

    def in_one_round(self) -> None:
        """Work for who polls once and ends: there, nobody waits, and long pauses are usual."""
        self._long, self._gather = NEVER, timedelta(0)

    def missed(self, feed: Feed, now: datetime) -> Missed | None:
        """Say in which gap a feed's news came; None if it is read as usual, or for the first time.

        `feed` is as it was before the poll that brought them.
        """
        last = feed.last_ok_at
        if last is None:
            return None
        is_restored = last < self._restored_at
        if not is_restored and now - last <= self._long + OWN_INTERVALS * feed.every:
            return None
        return self._gathered(last, now, is_restored=is_restored)

    def stood_still(self, now: datetime) -> Missed | None:
        """Say in which gap the whole service was until now; None if it was in none."""
        last = self._last_read_at()
        if last is None:
            return None
        is_restored = last < self._restored_at
        if not is_restored and now - last <= self._long:
            return None
        return self._gathered(last, now, is_restored=is_restored)

    def _gathered(self, last: datetime, now: datetime, *, is_restored: bool) -> Missed:
        """Give what is gathered now, or begin to gather."""
        before = self._missed.get(is_restored)
        if before is not None and now < before.due_at:
            return before
        if before is not None and now - before.due_at < HOUR:
            # The last feeds of the same gap: as few messages more as can be.
            found = replace(before, due_at=now + self._gather)
        else:
            of_all = self._last_read_at() or last
            since = of_all if is_restored or now - of_all > self._long else last
            found = Missed(
                since=min(since, now), until=now, due_at=now + self._gather, is_restored=is_restored
            )
            log.warning("gap", since=found.since, restored=is_restored, told_at=found.due_at)
        self._missed[is_restored] = found
        return found
