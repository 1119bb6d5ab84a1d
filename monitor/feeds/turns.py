"""Whose turn it is among the feeds that are due: no host is crowded, and no burst goes out.

    a host     at most so many exchanges at once, and some seconds between their starts
    in all     as many at once as there are workers; a handful of starts at once, then a steady rate

The rate only shows when very many feeds are due together, such as when a laptop wakes: then they
are spread, and stay so, since each is next due an interval after its own poll.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.feeds.address import host_of
from monitor.feeds.moves import address
from monitor.records import Due, Feed

# So many may always start together: what a person follows, and what this program ships with.
HANDFUL = 100
# A backlog is worked off at this many times the rate at which feeds come due anyway.
HEADROOM = 2
SLOWEST_STARTS_PER_SECOND = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRules:
    """How many exchanges may be under way, and how soon others may start."""

    # In all.
    workers: int
    # Of one host.
    per_host: int
    # Between two starts at one host.
    host_spacing: timedelta = timedelta(0)
    # Beyond a handful at once.
    starts_per_second: float = float("inf")


def steady_rate(feeds: int, every: timedelta) -> float:
    """Give the rate of starts that so many feeds need at this interval, with headroom.

    >>> steady_rate(9_000, timedelta(minutes=15))
    20.0
    """
    return max(SLOWEST_STARTS_PER_SECOND, HEADROOM * feeds / every.total_seconds())


def due_of(feed: Feed) -> Due:
    """Give what choosing needs of a feed."""
    return Due(id=feed.id, host=host_of(address(feed)))


class Turns:
    """Remembers what is under way, and when each host was asked last."""

    def __init__(self, rules: TurnRules) -> None:
        self._rules = rules
        # Feed id -> its host, while it is being fetched.
        self._under_way: dict[int, str] = {}
        # Host -> when an exchange with it last started.
        self._started: dict[str, datetime] = {}
        # How many may start now; refilled as time passes.
        self._allowed = float(HANDFUL)
        self._refilled_at: datetime | None = None
        # Whether the last choice ended because no more may start, and not because no more is due.
        self.is_cut = False

    def follow(self, before: Turns) -> None:
        """Go on where others were: with what they have under way, and the pauses of their hosts."""
        self._under_way = dict(before._under_way)
        self._started = dict(before._started)
        self._allowed = before._allowed
        self._refilled_at = before._refilled_at

    @property
    def under_way(self) -> frozenset[int]:
        """The ids of the feeds that are being fetched."""
        return frozenset(self._under_way)

    def free(self) -> int:
        """Give how many workers have nothing to do."""
        return self._rules.workers - len(self._under_way)

    def choose(self, due: Iterable[Due], now: datetime) -> Sequence[Due]:
        """Give those that may start now, in their order; `begin` then notes that one has.

        No more of `due` is asked for than is needed.
        """
        self._refill(now)
        most = min(self.free(), int(self._allowed))
        hosts = Counter(self._under_way.values())
        chosen: list[Due] = []
        self.is_cut = most <= 0
        if self.is_cut:
            return chosen
        for one in due:
            if one.id in self._under_way or not self._is_open(one.host, hosts, now):
                continue
            chosen.append(one)
            if len(chosen) == most:
                self.is_cut = True
                break
            hosts[one.host] += 1
            if self._rules.host_spacing:
                # The next of this host waits for another call.
                hosts[one.host] = self._rules.per_host
        return chosen

    def begin(self, one: Due, now: datetime) -> None:
        """Note that a feed is being fetched."""
        self._under_way[one.id] = one.host
        self._started[one.host] = now
        self._allowed -= 1.0

    def end(self, feed_id: int) -> None:
        """Note that a fetch has ended."""
        self._under_way.pop(feed_id, None)

    def _is_open(self, host: str, hosts: Counter[str], now: datetime) -> bool:
        if hosts[host] >= self._rules.per_host:
            return False
        last = self._started.get(host)
        # A clock that was put back must not close a host until it is there again.
        return last is None or not last <= now < last + self._rules.host_spacing

    def _refill(self, now: datetime) -> None:
        since, self._refilled_at = self._refilled_at, now
        if since is None or now <= since:
            return
        seconds = (now - since).total_seconds()
        self._allowed = min(self._allowed + seconds * self._rules.starts_per_second, float(HANDFUL))
        for host in [one for one, at in self._started.items() if not self._is_recent(at, now)]:
            del self._started[host]

    def _is_recent(self, at: datetime, now: datetime) -> bool:
        return at <= now < at + self._rules.host_spacing
