"""What speaks for "the same item again", and the rules that weigh it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from monitor.feeds.identity import words
from monitor.records import Feed, Item, KnownItem

# The part of a document's items from which one says "most", ...
MOST_OF = 0.5
# ... and the items it takes at least before that says anything of the feed.
A_FEW = 3
# How long the same text under another guid and address is still the same item. Later it may be a
# new warning in the words of the last one.
SAME_TEXT_FOR = timedelta(days=7)
# How old the note may be that an item is still listed.
RENEW = timedelta(days=1)
# The shared part of two texts' words from which they are one text edited, and below which they
# have nothing to do with each other, ...
ALIKE, UNLIKE = 0.3, 0.15
# ... and from which it is an edit even if it stands where all items of the feed stand: reports on
# one topic share a third of their words.
EDITED = 0.5
# Words from which a text is hardly written twice.
LONG_TEXT = 12


def is_most(count: int, of: int) -> bool:
    """Say whether a count is most of something, and not by chance."""
    return count >= A_FEW and count >= MOST_OF * of


@dataclass(kw_only=True)
class Pair:
    """An item of the document, and a stored one to which some of its aliases lead."""

    item: Item
    known: KnownItem
    # Kinds of aliases that lead there.
    by: set[str] = field(default_factory=set)
    # Kinds that the item has.
    has: frozenset[str]
    # The stored item was in the last document that was read.
    was_listed: bool
    # It was first seen not long ago.
    is_young: bool

    @cached_property
    def likeness(self) -> float:
        """The shared part of the words of both titles, or of both texts, whichever is more."""
        old, new = self.known.seen.item, self.item
        if old.fingerprint == new.fingerprint:
            return 1.0
        titles = similarity(words(old.title), words(new.title))
        return max(titles, similarity(words(_text(old)), words(_text(new))))

    @property
    def guids_differ(self) -> bool:
        """Whether both have a guid that counts, and not the same."""
        return "guid" in self.has and "guid" not in self.by and bool(self.known.seen.item.guid)

    @property
    def urls_differ(self) -> bool:
        """Whether both have an address that counts, and not the same."""
        known = self.known.seen.item.canonical_url
        return "url" in self.has and "url" not in self.by and bool(known)

    @property
    def is_bare(self) -> bool:
        """Whether nothing but its text can name the item."""
        return self.has.isdisjoint({"guid", "url"})

    @property
    def says_much(self) -> bool:
        """Whether the text is so long that it is hardly written twice."""
        return len(_text(self.item).split()) >= LONG_TEXT


def _text(item: Item) -> str:
    return f"{item.title} {item.summary}"


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Give the shared part of two sets of words (Jaccard); an empty one contradicts nothing."""
    return len(one & other) / len(one | other) if one and other else 1.0


@dataclass(slots=True, kw_only=True)
class Crowd:
    """What the document's items, taken together, show."""

    # Most items of the document stand under guid and address of others.
    reuses_pages: bool = False
    guids_change: bool = False
    # Most items that the feed listed last are back under other guids and addresses.
    has_moved: bool = False
    # So are many that it listed at any time.
    is_reissued: bool = False


def _same_text(pair: Pair, _: Crowd) -> bool:
    if "text" not in pair.by or pair.by.isdisjoint({"guid", "url"}):
        return False
    return not pair.guids_differ or pair.was_listed or pair.is_young


def _same_page(pair: Pair, crowd: Crowd) -> bool:
    # A live blog may change all its words. A feed of one page, all of it always "new", must not
    # lose what it says: where most items are unlike, they are others.
    return {"guid", "url"} <= pair.by and not (crowd.reuses_pages and pair.likeness < EDITED)


def _same_guid(pair: Pair, _: Crowd) -> bool:
    if "guid" not in pair.by or "url" in pair.by:
        return False
    return pair.likeness >= (EDITED if pair.urls_differ else UNLIKE)


def _same_url(pair: Pair, crowd: Crowd) -> bool:
    # A new guid says "a new item": under an old address and with another text, it is believed
    # unless the feed's guids change anyway.
    if "url" not in pair.by or "guid" in pair.by:
        return False
    return (not pair.guids_differ or crowd.guids_change) and pair.likeness >= UNLIKE


def _text_again(pair: Pair, crowd: Crowd) -> bool:
    if "text" not in pair.by:
        return False
    return (
        pair.is_bare
        or pair.is_young
        or (crowd.has_moved and pair.was_listed)
        or (crowd.is_reissued and pair.says_much)
    )


def _title_again(pair: Pair, crowd: Crowd) -> bool:
    return "title" in pair.by and pair.was_listed and (pair.is_bare or crowd.has_moved)


# Strongest first. A stored item is one item of the document at most: what a stronger rule gave
# away, a weaker one cannot have.
ONE_BY_ONE: tuple[Callable[[Pair, Crowd], bool], ...] = (
    _same_text,
    _same_page,
    _same_guid,
    _same_url,
)
TOGETHER: tuple[Callable[[Pair, Crowd], bool], ...] = (_same_url, _text_again, _title_again)


def pair_up(
    item: Item,
    aliases: Mapping[str, str],
    known: Mapping[str, KnownItem],
    feed: Feed,
    now: datetime,
) -> list[Pair]:
    """Pair an item with each stored one that an alias leads to."""
    found: dict[str, Pair] = {}
    for kind, key in aliases.items():
        one = known.get(key)
        if one is None:
            continue
        since = feed.read_at - RENEW if feed.read_at else one.last_seen_at
        pair = found.setdefault(
            one.seen.id,
            Pair(
                item=item,
                known=one,
                has=frozenset(aliases),
                was_listed=one.last_seen_at >= since,
                is_young=now - one.seen.first_seen_at <= SAME_TEXT_FOR,
            ),
        )
        pair.by.add(kind)
    return list(found.values())
