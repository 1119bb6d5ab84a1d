"""The part of a poll that waits: fetch a feed, and read what came.

    fetch(feed)      -> Document | NotModified | FetchFailure     (fetch/, over the network)
    parse(document)  -> Contents                                  (parsing/, in another process)

A body that is the same to the byte as the last is not parsed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from monitor.errors import ParseError
from monitor.feeds.contents import Contents, Said, Wanted
from monitor.feeds.hubs import Named
from monitor.records import Document, Feed, FetchFailure, FetchResult, NotModified


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A document that came, and what it says."""

    # Without its body, which nobody needs any more.
    document: Document
    # SHA-256 of the body.
    body_hash: str
    # None if the body is the one that the feed's items were last stored from.
    said: Said | None
    # None also if nobody asks for it.
    hub: Named | None = None


ReadResult = Reading | NotModified | FetchFailure


class Parse(Protocol):
    """Reads what is wanted of a document, or raises `ParseError`; see `contents_of`."""

    def __call__(self, document: Document, wanted: Wanted) -> Contents:
        """Read it."""
        ...


class Reader:
    """Fetches feeds and reads them, from several threads."""

    def __init__(
        self, fetch: Callable[[Feed], FetchResult], parse: Parse, *, wants_hub: bool
    ) -> None:
        self._fetch = fetch
        self._parse = parse
        self._wants_hub = wants_hub

    def read(self, feed: Feed) -> ReadResult:
        """Fetch a feed and read what came; a document that cannot be read is a failure."""
        fetched = self._fetch(feed)
        return self.look_into(feed, fetched) if isinstance(fetched, Document) else fetched

    def look_into(self, feed: Feed, document: Document) -> Reading | FetchFailure:
        """Read a document of a feed, however it came."""
        body_hash = hashlib.sha256(document.body).hexdigest()
        wanted = Wanted(items=body_hash != feed.body_hash, hub=self._wants_hub)
        found = Contents()
        if wanted.items or wanted.hub:
            try:
                found = self._parse(document, wanted)
            except ParseError as error:
                return FetchFailure(cause=f"parse: {error}", fetched_at=document.fetched_at)
        return Reading(
            document=replace(document, body=b""),
            body_hash=body_hash,
            said=found.said,
            hub=found.hub,
        )
