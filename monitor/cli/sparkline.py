"""Small pictures in text: bars, a histogram, a line of counts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

_HEIGHTS = "▁▂▃▄▅▆▇█"
BAR = "█"
# Bins of a histogram of scores.
BINS = 10
LABEL = 20


def sparkline(counts: Sequence[int]) -> str:
    """Draw counts as one line; none is a dot, so that nothing and little differ.

    >>> sparkline([0, 1, 4, 8])
    '·▁▄█'
    """
    most = max(counts, default=0)
    return "".join(
        "·" if not count else _HEIGHTS[max(0, -(-count * len(_HEIGHTS) // most) - 1)]
        for count in counts
    )


def bars(rows: Sequence[tuple[str, float]], width: int) -> list[str]:
    """Draw a bar for each row, the largest filling the width; its number stands behind it.

    >>> bars([("Belarus", 0.5), ("border", 0.25)], 38)
    ['Belarus              ██████████ 0.50', 'border               █████      0.25']
    """
    room = max(4, width - LABEL - 8)
    most = max((value for _, value in rows), default=0.0) or 1.0
    return [
        f"{label[:LABEL]:{LABEL}} {BAR * max(1, round(room * value / most)):{room}} {value:.2f}"
        for label, value in rows
    ]


def histogram(scores: Sequence[float], threshold: float, width: int) -> list[str]:
    """Draw how many scores lie in each tenth, with the threshold as a line between them.

    The bins are as wide as a tenth but for the one that the threshold cuts in two, so that what is
    above the line is on-topic and nothing else.

    >>> histogram([0.11, 0.12, 0.55, 0.57, 0.97], 0.56, 20)[4:8]
    ['0.40             0', '0.50 ████        1', '0.56 ----- threshold', '0.56 ████        1']
    """
    edges = sorted({*(number / BINS for number in range(BINS)), min(1.0, max(0.0, threshold))})
    counts = [0] * len(edges)
    for score in scores:
        place = max(number for number, edge in enumerate(edges) if edge <= score or number == 0)
        counts[place] += 1
    room = max(4, min(width - 13, 60))
    most = max(counts, default=0) or 1
    drawn = []
    for edge, count in zip(edges, counts, strict=True):
        if edge == threshold:
            drawn.append(f"{edge:.2f} ----- threshold")
        size = -(-room * count // most)
        drawn.append(f"{edge:.2f} {BAR * size:{room}} {count:>5}")
    return drawn
