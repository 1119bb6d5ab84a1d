"""How long an item waits for the poll that sees it, at the same number of polls a day.

    python -m bench.polling [--polls 48] [--json]

Publication times are those of rss-2020: the outlets' sections stand for feeds. Every rule only
knows what its polls have shown it; rivals get the one factor that makes their number of polls
equal to that of ours, found in hindsight by running them again and again.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np

from bench.sets import RSS, TRACKING, print_table, stream
from monitor.feeds.pace import Bounds, demand, wait
from monitor.feeds.pacer import Pacer, price_of
from monitor.feeds.schedule import JITTER
from monitor.records import Feed, Pace

OUTLETS = ("bbc.co.uk", "cnn.com", "theguardian.com")
DAY_SECONDS = 86_400.0
DAY = timedelta(days=1)
BOUNDS = Bounds(least=timedelta(minutes=5), most=timedelta(hours=6) / (1 + JITTER))
# Sections with fewer items a year are no feed.
LEAST_ITEMS = 50
# Items in a document.
WINDOW = 30
WARM_DAYS = 30
SURE_DAYS = 1e6
# Publication times of a feed, in seconds since 1970, ascending.
Times = Sequence[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one poll of a feed shows to a rule."""

    feed: int
    # Seconds since 1970.
    at: float
    # Since the poll before; None at the first.
    after: float | None
    new: int
    # Publication times of the items of its document, oldest first.
    document: Times


class Rule(Protocol):
    """Says how long to wait after a poll, in seconds."""

    def __call__(self, seen: Seen) -> float:
        """Give the wait."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a rule comes to."""

    polls_a_day: float
    mean_minutes: float
    p95_minutes: float
    # Mean over feeds of their means.
    by_feed_minutes: float
    lost: int


# --------------------------------------------------------------------------------------- the feeds


def sections() -> dict[str, list[float]]:
    """Give the publication times of each section of the outlets that has enough items."""
    times: dict[str, list[float]] = defaultdict(list)
    for one in stream(RSS):
        if one.source in OUTLETS:
            path = [part for part in urlsplit(one.item.url or "").path.split("/") if part]
            times[f"{one.source}/{_section(one.source, path)}"].append(one.published_at.timestamp())
    return {name: sorted(found) for name, found in times.items() if len(found) >= LEAST_ITEMS}


def _section(source: str, path: Sequence[str]) -> str:
    """Read the section off a path, by the form that each outlet gives its own."""
    if source == "bbc.co.uk":
        # /news/world-europe-51234567
        return "/".join([*path[:1], *(part.rpartition("-")[0] or part for part in path[1:2])])
    if source == "cnn.com" and len(path) > 3 and path[0].isdigit():
        # /2020/01/31/europe/…
        return path[3]
    return path[0] if path else ""


def made_feeds(count: int = 400, days: int = 40) -> dict[str, list[float]]:
    """Make a population as skewed as feed readers see: blogs, news desks, and dead feeds.

    Items a day at the quantiles 0.1, 0.25, 0.5, 0.75, 0.9, 0.99 are those of 366 captured feeds;
    the times are a Poisson process with one curve of the day, each feed's turned by some hours. The
    quantiles hold exactly: rates that were drawn at random had, of 400, too few in the long tail.
    """
    chance = np.random.default_rng(4)
    quantiles = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1.0]
    rates = [0.004, 0.008, 0.019, 0.11, 3.0, 27.0, 135.0, 200.0]
    a_day = np.exp(np.interp((np.arange(count) + 0.5) / count, quantiles, np.log(rates)))
    curve = 1 + 0.9 * np.sin((np.arange(24) - 8) / 24 * 2 * np.pi)
    found = {}
    for number, of_feed in enumerate(a_day):
        turned = np.roll(curve, chance.integers(-3, 4)) / 24
        counts = chance.poisson(np.tile(turned, days) * of_feed)
        hours = np.repeat(np.arange(24 * days), counts)
        times = np.sort((hours + chance.random(len(hours))) * 3600)
        found[f"made/{number}"] = (1.5e9 // DAY_SECONDS * DAY_SECONDS + times).tolist()
    return found


# ------------------------------------------------------------------------------------- simulation


class World:
    """Feeds, and the days over which a rule is measured."""

    def __init__(self, feeds: Mapping[str, list[float]], days: float) -> None:
        self.times = list(feeds.values())
        first = min(times[0] for times in self.times if times)
        self.start = first + WARM_DAYS * DAY_SECONDS
        self.end = self.start + days * DAY_SECONDS
        self.days = days

    def run(self, rule: Rule) -> Outcome:
        """Poll all feeds by a rule; the days before the start are for learning."""
        chance = np.random.default_rng(1)
        due = [
            (self.start - WARM_DAYS * DAY_SECONDS + first * 1_800, feed)
            for feed, first in enumerate(chance.random(len(self.times)))
        ]
        heapq.heapify(due)
        places = [0] * len(self.times)
        last: list[float | None] = [None] * len(self.times)
        waits: list[list[float]] = [[] for _ in self.times]
        polls = lost = 0
        while due and due[0][0] < self.end:
            now, feed = due[0]
            times, place = self.times[feed], places[feed]
            new_place = bisect_right(times, now, place)
            if now >= self.start:
                polls += 1
                waits[feed] += [now - at for at in times[place:new_place] if at >= self.start]
                lost += last[feed] is not None and max(0, new_place - place - WINDOW)
            document = times[max(0, new_place - WINDOW) : new_place]
            seen = Seen(
                feed=feed,
                at=now,
                after=last[feed],
                new=min(new_place - place, WINDOW),
                document=document,
            )
            places[feed], last[feed] = new_place, now
            wait = rule(seen) * (1 + JITTER * (2 * chance.random() - 1))
            heapq.heapreplace(due, (now + wait, feed))
        return self._outcome(polls, waits, lost)

    def _outcome(self, polls: int, waits: Sequence[Sequence[float]], lost: int) -> Outcome:
        every = np.concatenate([np.asarray(of_feed) for of_feed in waits]) / 60
        return Outcome(
            polls_a_day=polls / len(self.times) / self.days,
            mean_minutes=float(every.mean()),
            p95_minutes=float(np.quantile(every, 0.95)),
            by_feed_minutes=float(np.mean([np.mean(one) / 60 for one in waits if one])),
            lost=lost,
        )

    def rates(self) -> list[float]:
        """Give the true items a day, all of the measured days known beforehand."""
        return [
            (bisect_right(times, self.end) - bisect_right(times, self.start)) / self.days
            for times in self.times
        ]


# ------------------------------------------------------------------------------------------ rules


def fixed(factor: float) -> Rule:
    """Poll all feeds alike."""
    return lambda _: 3_600 * factor


def ours(polls_a_day: float, *, profiles: bool = True) -> Rule:
    """Give the rule of the daemon: `feeds.pace`, with its own regulation of the budget."""
    pacer = Pacer(DAY / polls_a_day, BOUNDS)
    feeds: dict[int, Feed] = {}

    def wait(seen: Seen) -> float:
        now = datetime.fromtimestamp(seen.at, UTC)
        feed = feeds.get(seen.feed) or Feed(
            id=seen.feed, url="", name="", groups=(), every=DAY / polls_a_day, due_at=now
        )
        changed = seen.new > 0 or seen.after is None
        pace = pacer.learn(feed, now, new=seen.new, listed=len(seen.document) if changed else 0)
        if not profiles:
            pace = replace(pace, hours=(), weekdays=())
        feeds[seen.feed] = replace(feed, pace=pace)
        return pacer.interval(feeds[seen.feed], now).total_seconds()

    return wait


def known_rates(world: World, polls_a_day: float) -> Rule:
    """Give the best intervals that stay the same, the true rates known beforehand."""
    asked = [sqrt(max(rate, 0.5 / world.days)) for rate in world.rates()]
    price = price_of(asked, polls_a_day * len(asked), BOUNDS)
    longest, shortest = (one.total_seconds() for one in (BOUNDS.most, BOUNDS.least))
    waits = [min(max(DAY_SECONDS * sqrt(2 * price) / one, shortest), longest) for one in asked]
    return lambda seen: waits[seen.feed]


def all_known(world: World, polls_a_day: float) -> Rule:
    """Give our own rule with all that it learns known beforehand, of the very days measured."""
    start = datetime.fromtimestamp(world.start, UTC)
    paces = []
    for times, rate in zip(world.times, world.rates(), strict=True):
        hours, weekdays = [0.0] * 24, [0.0] * 7
        for at in times[bisect_right(times, world.start) : bisect_right(times, world.end)]:
            moment = datetime.fromtimestamp(at, UTC)
            hours[moment.hour] += 1
            weekdays[moment.weekday()] += 1
        # So many days that the prior says nothing.
        items = max(rate, 0.5 / world.days) * SURE_DAYS
        counts = {"hours": tuple(hours), "weekdays": tuple(weekdays)}
        paces.append(Pace(observed_at=start, items=items, days=SURE_DAYS, **counts))
    price = price_of([demand(one) for one in paces], polls_a_day * len(paces), BOUNDS)

    def rule(seen: Seen) -> float:
        now = datetime.fromtimestamp(seen.at, UTC)
        return wait(paces[seen.feed], now, price, BOUNDS).total_seconds()

    return rule


def miniflux(factor: float) -> Rule:
    """Miniflux, `entry_frequency`: a week over the entries of the last week, times a factor.

    Bounds of 5 minutes and a day.
    """

    def wait(seen: Seen) -> float:
        recent = len(seen.document) - bisect_right(seen.document, seen.at - 7 * DAY_SECONDS)
        # It counts stored entries, not those of the document: a full document is a lower bound.
        recent = max(recent, 0)
        weekly[seen.feed] = [at for at in weekly[seen.feed] if at > seen.at - 7 * DAY_SECONDS]
        weekly[seen.feed] += seen.document[len(seen.document) - seen.new :]
        entries = max(recent, len(weekly[seen.feed]))
        if not entries:
            return DAY_SECONDS
        return min(max(7 * DAY_SECONDS / entries * factor, 300), DAY_SECONDS)

    weekly: dict[int, list[float]] = defaultdict(list)
    return wait


def commafeed(factor: float) -> Rule:
    """CommaFeed: half of the mean gap between the entries of the document.

    Bounds of 5 minutes and 4 hours, an hour while it is active; after 7, 14, 30 days without an
    entry a quarter, a half, all of the 4 hours.
    """

    def wait(seen: Seen) -> float:
        most = 4 * 3_600
        if len(seen.document) < 2:
            return most * factor
        idle = (seen.at - seen.document[-1]) / DAY_SECONDS
        for days, part in ((30, 1.0), (14, 0.5), (7, 0.25)):
            if idle >= days:
                return most * part * factor
        gap = (seen.document[-1] - seen.document[0]) / (len(seen.document) - 1)
        return min(max(gap / 2, 300), 3_600) * factor

    return wait


def media_cloud(factor: float) -> Rule:
    """Media Cloud: after two good polls in a row 10 minutes more if two thirds were known.

    An hour less if less than a third was known; 6 hours at first, bounds of 10 minutes and a day;
    all of it times a factor.
    """
    intervals: dict[int, float] = defaultdict(lambda: 6 * 3_600.0)

    def wait(seen: Seen) -> float:
        now = intervals[seen.feed]
        known = 1 - seen.new / max(len(seen.document), 1)
        if seen.after is not None and known >= 2 / 3:
            idle = not seen.document or seen.at - seen.document[-1] > 31 * DAY_SECONDS
            now += 3_600 if idle else 600
        elif seen.after is not None and known < 1 / 3:
            now = min(now, 6 * 3_600) - 3_600
        intervals[seen.feed] = now = min(max(now, 600), DAY_SECONDS)
        return now * factor

    return wait


def scaled(world: World, make: Callable[[float], Rule], polls_a_day: float) -> Outcome:
    """Run a rule with the factor at which it polls as often, to half a percent.

    Polls fall with the factor, more slowly where the rule's own bounds bind: what is missing is
    made up for step by step.
    """
    factor = 1.0
    for _ in range(20):
        outcome = world.run(make(factor))
        if abs(outcome.polls_a_day / polls_a_day - 1) < 0.005:
            break
        factor *= outcome.polls_a_day / polls_a_day
    return outcome


# -------------------------------------------------------------------------------------- the table


def table(world: World, polls: float) -> dict[str, Outcome]:
    """Measure every rule at the number of polls that ours comes to."""
    mine = {
        "ours, by rate only": world.run(ours(polls, profiles=False)),
        "ours, by rate, hour and weekday": world.run(ours(polls)),
    }
    spent = mine["ours, by rate, hour and weekday"].polls_a_day
    rivals: dict[str, Callable[[float], Rule]] = {
        "fixed": fixed,
        "Media Cloud": media_cloud,
        "Miniflux, entry_frequency": miniflux,
        "CommaFeed": commafeed,
    }
    found = {name: scaled(world, make, spent) for name, make in rivals.items()}
    best = {
        "best constant intervals, true rates known": world.run(known_rates(world, spent)),
        "ours, all of it known beforehand": world.run(all_known(world, spent)),
    }
    return found | mine | best


def main() -> None:
    """Print a table for each population."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--polls", type=float, default=48, help="polls of a feed and day")
    parser.add_argument("--days", type=float, default=90, help="measured after 30 of learning")
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    options = parser.parse_args()
    worlds = {"made, as skewed as readers' lists": World(made_feeds(), 10)}
    if (TRACKING / RSS).is_dir():
        worlds = {"sections of three outlets, 2020": World(sections(), options.days)} | worlds
    else:
        print(f"{TRACKING} has no {RSS}: only made feeds are measured", file=sys.stderr)
    found = {name: table(world, options.polls) for name, world in worlds.items()}
    if options.json:
        print(json.dumps(found, default=lambda one: {k: getattr(one, k) for k in one.__slots__}))
        return
    for name, outcomes in found.items():
        _print(f"{name}: {len(worlds[name].times)} feeds", outcomes)


def _print(title: str, outcomes: Mapping[str, Outcome]) -> None:
    print(f"\n{title}\n")
    fixed_minutes = outcomes["fixed"].mean_minutes
    print_table(
        ["rule", "polls a day", "mean delay, min", "of fixed", "p95, min", "by feed, min", "lost"],
        [
            [
                name,
                f"{one.polls_a_day:.1f}",
                f"{one.mean_minutes:.1f}",
                f"{one.mean_minutes / fixed_minutes:.2f}",
                f"{one.p95_minutes:.0f}",
                f"{one.by_feed_minutes:.0f}",
                str(one.lost),
            ]
            for name, one in outcomes.items()
        ],
    )


if __name__ == "__main__":
    main()
