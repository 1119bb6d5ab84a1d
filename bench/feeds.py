"""The real feeds that the fetching benches read: where they lie, and how to get at them.

They are third-party and no part of the project: in the shared data folder, under `feeds/`.
"""

from __future__ import annotations

import sys
import tarfile
from collections.abc import Iterator

from bench.sets import SHARED

# Archives of feeds that were captured from the web, not written for a test.
REAL = ("captured-live-100", "codehollow-feedreader", "rss-parser-js", "miniflux")
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
