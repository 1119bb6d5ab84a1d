"""Which feeds are dead: they fail, and have failed for long, while others answered. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.feeds.schedule import JITTER
from monitor.records import Feed

# Fewer failures in a row prove nothing, however far apart they are: a service that stood still
# for a month has failed once.
LEAST_FAILURES = 5
# Of a feed whose server says that it is gone (410): that is asked once a week.
LEAST_GONE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A feed that is dead, with the proof."""

    feed: Feed
    # From when on no poll went well, as far as is known: for a feed that never answered the
    # latest moment at which its first poll can have been.
    since: datetime
    # Up to the last poll that failed, or the last of any feed that went well.
    lasted: timedelta


def find_dead(
    feeds: Iterable[Feed], dead_for: timedelta, at_least_every: timedelta
) -> tuple[Death, ...]:
    """Find the feeds that are dead, the longest first.

    A feed that answers is not dead, whatever it brings. Time in which no feed answered does not
    count: then it was our own network, or the service stood still.
    """
    known = tuple(feeds)
    witness = max((one.last_ok_at for one in known if one.last_ok_at), default=None)
    if witness is None:
        return ()
    found = []
    for feed in known:
        least = LEAST_GONE if feed.gone_at else LEAST_FAILURES
        if feed.last_polled_at is None or feed.failures < least:
            continue
        since = _since(feed, feed.last_polled_at, at_least_every)
        lasted = min(feed.last_polled_at, witness) - since
        if lasted >= dead_for:
            found.append(Death(feed=feed, since=since, lasted=lasted))
    return tuple(sorted(found, key=lambda one: (one.since, one.feed.name)))


def _since(feed: Feed, last_polled_at: datetime, at_least_every: timedelta) -> datetime:
    if feed.last_ok_at:
        return feed.last_ok_at
    if feed.gone_at:
        return feed.gone_at
    return last_polled_at - least_span(feed.failures, feed.every, at_least_every)


def least_span(failures: int, every: timedelta, at_least_every: timedelta) -> timedelta:
    """Give the time between the first and the last of failures in a row, at the least.

    The waits between them are `every` x 2^(n-1), at most `at_least_every`, less what chance
    takes off (`schedule.after_failure`).

    >>> hour = timedelta(hours=1)
    >>> least_span(1, hour, 6 * hour), least_span(5, hour, 6 * hour) / 0.9
    (datetime.timedelta(0), datetime.timedelta(seconds=46800))
    """
    longest = max(every, at_least_every)
    total, wait = timedelta(0), every
    for done in range(1, failures):
        if wait >= longest:
            return (total + longest * (failures - done)) * (1 - JITTER)
        total += wait
        wait *= 2
    return total * (1 - JITTER)
