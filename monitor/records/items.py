"""Items, and under what they are known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One entry of a feed after parsing: our unit of work. All its text is clean plain text."""

    # Identity within its feed: `guid:…`, else `url:…`, else `text:…`. Never a date.
    key: str
    guid: str | None
    # http(s) only, for a person to open; None if the entry has no such link.
    url: str | None
    # The same article has the same canonical URL in every feed; None without a URL.
    canonical_url: str | None
    # SHA-256 over the normalised title and summary.
    fingerprint: str
    title: str
    summary: str
    # ISO 639-1, as the feed says or its text shows (`text/language.py`); None if neither is sure.
    lang: str | None
    # As the feed says; None if undated or absurd. Never decides what is new.
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenItem:
    """An item with its place in the store."""

    # Derived from feed and key (`ingest.item_id`): known before it is stored.
    id: str
    item: Item
    feed_id: int
    # Name of the feed: what an alert shows as the source.
    source: str
    first_seen_at: datetime
    # It was already in the feed when the feed was first polled.
    baseline: bool
    # Why it is not to be told at once although it is new to us; empty if nothing speaks against it.
    held: str = ""
    # Its address also stands for other items of its feed: it does not tell what the item is.
    shares_url: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownItem:
    """A stored item as its feed said it last, with what is known of its presence."""

    seen: SeenItem
    # Renewed once a day while the feed lists it.
    last_seen_at: datetime
    # How often what the feed says of it has changed.
    edits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """A name under which an item is known in its feed: guid, canonical URL, text or title."""

    # A digest of kind and value (`identity.alias`).
    key: str
    feed_id: int
    item_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """What an item said before its feed changed it."""

    item_id: str
    # Counted from 1; the last one that is kept is overwritten by later ones.
    number: int
    # When the change was seen.
    at: datetime
    # Which of `title`, `summary` and `address` changed.
    changed: tuple[str, ...]
    # Whether a topic judged the new text.
    judged_again: bool = False
    # As they were before.
    title: str
    summary: str
    url: str | None
    lang: str | None = None
    # Why the new text was not to be told at once; empty if nothing spoke against it.
    held: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A known item that its feed now says otherwise."""

    # With its new text, under its old id.
    seen: SeenItem
    # Counted with this one.
    edits: int
    # None where only the guid changed.
    revision: Revision | None
