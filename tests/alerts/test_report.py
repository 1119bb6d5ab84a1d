"""Reports on topics: when they are due, and what a reader on a phone sees of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.render import render
from monitor.alerts.report import Facts, ReportPlan, last_due, report, window
from monitor.feeds.troubles import Trouble, TroubleKind
from monitor.records import Alert, Reason
from tests.fakes import made
from tests.fakes.alerts import ITEM
from tests.fakes.made import DAY, HOUR

WARSAW = ZoneInfo("Europe/Warsaw")
MONDAYS = ReportPlan(weekday=0, minute=9 * 60, zone=WARSAW)
DAILY = ReportPlan(weekday=None, minute=2 * 60 + 30, zone=WARSAW)
# Monday morning in Warsaw.
NOW = datetime(2021, 11, 8, 8, 0, tzinfo=UTC)
FEEDS = [made.feed(name, id=number) for number, name in enumerate(("LRT", "BBC", "ERR", "TVP"))]
QUIET = Facts(
    topic="belarus-eu-border",
    since=NOW - 7 * DAY,
    until=NOW,
    items=4_312,
    alerts={},
    undelivered=0,
    closest=replace(ITEM, score=0.47),
    lacks="too few names that the seeds repeat",
    feeds=FEEDS,
    troubles=[
        Trouble(
            feed_id=1,
            kind=TroubleKind.FAILING,
            since=NOW - 2 * DAY,
            detail="HTTP 503 Service Unavailable",
        ),
        Trouble(feed_id=2, kind=TroubleKind.SILENT, since=NOW - 9 * DAY, detail="never so long"),
    ],
)
TEXT = """\
[belarus-eu-border] how it is going

no alert in 7 days, from 4,312 items

Mon 1 Nov 09:00 to Mon 8 Nov 2021 09:00 CET: 2 of 4 feeds are well.

Failing: BBC (HTTP 503 Service Unavailable, for 2 days).

Silent: ERR (for 9 days).

Closest without an alert, 0.47 of 0.50: too few names that the seeds repeat

Poland deploys 12,000 troops as hundreds of migrants mass at its border with
Belarus

score 0.47, threshold 0.50
source: BBC World, published 2021-11-08 14:05 UTC
https://www.bbc.co.uk/news/world-europe-59206685
terms: border 51%, Belarus 32%, migrants 19%
sources: 3 (BBC World, LRT English, Euronews)
why: seedwatch why 4f1c9a7e2b3d
"""


def lines(facts: Facts) -> list[str]:
    """Give headline and paragraphs of a report."""
    return report(facts, WARSAW, NOW).detail.splitlines()


def at(text: str) -> datetime:
    """Read a time."""
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    "plan,now,due",
    [
        (MONDAYS, "2021-11-08T08:00Z", "2021-11-08T08:00Z"),
        (MONDAYS, "2021-11-08T07:59Z", "2021-11-01T08:00Z"),
        (MONDAYS, "2021-11-14T23:00Z", "2021-11-08T08:00Z"),
        # The clock went back on 31 October, forth on 27 March.
        (MONDAYS, "2021-10-31T12:00Z", "2021-10-25T07:00Z"),
        (MONDAYS, "2022-03-28T07:30Z", "2022-03-28T07:00Z"),
        # 02:30 comes twice (the first counts), or not at all (an hour later, then).
        (DAILY, "2021-10-31T00:30Z", "2021-10-31T00:30Z"),
        (DAILY, "2021-10-31T12:00Z", "2021-10-31T00:30Z"),
        (DAILY, "2022-03-27T12:00Z", "2022-03-27T01:30Z"),
        # Half-hour zones, and a leap day.
        (
            ReportPlan(weekday=0, minute=540, zone=ZoneInfo("Asia/Kolkata")),
            "2021-11-08T04:00Z",
            "2021-11-08T03:30Z",
        ),
        (ReportPlan(weekday=3, minute=0, zone=UTC), "2024-03-01T00:00Z", "2024-02-29T00:00Z"),
        # Samoa had no Friday, 30 December 2011.
        (
            ReportPlan(weekday=4, minute=540, zone=ZoneInfo("Pacific/Apia")),
            "2011-12-31T12:00Z",
            "2011-12-30T19:00Z",
        ),
    ],
)
def test_when_a_report_is_due(plan: ReportPlan, now: str, due: str) -> None:
    """A report is due at one moment of each week or day, whatever clocks do."""
    assert last_due(plan, at(now)) == at(due)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - bounds are naive
    st.sampled_from(["UTC", "Europe/Warsaw", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"]),
    st.one_of(st.none(), st.integers(0, 6)),
    st.integers(0, 1439),
)
def test_reports_never_pile_up_or_stay_away(
    now: datetime, zone: str, weekday: int | None, minute: int
) -> None:
    """The last report was due no longer ago than a week and a day, and never in the future."""
    plan = ReportPlan(weekday=weekday, minute=minute, zone=ZoneInfo(zone))
    due = last_due(plan, now)
    assert now - plan.usual_span - timedelta(days=1, hours=2) < due <= now
    assert last_due(plan, due) == due


@pytest.mark.parametrize(
    "told_until,now,until",
    [
        ("2021-11-01T08:00Z", "2021-11-08T07:59Z", None),
        ("2021-11-01T08:00Z", "2021-11-08T08:00Z", "2021-11-08T08:00Z"),
        # A topic that is new since an hour has nothing to report; since four days it has.
        ("2021-11-08T07:00Z", "2021-11-08T08:00Z", None),
        ("2021-11-08T07:00Z", "2021-11-15T08:00Z", "2021-11-15T08:00Z"),
        ("2021-11-04T07:00Z", "2021-11-08T08:00Z", "2021-11-08T08:00Z"),
        ("2021-11-08T08:00Z", "2021-11-08T08:00Z", None),
        ("2021-11-08T08:00Z", "2021-11-15T09:17Z", "2021-11-15T08:00Z"),
        # After three weeks without the service one report covers them all.
        ("2021-11-08T08:00Z", "2021-12-01T12:00Z", "2021-11-29T08:00Z"),
    ],
)
def test_which_time_a_report_covers(told_until: str, now: str, until: str | None) -> None:
    """A report covers all since the last one, up to the last time that one was due."""
    found = window(MONDAYS, at(told_until), at(now))
    assert found == (at(until) if until else None)


def test_a_quiet_week() -> None:
    """A quiet week says what was read, which feeds are not well, and what came closest."""
    message = render(report(QUIET, WARSAW, NOW), message_id="d-1")
    assert message.text == TEXT
    assert message.subject == "[belarus-eu-border] no alert in 7 days, from 4,312 items"
    assert 'href="https://www.bbc.co.uk/news/world-europe-59206685"' in message.html
    assert "Failing: BBC (HTTP 503 Service Unavailable, for 2 days)." in message.html
    assert "|open>" in json.dumps(message.blocks)
    assert message.payload["topic"] == "belarus-eu-border"
    assert message.payload["type"] == "alert.notice"
    assert message.payload["items"][0]["score"] == 0.47


def test_a_week_in_which_nothing_was_read() -> None:
    """Where nothing was read the headline asks whether something is wrong."""
    nothing = replace(QUIET, items=0, closest=None, lacks="", troubles=[], feeds=FEEDS)
    assert lines(nothing) == [
        "nothing was read in 7 days: is something wrong?",
        "Mon 1 Nov 09:00 to Mon 8 Nov 2021 09:00 CET: 4 of 4 feeds are well.",
    ]


def test_a_week_with_alerts() -> None:
    """A busy week counts what was told, and what reached nobody."""
    busy = replace(
        QUIET,
        alerts={Reason.FIRST_STORY: 3, Reason.UPDATE: 1},
        undelivered=2,
        closest=None,
        troubles=[],
    )
    assert lines(busy) == [
        "4 alerts in 7 days, from 4,312 items",
        "Mon 1 Nov 09:00 to Mon 8 Nov 2021 09:00 CET: 4 of 4 feeds are well.",
        "Told: 3 first stories, 1 update.",
        "2 messages were not delivered: seedwatch status",
        "No item came near.",
    ]


def test_many_feeds_that_are_not_well() -> None:
    """More feeds than can be named are counted, never cut in silence."""
    feeds = [made.feed(f"F{number}", id=number) for number in range(9)]
    ill = [
        Trouble(feed_id=feed.id, kind=TroubleKind.GONE, since=NOW - 5 * HOUR, detail="410")
        for feed in feeds
    ]
    found = lines(replace(QUIET, feeds=feeds, troubles=ill))
    assert found[1].endswith(": 0 of 9 feeds are well.")
    assert found[2] == (
        "Gone: F0 (for 5 hours), F1 (for 5 hours), F2 (for 5 hours), F3 (for 5 hours),"
        " F4 (for 5 hours), +4 more."
    )


def test_one_of_each() -> None:
    """One alert, one item and one message are not several."""
    one = replace(QUIET, items=1, alerts={Reason.CATCH_UP: 1}, undelivered=1)
    found = lines(one)
    assert found[0] == "1 alert in 7 days, from 1 item"
    assert "Told: 1 catch-up." in found
    assert "1 message was not delivered: seedwatch status" in found


def test_a_report_is_told_once() -> None:
    """The same report has the same id, however late it is made; that of the next week another."""
    first: Alert = report(QUIET, WARSAW, NOW)
    assert report(QUIET, WARSAW, NOW + HOUR).id == first.id
    later = replace(QUIET, since=NOW, until=NOW + 7 * DAY)
    assert report(later, WARSAW, NOW + 7 * DAY).id != first.id
    assert report(replace(QUIET, topic="other"), WARSAW, NOW).id != first.id
