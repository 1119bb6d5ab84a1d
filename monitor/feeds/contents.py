"""What a document says, as far as it is wanted: all that its hostile bytes have to be read for."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.feeds.drafts import DraftFeed, make_item
from monitor.feeds.entries import drafts_of
from monitor.feeds.guard import both_ends
from monitor.feeds.hubs import Named, discover
from monitor.feeds.lang import primary
from monitor.feeds.survey import Survey, survey
from monitor.records import Document, Hints, Item
from monitor.text.markup import plain

_LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is wanted of a document."""

    items: bool = True
    hub: bool = False
    survey: bool = False


ITEMS = Wanted()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a document says of its feed and its items, each taken by itself."""

    # Plain text; empty if the feed has no title.
    title: str
    # ISO 639-1, as it states; None also if it states none that is known.
    lang: str | None
    # In the document's order. Several may have one key; a language is what the item states itself.
    items: tuple[Item, ...]
    hints: Hints


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What was wanted of a document."""

    said: Said | None = None
    # None also if it names no hub.
    hub: Named | None = None
    survey: Survey | None = None


def contents_of(document: Document, wanted: Wanted, *, max_items: int = 2000) -> Contents:
    """Read what is wanted of a document.

    Raises `ParseError` if items or a survey are wanted and it is no feed, or one that costs too
    much to read.
    """
    said = found = None
    if wanted.items or wanted.survey:
        drafts = drafts_of(document, max_items=max_items)
        said = _said(drafts, document, max_items)
        found = survey(drafts, document.url, document.fetched_at) if wanted.survey else None
    # Last: what could be read is harmless to this, too.
    hub = discover(document) if wanted.hub else None
    return Contents(said=said, hub=hub, survey=found)


def read(document: Document, *, max_items: int = 2000) -> Said:
    """Read what a document says of its feed and its items.

    Raises `ParseError` as `contents_of` does.
    """
    return _said(drafts_of(document, max_items=max_items), document, max_items)


def _said(drafts: DraftFeed, document: Document, max_items: int) -> Said:
    listed = both_ends(drafts.drafts, max_items)
    return Said(
        title=plain(drafts.title, limit=_LONGEST_TITLE),
        lang=primary(drafts.lang),
        items=tuple(make_item(draft, document) for draft in listed),
        hints=drafts.hints,
    )
