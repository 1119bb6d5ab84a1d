"""What made a score and what it lacks, in words and numbers for people. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from monitor.records import TermShare
from monitor.topics.score import SLOPE, Scored

# Terms that a score names; the rest are summed up under one.
MOST_TERMS = 24
# Terms that a sentence names.
MOST_NAMED = 4
# Names or matter below this part of the other are hardly there.
HARDLY = 0.25
# A topic that asks for so many times the usual evidence is said to.
MUCH_LEVEL = 1.2
# Beyond, the number says nothing more.
MOST_TIMES = 10.0


def shares(found: Scored, surfaces: Mapping[str, str]) -> tuple[TermShare, ...]:
    """Give the terms of a score, heaviest first, as the item wrote them; they add up to it."""
    ranked = sorted(found.shares.items(), key=lambda pair: (-pair[1], pair[0]))
    named = [
        TermShare(term=term, surface=surfaces[term], share=share)
        for term, share in ranked[:MOST_TERMS]
    ]
    rest = sum(share for _, share in ranked[MOST_TERMS:])
    if rest:
        named.append(TermShare(term="", surface="others", share=rest))
    return tuple(named)


def times_needed(value: float, threshold: float) -> float:
    """Give how many times its evidence an item would need to reach a threshold; both in (0, 1).

        score = 1 / (1 + (HALF x level / E)^SLOPE)
        E' / E = ((1 / score - 1) / (1 / threshold - 1))^(1 / SLOPE)

    >>> round(times_needed(0.2, 0.5), 2), times_needed(0.5, 0.5)
    (1.52, 1.0)
    """
    return float(((1.0 / value - 1.0) / (1.0 / threshold - 1.0)) ** (1.0 / SLOPE))


def lacks(found: Scored, threshold: float, terms: Sequence[TermShare], foreign: str | None) -> str:
    """Say what keeps a score below a threshold, with numbers; empty if nothing does.

    `terms` are those of the score. `foreign` is the language of an item that no seed is in.
    """
    if found.value >= threshold:
        return ""
    parts = [f"it is in {foreign} and no seed is: only names count"] if foreign else []
    if not terms or found.value <= 0.0:
        parts.append("no name of the seed is in it" if foreign else "no term of the seed is in it")
        return "; ".join(parts)
    parts.insert(0, _needs(found.value, threshold))
    words = ", ".join(term.surface for term in terms[:MOST_NAMED] if term.term)
    parts.append(f"{_kind(found, terms)}: {words}")
    if found.level >= MUCH_LEVEL:
        parts.append(f"the topic asks for {found.level:.1f} times the usual at present")
    return "; ".join(parts)


def _needs(value: float, threshold: float) -> str:
    if threshold >= 1.0:
        return "no item reaches a threshold of 1"
    times = times_needed(value, threshold)
    if times > MOST_TIMES:
        return f"needs more than {MOST_TIMES:.0f} times the evidence it has"
    # Rounded up: "1.0 times" would say that nothing is missing.
    return f"needs {math.ceil(times * 10.0) / 10.0:.1f} times the evidence it has"


def _kind(found: Scored, terms: Sequence[TermShare]) -> str:
    if len(terms) == 1:
        return "a single term of the seed is in it"
    if found.names < HARDLY * found.matter:
        return "hardly any name of the seed is in it, only what happened"
    if found.matter < HARDLY * found.names:
        return "only names of the seed are in it, hardly anything of what happened"
    return "too few terms of the seed are in it, or only its weaker ones"
