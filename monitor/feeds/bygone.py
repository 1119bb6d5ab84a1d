"""Tell an item that was pruned, and slides back into its feed, from one that is new. Pure.

Of a pruned item its names are remembered (guid, canonical URL, text: 64 bits each), not what it
said. An editor may have changed it since, and a feed may give an old guid to another article.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum, auto

from monitor.feeds.identity import alias
from monitor.feeds.pairs import LONG_TEXT
from monitor.feeds.trust import MOST_STRIKES, aliases_of
from monitor.records import Item, Trust

# Why an item waits for the catch-up that only one of its names says to be old.
HALF_KNOWN = "its feed had an item of this guid or address before, which was pruned"


class Bygone(Enum):
    """What is to be thought of an item that no stored one matches."""

    # Nothing is remembered of it, or nothing that says much.
    NEW = auto()
    # One of its names is remembered, the rest is not.
    DOUBTFUL = auto()
    # It was here before.
    KNOWN = auto()


def names_left(guid: str | None, canonical_url: str | None, fingerprint: str) -> list[str]:
    """Give the names that are remembered of an item when it is pruned, at most three."""
    found = [alias("text", fingerprint)]
    if guid:
        found.append(alias("guid", guid))
    if canonical_url:
        found.append(alias("url", canonical_url))
    return found


def recall(item: Item, trust: Trust, remembered: Collection[str]) -> Bygone:
    """Say whether an item is a pruned one, by what is remembered of its feed's pruned items.

    A whole text is enough; a few words are not, since the next warning has the words of the last.
    Without the text all of its other names must be remembered, of those that its feed can be
    trusted with. One of two makes it doubtful: it is counted, and not told at once.
    """
    named = aliases_of(item, trust)
    text = named["text"] in remembered
    if text and len(f"{item.title} {item.summary}".split()) >= LONG_TEXT:
        return Bygone.KNOWN
    others = [named[kind] in remembered for kind in ("guid", "url") if kind in named]
    if others and (all(others) or (text and any(others))):
        return Bygone.KNOWN
    if not others and text and trust.url_strikes >= MOST_STRIKES:
        # A feed whose names lie, and a text of a few words: either could be the case.
        return Bygone.DOUBTFUL
    return Bygone.DOUBTFUL if any(others) else Bygone.NEW
