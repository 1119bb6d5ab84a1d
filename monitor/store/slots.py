"""What telling asks of the outbox, and how what waits in it is given another time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, and_, bindparam, or_, select, update

from monitor.alerts.plan import Slot
from monitor.alerts.silence import Silence
from monitor.records import Delivery, DeliveryState, Reason
from monitor.store import rows
from monitor.store.engine import CLAIM_LOCK, alone, reading
from monitor.store.schema import alerts, deliveries, silences
from monitor.store.silences import silence_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A delivery that nobody has tried yet, with the topic of its alert."""

    delivery: Delivery
    topic: str


# A delivery that waits and was never tried: its time may still be changed.
_UNTRIED = and_(
    deliveries.c.state == DeliveryState.PENDING,
    deliveries.c.attempts == 0,
    deliveries.c.message_id.is_(None),
)


class Slots:
    """Deliveries as schedules and silences look at them: each verb is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def silences(self, now: datetime) -> list[Silence]:
        """Give the silences that hold at a time, oldest first."""
        query = select(silences).where(silences.c.until > now, silences.c.ended_at.is_(None))
        with reading(self._engine) as connection:
            found = connection.execute(query.order_by(silences.c.created_at, silences.c.id))
            return [silence_of(row) for row in found.mappings()]

    def told_at_once(self, topic: str, since: datetime) -> list[tuple[str, datetime]]:
        """Give destination and time of a topic's alerts after a time that no schedule held."""
        query = (
            select(deliveries.c.destination, deliveries.c.created_at)
            .join(alerts)
            .where(
                alerts.c.topic == topic,
                alerts.c.reason.not_in([Reason.TEST, Reason.NOTICE]),
                alerts.c.created_at > since,
                or_(deliveries.c.group.is_(None), deliveries.c.group == topic),
            )
        )
        with reading(self._engine) as connection:
            return [(row.destination, row.created_at) for row in connection.execute(query)]

    def waiting(self) -> list[Waiting]:
        """Give the deliveries that wait untried; no schedule holds tests and notices."""
        query = (
            select(deliveries, alerts.c.topic)
            .join(alerts)
            .where(_UNTRIED, alerts.c.reason.not_in([Reason.TEST, Reason.NOTICE]))
            .order_by(deliveries.c.created_at, deliveries.c.id)
        )
        with reading(self._engine) as connection:
            return [
                Waiting(delivery=rows.delivery_of(row), topic=row["topic"])
                for row in connection.execute(query).mappings()
            ]

    def redate(self, slots: Iterable[tuple[str, Slot]]) -> None:
        """Give deliveries, by their ids, another slot; one that was tried meanwhile keeps its."""
        values = [
            {"which": delivery_id, "due": slot.due_at, "with": slot.group or None}
            for delivery_id, slot in slots
        ]
        if not values:
            return
        statement = (
            update(deliveries)
            .where(deliveries.c.id == bindparam("which"), _UNTRIED)
            .values(due_at=bindparam("due"), group=bindparam("with"))
        )
        with self._engine.begin() as tx:
            # Not while somebody claims: what is read as due must stay as it was read.
            alone(tx, CLAIM_LOCK)
            tx.execute(statement, values)
