"""What people ask of the mailboxes and do to them: each verb is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, func, insert, or_, select, update

from monitor.records import Alert, Delivery, DeliveryState, Mailbox
from monitor.store import rows
from monitor.store.engine import reading
from monitor.store.outbox import mailbox_of
from monitor.store.schema import alerts, deliveries, mailboxes

# What a mailbox is when nothing has happened yet.
_OPEN = {
    "next_at": None,
    "failures": 0,
    "down_since": None,
    "paused_at": None,
    "why": "",
    "touched_at": None,
}
_LOST = (DeliveryState.DEAD, DeliveryState.EXPIRED)
_WAITS = (DeliveryState.PENDING, DeliveryState.SENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxReport:
    """How one mailbox is."""

    mailbox: Mailbox
    # Deliveries that are due and not settled, and since when the oldest is.
    waiting: int = 0
    oldest_due_at: datetime | None = None
    # Deliveries that are due later.
    later: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDelivery:
    """A delivery with what it tells."""

    delivery: Delivery
    alert: Alert


class Mailboxes:
    """The lines of all destinations."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def sync(self, fingerprints: Mapping[str, str]) -> list[str]:
        """Make the mailboxes those of the configuration; give those that are open again.

        `fingerprints` are of what the configuration says of each destination: where that changed,
        what was wrong may be right now, so that it is tried at once. A mailbox of a destination
        that is no longer named is forgotten; what waits there ends at its next try.
        """
        names = list(fingerprints)
        reopened = []
        with self._engine.begin() as tx:
            known = {
                row["destination"]: row
                for row in tx.execute(select(mailboxes).with_for_update()).mappings()
            }
            tx.execute(mailboxes.delete().where(mailboxes.c.destination.not_in(names)))
            for name, fingerprint in fingerprints.items():
                row = known.get(name)
                if row is None:
                    fresh = {"destination": name, "fingerprint": fingerprint, **_OPEN}
                    tx.execute(insert(mailboxes).values(fresh))
                elif row["fingerprint"] != fingerprint:
                    _open(tx, name, fingerprint=fingerprint)
                    reopened += [name] if row["failures"] or row["paused_at"] else []
        return reopened

    def report(self, now: datetime) -> list[MailboxReport]:
        """Say how each mailbox is, by name; also those that only have deliveries."""
        is_due = or_(deliveries.c.due_at <= now, deliveries.c.state == DeliveryState.SENDING)
        waits = (
            select(
                deliveries.c.destination,
                is_due.label("is_due"),
                func.count(),
                func.min(deliveries.c.due_at),
            )
            .where(deliveries.c.state.in_(_WAITS))
            .group_by(deliveries.c.destination, is_due)
        )
        with reading(self._engine) as connection:
            boxes = {
                row["destination"]: rows.mailbox_of(row, row["destination"])
                for row in connection.execute(select(mailboxes)).mappings()
            }
            found = connection.execute(waits).all()
        due = {name: (count, first) for name, due, count, first in found if due}
        later = {name: count for name, due, count, _ in found if not due}
        return [
            MailboxReport(
                mailbox=boxes.get(name) or Mailbox(destination=name),
                waiting=due.get(name, (0, None))[0],
                oldest_due_at=due.get(name, (0, None))[1],
                later=later.get(name, 0),
            )
            for name in sorted({*boxes, *due, *later})
        ]

    def deliveries(
        self,
        *,
        states: tuple[DeliveryState, ...] = (),
        destination: str | None = None,
        limit: int = 20,
    ) -> list[ListedDelivery]:
        """Give deliveries, those of the latest alerts first."""
        query = select(deliveries).order_by(deliveries.c.created_at.desc(), deliveries.c.id)
        if states:
            query = query.where(deliveries.c.state.in_(states))
        if destination is not None:
            query = query.where(deliveries.c.destination == destination)
        with reading(self._engine) as connection:
            found = connection.execute(query.limit(limit)).mappings().all()
            ids = {row["alert_id"] for row in found}
            mine = select(alerts).where(alerts.c.id.in_(ids))
            told = {row["id"]: rows.alert_of(row) for row in connection.execute(mine).mappings()}
        return [
            ListedDelivery(delivery=rows.delivery_of(row), alert=told[row["alert_id"]])
            for row in found
        ]

    def find(self, wanted: str) -> list[Delivery]:
        """Find deliveries by their id or its beginning (four characters and more); at most 20."""
        if len(wanted) < 4:
            return []
        mine = deliveries.c.id.startswith(wanted, autoescape=True)
        with reading(self._engine) as connection:
            found = connection.execute(select(deliveries).where(mine).limit(20)).mappings()
            return [rows.delivery_of(row) for row in found]

    def redeliver(self, delivery: Delivery, now: datetime) -> int:
        """Let the message of a delivery that ended undelivered go again, under the same id.

        It is as if it were due now for the first time, and its mailbox is open. Gives how many
        deliveries that are; none if it did not end, or arrived.
        """
        whole = deliveries.c.id == delivery.id
        if delivery.message_id is not None:
            whole = deliveries.c.message_id == delivery.message_id
        again = {
            "state": DeliveryState.PENDING,
            "due_at": now,
            "attempts": 0,
            "settled_at": None,
            "retry_at": None,
        }
        with self._engine.begin() as tx:
            lost = and_(whole, deliveries.c.state.in_(_LOST))
            count = tx.execute(update(deliveries).where(lost).values(again)).rowcount
            if count:
                _open(tx, delivery.destination)
        return count

    def resume(self, destination: str) -> bool:
        """Open a mailbox that is paused or down, to be tried at once; False if it is neither."""
        with self._engine.begin() as tx:
            mailbox = mailbox_of(tx, destination)
            is_shut = mailbox.paused_at is not None or mailbox.failures > 0
            if is_shut:
                _open(tx, destination)
            return is_shut


def _open(tx: Connection, destination: str, **changes: str) -> None:
    mine = mailboxes.c.destination == destination
    tx.execute(update(mailboxes).where(mine).values(_OPEN | changes))
