"""How feeds are shown: a report on one of them, and the list of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from monitor.cli.screen import ago, amount, minute, plain, span
from monitor.feeds.health import FeedHealth, Health
from monitor.feeds.hubs import Named
from monitor.records import Hints, Hop

if TYPE_CHECKING:
    from monitor.feeds.examine import Dates, Exchange, FeedReport, Findings, Trouble

# Zero-width joiners, which are part of words and signs in some scripts.
_JOINERS = "\u200c\u200d"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LABEL_WIDTH = 11
# The columns of the list behind the name, with their widths.
COLUMNS = {"health": 10, "last poll": 10, "next": 9, "a day": 5}
STYLES = {Health.FAILING: "red", Health.GONE: "red", Health.SILENT: "yellow"}


def literal(text: str) -> Text:
    r"""Give a text of the outside as it stands, without signs that act on a terminal.

    >>> literal("[red]\x1b[2J").plain
    '[red]�[2J'
    """
    return plain("".join(one if one.isprintable() or one in _JOINERS else "\ufffd" for one in text))


def show_report(console: Console, report: FeedReport) -> None:
    """Print a report on one feed, on one screen."""
    if report.trouble is None:
        console.print("[green]well:[/]", literal(report.name))
    else:
        console.print("[red]failed:[/]", literal(report.name))
    for label, text in _rows(report):
        _print_row(console, label, literal(text))
    for place, title in enumerate(report.findings.titles if report.findings else ()):
        shown = literal(title or "(without a title)")
        shown.truncate(console.width - LABEL_WIDTH - 1, overflow="ellipsis")
        _print_row(console, "" if place else "titles", shown)


def _print_row(console: Console, label: str, text: Text) -> None:
    for place, line in enumerate(text.wrap(console, console.width - LABEL_WIDTH - 1)):
        head = Text(f"{'' if place else label:{LABEL_WIDTH}} ", style="dim")
        line.rstrip()
        console.print(Text.assemble(head, line))


def _rows(report: FeedReport) -> Iterator[tuple[str, str]]:
    yield "asked", f"{report.url} at {minute(report.asked_at)}"
    yield from _exchange_rows(report.exchange)
    if report.trouble:
        yield from _trouble_rows(report.trouble)
    yield from _validator_rows(report)
    if report.findings and report.hints:
        yield "hints", hints_in_words(report.fresh_for, report.hints)
        yield "hub", hub_in_words(report.hub)
        yield from _findings_rows(report.findings)
    yield "polling", f"again after {span(report.plan.wait)}: {report.plan.why}"
    if _is_too_short(report):
        yield "", "its document does not reach back so far: items may be lost between two polls"


def _exchange_rows(exchange: Exchange) -> Iterator[tuple[str, str]]:
    for hop, after in zip(exchange.hops[:-1], exchange.hops[1:], strict=True):
        yield "redirect", f"{hop.status} to {after.url}"
    if exchange.moved_to:
        yield "moved", "for good: put that address into the configuration"
    elif len(exchange.hops) > 1:
        yield "moved", "not for good: one of the redirects is temporary, or leaves https"
    last = exchange.hops[-1] if exchange.hops else None
    took = f"{exchange.took.total_seconds():.2f} s"
    if last is None:
        yield "answer", f"none, after {took}"
        return
    yield "answer", f"{last.status} after {took}; {_size(last, exchange.body_bytes)}"
    if exchange.content_type:
        yield "type", exchange.content_type[:100]


def _size(hop: Hop, body_bytes: int | None) -> str:
    packed = f"{hop.sent_bytes:,} bytes" + (f" of {hop.coding}" if hop.coding else "")
    if body_bytes is None or not hop.coding:
        return packed
    return f"{packed}, {body_bytes:,} unpacked"


def _trouble_rows(trouble: Trouble) -> Iterator[tuple[str, str]]:
    stage = f"{trouble.stage}: " if trouble.stage else ""
    yield "cause", f"{stage}{trouble.cause}"
    if trouble.cure:
        yield "cure", trouble.cure
    if trouble.retry_after is not None:
        yield "patience", f"its server asks for {span(trouble.retry_after)} (Retry-After)"


def _validator_rows(report: FeedReport) -> Iterator[tuple[str, str]]:
    exchange = report.exchange
    if exchange.body_bytes is None or report.trouble:
        return
    named = [
        f"{name} {value}"
        for name, value in (
            ("ETag", exchange.etag),
            ("Last-Modified", exchange.last_modified),
        )
        if value
    ]
    yield "validators", ", ".join(named)[:200] or "none: each poll costs the whole document"
    if report.again:
        after = span(report.again.after)
        yield "asked again", f"{after} later, only by this command: {report.again.said}"


def hints_in_words(fresh_for: timedelta | None, hints: Hints) -> str:
    """Say what server and document ask for.

    >>> hints_in_words(None, Hints(ttl=timedelta(hours=1), skip_hours=(0, 1), skip_days=(6,)))
    'ttl 60 min; skipHours 0 1; skipDays Sun'
    """
    days = " ".join(_DAYS[day] for day in hints.skip_days)
    hours = " ".join(map(str, hints.skip_hours))
    found = (
        f"fresh for {span(fresh_for)} (headers)" if fresh_for else "",
        f"ttl {span(hints.ttl)}" if hints.ttl else "",
        f"sy:updatePeriod {span(hints.update_every)}" if hints.update_every else "",
        f"skipHours {hours}" if hours else "",
        f"skipDays {days}" if days else "",
    )
    return "; ".join(filter(None, found)) or "none"


def hub_in_words(hub: Named | None) -> str:
    """Say by which hubs a feed is pushed, and under which name."""
    if hub is None:
        return "none (WebSub)"
    return f"{' '.join(hub.hubs)} pushes {hub.topic_url}"


def _findings_rows(findings: Findings) -> Iterator[tuple[str, str]]:
    survey = findings.survey
    trouble = f"; not well-formed: {survey.trouble}" if survey.trouble else ""
    yield "format", (survey.form or "unknown") + trouble
    yield "title", findings.title or "none"
    stated, found = survey.lang or "none", findings.lang_found or "not sure"
    used = findings.lang_used or "none"
    yield "language", f"stated {stated}; found in its titles {found}; taken {used}"
    lacks = {
        "without guid": survey.without_guid,
        "without link": survey.without_link,
        "with the guid of another": survey.repeated_guids,
        "undated": survey.undated,
    }
    told = [f"{count} {what}" for what, count in lacks.items() if count]
    merged = survey.listed - findings.items
    told += [f"{merged} left out as repeated or too many"] if merged > 0 else []
    yield "items", f"{findings.items}" + (": " if told else "") + ", ".join(told)
    yield from _date_rows(findings.dates, survey.absurd_dates, survey.dates_ahead)


def _date_rows(dates: Dates, absurd: int, ahead: int) -> Iterator[tuple[str, str]]:
    if dates.newest is None or dates.delay is None:
        yield "dates", "none that can be read" + (f"; {absurd} absurd" if absurd else "")
        return
    told = [f"newest {minute(dates.newest)}", f"oldest {minute(dates.oldest)}"]
    told += [dates.order.value] if dates.order else []
    told += [f"{ahead} ahead of now (taken as now)"] if ahead else []
    told += [f"{absurd} absurd (taken as undated)"] if absurd else []
    yield "dates", "; ".join(told)
    if dates.items_a_day is None:
        rate = "not known"
    else:
        rate = f"{amount(dates.items_a_day)} items a day as its dates show"
    yield "pace", f"{rate}; the newest is {span(dates.delay)} old"


def _is_too_short(report: FeedReport) -> bool:
    dates = report.findings.dates if report.findings else None
    if dates is None or dates.newest is None or dates.oldest is None or not dates.items_a_day:
        return False
    return dates.newest - dates.oldest < report.plan.wait


def show_healths(
    console: Console, healths: Sequence[FeedHealth], shown: Sequence[FeedHealth], now: datetime
) -> None:
    """Print some of the feeds, the worst first, and how many of all are how."""
    counts = Counter(one.health for one in healths)
    told = ", ".join(f"{counts[health]} {health.value}" for health in Health if counts[health])
    console.print(f"{len(healths)} feeds" + (f": {told}" if told else ""))
    if not shown:
        return
    name_width = console.width - sum(COLUMNS.values()) - len(COLUMNS)
    console.print(_line("feed", tuple(COLUMNS), name_width, style="dim"))
    worst = list(Health)
    for one in sorted(shown, key=lambda one: (worst.index(one.health), one.name.casefold())):
        cells = (
            one.health.value,
            ago(one.last_polled_at, now),
            ago(one.due_at, now) if one.due_at > now else "due",
            "-" if one.items_a_day is None else amount(one.items_a_day),
        )
        console.print(_line(one.name, cells, name_width, style=STYLES.get(one.health, "")))
        if one.detail:
            detail = literal(f"  {one.detail}")
            detail.truncate(console.width, overflow="ellipsis")
            console.print(detail)


def _line(name: str, cells: Sequence[str], name_width: int, *, style: str) -> Text:
    """Give a line of the list; names are cut, and what is behind them stands in columns."""
    first = literal(name)
    first.truncate(name_width, overflow="ellipsis", pad=True)
    rest = " ".join(
        f"{cell:{COLUMNS[column]}}" for column, cell in zip(COLUMNS, cells, strict=True)
    )
    return Text.assemble(first, " ", (rest.rstrip(), style))
