"""`status` and `alerts`: how it is, and what was told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from monitor.app import App, choose_thresholds
from monitor.cli.pacing import interval_words, losses, show_feeds
from monitor.cli.place import opened, settings_of
from monitor.cli.screen import ago, minute, plain, print_json, screen, table
from monitor.feeds.pace import Bounds
from monitor.records import Alert, Delivery, DeliveryState, Feed
from monitor.store import has_daemon
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
    feeds: tuple[Feed, ...]
    # Between what intervals are learned.
    bounds: Bounds
    stuck: tuple[Delivery, ...]
    counts: dict[str, int]
    now: datetime

    @property
    def health(self) -> str:
        """Health in a word."""
        return "ailing" if self.ailments else "well"


def status(named: Path | None, *, as_json: bool, every_feed: bool = False) -> None:
    """Print the state of the service; on demand also how often each feed is polled, and why."""
    settings = settings_of(named)
    with opened(settings, must_exist=True) as app:
        found = take_status(app)
    if as_json:
        print_json(_facts(found))
    else:
        console = screen()
        show_status(console, found)
        if every_feed:
            console.print()
            show_feeds(console, found.feeds, found.bounds, found.now)


def take_status(app: App) -> Status:
    """Ask the database how it is."""
    now = app.clock()
    choose_thresholds(app)
    feeds = tuple(app.store.feeds())
    stuck = tuple(app.reports.stuck_deliveries())
    counts = app.reports.counts()
    is_running = has_daemon(app.engine)
    return Status(
        ailments=tuple(_ailments(feeds, counts, now, is_running=is_running)),
        is_running=is_running,
        topics=tuple(app.reports.topic(topic.name, now - RECENT) for topic in app.settings.topics),
        thresholds={one.name: app.tracker.threshold(one.name) for one in app.settings.topics},
        feeds=feeds,
        bounds=app.pacer.bounds,
        stuck=stuck,
        counts=counts,
        now=now,
    )


def _ailments(
    feeds: tuple[Feed, ...], counts: dict[str, int], now: datetime, *, is_running: bool
) -> list[str]:
    found = []
    if not is_running:
        found.append("the service is not running: start it with `seedwatch run`")
    failing = [feed for feed in feeds if feed.failures]
    if failing:
        causes = Counter(feed.last_error or "" for feed in failing).most_common(3)
        why = "; ".join(f"{cause} ({count})" for cause, count in causes)
        found.append(f"{len(failing)} of {len(feeds)} feeds fail: {why}")
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
        "feeds": [
            {
                "name": feed.name,
                "url": feed.url,
                "failures": feed.failures,
                "last_error": feed.last_error,
                "last_ok_at": feed.last_ok_at,
                "due_at": feed.due_at,
                "interval": interval_words(feed, found.bounds),
                "possibly_lost": feed.pace.lost if feed.pace else 0,
            }
            for feed in found.feeds
        ],
        "stuck_deliveries": found.stuck,
        "counts": found.counts,
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
    console.print()
    _show_feeds(console, found)
    if found.stuck:
        console.print()
        rows = table("delivery", "state", "tries", "answer")
        for stuck in found.stuck[:10]:
            answer = plain(stuck.answer)
            rows.add_row(stuck.destination, stuck.state.value, str(stuck.attempts), answer)
        console.print(rows)


def _show_feeds(console: Console, found: Status) -> None:
    now = found.now
    failing = [feed for feed in found.feeds if feed.failures]
    polled = [feed.last_polled_at for feed in found.feeds if feed.last_polled_at]
    last = ago(max(polled, default=None), now)
    due = min((feed.due_at for feed in found.feeds), default=None)
    well = sum(1 for feed in found.feeds if feed.last_ok_at and not feed.failures)
    console.print(
        f"feeds: {well} well, {len(failing)} failing, {len(found.feeds) - well - len(failing)}"
        f" not polled yet; last poll {last}, next {ago(due, now) if due else 'never'}"
    )
    counts = found.counts
    console.print(
        f"{counts['items']} items stored; deliveries: {counts['delivered']} delivered,"
        f" {counts['pending'] + counts['sending']} waiting, {counts['expired']} expired,"
        f" {counts['dead']} dead"
    )
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


def alerts(named: Path | None, *, topic: str | None, limit: int, as_json: bool) -> None:
    """Print the latest alerts with their deliveries."""
    settings = settings_of(named)
    with opened(settings, must_exist=True) as app:
        found = app.reports.alerts(topic=topic, limit=limit)
        deliveries: dict[str, list[Delivery]] = {alert.id: [] for alert in found}
        for delivery in app.reports.deliveries_of(list(deliveries)):
            deliveries[delivery.alert_id].append(delivery)
    if as_json:
        print_json([{"alert": one, "deliveries": deliveries[one.id]} for one in found])
        return
    console = screen()
    if not found:
        console.print("No alerts yet. `seedwatch status` says what was read.")
    for alert in found:
        _show_alert(console, alert, deliveries[alert.id])


def _show_alert(console: Console, alert: Alert, deliveries: list[Delivery]) -> None:
    kind = alert.reason.value.replace("_", " ")
    console.print(plain(f"{minute(alert.created_at)}  [{alert.topic}] {kind}"))
    for item in alert.items:
        console.print(plain(f"  {item.score:.2f}  {item.title}"))
        console.print(plain(f"        {item.source}; why: seedwatch why {item.item_id[:8]}"))
    if alert.left_out:
        console.print(f"  and {alert.left_out} more were left out")
    for delivery in deliveries:
        answer = f": {delivery.answer}" if delivery.answer else ""
        console.print(plain(f"  -> {delivery.destination}: {delivery.state.value}{answer}"))
