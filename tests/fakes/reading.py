"""What a poll brought, read in this process as the product does in another."""

from __future__ import annotations

from monitor.feeds.contents import contents_of
from monitor.reading import Reader, Reading, ReadResult
from monitor.records import Document, Feed, FetchFailure, FetchResult


def read(feed: Feed, result: FetchResult) -> ReadResult:
    """Read what a poll brought."""
    return Reader(lambda _: result, contents_of, wants_hub=True).read(feed)


def look_into(feed: Feed, document: Document) -> Reading | FetchFailure:
    """Read a document that came in another way."""
    return Reader(lambda _: document, contents_of, wants_hub=True).look_into(feed, document)
