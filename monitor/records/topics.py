"""Topics, what they make of items, and stories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """A text known to be on-topic."""

    name: str
    title: str
    text: str
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What `seedwatch check` tries on a topic: an item that must, or must not, be on-topic."""

    # Where it stands below the topic, like `expect.match[0]`.
    path: str
    # Whether it must be on-topic.
    wanted: bool
    # As the file has it: a text, `file:NAME`, or an address.
    written: str
    # Of a text or a file; empty where only the page at `url` would tell.
    title: str = ""
    summary: str = ""
    url: str | None = None


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
    # What `seedwatch check` tries, in the order of the file.
    expected: tuple[Expected, ...] = ()
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
