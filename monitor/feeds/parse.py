"""Read the items of a document: RSS 0.9x to 2.0, RSS 1.0, Atom 0.3 and 1.0, JSON Feed.

feedparser lives only here, and sees only bytes that we fetched: given a text, it would open it as
URL or path. It neither cleans HTML nor resolves links, which costs it most of its time and some
inputs all of it; that is done on what we keep.
"""

from __future__ import annotations

import html
import io
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import feedparser
import feedparser.api

from monitor.errors import ParseError
from monitor.feeds import hints, jsonfeed
from monitor.feeds.charset import decode
from monitor.feeds.drafts import Draft, DraftFeed, make_item
from monitor.feeds.guard import admit, both_ends, is_whole
from monitor.feeds.identity import distinct
from monitor.feeds.lang import primary
from monitor.records import Document, Hints, Item
from monitor.text.language import against, detect
from monitor.text.markup import plain

_LONGEST_TITLE = 300

# How feedparser calls what may say when an item was published; best first.
_DATES = ("published", "updated", "created", "dcterms_issued", "dcterms_created", "dc_date")

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})

# Attached pictures and programs are no text.
_TEXT_TYPES = frozenset({"text/plain", "text/html", "application/xhtml+xml", "text/xhtml", ""})


def _keep_no_tags(parser: Any, *_tag: object) -> None:
    """Leave out an entry's tags: we use none, and feedparser compares each with all before it.

    A megabyte of `media:keywords` would take it minutes.
    """
    parser._get_context().setdefault("tags", [])  # noqa: SLF001 -- as its own method does


feedparser.api.StrictFeedParser._add_tag = _keep_no_tags  # noqa: SLF001 -- it lives only here
feedparser.api.LooseFeedParser._add_tag = _keep_no_tags  # noqa: SLF001 -- the same


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
    """Read a document's items, in its order; a feed without items is fine.

    An item's language is what it says itself, else `feed_lang` (of the list of feeds: many feeds
    carry the `en-us` of their template), else the feed's, else that of the HTTP header; the last
    two only where the titles of the document do not belie them. Of more than `max_items` items the
    first and the last are read: new ones are at either end.

    Raises `ParseError` if the document is no feed, or one that costs too much to read.
    """
    said = drafts_of(document, max_items=max_items)
    drafts = both_ends(said.drafts, max_items)
    listed = primary(feed_lang)
    stated = listed or primary(said.lang) or primary(document.content_language)
    items = [make_item(draft, document, stated) for draft in drafts]
    told = listed or _told(items, stated)
    if told != stated:
        # Each item's own text decides, and only then the other titles.
        items = [replace(item, lang=None) if item.lang == stated else item for item in items]
    return ParsedFeed(
        title=plain(said.title, limit=_LONGEST_TITLE),
        lang=told,
        items=distinct(items),
        hints=said.hints,
    )


def drafts_of(document: Document, *, max_items: int = 2000) -> DraftFeed:
    """Read what a document says, as it says it.

    Raises `ParseError` as `parse` does.
    """
    text = decode(document.body, document.content_type)
    bare = text.strip("\ufeff\0 \t\r\n")
    if not bare:
        raise ParseError("empty document")
    is_json = bare[0] in "{["
    return jsonfeed.read(bare) if is_json else _read(admit(text, max_items=max_items))


def _told(items: list[Item], stated: str | None) -> str | None:
    """Give the language of a document's titles: as stated, unless they are plainly in another.

    Those of items that state a language of their own have no say.
    """
    titles = "\n".join(item.title for item in items if item.lang == stated)
    if stated is not None:
        return against(titles, stated) or stated
    return detect(titles)


def _read(text: str) -> DraftFeed:
    """Return what feedparser finds in the text of a feed.

    No location is given to it: it would resolve guids against it, and a feed that moves would
    change the identity of all its items.
    """
    declared = b"<?xml version='1.0' encoding='utf-8'?>" + text.encode()
    try:
        found = feedparser.parse(
            io.BytesIO(declared),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
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
        hints=_hints(feed, text),
        drafts=tuple(_draft(entry, lang, is_atom=is_atom) for entry in entries),
        form=str(found["version"]),
        trouble=_cause(trouble) if isinstance(trouble, Exception) else "",
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
    links = [link for link in dict.get(entry, "links", ()) if _text(link, "rel") == "alternate"]
    for wants_html in (True, False):
        for link in links:
            if (_text(link, "type") in _HTML_TYPES) == wants_html and _text(link, "href"):
                yield _text(link, "href")


def _summaries(entry: dict[str, Any], *, is_atom: bool) -> Iterator[str]:
    """Yield the entry's texts as markup, the summary first."""
    yield _markup(entry, "summary", is_atom=is_atom)
    for content in dict.get(entry, "content", ()):
        if _text(content, "type") in _TEXT_TYPES:
            yield _text(content, "value")


def _markup(holder: dict[str, Any], name: str, *, is_atom: bool) -> str:
    """Return a text as markup: where Atom says that it is plain text, escaped.

    In RSS nothing says so, and the habit is markup.
    """
    text = _text(holder, name)
    detail = dict.get(holder, f"{name}_detail") or {}
    is_text = is_atom and _text(detail, "type") == "text/plain"
    return html.escape(text, quote=False) if is_text else text


def _own_lang(entry: dict[str, Any], feed_lang: str | None) -> str | None:
    """Return the language that an entry states for itself, not one that it inherits."""
    stated = _text(entry, "language")
    for name in ("title_detail", "summary_detail"):
        stated = stated or _text(dict.get(entry, name) or {}, "language")
    return stated if stated and primary(stated) != primary(feed_lang) else None


def _hints(feed: dict[str, Any], text: str) -> Hints:
    """Return what the feed says about when to ask again."""
    period, frequency = _text(feed, "sy_updateperiod"), _text(feed, "sy_updatefrequency")
    hours, days = hints.skips(text)
    return Hints(
        ttl=hints.ttl(_text(feed, "ttl")),
        update_every=hints.update_every(period, frequency),
        skip_hours=hours,
        skip_days=days,
    )


def _text(holder: dict[str, Any], name: str) -> str:
    """Return one of feedparser's values if it is a text.

    Its mapping's own `get` takes one name for another, warning that it will stop to: `updated` for
    `published` (feedparser issue 310). So it is read as the plain mapping that it also is.
    """
    value = dict.get(holder, name)
    return value if isinstance(value, str) else ""
