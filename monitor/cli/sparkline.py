"""Counts as one line of text. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

HEIGHTS = "▁▂▃▄▅▆▇█"


def sparkline(counts: Sequence[int], most: int | None = None) -> str:
    """Draw counts as one line, `most` being the highest; none is a dot, unlike little.

    >>> sparkline([0, 1, 4, 8]), sparkline([0, 1, 4], most=8)
    ('·▁▄█', '·▁▄')
    """
    highest = max(counts, default=0) if most is None else most
    return "".join(
        HEIGHTS[math.ceil(one * len(HEIGHTS) / highest) - 1] if one else "·" for one in counts
    )
