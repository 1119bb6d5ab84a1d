"""What a feed's guids and addresses are worth: learned from its documents, never unlearned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.feeds.identity import alias, fingerprint
from monitor.feeds.pairs import MOST_OF, Pair, is_most
from monitor.records import AliasFault, Item, Trust

# Documents that contradict a feed's guids (or addresses) before they no longer count.
MOST_STRIKES = 3
# The part of a document's items that share a guid from which it strikes (FreshRSS degrades its
# policy at the same 5 %).
SHARED = 0.05
# Words from which a title may stand for its item.
LONG_TITLE = 4


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
    if addresses == guids:
        return f"its guids and addresses {guids}: items are known by their text"
    return f"its guids {guids}, its addresses {addresses}: items are known by their text"


_SAYS = {
    AliasFault.CHANGED: "change",
    AliasFault.SHARED: "are shared by items",
    AliasFault.REUSED: "are given to new items",
}


def learn(
    trust: Trust,
    pairs: Sequence[Sequence[Pair]],
    found: Mapping[int, Pair],
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
    kind: str, pairs: Sequence[Sequence[Pair]], found: Mapping[int, Pair]
) -> AliasFault | None:
    """Say how most of a document's items contradict one kind of alias; None if they do not."""
    changed = sum(one.guids_differ if kind == "guid" else one.urls_differ for one in found.values())
    reused = sum(
        any(kind in one.by and found.get(place) is not one for one in mine)
        for place, mine in enumerate(pairs)
    )
    if 0 < reused >= MOST_OF * len(pairs):
        return AliasFault.REUSED
    return AliasFault.CHANGED if is_most(changed, len(found)) else None
