"""The part of a poll that waits: fetch a feed, and parse what is new of what came.

    fetch(feed)      -> Document | NotModified | FetchFailure     (fetch/, over the network)
    parse(document)  -> ParsedFeed                                (parsing/, in another process)

A body that is the same to the byte as the last is not parsed; of another, the entries that were
there the last time are left out. What was there is remembered in memory only: after a restart each
feed is read whole once, and what is known is told by the store.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from monitor.errors import ParseError
from monitor.feeds.parse import ParsedFeed
from monitor.records import Document, Feed, FetchFailure, FetchResult, NotModified

# A feed of thirty items takes 500 bytes: enough for sixty thousand of them.
_MOST_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document that was fetched, and what it says that the last one did not."""

    # Without its body, which nobody needs any more.
    document: Document
    # SHA-256 of the body.
    body_hash: str
    # None if the body is the one that the feed's items were last stored from.
    parsed: ParsedFeed | None


ReadResult = Reading | NotModified | FetchFailure


class Parse(Protocol):
    """Parses a document, or raises `ParseError`; see `monitor.feeds.parse.parse`."""

    def __call__(self, document: Document, *, feed_lang: str | None, seen: bytes) -> ParsedFeed:
        """Parse it."""
        ...


class Reader:
    """Fetches feeds and reads them, from several threads."""

    def __init__(self, fetch: Callable[[Feed], FetchResult], parse: Parse) -> None:
        self._fetch = fetch
        self._parse = parse
        self._lock = threading.Lock()
        # Feed id -> imprint of its last document, the least recently used first.
        self._imprints: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    def read(self, feed: Feed) -> ReadResult:
        """Fetch a feed and read what came; a document that cannot be read is a failure."""
        fetched = self._fetch(feed)
        if not isinstance(fetched, Document):
            return fetched
        body_hash = hashlib.sha256(fetched.body).hexdigest()
        parsed = None
        if body_hash != feed.body_hash:
            try:
                parsed = self._parse(fetched, feed_lang=feed.lang, seen=self._imprint(feed))
            except ParseError as error:
                return FetchFailure(cause=f"parse: {error}", fetched_at=fetched.fetched_at)
        return Reading(document=replace(fetched, body=b""), body_hash=body_hash, parsed=parsed)

    def keep(self, feed: Feed, result: ReadResult) -> None:
        """Remember what a document held; only once its items are stored."""
        if not isinstance(result, Reading) or result.parsed is None:
            return
        imprint = result.parsed.imprint
        with self._lock:
            self._bytes += len(imprint) - len(self._imprints.pop(feed.id, b""))
            self._imprints[feed.id] = imprint
            while self._bytes > _MOST_BYTES:
                self._bytes -= len(self._imprints.popitem(last=False)[1])

    def _imprint(self, feed: Feed) -> bytes:
        with self._lock:
            if feed.id in self._imprints:
                self._imprints.move_to_end(feed.id)
            return self._imprints.get(feed.id, b"")
