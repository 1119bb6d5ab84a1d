"""Tell which items of a document are known and which are new.

Every item has up to four aliases: guid, canonical URL, text and title. The store says which stored
item of the feed had each of them last; what follows from that is decided here, by how much speaks
for "the same item again" (`pairs`). Neither order nor dates make an item known.

    a guid lies   -> the feed's other aliases recognise its items: no storm
    an alias is given to another article -> the texts differ, and the article is new: no loss
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.feeds.identity import item_key
from monitor.feeds.pairs import (
    A_FEW,
    EDITED,
    MOST_OF,
    ONE_BY_ONE,
    TOGETHER,
    Crowd,
    Pair,
    is_most,
    pair_up,
)
from monitor.feeds.trust import MOST_STRIKES, aliases_of, learn
from monitor.records import Feed, Item, KnownItem, Trust

# Items that must be back, or old, at once before that says anything.
MANY = 10
# How far before our first look an item must say that it was published to be old: zones are often
# wrong, and items reach their feed hours after their date.
OLD_BY = timedelta(days=1)
# Why an item waits for the catch-up.
_OLD = "older than our first look at its feed"


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
    # Its address has stood for another item, or does in this document.
    shares_url: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What became of a document's items, each kind in the document's order."""

    fresh: tuple[Fresh, ...]
    matches: tuple[Match, ...]
    trust: Trust


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
        pair_up(item, aliases, known, feed, now)
        for item, aliases in zip(items, usable, strict=True)
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
        trust=learn(feed.trust, pairs, found, shared),
    )


def _match(pairs: Sequence[Sequence[Pair]], trust: Trust) -> dict[int, Pair]:
    """Give the known items by their place in the document."""
    half = MOST_OF * len(pairs)
    crowd = Crowd()
    crowd.reuses_pages = _reuses_pages(pairs, trust)
    found: dict[int, Pair] = {}
    for rule in ONE_BY_ONE:
        _claim(pairs, found, rule, crowd)
    changed = sum(one.guids_differ for one in found.values())
    crowd.guids_change = trust.guid_strikes > 0 or is_most(changed, len(found))
    left = _unclaimed(pairs, found)
    moved = sum(any(one.was_listed and one.by & {"text", "title"} for one in mine) for mine in left)
    crowd.has_moved = is_most(moved, len(pairs))
    back = sum(any("text" in one.by and one.says_much for one in mine) for mine in left)
    crowd.is_reissued = back >= MANY and back >= half
    for rule in TOGETHER:
        _claim(pairs, found, rule, crowd)
    return found


def _reuses_pages(pairs: Sequence[Sequence[Pair]], trust: Trust) -> bool:
    """Say whether most items stand under guid and address of others, as in a list of places.

    Of more than a few items, one at least must have stood elsewhere before: a feed may also rewrite
    all its texts at once, where its items stand.
    """
    reused = [
        mine
        for mine in pairs
        if any({"guid", "url"} <= one.by and one.likeness < EDITED for one in mine)
    ]
    if not reused or len(reused) < MOST_OF * len(pairs):
        return False
    has_moved = any("text" in one.by and "url" not in one.by for mine in reused for one in mine)
    return len(pairs) < A_FEW or trust.url_strikes > 0 or has_moved


def _claim(
    pairs: Sequence[Sequence[Pair]],
    found: dict[int, Pair],
    rule: Callable[[Pair, Crowd], bool],
    crowd: Crowd,
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


def _unclaimed(pairs: Sequence[Sequence[Pair]], found: Mapping[int, Pair]) -> list[list[Pair]]:
    taken = {one.known.seen.id for one in found.values()}
    return [
        [one for one in mine if one.known.seen.id not in taken]
        for place, mine in enumerate(pairs)
        if place not in found
    ]


def _fresh(
    items: Sequence[Item],
    usable: Sequence[Mapping[str, str]],
    pairs: Sequence[Sequence[Pair]],
    found: Mapping[int, Pair],
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
        fresh.append(
            Fresh(
                item=replace(items[place], key=key),
                aliases=tuple(usable[place].values()),
                held=why,
                shares_url="url" not in usable[place]
                or any("url" in one.by for one in pairs[place]),
            )
        )
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
    if feed.baseline_at is None:
        return [""] * len(fresh)
    began = feed.baseline_at - OLD_BY
    is_old = [one.published_at is not None and one.published_at < began for one in fresh]
    is_heap = sum(is_old) >= MANY and sum(is_old) >= MOST_OF * len(fresh)
    return [
        _OLD if old and (is_heap or (last_known is not None and place > last_known)) else ""
        for old, place in zip(is_old, places, strict=True)
    ]
