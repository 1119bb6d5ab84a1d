"""When a feed has fallen silent: its own pace against one number of days for all.

    .venv/bin/python bench/silence.py

The sections of three real outlets (by the paths of their links) stand for feeds of all paces: from
dozens of items a day to one a month. Each is polled once an hour. An alarm that ends, since the
section goes on, was a false one; for how long nobody would be told of one that is cut off is the
delay.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from bench.sets import need_sets, print_table, stream
from monitor.feeds.troubles import LEAST_ARRIVALS, MOST_ARRIVALS, patience

DAY = timedelta(days=1)
YEAR = timedelta(days=365)
# A section as its link names it: the first part that tells sections apart, without a number behind.
_SECTION = re.compile(r"https?://(?:www\.)?([\w.]+)/(?:\d{4}/\d\d/\d\d/)?(?:news/)?([A-Za-z-]+)")

# Arrivals, newest first -> how long a feed may bring nothing; None if it is not judged.
Rule = Callable[[Sequence[datetime]], timedelta | None]


def fixed(days: int) -> Rule:
    """Make the rule of one number of days for all, for feeds that have shown as many arrivals."""
    return lambda arrivals: days * DAY if len(arrivals) >= LEAST_ARRIVALS else None


RULES: dict[str, Rule] = {
    "own pace (shipped)": patience,
    "3 days for all": fixed(3),
    "7 days for all": fixed(7),
    "14 days for all": fixed(14),
}


def sections() -> dict[str, list[datetime]]:
    """Give the hours in which each section brought anything, in order."""
    found: defaultdict[str, set[datetime]] = defaultdict(set)
    for one in stream("rss-2020"):
        url = one.item.url or ""
        name = _SECTION.match(url)
        if name:
            at = one.published_at.replace(minute=0, second=0, microsecond=0)
            found[f"{name[1]}/{name[2].rstrip('-')}"].add(at)
    return {name: sorted(hours) for name, hours in found.items() if len(hours) > 2 * LEAST_ARRIVALS}


def judge(hours: Sequence[datetime], rule: Rule) -> tuple[int, list[timedelta]]:
    """Count the false alarms of a section; give the delay if it were cut off at each arrival."""
    alarms, delays = 0, []
    for place, (arrival, following) in enumerate(pairwise(hours)):
        seen = hours[max(0, place + 1 - MOST_ARRIVALS) : place + 1][::-1]
        allowed = rule(seen)
        if allowed is None:
            continue
        alarms += following - arrival > allowed
        delays.append(allowed)
    return alarms, delays


def main() -> None:
    """Print the table."""
    need_sets()
    found = sections()
    paces = {"fast": (0 * DAY, DAY / 2), "daily": (DAY / 2, 2 * DAY), "slow": (2 * DAY, YEAR)}
    rows = []
    for pace, (least, most) in paces.items():
        mine = [
            hours for hours in found.values() if least <= (hours[-1] - hours[0]) / len(hours) < most
        ]
        years = sum(((hours[-1] - hours[0]) for hours in mine), timedelta(0)) / YEAR
        for name, rule in RULES.items():
            judged = [judge(hours, rule) for hours in mine]
            alarms = sum(count for count, _ in judged)
            delays = [median(waits) for _, waits in judged if waits]
            rows.append(
                [
                    f"{pace} ({len(mine)})",
                    name,
                    f"{alarms / years:.1f}",
                    f"{median(delays) / DAY:.1f}",
                ]
            )
    print_table(["sections", "rule", "false alarms a feed and year", "days until told"], rows)


if __name__ == "__main__":
    main()
