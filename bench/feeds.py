"""The real feeds that the fetching benches read: where they lie, and how to get at them.

They are third-party and no part of the project: in the shared data folder, under `feeds/`.
"""

from __future__ import annotations

import io
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

import feedparser
import feedparser.api

from bench.sets import SHARED

# Archives of feeds that were captured from the web, not written for a test.
REAL = ("captured-live-100", "codehollow-feedreader", "rss-parser-js", "miniflux")
_CHANGED = ("StrictFeedParser", "LooseFeedParser", "PREFERRED_XML_PARSERS")
NO_FEED = (".json", ".yaml", "README", ".properties", "gitignore")


def need_feeds() -> None:
    """End the program, without a fault, where the feeds are absent."""
    if not (SHARED / "feeds").is_dir():
        print(f"{SHARED / 'feeds'} is absent: nothing to measure")
        sys.exit(0)


def real_feeds(archives: tuple[str, ...] = REAL) -> Iterator[tuple[str, bytes]]:
    """Give the feeds of some archives by name, read in memory."""
    for archive in archives:
        with tarfile.open(SHARED / "feeds" / f"{archive}.tar.gz") as packed:
            for member in packed:
                opened = packed.extractfile(member) if member.isfile() else None
                if opened and not member.name.endswith(NO_FEED) and "/output" not in member.name:
                    yield member.name, opened.read()


def plain_feedparser(body: bytes) -> Any:
    """Parse as anyone would who installs feedparser, without what ours (`feeds.engine`) changes."""
    ours = {name: getattr(feedparser.api, name) for name in _CHANGED}
    try:
        feedparser.api.StrictFeedParser = ours["StrictFeedParser"].__bases__[1]
        feedparser.api.LooseFeedParser = ours["LooseFeedParser"].__bases__[1]
        feedparser.api.PREFERRED_XML_PARSERS = ["drv_libxml2"]
        return feedparser.parse(io.BytesIO(body))
    finally:
        for name, value in ours.items():
            setattr(feedparser.api, name, value)
