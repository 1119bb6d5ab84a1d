"""All alerts and decisions in their order, and the end of a topic's history."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Select, Table, and_, delete, func, or_, select

from monitor.records import Alert, Delivery, DeliveryState, SeenItem, Verdict
from monitor.store import rows
from monitor.store.engine import reading
from monitor.store.keeping import BATCH, drop_alerts
from monitor.store.schema import (
    alerts,
    decisions,
    deliveries,
    feedback,
    feeds,
    items,
    learned,
    reported,
    silences,
    stories,
)

# Rows in memory at a time.
CHUNK = 500
# A batch of decisions: each is a row of one table, nothing hangs on it.
MANY = 10 * BATCH


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How much there is of a topic."""

    decisions: int
    stories: int
    alerts: int
    # Deliveries that have not ended.
    waiting: int
    feedback: int
    silences: int
    # States that tracking has learned.
    learned: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing."""
        return not any(getattr(self, name) for name in self.__slots__)


class Archive:
    """Reads all there is, a chunk in memory at a time; forgets a topic."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def alerts(
        self, since: datetime | None, topic: str | None
    ) -> Iterator[tuple[Alert, list[Delivery]]]:
        """Give the alerts since a time with their deliveries, oldest first."""
        query = select(alerts).order_by(alerts.c.created_at, alerts.c.id)
        if since is not None:
            query = query.where(alerts.c.created_at >= since)
        if topic is not None:
            query = query.where(alerts.c.topic == topic)
        for chunk in self._chunks(query):
            of = select(deliveries).where(deliveries.c.alert_id.in_([row["id"] for row in chunk]))
            mine: dict[str, list[Delivery]] = {}
            with reading(self._engine) as connection:
                for row in connection.execute(of.order_by(deliveries.c.destination)).mappings():
                    mine.setdefault(row["alert_id"], []).append(rows.delivery_of(row))
            for row in chunk:
                yield rows.alert_of(row), mine.get(row["id"], [])

    def decisions(
        self, since: datetime | None, topic: str | None
    ) -> Iterator[tuple[SeenItem, Verdict, datetime]]:
        """Give each topic's verdict on each item that is kept, with its time, oldest item first."""
        query = (
            select(items, feeds.c.name.label("source"), *decisions.c)
            .join(feeds)
            .join(decisions)
            .order_by(items.c.first_seen_at, items.c.id, decisions.c.topic)
        )
        if since is not None:
            query = query.where(decisions.c.decided_at >= since)
        if topic is not None:
            query = query.where(decisions.c.topic == topic)
        for chunk in self._chunks(query):
            for row in chunk:
                yield rows.seen_of(row), rows.verdict_of(row), row["decided_at"]

    def _chunks(self, query: Select[Any]) -> Iterator[Any]:
        """Read a query as of one moment, in parts."""
        with reading(self._engine) as connection:
            found = connection.execution_options(yield_per=CHUNK).execute(query)
            yield from (part for part in found.mappings().partitions())

    def history(self, topic: str) -> History:
        """Say how much there is of a topic."""
        open_states = [DeliveryState.PENDING, DeliveryState.SENDING]
        waiting = (
            select(func.count())
            .select_from(deliveries.join(alerts))
            .where(alerts.c.topic == topic, deliveries.c.state.in_(open_states))
        )
        with reading(self._engine) as connection:

            def count(table: Table, column: str = "topic") -> int:
                mine = _learned(topic) if table is learned else table.c[column] == topic
                query = select(func.count()).select_from(table).where(mine)
                return int(connection.execute(query).scalar_one())

            return History(
                decisions=count(decisions),
                stories=count(stories),
                alerts=count(alerts),
                waiting=int(connection.execute(waiting).scalar_one()),
                feedback=count(feedback),
                silences=count(silences),
                learned=count(learned),
            )

    def topics(self) -> list[str]:
        """Give the names of all topics of which there is any history."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            for table in (decisions, stories, alerts, feedback, reported):
                found.update(connection.execute(select(table.c.topic).distinct()).scalars())
        return sorted(name for name in found if name)

    def forget(self, topic: str) -> None:
        """Delete all there is of a topic but the items, which other topics may have judged.

        In parts, so that others can write in between. If it is cut off the rest is still the
        topic's, and goes when it is asked for again: its name goes last.
        """
        of_alerts = select(alerts.c.id).where(alerts.c.topic == topic)
        while self._delete_some(of_alerts, is_alerts=True):
            pass
        of_items = select(decisions.c.item_id).where(decisions.c.topic == topic)
        while self._delete_some(of_items, is_alerts=False, topic=topic):
            pass
        with self._engine.begin() as tx:
            for table in (stories, feedback, silences, reported):
                tx.execute(delete(table).where(table.c.topic == topic))
            tx.execute(delete(learned).where(_learned(topic)))

    def _delete_some(self, query: Select[Any], *, is_alerts: bool, topic: str = "") -> int:
        with self._engine.begin() as tx:
            ids = list(tx.execute(query.limit(BATCH if is_alerts else MANY)).scalars())
            if is_alerts:
                drop_alerts(tx, ids)
            elif ids:
                mine = and_(decisions.c.topic == topic, decisions.c.item_id.in_(ids))
                tx.execute(delete(decisions).where(mine))
            return len(ids)


def _learned(topic: str) -> Any:
    beginning = f"topic/{topic}/"
    return or_(
        learned.c.name == f"topic/{topic}", learned.c.name.startswith(beginning, autoescape=True)
    )
