"""What speaks against a seed before anything is polled: rules, each with a reason and a cure. Pure.

The thresholds were measured on labelled sets; `bench/seeds.py` prints them anew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from monitor.text.tokens import Token, tokens
from monitor.topics.profile import Profile, make_profile

# Terms that tell something; below, the seed tracks worse than a longer one of the same story.
FEW_TERMS = 40
# Names that carry a topic must be repeated or many: the part of a profile's weight that is names.
FEW_NAMES = 0.15
# Cosine of the two halves of a text, cut where they differ most: two stories have less.
TWO_STORIES = 0.10
# Each part must be long enough to be a story.
LEAST_PART_TERMS = 40
# Cosine of the profiles of two topics: of one story they have more.
MUCH_ALIKE = 0.35


class Weakness(StrEnum):
    """What a seed may suffer from."""

    SHORT = "too short"
    GENERAL = "too general"
    TWO_STORIES = "two stories in one"
    ALIKE = "much like another topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that speaks against a seed."""

    weakness: Weakness
    # What was measured, in a sentence.
    reason: str
    # What a person can do about it.
    cure: str


def seed_findings(
    paragraphs: Sequence[str], lang: str, others: Mapping[str, Profile]
) -> tuple[Finding, ...]:
    """Say what speaks against a seed; `others` are profiles of other topics in its language."""
    parts = [tokens(paragraph, lang) for paragraph in paragraphs]
    profile = make_profile([[token for part in parts for token in part]])
    found = [_short(profile), _general(profile), _two_stories(parts)]
    found += [_alike(profile, name, other) for name, other in others.items()]
    return tuple(one for one in found if one is not None)


def _short(profile: Profile) -> Finding | None:
    count = len(profile.rarity)
    if count >= FEW_TERMS:
        return None
    return Finding(
        weakness=Weakness.SHORT,
        reason=f"it has {count} terms that tell something; {FEW_TERMS} are needed to be sure of",
        cure="paste the whole article, or add a second one on the same story (--topic)",
    )


def _general(profile: Profile) -> Finding | None:
    part = name_part(profile)
    if part >= FEW_NAMES or not profile.rarity:
        return None
    return Finding(
        weakness=Weakness.GENERAL,
        reason=f"names of people and places make {part:.0%} of it, usually more than"
        f" {FEW_NAMES:.0%}: it will match much that only sounds alike",
        cure="take a report on one event, or add must_mention words to the topic",
    )


def name_part(profile: Profile) -> float:
    """Give the part of a profile's weight that is names, 0 to 1.

    >>> round(name_part(make_profile([tokens("in Warsaw guards closed a border", "en")])), 2)
    0.41
    """
    names, matter = math.fsum(profile.names.values()), math.fsum(profile.matter.values())
    return names / (names + matter) if names + matter else 0.0


def _two_stories(parts: Sequence[Sequence[Token]]) -> Finding | None:
    place, cosine = weakest_seam(parts)
    if not place or cosine >= TWO_STORIES:
        return None
    return Finding(
        weakness=Weakness.TWO_STORIES,
        reason=f"what stands before and after paragraph {place} has little in common"
        f" ({cosine:.2f}; one story has more than {TWO_STORIES:.2f})",
        cure="make a topic of each part: cut the text there and add them one by one",
    )


def weakest_seam(parts: Sequence[Sequence[Token]]) -> tuple[int, float]:
    """Give after which paragraph a text parts best, and the cosine of its two sides there.

    (0, 1.0) if no cut leaves enough on both sides.
    """
    best = (0, 1.0)
    for place in range(1, len(parts)):
        before = make_profile([[token for part in parts[:place] for token in part]])
        after = make_profile([[token for part in parts[place:] for token in part]])
        if min(len(before.rarity), len(after.rarity)) < LEAST_PART_TERMS:
            continue
        found = alike(before, after)
        if found < best[1]:
            best = (place, found)
    return best


def alike(one: Profile, other: Profile) -> float:
    """Give the cosine of two profiles, 0 to 1."""
    return math.fsum(one.weight(term) * other.weight(term) for term in one.rarity)


def _alike(profile: Profile, name: str, other: Profile) -> Finding | None:
    cosine = alike(profile, other)
    if cosine < MUCH_ALIKE:
        return None
    return Finding(
        weakness=Weakness.ALIKE,
        reason=f"it has {cosine:.2f} of 1 in common with {name}; {MUCH_ALIKE:.2f} is one story",
        cure=f"add it to that topic as another seed: --topic {name}",
    )
