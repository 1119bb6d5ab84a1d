"""What is remembered of a document's entries: by it the next reading takes them from the store.

    context, the feed's language                         10 bytes
    digest of the entry, where its item is stored,
        digest of what the item says, its language       26 bytes an entry

An entry is known only if the store has an item that says exactly what the entry said when it was
read. Whatever an imprint holds, nothing can be taken for known that is not stored.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.feeds.identity import alias, item_key
from monitor.feeds.split import SHORT_BYTES, short_digest
from monitor.records import Item

_HEAD = struct.Struct(f"{SHORT_BYTES}s2s")
_TRACE = struct.Struct(f"{SHORT_BYTES}s8s{SHORT_BYTES}s2s")
_NO_LANG = b"\0\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The entries of an imprint whose items are stored."""

    # Of these entries only.
    imprint: bytes = b""
    # What each of them says, by its trace.
    items: Mapping[bytes, Item] = field(default_factory=dict)


def make_imprint(context: bytes, lang: str | None, traces: Iterable[bytes]) -> bytes:
    """Return the imprint of a document: what stands around its entries, and a trace of each."""
    return _HEAD.pack(context, _lang_bytes(lang)) + b"".join(traces)


def trace(entry: bytes, item: Item) -> bytes:
    """Return what is remembered of an entry, of which a digest is given, and its item.

    The item is as it was read, with the language that it states itself.
    """
    return _TRACE.pack(
        entry, bytes.fromhex(_text_alias(item)), _digest(item), _lang_bytes(item.lang)
    )


def stored_under(imprint: bytes) -> list[str]:
    """Return the aliases under which the items of an imprint are stored, if they are."""
    return [where.hex() for _, (_, where, _, _) in _traces(imprint)]


def confirm(imprint: bytes, stored: Mapping[str, Item]) -> Known:
    """Return what is known by an imprint; `stored` gives the stored items by their aliases.

    Items come back as reading the entries would give them, but for the date: an item keeps the one
    that it stated first.
    """
    items = {}
    for left, (_, where, says, lang) in _traces(imprint):
        item = stored.get(where.hex())
        if item is not None and _digest(item) == says:
            key = item_key(item.guid, item.canonical_url, item.fingerprint)
            items[left] = replace(item, key=key, lang=lang.decode() if lang != _NO_LANG else None)
    return Known(imprint=imprint[: _HEAD.size] + b"".join(items) if items else b"", items=items)


def recall(imprint: bytes, context: bytes) -> dict[bytes, bytes]:
    """Return the traces of an imprint by the digests of their entries; none in another context."""
    if imprint[:SHORT_BYTES] != context:
        return {}
    return {entry: left for left, (entry, _, _, _) in _traces(imprint)}


def has_lang(imprint: bytes, lang: str | None) -> bool:
    """Say whether the feed stated this language: what an entry states is told by the difference."""
    return imprint[SHORT_BYTES : _HEAD.size] == _lang_bytes(lang)


def fill(
    items: Sequence[Item], gaps: Sequence[tuple[int, bytes]], known: Mapping[bytes, Item]
) -> tuple[Item, ...]:
    """Put known items at their places among those that were read.

    >>> fill([], [], {})
    ()
    """
    read, left = iter(items), dict(gaps)
    places = range(len(items) + len(left))
    return tuple([known[left[place]] if place in left else next(read) for place in places])


def _traces(imprint: bytes) -> Iterator[tuple[bytes, tuple[bytes, bytes, bytes, bytes]]]:
    """Yield each whole trace of an imprint, and its parts."""
    last = len(imprint) - _TRACE.size
    for at in range(_HEAD.size, last + 1, _TRACE.size):
        left = imprint[at : at + _TRACE.size]
        yield left, _TRACE.unpack(left)


def _text_alias(item: Item) -> str:
    return alias("text", item.fingerprint)


def _digest(item: Item) -> bytes:
    """Return the digest of all that an item says, but for its date and its language."""
    said = (
        *(item.guid, item.url, item.canonical_url),
        *(item.fingerprint, item.title, item.summary),
    )
    return short_digest("\0".join("" if one is None else f"={one}" for one in said))


def _lang_bytes(lang: str | None) -> bytes:
    return lang.encode() if lang else _NO_LANG
