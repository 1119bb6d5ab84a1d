"""Put a body together: bounded before it is unpacked, while it is, and after. Pure."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from monitor.fetch.refused import Refused

# A decoder without an output limit is a bomb, so that other codings are not asked for.
PACKED = frozenset({"gzip", "x-gzip"})
PLAIN = frozenset({"", "identity"})
# Unpacked at a time.
STEP_BYTES = 65_536
# Parts that each are a whole gzip file, as `cat a.gz b.gz` makes: a server has one, a bomb many.
MOST_MEMBERS = 1_000
# The smallest gzip file: head 10, an empty block 2, sum and length 8 (RFC 1952 section 2.3).
SMALLEST = 20


def gather(parts: Iterable[bytes], coding: str, most: int) -> bytes:
    """Give the whole body, unpacked, of `most` bytes at most; it may come in any parts.

    Raises `Refused` if it is larger, ends in the middle, or is not what its coding says. Codings
    upon each other, and those that we did not ask for, are not even begun.
    """
    coding = coding.strip().lower()
    if coding not in PACKED | PLAIN:
        raise Refused(f"its content encoding {coding[:40]!r} is not one that we asked for")
    # Not a list of parts: each of them costs forty bytes, and may be a chunk of two.
    body = bytearray()
    for part in _unpacked(parts) if coding in PACKED else parts:
        body += part
        if len(body) > most:
            raise Refused(f"larger than {most:,} bytes")
    return bytes(body)


def _unpacked(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip; what stands behind its end and is no gzip is padding (RFC 1952, gzip(1)).

    urllib3's decoder takes a file that was cut off for a whole one: a feed would lose its oldest
    items, and its validators would keep them lost.
    """
    member = zlib.decompressobj(wbits=31)
    # Whole members so far, and bytes of the one that has begun.
    members, begun = 0, 0
    for part in parts:
        while part:
            try:
                unpacked = member.decompress(part, STEP_BYTES)
            except zlib.error:
                if members and begun < SMALLEST:
                    return
                raise Refused("its body is not what its content encoding says") from None
            yield unpacked
            begun += len(part)
            part = member.unconsumed_tail  # noqa: PLW2901 - what is left of it
            if member.eof:
                part = member.unused_data  # noqa: PLW2901 - the same
                member = zlib.decompressobj(wbits=31)
                members, begun = members + 1, 0
                if members > MOST_MEMBERS:
                    raise Refused(f"more than {MOST_MEMBERS:,} packed files in one")
    # What was held back for want of room.
    yield member.flush()
    if begun and not member.eof and not (members and begun < SMALLEST):
        raise Refused("the answer ended too soon")
