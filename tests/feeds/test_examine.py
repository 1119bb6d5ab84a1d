"""What a report on one feed follows from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.contents import Wanted, contents_of
from monitor.feeds.examine import (
    Again,
    FeedReport,
    Look,
    Order,
    Read,
    examine,
    items_a_day,
    order_of,
)
from monitor.feeds.hints import MOST_FRESH
from monitor.feeds.parse import settle
from monitor.records import Document, FetchFailure, FetchResult, NotModified
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

LONGEST = 6 * HOUR


def rss(head: str = "", items: str = "") -> bytes:
    """Return a small RSS document."""
    return f"<rss version='2.0'><channel><title>T</title>{head}{items}</channel></rss>".encode()


def read(document: Document) -> Read:
    """Read a document as the command does."""
    found = contents_of(document, Wanted(hub=True, survey=True))
    assert found.said is not None
    assert found.survey is not None
    return Read(parsed=settle(found.said, document, None), survey=found.survey, hub=found.hub)


def look(result: FetchResult, **changes: Any) -> Look:
    """Return what asking a feed of every 15 minutes brought."""
    again = changes.pop("again", None)
    spec = made.spec(**changes)
    return Look(spec=spec, result=result, hops=(), took=SECOND, again=again)


def reported(document: Document, **changes: Any) -> FeedReport:
    """Report on a document."""
    return examine(look(document, **changes), read(document), LONGEST)


@pytest.mark.parametrize(
    "head,fresh_for,wait,why",
    [
        ("", None, 15 * MINUTE, "its `every`"),
        ("<ttl>5</ttl>", MINUTE, 15 * MINUTE, "its `every`"),
        ("<ttl>60</ttl>", None, HOUR, "its ttl asks for it"),
        ("<ttl>60</ttl>", 2 * HOUR, 2 * HOUR, "its Cache-Control or Expires asks for it"),
        ("<ttl>1440</ttl>", None, LONGEST, "its ttl asks for more than at_least_every"),
        # It is 14:00.
        (
            "<skipHours><hour>14</hour><hour>15</hour></skipHours>",
            None,
            2 * HOUR,
            "it wants hours or days skipped",
        ),
    ],
)
def test_the_plan_is_that_of_polling(
    head: str, fresh_for: timedelta | None, wait: timedelta, why: str
) -> None:
    """The wait is what polling would make of the hints, and its reason the hint that decides."""
    plan = reported(made.document(rss(head), fresh_for=fresh_for)).plan
    assert (timedelta(seconds=round(plan.wait / MINUTE) * 60), plan.why) == (wait, why)


@given(
    st.timedeltas(min_value=MINUTE, max_value=DAY),
    st.none() | st.timedeltas(min_value=SECOND, max_value=MOST_FRESH),
)
def test_a_plan_keeps_its_bounds(every: timedelta, fresh_for: timedelta | None) -> None:
    """No hint makes a feed be polled more often than `every`, nor ever less than may be."""
    plan = reported(made.document(rss(), fresh_for=fresh_for), every=every).plan
    assert every <= plan.wait <= max(every, LONGEST)


def test_a_failure_has_cause_cure_and_next_try() -> None:
    """A failure is told with what may help, what its server asks for, and when it is tried."""
    failure = made.failure("HTTP 503 Busy", status=503, retry_after=HOUR)
    report = examine(look(failure), None, LONGEST)
    assert report.trouble is not None
    assert (report.trouble.cause, report.trouble.retry_after) == ("HTTP 503 Busy", HOUR)
    assert report.trouble.cure
    assert report.plan.wait == HOUR
    assert report.findings is None


def test_a_page_is_told_with_the_feeds_that_it_names() -> None:
    """Who gives the address of a page is told those of its feeds."""
    page = made.document(
        b'<html><head><link rel="alternate" type="application/rss+xml" href="/f"></head></html>'
    )
    report = examine(look(page), "an HTML page, not a feed", LONGEST)
    assert report.trouble is not None
    assert (report.trouble.stage, report.trouble.page_names) == (
        "parse",
        ("https://lrt.example/f",),
    )
    assert report.trouble.cure.endswith("it names: https://lrt.example/f")


@pytest.mark.parametrize(
    "second,is_honoured,part",
    [
        (NotModified(fetched_at=NOW), True, "304"),
        (made.document(rss()), False, "all of it again though it is the same"),
        (made.document(rss("<ttl>1</ttl>")), False, "another document"),
        (FetchFailure(cause="HTTP 500", fetched_at=NOW), False, "it failed: HTTP 500"),
    ],
)
def test_a_second_answer_is_judged(second: FetchResult, *, is_honoured: bool, part: str) -> None:
    """Only "not modified" says that the validators are of use; each other answer says why not."""
    report = reported(made.document(rss()), again=Again(after=5 * SECOND, result=second))
    assert report.again is not None
    assert (report.again.is_honoured, report.again.after) == (is_honoured, 5 * SECOND)
    assert part in report.again.said


def test_stated_and_found_language_stand_beside_each_other() -> None:
    """What the template says, what the titles say, and what is made of it are all told."""
    title = "Straż Graniczna zatrzymała w nocy kilkuset migrantów w pobliżu Kuźnicy"
    document = made.document(
        rss("<language>en-us</language>", f"<item><title>{title}</title></item>" * 3)
    )
    findings = reported(document, lang=None).findings
    assert findings is not None
    assert (findings.survey.lang, findings.lang_found) == ("en-us", "pl")


def test_a_password_is_not_reported() -> None:
    """The address in a report has no name and password."""
    report = reported(made.document(rss()), url="https://reader:s3cret@lrt.example/rss")
    assert "s3cret" not in repr(report)


MOMENTS = st.lists(st.datetimes().map(lambda one: one.replace(tzinfo=NOW.tzinfo)), max_size=30)


@given(MOMENTS)
def test_a_rate_is_intervals_by_time(moments: list[datetime]) -> None:
    """The rate times the days that the dates span is one less than their number."""
    found = items_a_day(moments)
    if len(set(moments)) < 2:
        assert found is None
    else:
        assert found is not None
        days = (max(moments) - min(moments)) / DAY
        assert found * days == pytest.approx(len(moments) - 1)


@given(MOMENTS)
def test_sorted_dates_have_their_order(moments: list[datetime]) -> None:
    """Dates that fall are newest first, dates that rise oldest first, and one date has no order."""
    if len(set(moments)) < 2:
        assert order_of(moments) is None
    else:
        assert order_of(sorted(moments)) is Order.OLDEST_FIRST
        assert order_of(sorted(moments, reverse=True)) is Order.NEWEST_FIRST
        mixed = [min(moments), max(moments), min(moments)]
        assert order_of(mixed) is Order.MIXED
