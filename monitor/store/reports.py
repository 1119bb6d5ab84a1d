"""What people ask the database: it only reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Engine, Table, TextClause, case, func, or_, select

from monitor.feeds.health import Activity
from monitor.records import (
    Alert,
    Delivery,
    DeliveryState,
    Reason,
    Revision,
    SeenItem,
    Story,
    Verdict,
)
from monitor.store import rows
from monitor.store.due import FAILING
from monitor.store.engine import reading
from monitor.store.schema import (
    alert_items,
    alerts,
    aliases,
    decisions,
    deliveries,
    feeds,
    items,
    revisions,
    stories,
)
from monitor.store.told import NO_ALERTS


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicReport:
    """What one topic has seen and told since a time."""

    topic: str
    # Items that it scored.
    scored: int
    alerts: int
    last_alert_at: datetime | None
    # The best score, with the item that has it.
    best: tuple[SeenItem, Verdict] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """How the service is, in a handful of numbers."""

    # Of the configuration.
    feeds: int
    failing: int
    # Deliveries that are due or under way.
    waiting: int
    # Topic and time; tests, notices and reports are none.
    last_alert: tuple[str, datetime] | None


class Reports:
    """Questions to the database, each answered from one state of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def glance(self) -> Glance:
        """Give what a line can hold; it reads indexes, not what is stored."""
        last = select(alerts.c.topic, alerts.c.created_at).where(alerts.c.reason.not_in(NO_ALERTS))
        waiting = deliveries.c.state.in_([DeliveryState.PENDING, DeliveryState.SENDING])
        with reading(self._engine) as connection:
            told = connection.execute(last.order_by(alerts.c.created_at.desc()).limit(1)).first()

            def count(table: Table, which: ColumnElement[bool] | TextClause) -> int:
                query = select(func.count()).select_from(table).where(which)
                return int(connection.execute(query).scalar_one())

            return Glance(
                feeds=count(feeds, feeds.c.active.is_(True)),
                failing=count(feeds, FAILING),
                waiting=count(deliveries, waiting),
                last_alert=(told.topic, told.created_at) if told else None,
            )

    def counts(self) -> dict[str, int]:
        """Count the items, stories and alerts, and the deliveries by state.

        Tests and notices (reports among them) take the way of alerts and are none: they are
        counted by themselves.
        """
        by_reason = select(alerts.c.reason, func.count()).group_by(alerts.c.reason)
        with reading(self._engine) as connection:
            found = {
                name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for name, table in {"items": items, "stories": stories}.items()
            }
            told = {reason: int(count) for reason, count in connection.execute(by_reason)}
            found["tests"] = told.pop(Reason.TEST.value, 0)
            found["notices"] = told.pop(Reason.NOTICE.value, 0)
            found["alerts"] = sum(told.values())
            by_state = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
            states = {state: int(count) for state, count in connection.execute(by_state)}
        return found | {state.value: states.get(state.value, 0) for state in DeliveryState}

    def lost_since(self, since: datetime) -> dict[DeliveryState, int]:
        """Count the deliveries that ended undelivered since a time, by how they ended."""
        lost = deliveries.c.state.in_([DeliveryState.DEAD, DeliveryState.EXPIRED])
        query = (
            select(deliveries.c.state, func.count())
            .where(lost, deliveries.c.settled_at >= since)
            .group_by(deliveries.c.state)
        )
        with reading(self._engine) as connection:
            return {DeliveryState(state): int(count) for state, count in connection.execute(query)}

    def topic(self, topic: str, since: datetime) -> TopicReport:
        """Report on one topic since a time."""
        mine = (decisions.c.topic == topic, decisions.c.decided_at >= since)
        told = (alerts.c.topic == topic, alerts.c.reason.not_in(NO_ALERTS))
        best = (
            select(items, feeds.c.name.label("source"), *decisions.c)
            .join(feeds)
            .join(decisions)
            .where(*mine)
            .order_by(decisions.c.score.desc(), decisions.c.decided_at)
            .limit(1)
        )
        with reading(self._engine) as connection:
            scored = connection.execute(select(func.count()).where(*mine)).scalar_one()
            recent = select(func.count()).where(*told, alerts.c.created_at >= since)
            last = select(alerts.c.created_at).where(*told).order_by(alerts.c.created_at.desc())
            top = connection.execute(best).mappings().first()
            return TopicReport(
                topic=topic,
                scored=scored,
                alerts=connection.execute(recent).scalar_one(),
                last_alert_at=connection.execute(last.limit(1)).scalars().first(),
                best=(rows.seen_of(top), rows.verdict_of(top)) if top else None,
            )

    def scores(self, topic: str, floor: float, since: datetime, most: int) -> list[float]:
        """Give a topic's scores at or above a floor since a time; the latest, newest first."""
        query = (
            select(decisions.c.score)
            .where(
                decisions.c.topic == topic,
                decisions.c.score >= floor,
                decisions.c.decided_at >= since,
            )
            .order_by(decisions.c.decided_at.desc(), decisions.c.item_id)
            .limit(most)
        )
        with reading(self._engine) as connection:
            return [float(score) for score in connection.execute(query).scalars()]

    def alert_times(self, topic: str, since: datetime) -> list[datetime]:
        """Give when a topic alerted since a time, oldest first; tests and reports are none."""
        query = (
            select(alerts.c.created_at)
            .where(
                alerts.c.topic == topic,
                alerts.c.created_at >= since,
                alerts.c.reason.not_in(NO_ALERTS),
            )
            .order_by(alerts.c.created_at)
        )
        with reading(self._engine) as connection:
            return list(connection.execute(query).scalars())

    def languages(self, topic: str, since: datetime) -> dict[str, int]:
        """Count what one topic has judged since a time by language; unknown ones are left out."""
        query = (
            select(items.c.lang, func.count())
            .join(decisions)
            .where(decisions.c.topic == topic, decisions.c.decided_at >= since)
            .where(items.c.lang.is_not(None))
            .group_by(items.c.lang)
        )
        with reading(self._engine) as connection:
            return {str(lang): int(count) for lang, count in connection.execute(query)}

    def activity(self, since: datetime) -> dict[int, Activity]:
        """Say what each feed has brought, by its id; feeds without any item are left out."""
        is_recent = (items.c.first_seen_at >= since) & items.c.baseline.is_(False)
        query = select(
            items.c.feed_id,
            func.max(items.c.first_seen_at).label("last"),
            func.count(case((is_recent, 1))).label("recent"),
        ).group_by(items.c.feed_id)
        with reading(self._engine) as connection:
            return {
                row.feed_id: Activity(last_item_at=row.last, recent=row.recent)
                for row in connection.execute(query)
            }

    def alerts(self, *, topic: str | None = None, limit: int = 20) -> list[Alert]:
        """Give the latest alerts, newest first."""
        query = select(alerts).order_by(alerts.c.created_at.desc(), alerts.c.id).limit(limit)
        if topic is not None:
            query = query.where(alerts.c.topic == topic)
        with reading(self._engine) as connection:
            return [rows.alert_of(row) for row in connection.execute(query).mappings()]

    def deliveries_of(self, alert_ids: Sequence[str]) -> list[Delivery]:
        """Give the deliveries of some alerts, in the order of their destinations."""
        query = select(deliveries).where(deliveries.c.alert_id.in_(list(alert_ids)))
        return self._deliveries(query.order_by(deliveries.c.destination))

    def stuck_deliveries(self, limit: int = 20) -> list[Delivery]:
        """Give the deliveries that ended undelivered or wait for another try, newest first."""
        stuck = or_(
            deliveries.c.state.in_([DeliveryState.DEAD, DeliveryState.EXPIRED]),
            (deliveries.c.attempts > 0) & (deliveries.c.state == DeliveryState.PENDING),
        )
        query = select(deliveries).where(stuck).order_by(deliveries.c.created_at.desc())
        return self._deliveries(query.limit(limit))

    def _deliveries(self, query: object) -> list[Delivery]:
        with reading(self._engine) as connection:
            return [rows.delivery_of(row) for row in connection.execute(query).mappings()]  # type: ignore[call-overload]

    def items(self, wanted: str, canonical: str | None, keys: Sequence[str] = ()) -> list[SeenItem]:
        """Find items by the beginning of their id, by guid or by URL; at most 20, oldest first.

        `keys` are aliases that they may have had before they were edited.
        """
        named: list[ColumnElement[bool]] = [items.c.guid == wanted, items.c.url == wanted]
        if 4 <= len(wanted) <= 16 and set(wanted) <= set("0123456789abcdef"):
            named.append(items.c.id.startswith(wanted))
        if canonical:
            named.append(items.c.canonical_url == canonical)
        if keys:
            once = select(aliases.c.item_id).where(aliases.c.key.in_(list(keys)))
            named.append(items.c.id.in_(once))
        query = (
            select(items, feeds.c.name.label("source"))
            .join(feeds)
            .where(or_(*named))
            .order_by(items.c.first_seen_at, items.c.id)
            .limit(20)
        )
        with reading(self._engine) as connection:
            return [rows.seen_of(row) for row in connection.execute(query).mappings()]

    def verdicts(self, item_id: str) -> list[Verdict]:
        """Give what each topic made of an item."""
        query = select(decisions).where(decisions.c.item_id == item_id).order_by(decisions.c.topic)
        with reading(self._engine) as connection:
            return [rows.verdict_of(row) for row in connection.execute(query).mappings()]

    def revisions(self, item_id: str) -> list[Revision]:
        """Give what an item said before each of its changes, oldest first; at most some dozens."""
        query = select(revisions).where(revisions.c.item_id == item_id)
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(revisions.c.number)).mappings()
            return [rows.revision_of(row) for row in found]

    def story(self, story_id: str) -> tuple[Story, list[SeenItem]] | None:
        """Give a story with its items, oldest first (at most 50)."""
        members = (
            select(items, feeds.c.name.label("source"))
            .join(feeds)
            .join(decisions)
            .where(decisions.c.story_id == story_id)
            .order_by(items.c.first_seen_at, items.c.id)
            .limit(50)
        )
        with reading(self._engine) as connection:
            query = select(stories).where(stories.c.id == story_id)
            row = connection.execute(query).mappings().first()
            if row is None:
                return None
            found = connection.execute(members).mappings().all()
        return rows.story_of(row), [rows.seen_of(member) for member in found]

    def alerts_of_item(self, item_id: str) -> list[Alert]:
        """Give the alerts that told an item, or the story that it belongs to."""
        told = select(alert_items.c.alert_id).where(alert_items.c.item_id == item_id)
        mine = select(decisions.c.story_id).where(
            decisions.c.item_id == item_id, decisions.c.story_id.is_not(None)
        )
        query = (
            select(alerts)
            .where(or_(alerts.c.id.in_(told), alerts.c.story_id.in_(mine)))
            .order_by(alerts.c.created_at)
        )
        with reading(self._engine) as connection:
            return [rows.alert_of(row) for row in connection.execute(query).mappings()]
