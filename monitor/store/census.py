"""How many there are of what, and how they are: what numbers can say of the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, and_, case, func, select

from monitor.feeds.troubles import TroubleKind
from monitor.records import DeliveryState
from monitor.store.engine import reading
from monitor.store.schema import alerts, deliveries, feeds, mailboxes, troubles
from monitor.store.told import NO_ALERTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """Counts by names of which there are few: receivers, topics, states; never feeds or items."""

    # By `well`, `failing`, `gone`, `silent`, `unpolled`.
    feeds: Mapping[str, int]
    # (receiver, state of a delivery) -> how many.
    deliveries: Mapping[tuple[str, str], int]
    # (receiver, `open`, `down` or `paused`) -> how many of its destinations.
    mailboxes: Mapping[tuple[str, str], int]
    # Topic -> when it was last told of.
    last_alerts: Mapping[str, datetime]
    last_poll_at: datetime | None


def census(engine: Engine) -> Census:
    """Count, in one state of the database; it reads indexes and small tables."""
    gone = feeds.c.gone_at.is_not(None)
    health = case(
        (gone, "gone"),
        (feeds.c.failures > 0, "failing"),
        (feeds.c.last_ok_at.is_(None), "unpolled"),
        else_="well",
    ).label("health")
    by_health = select(health, func.count()).where(feeds.c.active).group_by(health)
    silent = (
        select(func.count())
        .select_from(troubles.join(feeds))
        .where(feeds.c.active, troubles.c.kind == TroubleKind.SILENT.value)
        .where(and_(feeds.c.gone_at.is_(None), feeds.c.failures == 0))
    )
    by_state = select(deliveries.c.destination, deliveries.c.state, func.count()).group_by(
        deliveries.c.destination, deliveries.c.state
    )
    last = select(alerts.c.topic, func.max(alerts.c.created_at).label("at")).where(
        alerts.c.reason.not_in(NO_ALERTS)
    )
    boxes = select(mailboxes.c.destination, mailboxes.c.failures, mailboxes.c.paused_at)
    with reading(engine) as connection:
        feeds_by = {name: int(count) for name, count in connection.execute(by_health)}
        fell_silent = int(connection.execute(silent).scalar_one())
        told: Counter[tuple[str, str]] = Counter()
        for destination, state, count in connection.execute(by_state):
            told[_receiver(destination), DeliveryState(state).value] += int(count)
        lines: Counter[tuple[str, str]] = Counter()
        for destination, failures, paused_at in connection.execute(boxes):
            how = "paused" if paused_at is not None else "down" if failures else "open"
            lines[_receiver(destination), how] += 1
        polled = select(func.max(feeds.c.last_polled_at)).where(feeds.c.active)
        return Census(
            feeds=feeds_by | {"silent": fell_silent, "well": feeds_by.get("well", 0) - fell_silent},
            deliveries=told,
            mailboxes=lines,
            last_alerts={row.topic: row.at for row in connection.execute(last.group_by("topic"))},
            last_poll_at=connection.execute(polled).scalar_one(),
        )


def _receiver(destination: str) -> str:
    """Give the receiver of a destination: the part of its name that is no address of a person."""
    return destination.partition("/")[0]
