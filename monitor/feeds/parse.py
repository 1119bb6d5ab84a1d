"""Read the items of a document: RSS 0.9x to 2.0, RSS 1.0, Atom 0.3 and 1.0, JSON Feed.

What feedparser gives is known only here; how it is called, in `monitor.feeds.engine`. HTML is
cleaned and links are resolved on what we keep.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor.errors import ParseError
from monitor.feeds import engine, jsonfeed
from monitor.feeds.charset import decode
from monitor.feeds.drafts import Draft, DraftFeed, make_item
from monitor.feeds.guard import bear, begin, both_ends, is_whole
from monitor.feeds.identity import distinct
from monitor.feeds.lang import primary
from monitor.feeds.split import Split, are_claimed, imprint, recall, split
from monitor.records import Document, Item
from monitor.text.markup import plain

_LONGEST_TITLE = 300

# How feedparser calls what may say when an item was published; best first.
_DATES = ("published", "updated", "created", "dcterms_issued", "dcterms_created", "dc_date")

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})

# Attached pictures and programs are no text.
_TEXT_TYPES = frozenset({"text/plain", "text/html", "application/xhtml+xml", "text/xhtml", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a document says about when to ask again."""

    # RSS `ttl`: how long it may be kept.
    ttl: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """What a document says: its feed's own words and its items."""

    # Plain text; empty if the feed has no title.
    title: str
    # ISO 639-1, of the feed as a whole.
    lang: str | None
    # In the document's order, each with a key of its own; without those that were known.
    items: tuple[Item, ...]
    hints: Hints
    # How many items were left out, because the last document had them to the byte.
    known: int = 0
    # By what the next document's reading knows this one's entries again; empty if it cannot.
    imprint: bytes = b""


def parse(
    document: Document, *, feed_lang: str | None, max_items: int = 2000, seen: bytes = b""
) -> ParsedFeed:
    """Read a document's items, in its order; a feed without items is fine.

    An item's language is what it says itself, else `feed_lang` (of the list of feeds: many feeds
    carry the `en-us` of their template), else the feed's, else that of the HTTP header. Of more
    than `max_items` items the first and the last are read: new ones are at either end.

    `seen` is the `imprint` of a document of this feed whose items are stored: those that come again
    unchanged are left out. The others are what they would be if all were read.

    Raises `ParseError` if the document is no feed, or one that costs too much to read.
    """
    text = decode(document.body, document.content_type)
    bare = text.strip("\ufeff\0 \t\r\n")
    if not bare:
        raise ParseError("empty document")
    if bare[0] in "{[":
        said = jsonfeed.read(bare, max_items=max_items)
        return _parsed(said, _items(said, document, feed_lang, max_items), document)
    feed = begin(bare)
    parts = split(feed, document.url)
    known = recall(seen, parts) if parts else {}
    if parts and known and len(parts.spans) <= max_items:
        rest = _parse_rest(parts, known, document, feed_lang, max_items)
        if rest is not None:
            return rest
    said = _read(bear(feed, max_items=max_items))
    items = _items(said, document, feed_lang, max_items)
    left = b""
    if parts and said.is_sound and len(parts.spans) == len(said.drafts) == len(items):
        left = imprint(parts, [item.key for item in items], {})
    return _parsed(said, items, document, left=left)


def _parse_rest(
    parts: Split,
    known: Mapping[bytes, bytes],
    document: Document,
    feed_lang: str | None,
    max_items: int,
) -> ParsedFeed | None:
    """Read what is not known of a document; None if only the whole can tell.

    See `monitor.feeds.split` for when that is.
    """
    cut = [place for place, digest in enumerate(parts.digests) if digest in known]
    left = len(parts.spans) - len(cut)
    try:
        said = _read(bear(parts.without(cut), max_items=max_items))
    except ParseError:
        # Without entries some are no feed; and what is wrong with one is told of the whole.
        return None
    if not said.is_sound or len(said.drafts) != left:
        return None
    items = _items(said, document, feed_lang, max_items)
    keys = [item.key for item in items]
    if are_claimed(keys, known):
        return None
    return _parsed(said, items, document, known=len(cut), left=imprint(parts, keys, known))


def _items(
    said: DraftFeed, document: Document, feed_lang: str | None, max_items: int
) -> list[Item]:
    """Make the items of what a document says; those of one key are not told apart yet."""
    lang = primary(feed_lang) or _lang(said, document)
    return [make_item(draft, document, lang) for draft in both_ends(said.drafts, max_items)]


def _parsed(
    said: DraftFeed, items: list[Item], document: Document, *, known: int = 0, left: bytes = b""
) -> ParsedFeed:
    """Put together what a document says, each item with a key of its own."""
    return ParsedFeed(
        title=plain(said.title, limit=_LONGEST_TITLE),
        lang=_lang(said, document),
        items=distinct(items),
        hints=Hints(ttl=said.ttl),
        known=known,
        imprint=left,
    )


def _lang(said: DraftFeed, document: Document) -> str | None:
    return primary(said.lang) or primary(document.content_language)


def _read(text: str) -> DraftFeed:
    """Return what feedparser finds in the text of a feed."""
    try:
        found = engine.read(text)
    except MemoryError:
        raise
    except Exception as error:
        # Its loose reading may fail in any way, and spoils this document only.
        raise ParseError(f"not XML: it cannot be read ({type(error).__name__})") from error
    entries, feed = found["entries"], found["feed"]
    trouble = dict.get(found, "bozo_exception")
    if not entries and not found["version"]:
        raise ParseError("XML, but not a feed: nothing in it is one's")
    # Without items, a sloppy but whole feed is empty; one that breaks off may have lost them all.
    if not entries and trouble is not None and not is_whole(text):
        raise ParseError(_cause(trouble))
    lang = _text(feed, "language") or None
    is_atom = str(found["version"]).startswith("atom")
    return DraftFeed(
        title=_markup(feed, "title", is_atom=is_atom),
        lang=lang,
        ttl=_ttl(_text(feed, "ttl")),
        # What its head leaves open, an entry may decide for all after it.
        is_sound=trouble is None and bool(found["version"]),
        drafts=tuple(_draft(entry, lang, is_atom=is_atom) for entry in entries),
    )


def _cause(trouble: Exception) -> str:
    """Say in feedparser's words why a feed that breaks off cannot be read."""
    line = getattr(trouble, "getLineNumber", lambda: None)()
    message = getattr(trouble, "getMessage", lambda: type(trouble).__name__)()
    return f"not XML: {message}" + (f" (line {line})" if line else "")


def _draft(entry: dict[str, Any], feed_lang: str | None, *, is_atom: bool) -> Draft:
    """Return what one entry says."""
    guid = _text(entry, "id") or None
    link = _text(entry, "link")
    alternates = list(_alternates(entry))
    links = [_text(entry, "feedburner_origlink"), link if link in alternates else "", *alternates]
    return Draft(
        guid=guid,
        links=tuple(dict.fromkeys(filter(None, links))),
        permalink=guid if dict.get(entry, "guidislink") else None,
        title=_markup(entry, "title", is_atom=is_atom),
        summaries=tuple(filter(None, _summaries(entry, is_atom=is_atom))),
        lang=_own_lang(entry, feed_lang),
        dates=tuple(filter(None, (_text(entry, name) for name in _DATES))),
    )


def _alternates(entry: dict[str, Any]) -> Iterator[str]:
    """Yield the links to the item's own page, HTML before other forms."""
    links = [link for link in _parts(entry, "links") if _text(link, "rel") == "alternate"]
    for wants_html in (True, False):
        for link in links:
            if (_text(link, "type") in _HTML_TYPES) == wants_html and _text(link, "href"):
                yield _text(link, "href")


def _summaries(entry: dict[str, Any], *, is_atom: bool) -> Iterator[str]:
    """Yield the entry's texts as markup, the summary first."""
    yield _markup(entry, "summary", is_atom=is_atom)
    for content in _parts(entry, "content"):
        if _text(content, "type") in _TEXT_TYPES:
            yield _text(content, "value")


def _parts(entry: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return the mappings that feedparser lists under a name.

    An unknown element of that name leaves a text there instead.
    """
    listed = dict.get(entry, name)
    parts = listed if isinstance(listed, list) else []
    return [part for part in parts if isinstance(part, dict)]


def _markup(holder: dict[str, Any], name: str, *, is_atom: bool) -> str:
    """Return a text as markup: where Atom says that it is plain text, escaped.

    In RSS nothing says so, and the habit is markup.
    """
    text = _text(holder, name)
    is_text = is_atom and _text(_detail(holder, name), "type") == "text/plain"
    return html.escape(text, quote=False) if is_text else text


def _detail(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Return what feedparser tells beside a text."""
    detail = dict.get(holder, f"{name}_detail")
    return detail if isinstance(detail, dict) else {}


def _own_lang(entry: dict[str, Any], feed_lang: str | None) -> str | None:
    """Return the language that an entry states for itself, not one that it inherits."""
    stated = _text(entry, "language")
    for name in ("title", "summary"):
        stated = stated or _text(_detail(entry, name), "language")
    return stated if stated and primary(stated) != primary(feed_lang) else None


def _ttl(minutes: str) -> timedelta | None:
    """Return RSS `ttl`, in minutes there; None if it is not a sensible number."""
    if not minutes.isdecimal() or len(minutes) > 6 or int(minutes) == 0:
        return None
    return timedelta(minutes=int(minutes))


def _text(holder: dict[str, Any], name: str) -> str:
    """Return one of feedparser's values if it is a text.

    Its mapping's own `get` takes one name for another, warning that it will stop to: `updated` for
    `published` (feedparser issue 310). So it is read as the plain mapping that it also is.
    """
    value = dict.get(holder, name)
    return value if isinstance(value, str) else ""
