"""Read the entries of a document: RSS 0.9x to 2.0, RSS 1.0, Atom 0.3 and 1.0, JSON Feed.

What feedparser gives is known only here; how it is called, in `monitor.feeds.engine`. HTML is
cleaned and links are resolved on what we keep (`monitor.feeds.drafts`).
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from monitor.errors import ParseError
from monitor.feeds import engine, hints, jsonfeed
from monitor.feeds.charset import decode
from monitor.feeds.drafts import Draft, DraftFeed
from monitor.feeds.guard import admit, is_whole
from monitor.feeds.lang import primary
from monitor.records import Document, Hints

# How feedparser calls what may say when an item was published; best first.
_DATES = ("published", "updated", "created", "dcterms_issued", "dcterms_created", "dc_date")

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml", ""})

# Attached pictures and programs are no text.
_TEXT_TYPES = frozenset({"text/plain", "text/html", "application/xhtml+xml", "text/xhtml", ""})


def drafts_of(document: Document, *, max_items: int = 2000) -> DraftFeed:
    """Read what a document says, as it says it; a feed without items is fine.

    Of more than `max_items` items the first and the last are read: new ones are at either end.

    Raises `ParseError` if the document is no feed, or one that costs too much to read.
    """
    text = text_of(document)
    if is_json(text):
        return jsonfeed.read(text, max_items=max_items)
    return read_xml(admit(text, max_items=max_items))


def text_of(document: Document) -> str:
    """Return a document as text, without what may surround it.

    Raises `ParseError` if it is empty.
    """
    text = decode(document.body, document.content_type).strip("\ufeff\0 \t\r\n")
    if not text:
        raise ParseError("empty document")
    return text


def is_json(text: str) -> bool:
    """Say whether a text can be JSON only."""
    return text[0] in "{["


def read_xml(text: str) -> DraftFeed:
    """Return what feedparser finds in the text of a feed, which the guard has let pass.

    Raises `ParseError` as `drafts_of` does.
    """
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
