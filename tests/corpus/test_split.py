"""What is left out as known makes no difference: on feeds that nobody here wrote."""

from __future__ import annotations

import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.errors import ParseError
from monitor.feeds.contents import Contents, contents_of
from monitor.feeds.identity import alias
from monitor.feeds.imprint import confirm, fill
from monitor.records import Document, Item
from tests.corpus.test_feeds import COUNTS, FETCHED_AT, files, is_document
from tests.fakes.reading import undated

# Of each feed so many sets of stored items are tried, beside all of them.
TRIES = 2


def contents(body: bytes, seen: bytes = b"") -> Contents | None:
    """Read a document; None if it is refused."""
    document = Document(url="https://example.org/feed.xml", body=body, fetched_at=FETCHED_AT)
    try:
        return contents_of(document, seen=seen)
    except ParseError:
        return None


def some_of(stored: Mapping[str, Item], chance: random.Random) -> dict[str, Item]:
    """Forget some of the stored items."""
    share = chance.random()
    return {key: item for key, item in stored.items() if chance.random() < share}


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("archive", COUNTS)
def test_what_is_left_out_makes_no_difference(
    shared: Path, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever part of a document is stored, it gives the same items as if all were read."""
    # A fixed seed: a failure must come again.
    chance = random.Random(archive)  # noqa: S311
    feeds = cut = entries = known_entries = 0
    for name, body in files(shared, archive):
        whole = contents(body) if is_document(name) else None
        if whole is None:
            continue
        assert whole.said is not None
        feeds += 1
        cut += bool(whole.imprint)
        stored = {alias("text", item.fingerprint): item for item in whole.said.items}
        for some in [stored, *(some_of(stored, chance) for _ in range(TRIES))]:
            known = confirm(whole.imprint, some)
            part = contents(body, known.imprint)
            assert part is not None
            assert part.said is not None
            items = fill(part.said.items, part.gaps, known.items)
            assert undated(replace(part.said, items=items)) == undated(whole.said), name
            assert part.imprint == whole.imprint, name
            if some is stored:
                entries += len(items)
                known_entries += len(part.gaps)
    with capsys.disabled():
        told = f"{cut} of {feeds} feeds, {known_entries} of {entries} entries can be left out"
        print(f"\n{archive}: {told}", file=sys.stderr)
    assert feeds == COUNTS[archive][0]
