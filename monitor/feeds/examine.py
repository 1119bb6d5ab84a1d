"""Make a report on one feed of what a look at it brought. Pure.

asked, answered    -> Look        (the command; over the network)
read, settled      -> Read        (`contents_of`, `settle`)
examine(look, …)   -> FeedReport  what it is like, what is wrong with it, how it would be polled
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from monitor.feeds import hubs, schedule
from monitor.feeds.address import bare
from monitor.feeds.cures import PAGE_CURE, cure, reading_cure
from monitor.feeds.pages import feeds_of
from monitor.feeds.parse import ParsedFeed
from monitor.feeds.survey import Survey
from monitor.records import (
    Document,
    Feed,
    FeedSpec,
    FetchFailure,
    FetchResult,
    Hints,
    Hop,
    Item,
    NotModified,
)
from monitor.text.language import detect

# Titles that a report shows.
MOST_TITLES = 5
DAY = timedelta(days=1)


class Order(StrEnum):
    """How the dated items of a document follow each other."""

    NEWEST_FIRST = "newest first"
    OLDEST_FIRST = "oldest first"
    MIXED = "in no order of dates"


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A second request, with the validators of the first answer."""

    # After the first.
    after: timedelta
    result: FetchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What asking a feed brought."""

    spec: FeedSpec
    result: FetchResult
    hops: tuple[Hop, ...]
    took: timedelta
    # None: it was not asked twice.
    again: Again | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What a document that could be read says."""

    parsed: ParsedFeed
    survey: Survey
    # None if it names none.
    hub: hubs.Named | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why a feed cannot be used, and what may help."""

    # The word before the cause; empty if the answer itself says it.
    stage: str
    cause: str
    cure: str
    status: int | None
    retry_after: timedelta | None
    # The feeds that it names, if it is a web page.
    page_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """How it was asked and answered."""

    hops: tuple[Hop, ...]
    took: timedelta
    # Where permanent redirects, and no others, led.
    moved_to: str | None
    # These of a document only.
    content_type: str = ""
    body_bytes: int | None = None
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What a second request on conditions came to."""

    after: timedelta
    # The server sent nothing again.
    is_honoured: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """What the dates of a document's items show, as they are taken."""

    newest: datetime | None
    oldest: datetime | None
    # Of the newest, when it was fetched.
    delay: timedelta | None
    # None: not so many dates that one could tell.
    order: Order | None
    items_a_day: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a document holds."""

    title: str
    survey: Survey
    # ISO 639-1 of its titles together, if that is sure, and what its items are taken to be in.
    lang_found: str | None
    lang_used: str | None
    # After those that stand there twice became one.
    items: int
    dates: Dates
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What polling would make of it."""

    # Until the next poll, but for chance.
    wait: timedelta
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedReport:
    """All that is known of one feed after a look at it."""

    name: str
    # Without a password.
    url: str
    asked_at: datetime
    # None: it is well.
    trouble: Trouble | None
    exchange: Exchange
    again: Repeat | None
    fresh_for: timedelta | None
    hints: Hints | None
    hub: hubs.Named | None
    findings: Findings | None
    plan: Plan


def examine(look: Look, contents: Read | str | None, at_least_every: timedelta) -> FeedReport:
    """Put together what a look brought; `contents` is a text if the document cannot be read.

    It says why then; None if no document came.
    """
    result, spec = look.result, look.spec
    document = result if isinstance(result, Document) else None
    read = contents if isinstance(contents, Read) else None
    trouble = _trouble(result, contents)
    return FeedReport(
        name=spec.name,
        url=bare(spec.url),
        asked_at=result.fetched_at,
        trouble=trouble,
        exchange=_exchange(look),
        again=_repeat(look.again, document) if look.again else None,
        fresh_for=document.fresh_for if document else None,
        hints=read.parsed.hints if read else None,
        hub=read.hub if read else None,
        findings=_findings(read, result.fetched_at) if read else None,
        plan=_plan(look, read, trouble, at_least_every),
    )


def items_a_day(moments: Sequence[datetime]) -> float | None:
    """Give how many items a day the dates of a document show; None if they are too few to tell.

    n items are n - 1 intervals: (n - 1) / (newest - oldest).

    >>> noon = datetime.fromisoformat("2026-01-01T12:00Z")
    >>> items_a_day([noon, noon - timedelta(hours=6), noon - timedelta(hours=12)])
    4.0
    """
    if len(moments) < 2 or max(moments) == min(moments):
        return None
    return (len(moments) - 1) / ((max(moments) - min(moments)) / DAY)


def order_of(moments: Sequence[datetime]) -> Order | None:
    """Say how the dates of a document follow each other; None if all are one."""
    if len(set(moments)) < 2:
        return None
    if all(one >= other for one, other in pairwise(moments)):
        return Order.NEWEST_FIRST
    if all(one <= other for one, other in pairwise(moments)):
        return Order.OLDEST_FIRST
    return Order.MIXED


def _trouble(result: FetchResult, contents: Read | str | None) -> Trouble | None:
    if isinstance(result, FetchFailure):
        return Trouble(
            stage=result.stage or "",
            cause=result.cause,
            cure=cure(result.cause, result.status),
            status=result.status,
            retry_after=result.retry_after,
        )
    if not isinstance(result, Document) or not isinstance(contents, str):
        return None
    helps = reading_cure(contents)
    named = feeds_of(result) if helps == PAGE_CURE else ()
    if named:
        helps = "it is a web page and no feed, but it names: " + " ".join(named)
    return Trouble(
        stage="parse",
        cause=contents,
        cure=helps,
        status=None,
        retry_after=None,
        page_names=named,
    )


def _exchange(look: Look) -> Exchange:
    result = look.result
    if not isinstance(result, Document):
        moved_to = result.moved_to if isinstance(result, NotModified) else None
        return Exchange(hops=look.hops, took=look.took, moved_to=moved_to)
    return Exchange(
        hops=look.hops,
        took=look.took,
        moved_to=result.moved_to,
        content_type=result.content_type,
        body_bytes=len(result.body),
        etag=result.etag,
        last_modified=result.last_modified,
    )


def _repeat(again: Again, first: Document | None) -> Repeat:
    result = again.result
    if isinstance(result, NotModified):
        said = "304, nothing is sent again while nothing changes"
    elif isinstance(result, FetchFailure):
        said = f"it failed: {result.told}"
    elif first is not None and result.body == first.body:
        said = "200, all of it again though it is the same: each poll costs the whole"
    else:
        said = "200, another document: it changes from one request to the next, or has news"
    return Repeat(after=again.after, is_honoured=isinstance(result, NotModified), said=said)


def _findings(contents: Read, now: datetime) -> Findings:
    items = contents.parsed.items
    return Findings(
        title=contents.parsed.title,
        survey=contents.survey,
        lang_found=detect("\n".join(item.title for item in items)),
        lang_used=contents.parsed.lang,
        items=len(items),
        dates=_dates(items, now),
        titles=tuple(item.title for item in items[:MOST_TITLES]),
    )


def _dates(items: Sequence[Item], now: datetime) -> Dates:
    moments = [item.published_at for item in items if item.published_at]
    newest, oldest = max(moments, default=None), min(moments, default=None)
    return Dates(
        newest=newest,
        oldest=oldest,
        delay=max(now - newest, timedelta(0)) if newest else None,
        order=order_of(moments),
        items_a_day=items_a_day(moments),
    )


def _plan(
    look: Look, contents: Read | None, trouble: Trouble | None, at_least_every: timedelta
) -> Plan:
    """Plan as polling does; what is learned of a feed over time is not known of one look."""
    result, spec = look.result, look.spec
    now = result.fetched_at
    feed = Feed(
        id=0,
        url=spec.url,
        name=spec.name,
        groups=spec.groups,
        every=spec.every,
        lang=spec.lang,
        due_at=now,
    )
    if trouble and not isinstance(result, FetchFailure):
        # So does polling take a document that it cannot read.
        result = FetchFailure(cause=trouble.cause, fetched_at=now)
    if isinstance(result, FetchFailure):
        poll = schedule.after_failure(feed, result, chance=0.5, at_least_every=at_least_every)
        return Plan(wait=poll.due_at - now, why="it failed; longer after each further failure")
    hints = contents.parsed.hints if contents else Hints()
    poll = schedule.after_success(
        replace(feed, hints=hints),
        result,
        chance=0.0,
        body_hash=None,
        at_least_every=at_least_every,
    )
    # Without chance it would be a tenth of `every` shorter than on average.
    wait = max(spec.every, poll.due_at - now)
    return Plan(wait=wait, why=_why(wait, spec.every, result.fresh_for, hints))


def _why(wait: timedelta, every: timedelta, fresh_for: timedelta | None, hints: Hints) -> str:
    """Say what an interval follows from."""
    if wait == every:
        return "its `every`"
    asked = {
        "its Cache-Control or Expires": fresh_for,
        "its ttl": hints.ttl,
        "its sy:updatePeriod": hints.update_every,
    }
    name, longest = max(asked.items(), key=lambda pair: pair[1] or timedelta(0))
    if longest is None or longest < wait:
        return "it wants hours or days skipped"
    return f"{name} asks for it" if longest == wait else f"{name} asks for more than at_least_every"
