"""What came in once, as it is gone through again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from monitor.records.commit import Verdict
from monitor.records.items import Edit, SeenItem
from monitor.records.topics import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What one feed brought at one time: new items, or edits of known ones."""

    feed_url: str
    # The feed groups that list it now.
    groups: tuple[str, ...]
    at: datetime
    # With the text that they had then, in the order in which they were judged.
    fresh: tuple[SeenItem, ...] = ()
    # Ids of those that were edited later.
    edited: frozenset[str] = frozenset()
    edits: tuple[Edit, ...] = ()
    # Those of them with a new text, as if first seen then.
    again: tuple[SeenItem, ...] = ()
    # (item id, topic) -> what is stored of it, without its terms; of new items only.
    verdicts: Mapping[tuple[str, str], Verdict] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A judgement with the time in which it counted."""

    judgement: Judgement
    undone_at: datetime | None

    def counts(self, now: datetime) -> bool:
        """Say whether it counted at a time."""
        return self.judgement.given_at <= now and (self.undone_at is None or now < self.undone_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatchUp:
    """A catch-up message that was told."""

    at: datetime
    # When the last of what it tells had come: a round is dated by its beginning.
    after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much is stored."""

    items: int
    # When the first and the last of them were seen; None if there are none.
    since: datetime | None
    until: datetime | None
