"""When the delivery of an alert is due, and with what it may share a message. Pure.

By the receiver's schedule, in this order:

1. a digest: at its next time, with all that waits for it;
2. quiet hours: at their end, as one digest, unless the topic is urgent;
3. what was missed (the service stood still, or a feed could not be read, for long; or a backup was
   restored): when the first look is over, as one digest of the topic;
4. a burst (more alerts of the topic within an hour than `burst` allows): when the hour has room
   again, as one digest of the topic;
5. else at once, but for the little while that companions of the same poll may take.

What is due in quiet hours by 1, 3 or 4 waits for their end. Nothing is ever due before now.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alerts.schedule import (
    Digest,
    Period,
    Schedule,
    digest_after,
    digest_before,
    quiet_at,
    span_in_words,
)

HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_GROUP = re.compile(r"(?P<kind>digest|quiet|burst|missed|restored)/(?P<window>.+)")
_HEADINGS = {
    "digest": "digest of {}",
    "quiet": "held in quiet hours, {}",
    "burst": "more alerts than the hour's share, {}",
    "missed": "missed while nothing was read, {}",
    "restored": "after a backup was restored, so some may have been told before, {}",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """When a delivery is due, and its group."""

    due_at: datetime
    # Deliveries of one destination and one group may share a message; empty: always alone.
    # `border` (companions), `digest/<window>`, `quiet/<window>`, `burst/<window>, <topic>`,
    # `missed/<window>, <topic>`, `restored/<window>, <topic>`.
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """A time in which nothing was read; what came in it is gathered into one digest a topic."""

    since: datetime
    until: datetime
    # Until when it is gathered.
    due_at: datetime
    # A backup was restored: what was told after it was made is not known, and may be told again.
    is_restored: bool = False

    def slot(self, schedule: Schedule, topic: str) -> Slot:
        """Give the slot of a topic's alerts at a receiver of this schedule."""
        kind = "restored" if self.is_restored else "missed"
        window = span_in_words(Period(start=self.since, end=self.until), schedule.zone)
        return Slot(due_at=self.due_at, group=f"{kind}/{window}, {topic}")


def heading(group: str) -> str:
    """Say what a message of several deliveries is, with the window it covers; empty if nothing.

    >>> heading("digest/2021-11-08 08:00 to 17:00 CET"), heading("border")
    ('digest of 2021-11-08 08:00 to 17:00 CET', '')
    """
    found = _GROUP.fullmatch(group)
    if found is None:
        return ""
    return _HEADINGS[found["kind"]].format(found["window"])


def plan(
    schedule: Schedule,
    topic: str,
    *,
    urgent: bool,
    now: datetime,
    recent: Iterable[datetime] = (),
    missed: Missed | None = None,
) -> Slot:
    """Say when an alert that is made now is due at a destination.

    `recent` are the times, in any order, of the topic's alerts that went there at once of late.
    `missed` is given for what came in a time in which nothing was read.
    """
    schedule = _without_quiet(schedule) if urgent else schedule
    if schedule.digest is not None:
        return _next_digest(schedule, schedule.digest, now)
    held = _held(schedule, now)
    if held is not None:
        return held
    if missed is not None:
        return _held(schedule, missed.due_at) or missed.slot(schedule, topic)
    room_at = _room_after(recent, schedule.burst, now)
    if room_at is not None:
        window = span_in_words(Period(start=room_at - HOUR, end=room_at), schedule.zone)
        late = _held(schedule, room_at)
        return late or Slot(due_at=room_at, group=f"burst/{window}, {topic}")
    if not schedule.group_wait:
        return Slot(due_at=now, group="")
    due_at = now + schedule.group_wait
    # Who waits for companions into the quiet hours waits until the morning.
    return Slot(due_at=now if _held(schedule, due_at) else due_at, group=topic)


def replan(
    schedule: Schedule, topic: str, *, urgent: bool, made_at: datetime, slot: Slot, now: datetime
) -> Slot:
    """Say when a delivery that waits is due by a schedule that may have changed.

    As if the schedule had been in force when the alert was made; what would have gone by then goes
    now, but not into quiet hours. The same slot comes back if nothing has changed.
    """
    schedule = _without_quiet(schedule) if urgent else schedule
    wanted = plan(schedule, topic, urgent=urgent, now=made_at)
    is_burst = slot.group.startswith("burst/") and schedule.burst is not None
    is_missed = slot.group.startswith(("missed/", "restored/"))
    if (is_burst or is_missed) and wanted.group in {"", topic}:
        # Only who saw the other alerts of that hour, or what was missed, could say it anew.
        wanted = _held(schedule, slot.due_at) or slot
    if wanted.due_at >= now:
        return wanted
    held = _held(schedule, now)
    if held is not None:
        return held
    return slot if slot.due_at <= now else Slot(due_at=now, group=wanted.group)


def _without_quiet(schedule: Schedule) -> Schedule:
    return replace(schedule, quiet=())


def _held(schedule: Schedule, at: datetime) -> Slot | None:
    """Give the slot of what must not be sent at a time; None if it may."""
    period = quiet_at(schedule, at)
    if period is None:
        return None
    return Slot(due_at=period.end, group=f"quiet/{span_in_words(period, schedule.zone)}")


def _next_digest(schedule: Schedule, digest: Digest, now: datetime) -> Slot:
    """Give the next digest: those that fall into quiet hours are one, at their end."""
    zone = schedule.zone
    due_at = _sent_at(schedule, digest_after(digest, zone, now))
    before = digest_before(digest, zone, due_at)
    period = quiet_at(schedule, before)
    if period is not None and period.end == due_at:
        # All that fall into these hours are in this one.
        before = digest_before(digest, zone, period.start)
    window = span_in_words(Period(start=_sent_at(schedule, before), end=due_at), zone)
    return Slot(due_at=due_at, group=f"digest/{window}")


def _sent_at(schedule: Schedule, at: datetime) -> datetime:
    period = quiet_at(schedule, at)
    return at if period is None else period.end


def _room_after(recent: Iterable[datetime], burst: int | None, now: datetime) -> datetime | None:
    """Give the full minute from which on an hour has room for one more; None if it has now.

    Room is there once fewer than `burst` of the alerts are younger than an hour.
    """
    if burst is None:
        return None
    young = sorted(at for at in recent if now - HOUR < at <= now)
    if len(young) < burst:
        return None
    room_at = young[-burst] + HOUR
    over = timedelta(seconds=room_at.second, microseconds=room_at.microsecond)
    return room_at - over + _MINUTE if over else room_at
