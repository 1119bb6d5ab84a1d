"""What a yes or no to an item changes. Pure: made anew from all judgements, so undone by one.

Two bounded steps, both next to what the seed says and never in its place.

The profile moves as Rocchio (1971) has it, but within bounds:

    profile  = (kept + added) / length
    kept(t)  = seed(t) x (1 - CUT x blame(t))
    blame(t) = max(0, n(t) / (n + 1) - (y(t) + core(t)) / (y + 1))
    added(t) = |kept| x ADD x y / (y + ADD_PRIOR) x direction of the yes items

where n items got a no and y a yes, n(t) and y(t) of them hold the term, and core(t) is its weight
by the heaviest of the seed: the seed counts as one more yes for what it is about. So only what
distinguishes is blamed: a term of the core, or one that yes items hold as often, is not.

An item that is closer to one that got a no than to the seed and to each that got a yes is damped:

    weight = weight x (1 - DAMP x n / (n + DAMP_PRIOR) x min(1, (to no - to others) / CLEAR))

That does more than the profile can: false alarms share their terms with the seed, and blaming
those would lose what is on-topic. Nothing is raised for closeness to a yes item: on all sets tried
that brought more false alarms than it found.

Bounds, whatever is said and however often:

- the seed keeps at least 1 / (1 + ADD) = 83 % of the profile's length;
- no term of the seed falls below (1 - CUT) / (1 + ADD) = 41 % of the seed's weight for it;
- damping takes at most DAMP = 30 % of an item's evidence, and the first no takes at most 8 %;
- with no judgements, the profile and the items are the very same objects as before.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from monitor.records import Judgement, SeenItem
from monitor.text.tokens import Token
from monitor.topics.profile import NAME_WEIGHT, Profile, rarities
from monitor.topics.score import ItemTerms, item_terms

# The part of a term's weight that blame can take.
CUT = 0.5
# The length of what yes items add at most, by that of the seed, and the items until half of that.
ADD = 0.2
ADD_PRIOR = 8.0
# Terms that yes items add or strengthen at most.
MOST_ADDED = 60
# The part of its evidence that an item close to a no can lose, and the items until half of that.
DAMP = 0.3
DAMP_PRIOR = 3.0
# How much closer, as a difference of cosines, is clearly closer.
CLEAR = 0.2
# Digits of the weights that are kept of an item: enough, and short to read in an export.
DIGITS = 6
ID_DIGITS = 8

# Term -> which items hold it, with its weight there.
_Index = Mapping[str, Sequence[tuple[int, float]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What all judgements on a topic amount to."""

    # As moved by them; of length 1.
    profile: Profile
    # As the seed alone has it.
    seed: Profile
    # The items that got a yes and those that got a no, by their terms.
    yes: _Index
    no: _Index
    # How many got a no.
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """How one term's weight changes."""

    term: str
    before: float
    after: float


def make_judgement(
    topic: str,
    seen: SeenItem,
    found: Sequence[Token],
    lang: str,
    *,
    is_on_topic: bool,
    at: datetime,
) -> Judgement:
    """Write down what was said of an item, with its terms as its tokens now have them."""
    item, rarity = item_terms(found), rarities(found)
    weights = {term: round(weight, DIGITS) for term, weight in item_weights(item).items()}
    said = f"{topic}\n{seen.id}\n{is_on_topic}\n{at.isoformat()}"
    return Judgement(
        id=hashlib.sha256(said.encode()).hexdigest()[:ID_DIGITS],
        topic=topic,
        item_id=seen.id,
        is_on_topic=is_on_topic,
        lang=lang,
        title=seen.item.title,
        given_at=at,
        names={term: weight for term, weight in weights.items() if term in item.names},
        matter={term: weight for term, weight in weights.items() if term not in item.names},
        rarity={term: round(rarity[term], DIGITS) for term in weights},
    )


def item_weights(item: ItemTerms) -> dict[str, float]:
    """Give an item's terms as a profile weighs them, names more; length 1."""
    weights = {
        term: weight * (NAME_WEIGHT if term in item.names else 1.0)
        for term, weight in item.weights.items()
    }
    length = _length(weights.values())
    return {term: weight / length for term, weight in weights.items()}


def standing(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Give the judgements that count, oldest first: of several on one item the last."""
    in_order = sorted(judgements, key=lambda one: (one.given_at, one.id))
    return list({(one.topic, one.item_id): one for one in in_order}.values())


def hear(seed: Profile, judgements: Iterable[Judgement]) -> Heard:
    """Take in all judgements on a topic, in whatever order; a profile and what lies close to it."""
    counted = standing(judgements)
    yes = [one for one in counted if one.is_on_topic]
    no = [one for one in counted if not one.is_on_topic]
    return Heard(
        profile=adjust(seed, counted), seed=seed, yes=_index(yes), no=_index(no), refused=len(no)
    )


# -- the profile


def adjust(seed: Profile, judgements: Iterable[Judgement]) -> Profile:
    """Move a profile by judgements, within the bounds above; its length stays 1.

    >>> seed = Profile(names={"minsk": 0.8}, matter={"wall": 0.6}, rarity={"minsk": 3, "wall": 2})
    >>> adjust(seed, []) is seed
    True
    """
    counted = standing(judgements)
    if not counted or not seed.rarity:
        return seed
    yes = [one for one in counted if one.is_on_topic]
    votes = _Votes.of(seed, yes, [one for one in counted if not one.is_on_topic])
    kept = {term: 1.0 - CUT * votes.blame(term) for term in seed.rarity}
    names = {term: weight * kept[term] for term, weight in seed.names.items()}
    matter = {term: weight * kept[term] for term, weight in seed.matter.items()}
    more_names, more_matter = _added(yes, votes)
    length = _length(_sum(more_names, more_matter).values())
    # What yes items bring has a length of its own, whatever they are like.
    scale = ADD * len(yes) / (len(yes) + ADD_PRIOR)
    scale *= _length(_sum(names, matter).values()) / length
    names = _sum(names, {term: weight * scale for term, weight in more_names.items()})
    matter = _sum(matter, {term: weight * scale for term, weight in more_matter.items()})
    whole = _sum(names, matter)
    length = _length(whole.values())
    rare = _rarity(seed, yes)
    return Profile(
        names={term: weight / length for term, weight in names.items()},
        matter={term: weight / length for term, weight in matter.items()},
        rarity={term: rare[term] for term in (*seed.rarity, *sorted(whole.keys() - seed.rarity))},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Votes:
    """How many items with each term got a yes and a no."""

    yes: Mapping[str, int]
    no: Mapping[str, int]
    # How many items got each, whatever their terms.
    accepted: int
    refused: int
    # Term -> its weight by the heaviest of the seed.
    core: Mapping[str, float]

    @classmethod
    def of(cls, seed: Profile, yes: Sequence[Judgement], no: Sequence[Judgement]) -> _Votes:
        """Count them."""
        top = max(seed.weight(term) for term in seed.rarity) or 1.0
        return cls(
            yes=Counter(term for one in yes for term in one.rarity),
            no=Counter(term for one in no for term in one.rarity),
            accepted=len(yes),
            refused=len(no),
            core={term: seed.weight(term) / top for term in seed.rarity},
        )

    def share_of_no(self, term: str) -> float:
        """Give in which share of the items that got a no a term is, 0 to below 1."""
        return self.no.get(term, 0) / (self.refused + 1)

    def share_of_yes(self, term: str) -> float:
        """Give in which share of the items that got a yes it is; the seed is one of them."""
        return (self.yes.get(term, 0) + self.core.get(term, 0.0)) / (self.accepted + 1)

    def blame(self, term: str) -> float:
        """Give how much a term distinguishes what got a no, 0 to below 1."""
        return max(0.0, self.share_of_no(term) - self.share_of_yes(term))

    def credit(self, term: str) -> float:
        """Give how much a term of a yes item is free of those that got a no, 0 to 1."""
        return max(0.0, 1.0 - self.share_of_no(term) / self.share_of_yes(term))


def _added(yes: Sequence[Judgement], votes: _Votes) -> tuple[dict[str, float], dict[str, float]]:
    """Give what yes items share, as names and as matter, without what is in no items as well."""
    kinds = []
    for weights in ([one.names for one in yes], [one.matter for one in yes]):
        terms = sorted({term for one in weights for term in one})
        total = {term: math.fsum(one.get(term, 0.0) for one in weights) for term in terms}
        kinds.append({term: weight * votes.credit(term) for term, weight in total.items()})
    whole = _sum(*kinds)
    heaviest = sorted(whole, key=lambda term: (-whole[term], term))[:MOST_ADDED]
    chosen = {term for term in heaviest if whole[term] > 0.0}
    names, matter = (
        {term: weight for term, weight in kind.items() if term in chosen} for kind in kinds
    )
    return names, matter


def _rarity(seed: Profile, yes: Sequence[Judgement]) -> dict[str, float]:
    """Give how rare each term is; of several spellings the commonest counts, the seed's first."""
    rarity: dict[str, float] = {}
    for one in yes:
        for term, rare in one.rarity.items():
            rarity[term] = min(rare, rarity.get(term, rare))
    return rarity | dict(seed.rarity)


def moves(before: Profile, after: Profile, most: int) -> list[Move]:
    """Give the terms whose weights change most, the largest change first."""
    terms = {*before.rarity, *after.rarity}
    found = [
        Move(term=term, before=before.weight(term), after=after.weight(term)) for term in terms
    ]
    changed = [move for move in found if abs(move.after - move.before) >= 0.5 * 10.0**-DIGITS]
    return sorted(changed, key=lambda move: (-abs(move.after - move.before), move.term))[:most]


# -- the items


def lean(item: ItemTerms, heard: Heard) -> ItemTerms:
    """Damp an item that is clearly closer to one that got a no than to all that speaks for it."""
    if not heard.no:
        return item
    weights = item_weights(item)
    to_no = _nearest(weights, heard.no)
    to_seed = math.fsum(weight * heard.seed.weight(term) for term, weight in weights.items())
    doubt = (to_no - max(to_seed, _nearest(weights, heard.yes))) / CLEAR
    if doubt <= 0.0:
        return item
    most = DAMP * heard.refused / (heard.refused + DAMP_PRIOR)
    factor = 1.0 - most * min(1.0, doubt)
    damped = {term: weight * factor for term, weight in item.weights.items()}
    return replace(item, weights=damped)


def _index(judged: Sequence[Judgement]) -> _Index:
    index: dict[str, list[tuple[int, float]]] = {}
    for number, one in enumerate(judged):
        for term, weight in _sum(one.names, one.matter).items():
            index.setdefault(term, []).append((number, weight))
    return index


def _nearest(weights: Mapping[str, float], index: _Index) -> float:
    """Give the cosine with the nearest of some items, 0 if no term is shared."""
    near: dict[int, float] = {}
    for term, weight in weights.items():
        for number, other in index.get(term, ()):
            near[number] = near.get(number, 0.0) + weight * other
    return max(near.values(), default=0.0)


def _sum(one: Mapping[str, float], other: Mapping[str, float]) -> dict[str, float]:
    return {term: one.get(term, 0.0) + other.get(term, 0.0) for term in {**one, **other}}


def _length(weights: Iterable[float]) -> float:
    """Give the length of some weights; 1 for none, to divide by."""
    return math.sqrt(math.fsum(weight * weight for weight in weights)) or 1.0
