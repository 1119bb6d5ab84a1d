"""The nouns of the data path, one record per stage of knowledge.

    feed -> document -> item -> score -> story -> alert -> delivery -> message

All are frozen: a change is a new record (`dataclasses.replace`). Times are aware and UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Any, Protocol, runtime_checkable

# What feeds may be fetched from though it is not public: a network, or a host by its name.
Allowed = IPv4Network | IPv6Network | str

# ---------------------------------------------------------------------------------------- feeds


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


# ---------------------------------------------------------------------------------------- items


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A known item that its feed now says otherwise."""

    # With its new text, under its old id.
    seen: SeenItem
    # Counted with this one.
    edits: int
    # None where only the guid changed.
    revision: Revision | None


# --------------------------------------------------------------------------------------- topics


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A text known to be on-topic."""

    name: str
    title: str
    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What the user watches."""

    name: str
    seeds: tuple[Seed, ...]
    # Feed groups it reads; empty means all.
    groups: tuple[str, ...] = ()
    # A number in 0..1, or None for the shipped default.
    threshold: float | None = None
    # If given, the threshold is chosen for so many alerts a week.
    alerts_per_week: float | None = None
    must_mention: tuple[str, ...] = ()
    never_mention: tuple[str, ...] = ()
    # Names of receivers, in the order of the file.
    receivers: tuple[str, ...]
    # Its alerts are sent in quiet hours, too.
    urgent: bool = False
    # Texts that `seedwatch check` tries: they must, or must not, be on-topic.
    expect_match: tuple[str, ...] = ()
    expect_ignore: tuple[str, ...] = ()
    # Whether its receivers get a report now and then.
    reports: bool = True

    def reads(self, groups: tuple[str, ...]) -> bool:
        """Say whether the topic reads a feed of these groups."""
        return not self.groups or not set(self.groups).isdisjoint(groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class TermShare:
    """What one term adds to a score."""

    term: str
    # The word as the item wrote it.
    surface: str
    # Its part of the score; the shares of a score add up to its value.
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Closeness of one item to one topic."""

    topic: str
    # In [0, 1]; the same number means the same for every topic.
    value: float
    # The threshold in force when it was made, in [0, 1].
    threshold: float
    # Heaviest first; they add up to `value`.
    terms: tuple[TermShare, ...] = ()
    # What kept the score down or out, in a sentence; empty if nothing did.
    lacks: str = ""

    @property
    def on_topic(self) -> bool:
        """Whether the score reaches the threshold."""
        return self.value >= self.threshold


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What a story remembers of one of its items, to compare the next one with."""

    title: str
    source: str
    # When it was first seen.
    at: datetime
    # Term -> rarity, doubled for those of the headline.
    terms: Mapping[str, float]
    # The terms of the headline.
    heads: tuple[str, ...]
    # Names and counts of headline and lead.
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The items of one topic that report one event (to readers a *story*; TDT calls an item so)."""

    id: str
    topic: str
    # Of its first item.
    title: str
    opened_at: datetime
    # When its last item arrived.
    updated_at: datetime
    # Distinct feeds that carry it, by name, in order of arrival.
    sources: tuple[str, ...]
    # How many items it has.
    size: int = 1
    # When a message last named it, and how many sources it had then; the next item of a story that
    # was never told alerts.
    told_at: datetime | None = None
    told_sources: int = 0
    # Its first item and its latest ones.
    members: tuple[Member, ...]
    # The terms that its items have brought so far.
    seen_terms: tuple[str, ...]
    # Canonical URLs and fingerprints of its items.
    urls: frozenset[str]
    fingerprints: frozenset[str]

    @property
    def told(self) -> bool:
        """Whether a message has named it."""
        return self.told_at is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a person said of one item: it is, or is not, about the topic.

    It carries the item's terms as they were then, so that it means the same when the item is gone.
    """

    # Derived from what it says and when.
    id: str
    topic: str
    item_id: str
    is_on_topic: bool
    # The language of the seeds that the item was scored against.
    lang: str
    title: str
    given_at: datetime
    # Term -> weight in the item, as names and as matter; all of them together have length 1.
    names: Mapping[str, float]
    matter: Mapping[str, float]
    # Each of these terms -> how rare it is at large.
    rarity: Mapping[str, float]


# --------------------------------------------------------------------------------------- alerts


class Reason(StrEnum):
    """Why an item did or did not become an alert; each has its sentence in `SENTENCES`."""

    FIRST_STORY = "first_story"
    CATCH_UP = "catch_up"
    UPDATE = "update"
    TEST = "test"
    NOTICE = "notice"
    DIGEST = "digest"
    COPY = "copy"
    FOLLOW_UP = "follow_up"
    BASELINE = "baseline"
    LEFT_OUT = "left_out"
    BELOW_THRESHOLD = "below_threshold"
    NOT_MENTIONED = "not_mentioned"
    MENTIONED = "mentioned"
    OTHER_FEEDS = "other_feeds"
    HELD = "held"
    SILENCED = "silenced"


SENTENCES: Mapping[Reason, str] = {
    Reason.FIRST_STORY: "the first item of its story on this topic: alerted",
    Reason.CATCH_UP: "among the best of what the feeds already held: in the catch-up message",
    Reason.UPDATE: "its story is known, but it brings something new: alerted as an update",
    Reason.TEST: "a test that you asked for",
    Reason.NOTICE: "what seedwatch tells its operator about itself",
    Reason.DIGEST: "several alerts in one message",
    Reason.COPY: "another outlet's copy of a story already alerted: counted, not sent again",
    Reason.FOLLOW_UP: "its story was already alerted: attached to it, not sent again",
    Reason.BASELINE: "on-topic, but in the feed before its first poll: left to the catch-up",
    Reason.LEFT_OUT: "on-topic, but not among the best five: counted in the catch-up message",
    Reason.BELOW_THRESHOLD: "its score is below the threshold",
    Reason.NOT_MENTIONED: "it lacks what `must_mention` asks for",
    Reason.MENTIONED: "it has what `never_mention` excludes",
    Reason.OTHER_FEEDS: "the topic does not read this feed",
    Reason.HELD: "on-topic, but old or one of many that its feed changed: left to the catch-up",
    Reason.SILENCED: "on-topic, but somebody has asked not to be told: not sent",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether an item becomes an alert for a topic, and why, both ways."""

    topic: str
    alert: bool
    reason: Reason
    story_id: str | None = None
    # What the reason leaves open, e.g. the word that was missing.
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertedItem:
    """An item as an alert shows it."""

    item_id: str
    title: str
    summary: str
    source: str
    url: str | None
    published_at: datetime | None
    first_seen_at: datetime
    score: float
    threshold: float
    terms: tuple[TermShare, ...]
    # Distinct feeds that carry its story so far.
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The decision that a story is worth telling now."""

    # Derived from topic, story and reason: the same decision taken twice is the same alert.
    id: str
    topic: str
    reason: Reason
    story_id: str
    created_at: datetime
    # One, but up to five in a catch-up, none in a notice, all those of the alerts in a digest.
    items: tuple[AlertedItem, ...]
    # How many more items a catch-up leaves out.
    left_out: int = 0
    # What is new, in an update; in a notice its headline, and below it a paragraph a line.
    detail: str = ""


class DeliveryState(StrEnum):
    """Where a delivery stands; every one ends in one of the last three."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert due to one destination of a receiver: a row of the outbox."""

    # UUID derived from the dedup key: it stays the same on every try.
    id: str
    # Topic, story, reason and destination: what makes it the same delivery.
    dedup_key: str
    alert_id: str
    # `receiver/1-slack`: the receiver, the place in its list and the kind.
    destination: str
    # From when it may be sent: its place in the line, and the beginning of its age. Tries that
    # fail do not change it.
    due_at: datetime
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    # What the other side said last, without secrets.
    answer: str = ""
    settled_at: datetime | None = None
    # Those of one group may share a message; empty: always alone.
    group: str = ""
    # The message that it is part of, by the id of that one's first delivery; None until it is first
    # claimed. A message keeps its deliveries, and so its content, on every try.
    message_id: str | None = None
    # Set aside until then, if this message fails where others pass.
    retry_at: datetime | None = None
    # How the other side knows the message (`Sent.receipt`); empty where it does not say.
    receipt: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One message that this process may send now: its deliveries, with the alerts to render."""

    # To one destination, oldest first, at least one; `alerts` in the same order.
    deliveries: tuple[Delivery, ...]
    alerts: tuple[Alert, ...]
    mailbox: Mailbox

    @property
    def delivery(self) -> Delivery:
        """Its first delivery, whose id is the message's."""
        return self.deliveries[0]

    @property
    def destination(self) -> str:
        """Where it goes."""
        return self.delivery.destination

    @property
    def due_at(self) -> datetime:
        """When the youngest of its deliveries was due: no message is older than that."""
        return max(one.due_at for one in self.deliveries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt, or of a message that waited too long."""

    # All deliveries of the message.
    delivery_ids: tuple[str, ...]
    state: DeliveryState
    # When to try next; only for PENDING, and not if the destination is paused.
    due_at: datetime | None = None
    # Whether the message itself is set aside until then, and not its whole mailbox.
    is_set_aside: bool = False
    answer: str = ""
    # Kept with a delivery that is DELIVERED.
    receipt: Mapping[str, str] = field(default_factory=dict)
    at: datetime
    # The destination's mailbox from now on; None leaves it as it is.
    mailbox: Mailbox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered alert: each channel takes the form that it can show."""

    # The delivery's id: `webhook-id`, part of Message-ID; the same on every try.
    id: str
    # One line, no control characters.
    subject: str
    text: str
    html: str
    # Slack Block Kit (https://api.slack.com/block-kit), already escaped.
    blocks: tuple[Mapping[str, Any], ...] = ()
    # The webhook's JSON object.
    payload: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime
    topic: str = ""
    # The one story that it tells of; empty for a list of several, a test, a notice.
    story_id: str = ""
    # The story was told before.
    is_update: bool = False
    # The receipt of the first message about that story at this destination; None if this is it.
    earlier: Mapping[str, str] | None = None
    # Which of the receiver's own templates failed, and why; those parts have their usual form.
    template_faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the other side made of a message that it took."""

    # In a few words, without secrets.
    answer: str
    # How it knows the message from now on, to answer under it or to edit it (Slack: `channel` and
    # `ts`); without secrets, some hundred characters at most.
    receipt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """The line of one destination: what is due there goes out one message after the other."""

    destination: str
    # No message before then; None: at any time.
    next_at: datetime | None = None
    # Failed attempts in a row, and when the first of them was.
    failures: int = 0
    down_since: datetime | None = None
    # Since when nothing is sent until a person has looked at it, and what the other side said.
    paused_at: datetime | None = None
    why: str = ""
    # When an attempt last ended.
    touched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A receiver that was not told of an alert, since a silence forbade it."""

    alert_id: str
    receiver: str
    # The silence in words: which, until when, and its comment.
    why: str
    at: datetime


# --------------------------------------------------------------------------------------- commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one topic makes of one item."""

    score: Score
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedItem:
    """A new item with the verdict of each topic that reads its feed."""

    seen: SeenItem
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What tracking learned from some items, to be stored with them."""

    # Name -> small state as JSON, whole.
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """All that one poll changes: stored in one transaction, or not at all."""

    poll: Poll | None = None
    items: tuple[JudgedItem, ...] = ()
    # New stories and those that grew, as they are now.
    stories: tuple[Story, ...] = ()
    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    # (topic, item id, new reason) of the waiting baseline items that a catch-up message settles.
    caught_up: tuple[tuple[str, str, Reason], ...] = ()
    lessons: Lessons = field(default_factory=Lessons)
    # Known items whose text changed, with the verdicts of the topics that judged them again.
    rejudged: tuple[JudgedItem, ...] = ()
    edits: tuple[Edit, ...] = ()
    aliases: tuple[Alias, ...] = ()
    # Ids of known items that the feed still lists, to be noted as seen at this poll.
    seen_again: tuple[str, ...] = ()
    # Feed id, and what a push taught of its pace; a poll brings its own.
    pushed: tuple[int, Pace] | None = None


# ------------------------------------------------------------------------------------- seams


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an HTTP endpoint said to a POST."""

    status: int
    headers: Mapping[str, str]
    # At most some kilobytes.
    text: str


class Post(Protocol):
    """Send one HTTP POST, without following redirects; the one way out for notifiers.

    Raises `DeliveryError` (temporary) if no answer came in time.
    """

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it."""
        ...


class Notifier(Protocol):
    """The code of one kind of destination: no retries, no store, no clock inside."""

    def send(self, message: Message) -> Sent:
        """Send the message and return what the other side said.

        Raises `DeliveryError`, permanent or temporary.
        """
        ...


@runtime_checkable
class Editor(Notifier, Protocol):
    """A notifier whose messages can be edited in place."""

    def edit(self, message: Message, receipt: Mapping[str, str]) -> None:
        """Put the message in the place of the one that the receipt is of.

        Raises `DeliveryError`; permanent, too, if that one is gone or may not be edited.
        """
        ...
