"""The report on a topic: what was read, what was told, and why no more. Pure.

Without it a topic that is quiet and one that is broken look the same: nothing comes. So once a
week, whatever happened, it says what was read, what came closest, and which feeds are not well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from monitor.alerts.notice import make_notice
from monitor.alerts.schedule import instant
from monitor.alerts.wording import clean
from monitor.feeds.troubles import Trouble, TroubleKind, in_words
from monitor.records import Alert, AlertedItem, Feed, Reason

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# Feeds that are named.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """When topics are reported on."""

    # From 0 (Monday); None: each day.
    weekday: int | None
    # After midnight, as the clocks of the zone show it.
    minute: int
    zone: tzinfo

    @property
    def usual_span(self) -> timedelta:
        """What one report covers, unless the service was not there."""
        return DAY if self.weekday is None else WEEK


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What happened on a topic from one moment up to, and without, another."""

    topic: str
    since: datetime
    until: datetime
    # Items that were judged, alerts by reason, and messages that reached nobody.
    items: int
    alerts: dict[Reason, int]
    undelivered: int
    # The best of those that were not on-topic, and what it lacked.
    closest: AlertedItem | None
    lacks: str
    # The feeds that it reads, and what is wrong with them.
    feeds: Sequence[Feed]
    troubles: Sequence[Trouble]


def last_due(plan: ReportPlan, now: datetime) -> datetime:
    """Give the last moment, now included, at which a report was due.

    >>> from datetime import UTC
    >>> plan = ReportPlan(weekday=0, minute=9 * 60, zone=UTC)
    >>> last_due(plan, datetime(2026, 11, 24, 12, tzinfo=UTC)).isoformat()
    '2026-11-23T09:00:00+00:00'
    """
    today = now.astimezone(plan.zone).date()
    # A week and a bit: a zone may have skipped a day (Samoa, 30 December 2011).
    days = [today - offset * DAY for offset in range(-1, 10)]
    due = (
        instant(day, plan.minute, plan.zone)
        for day in days
        if plan.weekday in (None, day.weekday())
    )
    return max(at for at in due if at <= now)


def next_due(plan: ReportPlan, now: datetime) -> datetime:
    """Give the first moment after now at which a report is due.

    >>> from datetime import UTC
    >>> plan = ReportPlan(weekday=0, minute=9 * 60, zone=UTC)
    >>> next_due(plan, datetime(2026, 11, 24, 12, tzinfo=UTC)).isoformat()
    '2026-11-30T09:00:00+00:00'
    """
    # No two are within half a day of each other; nine days hold one, whatever a zone skips.
    later = (last_due(plan, now + half_days * DAY / 2) for half_days in range(19))
    return next(at for at in later if at > now)


def window(plan: ReportPlan, told_until: datetime, now: datetime) -> datetime | None:
    """Give up to when there is to be a report now; None if none is due.

    One that would cover less than half of the usual span is left to the next, as right after a
    topic is new. Of several that were missed the last one is made, and covers them all.
    """
    due = last_due(plan, now)
    return due if due - told_until >= plan.usual_span / 2 else None


def report(facts: Facts, zone: tzinfo, now: datetime) -> Alert:
    """Make the report; its id follows from topic and end, so that it is told once."""
    lines = [_read(facts, zone), *_told(facts), *_ailing(facts, now), *_closest(facts)]
    key = f"{facts.topic}/{facts.until.isoformat()}"
    made = make_notice("report", key, _headline(facts), "\n".join(lines), now)
    items = (facts.closest,) if facts.closest else ()
    return replace(made, topic=facts.topic, items=items)


def _headline(facts: Facts) -> str:
    span = in_words(facts.until - facts.since)
    if not facts.items:
        return f"nothing was read in {span}: is something wrong?"
    told = sum(facts.alerts.values())
    count = f"{told} alert{'' if told == 1 else 's'}" if told else "no alert"
    return f"{count} in {span}, from {_number(facts.items)} item{'' if facts.items == 1 else 's'}"


def _read(facts: Facts, zone: tzinfo) -> str:
    since, until = facts.since.astimezone(zone), facts.until.astimezone(zone)
    ill = {one.feed_id for one in facts.troubles}
    well = sum(feed.id not in ill for feed in facts.feeds)
    return (
        f"{since:%a %-d %b %H:%M} to {until:%a %-d %b %Y %H:%M} {until.tzname()}:"
        f" {well} of {len(facts.feeds)} feeds are well."
    )


def _told(facts: Facts) -> list[str]:
    names = {
        Reason.FIRST_STORY: ("first story", "first stories"),
        Reason.UPDATE: ("update", "updates"),
        Reason.CATCH_UP: ("catch-up", "catch-ups"),
    }
    parts = [
        f"{count} {names[reason][count != 1]}"
        for reason, count in facts.alerts.items()
        if reason in names and count
    ]
    lines = [f"Told: {', '.join(parts)}."] if parts else []
    if facts.undelivered:
        was = "message was" if facts.undelivered == 1 else "messages were"
        lines.append(f"{facts.undelivered} {was} not delivered: seedwatch status")
    return lines


def _ailing(facts: Facts, now: datetime) -> list[str]:
    by_id = {feed.id: feed for feed in facts.feeds}
    lines = []
    for kind in TroubleKind:
        mine = [one for one in facts.troubles if one.kind is kind]
        if not mine:
            continue
        shown = [
            f"{clean(by_id[one.feed_id].name, 60)} ({_why(one, now)})" for one in mine[:MOST_NAMED]
        ]
        if len(mine) > MOST_NAMED:
            shown.append(f"+{len(mine) - MOST_NAMED} more")
        lines.append(f"{kind.value.capitalize()}: {', '.join(shown)}.")
    return lines


def _why(trouble: Trouble, now: datetime) -> str:
    span = in_words(now - trouble.since)
    if trouble.kind is TroubleKind.FAILING:
        return f"{clean(trouble.detail, 80)}, for {span}"
    return f"for {span}"


def _closest(facts: Facts) -> list[str]:
    if facts.closest is None:
        return ["No item came near."] if facts.items else []
    lacks = f": {facts.lacks}" if facts.lacks else ""
    one = facts.closest
    return [f"Closest without an alert, {one.score:.2f} of {one.threshold:.2f}{clean(lacks, 300)}"]


def _number(count: int) -> str:
    """Write a count with commas.

    >>> _number(4312)
    '4,312'
    """
    return f"{count:,}"
