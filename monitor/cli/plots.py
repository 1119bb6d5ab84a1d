"""Bars and histograms as lines of text: 80 columns, no colour, no motion.

Each gives lines and prints nothing, so that a screen and a test read the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rich.cells import cell_len, set_cell_size
from rich.console import Console

from monitor.cli.screen import WIDTH

# What a bar is made of, and what stands in for it where an output cannot write it.
BLOCK, SIMPLE_BLOCK = "█", "#"
LONGEST_LABEL = 24
# Scores lie in [0, 1], each tenth of that has a row.
STEP = 0.1


def block_of(console: Console) -> str:
    """Give what bars are made of on a console: one that is not in UTF-8 gets plain ASCII."""
    return BLOCK if console.encoding.lower().replace("-", "").startswith("utf") else SIMPLE_BLOCK


def bar(value: float, most: float, width: int, *, block: str = BLOCK) -> str:
    """Give the bar of a value, `most` being as long as `width`; what is there at all has a block.

    >>> bar(2, 4, 10), bar(0.001, 4, 10), bar(0, 4, 10)
    ('█████', '█', '')
    """
    if value <= 0.0 or most <= 0.0:
        return ""
    return block * max(1, round(width * min(1.0, value / most)))


def bars(
    rows: Sequence[tuple[str, float]], *, width: int = WIDTH, form: str = ".2f", block: str = BLOCK
) -> list[str]:
    """Give a line with label, value and bar for each row; the largest value fills the width.

    Labels are cut at 24 columns; a sign of Chinese takes two of them.

    >>> bars([("border", 0.5), ("guard", 0.25)], width=22)
    ['border  0.50 █████████', 'guard   0.25 ████']
    """
    labels = max((min(LONGEST_LABEL, cell_len(label)) for label, _ in rows), default=0)
    values = [format(value, form) for _, value in rows]
    numbers = max((len(value) for value in values), default=0)
    most = max((value for _, value in rows), default=0.0)
    left = max(1, width - labels - numbers - 3)
    return [
        f"{_fitted(label, labels)}  {text:>{numbers}} {drawn}".rstrip()
        for (label, value), text in zip(rows, values, strict=True)
        for drawn in [bar(value, most, left, block=block)]
    ]


def _fitted(label: str, columns: int) -> str:
    if cell_len(label) > columns:
        return set_cell_size(label, columns - 1) + "…"
    return set_cell_size(label, columns)


def histogram(
    scores: Sequence[float], threshold: float, *, width: int = WIDTH, block: str = BLOCK
) -> list[str]:
    r"""Give how many scores lie in each tenth, the highest first, with the threshold among them.

    The threshold parts the tenth that it lies in: what stands above its line is on-topic. Bars grow
    with the logarithm of the count, for nearly all items of a stream score next to nothing. Rows at
    the upper end that count nothing are left out.

    >>> print("\n".join(histogram([0.05, 0.02, 0.04, 0.55, 0.71], 0.5, width=40)))
    0.70-0.80  1 █████████████
    0.60-0.70  0
    0.50-0.60  1 █████████████
    ---------- threshold 0.50 --------------
    0.40-0.50  0
    0.30-0.40  0
    0.20-0.30  0
    0.10-0.20  0
    0.00-0.10  3 ██████████████████████████
    """
    rows = [_Row(low, high, scores) for low, high in _intervals(threshold)]
    counts = [row.count for row in rows]
    most = max(counts, default=0)
    digits = len(str(most))
    left = max(1, width - 12 - digits - 1)
    line = f"---------- threshold {threshold:.2f} ".ljust(width, "-")
    above = [row for row in rows if row.low >= threshold]
    below = [row for row in rows if row.low < threshold]
    while above and not above[0].count:
        above = above[1:]
    written = [row.line(most, digits, left, block) for row in above]
    return [*written, line, *(row.line(most, digits, left, block) for row in below)]


class _Row:
    """The scores of one interval; the highest interval holds a score of 1 as well."""

    def __init__(self, low: float, high: float, scores: Sequence[float]) -> None:
        self.low = low
        self._high = high
        self.count = sum(low <= score < high or (score >= high >= 1.0) for score in scores)

    def line(self, most: int, digits: int, width: int, block: str) -> str:
        """Write it."""
        length = bar(math.log1p(self.count), math.log1p(most), width, block=block)
        return f"{self.low:.2f}-{self._high:.2f}  {self.count:>{digits}} {length}".rstrip()


def _intervals(threshold: float) -> list[tuple[float, float]]:
    """Give the tenths from the highest down, the one around the threshold in two."""
    edges = {round(number * STEP, 10) for number in range(11)}
    edges |= {threshold} if 0.0 < threshold < 1.0 else set()
    ordered = sorted(edges, reverse=True)
    # An edge that the threshold nearly hits would make a row of two equal numbers.
    kept = [one for one in ordered if one == threshold or abs(one - threshold) >= 0.005]
    kept = [1.0, *(one for one in kept if 0.0 < one < 1.0), 0.0]
    return [(low, high) for high, low in pairwise(kept)]
