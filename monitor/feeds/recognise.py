"""Tell which items of a document are known and which are new, and what the feed's guids are worth.

Every item has up to four aliases: guid, canonical URL, text and title. The store says which stored
item of the feed had each of them last; what follows from that is decided here, by how much speaks
for "the same item again". Neither order nor dates make an item known.

    a guid lies   -> the feed's other aliases recognise its items: no storm
    an alias is given to another article -> the texts differ, and the article is new: no loss
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from monitor.feeds.identity import alias, fingerprint, item_key, words
from monitor.records import AliasFault, Feed, Item, KnownItem, Trust

# Documents that contradict a feed's guids (or addresses) before they no longer count.
MOST_STRIKES = 3
# The part of a document's items that share a guid from which it strikes (FreshRSS degrades its
# policy at the same 5 %), ...
SHARED = 0.05
# ... and the part from which it strikes as often as is needed; all other faults need so many, too.
MOST_OF = 0.5
# Items that must have changed their guid, or come back, before one speaks of the feed.
A_FEW, MANY = 3, 10
# How long the same text under another guid and address is still the same item. Later it may be a
# new warning in the words of the last one.
SAME_TEXT_FOR = timedelta(days=7)
# How old the note may be that an item is still listed.
RENEW = timedelta(days=1)
# The shared part of two texts' words from which they are one text edited, and below which they
# have nothing to do with each other.
ALIKE, UNLIKE = 0.3, 0.15
# Words from which a text is hardly written twice.
LONG_TEXT = 12
# Why an item waits for the catch-up.
_OLD = "older than our first look at its feed"
# Words from which a title may stand for its item.
LONG_TITLE = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An item of the document that is a known one."""

    item: Item
    known: KnownItem
    # Aliases that lead to it from now on.
    aliases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """An item of the document that is new, under a key that no stored item has."""

    item: Item
    aliases: tuple[str, ...]
    # Why it is not to be told at once; empty if nothing speaks against it.
    held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What became of a document's items, each kind in the document's order."""

    fresh: tuple[Fresh, ...]
    matches: tuple[Match, ...]
    trust: Trust


# -------------------------------------------------------------------------------------- aliases


def aliases_of(item: Item, trust: Trust) -> dict[str, str]:
    """Give the aliases of an item that count in its feed, by kind."""
    found = {}
    if item.guid and trust.guid_strikes < MOST_STRIKES:
        found["guid"] = alias("guid", item.guid)
    if item.canonical_url and trust.url_strikes < MOST_STRIKES:
        found["url"] = alias("url", item.canonical_url)
    found["text"] = alias("text", item.fingerprint)
    if item.summary and len(item.title.split()) >= LONG_TITLE:
        found["title"] = alias("title", fingerprint(item.title, ""))
    return found


def look_ups(items: Iterable[Item], trust: Trust) -> tuple[str, ...]:
    """Give all aliases of a document's items: what to ask the store for."""
    keys = (key for item in items for key in aliases_of(item, trust).values())
    return tuple(dict.fromkeys(keys))


def explain(trust: Trust) -> str:
    """Say by what a feed's items are known if not by their guids, and why; empty if by them.

    >>> explain(Trust(guid_strikes=3, guid_fault=AliasFault.CHANGED))
    'its guids change: items are known by their address'
    """
    if trust.guid_strikes < MOST_STRIKES:
        return ""
    guids = _SAYS[trust.guid_fault or AliasFault.CHANGED]
    if trust.url_strikes < MOST_STRIKES:
        return f"its guids {guids}: items are known by their address"
    addresses = _SAYS[trust.url_fault or AliasFault.CHANGED]
    return f"its guids {guids}, its addresses {addresses}: items are known by their text"


_SAYS = {
    AliasFault.CHANGED: "change",
    AliasFault.SHARED: "stand for several items at once",
    AliasFault.REUSED: "are given to new items",
}


# ---------------------------------------------------------------------------------------- pairs


@dataclass(kw_only=True)
class _Pair:
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
class _Crowd:
    """What the document's items, taken together, show."""

    # Most items of the document stand under guid and address of others.
    reuses_pages: bool = False
    guids_change: bool = False
    # Most items that the feed listed last are back under other guids and addresses.
    has_moved: bool = False
    # So are many that it listed at any time.
    is_reissued: bool = False


def _same_text(pair: _Pair, _: _Crowd) -> bool:
    if "text" not in pair.by or pair.by.isdisjoint({"guid", "url"}):
        return False
    return not pair.guids_differ or pair.was_listed or pair.is_young


def _same_page(pair: _Pair, crowd: _Crowd) -> bool:
    # A live blog may change all its words. A feed of one page, all of it always "new", must not
    # lose what it says: where most items are unlike, they are others.
    return {"guid", "url"} <= pair.by and not (crowd.reuses_pages and pair.likeness < UNLIKE)


def _same_guid(pair: _Pair, _: _Crowd) -> bool:
    if "guid" not in pair.by or "url" in pair.by:
        return False
    return pair.likeness >= (ALIKE if pair.urls_differ else UNLIKE)


def _same_url(pair: _Pair, crowd: _Crowd) -> bool:
    # A new guid says "a new item": under an old address and with another text, it is believed
    # unless the feed's guids change anyway.
    if "url" not in pair.by or "guid" in pair.by:
        return False
    return (not pair.guids_differ or crowd.guids_change) and pair.likeness >= UNLIKE


def _text_again(pair: _Pair, crowd: _Crowd) -> bool:
    if "text" not in pair.by:
        return False
    return (
        pair.is_bare
        or pair.is_young
        or (crowd.has_moved and pair.was_listed)
        or (crowd.is_reissued and pair.says_much)
    )


def _title_again(pair: _Pair, crowd: _Crowd) -> bool:
    return "title" in pair.by and pair.was_listed and (pair.is_bare or crowd.has_moved)


# Strongest first. A stored item is one item of the document at most: what a stronger rule gave
# away, a weaker one cannot have.
_ONE_BY_ONE: tuple[Callable[[_Pair, _Crowd], bool], ...] = (
    _same_text,
    _same_page,
    _same_guid,
    _same_url,
)
_TOGETHER: tuple[Callable[[_Pair, _Crowd], bool], ...] = (_same_url, _text_again, _title_again)


# ---------------------------------------------------------------------------------------- decide


def recognise(
    items: Sequence[Item], known: Mapping[str, KnownItem], feed: Feed, now: datetime
) -> Recognition:
    """Tell the known items of a document from the new ones.

    `known` gives the stored item of each alias that one has; items that share an alias within the
    document are not recognised by it. The feed says what its aliases were worth so far.
    """
    named = [aliases_of(item, feed.trust) for item in items]
    counts = Counter((kind, key) for aliases in named for kind, key in aliases.items())
    usable = [
        {kind: key for kind, key in aliases.items() if counts[kind, key] == 1} for aliases in named
    ]
    pairs = [
        _pairs(item, aliases, known, feed, now) for item, aliases in zip(items, usable, strict=True)
    ]
    found = _match(pairs, feed.trust)
    shared = {
        kind: sum(
            kind in names and kind not in kept for names, kept in zip(named, usable, strict=True)
        )
        for kind in ("guid", "url")
    }
    return Recognition(
        fresh=_fresh(items, usable, pairs, found, feed),
        matches=tuple(
            Match(item=items[place], known=pair.known, aliases=tuple(usable[place].values()))
            for place, pair in sorted(found.items())
        ),
        trust=_learn(feed.trust, pairs, found, shared),
    )


def _pairs(
    item: Item,
    aliases: Mapping[str, str],
    known: Mapping[str, KnownItem],
    feed: Feed,
    now: datetime,
) -> list[_Pair]:
    """Pair an item with each stored one that an alias leads to."""
    found: dict[str, _Pair] = {}
    for kind, key in aliases.items():
        one = known.get(key)
        if one is None:
            continue
        since = feed.read_at - RENEW if feed.read_at else one.last_seen_at
        pair = found.setdefault(
            one.seen.id,
            _Pair(
                item=item,
                known=one,
                has=frozenset(aliases),
                was_listed=one.last_seen_at >= since,
                is_young=now - one.seen.first_seen_at <= SAME_TEXT_FOR,
            ),
        )
        pair.by.add(kind)
    return list(found.values())


def _match(pairs: Sequence[Sequence[_Pair]], trust: Trust) -> dict[int, _Pair]:
    """Give the known items by their place in the document."""
    half = MOST_OF * len(pairs)
    crowd = _Crowd()
    reused = sum(
        any({"guid", "url"} <= one.by and one.likeness < UNLIKE for one in mine) for mine in pairs
    )
    crowd.reuses_pages = 0 < reused >= half
    found: dict[int, _Pair] = {}
    for rule in _ONE_BY_ONE:
        _claim(pairs, found, rule, crowd)
    changed = sum(one.guids_differ for one in found.values())
    crowd.guids_change = trust.guid_strikes > 0 or _is_most(changed, len(found))
    left = _unclaimed(pairs, found)
    moved = sum(any(one.was_listed and one.by & {"text", "title"} for one in mine) for mine in left)
    crowd.has_moved = _is_most(moved, len(pairs))
    back = sum(any("text" in one.by and one.says_much for one in mine) for mine in left)
    crowd.is_reissued = back >= MANY and back >= half
    for rule in _TOGETHER:
        _claim(pairs, found, rule, crowd)
    return found


def _claim(
    pairs: Sequence[Sequence[_Pair]],
    found: dict[int, _Pair],
    rule: Callable[[_Pair, _Crowd], bool],
    crowd: _Crowd,
) -> None:
    """Let a rule give stored items to those of the document that have none yet."""
    taken = {one.known.seen.id for one in found.values()}
    for place, mine in enumerate(pairs):
        if place in found:
            continue
        for one in mine:
            if one.known.seen.id not in taken and rule(one, crowd):
                found[place] = one
                taken.add(one.known.seen.id)
                break


def _unclaimed(pairs: Sequence[Sequence[_Pair]], found: Mapping[int, _Pair]) -> list[list[_Pair]]:
    taken = {one.known.seen.id for one in found.values()}
    return [
        [one for one in mine if one.known.seen.id not in taken]
        for place, mine in enumerate(pairs)
        if place not in found
    ]


def _is_most(count: int, of: int) -> bool:
    return count >= A_FEW and count >= MOST_OF * of


# ----------------------------------------------------------------------------------------- trust


def _learn(
    trust: Trust,
    pairs: Sequence[Sequence[_Pair]],
    found: Mapping[int, _Pair],
    shared: Mapping[str, int],
) -> Trust:
    """Give what is to be thought of a feed's guids and addresses after one more document.

    A document that contradicts them is a strike, and no document takes one back: a feed that
    changes its guids each night looks well all day. One item alone is never a strike in a longer
    document: editors do write over their items.
    """
    total = len(pairs)
    guid, url = _fault("guid", pairs, found), _fault("url", pairs, found)
    guid_strikes, url_strikes = int(guid is not None), int(url is not None)
    if shared["guid"] > SHARED * total:
        guid = AliasFault.SHARED
        guid_strikes = MOST_STRIKES if shared["guid"] >= MOST_OF * total else 1
    if shared["url"] > 0 and shared["url"] >= MOST_OF * total:
        url, url_strikes = AliasFault.SHARED, MOST_STRIKES
    # The fault that took the last of the trust stays its reason.
    if guid and trust.guid_strikes < MOST_STRIKES:
        strikes = min(MOST_STRIKES, trust.guid_strikes + guid_strikes)
        trust = replace(trust, guid_strikes=strikes, guid_fault=guid)
    if url and trust.url_strikes < MOST_STRIKES:
        strikes = min(MOST_STRIKES, trust.url_strikes + url_strikes)
        trust = replace(trust, url_strikes=strikes, url_fault=url)
    return trust


def _fault(
    kind: str, pairs: Sequence[Sequence[_Pair]], found: Mapping[int, _Pair]
) -> AliasFault | None:
    """Say how most of a document's items contradict one kind of alias; None if they do not."""
    changed = sum(one.guids_differ if kind == "guid" else one.urls_differ for one in found.values())
    reused = sum(
        any(kind in one.by and found.get(place) is not one for one in mine)
        for place, mine in enumerate(pairs)
    )
    if 0 < reused >= MOST_OF * len(pairs):
        return AliasFault.REUSED
    return AliasFault.CHANGED if _is_most(changed, len(found)) else None


# ----------------------------------------------------------------------------------------- fresh


def _fresh(
    items: Sequence[Item],
    usable: Sequence[Mapping[str, str]],
    pairs: Sequence[Sequence[_Pair]],
    found: Mapping[int, _Pair],
    feed: Feed,
) -> tuple[Fresh, ...]:
    """Give the items that are none of the known, each under a key of its own."""
    places = [place for place in range(len(items)) if place not in found]
    held = _held([items[place] for place in places], places, max(found, default=None), feed)
    keys: set[str] = set()
    fresh = []
    for place, why in zip(places, held, strict=True):
        key = _key(items[place], usable[place], feed.trust)
        taken = keys | {one.known.seen.item.key for one in pairs[place]}
        # A guid that has led to another item, or still does, names none by itself.
        if key in taken or any("guid" in one.by for one in pairs[place]):
            key = "|".join(
                filter(None, (key, items[place].canonical_url, items[place].fingerprint))
            )
        keys.add(key)
        one = replace(items[place], key=key)
        fresh.append(Fresh(item=one, aliases=tuple(usable[place].values()), held=why))
    return tuple(fresh)


def _key(item: Item, usable: Mapping[str, str], trust: Trust) -> str:
    """Give the key that the item's best alias makes: the parser took the guid for good."""
    if not item.guid or trust.guid_strikes < MOST_STRIKES:
        return item.key
    return item_key(None, item.canonical_url if "url" in usable else None, item.fingerprint)


def _held(
    fresh: Sequence[Item], places: Sequence[int], last_known: int | None, feed: Feed
) -> list[str]:
    """Say of each new item why it is not to be told at once.

    It says that it is older than our first look at the feed, and it came from behind: it stands
    after all that is known (one of those before it was deleted, or the feed grew longer), or with
    many of its kind. A date alone holds nothing back, and what is held comes in the catch-up.
    """
    began = feed.baseline_at
    if began is None:
        return [""] * len(fresh)
    is_old = [one.published_at is not None and one.published_at < began for one in fresh]
    is_heap = sum(is_old) >= MANY and sum(is_old) >= MOST_OF * len(fresh)
    return [
        _OLD if old and (is_heap or (last_known is not None and place > last_known)) else ""
        for old, place in zip(is_old, places, strict=True)
    ]
