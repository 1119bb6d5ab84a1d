"""What a poll brought, read in this process as the product does in another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.feeds.contents import Said, contents_of
from monitor.feeds.contents import read as read_whole
from monitor.reading import Imprints, Reader, Reading, ReadResult
from monitor.records import Document, Feed, FetchFailure, FetchResult, Item
from monitor.store import Store


def read(feed: Feed, result: FetchResult) -> ReadResult:
    """Read what a poll brought, with nothing known of its feed."""
    return result if not isinstance(result, Document) else look_into(feed, result)


def look_into(feed: Feed, document: Document) -> Reading | FetchFailure:
    """Read a document that came in any way, with nothing known of its feed."""
    reader = Reader(_no_fetch, contents_of, lambda _id, _aliases: {}, Imprints(), wants_hub=True)
    return reader.look_into(feed, document)


class Lectern:
    """Reads the documents of feeds one after the other, as the service does: only what is new.

    Each time it asserts that all would have given the same.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        # Items that were taken from the store.
        self.taken = 0
        self._document: FetchResult | None = None
        self._reader = Reader(self._fetch, contents_of, self._recall, Imprints(), wants_hub=False)

    def read(self, feed: Feed, document: Document) -> ReadResult:
        """Read a document."""
        self._document = document
        reading = self._reader.read(feed)
        if isinstance(reading, Reading) and reading.said is not None:
            assert undated(reading.said) == undated(read_whole(document))
        return reading

    def _fetch(self, _feed: Feed) -> FetchResult:
        assert self._document is not None
        return self._document

    def _recall(self, feed_id: int, aliases: Sequence[str]) -> Mapping[str, Item]:
        found = self._store.stored_items(feed_id, aliases)
        self.taken += len(found)
        return found


def undated(said: Said) -> Said:
    """Leave out the dates of what a document says: of a known item the first one stays."""
    return replace(said, items=tuple(replace(item, published_at=None) for item in said.items))


def _no_fetch(_feed: Feed) -> FetchResult:
    raise NotImplementedError
