"""Bring the database in line with a configuration, before its app begins to work."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from monitor.alerts.dispatch import redated
from monitor.alerts.plan import plan
from monitor.alerts.schedule import AT_ONCE
from monitor.app import App
from monitor.records import Batch, Lessons, Topic
from monitor.rules import destinations_of, watch_of
from monitor.store.past import CHOICES
from monitor.targets import fingerprint
from monitor.topics import threshold
from monitor.topics.track import WARM_ITEMS

log = structlog.get_logger()

# How far back a topic that is new is shown the stored items.
ADOPT_SINCE = timedelta(days=7)
# Thresholds that are remembered of a topic that follows a rate: one a day for more than a year.
MOST_CHOICES = 400


def start_up(app: App) -> None:
    """Bring the database in line with the configuration: its feeds, its new topics."""
    now = app.clock()
    app.store.sync_feeds(app.settings.feeds, now)
    app.pacer.fill(app.store.demands(), app.store.floors())
    if app.subscriber is not None:
        app.subscriber.sync(now)
    elif app.subscriptions.clear():
        log.info("subscriptions_forgotten", cause="`websub` is not configured")
    for topic in app.settings.topics:
        if not app.tracker.knows(topic.name):
            adopt(app, topic, now)
    choose_thresholds(app)
    redate(app, now)
    # Last: what opens a paused mailbox is not undone if another part fails.
    prints = {one.name: fingerprint(one.target) for one in destinations_of(app.settings)}
    for name in app.mailboxes.sync(prints):
        log.info("destination_tried_again", destination=name, cause="its configuration changed")


def redate(app: App, now: datetime) -> None:
    """Give what waits in the outbox the times that the schedules say now."""
    schedules = watch_of(app.settings).schedules
    topics = {topic.name: topic for topic in app.settings.topics}
    changes = [
        (one.delivery.id, slot)
        for one in app.slots.waiting()
        if one.topic in topics
        and (slot := redated(one.delivery, topics[one.topic], schedules, now)) is not None
    ]
    if changes:
        app.slots.redate(changes)
        log.info("deliveries_redated", deliveries=len(changes))


def gather(app: App) -> None:
    """After a long stop, or a restore, let what waited go along with what was missed.

    A digest and quiet hours hold it anyway; what was tried before is on its way as it is.
    """
    now = app.clock()
    missed = app.gap.stood_still(now)
    if missed is None:
        return
    schedules = watch_of(app.settings).schedules
    topics = {topic.name: topic for topic in app.settings.topics}
    changes = [
        (
            one.delivery.id,
            plan(
                schedules.get(one.delivery.destination, AT_ONCE),
                one.topic,
                urgent=topics[one.topic].urgent,
                now=now,
                missed=missed,
            ),
        )
        for one in app.slots.waiting()
        if one.topic in topics and not one.delivery.group.startswith(("digest/", "quiet/"))
    ]
    app.slots.redate(changes)
    log.warning("stood_still", since=missed.since, waiting=len(changes), told_at=missed.due_at)


def choose_thresholds(app: App) -> None:
    """Choose the threshold of each topic that asks for a rate of alerts, from its recent items."""
    now = app.clock()
    for topic in app.settings.topics:
        if topic.alerts_per_week is None:
            continue
        first = app.store.judged_since(topic.name) or now
        since = max(first, now - threshold.RECENT)
        scores = app.store.best_scores(topic.name, threshold.FLOOR, since)
        choice = threshold.choose(scores, now - first, topic.alerts_per_week)
        if choice != app.tracker.threshold(topic.name):
            app.tracker.use_threshold(topic.name, choice)
            _note_choice(app, topic.name, choice.value, now)
            log.info(
                "threshold_chosen", topic=topic.name, value=round(choice.value, 3), why=choice.why
            )


def _note_choice(app: App, topic: str, value: float, now: datetime) -> None:
    """Note what was chosen when: who goes through the past again takes it from here."""
    name = f"{CHOICES}{topic}"
    stored = app.store.lessons().states.get(name, {})
    chosen = list(stored.get("chosen", ()))[-(MOST_CHOICES - 1) :]
    if chosen and chosen[-1][1] == value:
        return
    state = {"chosen": [*chosen, [now.isoformat(), value]]}
    app.store.commit(Batch(lessons=Lessons(states={name: state})))


def adopt(app: App, topic: Topic, now: datetime) -> None:
    """Show a new topic what the feeds brought of late; the best of it goes into its catch-up."""
    groups = {feed.id: feed.groups for feed in app.store.feeds()}
    stored = [
        seen
        for seen in app.store.latest_items(WARM_ITEMS)
        if topic.reads(groups.get(seen.feed_id, ()))
    ]
    app.ingest.adopt(topic, stored, now - ADOPT_SINCE, now)
    log.info("topic_added", topic=topic.name, items_read=len(stored))
