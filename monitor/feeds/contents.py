"""What a document says, as far as it is wanted: all that its hostile bytes have to be read for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.errors import ParseError
from monitor.feeds import jsonfeed
from monitor.feeds.drafts import DraftFeed, make_item
from monitor.feeds.entries import drafts_of, is_json, read_xml, text_of
from monitor.feeds.guard import bear, begin, both_ends
from monitor.feeds.hubs import Named, discover
from monitor.feeds.imprint import has_lang, make_imprint, recall, trace
from monitor.feeds.lang import primary
from monitor.feeds.split import Split, split
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
    # What is missing from the items, since it was known: its place among all of them, its trace.
    gaps: tuple[tuple[int, bytes], ...] = ()
    # By it the next document's reading knows this one's entries; empty if it cannot.
    imprint: bytes = b""
    # None also if it names no hub.
    hub: Named | None = None
    survey: Survey | None = None


def contents_of(
    document: Document, wanted: Wanted = ITEMS, *, seen: bytes = b"", max_items: int = 2000
) -> Contents:
    """Read what is wanted of a document.

    Entries that the imprint `seen` knows are left out of the items, as gaps. The others are what
    they would be if all were read.

    Raises `ParseError` if items or a survey are wanted and it is no feed, or one that costs too
    much to read.
    """
    found = Contents()
    if wanted.survey:
        drafts = drafts_of(document, max_items=max_items)
        found = Contents(
            said=_said(drafts, document, max_items),
            survey=survey(drafts, document.url, document.fetched_at),
        )
    elif wanted.items:
        found = _read(document, seen, max_items)
    # Last: what could be read is harmless to this, too.
    return replace(found, hub=discover(document)) if wanted.hub else found


def read(document: Document, *, max_items: int = 2000) -> Said:
    """Read all that a document says of its feed and its items.

    Raises `ParseError` as `contents_of` does.
    """
    return _said(drafts_of(document, max_items=max_items), document, max_items)


def _read(document: Document, seen: bytes, max_items: int) -> Contents:
    text = text_of(document)
    if is_json(text):
        drafts = jsonfeed.read(text, max_items=max_items)
        return Contents(said=_said(drafts, document, max_items))
    feed = begin(text)
    parts = split(feed, document.url)
    known = recall(seen, parts.context) if parts else {}
    if parts and known and len(parts.spans) <= max_items:
        part = _read_part(parts, known, seen, document, max_items)
        if part is not None:
            return part
    drafts = read_xml(bear(feed, max_items=max_items))
    said = _said(drafts, document, max_items)
    left = b""
    if parts and drafts.is_sound and len(parts.spans) == len(drafts.drafts) == len(said.items):
        traces = map(trace, parts.digests, said.items)
        left = make_imprint(parts.context, said.lang, traces)
    return Contents(said=said, imprint=left)


def _read_part(
    parts: Split, known: Mapping[bytes, bytes], seen: bytes, document: Document, max_items: int
) -> Contents | None:
    """Read what is not known of a document; None if only the whole can tell.

    See `monitor.feeds.split` for when that is.
    """
    gaps = {place: known[one] for place, one in enumerate(parts.digests) if one in known}
    left = len(parts.spans) - len(gaps)
    try:
        drafts = read_xml(bear(parts.without(gaps), max_items=max_items))
    except ParseError:
        # Without entries some are no feed; and what is wrong with one is told of the whole.
        return None
    if not drafts.is_sound or len(drafts.drafts) != left:
        return None
    said = _said(drafts, document, max_items)
    if not has_lang(seen, said.lang):
        return None
    items = iter(said.items)
    traces = [
        gaps[place] if place in gaps else trace(digest, next(items))
        for place, digest in enumerate(parts.digests)
    ]
    return Contents(
        said=said,
        gaps=tuple(gaps.items()),
        imprint=make_imprint(parts.context, said.lang, traces),
    )


def _said(drafts: DraftFeed, document: Document, max_items: int) -> Said:
    listed = both_ends(drafts.drafts, max_items)
    return Said(
        title=plain(drafts.title, limit=_LONGEST_TITLE),
        lang=primary(drafts.lang),
        items=tuple(make_item(draft, document) for draft in listed),
        hints=drafts.hints,
    )
