"""How `status` looks: one screen of 80 columns, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console

from monitor.cli.ailments import in_bytes
from monitor.cli.outbox import box_lines
from monitor.cli.pushes import show_pushes
from monitor.cli.receivers import show_receivers, show_silences
from monitor.cli.screen import ago, count, plain, table
from monitor.cli.status_record import Status
from monitor.feeds.trust import explain
from monitor.findings import Finding, Grade, health
from monitor.records import Feed
from monitor.store import Room
from monitor.upkeep import in_a_line

COLOURS = {"well": "green", "ailing": "yellow", "broken": "red"}
MARKS = {Grade.WELL: " ", Grade.WARNING: "-", Grade.FAULT: "!"}
# Why a threshold is what it is, where that needs no words.
PLAIN_REASONS = frozenset({"the default", "as the configuration says"})
# Of each kind, so that a thousand feeds leave room for the rest.
MOST_FAILING, MOST_NAMED, MOST_STUCK, MOST_BOX_LINES = 5, 3, 5, 6


def show_status(console: Console, found: Status) -> None:
    """Print a status on one screen."""
    show_health(console, found.findings)
    console.print()
    _show_topics(console, found)
    console.print()
    show_receivers(console, found.schedules, found.now)
    show_silences(console, found.silences, found.now)
    _show_feeds(console, found)
    _show_deliveries(console, found)
    show_room(console, found.room)
    if found.upkeep is not None:
        console.print(in_a_line(found.upkeep))
    for event in found.events:
        due = ago(event.at, found.now) if event.at > found.now else "due now"
        console.print(plain(f"next: {event.what}, {due}"), overflow="ellipsis", no_wrap=True)


def show_health(console: Console, findings: Sequence[Finding]) -> None:
    """Print health in a word, and its reasons: `!` before what has to be mended."""
    word = health(findings)
    console.print(f"[{COLOURS[word]}]{word}[/]" + (":" if findings else ""))
    for one in findings:
        show_finding(console, MARKS[one.grade], one.sentence())


def show_finding(console: Console, mark: str, text: str) -> None:
    """Print a sentence with a mark before it; where it goes on it stands under itself."""
    for number, line in enumerate(plain(text).wrap(console, console.width - 4)):
        line.rstrip()
        console.print(plain(f"  {mark} " if not number else "    ") + line)


def show_unusable(console: Console, findings: Sequence[Finding], space: Room | None) -> None:
    """Print what can be said without the database."""
    show_health(console, findings)
    console.print()
    show_room(console, space)


def show_room(console: Console, space: Room | None) -> None:
    """Print what the database takes, and what is left to it."""
    if space is None:
        return
    parts = [f"database {in_bytes(space.database_bytes)}"]
    if space.wal_bytes is not None:
        parts.append(f"write-ahead log {in_bytes(space.wal_bytes)}")
    if space.free_bytes is not None and space.disk_bytes is not None:
        free, whole = in_bytes(space.free_bytes), in_bytes(space.disk_bytes)
        parts.append(f"{free} of {whole} free")
    console.print("disk: " + ", ".join(parts))


def _show_topics(console: Console, found: Status) -> None:
    topics = table("topic", "alerts, 7 d", "last alert", "items, 7 d", "best, 7 d", "threshold")
    for one in found.topics:
        best = f"{one.best[1].score.value:.2f}" if one.best else "-"
        choice = found.thresholds.get(one.topic)
        topics.add_row(
            plain(one.topic),
            str(one.alerts),
            ago(one.last_alert_at, found.now),
            str(one.scored),
            best,
            f"{choice.value:.2f}" if choice else "-",
        )
    console.print(topics)
    # Those that follow a rate of alerts: of the others there is nothing to say.
    for name, choice in found.thresholds.items():
        if choice.why not in PLAIN_REASONS:
            console.print(plain(f"  threshold of {name}: {choice.value:.2f}, {choice.why}"))
    for name, counts in found.foreign.items():
        if counts:
            told = ", ".join(f"{number} in {lang}" for lang, number in list(counts.items())[:5])
            line = f"  {name} has no seed for {told}, 7 d: only names count there"
            console.print(plain(line))


def _show_feeds(console: Console, found: Status) -> None:
    now = found.now
    failing = [feed for feed in found.feeds if feed.failures and not feed.gone_at]
    gone = [feed for feed in found.feeds if feed.gone_at]
    polled = [feed.last_polled_at for feed in found.feeds if feed.last_polled_at]
    well = sum(1 for feed in found.feeds if feed.last_ok_at and not feed.failures)
    console.print(
        f"feeds: {well} well, {len(failing)} failing, {len(gone)} gone,"
        f" {len(found.feeds) - well - len(failing) - len(gone)} not polled yet;"
        f" last poll {ago(max(polled, default=None), now)}"
    )
    show_pushes(console, found.pushes, now)
    _show_failing(console, failing, now)
    _show_places(console, found.feeds, gone, now)
    _show_distrusted(console, found.feeds)


def _show_failing(console: Console, failing: Sequence[Feed], now: datetime) -> None:
    if not failing:
        return
    rows = table("  failing feed", "times", "last well", "next try", "cause", least=5)
    for feed in sorted(failing, key=lambda one: -one.failures)[:MOST_FAILING]:
        rows.add_row(
            plain(f"  {feed.name}"),
            str(feed.failures),
            ago(feed.last_ok_at, now),
            ago(feed.due_at, now),
            plain(feed.last_error or ""),
        )
    console.print(rows)
    _show_more(console, len(failing) - MOST_FAILING, "`seedwatch feeds list --failing`")


def _show_more(console: Console, hidden: int, where: str) -> None:
    if hidden > 0:
        console.print(f"  … and {hidden} more ({where})")


def _show_places(
    console: Console, feeds: Sequence[Feed], gone: Sequence[Feed], now: datetime
) -> None:
    """Say which feeds are not where the configuration says."""
    for feed in gone[:MOST_NAMED]:
        since, next_look = ago(feed.gone_at, now), ago(feed.due_at, now)
        console.print(plain(f"  gone: {feed.name}, since {since}; next look {next_look}"))
    moved = [feed for feed in feeds if feed.moved_to]
    for feed in moved[:MOST_NAMED]:
        line = plain(f"  moved: {feed.name}, now at {feed.moved_to}")
        console.print(line, overflow="ellipsis", no_wrap=True)
    hidden = max(len(gone) - MOST_NAMED, 0) + max(len(moved) - MOST_NAMED, 0)
    _show_more(console, hidden, "--json lists all")


def _show_distrusted(console: Console, feeds: Sequence[Feed]) -> None:
    """Say of which feeds the guids do not count; that is no ailment, since others stand in."""
    shown = [(feed.name, why) for feed in feeds if (why := explain(feed.trust))]
    for name, why in shown[:MOST_NAMED]:
        console.print(plain(f"  {name}: {why}"))
    _show_more(console, len(shown) - MOST_NAMED, "--json lists all")


def _show_deliveries(console: Console, found: Status) -> None:
    counts = found.counts
    console.print(
        f"{count(counts['items'], 'item')} stored; deliveries: {counts['delivered']} delivered,"
        f" {counts['pending'] + counts['sending']} waiting, {counts['expired']} expired,"
        f" {counts['dead']} dead"
    )
    lines = box_lines(found.mailboxes, found.now)
    for line in lines[:MOST_BOX_LINES]:
        console.print(plain(f"  {line}"), overflow="ellipsis", no_wrap=True)
    _show_more(console, len(lines) - MOST_BOX_LINES, "`seedwatch deliveries`")
    if found.stuck:
        rows = table("  delivery", "state", "tries", "answer", least=5)
        for stuck in found.stuck[:MOST_STUCK]:
            state, tries = stuck.state.value, str(stuck.attempts)
            rows.add_row(plain(f"  {stuck.destination}"), state, tries, plain(stuck.answer))
        console.print(rows)
        _show_more(console, len(found.stuck) - MOST_STUCK, "`seedwatch deliveries --state lost`")
