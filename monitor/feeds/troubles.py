"""Which feeds a person should be told of: those that keep failing, are gone, or fell silent. Pure.

How long is silent is not the same for all: one feed brings an item each minute, another each month.
So a feed is measured by its own pace. Its arrivals are the moments at which polls brought
something; it has fallen silent when it has brought nothing for

    max(LEAST_SILENCE, PATIENCE x the longest of its last gaps between two arrivals).

The longest gap holds its nights and weekends; twice that is longer than a holiday of one more day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from monitor.records import Feed

# A quiet weekend is no news, whatever the pace. All four were chosen on real sections, see bench/.
LEAST_SILENCE = timedelta(days=3)
PATIENCE = 2
# So many arrivals are looked at, and fewer than this show no pace.
MOST_ARRIVALS = 40
LEAST_ARRIVALS = 10


class TroubleKind(StrEnum):
    """What may be wrong with a feed, each told on its own."""

    FAILING = "failing"
    GONE = "gone"
    SILENT = "silent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is wrong with a feed, told once when it is found and once when it is over."""

    feed_id: int
    kind: TroubleKind
    # When it was last well: its last good poll, or its last item.
    since: datetime
    # Cause, or pace.
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What has changed since troubles were last told."""

    begun: tuple[Trouble, ...] = ()
    # Those that were told and are over; feeds that are no longer polled are not among them.
    over: tuple[Trouble, ...] = ()
    # Those that need not be told to be over: their feed is not polled any more, or worse came.
    dropped: tuple[Trouble, ...] = ()


def usual_gap(arrivals: Sequence[datetime]) -> timedelta | None:
    """Give the longest of the last gaps between arrivals, newest first; None if they are too few.

    >>> day = timedelta(days=1)
    >>> monday = datetime.fromisoformat("2026-01-05T12:00Z")
    >>> usual_gap([monday, *(monday - days * day for days in range(3, 12))])
    datetime.timedelta(days=3)
    >>> usual_gap([monday, monday - 3 * day])
    """
    latest = arrivals[:MOST_ARRIVALS]
    if len(latest) < LEAST_ARRIVALS:
        return None
    return max(later - earlier for later, earlier in pairwise(latest))


def patience(arrivals: Sequence[datetime]) -> timedelta | None:
    """Give how long a feed may bring nothing; None if its pace is not known."""
    gap = usual_gap(arrivals)
    return None if gap is None else max(LEAST_SILENCE, PATIENCE * gap)


def find(feed: Feed, arrivals: Sequence[datetime], failures_told: int) -> tuple[Trouble, ...]:
    """Find what is wrong with a feed that is polled; `arrivals` newest first.

    It is looked at as of its last good poll: while it fails, or while nobody polls, nothing is
    known of its silence.
    """
    found = []
    since = feed.last_ok_at or feed.last_polled_at or feed.due_at
    if feed.gone_at is not None:
        detail = "its server says that it is gone for good (410)"
        found.append(
            Trouble(feed_id=feed.id, kind=TroubleKind.GONE, since=feed.gone_at, detail=detail)
        )
    elif feed.failures >= failures_told:
        detail = feed.last_error or "no cause is known"
        found.append(Trouble(feed_id=feed.id, kind=TroubleKind.FAILING, since=since, detail=detail))
    silence = _silence(feed, arrivals)
    return (*found, silence) if silence else tuple(found)


def _silence(feed: Feed, arrivals: Sequence[datetime]) -> Trouble | None:
    longest, allowed = usual_gap(arrivals), patience(arrivals)
    if longest is None or allowed is None or feed.last_ok_at is None:
        return None
    if feed.last_ok_at - arrivals[0] < allowed:
        return None
    return Trouble(
        feed_id=feed.id,
        kind=TroubleKind.SILENT,
        since=arrivals[0],
        detail=f"before, it was never silent for longer than {in_words(longest)}",
    )


def compare(
    told: Iterable[Trouble], found: Iterable[Trouble], feeds: Mapping[int, Feed]
) -> Changes:
    """Compare what was told with what is found now, among the feeds that are polled.

    One that fails less often than it takes to be told is not well before it has answered.
    """
    before = {(one.feed_id, one.kind): one for one in told}
    now = {(one.feed_id, one.kind): one for one in found}
    ended = [one for key, one in before.items() if key not in now]
    polled = [one for one in ended if one.feed_id in feeds]
    over = [one for one in polled if _is_over(one, feeds[one.feed_id])]
    gone = {one.feed_id for one in now.values() if one.kind is TroubleKind.GONE}
    return Changes(
        begun=tuple(one for key, one in now.items() if key not in before),
        over=tuple(over),
        dropped=tuple(one for one in ended if one.feed_id not in feeds or one.feed_id in gone),
    )


def _is_over(told: Trouble, feed: Feed) -> bool:
    if told.kind is TroubleKind.FAILING:
        return not feed.failures
    if told.kind is TroubleKind.GONE:
        return feed.gone_at is None and not feed.failures
    return True


def in_words(span: timedelta) -> str:
    """Say how long a span is, in one unit, rounded down.

    >>> in_words(timedelta(days=9, hours=7)), in_words(timedelta(minutes=90))
    ('9 days', '90 minutes')
    """
    for unit, length in (
        ("day", timedelta(days=1)),
        ("hour", timedelta(hours=1)),
        ("minute", timedelta(minutes=1)),
    ):
        if span >= 2 * length:
            return f"{span // length} {unit}s"
    return "a minute"
