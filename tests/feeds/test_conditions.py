"""On which conditions a feed is asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.feeds.conditions import (
    DISTRUST,
    RECHECK,
    Conditions,
    conditions,
    hides_news,
    is_distrusted,
)
from monitor.records import Document, Feed
from tests.fakes import made
from tests.fakes.made import NOW, SECOND

URL = "https://lrt.example/rss"
KNOWN = made.feed(etag='W/"1"', last_modified="Monday", document_url=URL, whole_at=NOW)
FROM_HERE = Conditions(etag='W/"1"', last_modified="Monday", of=URL)


@pytest.mark.parametrize(
    "feed, expected",
    [
        (KNOWN, FROM_HERE),
        (replace(KNOWN, etag=None), Conditions(last_modified="Monday", of=URL)),
        (
            replace(KNOWN, document_url=None),
            FROM_HERE,
        ),
        (
            replace(KNOWN, document_url="https://cdn.example/rss"),
            Conditions(etag='W/"1"', last_modified="Monday", of="https://cdn.example/rss"),
        ),
        (
            replace(KNOWN, offers_deltas=True),
            Conditions(etag='W/"1"', last_modified="Monday", of=URL, deltas=True),
        ),
        (
            replace(KNOWN, etag=None, offers_deltas=True),
            Conditions(last_modified="Monday", of=URL),
        ),
        (replace(KNOWN, etag=None, last_modified=None), Conditions()),
        (replace(KNOWN, whole_at=None), Conditions()),
        (replace(KNOWN, whole_at=NOW - RECHECK), Conditions()),
        (
            replace(KNOWN, whole_at=NOW - RECHECK + SECOND),
            FROM_HERE,
        ),
        (replace(KNOWN, lied_at=NOW - SECOND), Conditions()),
        (
            replace(KNOWN, lied_at=NOW - DISTRUST),
            FROM_HERE,
        ),
    ],
    ids=[
        "both validators",
        "one validator",
        "from before it was known where they are from",
        "from where a redirect led",
        "what is new is enough, if the server offers that",
        "but without a tag there is nothing to count from",
        "no validators",
        "never seen whole",
        "only 304 for a day",
        "only 304 for nearly a day",
        "caught lying",
        "caught lying a week ago",
    ],
)
def test_conditions(feed: Feed, expected: Conditions) -> None:
    """A feed is asked for changes only, except once a day and where its validators lie."""
    assert conditions(feed, NOW) == expected


def test_distrust_ends() -> None:
    """Validators that lied are given another chance after a week."""
    assert is_distrusted(replace(KNOWN, lied_at=NOW), NOW + DISTRUST - SECOND)
    assert not is_distrusted(replace(KNOWN, lied_at=NOW), NOW + DISTRUST)
    assert not is_distrusted(KNOWN, NOW)


def came(**changes: Any) -> Document:
    """Return a document with the validators of the last one."""
    return replace(made.document(etag='W/"1"', last_modified="Monday"), **changes)


@pytest.mark.parametrize(
    "feed, document, hides",
    [
        (KNOWN, came(), True),
        (KNOWN, came(last_modified="Tuesday"), True),
        (KNOWN, came(etag='W/"2"'), False),
        (KNOWN, came(etag=None), False),
        (KNOWN, came(is_partial=True), False),
        (KNOWN, came(url="https://cdn.example/rss"), False),
        (replace(KNOWN, etag=None), came(etag=None), True),
        (replace(KNOWN, etag=None), came(etag=None, last_modified="Tuesday"), False),
        (replace(KNOWN, etag=None, last_modified=None), came(etag=None, last_modified=None), False),
    ],
    ids=[
        "the same tag and date",
        "the tag decides",
        "another tag",
        "no tag any more",
        "a part is new by its nature",
        "from another place",
        "the same date, without tags",
        "another date, without tags",
        "no validators at all",
    ],
)
def test_news_under_old_validators(feed: Feed, document: Document, *, hides: bool) -> None:
    """If a document has news under the validators of the last one, a 304 would have hidden them."""
    assert hides_news(feed, document) is hides
