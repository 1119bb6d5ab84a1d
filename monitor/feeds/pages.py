"""Find the feeds that a web page names, for a person who gave the page's address."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from monitor.feeds.charset import decode
from monitor.feeds.drafts import web_url
from monitor.records import Document

# The types of feeds (https://html.spec.whatwg.org/multipage/links.html#rel-alternate).
FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)
MOST_FEEDS = 5
# The head of a page; what stands behind it is not looked at.
MOST_HEAD = 262_144
# A tag that does not end would be looked at again and again.
LONGEST_TAG = 8_192
_LINK = re.compile(rf"<link\b[^<>]{{1,{LONGEST_TAG}}}>", re.IGNORECASE)


def feeds_of(page: Document) -> tuple[str, ...]:
    """Return the addresses of the feeds that the head of a page names, in its order; at most five.

    None of them is asked.
    """
    head = decode(page.body[:MOST_HEAD], page.content_type)
    finder = _Finder(page.url)
    for link in _LINK.findall(head):
        finder.feed(link)
        if len(finder.found) >= MOST_FEEDS:
            break
    return tuple(finder.found)


class _Finder(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self._base = base
        # In order, each once.
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        kind = said.get("type", "").partition(";")[0].strip().lower()
        if tag != "link" or "alternate" not in said.get("rel", "").lower().split():
            return
        url = web_url(said.get("href", ""), self._base) if kind in FEED_TYPES else None
        if url:
            self.found[url] = None
