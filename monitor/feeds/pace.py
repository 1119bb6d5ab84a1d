"""How often a feed is worth a poll, learned from what its polls brought. Pure.

What waits: an item that is published between two polls waits half an interval on average. With
the rate `r` of a feed (items a day) and its interval `T` (days), all feeds together make

    W = sum of r T / 2        items that wait at any time,    at    P = sum of 1 / T    polls a day.

For a given P the least W is where each feed's last poll saves as much as any other's, at one
price `p` for all: `r T^2 / 2 = p`, so

    T = sqrt(2 p / r)         the square-root rule.

Twice the news means polls 1.4 times as often, not twice. (Source: Sia, Cho & Cho, "Efficient
Monitoring Algorithm for Fast News Alerts", 2007; the same form as economic order quantities.)

A rate that changes with the hour and the day of the week makes the density of polls follow:
the next poll is due when the integral of `sqrt(r(t) / 2p)` since the last one is 1.

Learned are counters only: items first seen, the time they were looked for, and in which hours
and on which days they came. They fade, so that a feed may change its habits, and they start from a
prior, so that one lucky poll proves nothing. Dates that a feed states are not used: they lie.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from statistics import fmean

from monitor.records import Feed, Pace

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)

# Before anything is known: one item in one day of looking.
PRIOR_ITEMS = 1.0
PRIOR_DAYS = 1.0
# After this time a count is worth half. The profile of the week needs more items than the rate.
RATE_HALF_LIFE = timedelta(days=14)
PROFILE_HALF_LIFE = timedelta(days=56)
# Items spread evenly over the day, and over the week, that the profiles start from.
PRIOR_HOURS = 8.0
PRIOR_WEEKDAYS = 30.0
# A feed that claims more than one item in half a minute learns no more from it.
MOST_A_DAY = 3_000.0
# A document shows too little that is known if less than this part of it is.
LEAST_KNOWN = 1 / 3
# In a shorter document it says nothing that all is new.
LEAST_LISTED = 3
# So many documents in a row without one known item: not news but keys that change by themselves.
MOST_STRANGE = 5

NO_HOURS = (0.0,) * 24
NO_WEEKDAYS = (0.0,) * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Between what every interval stays, whatever was learned."""

    least: timedelta
    most: timedelta


def observe(pace: Pace | None, now: datetime, *, new: int = 0, listed: int = 0) -> Pace:
    """Learn from a poll that went well: `new` of the `listed` items were not known before.

    A document that is as it was counts as nothing new, nothing listed. The first poll only starts
    the clock: what a feed holds then was not published since any known time.

    A document of which nothing is known teaches nothing about the rate. Either items were lost
    since the last poll, and nobody knows how many; or the feed changes its keys.

    >>> start = datetime(2026, 1, 1, tzinfo=UTC)
    >>> first = observe(None, start, new=30, listed=30)
    >>> later = observe(first, start + DAY, new=12, listed=30)
    >>> later.items, later.days, rate(later)
    (12.0, 1.0, 6.5)
    """
    if pace is None or now <= pace.observed_at:
        return replace(pace or Pace(observed_at=now), observed_at=now)
    strange = pace.strange + 1 if listed >= LEAST_LISTED and new >= listed else 0
    lost = listed >= LEAST_LISTED and listed - new < LEAST_KNOWN * listed
    watched = now - pace.observed_at
    seen = replace(
        pace,
        observed_at=now,
        strange=min(strange, MOST_STRANGE + 1) if new or listed else pace.strange,
        turnover=watched * (listed / new) if new and listed >= LEAST_LISTED else None,
    )
    if seen.strange > MOST_STRANGE:
        return replace(seen, turnover=None)
    if lost:
        seen = replace(seen, lost=pace.lost + 1, lost_at=now)
    return seen if strange else _counted(seen, pace.observed_at, new)


def count_pushed(pace: Pace | None, now: datetime, new: int) -> Pace:
    """Learn from a push that `new` items came now; the time between polls is left to the polls.

    A push says nothing about what its document has lost: it may hold what is new, and no more.

    >>> start = datetime(2026, 1, 1, tzinfo=UTC)
    >>> pushed = count_pushed(observe(None, start), start + 6 * HOUR, 3)
    >>> polled = observe(pushed, start + 12 * HOUR)
    >>> polled.items, polled.days, polled.hours[6], rate(polled)
    (2.927, 0.5, 3.0, 2.618)
    """
    pace = pace or Pace(observed_at=now)
    if pace.strange > MOST_STRANGE:
        return pace
    at = now.astimezone(UTC)
    hours, weekdays = [*(pace.hours or NO_HOURS)], [*(pace.weekdays or NO_WEEKDAYS)]
    hours[at.hour] += new
    weekdays[at.weekday()] += new
    items = min(pace.items + new, MOST_A_DAY * (PRIOR_DAYS + pace.days))
    return replace(pace, items=items, hours=tuple(hours), weekdays=tuple(weekdays))


def _counted(pace: Pace, since: datetime, new: int) -> Pace:
    """Fade the counts, and add items that came at an unknown moment since a time."""
    watched = pace.observed_at - since
    keep = 0.5 ** (watched / RATE_HALF_LIFE)
    days = pace.days * keep + watched / DAY
    items = min(pace.items * keep + new, MOST_A_DAY * (PRIOR_DAYS + days))
    counts = replace(pace, items=round(items, 3), days=round(days, 5))
    if not new:
        # The profile is about where items fall: without one it need not fade.
        return counts
    keep = 0.5 ** (watched / PROFILE_HALF_LIFE)
    hours = [count * keep for count in pace.hours or NO_HOURS]
    weekdays = [count * keep for count in pace.weekdays or NO_WEEKDAYS]
    # A week says all there is to say of when.
    start = max(since, pace.observed_at - 7 * DAY)
    for begin, end in _hours_between(start, pace.observed_at):
        share = new * ((end - begin) / (pace.observed_at - start))
        hours[begin.hour] += share
        weekdays[begin.weekday()] += share
    return replace(
        counts,
        hours=tuple(round(count, 2) for count in hours),
        weekdays=tuple(round(count, 2) for count in weekdays),
    )


def _hours_between(start: datetime, end: datetime) -> Iterable[tuple[datetime, datetime]]:
    """Cut a span at full hours, UTC."""
    begin = start.astimezone(UTC)
    while begin < end:
        stop = min(begin.replace(minute=0, second=0, microsecond=0) + HOUR, end)
        yield begin, stop
        begin = stop


def rate(pace: Pace | None) -> float:
    """Give the items a day of a feed: the mean of a gamma prior and what was counted.

    >>> rate(None)
    1.0
    """
    if pace is None:
        return PRIOR_ITEMS / PRIOR_DAYS
    return min((PRIOR_ITEMS + pace.items) / (PRIOR_DAYS + pace.days), MOST_A_DAY)


def demand(pace: Pace | None) -> float:
    """Give what a feed asks for: the mean of sqrt(rate) over the week.

    At a price `p` this over sqrt(2 p) are its polls a day.

    >>> demand(None)
    1.0
    """
    by_hour, by_weekday = _roots(pace)
    return sqrt(rate(pace)) * fmean(by_hour) * fmean(by_weekday)


def wait(pace: Pace | None, now: datetime, price: float, bounds: Bounds) -> timedelta:
    """Give the time to the next poll of a feed that was polled now.

    Half of an item waits on average at all times at 48 items a day and half an hour between polls:

    >>> import dataclasses
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> busy = Pace(observed_at=now, items=95, days=1)
    >>> rate(busy)
    48.0
    >>> bounds = Bounds(least=timedelta(minutes=5), most=timedelta(hours=6))
    >>> half = wait(busy, now, 0.5 * timedelta(minutes=30) / DAY, bounds)
    >>> half
    datetime.timedelta(seconds=1800)

    The rule is 2 p = r T^2: 2 * 0.5 * T = 48 T^2 at T = 1/48 day. A quarter of the
    items doubles it.

    >>> wait(dataclasses.replace(busy, items=23), now, 0.5 * timedelta(minutes=30) / DAY, bounds)
    datetime.timedelta(seconds=3600)

    Sooner, if two thirds of the document could be replaced before, going by the last poll:

    >>> full = dataclasses.replace(busy, turnover=timedelta(minutes=30))
    >>> wait(full, now, 0.5 * timedelta(minutes=30) / DAY, bounds)
    datetime.timedelta(seconds=1200)
    """
    longest = bounds.most
    if pace is not None and pace.turnover is not None:
        longest = min(longest, pace.turnover * (1 - LEAST_KNOWN))
    planned = _integrated(pace, now, price, longest)
    return max(min(planned, longest), bounds.least)


def usual_wait(feed: Feed) -> timedelta:
    """Give the time between two polls of a feed that is well, as it was last planned."""
    pace = feed.pace
    if pace is None or pace.interval is None:
        return feed.every
    interval = feed.every if feed.has_own_interval else pace.interval
    return max(interval, pace.floor or interval)


def _integrated(pace: Pace | None, now: datetime, price: float, longest: timedelta) -> timedelta:
    """Give the time until the integral of sqrt(r(t) / 2p) is 1, but not more than the longest."""
    polls_a_day = sqrt(rate(pace) / (2 * price))
    if pace is None or not pace.hours:
        return min(DAY / polls_a_day, longest) if polls_a_day * (longest / DAY) > 1 else longest
    by_hour, by_weekday = _roots(pace)
    missing = 1.0
    for begin, end in _hours_between(now, now + longest):
        density = polls_a_day * by_hour[begin.hour] * by_weekday[begin.weekday()]
        brought = density * ((end - begin) / DAY)
        if brought >= missing:
            return begin - now + DAY * (missing / density)
        missing -= brought
    return longest


def _roots(pace: Pace | None) -> tuple[list[float], list[float]]:
    """Give the square roots of the profiles of the day and of the week, each of mean 1 before.

    Hours are smoothed with their neighbours, and both start from an even spread.
    """
    hours = (pace and pace.hours) or NO_HOURS
    weekdays = (pace and pace.weekdays) or NO_WEEKDAYS
    smooth = [(hours[at - 1] + 2 * hours[at] + hours[(at + 1) % 24]) / 4 for at in range(24)]
    return _profile(smooth, PRIOR_HOURS), _profile(weekdays, PRIOR_WEEKDAYS)


def _profile(counts: Iterable[float], prior: float) -> list[float]:
    filled = [*counts]
    filled = [count + prior / len(filled) for count in filled]
    mean = fmean(filled)
    return [sqrt(count / mean) for count in filled]
