"""What was told of feeds and topics beside alerts: troubles, and reports."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select

from monitor.feeds.troubles import MOST_ARRIVALS, Trouble, TroubleKind
from monitor.records import DeliveryState, Reason, SeenItem, Verdict
from monitor.store import rows
from monitor.store.engine import reading
from monitor.store.schema import alerts, decisions, deliveries, feeds, items, reported, troubles

# What is no alert on a topic, though it takes the same way.
NO_ALERTS = (Reason.TEST, Reason.NOTICE)
# What kept an item from being on-topic.
_OFF_TOPIC = (Reason.BELOW_THRESHOLD, Reason.NOT_MENTIONED, Reason.MENTIONED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was told beside alerts: committed with the messages that tell it."""

    begun: tuple[Trouble, ...] = ()
    # No longer the case; whether that was told or not.
    ended: tuple[Trouble, ...] = ()
    # Topic -> up to when it was reported on.
    reported: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicWeek:
    """What a topic has read and told from one moment up to, and without, another."""

    items: int
    alerts: dict[Reason, int]
    undelivered: int
    # The best of those that were not on-topic.
    closest: tuple[SeenItem, Verdict] | None


class Tellings:
    """Reads and writes what was told beside alerts; each verb is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def troubles(self) -> list[Trouble]:
        """Give the troubles that were told and are not over, by feed."""
        query = select(troubles).order_by(troubles.c.feed_id, troubles.c.kind)
        with reading(self._engine) as connection:
            return [_trouble_of(row) for row in connection.execute(query).mappings()]

    def reported(self) -> dict[str, datetime]:
        """Say up to when each topic was reported on."""
        with reading(self._engine) as connection:
            return {row.topic: row.until for row in connection.execute(select(reported))}

    def last_items(self) -> dict[int, datetime]:
        """Say when the last item of each feed was first seen."""
        query = select(items.c.feed_id, func.max(items.c.first_seen_at).label("last")).group_by(
            items.c.feed_id
        )
        with reading(self._engine) as connection:
            return {row.feed_id: row.last for row in connection.execute(query)}

    def arrivals(self, feed_ids: Iterable[int]) -> dict[int, list[datetime]]:
        """Give the last moments at which polls of some feeds brought anything, newest first."""
        with reading(self._engine) as connection:
            return {feed_id: _arrivals(connection, feed_id) for feed_id in feed_ids}

    def week(self, topic: str, since: datetime, until: datetime) -> TopicWeek:
        """Say what a topic has read and told."""
        judged = and_(
            decisions.c.topic == topic,
            decisions.c.decided_at >= since,
            decisions.c.decided_at < until,
        )
        told = and_(
            alerts.c.topic == topic,
            alerts.c.created_at >= since,
            alerts.c.created_at < until,
            alerts.c.reason.not_in(NO_ALERTS),
        )
        best = (
            select(items, feeds.c.name.label("source"), *decisions.c)
            .join(feeds)
            .join(decisions)
            .where(judged, decisions.c.reason.in_(_OFF_TOPIC), decisions.c.score > 0)
            .order_by(decisions.c.score.desc(), decisions.c.decided_at, items.c.id)
            .limit(1)
        )
        lost = deliveries.c.state.in_([DeliveryState.DEAD, DeliveryState.EXPIRED])
        missed = select(func.count()).select_from(deliveries.join(alerts)).where(told, lost)
        by_reason = select(alerts.c.reason, func.count()).where(told).group_by(alerts.c.reason)
        with reading(self._engine) as connection:
            top = connection.execute(best).mappings().first()
            return TopicWeek(
                items=connection.execute(select(func.count()).where(judged)).scalar_one(),
                alerts={Reason(reason): count for reason, count in connection.execute(by_reason)},
                undelivered=connection.execute(missed).scalar_one(),
                closest=(rows.seen_of(top), rows.verdict_of(top)) if top else None,
            )

    def begin(self, topics: Collection[str], now: datetime) -> None:
        """Note that topics are there, so that their first report covers the time from now on."""
        with self._engine.begin() as tx:
            _note_reported(tx, dict.fromkeys(topics, now))


def write(tx: Connection, told: Told) -> None:
    """Write down what was told, in the transaction of the messages that tell it."""
    for trouble in (*told.ended, *told.begun):
        mine = and_(troubles.c.feed_id == trouble.feed_id, troubles.c.kind == trouble.kind.value)
        tx.execute(delete(troubles).where(mine))
    if told.begun:
        tx.execute(insert(troubles), [_trouble_row(one) for one in told.begun])
    _note_reported(tx, told.reported)


def _note_reported(tx: Connection, until: Mapping[str, datetime]) -> None:
    if until:
        tx.execute(delete(reported).where(reported.c.topic.in_(list(until))))
        values = [{"topic": topic, "until": at} for topic, at in until.items()]
        tx.execute(insert(reported), values)


def _arrivals(connection: Connection, feed_id: int) -> list[datetime]:
    # One poll brings several items at one moment.
    query = (
        select(items.c.first_seen_at)
        .where(items.c.feed_id == feed_id)
        .distinct()
        .order_by(items.c.first_seen_at.desc())
        .limit(MOST_ARRIVALS)
    )
    return list(connection.execute(query).scalars())


def _trouble_row(trouble: Trouble) -> dict[str, Any]:
    return {
        "feed_id": trouble.feed_id,
        "kind": trouble.kind.value,
        "since": trouble.since,
        "detail": trouble.detail,
    }


def _trouble_of(row: Mapping[Any, Any]) -> Trouble:
    return Trouble(
        feed_id=row["feed_id"],
        kind=TroubleKind(row["kind"]),
        since=row["since"],
        detail=row["detail"],
    )
