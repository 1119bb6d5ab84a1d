"""Tell a document's entries apart without reading them, so that known ones are not read again.

Most of what a poll brings was there the last time, to the byte: of thirty entries one is new. A
linear scan finds where entries begin and end; those that are known by their digest are cut out, and
feedparser reads the rest.

This gives what reading the whole gives, for an entry is read by itself as long as the document is
well-formed: what was a balanced part of one well-formed document is a balanced part of the next one
where it stands among elements, and leaving it out, or putting it in, spoils nothing. Whoever reads
must check two things, and read the whole otherwise: that the rest is well-formed, and that it has
as many entries as were left in it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass

# What may hide a tag, and the tags themselves.
_MARK = re.compile(
    r"<(?:(?P<hides>!--|!\[CDATA\[|\?)"
    r"|(?P<end>/?)(?P<name>(?:[\w.-]+:)?(?:item|entry))(?=[\s/>])[^<>]*>)"
)
_HIDES_UNTIL = {"!--": "-->", "![CDATA[": "]]>", "?": "?>"}
# Tags before the first entry that change how entries are read: they set namespaces or a base.
_SETTING = re.compile(r"<[^<>]*\sxml[^<>]*>")
_TAG = re.compile(r"<[A-Za-z_][^<>]*>")

# So many bytes of a digest are kept: among the 2,000 entries of a feed, two are alike by chance
# once in 10^13 documents.
SHORT_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A document in parts: where its entries are, and what tells them apart."""

    text: str
    # Where each entry begins and ends in it.
    spans: tuple[tuple[int, int], ...]
    # Of each entry, of all its characters.
    digests: tuple[bytes, ...]
    # Digest of what else decides how an entry is read: the tags around it, and its address.
    context: bytes

    def without(self, places: Collection[int]) -> str:
        """Return the text without the entries at some places, each of them counted from 0."""
        parts, done = [], 0
        for place in sorted(places):
            start, end = self.spans[place]
            parts.append(self.text[done:start])
            done = end
        return "".join(parts) + self.text[done:]


def split(text: str, url: str) -> Split | None:
    """Tell the entries of a feed apart; None if it has none in it, or if it is not certain where.

    `url` is where the document came from: relative links depend on it.
    """
    spans = _spans(text)
    first = _TAG.search(text)
    # The second: an entry may be a document of its own (RFC 4287 section 2).
    if not spans or first is None or first.start() == spans[0][0]:
        return None
    around = [first[0], *_SETTING.findall(text, 0, spans[0][0])]
    return Split(
        text=text,
        spans=tuple(spans),
        digests=tuple(short_digest(text[start:end]) for start, end in spans),
        context=short_digest("\n".join((url, *around))),
    )


def _spans(text: str) -> list[tuple[int, int]]:
    """Return where entries begin and end; nothing unless all have one name, none is in another."""
    spans: list[tuple[int, int]] = []
    opened, called, at = -1, None, 0
    while mark := _MARK.search(text, at):
        at = mark.end()
        if mark["hides"]:
            closing = _HIDES_UNTIL[mark["hides"]]
            at = text.find(closing, at) + len(closing)
            if at < len(closing):
                return []
            continue
        is_end, name = mark["end"] == "/", mark["name"]
        closes_itself = text[at - 2] == "/"
        if name != (called or name) or is_end != (opened >= 0) or closes_itself:
            return []
        called = name
        if is_end:
            spans.append((opened, at))
            opened = -1
        else:
            opened = mark.start()
    return spans if opened < 0 else []


def short_digest(text: str) -> bytes:
    """Return the digest of an entry, an item or a context, as imprints hold it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SHORT_BYTES).digest()
