"""What is said unasked, told as timelines: once when it begins, once when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog

from monitor.alerts.bundle import DEEP, join
from monitor.alerts.report import ReportPlan
from monitor.alerts.route import route
from monitor.notices import Notices
from monitor.records import Alert, Batch, DeliveryState, Outcome, Reason
from monitor.reporter import LOOK_EVERY, Reporter, ReporterRules
from monitor.store import Hands, Reports, Store, Tellings, migrate, open_engine
from monitor.targets import Destination
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE

# A Monday, an hour before the report.
NOW = datetime(2021, 11, 8, 8, 0, tzinfo=UTC)
MONDAYS = ReportPlan(weekday=0, minute=9 * 60, zone=UTC)
OPERATOR, DESK = made.destination("ops/1-email"), made.destination("desk/1-slack")


class Timeline:
    """A database with three feeds, and a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(f"sqlite:///{folder / 'seedwatch.db'}")
        migrate(self.engine)
        self.store = Store(self.engine)
        self.now = NOW
        names = ("LRT", "BBC", "ERR")
        self.store.sync_feeds([made.spec(name) for name in names], NOW)
        self.feeds = {feed.name: feed for feed in self.store.feeds()}
        self._items = 0

    def reporter(self, *operator: Destination, **changes: Any) -> Reporter:
        """Make one, as a start of the service does."""
        rules = ReporterRules(
            plan=MONDAYS,
            failures_told=5,
            topics=(made.topic(),),
            destinations={"border": (DESK,)},
        )
        notices = Notices(self.store, operator)
        rules = replace(rules, **changes)
        return Reporter(self.store, Tellings(self.engine), notices, rules)

    def poll(self, name: str, *, failures: int = 0, brings: int = 0) -> None:
        """Let a poll of a feed end now: well, with so many items, or as the n-th failure."""
        items = []
        for _ in range(brings):
            self._items += 1
            seen = made.seen(
                f"{name}-{self._items}", first_seen_at=self.now, feed_id=self.feeds[name].id
            )
            items.append(made.judged(seen, value=0.4, reason=Reason.BELOW_THRESHOLD))
        poll = made.poll(
            self.feeds[name].id,
            polled_at=self.now,
            due_at=self.now + HOUR,
            ok=not failures,
            failures=failures,
            error="HTTP 503" if failures else None,
        )
        self.store.commit(Batch(poll=poll, items=tuple(items)))

    def told(self) -> list[str]:
        """Give the headlines of all messages in the outbox with where they go, oldest first."""
        reports = Reports(self.engine)
        alerts: list[Alert] = sorted(reports.alerts(limit=100), key=lambda one: one.created_at)
        return [
            f"{delivery.destination}: {alert.detail.splitlines()[0]}"
            for alert in alerts
            for delivery in reports.deliveries_of([alert.id])
        ]


@pytest.fixture
def timeline(tmp_path: Path) -> Iterator[Timeline]:
    """Give a timeline that begins now."""
    made_of = Timeline(tmp_path)
    yield made_of
    made_of.engine.dispose()


def test_a_feed_fails_and_recovers(timeline: Timeline) -> None:
    """The operator hears once that a feed fails, and once that it is well again."""
    reporter = timeline.reporter(OPERATOR, plan=None)
    timeline.poll("LRT", brings=1)
    for failures in range(1, 9):
        timeline.now += HOUR
        timeline.poll("LRT", failures=failures)
        reporter.tick(timeline.now)
        if failures == 4:
            assert timeline.told() == []
    assert timeline.told() == ["ops/1-email: LRT fails"]
    timeline.now += HOUR
    timeline.poll("LRT")
    # Another process, as after a restart: what was told is in the database.
    timeline.reporter(OPERATOR, plan=None).tick(timeline.now)
    timeline.reporter(OPERATOR, plan=None).tick(timeline.now + HOUR)
    assert timeline.told() == ["ops/1-email: LRT fails", "ops/1-email: LRT is well again"]


def test_a_feed_falls_silent_and_comes_back(timeline: Timeline) -> None:
    """A feed that used to bring something each day is told when it has not for three."""
    reporter = timeline.reporter(OPERATOR, plan=None)
    days = []
    for day in range(30):
        timeline.poll("LRT", brings=0 if 12 <= day < 20 else 1)
        # Another is as it was all the time: nothing in all of it.
        timeline.poll("BBC", brings=1 if day == 0 else 0)
        before = len(timeline.told())
        reporter.tick(timeline.now)
        days += [day] * (len(timeline.told()) - before)
        timeline.now += DAY
    # The last item came on day 11; twice the usual gap is two days, and three are the least.
    assert list(zip(days, timeline.told(), strict=True)) == [
        (14, "ops/1-email: LRT has gone silent"),
        (20, "ops/1-email: LRT is well again"),
    ]


def test_all_feeds_at_once_are_one_message(timeline: Timeline) -> None:
    """A network that is down is one message, not one a feed; nor is its return."""
    reporter = timeline.reporter(OPERATOR, plan=None)
    for name in timeline.feeds:
        timeline.poll(name, failures=5)
    reporter.tick(timeline.now)
    timeline.now += LOOK_EVERY
    for name in timeline.feeds:
        timeline.poll(name)
    reporter.tick(timeline.now)
    assert timeline.told() == ["ops/1-email: 3 feeds fail", "ops/1-email: 3 feeds are well again"]


def test_without_an_operator_the_log_says_it(timeline: Timeline) -> None:
    """Where nobody is to be told, the log tells, once as well."""
    timeline.poll("LRT", failures=5)
    with structlog.testing.capture_logs() as logs:
        timeline.reporter(plan=None).tick(timeline.now)
        timeline.reporter(plan=None).tick(timeline.now)
    assert [line["headline"] for line in logs if line["event"] == "notice"] == ["LRT fails"]
    assert timeline.told() == []


def test_a_feed_that_is_no_longer_polled(timeline: Timeline) -> None:
    """A feed that the configuration no longer names is not said to be well again."""
    timeline.poll("LRT", failures=5)
    timeline.reporter(OPERATOR, plan=None).tick(timeline.now)
    timeline.store.sync_feeds([made.spec("BBC")], timeline.now)
    timeline.reporter(OPERATOR, plan=None).tick(timeline.now)
    assert timeline.told() == ["ops/1-email: LRT fails"]
    assert Tellings(timeline.engine).troubles() == []


def test_feeds_are_not_looked_through_at_each_tick(timeline: Timeline) -> None:
    """Between two looks feeds may fail; the next look tells all of them in one."""
    reporter = timeline.reporter(OPERATOR, plan=None)
    reporter.tick(timeline.now)
    timeline.poll("LRT", failures=5)
    timeline.now += LOOK_EVERY - MINUTE
    reporter.tick(timeline.now)
    assert timeline.told() == []
    timeline.poll("BBC", failures=5)
    timeline.now += MINUTE
    reporter.tick(timeline.now)
    assert timeline.told() == ["ops/1-email: 2 feeds fail"]


def test_reports_come_each_week(timeline: Timeline) -> None:
    """A topic's receivers hear of it each Monday, but not an hour after it is new."""
    reporter = timeline.reporter(OPERATOR)
    hours = []
    for hour in range(17 * 24):
        if hour % 24 == 3:
            timeline.poll("LRT", brings=2)
        before = len(timeline.told())
        reporter.tick(timeline.now)
        hours += [hour] * (len(timeline.told()) - before)
        timeline.now += HOUR
    assert list(zip(hours, timeline.told(), strict=True)) == [
        (1 + 7 * 24, "desk/1-slack: no alert in 7 days, from 14 items"),
        (1 + 14 * 24, "desk/1-slack: no alert in 7 days, from 14 items"),
    ]


@pytest.mark.parametrize("weeks", [1, 3])
def test_a_report_that_was_missed(timeline: Timeline, weeks: int) -> None:
    """After a time without the service one report covers all of it, and a restart repeats none."""
    timeline.reporter(OPERATOR).tick(NOW + 2 * HOUR)
    timeline.now = NOW + 3 * HOUR
    timeline.poll("LRT", brings=3)
    later = NOW + weeks * 7 * DAY + 2 * DAY
    for _ in range(3):
        timeline.reporter(OPERATOR).tick(later)
    days = weeks * 7 - 1
    assert timeline.told() == [f"desk/1-slack: no alert in {days} days, from 3 items"]


def test_a_topic_without_reports(timeline: Timeline) -> None:
    """A topic whose report is switched off has none; switched on, it covers the time since only."""
    off = timeline.reporter(topics=(made.topic(reports=False),))
    off.tick(NOW)
    off.tick(NOW + 7 * DAY + HOUR)
    assert timeline.told() == []
    timeline.reporter().tick(NOW + 14 * DAY + HOUR)
    assert timeline.told() == ["desk/1-slack: nothing was read in 7 days: is something wrong?"]


def test_a_report_is_no_alert(timeline: Timeline) -> None:
    """A report names an item that was not told; it does not count as one of the topic's alerts."""
    reporter = timeline.reporter()
    reporter.tick(NOW)
    timeline.poll("LRT", brings=1)
    reporter.tick(NOW + 7 * DAY + HOUR)
    reports = Reports(timeline.engine)
    (report,) = reports.alerts()
    assert [item.score for item in report.items] == [0.4]
    assert reports.topic("border", NOW - DAY).alerts == 0
    assert reports.glance().last_alert is None
    assert reports.alerts_of_item(report.items[0].item_id) == []


def test_a_report_keeps_to_itself(timeline: Timeline) -> None:
    """However much waits at its destination, a report arrives as a report, and says all of it."""
    reporter = timeline.reporter()
    reporter.tick(NOW)
    timeline.poll("LRT", brings=1)
    later = NOW + 7 * DAY + HOUR
    due_at = later - MINUTE
    news = [made.alert(f"s{n}", items=(), created_at=due_at) for n in range(DEEP)]
    routed = [one for alert in news for one in route(alert, [DESK], due_at)]
    timeline.store.commit(Batch(alerts=tuple(news), deliveries=tuple(routed)))
    reporter.tick(later)
    hands = Hands(limit=9, collapsing=frozenset({DESK.name}))
    told = []
    while claims := timeline.store.claim(later, MINUTE, hands):
        for claim in claims:
            told.append(join(claim.alerts))
            timeline.store.settle(
                Outcome(
                    delivery_ids=tuple(one.id for one in claim.deliveries),
                    state=DeliveryState.DELIVERED,
                    answer="ok",
                    at=later,
                )
            )
    assert [one.reason for one in told] == [Reason.DIGEST, Reason.NOTICE]
    assert told[1].detail.startswith("10 alerts in 7 days, from 1 item\n")
