"""Which messages say fewer sources than their story has, and what became of their edits."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Engine, and_, func, insert, or_, select, update

from monitor.alerts.recount import Recount
from monitor.records import DeliveryState, Reason
from monitor.store import rows
from monitor.store.engine import reading
from monitor.store.schema import alerts, deliveries, recounts, stories


class Recounts:
    """Edits of messages, on the database of the store. What is due follows from what is there."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(
        self, destinations: Collection[str], now: datetime, since: datetime, limit: int
    ) -> list[Recount]:
        """Give first messages whose story has grown, of stories that had an item since a time.

        One that was not looked at before may say the right number already (`Recount.is_due`).
        """
        grown = func.json_array_length(stories.c.sources) > func.coalesce(recounts.c.sources, 0)
        query = (
            select(deliveries, stories.c.sources.label("sources_now"), recounts.c.failures)
            .join(alerts, alerts.c.id == deliveries.c.alert_id)
            .join(stories, stories.c.id == alerts.c.story_id)
            .join(recounts, recounts.c.delivery_id == deliveries.c.id, isouter=True)
            .where(
                stories.c.updated_at >= since,
                stories.c.size > 1,
                alerts.c.reason == Reason.FIRST_STORY,
                deliveries.c.destination.in_(list(destinations)),
                deliveries.c.state == DeliveryState.DELIVERED,
                deliveries.c.receipt.is_not(None),
                or_(recounts.c.delivery_id.is_(None), and_(recounts.c.due_at <= now, grown)),
            )
            .order_by(stories.c.updated_at, deliveries.c.id)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings().all()
            of = select(alerts).where(alerts.c.id.in_([row["alert_id"] for row in found]))
            told = {row["id"]: rows.alert_of(row) for row in connection.execute(of).mappings()}
        return [
            Recount(
                delivery=rows.delivery_of(row),
                alert=told[row["alert_id"]],
                sources=tuple(row["sources_now"]),
                failures=row["failures"] or 0,
            )
            for row in found
        ]

    def note(
        self, delivery_id: str, sources: int, due_at: datetime | None, failures: int = 0
    ) -> None:
        """Write down how many sources a message says, and when it may be edited next; None: never.

        A delivery that is noted already is overwritten.
        """
        values = {
            "delivery_id": delivery_id,
            "sources": sources,
            "due_at": due_at,
            "failures": failures,
        }
        with self._engine.begin() as tx:
            mine = recounts.c.delivery_id == delivery_id
            if not tx.execute(update(recounts).where(mine).values(values)).rowcount:
                tx.execute(insert(recounts).values(values))
