"""Which items of a topic report one event, and which later one is worth an update. Pure.

A *story* here is the group of items on one event, as readers use the word; TDT and Media Cloud call
a single item a story. Deciding that an item belongs to a story is TDT's *link detection*.

Every on-topic item has the topic's own words, so that they say little about the event: a term
counts the less, the more of the topic's items hold it. What is left is compared with the members of
each open story, and an item joins the story that it resembles on average (group-average linkage):
one odd member cannot pull a story from event to event, as where the best single likeness decides.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import regex

from monitor.records import Item, Member, SeenItem, Story
from monitor.text.tokens import Token
from monitor.topics.profile import name_shares

# A headline names the event, a summary also its background: a word of it counts double.
TITLE_WEIGHT = 2.0
# A term that all items of the topic hold keeps 1 / (1 + USUAL) of its weight.
USUAL = 4.0
# On-topic items that the seed counts for in "how usual is this term here".
SEED_ITEMS = 5.0
# Added to the weight of the shorter text (two rare words): headlines are alike by chance.
SHORT = 10.0
# Likeness falls by 1/e in this time: days later the same words tell of a new event.
COOLING = timedelta(hours=48)
# Likeness from which two items report one event: chosen for few new stories swallowed.
LINKED = 0.225
# A story takes no item later than this after its first.
OPEN_FOR = timedelta(days=3)
# Members that a story compares with: its first and its latest ones.
MOST_MEMBERS = 12
# Terms that it remembers as told.
MOST_SEEN = 2000
# The shared part (Jaccard) of two headlines, or of two whole texts, from which one is a copy of
# the other; below so many terms an overlap says nothing.
SAME_TITLE, LEAST_TITLE = 0.8, 4
SAME_TEXT, LEAST_TEXT = 0.6, 15
# Words of a summary that tell its news; the rest is background, furniture, related headlines.
LEAD_WORDS = 40
# Weight from which an unseen name or count is news: no common word, and not the topic's own.
FACT_WEIGHT = 3.0
# The part of headline and facts that must be unseen for an update if a fact is among it, ...
NOVEL = 0.7
# ... and without one: so little in common that it may well be another event.
ALIEN = 0.85
# A count so much above the highest like it told so far is news: the toll rises.
GROWTH = 1.25
# Between two messages on one story.
UPDATE_INTERVAL = timedelta(hours=1)
# Shared terms that evidence names.
MOST_NAMED = 4
# That so many sources carry it is news in itself.
SOURCE_MARKS = (3, 10)

# Neither a single digit, nor a decimal, nor a year.
COUNT = regex.compile(r"(?!(?:19|20)\d\d$)(?:\d{1,3}(?:[.,]\d{3})+|\d{2,9})")
# A year is rare as a word, yet what all events of it share.
YEAR = regex.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How an item came to its story."""

    story_id: str
    # The same text again, rather than a report of its own.
    is_copy: bool
    # The evidence, for `why`.
    why: str


def story_id(topic: str, item_id: str) -> str:
    """Give the id of the story that an item opens for a topic."""
    return hashlib.sha256(f"{topic}\n{item_id}".encode()).hexdigest()[:16]


def make_member(seen: SeenItem, head: Sequence[Token], body: Sequence[Token]) -> Member:
    """Give what a story remembers of an item, from the tokens of its title and its summary."""
    heads = {token.key for token in head}
    found = [*head, *body[:LEAD_WORDS]]
    terms: dict[str, float] = {}
    for token in found:
        if token.rarity > 0.0 and not YEAR.fullmatch(token.key):
            weight = token.rarity * (TITLE_WEIGHT if token.key in heads else 1.0)
            terms[token.key] = min(weight, terms.get(token.key, weight))
    shares = name_shares(found)
    names = {term for term in terms if shares.get(term, 0.0) >= 0.5 and not term[0].isdigit()}
    counts = {term for term in terms if COUNT.fullmatch(term)}
    return Member(
        title=seen.item.title,
        source=seen.source,
        at=seen.first_seen_at,
        terms=terms,
        heads=tuple(sorted(heads & terms.keys())),
        facts=tuple(sorted(names | counts)),
    )


def open_story(topic: str, seen: SeenItem, member: Member) -> Story:
    """Open a story with its first item."""
    return Story(
        id=story_id(topic, seen.id),
        topic=topic,
        title=seen.item.title,
        opened_at=seen.first_seen_at,
        updated_at=seen.first_seen_at,
        sources=(seen.source,),
        members=(member,),
        seen_terms=tuple(sorted(member.terms)),
        urls=frozenset(filter(None, [seen.item.canonical_url])),
        fingerprints=frozenset([seen.item.fingerprint]),
    )


def tell(story: Story, at: datetime) -> Story:
    """Note that a message has named a story."""
    return replace(story, told_at=at, told_sources=len(story.sources))


def attach(story: Story, seen: SeenItem, member: Member) -> Story:
    """Add an item to a story: one more source, unless that source has it already.

    A count that came too soon after a message is not yet told: the next item that has it may be.
    """
    item = seen.item
    first, *rest = (*story.members, member)
    known = set(story.seen_terms)
    is_settled = story.told_at is None or member.at - story.told_at >= UPDATE_INTERVAL
    fresh = [
        term
        for term in sorted(member.terms)
        if term not in known and (is_settled or not COUNT.fullmatch(term))
    ]
    return replace(
        story,
        updated_at=max(story.updated_at, seen.first_seen_at),
        sources=tuple(dict.fromkeys([*story.sources, seen.source])),
        size=story.size + 1,
        members=(first, *rest[-(MOST_MEMBERS - 1) :]),
        seen_terms=(*story.seen_terms, *fresh)[:MOST_SEEN],
        urls=story.urls | frozenset(filter(None, [item.canonical_url])),
        fingerprints=story.fingerprints | {item.fingerprint},
    )


# ------------------------------------------------------------------------------------------- link


def usual_terms(
    weights: Mapping[str, float], counts: Mapping[str, float], items: float
) -> dict[str, float]:
    """Say how usual each term is in a topic, 0 to 1.

    `weights` are those of the seeds' profile, `counts` say in how many of the topic's `items` so
    far each term was. The seed counts for some items, in which its heaviest term always is.
    """
    top = max(weights.values(), default=1.0)
    total = items + SEED_ITEMS
    return {
        term: (counts.get(term, 0.0) + SEED_ITEMS * weights.get(term, 0.0) / top) / total
        for term in weights.keys() | counts.keys()
    }


def weigh(terms: Mapping[str, float], usual: Mapping[str, float]) -> dict[str, float]:
    """Take from each term's weight what it owes to the topic."""
    return {term: weight / (1.0 + USUAL * usual.get(term, 0.0)) for term, weight in terms.items()}


def likeness(one: Mapping[str, float], other: Mapping[str, float], apart: timedelta) -> float:
    """Give the shared weight as a part of the shorter text's, cooled by time; in [0, 1).

        sum over shared terms of min(w, w') / (min(sum w, sum w') + SHORT) x exp(-apart / COOLING)

    >>> likeness({"kuznica": 10.0}, {"kuznica": 10.0, "fence": 5.0}, timedelta(0))
    0.5
    """
    shared = math.fsum(min(weight, other[term]) for term, weight in one.items() if term in other)
    least = min(math.fsum(one.values()), math.fsum(other.values()))
    return shared / (least + SHORT) * math.exp(-abs(apart) / COOLING)


def link(
    item: Item, member: Member, stories: Iterable[Story], usual: Mapping[str, float]
) -> Link | None:
    """Find the open story that an item belongs to; None if it opens one of its own.

    The same address or the same text decides at once; else the story that is most alike on average,
    if it is alike enough.
    """
    known = [story for story in stories if abs(member.at - story.opened_at) <= OPEN_FOR]
    for story in known:
        why = _copy(item, member, story)
        if why:
            return Link(story_id=story.id, is_copy=True, why=why)
    mine = weigh(member.terms, usual)
    best: tuple[float, Link] | None = None
    for story in known:
        mean, why = _compare(mine, member, story, usual)
        if mean >= LINKED and (best is None or mean > best[0]):
            best = mean, Link(story_id=story.id, is_copy=False, why=why)
    return best[1] if best else None


def _copy(item: Item, member: Member, story: Story) -> str:
    """Say why an item is a copy of one that a story has; empty if it is not."""
    if item.fingerprint in story.fingerprints:
        return "the same text"
    for known in story.members:
        if _same_text(member, known):
            return f"nearly the same text as “{known.title}” ({known.source})"
    # Some pages hold many articles: their address alone does not make a copy of a headline that
    # shares nothing.
    if item.canonical_url is not None and item.canonical_url in story.urls:
        alike = (overlap(member.terms, known.terms) for known in story.members)
        if max(alike, default=1.0) > 0.1:
            return "the same address"
    return ""


def _same_text(one: Member, other: Member) -> bool:
    """Say whether two items are one text: syndicated, or issued again."""
    if min(len(one.heads), len(other.heads)) >= LEAST_TITLE and (
        overlap(one.heads, other.heads) >= SAME_TITLE
    ):
        return True
    least = min(len(one.terms), len(other.terms))
    return least >= LEAST_TEXT and overlap(one.terms, other.terms) >= SAME_TEXT


def _compare(
    mine: Mapping[str, float], member: Member, story: Story, usual: Mapping[str, float]
) -> tuple[float, str]:
    """Give the mean likeness to a story's members, and the evidence in words."""
    found = []
    for known in story.members:
        theirs = weigh(known.terms, usual)
        found.append((likeness(mine, theirs, member.at - known.at), theirs, known))
    mean = math.fsum(value for value, _, _ in found) / len(found)
    _, theirs, near = max(found, key=lambda one: one[0])
    words = ", ".join(_shared(mine, theirs)[:MOST_NAMED])
    return mean, f"{mean:.0%} alike; shares {words} with “{near.title}” ({near.source})"


def alike(one: Member, other: Member, usual: Mapping[str, float]) -> tuple[float, tuple[str, ...]]:
    """Give how alike two items are, in [0, 1), and the terms that make it, heaviest first."""
    mine, theirs = weigh(one.terms, usual), weigh(other.terms, usual)
    return likeness(mine, theirs, one.at - other.at), tuple(_shared(mine, theirs)[:MOST_NAMED])


def _shared(one: Mapping[str, float], other: Mapping[str, float]) -> list[str]:
    return sorted(one.keys() & other.keys(), key=lambda term: (-min(one[term], other[term]), term))


def overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Give the shared part of two sets of terms: |A and B| / |A or B| (Jaccard), in [0, 1].

    >>> overlap("abc", "bcd")
    0.5
    """
    a, b = set(one), set(other)
    return len(a & b) / len(a | b) if a or b else 0.0


# ---------------------------------------------------------------------------------------- updates


def news_in(member: Member, story: Story, how: Link, usual: Mapping[str, float]) -> str:
    """Say what makes an item of a told story worth an update; empty if nothing does.

    `story` is the story before the item is attached.
    """
    if story.told_at is None or member.at - story.told_at < UPDATE_INTERVAL:
        return ""
    sources = len({*story.sources, member.source})
    if any(story.told_sources < mark <= sources for mark in SOURCE_MARKS):
        return f"{sources} sources carry it now"
    rises = _risen_counts(member, story)
    if rises:
        # Agencies issue their text again, with the new toll in it.
        return f"a count has risen to {', '.join(rises)}"
    if how.is_copy:
        return ""
    part, unseen, has_fact = _unseen(member, story, usual)
    if part >= (NOVEL if has_fact else ALIEN):
        return f"new in it: {', '.join(unseen[:4])}"
    return ""


def _unseen(
    member: Member, story: Story, usual: Mapping[str, float]
) -> tuple[float, list[str], bool]:
    """Give the unseen part of headline and facts, its terms, and whether a fact is among them."""
    weights = weigh(member.terms, usual)
    news = {*member.heads, *member.facts}
    unseen = sorted(news - set(story.seen_terms), key=lambda term: (-weights[term], term))
    whole = math.fsum(weights[term] for term in news)
    part = math.fsum(weights[term] for term in unseen) / whole if whole else 0.0
    facts = (term for term in unseen if term in member.facts)
    return part, unseen, any(weights[term] >= FACT_WEIGHT for term in facts)


def _risen_counts(member: Member, story: Story) -> list[str]:
    """Give the counts that stand well above the highest of their size told so far."""
    told = [count for count in map(_count, story.seen_terms) if count]
    risen = []
    for term in member.facts:
        count = _count(term)
        below = any(count / 10 <= one <= count / GROWTH for one in told)
        near = any(count / GROWTH < one < count * 10 for one in told)
        if count and below and not near:
            risen.append(term)
    return risen


def _count(term: str) -> int:
    return int(regex.sub(r"[.,]", "", term)) if COUNT.fullmatch(term) else 0
