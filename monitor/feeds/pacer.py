"""One budget of polls, shared among all feeds at one price. Pure; the rule is in `pace.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from monitor.feeds.pace import DAY, Bounds, count_pushed, demand, observe, wait
from monitor.records import Feed, Pace


def price_of(
    demands: ArrayLike, polls_a_day: float, bounds: Bounds, floors: ArrayLike = 0.0
) -> float:
    """Find the price `p` at which all feeds together take this many polls a day.

    Each takes its demand / sqrt(2 p), within the bounds and not more often than at its floor (in
    days); what these take from one goes to the others. If all are at one bound, the total cannot
    be held: then it is as near as they allow.

    >>> bounds = Bounds(least=timedelta(minutes=5), most=timedelta(hours=6))
    >>> price = price_of([1.0, 3.0], 192.0, bounds)
    >>> [round(asked / sqrt(2 * price)) for asked in (1.0, 3.0)]
    [48, 144]
    >>> price = price_of([1.0, 30.0], 300.0, bounds)
    >>> [round(asked / sqrt(2 * price)) for asked in (1.0, 30.0)]
    [12, 360]
    >>> DAY / timedelta(minutes=5)
    288.0

    If the second may be polled each hour only, the first has what it leaves:

    >>> price = price_of([1.0, 3.0], 192.0, bounds, floors=[0.0, 1 / 24])
    >>> round(1.0 / sqrt(2 * price))
    168
    """
    asked = np.asarray(demands, dtype=float)
    fewest = DAY / bounds.most
    most = 1 / np.maximum(np.asarray(floors, dtype=float), bounds.least / DAY)
    low, high = fewest / float(asked.max()), DAY / bounds.least / float(asked.min())
    # 50 halvings of even 12 orders of magnitude leave nothing that counts.
    for _ in range(50):
        middle = sqrt(low * high)
        if np.clip(middle * asked, fewest, most).sum() > polls_a_day:
            high = middle
        else:
            low = middle
    return 0.5 / low**2


class Pacer:
    """Shares a budget of polls among feeds: on average one poll in `every` for each.

    It knows what each feed asks for, and holds nothing that the store does not. Feeds with an
    interval of their own are observed, but take no part.
    """

    def __init__(self, every: timedelta, bounds: Bounds) -> None:
        self._every = every
        self.bounds = bounds
        self._demands: dict[int, float] = {}
        # Of those that have one.
        self._floors: dict[int, timedelta] = {}
        self._price: float | None = None
        # Demands and floors that changed since the price was found.
        self._changed = 0

    def fill(
        self, demands: Mapping[int, float | None], floors: Mapping[int, timedelta] | None = None
    ) -> None:
        """Begin anew with these feeds, by id, and what they ask for as far as it is known."""
        unknown = demand(None)
        self._demands = {one: unknown if asked is None else asked for one, asked in demands.items()}
        self._floors = dict(floors or {})
        self._price = None

    def learn(
        self,
        feed: Feed,
        now: datetime,
        *,
        new: int = 0,
        listed: int = 0,
        floor: timedelta = timedelta(0),
    ) -> Pace:
        """Observe a poll that went well; the pace given has the interval that follows.

        `floor` is the shortest wait that was asked for: its feed takes no more of the budget.
        """
        pace = observe(feed.pace, now, new=new, listed=listed)
        return self._asked(feed, now, replace(pace, floor=floor or None))

    def learn_pushed(self, feed: Feed, now: datetime, new: int) -> Pace:
        """Count what a push brought; when the feed is polled next stays as it is."""
        pace = self._asked(feed, now, count_pushed(feed.pace, now, new))
        return replace(pace, interval=feed.pace.interval if feed.pace else None)

    def _asked(self, feed: Feed, now: datetime, pace: Pace) -> Pace:
        asked = round(demand(pace), 4)
        if not feed.has_own_interval:
            self._put(feed.id, asked, pace.floor)
        interval = self.interval(replace(feed, pace=pace), now)
        return replace(pace, demand=asked, interval=interval)

    def interval(self, feed: Feed, now: datetime) -> timedelta:
        """Give the interval of a feed at this time, by what is known of it."""
        if feed.has_own_interval:
            return feed.every
        if feed.id not in self._demands:
            self._put(feed.id, demand(feed.pace), feed.pace.floor if feed.pace else None)
        return wait(feed.pace, now, self.price, self.bounds)

    @property
    def price(self) -> float:
        """What one more poll must save to be worth it, in days that an item waits.

        It is found anew when a twentieth of the demands has changed: so the cost of a poll does not
        grow with the number of feeds.
        """
        if self._price is None or 20 * self._changed >= len(self._demands):
            total = len(self._demands) * (DAY / self._every)
            floors: ArrayLike = 0.0
            if self._floors:
                none = timedelta(0)
                floors = [self._floors.get(one, none) / DAY for one in self._demands]
            self._price = price_of(list(self._demands.values()), total, self.bounds, floors)
            self._changed = 0
        return self._price

    def _put(self, feed_id: int, asked: float, floor: timedelta | None) -> None:
        if self._demands.get(feed_id) != asked or self._floors.get(feed_id) != floor:
            self._changed += 1
        self._demands[feed_id] = asked
        if floor is None:
            self._floors.pop(feed_id, None)
        else:
            self._floors[feed_id] = floor
