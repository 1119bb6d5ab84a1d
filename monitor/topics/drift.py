"""Whether a topic's story has moved away from its seeds. Pure; it changes nothing.

A topic learns a little from what is sure, and never more than a third of itself. A story that
lasts will at some time be told in words that no seed has: then the share of the scores that these
words earn is large, and a second seed would serve better than what was learned.

    moved = sum of the shares of terms that no seed has / sum of all shares

over the on-topic items of the last month. What is counted was stored with each score.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from monitor.records import TermShare

# Items from which a share says something.
LEAST_ITEMS = 5
# The share of new terms from which a story has moved (measured: docs/design.md, "Drift").
MOVED = 0.25
# Terms and items that are named.
MOST_TERMS = 8
MOST_ITEMS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An on-topic item with the terms of its score."""

    # Of the item.
    id: str
    terms: tuple[TermShare, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far a story has moved from its seeds."""

    # On-topic items that it was told from.
    items: int
    # The part of their scores that terms earn which no seed has, 0 to 1.
    moved: float
    # The heaviest of these terms, as items write them, with the part of the scores that each earns.
    terms: tuple[tuple[str, float], ...]
    # The items that carry most of it: what a second seed could be made of.
    carriers: tuple[str, ...]

    @property
    def has_moved(self) -> bool:
        """Whether a second seed is worth a thought."""
        return self.items >= LEAST_ITEMS and self.moved >= MOVED


def drift(matches: Sequence[Match], of_seeds: Collection[str]) -> Drift:
    """Tell how far a story has moved, from its latest on-topic items and the terms of its seeds.

    >>> def match(id_, **shares):
    ...     terms = [TermShare(term=t, surface=t.title(), share=s) for t, s in shares.items()]
    ...     return Match(id=id_, terms=tuple(terms))
    >>> early = [match("a", minsk=0.5, wall=0.3), match("b", minsk=0.6)]
    >>> late = [match("c", minsk=0.3, airline=0.4), match("d", minsk=0.2, airline=0.2, visa=0.1)]
    >>> drift(early, {"minsk", "wall"}).moved
    0.0
    >>> found = drift(late, {"minsk", "wall"})
    >>> round(found.moved, 2), [term for term, _ in found.terms], found.carriers, found.has_moved
    (0.58, ['Airline', 'Visa'], ('c', 'd'), False)
    """
    total = 0.0
    new: dict[str, float] = defaultdict(float)
    surfaces: dict[str, str] = {}
    carried: dict[str, float] = {}
    for match in matches:
        total += sum(term.share for term in match.terms)
        # `others`, what a score sums up, has no term: whose it is cannot be told.
        fresh = [term for term in match.terms if term.term and term.term not in of_seeds]
        for term in fresh:
            new[term.term] += term.share
            surfaces.setdefault(term.term, term.surface)
        if fresh:
            carried[match.id] = sum(term.share for term in fresh)
    heaviest = sorted(new, key=lambda term: (-new[term], term))[:MOST_TERMS]
    carriers = sorted(carried, key=lambda one: (-carried[one], one))[:MOST_ITEMS]
    return Drift(
        items=len(matches),
        moved=sum(new.values()) / total if total else 0.0,
        terms=tuple((surfaces[term], new[term] / total) for term in heaviest),
        carriers=tuple(carriers),
    )
