"""`status` and `alerts`: how it is, and what was told."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click
from rich.console import Console

from monitor.alerts.silence import Silence
from monitor.alerts.wording import US, paragraphs_of
from monitor.app import App
from monitor.cli.outbox import box_ailments, box_lines
from monitor.cli.pacing import interval_words, losses, show_feeds
from monitor.cli.place import consulted, find_config, opened, settings_of
from monitor.cli.pushes import PushStatus, push_status, show_pushes
from monitor.cli.receivers import ReceiverStatus, receiver_status, show_receivers, show_silences
from monitor.cli.screen import ago, minute, plain, print_json, screen, table
from monitor.errors import ConfigError
from monitor.feeds.address import bare
from monitor.feeds.pace import Bounds
from monitor.feeds.trust import explain
from monitor.records import Alert, Delivery, DeliveryState, Feed, Reason
from monitor.standing import Standing, standing_of
from monitor.start import choose_thresholds
from monitor.store import Reports, Silences, has_daemon
from monitor.store.mailboxes import MailboxReport
from monitor.store.reports import TopicReport
from monitor.topics.threshold import Choice

# What `status` calls recent.
RECENT = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that `status` shows."""

    # `well`, or what is wrong, one reason a line.
    ailments: tuple[str, ...]
    is_running: bool
    topics: tuple[TopicReport, ...]
    # Topic -> the threshold in force, and why it is that.
    thresholds: dict[str, Choice]
    # Topic -> recent items by language, of those languages that none of its seeds is in.
    foreign: dict[str, dict[str, int]]
    feeds: tuple[Feed, ...]
    # Between what intervals are learned.
    bounds: Bounds
    # What hubs are to push; empty where WebSub is not configured.
    pushes: tuple[PushStatus, ...]
    stuck: tuple[Delivery, ...]
    counts: dict[str, int]
    now: datetime
    mailboxes: tuple[MailboxReport, ...] = ()
    # When each receiver is told.
    schedules: tuple[ReceiverStatus, ...] = ()
    # Those that hold.
    silences: tuple[Silence, ...] = ()

    @property
    def health(self) -> str:
        """Health in a word."""
        return "ailing" if self.ailments else "well"


def status(named: Path | None, *, as_json: bool, every_feed: bool = False) -> None:
    """Print the state of the service; on demand also how often each feed is polled, and why."""
    standing = standing_of(find_config(named, os.environ), os.environ)
    try:
        settings = settings_of(named)
    except ConfigError:
        if standing is not None:
            since = f"{standing.since:%Y-%m-%d %H:%M} UTC"
            click.echo(
                f"The service goes on with the configuration of {since}. The file:", err=True
            )
        raise
    with opened(settings, must_exist=True) as app:
        found = take_status(app, standing)
    if as_json:
        print_json(_facts(found))
    else:
        console = screen()
        show_status(console, found)
        if every_feed:
            console.print()
            show_feeds(console, found.feeds, found.bounds, found.now)


def take_status(app: App, standing: Standing | None = None) -> Status:
    """Ask the database how it is; `standing` is what the service says of its configuration."""
    now = app.clock()
    choose_thresholds(app)
    feeds = tuple(app.store.feeds())
    stuck = tuple(app.reports.stuck_deliveries())
    counts = app.reports.counts()
    boxes = tuple(app.mailboxes.report(now))
    is_running = has_daemon(app.engine)
    ailments = _ailments(feeds, counts, now, is_running=is_running)
    if is_running and standing is not None and not standing.is_current:
        ailments.insert(0, standing.sentence())
    return Status(
        ailments=(*ailments, *box_ailments(boxes)),
        is_running=is_running,
        topics=tuple(app.reports.topic(topic.name, now - RECENT) for topic in app.settings.topics),
        thresholds={one.name: app.tracker.threshold(one.name) for one in app.settings.topics},
        foreign={topic.name: _foreign(app, topic.name, now) for topic in app.settings.topics},
        feeds=feeds,
        bounds=app.pacer.bounds,
        pushes=push_status(app, feeds, now),
        stuck=stuck,
        counts=counts,
        now=now,
        mailboxes=boxes,
        schedules=receiver_status(app, now),
        silences=tuple(app.slots.silences(now)),
    )


def _foreign(app: App, topic: str, now: datetime) -> dict[str, int]:
    """Count the recent items by language that only their names speak for."""
    found = app.reports.languages(topic, now - RECENT)
    ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return {lang: count for lang, count in ranked if not app.tracker.reads(topic, lang)}


def _ailments(
    feeds: tuple[Feed, ...], counts: dict[str, int], now: datetime, *, is_running: bool
) -> list[str]:
    found = []
    if not is_running:
        found.append("the service is not running: start it with `seedwatch run`")
    failing = [feed for feed in feeds if feed.failures and not feed.gone_at]
    if failing:
        causes = Counter(feed.last_error or "" for feed in failing).most_common(3)
        why = "; ".join(f"{cause} ({count})" for cause, count in causes)
        found.append(f"{len(failing)} of {len(feeds)} feeds fail: {why}")
    gone = sum(feed.gone_at is not None for feed in feeds)
    if gone:
        found.append(
            f"{gone} of {len(feeds)} feeds are gone for good, says their server: see below"
        )
    late = [feed for feed in feeds if now - feed.due_at > max(feed.every, timedelta(minutes=5))]
    if is_running and late:
        found.append(f"{len(late)} feeds are long due and not polled")
    missed = losses(feeds, now - RECENT)
    if missed:
        first = missed[0]
        times = f"{first.pace.lost} times" if first.pace and first.pace.lost > 1 else "once"
        found.append(
            f"{len(missed)} feeds may have lost items between two polls, {first.name} {times}:"
            " give such a feed a shorter `every`"
        )
    lost = (DeliveryState.DEAD, DeliveryState.EXPIRED)
    found += [
        f"{counts[one]} deliveries ended {one.value}: see below" for one in lost if counts[one]
    ]
    return found


def _facts(found: Status) -> dict[str, object]:
    return {
        "health": found.health,
        "ailments": found.ailments,
        "is_running": found.is_running,
        "topics": found.topics,
        "thresholds": found.thresholds,
        "foreign_items": found.foreign,
        "feeds": [
            {
                "name": feed.name,
                "url": bare(feed.url),
                "moved_to": feed.moved_to,
                "gone_at": feed.gone_at,
                "failures": feed.failures,
                "last_error": feed.last_error,
                "last_ok_at": feed.last_ok_at,
                "due_at": feed.due_at,
                "distrusted": explain(feed.trust) or None,
                "interval": interval_words(feed, found.bounds),
                "possibly_lost": feed.pace.lost if feed.pace else 0,
            }
            for feed in found.feeds
        ],
        "pushes": found.pushes,
        "receivers": found.schedules,
        "silences": found.silences,
        "stuck_deliveries": found.stuck,
        "counts": found.counts,
        "mailboxes": found.mailboxes,
    }


def show_status(console: Console, found: Status) -> None:
    """Print a status on one screen."""
    now = found.now
    style = "green" if not found.ailments else "yellow"
    console.print(f"[{style}]{found.health}[/]" + (":" if found.ailments else ""))
    for ailment in found.ailments:
        console.print(plain(f"  - {ailment}"))
    console.print()
    topics = table("topic", "alerts, 7 d", "last alert", "items, 7 d", "best score, 7 d")
    for one in found.topics:
        best = "-"
        if one.best:
            _, verdict = one.best
            best = f"{verdict.score.value:.2f} (threshold {verdict.score.threshold:.2f})"
        last = ago(one.last_alert_at, now)
        topics.add_row(one.topic, str(one.alerts), last, str(one.scored), best)
    console.print(topics)
    for name, choice in found.thresholds.items():
        console.print(plain(f"  threshold of {name}: {choice.value:.2f}, {choice.why}"))
    for name, counts in found.foreign.items():
        if counts:
            told = ", ".join(f"{count} in {lang}" for lang, count in list(counts.items())[:5])
            line = f"  {name} has no seed for {told}, 7 d: only names count there"
            console.print(plain(line))
    console.print()
    show_receivers(console, found.schedules, found.now)
    show_silences(console, found.silences, found.now)
    _show_feeds(console, found)
    for line in box_lines(found.mailboxes, now):
        console.print(plain(f"  {line}"), overflow="ellipsis", no_wrap=True)
    if found.stuck:
        console.print()
        rows = table("delivery", "state", "tries", "answer")
        for stuck in found.stuck[:10]:
            answer = plain(stuck.answer)
            rows.add_row(stuck.destination, stuck.state.value, str(stuck.attempts), answer)
        console.print(rows)


def _show_feeds(console: Console, found: Status) -> None:
    now = found.now
    failing = [feed for feed in found.feeds if feed.failures and not feed.gone_at]
    gone = [feed for feed in found.feeds if feed.gone_at]
    polled = [feed.last_polled_at for feed in found.feeds if feed.last_polled_at]
    last = ago(max(polled, default=None), now)
    due = min((feed.due_at for feed in found.feeds), default=None)
    well = sum(1 for feed in found.feeds if feed.last_ok_at and not feed.failures)
    console.print(
        f"feeds: {well} well, {len(failing)} failing, {len(gone)} gone,"
        f" {len(found.feeds) - well - len(failing) - len(gone)} not polled yet;"
        f" last poll {last}, next {ago(due, now) if due else 'never'}"
    )
    show_pushes(console, found.pushes, now)
    counts = found.counts
    console.print(
        f"{counts['items']} items stored; deliveries: {counts['delivered']} delivered,"
        f" {counts['pending'] + counts['sending']} waiting, {counts['expired']} expired,"
        f" {counts['dead']} dead"
    )
    _show_places(console, found.feeds, gone, now)
    _show_distrusted(console, found.feeds)
    if not failing:
        return
    rows = table("failing feed", "times", "last well", "next try", "cause")
    for feed in sorted(failing, key=lambda one: -one.failures)[:10]:
        rows.add_row(
            plain(feed.name),
            str(feed.failures),
            ago(feed.last_ok_at, now),
            ago(feed.due_at, now),
            plain(feed.last_error or ""),
        )
    console.print(rows)
    if len(failing) > 10:
        console.print(f"… and {len(failing) - 10} more (--json lists all)")


def _show_places(
    console: Console, feeds: tuple[Feed, ...], gone: list[Feed], now: datetime
) -> None:
    """Say which feeds are not where the configuration says."""
    for feed in gone[:10]:
        since, next_look = ago(feed.gone_at, now), ago(feed.due_at, now)
        console.print(plain(f"  gone: {feed.name}, since {since}; next look {next_look}"))
    moved = [feed for feed in feeds if feed.moved_to]
    for feed in moved[:10]:
        console.print(plain(f"  moved: {feed.name}, now at {feed.moved_to}"), overflow="fold")
    hidden = max(len(gone) - 10, 0) + max(len(moved) - 10, 0)
    if hidden:
        console.print(f"  … and {hidden} more (--json lists all)")


def _show_distrusted(console: Console, feeds: tuple[Feed, ...]) -> None:
    """Say of which feeds the guids do not count; that is no ailment, since others stand in."""
    shown = [(feed.name, why) for feed in feeds if (why := explain(feed.trust))]
    for name, why in shown[:10]:
        console.print(plain(f"  {name}: {why}"))
    if len(shown) > 10:
        console.print(f"  … and {len(shown) - 10} more (--json lists all)")


def alerts(named: Path | None, *, topic: str | None, limit: int, as_json: bool) -> None:
    """Print the latest alerts with their deliveries."""
    settings = settings_of(named)
    with consulted(settings) as engine:
        reports = Reports(engine)
        found = reports.alerts(topic=topic, limit=limit)
        deliveries: dict[str, list[Delivery]] = {alert.id: [] for alert in found}
        withheld = Silences(engine).withheld(list(deliveries))
        for delivery in reports.deliveries_of(list(deliveries)):
            deliveries[delivery.alert_id].append(delivery)
    if as_json:
        print_json(
            [
                {
                    "alert": one,
                    "deliveries": deliveries[one.id],
                    "withheld": [kept for kept in withheld if kept.alert_id == one.id],
                }
                for one in found
            ]
        )
        return
    console = screen()
    if not found:
        console.print("No alerts yet. `seedwatch status` says what was read.")
    for alert in found:
        _show_alert(console, alert, deliveries[alert.id])
        for kept in withheld:
            if kept.alert_id == alert.id:
                console.print(plain(f"  -> {kept.receiver}: not told: {kept.why}"))


def _show_alert(console: Console, alert: Alert, deliveries: list[Delivery]) -> None:
    kind = alert.reason.value.replace("_", " ")
    console.print(plain(f"{minute(alert.created_at)}  [{alert.topic or US}] {kind}"))
    if alert.reason is Reason.NOTICE:
        console.print(plain(f"  {paragraphs_of(alert.detail)[0]}"))
    for item in alert.items:
        console.print(plain(f"  {item.score:.2f}  {item.title}"))
        console.print(plain(f"        {item.source}; why: seedwatch why {item.item_id[:8]}"))
    if alert.left_out:
        console.print(f"  and {alert.left_out} more were left out")
    for delivery in deliveries:
        answer = f": {delivery.answer}" if delivery.answer else ""
        console.print(plain(f"  -> {delivery.destination}: {delivery.state.value}{answer}"))
