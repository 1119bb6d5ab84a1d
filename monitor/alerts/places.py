"""Where in an HTML page a template puts its values. Pure.

Escaping makes a value harmless as text of the page, and in quotes as an address that is known to
be one. Nowhere else: `onclick`, `style` and `<script>` give words a meaning of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

# What opens a tag; any other `<` is text.
_OPENS = re.compile(r"<(?=[A-Za-z/!?]|$)")
_NAME = re.compile(r"</?([A-Za-z]*)")
# In these only their own end is markup.
_RAW = frozenset({"style", "title", "textarea"})
# Only what every reader of HTML takes for the same: `a="b"c="d"` or `a=b="c"` is not.
_NAMED = r"""[\w:-]++(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?+"""
_WHOLE = re.compile(rf"</?[A-Za-z][\w:-]*+(?:\s++{_NAMED})*+\s*+/?+>|<![A-Za-z][^<>\[]*+>")
_ADDRESS = re.compile(rf"<a(?:\s++(?!href[\s=]){_NAMED})*+\s++href\s*+=\s*+[\"']", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a page: in its text, in a tag, or within an element that is no text."""

    # What was written of a tag or comment that is not closed yet.
    tag: str = ""
    # The quote that is open in it.
    quote: str = ""
    # `style`, `title` or `textarea`, while inside of one.
    raw: str = ""

    @property
    def takes(self) -> str:
        """What kind of value may stand here: `text`, `url` or nothing."""
        if self.tag:
            return "url" if self.quote and _ADDRESS.fullmatch(self.tag) else ""
        return "" if self.raw == "style" else "text"


def after(place: Place, written: str) -> Place:
    """Give the place after some more of the page.

    >>> after(Place(), "<p>Hello").takes, after(Place(), '<a href="').takes
    ('text', 'url')
    >>> after(Place(), '<a onclick="').takes, after(Place(), "<style>p {").takes
    ('', '')

    Raises `ValueError` at a script, and at a tag that may be read in two ways.
    """
    rest = written
    while rest:
        if place.tag.startswith("<!--"):
            place, rest = _in_comment(place, rest)
        elif place.tag:
            place, rest = _in_tag(place, rest)
        else:
            place, rest = _in_text(place, rest)
    return place


def past_value(place: Place) -> Place:
    """Give the place behind a value."""
    # The address has begun: a second value in it would be a piece of one.
    return replace(place, tag=place.tag + "…") if place.tag else place


def _in_text(place: Place, rest: str) -> tuple[Place, str]:
    if place.raw:
        end = re.search(rf"</{place.raw}(?![A-Za-z])", rest, re.IGNORECASE)
        if end is None:
            return place, ""
        return Place(tag=end[0]), rest[end.end() :]
    opens = _OPENS.search(rest)
    if opens is None:
        return place, ""
    return Place(tag="<"), rest[opens.end() :]


def _in_comment(place: Place, rest: str) -> tuple[Place, str]:
    whole = place.tag + rest
    end = whole.find("-->", 4)
    return (replace(place, tag=whole), "") if end < 0 else (Place(), whole[end + 3 :])


def _in_tag(place: Place, rest: str) -> tuple[Place, str]:
    char, left = rest[0], rest[1:]
    whole = place.tag + char
    if place.quote:
        return replace(place, tag=whole, quote="" if char == place.quote else place.quote), left
    if char in "\"'":
        return replace(place, tag=whole, quote=char), left
    if char != ">":
        return replace(place, tag=whole), left
    if not _WHOLE.fullmatch(whole):
        raise ValueError('has a tag that is not written plainly; write <name key="value">')
    found = _NAME.match(whole)
    name = found[1].lower() if found else ""
    if name == "script":
        raise ValueError("has a <script>; mail readers run none")
    closes = whole.startswith("</") or whole.endswith("/>")
    return Place(raw=name if name in _RAW and not closes else ""), left
