"""How close an item comes to a topic. Pure: scoring changes nothing, learning is a call of its own.

Evidence is the cosine of the item's rare words with the profile, names and matter apart:

    E = (1 - BOTH) (n + m) + 2 BOTH sqrt(n m)

where n and m are the parts of the cosine that names and matter make. Six tenths of what there is
can only be earned by both together: the false alarms that remain share people and places with the
seed, but not what happened.

The score is a logistic function of log evidence over the topic's own level, so that one threshold
means the same for every topic:

    score = 1 / (1 + (HALF x level / E)^SLOPE)

The level rises for a topic that many items come a little close to, and while its story is silent
for longer than its own pace would have it; it falls back as on-topic items come. All that is
learned are counters; they start from a prior, so that the first item of the first day has a sane
score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from monitor.text.tokens import Token
from monitor.topics.profile import NAME_WEIGHT, Profile, name_shares, rarities

# The share of the evidence that only names and matter together can earn.
BOTH = 0.6
# The least length that an item is divided by: about that of a headline of six rare words. Without
# it one name in a headline of four words would be evidence enough ("Poland wins the cup").
LEAST_LENGTH = 8.0
# Words in a usual item: turns a word's frequency into the share of items that hold it.
ITEM_WORDS = 26.0
# -log10 of the share of items (a quarter) at which a word tells nothing.
COMMON = 0.6
# Off-topic items that weigh as much as the prior: about a day of many feeds, a month of few.
OFF_PRIOR = 1000.0
# The length of the learned part of a profile at most; the seed's is 1 and keeps two thirds.
ADAPT_SHARE = 0.5
# Sure items until half of that is used.
ADAPT_PRIOR = 2.0
# Evidence, over what the threshold asks for, of an item that is learned from: as a whole, and by
# what the seed alone makes of it, so that what was learned can never vouch for more of its kind.
SURE = 1.6
# Terms that are learned at most; beyond, the lighter half is let go.
MOST_LEARNED = 1000
# Evidence between nothing and certain: a topic that often meets it has a busy neighbourhood.
GREY = (0.04, 0.25)
# The share of a stream that usually has such evidence, and the items that it counts for at first.
GREY_USUAL = 0.05
GREY_PRIOR = 200.0
# How far a topic's own share moves its level: ten times the usual asks for twice the evidence, a
# tenth of it for a fifth less. A wide stream has few neighbours of any topic, which says little of
# those that it has.
BUSY_POWER = 0.3
CALM_POWER = 0.1
# A story's silence is evidence against it, by its own pace: the level rises by
# COOLING ln(1 + silence / gap), the gap being the usual time between two of its items.
COOLING = 0.25
# What a gap is taken for before there are any, and the gaps that this counts for.
GAP_USUAL_DAYS = 30.0
GAP_PRIOR = 5.0
# An on-topic item ends so much of the silence: a single false alarm does not wake what is over.
WAKING = 0.7
# The evidence that makes a score of one half, and the slope of the logistic.
HALF = 0.0825
SLOPE = 3.3
# A score is on-topic from here on.
DEFAULT_THRESHOLD = 0.5

DAY_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTerms:
    """One item as scoring sees it."""

    # Term -> rarity; of length 1 together, less for very short items.
    weights: Mapping[str, float]
    # Those of them that are written as names.
    names: frozenset[str]
    # Term -> the word as the item wrote it.
    surfaces: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class State:
    """What a topic has learned from the stream: counters that grow, and the time of its last."""

    # Items that were not on-topic, and in how many of them each term of the profile was.
    off: float = 0.0
    off_terms: dict[str, float] = field(default_factory=dict)
    # Items with grey evidence.
    grey: float = 0.0
    # Items that were on-topic, and in how many of them each term was.
    on: float = 0.0
    on_terms: dict[str, float] = field(default_factory=dict)
    # When tracking began, seconds since 1970, and the on-topic items since; None before an item.
    began_at: float | None = None
    came: float = 0.0
    # Since when the story is silent: near its last on-topic item, at first the beginning.
    last_at: float | None = None
    # Items that were sure, and the sum of their terms' weights, as names and as matter.
    sure: float = 0.0
    sure_names: dict[str, float] = field(default_factory=dict)
    sure_matter: dict[str, float] = field(default_factory=dict)
    # The squared length of that sum, and its product with the seed's profile.
    sure_square: float = 0.0
    sure_dot: float = 0.0

    def begin(self, at: datetime) -> None:
        """Begin tracking: what came before says nothing of the story's pace."""
        self.began_at = self.last_at = at.timestamp()
        self.came = 0.0

    def to_json(self) -> dict[str, Any]:
        """Give it as JSON has it; what it says after a round trip is the same to the last bit."""
        return {one.name: copy(getattr(self, one.name)) for one in fields(self)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> State:
        """Read what `to_json` gave."""
        return cls(**{name: copy(value) for name, value in stored.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A score with what made it."""

    # In [0, 1].
    value: float
    # Term -> its share; they add up to `value`.
    shares: Mapping[str, float]
    # What names and what matter gave, before the two are joined.
    names: float
    matter: float
    # Evidence before it is set against the topic's level, and the seed's own part of it, without
    # what was learned.
    evidence: float
    seed_evidence: float
    # How much evidence the topic asked for; 1 is usual.
    level: float


def nothing(level: float) -> Scored:
    """Give the score of an item that has no term of the topic."""
    return Scored(
        value=0.0, shares={}, names=0.0, matter=0.0, evidence=0.0, seed_evidence=0.0, level=level
    )


def item_terms(found: Sequence[Token]) -> ItemTerms:
    """Give an item's terms: rare words weigh more, repeated ones do not, length at most 1."""
    rarity = rarities(found)
    length = math.sqrt(math.fsum(value * value for value in rarity.values()))
    length = max(length, LEAST_LENGTH)
    shares = name_shares(found)
    surfaces: dict[str, str] = {}
    for token in found:
        surfaces.setdefault(token.key, token.surface)
    return ItemTerms(
        weights={term: value / length for term, value in rarity.items()},
        names=frozenset(term for term in rarity if shares.get(term, 0.0) >= 0.5),
        surfaces=surfaces,
    )


def score(item: ItemTerms, profile: Profile, state: State, at: datetime) -> Scored:
    """Score an item; see the formulas above.

    Each term's share is its part of the evidence, scaled so that they add up to the score.
    """
    learned = _learned_factor(state)
    parts: dict[str, float] = {}
    seed_names = seed_matter = more_names = more_matter = 0.0
    for term, weight in item.weights.items():
        names = matter = 0.0
        if term in profile.rarity:
            left = weight * _rarity_left(term, profile.rarity[term], state)
            names, matter = (
                profile.names.get(term, 0.0) * left,
                profile.matter.get(term, 0.0) * left,
            )
            seed_names += names
            seed_matter += matter
        if learned:
            also_names = learned * state.sure_names.get(term, 0.0) * weight
            also_matter = learned * state.sure_matter.get(term, 0.0) * weight
            more_names += also_names
            more_matter += also_matter
            names, matter = names + also_names, matter + also_matter
        if names + matter > 0.0:
            parts[term] = names + matter
    level = _level(state, at)
    if not parts:
        return nothing(level)
    length = _profile_length(state, learned)
    names, matter = (seed_names + more_names) / length, (seed_matter + more_matter) / length
    evidence = _joined(names, matter)
    value = logistic(evidence / level)
    whole = math.fsum(parts.values())
    return Scored(
        value=value,
        shares={term: value * part / whole for term, part in parts.items()},
        names=names,
        matter=matter,
        evidence=evidence,
        seed_evidence=_joined(seed_names, seed_matter),
        level=level,
    )


def logistic(evidence: float) -> float:
    """Turn evidence over the level into a score: 1 / (1 + (HALF / E)^SLOPE).

    >>> logistic(HALF), logistic(0.0), round(logistic(2 * HALF), 2)
    (0.5, 0.0, 0.91)
    """
    return 1.0 / (1.0 + (HALF / evidence) ** SLOPE) if evidence > 0.0 else 0.0


def learn(item: ItemTerms, scored: Scored, profile: Profile, state: State, at: datetime) -> None:
    """Take one scored item into the state.

    Whether it is on-topic is decided by the shipped threshold, not by the user's: what the topic is
    must not depend on how much of it somebody wants to hear.
    """
    if state.last_at is None:
        state.begin(at)
    state.grey += GREY[0] <= scored.evidence < GREY[1]
    if scored.value < DEFAULT_THRESHOLD:
        state.off += 1.0
        for term in item.weights:
            if term in profile.rarity:
                state.off_terms[term] = state.off_terms.get(term, 0.0) + 1.0
        return
    state.on += 1.0
    for term in item.weights:
        state.on_terms[term] = state.on_terms.get(term, 0.0) + 1.0
    _let_go(state.on_terms)
    _wake(state, at)
    if min(scored.seed_evidence, scored.evidence) >= SURE * HALF * scored.level:
        _adapt(item, profile, state)


def _wake(state: State, at: datetime) -> None:
    """Count an on-topic item, and end the larger part of the silence before it."""
    assert state.last_at is not None
    state.came += 1.0
    state.last_at += WAKING * max(0.0, at.timestamp() - state.last_at)


def _let_go(counts: dict[str, float]) -> None:
    """Keep a table of counts within bounds: the lighter half goes."""
    if len(counts) > MOST_LEARNED:
        ranked = sorted(counts, key=lambda term: (-counts[term], term))
        for term in ranked[MOST_LEARNED // 2 :]:
            del counts[term]


def _adapt(item: ItemTerms, profile: Profile, state: State) -> None:
    """Add a sure item's terms, at length 1, to what was learned."""
    weights = {
        term: weight * (NAME_WEIGHT if term in item.names else 1.0)
        for term, weight in item.weights.items()
    }
    length = math.sqrt(math.fsum(weight * weight for weight in weights.values()))
    for term, weight in weights.items():
        part = weight / length
        known = state.sure_names.get(term, 0.0) + state.sure_matter.get(term, 0.0)
        state.sure_square += part * part + 2.0 * part * known
        state.sure_dot += part * profile.weight(term)
        kind = state.sure_names if term in item.names else state.sure_matter
        kind[term] = kind.get(term, 0.0) + part
    state.sure += 1.0
    if len(state.sure_names) + len(state.sure_matter) > MOST_LEARNED:
        _forget_lightest(profile, state)


def _forget_lightest(profile: Profile, state: State) -> None:
    """Let the lighter half of the learned terms go, and count the sums anew."""
    both = {*state.sure_names, *state.sure_matter}
    total = {
        term: state.sure_names.get(term, 0.0) + state.sure_matter.get(term, 0.0) for term in both
    }
    kept = sorted(total, key=lambda term: (-total[term], term))[: MOST_LEARNED // 2]
    for weights in (state.sure_names, state.sure_matter):
        for term in weights.keys() - set(kept):
            del weights[term]
    state.sure_square = math.fsum(total[term] ** 2 for term in kept)
    state.sure_dot = math.fsum(total[term] * profile.weight(term) for term in kept)


def _joined(names: float, matter: float) -> float:
    return (1.0 - BOTH) * (names + matter) + 2.0 * BOTH * math.sqrt(names * matter)


def _rarity_left(term: str, rarity: float, state: State) -> float:
    """Give what off-topic items of these very feeds leave of a term's rarity, 0 to 1.

    The share of off-topic items that hold the term, p, starts at what its frequency at large
    predicts, p0, and moves to what is counted: left = (-log10 p - 0.6) / (-log10 p0 - 0.6).
    """
    seen = state.off_terms.get(term, 0.0)
    expected = min(0.9, 10.0 ** (-2.0 - rarity) * ITEM_WORDS)
    share = (seen + OFF_PRIOR * expected) / (state.off + OFF_PRIOR)
    left = (-math.log10(share) - COMMON) / max(0.1, -math.log10(expected) - COMMON)
    return min(1.0, max(0.0, left))


def _learned_share(state: State) -> float:
    return ADAPT_SHARE * state.sure / (state.sure + ADAPT_PRIOR)


def _learned_factor(state: State) -> float:
    """Give what a learned weight counts for: the learned part as a whole has a bounded length."""
    if not state.sure:
        return 0.0
    return _learned_share(state) / math.sqrt(state.sure_square)


def _profile_length(state: State, learned: float) -> float:
    """Give the length of seed and learned part together."""
    share = _learned_share(state)
    return math.sqrt(1.0 + share * share + 2.0 * learned * state.sure_dot)


def _level(state: State, at: datetime) -> float:
    """Give how much evidence this topic asks for, around 1."""
    grey = (state.grey + GREY_PRIOR * GREY_USUAL) / (state.off + GREY_PRIOR) / GREY_USUAL
    busy = grey ** (BUSY_POWER if grey > 1.0 else CALM_POWER)
    return float(busy * _cooled(state, at))


def _cooled(state: State, at: datetime) -> float:
    """Give what a story's silence asks for: 1 + COOLING ln(1 + silence / gap), from 1 upwards.

    The gap is the mean time between its items so far, with a prior:
    (GAP_PRIOR x 30 days + time from the beginning to the last item) / (GAP_PRIOR + items).

    >>> from datetime import UTC, timedelta
    >>> began = datetime(2021, 11, 8, tzinfo=UTC)
    >>> state = State(began_at=began.timestamp(), came=30, last_at=began.timestamp() + 20 * 86_400)
    >>> [round(_cooled(state, began + timedelta(days=days)), 2) for days in (20, 27, 80)]
    [1.0, 1.22, 1.65]
    """
    if state.last_at is None or state.began_at is None:
        return 1.0
    silence = max(0.0, at.timestamp() - state.last_at)
    lasted = max(0.0, state.last_at - state.began_at)
    gap = (GAP_PRIOR * GAP_USUAL_DAYS * DAY_SECONDS + lasted) / (GAP_PRIOR + state.came)
    return 1.0 + COOLING * math.log1p(silence / gap)
