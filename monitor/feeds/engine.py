"""feedparser as we use it: on bytes only, without what costs most, each entry by itself.

It sees only bytes that we fetched: given a text, it would open it as URL or path. It neither cleans
HTML nor resolves links, which costs it most of its time and some inputs all of it.
"""

from __future__ import annotations

import io
from typing import Any
from xml.sax.expatreader import ExpatParser

import feedparser
import feedparser.api


def read(text: str) -> Any:
    """Return what feedparser finds in the text of a feed; raises what it may.

    No location is given to it: it would resolve guids against it, and a feed that moves would
    change the identity of all its items.
    """
    declared = b"<?xml version='1.0' encoding='utf-8'?>" + text.encode()
    return feedparser.parse(
        io.BytesIO(declared),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


# What feedparser knows of the place that it has come to, and the stacks of it.
_PLACE = (
    *("baseuri", "lang", "depth", "title_depth", "contentparams", "svgOK", "_summaryKey"),
    *("incontent", "intextinput", "inimage", "inauthor", "incontributor", "inpublisher"),
    *("insource", "hasContent"),
)
_STACKS = ("basestack", "langstack", "elementstack")


class _EachByItself:
    """Keeps feedparser's state from leaking out of one entry into those after it.

    As it is, the `xml:base` of an element goes on after its end if nothing around it has one, after
    some XHTML (its `typepad` case) base, language and depth do, and a title in a title leaves all
    content after it misread. The identity of an entry would then depend on what stands above it.
    """

    def unknown_starttag(self: Any, tag: str, attributes: Any) -> None:
        """Read a start tag; what holds before an entry holds again after it."""
        # Only where an entry may begin: a copy at each tag is quadratic in their depth.
        if not self.inentry and tag.rpartition(":")[2] in {"item", "entry"}:
            self._outside = {name: getattr(self, name) for name in _PLACE}
            self._outside_stacks = {name: list(getattr(self, name)) for name in _STACKS}
        super().unknown_starttag(tag, attributes)  # type: ignore[misc]

    def unknown_endtag(self: Any, tag: str) -> None:
        """Read an end tag."""
        was_in_entry = self.inentry
        super().unknown_endtag(tag)  # type: ignore[misc]
        if was_in_entry and not self.inentry:
            for name, value in self._outside.items():
                setattr(self, name, value)
            for name, stack in self._outside_stacks.items():
                getattr(self, name)[:] = stack
        elif self.basestack:
            self.baseuri = self.basestack[-1]

    def _add_tag(self: Any, *_tag: object) -> None:
        """Leave out an entry's tags: we use none, and feedparser compares each with all before it.

        A megabyte of `media:keywords` would take it minutes.
        """
        self._get_context().setdefault("tags", [])


class _Strict(_EachByItself, feedparser.api.StrictFeedParser):  # type: ignore[misc]
    """feedparser's reader of what is well-formed."""


class _Loose(_EachByItself, feedparser.api.LooseFeedParser):  # type: ignore[misc]
    """feedparser's reader of what is not."""


feedparser.api.StrictFeedParser = _Strict
feedparser.api.LooseFeedParser = _Loose
# The module whose `create_parser` gives the XML parser. feedparser's own choice, `drv_libxml2`, is
# looked for on disk with each document, at the price of reading a short one.
feedparser.api.PREFERRED_XML_PARSERS = [__name__]


class _Buffered(ExpatParser):
    """The standard library's XML parser, handing on text in large pieces.

    As it is, each line and each reference is a call of its own: text that is escaped HTML, as most
    is, takes several times as long, and a megabyte of `&amp;` seconds.
    """

    # Of pyexpat; made by `reset`.
    _parser: Any

    def reset(self) -> None:
        """Prepare for a document."""
        super().reset()
        self._parser.buffer_text = True
        self._parser.buffer_size = 65536


def create_parser() -> _Buffered:
    """Return an XML parser, as `xml.sax.make_parser` asks a driver for it."""
    return _Buffered()
