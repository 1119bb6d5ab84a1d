"""The part of a poll that waits: fetch a feed, and read what came.

    fetch(feed)            -> Document | NotModified | FetchFailure   (fetch/, over the network)
    recall(imprint)        -> the stored items of known entries       (store/)
    parse(document, seen)  -> Contents, with gaps for what is known   (parsing/, another process)
    fill(gaps, items)      -> Said, as if all had been read

A body that is the same to the byte as the last is not parsed; of another, entries that were there
the last time are taken from the store. What was there is remembered in memory only: after a restart
each feed is read whole once.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from monitor.errors import ParseError
from monitor.feeds.contents import Contents, Said, Wanted
from monitor.feeds.hubs import Named
from monitor.feeds.imprint import Known, confirm, fill, stored_under
from monitor.records import Document, Feed, FetchFailure, FetchResult, Item, NotModified

# A feed of thirty items takes 800 bytes: enough for forty thousand of them.
_MOST_BYTES = 32 * 1024 * 1024


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

    def __call__(self, document: Document, wanted: Wanted, *, seen: bytes = b"") -> Contents:
        """Read it."""
        ...


# Gives the stored items of a feed, by its id, under some aliases.
Recall = Callable[[int, Sequence[str]], Mapping[str, Item]]


class Imprints:
    """What is remembered of the last document of each feed; safe to use from several threads."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        # By feed id, the least recently used first.
        self._imprints: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    def of(self, feed_id: int) -> bytes:
        """Give what is remembered of a feed; empty for nothing."""
        with self._lock:
            if feed_id in self._imprints:
                self._imprints.move_to_end(feed_id)
            return self._imprints.get(feed_id, b"")

    def keep(self, feed_id: int, imprint: bytes) -> None:
        """Remember this of a feed instead; of more than there is room for, what was used last."""
        with self._lock:
            self._bytes += len(imprint) - len(self._imprints.pop(feed_id, b""))
            self._imprints[feed_id] = imprint
            while self._bytes > self._most_bytes:
                self._bytes -= len(self._imprints.popitem(last=False)[1])


class Reader:
    """Fetches feeds and reads them, from several threads."""

    def __init__(
        self,
        fetch: Callable[[Feed], FetchResult],
        parse: Parse,
        recall: Recall,
        imprints: Imprints,
        *,
        wants_hub: bool,
    ) -> None:
        self._fetch = fetch
        self._parse = parse
        self._recall = recall
        # Outlive a reload.
        self.imprints = imprints
        self._wants_hub = wants_hub
        # Of the fetching threads one at a time asks the store, which has not a connection for each.
        self._asking = threading.Lock()

    def read(self, feed: Feed) -> ReadResult:
        """Fetch a feed and read what came; a document that cannot be read is a failure."""
        fetched = self._fetch(feed)
        if not isinstance(fetched, Document):
            return fetched
        # A part (226) has only what the next document will not have.
        return self._look_into(feed, fetched, remember=not fetched.is_partial)

    def look_into(self, feed: Feed, document: Document) -> Reading | FetchFailure:
        """Read a document of a feed that came by another way, and may be a part of it."""
        return self._look_into(feed, document, remember=False)

    def _look_into(
        self, feed: Feed, document: Document, *, remember: bool
    ) -> Reading | FetchFailure:
        body_hash = hashlib.sha256(document.body).hexdigest()
        wanted = Wanted(items=body_hash != feed.body_hash, hub=self._wants_hub)
        known, found = self._known(feed.id) if wanted.items else Known(), Contents()
        if wanted.items or wanted.hub:
            try:
                found = self._parse(document, wanted, seen=known.imprint)
            except ParseError as error:
                return FetchFailure(cause=f"parse: {error}", fetched_at=document.fetched_at)
        said = found.said
        if said is not None:
            said = replace(said, items=fill(said.items, found.gaps, known.items))
            if remember:
                self.imprints.keep(feed.id, found.imprint)
        return Reading(
            document=replace(document, body=b""), body_hash=body_hash, said=said, hub=found.hub
        )

    def _known(self, feed_id: int) -> Known:
        imprint = self.imprints.of(feed_id)
        aliases = stored_under(imprint)
        if not aliases:
            return Known()
        with self._asking:
            stored = self._recall(feed_id, aliases)
        return confirm(imprint, stored)
