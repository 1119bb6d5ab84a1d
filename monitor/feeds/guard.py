"""Decide whether a text may go to the feed parser, and hand over only what it reads safely.

feedparser takes quadratic time on a tag of many attributes and seconds on very many items; expat
gives up at control characters. Everything here is linear.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeVar

from monitor.errors import ParseError

_T = TypeVar("_T")

# No feed seen in the wild declares entities, has a tag of 8 KB or one of 100 attributes, or more
# than 80,000 `<` and 200,000 `&`, most of them in the text of its items.
_LONGEST_TAG = 64 * 1024
_MOST_ATTRIBUTES = 200
_MOST_TAGS = 100_000
_MOST = {"<": 1_000_000, "&": 1_000_000, "xml:base": 20_000}
# Empty lines before the first element: from each of them to the last feedparser looks for DOCTYPE.
# Ten thousand take it half a second.
_MOST_LINES = 500
# Below this length a tag cannot have so many: an attribute takes two characters at least.
_SHORT_TAG = 2 * _MOST_ATTRIBUTES

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# References that may name an illegal character: those of 10 to 9999 in decimal are left alone.
_REFERENCE = re.compile(r"&#(?:(\d{1,2})(?!\d)|(\d{5,})|[xX]([0-9a-fA-F]+));?")

_COMMENT = r"<!--.*?(?:-->|\Z)"
_ROOT = re.compile(
    _COMMENT + r"|<(?:[\w.-]+:)?(?P<root>rss|rdf|feed|channel|entry)(?=[\s>/])",
    re.DOTALL | re.IGNORECASE,
)
_ENTITY = re.compile(r"<!ENTITY", re.IGNORECASE)
_PAGE = re.compile(r"<(?:!doctype\s+html|html|body)\b", re.IGNORECASE)
_OF_A_PAGE = re.compile(
    r"html|head|body|title|meta|link|script|style|div|p|br|b|h[1-6]|center|table|form",
    re.IGNORECASE,
)
_ELEMENT = re.compile(r"<([A-Za-z_][\w.:-]*)")

# Every alternative ends somewhere, so that no character is read twice (see `monitor.text.markup`).
_TOKEN = re.compile(
    _COMMENT
    + r"|<!\[CDATA\[.*?(?:\]\]>|\Z)"
    + r"""|<[A-Za-z_:](?:[^<>"']++|"[^"]*+"|'[^']*+')*+""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""(?:"[^"]*+"|'[^']*+'|[^\s"'=])++(?:\s*=\s*(?:"[^"]*+"?|'[^']*+'?)?)?""")

_ITEM = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)(?=[\s>])", re.IGNORECASE)
_END_OF_ITEM = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>", re.IGNORECASE)
_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|rdf|feed|channel|entry)\s*>\s*\Z", re.IGNORECASE)


def admit(text: str, *, max_items: int) -> str:
    """Return the feed in a text as `begin` does, as far as feedparser can bear it.

    Of more than `max_items` items those at both ends stay: the new ones are at one of them.

    Raises `ParseError` if it is no feed, or one that costs too much to read.
    """
    return bear(begin(text), max_items=max_items)


def begin(text: str) -> str:
    """Return the feed in a text from its first element on, without illegal characters.

    What stood before becomes empty lines, so that lines keep their numbers; of very many some.

    Raises `ParseError` if it is no feed, or one that declares entities.
    """
    text = _ILLEGAL.sub("", text)
    start = next((found.start() for found in _ROOT.finditer(text) if found["root"]), None)
    head = text if start is None else text[:start]
    before = re.sub(_COMMENT, "", head, flags=re.DOTALL)
    if start is None or _PAGE.search(before):
        raise ParseError(_what_else(before))
    if _ENTITY.search(head):
        raise ParseError("it declares XML entities, which are not read: they can be a trap")
    return "\n" * min(head.count("\n"), _MOST_LINES) + _REFERENCE.sub(_legal, text[start:])


def bear(text: str, *, max_items: int) -> str:
    """Return what `begin` found, with at most `max_items` items, and none that breaks off.

    Raises `ParseError` if it costs too much to read.
    """
    for mark, most in _MOST.items():
        if (count := text.count(mark)) > most:
            raise ParseError(f"{count:,} times {mark!r}: no feed needs so many")
    text = _cap(_whole_items(text), max_items)
    _check_tags(text)
    return text


def is_whole(text: str) -> bool:
    """Say whether the feed in a text ends as it should, and does not break off."""
    return _END.search(text[-200:]) is not None


def both_ends(items: Sequence[_T], most: int) -> Sequence[_T]:
    """Return at most `most` of a sequence: its first and its last ones."""
    if len(items) <= most:
        return items
    tail = most // 2
    return [*items[: most - tail], *items[len(items) - tail :]]


def _what_else(text: str) -> str:
    """Say what a text is that holds no feed."""
    text = text.strip()[:65536]
    if not text:
        return "empty document"
    element = _ELEMENT.search(text)
    name = element[1][:40] if element else ""
    if _OF_A_PAGE.fullmatch(name) or _PAGE.match(text):
        return "an HTML page, not a feed"
    if name and text.startswith("<"):
        return f"XML, but not a feed: its first element is <{name}>"
    shown = " ".join(text[:60].split())
    shown = "".join(char if char.isprintable() else "?" for char in shown)
    return f"not XML: it begins with {shown!r}"


def _legal(reference: re.Match[str]) -> str:
    """Return a character reference if XML allows its character, else nothing."""
    decimal, hexadecimal = reference[1] or reference[2], reference[3]
    digits = (decimal or hexadecimal).lstrip("0") or "0"
    if len(digits) > 7:
        return ""
    code = int(digits, 10 if decimal else 16)
    legal = (
        code in {9, 10, 13}
        or 0x20 <= code <= 0xD7FF
        or 0xE000 <= code <= 0xFFFD
        or 0x10000 <= code <= 0x10FFFF
    )
    return reference[0] if legal else ""


def _check_tags(text: str) -> None:
    """Raise `ParseError` if a tag is longer, or has more attributes, than feedparser can bear."""
    tokens = _TOKEN.findall(text)
    if (count := sum(not token.startswith("<!") for token in tokens)) > _MOST_TAGS:
        raise ParseError(f"{count:,} tags: no feed needs so many")
    for token in tokens:
        if len(token) <= _SHORT_TAG or token.startswith("<!"):
            continue
        if len(token) > _LONGEST_TAG:
            raise ParseError(f"a tag of {len(token):,} characters: no feed needs one")
        # The first is the tag's name.
        attributes = sum(1 for _ in _ATTRIBUTE.finditer(token.rstrip("/"))) - 1
        if attributes > _MOST_ATTRIBUTES:
            raise ParseError(f"a tag of {attributes:,} attributes: no feed needs one")


def _whole_items(text: str) -> str:
    """Leave out an item that breaks off: next time it would be another item."""
    if is_whole(text):
        return text
    ends = [found.end() for found in _END_OF_ITEM.finditer(text)]
    rest = _ITEM.search(text, ends[-1]) if ends else None
    return text[: rest.start()] if rest else text


def _cap(text: str, max_items: int) -> str:
    """Cut items out of the middle of a feed that has more than `max_items`."""
    starts = [found.start() for found in _ITEM.finditer(text)]
    if len(starts) <= max_items:
        return text
    tail = max(max_items // 2, 1)
    return text[: starts[max_items - tail]] + text[starts[-tail] :]
