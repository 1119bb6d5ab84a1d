"""Whether a topic's story has moved away from its seeds. Pure; it changes nothing.

A topic learns a little from what is sure, and never more than a third of itself. A story that
lasts will at some time be told in words that no seed has: then a second seed serves better than
what was learned. Told from the items and not from their scores, to which new words add little:

    moved = weight of the recurrent terms that no seed has / weight of all recurrent terms

over the on-topic items of the last month. A term is recurrent that a fifth of them have: what one
item alone has is its own matter and no turn of the story.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

# Items from which a share says something.
LEAST_ITEMS = 5
# The part of the items, and how many at least, that have a recurrent term.
RECURRENT = 0.2
LEAST_RECURRENT = 2
# The share of new terms from which a story has moved (measured: docs/design.md, "Drift").
MOVED = 0.4
# Terms and items that are named.
MOST_TERMS = 8
MOST_CARRIERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An on-topic item with its terms, as a profile weighs them."""

    # Of the item.
    id: str
    weights: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a story has moved from its seeds."""

    # On-topic items that it was told from.
    items: int
    # The share of new terms, 0 to 1.
    moved: float
    # The heaviest of them with the share of each.
    terms: tuple[tuple[str, float], ...]
    # The items that carry most of it: what a second seed could be made of.
    carriers: tuple[str, ...]

    @property
    def has_moved(self) -> bool:
        """Whether a second seed is worth a thought."""
        return self.items >= LEAST_ITEMS and self.moved >= MOVED


def drift(matches: Sequence[Match], of_seeds: Collection[str]) -> Drift:
    """Tell how far a story has moved, from its latest on-topic items and the terms of its seeds.

    >>> early = [Match(id="a", weights={"minsk": 0.8, "wall": 0.6}),
    ...          Match(id="b", weights={"minsk": 0.8, "goat": 0.6})]
    >>> late = [Match(id="c", weights={"minsk": 0.6, "airline": 0.8}),
    ...         Match(id="d", weights={"minsk": 0.6, "airline": 0.6, "visa": 0.4})]
    >>> drift(early, {"minsk", "wall"}).moved
    0.0
    >>> found = drift(late, {"minsk", "wall"})
    >>> round(found.moved, 2), [term for term, _ in found.terms], found.carriers
    (0.54, ['airline'], ('c', 'd'))
    """
    held = Counter(term for match in matches for term in match.weights)
    least = max(LEAST_RECURRENT, RECURRENT * len(matches))
    mass: dict[str, float] = defaultdict(float)
    for match in matches:
        for term, weight in match.weights.items():
            if held[term] >= least:
                mass[term] += weight
    total = sum(mass.values()) or 1.0
    new = {term: weight / total for term, weight in mass.items() if term not in of_seeds}
    carried = {
        match.id: sum(weight for term, weight in match.weights.items() if term in new)
        for match in matches
    }
    ranked = sorted(carried, key=lambda one: (-carried[one], one))[:MOST_CARRIERS]
    heaviest = sorted(new, key=lambda term: (-new[term], term))[:MOST_TERMS]
    return Drift(
        items=len(matches),
        moved=math.fsum(new.values()),
        terms=tuple((term, new[term]) for term in heaviest),
        carriers=tuple(one for one in ranked if carried[one]),
    )
