"""What is left out as known changes nothing of the rest: on feeds that nobody here wrote."""

from __future__ import annotations

import random
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import ParseError
from monitor.feeds.parse import ParsedFeed, parse
from monitor.feeds.split import PAIR_BYTES, SHORT_BYTES, short_digest
from monitor.records import Document
from tests.corpus.test_feeds import COUNTS, FETCHED_AT, files, is_document

# Of each feed so many sets of known entries are tried, beside all of them.
TRIES = 4


def parsed(body: bytes, seen: bytes = b"") -> ParsedFeed | None:
    """Read a document; None if it is refused."""
    document = Document(url="https://example.org/feed.xml", body=body, fetched_at=FETCHED_AT)
    try:
        return parse(document, feed_lang=None, seen=seen)
    except ParseError:
        return None


def some_of(imprint: bytes, chance: random.Random) -> bytes:
    """Forget some of the entries of an imprint."""
    context, pairs = imprint[:SHORT_BYTES], imprint[SHORT_BYTES:]
    kept = [pairs[at : at + PAIR_BYTES] for at in range(0, len(pairs), PAIR_BYTES)]
    share = chance.random()
    return context + b"".join(pair for pair in kept if chance.random() < share)


def expected(whole: ParsedFeed, seen: bytes) -> ParsedFeed:
    """Take what is known out of what a whole document gave."""
    keys = {
        seen[at + SHORT_BYTES : at + PAIR_BYTES] for at in range(SHORT_BYTES, len(seen), PAIR_BYTES)
    }
    left = tuple(item for item in whole.items if short_digest(item.key) not in keys)
    return replace(whole, items=left, known=len(whole.items) - len(left))


@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("archive", COUNTS)
def test_what_is_not_known_is_read_as_if_all_were(
    shared: Path, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever part of a document is known, the rest gives the same items as in the whole."""
    # A fixed seed: a failure must come again.
    chance = random.Random(archive)  # noqa: S311
    feeds = cut = 0
    for name, body in files(shared, archive):
        whole = parsed(body) if is_document(name) else None
        if whole is None:
            continue
        feeds += 1
        cut += bool(whole.imprint)
        for seen in [whole.imprint, *(some_of(whole.imprint, chance) for _ in range(TRIES))]:
            assert parsed(body, seen) == expected(whole, seen), name
    with capsys.disabled():
        print(f"\n{archive}: {cut} of {feeds} feeds can be read in part", file=sys.stderr)
    assert feeds == COUNTS[archive][0]
