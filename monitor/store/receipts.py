"""How the other side knows what it was sent: what threads hang on."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, select

from monitor.records import DeliveryState
from monitor.store.schema import alerts, deliveries


def first_receipt(
    connection: Connection, destination: str, topic: str, story_id: str
) -> Mapping[str, str]:
    """Give the receipt of the first message about one story that a destination took.

    Empty if there is none. A message about several stories keeps no receipt (`deliver.py`), so the
    updates of its stories do not all hang on it.
    """
    query = (
        select(deliveries.c.receipt)
        .join(alerts)
        .where(
            alerts.c.story_id == story_id,
            alerts.c.topic == topic,
            deliveries.c.destination == destination,
            deliveries.c.state == DeliveryState.DELIVERED,
            deliveries.c.receipt.is_not(None),
        )
        .order_by(deliveries.c.settled_at, deliveries.c.created_at, deliveries.c.id)
        .limit(1)
    )
    found: Mapping[str, str] | None = connection.execute(query).scalar_one_or_none()
    return found or {}
