"""From a document's items to what must be judged: the new ones, and known ones with a new text.

look_ups(items)              -> aliases to ask the store for
store.known_items(aliases)   -> stored items
recognise(items, known)      -> Fresh | Match, and what the feed's guids are worth
recall(fresh, remembered)    -> those that were here and are pruned are no news (`bygone.py`)
edit_of(match)               -> Edit: a revision kept, its text judged again if it is new
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from monitor.feeds.bygone import HALF_KNOWN, Bygone, recall
from monitor.feeds.edits import MOST_REVISIONS, Edited, edit_of, held, is_same_article
from monitor.feeds.identity import alias
from monitor.feeds.pairs import RENEW
from monitor.feeds.recognise import Fresh, Match, recognise
from monitor.feeds.trust import aliases_of, look_ups
from monitor.records import Alias, Edit, Feed, Item, KnownItem, SeenItem, Story, Trust
from monitor.topics.story import OPEN_FOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """What one document holds for its feed."""

    # Oldest first, as the stream would have brought them: feeds list the newest first.
    fresh: tuple[SeenItem, ...]
    edits: tuple[Edit, ...]
    # Known items whose text is new, as if first seen now.
    again: tuple[SeenItem, ...]
    aliases: tuple[Alias, ...]
    # Ids of known items whose presence is to be noted anew.
    seen_again: tuple[str, ...]
    trust: Trust


class KnownItems(Protocol):
    """What sifting asks of a store."""

    def known_items(self, feed_id: int, keys: Sequence[str]) -> dict[str, KnownItem]:
        """Give a feed's stored items by those of some aliases under which they are known."""
        ...

    def remembered(self, feed_id: int, keys: Sequence[str]) -> set[str]:
        """Say which of some aliases items of a feed had that are pruned."""
        ...

    def told_copies(
        self, keys: Sequence[str], opened_before: datetime
    ) -> list[tuple[str, SeenItem, Story]]:
        """Give the items that some aliases name, with their stories that were told before."""
        ...


def sift(store: KnownItems, feed: Feed, items: Sequence[Item], now: datetime) -> Sifted:
    """Tell the known items of a document from the new ones, and edits from repetitions."""
    known = store.known_items(feed.id, look_ups(items, feed.trust))
    found = recognise(items, known, feed, now)
    fresh = [
        (_seen(feed, one, now), one.aliases) for one in reversed(_new(store, feed, found.fresh))
    ]
    edited = [one for one in (edit_of(match, found.trust, now) for match in found.matches) if one]
    named = [
        Alias(key=key, feed_id=feed.id, item_id=seen.id) for seen, keys in fresh for key in keys
    ]
    for match in found.matches:
        named += _renamed(match, known, feed)
    return Sifted(
        fresh=tuple(seen for seen, _ in fresh),
        edits=tuple(one.edit for one in edited),
        again=tuple(reversed(_again(feed, edited, len(found.matches), now))),
        aliases=tuple(named),
        seen_again=tuple(
            match.known.seen.id
            for match in found.matches
            if now - match.known.last_seen_at >= RENEW
        ),
        trust=found.trust,
    )


def _new(store: KnownItems, feed: Feed, fresh: Sequence[Fresh]) -> list[Fresh]:
    """Leave out the items that were here before, and were pruned."""
    if not fresh:
        return []
    names = {name for one in fresh for name in aliases_of(one.item, feed.trust).values()}
    left = store.remembered(feed.id, sorted(names))
    if not left:
        return list(fresh)
    found = [(one, recall(one.item, feed.trust, left)) for one in fresh]
    return [
        replace(one, held=one.held or HALF_KNOWN) if what is Bygone.DOUBTFUL else one
        for one, what in found
        if what is not Bygone.KNOWN
    ]


def _renamed(match: Match, known: Mapping[str, KnownItem], feed: Feed) -> list[Alias]:
    """Give the aliases that a known item has got; after many edits it gets no more."""
    mine = match.known.seen.id
    if match.known.edits >= MOST_REVISIONS:
        return []
    return [
        Alias(key=key, feed_id=feed.id, item_id=mine)
        for key in match.aliases
        if key not in known or known[key].seen.id != mine
    ]


def _again(feed: Feed, edited: Sequence[Edited], matches: int, now: datetime) -> list[SeenItem]:
    why = held(edited, matches)
    return [
        replace(one.edit.seen, first_seen_at=now, baseline=False, held=why, source=feed.name)
        for one in edited
        if one.is_new_text
    ]


def told_before(
    store: KnownItems, seen: Sequence[SeenItem], now: datetime
) -> dict[tuple[str, str], Story]:
    """Give the closed stories in which the same articles were told, by item id and topic.

    An open story is found by its texts and addresses anyway. This is for what comes late: a feed
    that is new, or has moved, or is slow.
    """
    named: dict[str, list[SeenItem]] = {}
    for one in seen:
        named.setdefault(alias("text", one.item.fingerprint), []).append(one)
        if one.item.canonical_url and not one.shares_url:
            named.setdefault(alias("url", one.item.canonical_url), []).append(one)
    found = {}
    for key, copy, story in store.told_copies(list(named), now - OPEN_FOR):
        for one in named[key]:
            if is_same_article(one.item, copy.item):
                found[one.id, story.topic] = story
    return found


def item_id(feed_url: str, key: str) -> str:
    """Give an item's id: the same for the same item of the same feed, on any machine."""
    return hashlib.sha256(f"{feed_url}\n{key}".encode()).hexdigest()[:16]


def _seen(feed: Feed, one: Fresh, now: datetime) -> SeenItem:
    return SeenItem(
        id=item_id(feed.url, one.item.key),
        item=one.item,
        feed_id=feed.id,
        source=feed.name,
        first_seen_at=now,
        baseline=feed.baseline_at is None,
        held=one.held,
        shares_url=one.shares_url,
    )
