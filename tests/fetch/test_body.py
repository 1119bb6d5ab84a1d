"""Bodies are put together whole or refused, in whatever parts they come."""

from __future__ import annotations

import gzip
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.body import gather
from monitor.fetch.refused import Refused

FEED = b"<rss>" + bytes(range(256)) * 40 + b"</rss>"
PACKED = gzip.compress(FEED)


def parts(body: bytes, cuts: list[int]) -> list[bytes]:
    """Cut a body at these places."""
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:end] for start, end in itertools.pairwise(places)]


@given(st.binary(max_size=300_000), st.lists(st.integers(0, 10**6), max_size=6))
def test_any_body_in_any_parts(body: bytes, cuts: list[int]) -> None:
    """A body comes out as it went in, packed or not, however it was cut."""
    assert gather(parts(body, cuts), "", len(body)) == body
    assert gather(parts(gzip.compress(body, 1), cuts), " GZip", len(body)) == body


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_the_limit_is_exact(size: int, most: int) -> None:
    """A body of the most bytes is taken, one of a byte more is not."""
    for sent, coding in ((bytes(size), "identity"), (gzip.compress(bytes(size), 1), "gzip")):
        if size <= most:
            assert len(gather([sent], coding, most)) == size
        else:
            with pytest.raises(Refused, match="larger than"):
                gather([sent], coding, most)


@given(st.integers(1, len(PACKED) - 1), st.lists(st.integers(0, 10**6), max_size=3))
def test_a_packed_body_that_is_cut(length: int, cuts: list[int]) -> None:
    """A packed body without its end is refused, wherever it was cut off."""
    with pytest.raises(Refused, match="ended too soon"):
        gather(parts(PACKED[:length], cuts), "gzip", len(FEED))


@given(st.integers(0, 7), st.integers(0, len(PACKED) - 1))
def test_a_changed_bit_is_no_other_feed(bit: int, place: int) -> None:
    """A packed body with a wrong bit is refused, or the bit told nothing: never another feed."""
    changed = bytearray(PACKED)
    changed[place] ^= 1 << bit
    try:
        assert gather([bytes(changed)], "gzip", 2 * len(FEED)) == FEED
    except Refused:
        return


@pytest.mark.parametrize("padding", [b"\0", b"\n", b"\r\n", b"\0" * 600, b"<!-- cached -->"])
@pytest.mark.parametrize("cut", [0, 1, 15])
def test_padding_is_left_out(padding: bytes, cut: int) -> None:
    """What a server adds behind a packed body is no reason to refuse it."""
    assert gather([PACKED + padding[:cut], padding[cut:]], "gzip", len(FEED)) == FEED


def test_two_packed_bodies_are_one() -> None:
    """Packed files one after the other are one body, as gzip has it."""
    assert (
        gather([gzip.compress(b"<rss>") + gzip.compress(b"</rss>")], "gzip", 99) == b"<rss></rss>"
    )


def test_nothing_is_an_empty_body() -> None:
    """An answer without a byte is an empty body, whatever coding it claims."""
    assert gather([], "gzip", 9) == b""
    assert gather([b"", b""], "", 9) == b""
