"""Read and write an OPML list of feeds (OPML 2.0, http://opml.org/spec2.opml).

Uses lxml and not listparser: that one drops the `language` of an outline and its line, reads with
an HTML parser that mends every broken list in silence, and imports requests with itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from lxml import etree

from monitor.errors import ParseError
from monitor.text.markup import plain

# Real lists hold some hundreds of outlines; the bounds only keep a hostile one from our memory.
MAX_BYTES = 5_000_000
MAX_OUTLINES = 10_000
# libxml2 compares the attributes of a tag with each other: so many of them take it minutes.
_LONG_TAG = re.compile(rb"<[^<]{65536}")

_LONGEST_NAME = 200

_LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_].*)?")
# What may not stand in XML (https://www.w3.org/TR/xml/#charsets).
_ILLEGAL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Our lists say the country as a category, `/country/ke`, since OPML has no word for it.
_COUNTRY = re.compile(r"(?:^|,)\s*/country/([A-Za-z]{2})\s*(?=,|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpmlFeed:
    """One feed as a list names it; its URL is not checked."""

    url: str
    # What the list calls it; empty if it does not.
    name: str
    # Titles of the outlines around it, the outermost first.
    groups: tuple[str, ...] = ()
    # ISO 639-1, from its `language`.
    lang: str | None = None
    # ISO 3166-1 in small letters, from its `category`.
    country: str | None = None
    # Where it stands in the list, counted from 1.
    line: int = 0


def read_opml(body: bytes) -> tuple[OpmlFeed, ...]:
    """Read the feeds of an OPML list in its order, repeated ones too; the list may be empty.

    Raises `ParseError` if it is not OPML, not well-formed, or larger than any real list.
    """
    if len(body) > MAX_BYTES:
        raise ParseError(f"{len(body)} bytes are too many: a list may have {MAX_BYTES}")
    if _LONG_TAG.search(body):
        raise ParseError("a tag of more than 65536 bytes")
    root = _parse(body)
    if _local_name(root) != "opml":
        raise ParseError(f"not OPML: its outermost element is <{_local_name(root)[:40]}>")
    feeds: list[OpmlFeed] = []
    # A stack of our own, not recursion: depth is the writer's choice.
    waiting: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    outlines = 0
    while waiting:
        element, groups = waiting.pop()
        if _local_name(element) == "outline":
            outlines += 1
            if outlines > MAX_OUTLINES:
                raise ParseError(f"more than {MAX_OUTLINES} outlines")
            outline = {str(key).lower(): str(value).strip() for key, value in element.items()}
            if outline.get("xmlurl"):
                feeds.append(_feed(outline, groups, element.sourceline))
            elif _title(outline):
                groups = (*groups, _title(outline))
        waiting.extend((child, groups) for child in reversed(element))
    return tuple(feeds)


def _parse(body: bytes) -> Any:
    # Entities stay unresolved and nothing is fetched: a list is somebody else's file
    # (CWE-611, CWE-776).
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        return etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        # Its `msg` is the text without the place in our own call.
        why = " ".join(str(getattr(error, "msg", error)).split())[:200]
        raise ParseError(f"not well-formed XML: {why}") from error


def _feed(outline: Mapping[str, str], groups: tuple[str, ...], line: int | None) -> OpmlFeed:
    language = _LANGUAGE.fullmatch(outline.get("language", ""))
    country = _COUNTRY.search(outline.get("category", ""))
    return OpmlFeed(
        url=outline["xmlurl"],
        name=_title(outline),
        groups=groups,
        lang=language[1].lower() if language else None,
        country=country[1].lower() if country else None,
        line=line or 0,
    )


def _title(outline: Mapping[str, str]) -> str:
    return plain(outline.get("text") or outline.get("title") or "", limit=_LONGEST_NAME)


def _local_name(element: Any) -> str:
    # Comments and processing instructions have a function for a tag.
    tag = element.tag
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def write_opml(title: str, feeds: Iterable[OpmlFeed], created_at: datetime) -> bytes:
    """Write a list in the order given, groups as outlines in outlines; signs XML has not go.

    What `read_opml` gives of it is what was given, lines aside; feeds of one group stand together.
    """
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _legal(title)
    # RFC 822, as the specification asks.
    etree.SubElement(head, "dateCreated").text = format_datetime(created_at)
    groups: dict[tuple[str, ...], Any] = {(): etree.SubElement(root, "body")}
    for feed in feeds:
        parent = groups[()]
        for depth, name in enumerate(feed.groups, start=1):
            path = feed.groups[:depth]
            if path not in groups:
                groups[path] = etree.SubElement(parent, "outline", text=_legal(name))
            parent = groups[path]
        name = _legal(feed.name or feed.url)
        outline = etree.SubElement(parent, "outline", type="rss", text=name, title=name)
        if feed.lang:
            outline.set("language", feed.lang)
        if feed.country:
            outline.set("category", f"/country/{feed.country}")
        outline.set("xmlUrl", _legal(feed.url))
    written: bytes = etree.tostring(root, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    return written


def _legal(text: str) -> str:
    return _ILLEGAL.sub("", text)
