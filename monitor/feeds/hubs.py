"""Find out which hub pushes a feed, and by which name (WebSub section 4).

HTTP `Link` headers come first, then what the document says: `link` elements of the feed itself in
XML, `hubs` and `feed_url` in JSON Feed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from monitor.records import Document, Link

# No URL that servers are known to take is longer.
MOST_URL = 2048
# Of those that a document names.
MOST_HUBS = 5
# How much of a document is looked at; the links of a feed stand before its first item.
MOST_HEAD_BYTES = 131_072

_ITEMS = frozenset({"item", "entry"})
# Elements whose children speak for the feed as a whole; `RDF` holds RSS 1.0.
_FEEDS = frozenset({"feed", "channel"})
_DEEPEST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The hubs that a document names, and its name for itself."""

    # In its order, https before http; at least one.
    hubs: tuple[str, ...]
    topic_url: str


def discover(document: Document) -> Named | None:
    """Return what a document says about its hubs; None if it names no hub or not itself.

    If its HTTP headers name a hub and the document, nothing else is looked at.
    """
    return _named(document.links, document.url) or _named(_own_links(document), document.url)


def choose(named: Named, *, hub: str, topic_url: str) -> str:
    """Return the hub to use: the one in use as long as it is named for the same topic.

    >>> two = Named(hubs=("https://a.example/", "https://b.example/"), topic_url="https://t.example/")
    >>> choose(two, hub="https://b.example/", topic_url="https://t.example/")
    'https://b.example/'
    >>> choose(two, hub="https://b.example/", topic_url="https://other.example/")
    'https://a.example/'
    """
    return hub if topic_url == named.topic_url and hub in named.hubs else named.hubs[0]


def _named(links: Iterable[Link], base: str) -> Named | None:
    hubs: dict[str, None] = {}
    topic_url = ""
    for link in links:
        url = _sane(link.url, base)
        if not url:
            continue
        if link.rel == "hub" and len(hubs) < MOST_HUBS:
            hubs[url] = None
        elif link.rel == "self":
            topic_url = topic_url or url
    if not hubs or not topic_url:
        return None
    # A secret ought to travel encrypted only (section 5.1): https first.
    return Named(
        hubs=tuple(sorted(hubs, key=lambda hub: not hub.startswith("https:"))), topic_url=topic_url
    )


def _sane(url: str, base: str) -> str:
    """Return a URL as absolute http(s) URL without fragment; empty if it is none, or too long."""
    url = url.strip()
    # Parsers disagree about the host of URLs with these: no honest one has them.
    if not url or len(url) > MOST_URL or any(ord(one) <= 32 or one in '\\"<>\x7f' for one in url):
        return ""
    try:
        own = urlsplit(url)
        whole = urljoin(base, url).partition("#")[0]
        parts = urlsplit(whole)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname)
        # `https:` alone would be taken for the document itself.
        is_web = is_web and bool(own.netloc or not own.scheme)
        has_login = parts.username is not None or parts.port == 0
    except ValueError:
        return ""
    return whole if is_web and not has_login and len(whole) <= MOST_URL else ""


def _own_links(document: Document) -> Iterator[Link]:
    body = document.body.lstrip(b"\xef\xbb\xbf\0 \t\r\n")
    if body[:1] == b"{":
        return _json_links(body)
    return _xml_links(body[:MOST_HEAD_BYTES])


def _json_links(body: bytes) -> Iterator[Link]:
    """Yield the links of a JSON Feed (https://www.jsonfeed.org/version/1.1/, `hubs`)."""
    try:
        feed: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    if not isinstance(feed, dict):
        return
    yield Link(rel="self", url=_text(feed.get("feed_url")))
    hubs = feed.get("hubs")
    for hub in hubs[: 2 * MOST_HUBS] if isinstance(hubs, list) else ():
        if isinstance(hub, dict) and _text(hub.get("type")).lower() == "websub":
            yield Link(rel="hub", url=_text(hub.get("url")))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _xml_links(head: bytes) -> Iterator[Link]:
    """Yield the links of an RSS or Atom feed; its items are not looked at.

    Read by a real parser: markup that is quoted in a description is not the feed's own.
    """
    # Entities stay unresolved, nothing is loaded; `recover` takes the head of a broken feed, too.
    parser = etree.XMLPullParser(
        ("start", "end"), recover=True, resolve_entities=False, no_network=True, huge_tree=False
    )
    try:
        parser.feed(head)
    except etree.XMLSyntaxError:
        return
    path: list[str] = []
    for event, element in parser.read_events():
        # Of an undeclared prefix `atom:link` stays as it is.
        name = _local(element.tag)
        if event == "end":
            path = path[:-1]
            continue
        if name in _ITEMS:
            return
        is_own = bool(path) and path[-1] in _FEEDS and len(path) < _DEEPEST
        path.append(name)
        if name == "link" and is_own:
            for rel in (element.get("rel") or "").lower().split()[:4]:
                yield Link(rel=rel, url=element.get("href") or "")


def _local(tag: object) -> str:
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""
