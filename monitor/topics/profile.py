"""What a topic's seeds are about: terms and their weights. Pure.

A profile is TF-IDF with the rarity of terms taken from outside the seed. From the seed alone there
is no rarity to be had: every term of it occurs in every document there is, namely the one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monitor.text.tokens import Token

# Who and where outweigh what: a story keeps its names while its verbs change.
NAME_WEIGHT = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Term -> weight, as names and as matter; the sums of both over the terms have length 1."""

    names: Mapping[str, float]
    matter: Mapping[str, float]
    # Term -> how rare it is at large, 0 to 5.5.
    rarity: Mapping[str, float]

    def weight(self, term: str) -> float:
        """Give a term's whole weight, as name and as matter; 0 for a term it has not."""
        return self.names.get(term, 0.0) + self.matter.get(term, 0.0)

    def strongest(self, most: int) -> list[str]:
        """Give the heaviest terms, heaviest first."""
        return sorted(self.rarity, key=lambda term: (-self.weight(term), term))[:most]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What is weighed for one profile."""

    # The terms of each seed, in its order.
    texts: Sequence[Sequence[str]]
    # Of each of them, above 0.
    rarity: Mapping[str, float]


# Gives the weight of each term, for each profile.
Weigh = Callable[[Sequence[Counted]], Sequence[Mapping[str, float]]]


def weigh_here(counted: Sequence[Counted]) -> list[dict[str, float]]:
    """Weigh in this process, which then has scikit-learn loaded."""
    from monitor.topics.weigh import weigh  # noqa: PLC0415 - a long life must not carry it

    return [weigh(one.texts, one.rarity) for one in counted]


def make_profile(seeds: Sequence[Sequence[Token]]) -> Profile:
    """Make the profile of some seeds' tokens: weight = tf^0.7 x rarity, names x 1.5, length 1.

    A term that is written as a name in a part of its places is a name to that part.

    >>> from monitor.text.tokens import tokens
    >>> made = make_profile([tokens("The border of Belarus: a border closed to Belarus", "en")])
    >>> made.strongest(2), sorted(made.names)
    (['belarus', 'border'], ['belarus'])
    """
    (made,) = make_profiles([seeds])
    return made


def make_profiles(
    topics: Sequence[Sequence[Sequence[Token]]], weigh: Weigh = weigh_here
) -> list[Profile]:
    """Make the profile of each topic's seeds, weighed all at once."""
    counted = [_counted(seeds) for seeds in topics]
    weights = weigh(counted)
    return [
        _profile(seeds, one.rarity, found)
        for seeds, one, found in zip(topics, counted, weights, strict=True)
    ]


def _counted(seeds: Sequence[Sequence[Token]]) -> Counted:
    rarity = rarities(token for seed in seeds for token in seed)
    texts = [[token.key for token in seed if token.key in rarity] for seed in seeds]
    return Counted(texts=texts, rarity=rarity)


def _profile(
    seeds: Sequence[Sequence[Token]], rarity: Mapping[str, float], weighed: Mapping[str, float]
) -> Profile:
    """Share each weight between name and matter, and bring all of them to length 1."""
    terms, weights = list(weighed), np.array(list(weighed.values()))
    shares = name_shares(token for seed in seeds for token in seed)
    named = np.array([shares.get(term, 0.5) for term in terms])
    names, matter = NAME_WEIGHT * weights * named, weights * (1.0 - named)
    length = float(np.linalg.norm(names + matter)) or 1.0
    return Profile(
        names=_weights(terms, names / length),
        matter=_weights(terms, matter / length),
        rarity=rarity,
    )


def _weights(terms: Sequence[str], weights: Iterable[float]) -> dict[str, float]:
    return {
        term: float(weight) for term, weight in zip(terms, weights, strict=True) if weight > 0.0
    }


def rarities(found: Iterable[Token]) -> dict[str, float]:
    """Give the rarity of each term; of several spellings the commonest counts.

    Words as common as `the` are no terms: their rarity is 0.
    """
    rarity: dict[str, float] = {}
    for token in found:
        if token.rarity > 0.0:
            rarity[token.key] = min(token.rarity, rarity.get(token.key, token.rarity))
    return rarity


def name_shares(found: Iterable[Token]) -> dict[str, float]:
    """Give in which part of its telling places each term is written as a name, 0 to 1."""
    told: dict[str, list[bool]] = {}
    for token in found:
        if token.name is not None:
            told.setdefault(token.key, []).append(token.name)
    return {term: sum(times) / len(times) for term, times in told.items()}
