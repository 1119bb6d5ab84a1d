"""`status`: how the service is, in a word, with the reasons, on one screen."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from monitor.alerts.plan import plan
from monitor.alerts.report import next_due
from monitor.alerts.silence import Silence, subject
from monitor.app import App
from monitor.cli import ailments
from monitor.cli.ailments import RECENT
from monitor.cli.pacing import interval_words, show_feeds
from monitor.cli.place import database_file, find_config, has_database, opened, settings_of
from monitor.cli.pushes import push_status
from monitor.cli.receivers import ReceiverStatus, receiver_status
from monitor.cli.screen import print_json, screen
from monitor.cli.status_record import Event, Status
from monitor.cli.status_screen import show_status, show_unusable
from monitor.config import Settings
from monitor.errors import ConfigError, RefusedStoreError, StoreError
from monitor.feeds.address import bare
from monitor.feeds.pace import Bounds
from monitor.feeds.trust import explain
from monitor.findings import Finding, Grade, fault, health, warning
from monitor.records import Feed
from monitor.rules import destinations_of
from monitor.standing import Standing, standing_of
from monitor.start import choose_thresholds
from monitor.store import Keeping, Measure, Room, Tellings, has_daemon, room, room_of_file


def status(named: Path | None, *, as_json: bool, every_feed: bool = False) -> bool:
    """Print the state of the service; give whether it does its work.

    On demand also how often each feed is polled, and why.
    """
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
    try:
        with opened(settings, must_exist=True) as app:
            found = take_status(app, standing)
    except StoreError as error:
        if has_database(settings):
            _show_unusable(settings, error, as_json=as_json)
        raise
    if as_json:
        print_json(facts(found))
    else:
        console = screen()
        show_status(console, found)
        if every_feed:
            console.print()
            show_feeds(console, found.feeds, found.bounds, found.now)
    return found.health != "broken"


def _show_unusable(settings: Settings, error: StoreError, *, as_json: bool) -> None:
    """Say what can be said without the database; the error itself follows."""
    space = None
    with contextlib.suppress(OSError):
        path = database_file(settings)
        space = room_of_file(path) if path else None
    found = of_unusable(error, space)
    if as_json:
        said = [one.sentence() for one in found]
        print_json({"health": health(found), "ailments": said, "findings": found, "room": space})
        return
    show_unusable(screen(), found, space)


def of_unusable(error: StoreError, space: Room | None) -> tuple[Finding, ...]:
    """Say what keeps the database from being used, and what helps."""
    # A refusal names its cure.
    cure = "" if isinstance(error, RefusedStoreError) else ailments.store_cure(str(error))
    return (fault("database", str(error), cure), *ailments.of_room(space))


def take_status(
    app: App,
    standing: Standing | None = None,
    *,
    measure: Measure = room,
) -> Status:
    """Ask the database how it is; `standing` is what the service says of its configuration."""
    now = app.clock()
    choose_thresholds(app)
    feeds = tuple(app.store.feeds())
    boxes = tuple(app.mailboxes.report(now))
    is_running = has_daemon(app.engine)
    troubles = tuple(Tellings(app.engine).troubles())
    space = None
    with contextlib.suppress(OSError):
        space = measure(app.engine)
    findings = []
    if is_running and standing is not None and not standing.is_current:
        cure = "`seedwatch check`, mend it, and reload" if standing.faults else ""
        findings.append(warning("configuration", standing.sentence(), cure))
    known = {one.name for one in destinations_of(app.settings)}
    findings += ailments.of_running(feeds, now, is_running=is_running)
    findings += ailments.of_clock(feeds, now)
    findings += ailments.of_deliveries(boxes, app.reports.lost_since(now - RECENT), known)
    findings += ailments.of_room(space)
    findings += ailments.of_feeds(feeds, troubles, now)
    schedules, silences = receiver_status(app, now), tuple(app.slots.silences(now))
    return Status(
        # A stable order: the worst first.
        findings=tuple(sorted(findings, key=lambda one: one.grade is not Grade.FAULT)),
        is_running=is_running,
        topics=tuple(app.reports.topic(topic.name, now - RECENT) for topic in app.settings.topics),
        thresholds={one.name: app.tracker.threshold(one.name) for one in app.settings.topics},
        foreign={topic.name: _foreign(app, topic.name, now) for topic in app.settings.topics},
        feeds=feeds,
        bounds=app.pacer.bounds,
        pushes=push_status(app, feeds, now),
        stuck=tuple(app.reports.stuck_deliveries()),
        counts=app.reports.counts(),
        now=now,
        mailboxes=boxes,
        schedules=schedules,
        silences=silences,
        troubles=troubles,
        room=space,
        upkeep=Keeping(app.engine).last(),
        standing=standing,
        events=_events(app.settings, feeds, schedules, silences, now),
    )


def _foreign(app: App, topic: str, now: datetime) -> dict[str, int]:
    """Count the recent items by language that only their names speak for."""
    found = app.reports.languages(topic, now - RECENT)
    ranked = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
    return {lang: count for lang, count in ranked if not app.tracker.reads(topic, lang)}


def _events(
    settings: Settings,
    feeds: Sequence[Feed],
    receivers: Sequence[ReceiverStatus],
    silences: Sequence[Silence],
    now: datetime,
) -> tuple[Event, ...]:
    """Give what happens next: a poll, a digest, a report, the end of a silence."""
    found = []
    if feeds:
        found.append(Event(what="poll", at=max(now, min(feed.due_at for feed in feeds))))
    digests = [
        Event(
            what=f"digest for {one.name}",
            at=plan(one.schedule, "", urgent=False, now=now).due_at,
        )
        for one in settings.receivers
        if one.schedule.digest is not None
    ]
    held = [
        Event(what=f"held messages for {one.name}", at=one.next_due_at)
        for one in receivers
        if one.next_due_at is not None
    ]
    if settings.reports is not None and any(topic.reports for topic in settings.topics):
        found.append(Event(what="reports on topics", at=next_due(settings.reports, now)))
    ends = [Event(what=f"end of silence: {subject(one)}", at=one.until) for one in silences]
    for some in (digests, held, ends):
        found += sorted(some, key=lambda one: one.at)[:1]
    return tuple(sorted(found, key=lambda one: one.at))


def facts(found: Status) -> dict[str, Any]:
    """Give all of it for machines, without secrets."""
    return {
        "health": found.health,
        "ailments": found.ailments,
        "findings": found.findings,
        "is_running": found.is_running,
        "configuration": found.standing,
        "topics": found.topics,
        "thresholds": found.thresholds,
        "foreign_items": found.foreign,
        "feeds": [_feed_facts(feed, found.bounds) for feed in found.feeds],
        "troubles": found.troubles,
        "pushes": found.pushes,
        "receivers": found.schedules,
        "silences": found.silences,
        "stuck_deliveries": found.stuck,
        "counts": found.counts,
        "mailboxes": found.mailboxes,
        "room": found.room,
        "upkeep": found.upkeep,
        "events": found.events,
    }


def _feed_facts(feed: Feed, bounds: Bounds) -> dict[str, Any]:
    return {
        "name": feed.name,
        "url": bare(feed.url),
        "moved_to": feed.moved_to,
        "gone_at": feed.gone_at,
        "failures": feed.failures,
        "last_error": feed.last_error,
        "last_ok_at": feed.last_ok_at,
        "due_at": feed.due_at,
        "distrusted": explain(feed.trust) or None,
        "interval": interval_words(feed, bounds),
        "possibly_lost": feed.pace.lost if feed.pace else 0,
    }
