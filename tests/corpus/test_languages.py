"""What real feeds say of their language, and what their items are in."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from monitor.errors import ParseError
from monitor.feeds.lang import primary
from monitor.feeds.parse import ParsedFeed, parse
from monitor.records import Document
from monitor.text.language import language_of
from tests.corpus.test_feeds import FETCHED_AT, files, is_document

REAL = (
    "captured-live-100",
    "codehollow-feedreader",
    "miniflux",
    "prof18-rssparser",
    "rss-parser-js",
)
# Feeds whose statement their titles belie: a Kannada template that carries English news.
BELIED = {"customfields.rss": ("kn", "en")}


def read(body: bytes, stated: str | None) -> ParsedFeed | None:
    """Return a feed as parsing gives it, or None; with a language of its list if one is given."""
    document = Document(url="https://example.org/feed.xml", body=body, fetched_at=FETCHED_AT)
    try:
        return parse(document, feed_lang=stated)
    except ParseError:
        return None


@pytest.mark.xdist_group("corpus")
def test_the_languages_of_real_feeds(shared: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Few items stay without a language, few statements are belied, and those rightly."""
    unstated = found = stated = changed = 0
    belied: dict[str, tuple[str, str | None]] = {}
    others: Counter[tuple[str | None, str | None]] = Counter()
    for archive in REAL:
        for name, body in files(shared, archive):
            feed = read(body, None) if is_document(name) else None
            if feed is None:
                continue
            said = _said(body)
            if said is not None and said != feed.lang:
                belied[Path(name).name] = (said, feed.lang)
            for item in feed.items:
                lang = language_of(item.title, item.summary, stated=item.lang, usual=feed.lang)
                unstated += item.lang is None
                found += item.lang is None and lang is not None
                stated += item.lang is not None
                if item.lang is not None and lang != item.lang:
                    changed += 1
                    others[item.lang, lang] += 1
    with capsys.disabled():
        print(
            f"\n{unstated} items state no language, {found} of these have one;"
            f" of {stated} that state one {changed} are in another: {dict(others)}",
            file=sys.stderr,
        )
    assert belied == BELIED
    assert found > 0.97 * unstated
    # Catalan items of a Spanish feed.
    assert dict(others) == {("es", "ca"): 2}


def _said(body: bytes) -> str | None:
    """Return the language that a feed's own `language` element states."""
    head, tag, rest = body[:20_000].partition(b"<language>")
    return primary(rest.partition(b"<")[0].decode("ascii", "replace")) if tag and head else None
