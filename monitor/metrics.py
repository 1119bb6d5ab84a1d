"""What the service counts and measures, in the form that Prometheus reads.

Labels are names of which there are few: receivers, topics, kinds of outcomes. A feed is none, and
neither is a destination, which may be the address of a person.

Source: https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from monitor.reading import ReadResult
from monitor.records import Batch, Feed, FetchFailure, NotModified, Outcome
from monitor.store import Census, Room

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Of seconds that a poll takes, to read it included.
POLL_SECONDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

Take = Callable[[Feed, ReadResult], Batch]
Read = Callable[[Feed], ReadResult]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known at the moment at which somebody asks."""

    is_ready: bool
    # Jobs and workers that do not get anywhere.
    overdue: int
    # The file is what is in force.
    is_current: bool
    in_force_since: datetime
    topics: tuple[str, ...]
    receivers: tuple[str, ...]
    # None: the database cannot be used.
    census: Census | None
    room: Room | None


class Metrics:
    """Counts from the start on; safe to use from several threads. Outlives a reload."""

    def __init__(self, version: str) -> None:
        self._lock = threading.Lock()
        self.registry = made = CollectorRegistry()
        ProcessCollector(registry=made)
        build = Gauge("seedwatch_build_info", "Always 1.", ["version"], registry=made)
        build.labels(version).set(1)
        self._polls = Counter(
            "seedwatch_polls_total",
            "Polls of feeds, by how they ended.",
            ["outcome"],
            registry=made,
        )
        self._poll_seconds = Histogram(
            "seedwatch_poll_duration_seconds",
            "How long polls took, reading included.",
            buckets=POLL_SECONDS,
            registry=made,
        )
        self._items = Counter("seedwatch_items_total", "New items that were judged.", registry=made)
        self._alerts = Counter(
            "seedwatch_alerts_total", "Alerts that were decided on.", ["topic"], registry=made
        )
        self._attempts = Counter(
            "seedwatch_delivery_attempts_total",
            "Attempts to send, by what became of them.",
            ["receiver", "outcome"],
            registry=made,
        )
        self._reloads = Counter(
            "seedwatch_reloads_total", "Reloads of the configuration.", ["outcome"], registry=made
        )
        for outcome in ("taken", "refused"):
            self._reloads.labels(outcome)
        self._gauges = _Gauges(made)

    # -- counting

    def timing(self, read: Read) -> Read:
        """Measure how long polls take."""

        def timed(feed: Feed) -> ReadResult:
            started = time.monotonic()
            try:
                return read(feed)
            finally:
                self._poll_seconds.observe(time.monotonic() - started)

        return timed

    def counting(self, take: Take) -> Take:
        """Count what polls bring, once it is stored."""

        def counted(feed: Feed, result: ReadResult) -> Batch:
            batch = take(feed, result)
            self._polls.labels(outcome_of(result)).inc()
            self._items.inc(len(batch.items))
            for alert in batch.alerts:
                self._alerts.labels(alert.topic).inc()
            return batch

        return counted

    def attempted(self, outcome: Outcome) -> None:
        """Count what became of an attempt to send."""
        if outcome.mailbox is not None:
            receiver = outcome.mailbox.destination.partition("/")[0]
            state = "delayed" if outcome.state.value == "pending" else outcome.state.value
            self._attempts.labels(receiver, state).inc()

    def reloaded(self, *, well: bool) -> None:
        """Count a reload."""
        self._reloads.labels("taken" if well else "refused").inc()

    # -- telling

    def expose(self, facts: Facts) -> str:
        """Write all of it down."""
        # One at a time: what is set must be what is written.
        with self._lock:
            # From zero on: a rule on their increase would not see the first one otherwise.
            for receiver in facts.receivers:
                for outcome in ("delivered", "delayed", "expired", "dead"):
                    self._attempts.labels(receiver, outcome)
            for topic in facts.topics:
                self._alerts.labels(topic)
            self._gauges.set(facts)
            return generate_latest(self.registry).decode("utf-8")


class _Gauges:
    """What is measured when somebody asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, what: str, *labels: str) -> Gauge:
            return Gauge(f"seedwatch_{name}", what, labels, registry=registry)

        self._ready = gauge("ready", "1 while it does its work.")
        self._overdue = gauge("overdue_jobs", "Jobs and workers that do not get anywhere.")
        self._current = gauge("configuration_current", "1 while the file is what is in force.")
        self._since = gauge(
            "configuration_loaded_timestamp_seconds", "Since when what is in force is so."
        )
        self._topics = gauge("topics", "Topics that are watched.")
        self._usable = gauge("database_usable", "1 while the database can be used.")
        self._feeds = gauge("feeds", "Feeds that are polled, by their health.", "health")
        self._polled = gauge("last_poll_timestamp_seconds", "When a feed was last polled.")
        self._told = gauge(
            "last_alert_timestamp_seconds", "When a topic was last told of.", "topic"
        )
        self._deliveries = gauge(
            "deliveries", "Deliveries in the database, by state.", "receiver", "state"
        )
        self._boxes = gauge(
            "destinations", "Destinations, by whether they take messages.", "receiver", "state"
        )
        self._database = gauge("database_bytes", "Size of the database.")
        self._wal = gauge("database_wal_bytes", "Size of its write-ahead log.")
        self._free = gauge("disk_free_bytes", "Free room on the disk of the database.")

    def set(self, facts: Facts) -> None:
        """Take over what is known now."""
        self._ready.set(facts.is_ready)
        self._overdue.set(facts.overdue)
        self._current.set(facts.is_current)
        self._since.set(facts.in_force_since.timestamp())
        self._topics.set(len(facts.topics))
        self._usable.set(facts.census is not None)
        # What is no longer there must not stay for ever.
        for one in (self._feeds, self._told, self._deliveries, self._boxes):
            one.clear()
        if facts.room is not None:
            self._database.set(facts.room.database_bytes)
            self._wal.set(facts.room.wal_bytes or 0)
            self._free.set(facts.room.free_bytes if facts.room.free_bytes is not None else -1)
        if facts.census is not None:
            self._set_census(facts, facts.census)

    def _set_census(self, facts: Facts, found: Census) -> None:
        for health in ("well", "failing", "gone", "silent", "unpolled"):
            self._feeds.labels(health).set(found.feeds.get(health, 0))
        self._polled.set(found.last_poll_at.timestamp() if found.last_poll_at else 0)
        for topic in facts.topics:
            at = found.last_alerts.get(topic)
            self._told.labels(topic).set(at.timestamp() if at else 0)
        # All of the configuration's, at zero too: an alert on what is absent never fires.
        for receiver in facts.receivers:
            for state in ("pending", "sending", "delivered", "expired", "dead"):
                count = found.deliveries.get((receiver, state), 0)
                self._deliveries.labels(receiver, state).set(count)
            for state in ("open", "down", "paused"):
                self._boxes.labels(receiver, state).set(found.mailboxes.get((receiver, state), 0))


def outcome_of(result: ReadResult) -> str:
    """Name how a poll ended: one of some twenty words.

    >>> from datetime import UTC
    >>> at = datetime(2026, 11, 24, tzinfo=UTC)
    >>> outcome_of(FetchFailure(cause="HTTP 503", status=503, fetched_at=at))
    'http_5xx'
    """
    if isinstance(result, FetchFailure):
        if result.status is not None:
            return f"http_{min(max(result.status // 100, 1), 5)}xx"
        if result.stage is not None:
            return result.stage.value.replace(" ", "_")
        return "unreadable"
    if isinstance(result, NotModified):
        return "not_modified"
    return "unchanged" if result.said is None else "document"
