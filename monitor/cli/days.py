"""Counts per day as a line of bars, one row for each of two sides. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from monitor.cli.sparkline import sparkline

# Columns that the bars may take.
WIDTH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A line of a plot: its name, and a count for each day."""

    name: str
    counts: Sequence[int]


def plot(days: Sequence[date], rows: Sequence[Row], width: int = WIDTH) -> list[str]:
    """Draw rows under each other, by one measure; of many days some share a column.

    >>> first = date(2026, 11, 1).toordinal()
    >>> days = [date.fromordinal(first + place) for place in range(4)]
    >>> for line in plot(days, [Row(name="now", counts=[0, 1, 2, 0])]):
    ...     print(line)
    now  ·▄█·
         2026-11-01 to 2026-11-04, a column a day, the highest is 2
    """
    if not days:
        return []
    size = math.ceil(len(days) / width)
    wide = max(len(row.name) for row in rows)
    summed = [
        [sum(row.counts[start : start + size]) for start in range(0, len(days), size)]
        for row in rows
    ]
    most = max((one for counts in summed for one in counts), default=0)
    column = "a day" if size == 1 else f"{size} days"
    scale = f"the highest is {most}" if most else "none"
    drawn = [
        f"{row.name:{wide}}  {sparkline(counts, most)}"
        for row, counts in zip(rows, summed, strict=True)
    ]
    return [*drawn, f"{'':{wide}}  {days[0]} to {days[-1]}, a column {column}, {scale}"]
