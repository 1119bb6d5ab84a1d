"""Tell a document's entries apart without reading them, so that known ones are not read again.

Most of what a poll brings was there the last time, to the byte: of thirty entries one is new. A
linear scan finds where entries begin and end; those that left their digest in the imprint of the
last document are cut out, and feedparser reads the rest.

This gives what reading the whole gives, for an entry is read by itself as long as the document is
well-formed: what was a balanced part of one well-formed document is a balanced part of the next one
where it stands among elements, and leaving it out, or putting it in, spoils nothing. Whoever reads
must check three things, and read the whole otherwise: that the rest is well-formed, that it has as
many entries as were left in it, and that no entry in it claims the key of one that was cut.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
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
PAIR_BYTES = 2 * SHORT_BYTES


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


def imprint(of: Split, keys: Sequence[str], known: Mapping[bytes, bytes]) -> bytes:
    """Return what tells a document's entries when they come again: 16 bytes each.

    `keys` are those of the entries that were read, in their order; of the others, `known` tells
    the key's digest. Entries that share a key leave nothing: they are read each time, because how
    they are told apart depends on all of them.
    """
    times = Counter(keys)
    told = iter(keys)
    pairs = [of.context]
    for digest in of.digests:
        if digest in known:
            pairs.append(digest + known[digest])
        elif times[key := next(told)] == 1:
            pairs.append(digest + short_digest(key))
    return b"".join(pairs)


def recall(left: bytes, of: Split) -> dict[bytes, bytes]:
    """Return the entries of a document that an imprint knows: digest -> digest of the key.

    None is known if what stands around the entries has changed.
    """
    if left[:SHORT_BYTES] != of.context:
        return {}
    known = dict(_pairs(left))
    return {digest: known[digest] for digest in of.digests if digest in known}


def are_claimed(keys: Collection[str], known: Mapping[bytes, bytes]) -> bool:
    """Say whether one of some keys is that of a known entry."""
    return not {short_digest(key) for key in keys}.isdisjoint(known.values())


def _pairs(left: bytes) -> Iterator[tuple[bytes, bytes]]:
    for at in range(SHORT_BYTES, len(left), PAIR_BYTES):
        yield left[at : at + SHORT_BYTES], left[at + SHORT_BYTES : at + PAIR_BYTES]


def short_digest(text: str) -> bytes:
    """Return the digest of an entry, a key or a context, as imprints hold it."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=SHORT_BYTES).digest()
