"""Feeds that nobody here wrote: real ones, and those of other parsers with their results."""

from __future__ import annotations

import json
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from monitor.errors import ParseError
from monitor.feeds.parse import parse
from monitor.records import Document

FETCHED_AT = datetime(2026, 11, 1, tzinfo=UTC)

# Each archive: feeds read, items in them, documents that are refused.
COUNTS = {
    "captured-live-100": (100, 3676, 0),
    "codehollow-feedreader": (49, 1133, 0),
    "feed-io": (17, 18, 3),
    "feed-rs": (65, 103, 3),
    "feedvalidator-feedfinder": (59, 0, 58),
    "gofeed": (544, 270, 4),
    "miniflux": (15, 261, 6),
    "prof18-rssparser": (48, 55, 0),
    "reader-lemon24": (11, 25, 1),
    "rometools": (177, 805, 7),
    "rss-parser-js": (30, 1371, 1),
    "rust-atom": (26, 13, 0),
    "rust-rss": (23, 54, 0),
}

# Where another parser's stated number of items is not ours, and why ours is right.
# name: (stated, ours or the error, reason)
DIFFERENCES: dict[str, tuple[int, int | str, str]] = {
    "gofeed/parser/rss/version_rdf_090.xml": (
        0,
        "XML, but not a feed: nothing in it is one's",
        "an rdf:RDF element alone, which any RDF document could be; a feed has a channel",
    ),
}

ORACLES = {"gofeed": 539, "feed-rs": 64, "rss-parser-js": 29}

NO_DOCUMENT = (".yaml", ".serde.json", "_expected.json", "README", "gitignore", ".properties")


def files(shared: Path, archive: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files of an archive by name, read in memory."""
    with tarfile.open(shared / "feeds" / f"{archive}.tar.gz") as packed:
        for member in packed:
            opened = packed.extractfile(member) if member.isfile() else None
            if opened is not None:
                yield member.name, opened.read()


def is_document(name: str) -> bool:
    """Say whether a file is a document, and not another parser's result or an accessory."""
    if name.endswith(NO_DOCUMENT) or "/output" in name or name.endswith("/custom"):
        return False
    return not (name.startswith("gofeed/") and name.endswith(".json") and "/json/" not in name)


def read(body: bytes) -> int | str:
    """Return the number of items, or the error in words."""
    url = "https://example.org/feed.xml"
    try:
        parsed = parse(Document(url=url, body=body, fetched_at=FETCHED_AT), feed_lang=None)
    except ParseError as error:
        return str(error)
    keys = {item.key for item in parsed.items}
    assert len(keys) == len(parsed.items)
    return len(keys)


@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("archive", COUNTS)
def test_every_feed_gives_items_or_one_clear_error(
    shared: Path, archive: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each document is read in time, with as many items as ever, or refused in one line."""
    feeds = items = 0
    slowest = 0.0
    errors: Counter[str] = Counter()
    for name, body in files(shared, archive):
        if not is_document(name):
            continue
        started = time.process_time()
        result = read(body)
        slowest = max(slowest, time.process_time() - started)
        if isinstance(result, int):
            feeds, items = feeds + 1, items + result
        else:
            assert result
            assert "\n" not in result
            errors[result] += 1
    with capsys.disabled():
        print(
            f"\n{archive}: {feeds} feeds, {items} items, {errors.total()} refused, "
            f"slowest {slowest * 1000:.0f} ms",
            file=sys.stderr,
        )
    assert slowest < 5
    assert (feeds, items, errors.total()) == COUNTS[archive], dict(errors)


def oracles(shared: Path, archive: str) -> Iterator[tuple[str, int, bytes]]:
    """Yield name, stated number of items and body of every document with a stated result."""
    packed = dict(files(shared, archive))
    for name, body in packed.items():
        stem = name.rpartition(".")[0]
        if archive == "gofeed" and name.endswith(".json"):
            stated = packed.get(f"{stem}_expected.json") if "/json/" in name else None
        elif archive == "gofeed":
            stated = packed.get(f"{stem}.json")
        elif archive == "feed-rs":
            stated = packed.get(f"{stem}.serde.json")
        else:
            stated = packed.get(stem.replace("/input/", "/output/") + ".json")
        if stated is not None and stated is not body and is_document(name):
            # One of rss-parser's results is in Latin-1.
            result = json.loads(stated.decode("utf-8", "replace"))
            result = result.get("feed", result) if archive == "rss-parser-js" else result
            yield name, len(result.get("items") or result.get("entries") or ()), body


@pytest.mark.xdist_group("corpus")
@pytest.mark.parametrize("archive", ORACLES)
def test_items_are_as_many_as_other_parsers_state(shared: Path, archive: str) -> None:
    """The number of items is what the archive states, but for the differences listed here."""
    found: dict[str, tuple[int, int | str]] = {}
    compared = 0
    for name, stated, body in oracles(shared, archive):
        compared += 1
        ours = read(body)
        if ours != stated:
            found[name] = (stated, ours)
    known = {
        name: (stated, ours)
        for name, (stated, ours, _) in DIFFERENCES.items()
        if name.startswith(f"{archive}/")
    }
    assert found == known
    assert compared == ORACLES[archive]


def lax_cases(shared: Path) -> Iterator[tuple[str, str, int | None]]:
    """Yield name, document and stated number of entries of each case of lax; None for refused."""
    for name, body in files(shared, "lax-mensbeam"):
        if "/Parser/XML/" not in name and "/Parser/JSON/" not in name:
            continue
        for case, stated in YAML(typ="safe").load(body.decode()).items():
            entries = (stated.get("output") or {}).get("entries") or ()
            count = len(entries) if "output" in stated else None
            yield f"{name.partition('/Parser/')[2]} | {case}", stated["input"], count


def why_unlike_lax(document: str, stated: int | None, ours: int | str) -> str:
    """Say why our number is another than the one stated; empty if there is no reason."""
    is_refused, is_json = isinstance(ours, str), document.lstrip().startswith("{")
    count = ours if isinstance(ours, int) else 0
    reasons = {
        "an entry without guid and link, or without anything, is an item all the same": (
            stated == 0 and count == 1
        ),
        "entries that differ in nothing we keep (author, category ...) are one item": (
            0 < count < (stated or 0)
        ),
        "JSON Feed 1.1 requires `items`": stated == 0 and is_refused and is_json,
        "RSS 0.90 under its second address, without items, is an rdf:RDF like any other": (
            stated == 0 and is_refused and "channel.netscape.com" in document
        ),
        "an entry as a document of its own (RFC 4287 section 2) is one item": (
            stated is None and count == 1 and "<entry" in document
        ),
        "well enough for an empty feed; the content type is not asked": (
            stated is None and ours == 0
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def test_items_are_as_many_as_lax_states(shared: Path) -> None:
    """The conformance cases of lax: as many items as stated, or a reason why not."""
    unlike: Counter[str] = Counter()
    cases = 0
    for name, document, stated in lax_cases(shared):
        cases += 1
        ours = read(document.encode())
        if (None if isinstance(ours, str) else ours) != stated:
            reason = why_unlike_lax(document, stated, ours)
            assert reason, (name, stated, ours)
            unlike[reason.split()[0]] += 1
    assert cases == 268
    assert unlike == {"an": 12, "entries": 18, "JSON": 16, "RSS": 12, "well": 3}
