"""Feeds, and what comes of asking them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network

# What feeds may be fetched from though it is not public: a network, or a host by its name.
Allowed = IPv4Network | IPv6Network | str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSpec:
    """A feed as the configuration names it."""

    url: str
    # What a reader calls the outlet; shown in alerts as the source.
    name: str
    # The feed groups that list it.
    groups: tuple[str, ...]
    # The wanted time between two polls: the average of all feeds, or its own.
    every: timedelta
    # Language of its items as ISO 639-1, where the list of feeds says so.
    lang: str | None = None
    # `every` is its own, and kept whatever its feed brings.
    has_own_interval: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often a feed brings items: counters that fade with time, see `feeds.pace`."""

    # The last poll that went well; the counts are as of then.
    observed_at: datetime
    # Items that were first seen, and days in which they were looked for.
    items: float = 0.0
    days: float = 0.0
    # Items by hour of the day and by day of the week (UTC, Monday first); empty before the first.
    hours: tuple[float, ...] = ()
    weekdays: tuple[float, ...] = ()
    # In what time all of the document is replaced, by the last poll; None if that brought nothing.
    turnover: timedelta | None = None
    # Documents in a row of which no item was known.
    strange: int = 0
    # Polls before which items may have come and gone, and the last of them.
    lost: int = 0
    lost_at: datetime | None = None
    # What it asks for of the budget, and the interval that followed from all this.
    demand: float | None = None
    interval: timedelta | None = None
    # The shortest wait that its server or its document asks for, and whether the next poll comes
    # later than the interval for their sake.
    floor: timedelta | None = None
    is_held: bool = False


class AliasFault(StrEnum):
    """How a feed's guids, or its addresses, have shown that they do not name its items."""

    # The same items came under others.
    CHANGED = "changed"
    # Several items of one document had the same one.
    SHARED = "shared"
    # One that was known stood for another item.
    REUSED = "reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What a feed has shown of its guids and addresses; it only ever gets less."""

    # In how many documents they contradicted the items, counted up to `trust.MOST_STRIKES`.
    guid_strikes: int = 0
    # Of the last such document.
    guid_fault: AliasFault | None = None
    url_strikes: int = 0
    url_fault: AliasFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a document says about when to ask again; all in UTC."""

    # RSS `ttl`: how long it may be kept.
    ttl: timedelta | None = None
    # `sy:updatePeriod` by `sy:updateFrequency`: how often it changes.
    update_every: timedelta | None = None
    # RSS `skipHours`, 0 to 23, and `skipDays`, 0 (Monday) to 6: when not to ask.
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect of a feed, as long as every poll has been led to the same place."""

    to: str
    # The first and the number of those polls.
    since: datetime
    polls: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRest:
    """A host that asked for patience (429): none of its feeds is polled before a time."""

    host: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A URL we poll, with its schedule and cache state."""

    id: int
    url: str
    name: str
    groups: tuple[str, ...]
    every: timedelta
    lang: str | None = None
    # Exactly as the server sent them, quotes and `W/` included (RFC 9110 section 8.8.3).
    etag: str | None = None
    last_modified: str | None = None
    # Where the last document that was taken came from, after redirects: the validators are of it.
    document_url: str | None = None
    # SHA-256 of the last body that was parsed and committed.
    body_hash: str | None = None
    # When a whole body last came (not a 304, nor the part of a 226).
    whole_at: datetime | None = None
    # When its validators were last found to hide news.
    lied_at: datetime | None = None
    # The server has offered to send only what is new (RFC 3229).
    offers_deltas: bool = False
    # Of the last document that was taken.
    hints: Hints = Hints()
    move: Move | None = None
    # Where it has moved for good (`moves.address`). `url` stays its name: items hang on it.
    moved_to: str | None = None
    # When the server first said that it is gone (410).
    gone_at: datetime | None = None
    due_at: datetime
    # None until the first poll that gave items or a valid empty feed: that poll is the baseline.
    baseline_at: datetime | None = None
    last_polled_at: datetime | None = None
    last_ok_at: datetime | None = None
    # Failures in a row since the last success.
    failures: int = 0
    last_error: str | None = None
    # By what its items are known.
    trust: Trust = field(default_factory=Trust)
    # When a document of it was last read: one that had changed.
    read_at: datetime | None = None
    # `every` is its own; else what follows from its pace counts.
    has_own_interval: bool = False
    # None until its first good poll.
    pace: Pace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A feed whose time has come: as much of it as choosing among thousands needs."""

    id: int
    # Where it would be fetched.
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One relation that a document states to another (RFC 8288)."""

    # In small letters, e.g. `hub`.
    rel: str
    # As it was written: may be relative to the document.
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The bytes and headers of one successful GET."""

    # Where the bytes came from, after redirects and without a password: the base of relative links.
    url: str
    body: bytes
    content_type: str = ""
    content_language: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    # How long it stays as it is, by its headers.
    fresh_for: timedelta | None = None
    # Where permanent redirects, and no others, led; None without any.
    moved_to: str | None = None
    # It holds only what is new since the validators that were sent (226, RFC 3229).
    is_partial: bool = False
    offers_deltas: bool = False
    # Of its HTTP headers; some.
    links: tuple[Link, ...] = ()
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """The server says that nothing changed (304); validators it repeated replace ours."""

    etag: str | None = None
    last_modified: str | None = None
    fresh_for: timedelta | None = None
    moved_to: str | None = None
    fetched_at: datetime


class Stage(StrEnum):
    """How far an exchange came; each is the word that stands before the cause."""

    URL = "address"
    DNS = "dns"
    ADDRESS = "refused address"
    CONNECT = "connect"
    TLS = "tls"
    HEADERS = "headers"
    BODY = "body"
    REDIRECT = "redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchFailure:
    """A poll that brought no document, and why in one line."""

    cause: str
    # Where the exchange ended; None if it came to its end, and only the answer was of no use.
    stage: Stage | None = None
    # HTTP status where there was an answer, and the host that gave it.
    status: int | None = None
    host: str | None = None
    retry_after: timedelta | None = None
    fetched_at: datetime

    @property
    def told(self) -> str:
        """Stage and cause, as `status` shows them.

        >>> now = datetime(2026, 1, 1)
        >>> FetchFailure(stage=Stage.DNS, cause="no such name", fetched_at=now).told
        'dns: no such name'
        """
        return self.cause if self.stage is None else f"{self.stage}: {self.cause}"


FetchResult = Document | NotModified | FetchFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One request of a chain of redirects, and how it was answered."""

    # Without a password.
    url: str
    status: int
    # Its `Content-Encoding`; empty for none.
    coding: str = ""
    # Of the body as it was sent, packed, as far as it was read.
    sent_bytes: int = 0
    # Its `Date`, as it was sent; empty for none.
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """What a poll means for its feed: the columns that the next poll starts from."""

    feed_id: int
    polled_at: datetime
    due_at: datetime
    ok: bool
    failures: int
    error: str | None = None
    # HTTP status of a failure that was an answer; only told, not stored.
    status: int | None = None
    # `due_at` is later than wanted, for the sake of server or document; told with the pace.
    is_held: bool = False
    # These two are written down whatever came.
    moved_to: str | None = None
    gone_at: datetime | None = None
    # Where the next poll goes, if the feed has moved or came back; None leaves what is stored.
    host: str | None = None
    # The other feeds of a host that has had enough.
    host_rest: HostRest | None = None
    # The rest only if a document or a 304 came.
    etag: str | None = None
    last_modified: str | None = None
    document_url: str | None = None
    body_hash: str | None = None
    whole_at: datetime | None = None
    lied_at: datetime | None = None
    offers_deltas: bool = False
    hints: Hints = Hints()
    move: Move | None = None
    # Set by the first poll that could be read.
    baseline_at: datetime | None = None
    # What its document showed of the feed; None where none was read, and both stay as they were.
    trust: Trust | None = None
    read_at: datetime | None = None
    # What was learned; None leaves what is stored.
    pace: Pace | None = None
