"""Which alert goes where: one delivery a destination, each with its dedup key. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from monitor.records import Alert, AlertedItem, Delivery, Reason
from monitor.targets import Destination

# Every id of an alert or a delivery is derived under this name, so that the same decision,
# taken again after a crash, has the same id.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "seedwatch")


def make_alert(
    topic: str, reason: Reason, story_id: str, items: tuple[AlertedItem, ...], now: datetime
) -> Alert:
    """Make an alert whose id follows from topic, story, reason and (beyond the first) its item."""
    key = f"{topic}/{story_id}/{reason}"
    if reason is not Reason.FIRST_STORY:
        key += f"/{items[0].item_id}" if items else f"/{now.isoformat()}"
    return Alert(
        id=str(uuid.uuid5(NAMESPACE, key)),
        topic=topic,
        reason=reason,
        story_id=story_id,
        created_at=now,
        items=items,
    )


def route(alert: Alert, destinations: Iterable[Destination], now: datetime) -> tuple[Delivery, ...]:
    """Give the deliveries of an alert: one to each destination, however often it is named."""
    names = dict.fromkeys(destination.name for destination in destinations)
    deliveries = []
    for name in names:
        dedup_key = f"{alert.topic}/{alert.story_id}/{alert.reason}/{alert.id}/{name}"
        deliveries.append(
            Delivery(
                id=str(uuid.uuid5(NAMESPACE, dedup_key)),
                dedup_key=dedup_key,
                alert_id=alert.id,
                destination=name,
                due_at=now,
                created_at=now,
            )
        )
    return tuple(deliveries)
