"""What two configurations make of the same items, and where they differ. It only compares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from monitor.records import Extent, Reason, SeenItem, Verdict

TELLING = {Reason.FIRST_STORY, Reason.UPDATE, Reason.CATCH_UP}
DAY = timedelta(days=1)


class Baseline(StrEnum):
    """What the difference is a difference from."""

    # What was decided then.
    STORED = "stored"
    # What today's configuration makes of the same items.
    RERUN = "rerun"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What was made of an item."""

    score: float
    threshold: float
    reason: Reason
    detail: str
    story_id: str | None

    @property
    def told(self) -> bool:
        """Whether a message named the item."""
        return self.reason in TELLING


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An item that two sides do not agree on; a side is None if it did not judge it."""

    topic: str
    item_id: str
    title: str
    source: str
    url: str | None
    first_seen_at: datetime
    before: Side | None
    after: Side | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """The items told on one day (UTC), by when they came."""

    day: date
    before: int
    after: int
    gained: int
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changes for one topic."""

    topic: str
    # Items told.
    before: int
    after: int
    # Oldest first.
    gained: tuple[Case, ...]
    lost: tuple[Case, ...]
    # Every day from the first to the last, also those without any.
    days: tuple[Day, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How today's configuration, gone through again, comes to what was decided then."""

    # Stored decisions, and those that came out the same: score, reason and story.
    compared: int
    same: int
    # Some of the others: before is as it is stored.
    differing: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """What came of going through the past."""

    baseline: Baseline
    # All that is stored: the start is always the first item, however little is compared.
    extent: Extent
    # What came since is compared; None: all.
    since: datetime | None
    # How many items that were.
    items: int
    topics: tuple[Difference, ...]
    # Topics that the change does not touch: nothing of them can differ.
    untouched: tuple[str, ...]
    agreement: Agreement
    # What is to be known of the numbers.
    notes: tuple[str, ...]


@dataclass(slots=True)
class Kept:
    """An item that a topic, or what is stored, places in a story, or that is judged twice."""

    seen: SeenItem
    stored: Side | None = None
    today: Side | None = None
    changed: Side | None = None


def side_of(verdict: Verdict) -> Side:
    """Give what a verdict says."""
    score, decision = verdict.score, verdict.decision
    return Side(
        score=score.value,
        threshold=score.threshold,
        reason=decision.reason,
        detail=decision.detail,
        story_id=decision.story_id,
    )


def is_same(one: Side, other: Side | None) -> bool:
    """Say whether two sides decided the same, for the same score in the same story."""
    return other is not None and (one.score, one.threshold, one.reason, one.story_id) == (
        other.score,
        other.threshold,
        other.reason,
        other.story_id,
    )


def case_of(topic: str, seen: SeenItem, before: Side | None, after: Side | None) -> Case:
    """Give an item with what two sides made of it."""
    return Case(
        topic=topic,
        item_id=seen.id,
        title=seen.item.title,
        source=seen.source,
        url=seen.item.url,
        first_seen_at=seen.first_seen_at,
        before=before,
        after=after,
    )


def difference(
    topic: str,
    items: Iterable[Kept],
    reach: tuple[datetime | None, datetime | None],
    *,
    from_stored: bool,
) -> Difference:
    """Say what differs for one topic between two times; the first may be open.

    `from_stored`: between what is stored and today's configuration, else between that and a changed
    one.
    """
    begin = reach[0]
    before: Counter[date] = Counter()
    after: Counter[date] = Counter()
    gained: list[Case] = []
    lost: list[Case] = []
    for kept in sorted(items, key=lambda one: (one.seen.first_seen_at, one.seen.id)):
        seen = kept.seen
        if begin is not None and seen.first_seen_at < begin:
            continue
        sides = (kept.stored, kept.today) if from_stored else (kept.today, kept.changed)
        was, would = (side is not None and side.told for side in sides)
        before[seen.first_seen_at.date()] += was
        after[seen.first_seen_at.date()] += would
        if was != would:
            (lost if was else gained).append(case_of(topic, seen, *sides))
    return Difference(
        topic=topic,
        before=before.total(),
        after=after.total(),
        gained=tuple(gained),
        lost=tuple(lost),
        days=_days(reach, before, after, gained, lost),
    )


def _days(
    reach: tuple[datetime | None, datetime | None],
    before: Mapping[date, int],
    after: Mapping[date, int],
    gained: Sequence[Case],
    lost: Sequence[Case],
) -> tuple[Day, ...]:
    first, last = reach
    if first is None or last is None:
        return ()
    more = Counter(case.first_seen_at.date() for case in gained)
    less = Counter(case.first_seen_at.date() for case in lost)
    length = (last.date() - first.date()).days + 1
    days = (first.date() + place * DAY for place in range(length))
    return tuple(
        Day(
            day=day,
            before=before.get(day, 0),
            after=after.get(day, 0),
            gained=more[day],
            lost=less[day],
        )
        for day in days
    )
