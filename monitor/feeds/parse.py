"""Make a feed of what its document says: the language of each item, and a key of its own.

contents_of(document)  -> Contents        what can be dear: in a process of its own (`parsing`)
settle(said)           -> ParsedFeed      the rest, which needs the tables of languages
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from monitor.feeds.contents import Said, read
from monitor.feeds.identity import distinct
from monitor.feeds.lang import primary
from monitor.records import Document, Hints, Item
from monitor.text.language import against, detect


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a document says: its feed's own words and its items."""

    # Plain text; empty if the feed has no title.
    title: str
    # ISO 639-1, of the feed as a whole: as it says, unless its titles are plainly in another; what
    # an item is in that says nothing itself and is too short to tell.
    lang: str | None
    # In the document's order, each with a key of its own.
    items: tuple[Item, ...]
    hints: Hints


def parse(document: Document, *, feed_lang: str | None, max_items: int = 2000) -> ParsedFeed:
    """Read a document's items here, in this process.

    Raises `ParseError` if the document is no feed, or one that costs too much to read.
    """
    return settle(read(document, max_items=max_items), document, feed_lang)


def settle(said: Said, document: Document, feed_lang: str | None) -> ParsedFeed:
    """Settle the languages and the keys of a document's items.

    An item's language is what it says itself, else `feed_lang` (of the list of feeds: many feeds
    carry the `en-us` of their template), else the feed's, else that of the HTTP header; the last
    two only where the titles of the document do not belie them.
    """
    listed = primary(feed_lang)
    stated = listed or said.lang or primary(document.content_language)
    items = [item if item.lang else replace(item, lang=stated) for item in said.items]
    told = listed or _told(items, stated)
    if told != stated:
        # Each item's own text decides, and only then the other titles.
        items = [replace(item, lang=None) if item.lang == stated else item for item in items]
    return ParsedFeed(title=said.title, lang=told, items=distinct(items), hints=said.hints)


def _told(items: list[Item], stated: str | None) -> str | None:
    """Give the language of a document's titles: as stated, unless they are plainly in another.

    Those of items that state a language of their own have no say.
    """
    titles = "\n".join(item.title for item in items if item.lang == stated)
    if stated is not None:
        return against(titles, stated) or stated
    return detect(titles)
