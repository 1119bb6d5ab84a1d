"""Read JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from monitor.errors import ParseError
from monitor.feeds.drafts import Draft, DraftFeed
from monitor.feeds.guard import both_ends
from monitor.records import Hints

# The specification wants the URL; some write the bare number.
_VERSION = re.compile(r"jsonfeed\.org/version/|^1(?:\.[01])?$")


def read(text: str, *, max_items: int) -> DraftFeed:
    """Return what a JSON Feed says; what has the wrong type counts as absent.

    Of more than `max_items` items those at both ends are looked at.

    Raises `ParseError` if the text is not JSON or not a JSON Feed.
    """
    try:
        feed = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"not JSON: {str(error).partition(chr(10))[0][:120]}") from error
    if not isinstance(feed, dict):
        raise ParseError("JSON, but not a JSON Feed: it is a list")
    listed = feed.get("items")
    if not _VERSION.search(_text(feed, "version")) or not isinstance(listed, list):
        raise ParseError("a JSON object, but not a JSON Feed")
    return DraftFeed(
        title=html.escape(_text(feed, "title")),
        lang=_text(feed, "language") or None,
        hints=Hints(),
        form="JSON Feed",
        drafts=tuple(
            _draft(entry) for entry in both_ends(listed, max_items) if isinstance(entry, dict)
        ),
    )


def _draft(entry: Mapping[str, Any]) -> Draft:
    """Return what one entry says; plain text is escaped, since a draft holds markup."""
    identity = entry.get("id")
    numeric = isinstance(identity, int | float) and not isinstance(identity, bool)
    guid = str(identity) if numeric or isinstance(identity, str) else None
    links = tuple(filter(None, (_text(entry, "url"), _text(entry, "external_url"))))
    texts = (
        html.escape(_text(entry, "summary")),
        _text(entry, "content_html"),
        html.escape(_text(entry, "content_text")),
    )
    return Draft(
        guid=guid,
        links=links,
        # The specification asks for a full URL as id where there is one.
        permalink=guid,
        title=html.escape(_text(entry, "title")),
        summaries=tuple(filter(None, texts)),
        lang=_text(entry, "language") or None,
        dates=tuple(filter(None, (_text(entry, "date_published"), _text(entry, "date_modified")))),
    )


def _text(holder: Mapping[str, Any], name: str) -> str:
    """Return a member if it is a text."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""
