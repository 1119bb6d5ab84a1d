"""What seedwatch says of itself unasked: feeds that are not well, and a report on each topic.

troubles.find(feed, arrivals)   -> what is wrong now
troubles.compare(told, found)   -> what has begun, what is over
notices.batch(notice)           -> one message to the operator for what began, one for what ended
report(facts)                   -> one message a topic, to the topic's own receivers
store.commit(batch, also)          the messages, and that they were told, in ONE transaction
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from monitor.alerts import about_feeds
from monitor.alerts.notice import address
from monitor.alerts.report import Facts, ReportPlan, report, window
from monitor.alerts.wording import paragraphs_of
from monitor.feeds.troubles import LEAST_SILENCE, Changes, Trouble, compare, find
from monitor.judge import alerted
from monitor.notices import Notices
from monitor.records import Batch, Feed, Topic
from monitor.store import Store, Tellings
from monitor.store.told import Told, write
from monitor.targets import Destination

log = structlog.get_logger()

# How often feeds are looked through: they fail one after another, and one message tells of several.
LOOK_EVERY = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterRules:
    """What is told, when, and to whom."""

    # None: there are no reports.
    plan: ReportPlan | None
    # Failures in a row after which a feed is told of.
    failures_told: int
    topics: tuple[Topic, ...]
    # Topic name -> where its alerts, and its report, go.
    destinations: Mapping[str, tuple[Destination, ...]]


class Reporter:
    """Looks now and then at how it is, and tells what has changed; the store has what was told."""

    def __init__(
        self, store: Store, tellings: Tellings, notices: Notices, rules: ReporterRules
    ) -> None:
        self._store = store
        self._tellings = tellings
        self._notices = notices
        self._rules = rules
        # When feeds were last looked through.
        self._looked_at: datetime | None = None
        # Up to when each topic was reported on; None: not read from the store yet.
        self._reported: dict[str, datetime] | None = None

    def tick(self, now: datetime) -> None:
        """Tell what there is to tell now; cheap if there is nothing."""
        # Also if the clock was set back.
        if self._looked_at is None or abs(now - self._looked_at) >= LOOK_EVERY:
            self.look_at_feeds(now)
            self._looked_at = now
        self.report_topics(now)

    # -- feeds

    def look_at_feeds(self, now: datetime) -> Changes:
        """Tell which feeds have begun to be in trouble, and which are well again."""
        feeds = self._store.feeds()
        by_id = {feed.id: feed for feed in feeds}
        told = self._tellings.troubles()
        changes = compare(told, self._find(feeds, told), by_id)
        batch = Batch()
        for troubles, words in (
            (changes.begun, about_feeds.begun),
            (changes.over, about_feeds.over),
        ):
            if troubles:
                notice = words(troubles, by_id, now)
                self._notices.log(notice)
                batch = _both(batch, self._notices.batch(notice))
        ended = (*changes.over, *changes.dropped)
        if changes.begun or ended:
            also = partial(write, told=Told(begun=changes.begun, ended=ended))
            self._store.commit(batch, also)
        return changes

    def _find(self, feeds: Sequence[Feed], told: Collection[Trouble]) -> list[Trouble]:
        """Find what is wrong now; only of feeds that may be silent the arrivals are read."""
        last = self._tellings.last_items()
        quiet = [
            feed.id
            for feed in feeds
            if feed.last_ok_at is not None
            and feed.id in last
            and feed.last_ok_at - last[feed.id] >= LEAST_SILENCE
        ]
        arrivals = self._tellings.arrivals(quiet)
        known = {(one.feed_id, one.kind): one for one in told}
        found = [
            trouble
            for feed in feeds
            for trouble in find(feed, arrivals.get(feed.id, ()), self._rules.failures_told)
        ]
        # As it was told: since when does not change while it lasts.
        return [known.get((one.feed_id, one.kind), one) for one in found]

    # -- topics

    def report_topics(self, now: datetime) -> None:
        """Report on each topic whose time has come."""
        plan = self._rules.plan
        if plan is None:
            return
        if self._reported is None:
            self._reported = self._tellings.reported()
        names = {topic.name for topic in self._rules.topics}
        fresh = names - set(self._reported)
        if fresh:
            self._tellings.begin(fresh, now)
            self._reported |= dict.fromkeys(fresh, now)
        for topic in self._rules.topics:
            since = self._reported[topic.name]
            until = window(plan, since, now)
            if until is None:
                continue
            self._report(topic, plan, since, until, now)
            self._reported[topic.name] = until

    def _report(
        self, topic: Topic, plan: ReportPlan, since: datetime, until: datetime, now: datetime
    ) -> None:
        batch = Batch()
        if topic.reports:
            made = report(self._facts(topic, since, until), plan.zone, now)
            to = self._rules.destinations[topic.name]
            batch = Batch(alerts=(made,), deliveries=address(made, to, now))
            log.info("report", topic=topic.name, headline=paragraphs_of(made.detail)[0])
        # Noted for topics without reports, too: one that is switched on covers the next week only.
        self._store.commit(batch, partial(write, told=Told(reported={topic.name: until})))

    def _facts(self, topic: Topic, since: datetime, until: datetime) -> Facts:
        week = self._tellings.week(topic.name, since, until)
        feeds = [feed for feed in self._store.feeds() if topic.reads(feed.groups)]
        ids = {feed.id for feed in feeds}
        closest, lacks = None, ""
        if week.closest is not None:
            seen, verdict = week.closest
            closest, lacks = alerted(seen, verdict.score, (seen.source,)), verdict.score.lacks
        return Facts(
            topic=topic.name,
            since=since,
            until=until,
            items=week.items,
            alerts=week.alerts,
            undelivered=week.undelivered,
            closest=closest,
            lacks=lacks,
            feeds=feeds,
            troubles=[one for one in self._tellings.troubles() if one.feed_id in ids],
        )


def _both(one: Batch, other: Batch) -> Batch:
    return replace(
        one,
        alerts=(*one.alerts, *other.alerts),
        deliveries=(*one.deliveries, *other.deliveries),
    )
