"""The outbox in the database: which message goes next, and what became of it.

Each function works in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.sql import Select

from monitor.alerts.bundle import MOST, Take, can_collapse, next_in_line
from monitor.alerts.mailbox import is_open
from monitor.records import Claim, Delivery, DeliveryState, Mailbox, Outcome
from monitor.store import rows
from monitor.store.engine import CLAIM_LOCK, alone
from monitor.store.schema import alerts, deliveries, mailboxes

IS_PENDING = deliveries.c.state == DeliveryState.PENDING
IS_SENDING = deliveries.c.state == DeliveryState.SENDING
IS_FRESH = and_(IS_PENDING, deliveries.c.message_id.is_(None))
IS_TRIED = and_(deliveries.c.settled_at.is_(None), deliveries.c.message_id.is_not(None))
ORDER = (deliveries.c.due_at, deliveries.c.created_at, deliveries.c.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """How much may be taken, and for whom."""

    # Messages at most.
    limit: int
    # So many of them are kept for destinations that are well.
    spare: int = 0
    # Destinations that the caller knows to be taken, however long that takes.
    busy: frozenset[str] = frozenset()
    # Destinations whose mailbox may become one digest when it is deep.
    collapsing: frozenset[str] = frozenset()


def claim(tx: Connection, now: datetime, lease_until: datetime, hands: Hands) -> list[Claim]:
    """Lease the next message of each mailbox that is open, longest due first."""
    # Row locks are not enough: who reads what is held before another commits, and what is due after
    # it, takes the destination for free.
    alone(tx, CLAIM_LOCK)
    held = and_(IS_SENDING, deliveries.c.lease_until > now)
    taken = {*hands.busy, *tx.execute(select(deliveries.c.destination).where(held)).scalars()}
    first = func.min(deliveries.c.due_at)
    heads = (
        select(deliveries.c.destination.label("whose"), first.label("first"), *mailboxes.c)
        .outerjoin(mailboxes, mailboxes.c.destination == deliveries.c.destination)
        .where(_is_ready(now))
        .group_by(deliveries.c.destination, *mailboxes.c)
        .order_by(first, deliveries.c.destination)
    )
    claims: list[Claim] = []
    unwell = max(hands.limit - hands.spare, 0)
    for row in tx.execute(heads).mappings().all():
        mailbox = rows.mailbox_of(row, row["whose"])
        is_down = mailbox.failures > 0
        if mailbox.destination in taken or not is_open(mailbox, now) or (is_down and not unwell):
            continue
        made = _take_next(tx, mailbox, now, lease_until, hands.collapsing)
        claims += [made] if made else []
        unwell -= is_down and made is not None
        if len(claims) == hands.limit:
            break
    return claims


def claim_next(
    tx: Connection,
    destination: str,
    now: datetime,
    lease_until: datetime,
    collapsing: Collection[str],
) -> Claim | None:
    """Lease the next message of one mailbox, if it is open and nothing of it is under way."""
    alone(tx, CLAIM_LOCK)
    mine = deliveries.c.destination == destination
    held = and_(mine, IS_SENDING, deliveries.c.lease_until > now)
    mailbox = mailbox_of(tx, destination)
    if not is_open(mailbox, now) or tx.execute(select(deliveries.c.id).where(held)).first():
        return None
    return _take_next(tx, mailbox, now, lease_until, collapsing)


def claim_these(tx: Connection, ids: Sequence[str], lease_until: datetime) -> list[Claim]:
    """Lease named deliveries, due or not, each with the rest of its message if it has one."""
    alone(tx, CLAIM_LOCK)
    query = select(deliveries).where(deliveries.c.id.in_(list(ids)), IS_PENDING)
    found = tx.execute(query.order_by(deliveries.c.destination, deliveries.c.id)).mappings().all()
    claims: dict[str, Claim] = {}
    for row in found:
        one = rows.delivery_of(row)
        if (one.message_id or one.id) not in claims:
            wanted = _these(one.message_id) if one.message_id else deliveries.c.id == one.id
            made = _lease(
                tx, and_(wanted, IS_PENDING), mailbox_of(tx, one.destination), lease_until
            )
            claims |= {made.delivery.message_id or "": made} if made else {}
    return list(claims.values())


def mailbox_of(tx: Connection, destination: str) -> Mailbox:
    """Give a destination's mailbox as it is; one that was never touched is open."""
    query = select(mailboxes).where(mailboxes.c.destination == destination)
    row = tx.execute(query).mappings().first()
    return rows.mailbox_of(row, destination) if row else Mailbox(destination=destination)


def settle(tx: Connection, outcome: Outcome, was: DeliveryState) -> int:
    """Write down what became of a message, as far as it is still as it was; give how much that is.

    A sender whose lease has ended finds that another has it, or is done with it.
    """
    values: dict[str, Any] = {
        "state": outcome.state,
        "lease_until": None,
        "answer": outcome.answer,
        "receipt": dict(outcome.receipt) or None,
        "settled_at": None if outcome.state is DeliveryState.PENDING else outcome.at,
        "retry_at": outcome.due_at if outcome.is_set_aside else None,
    }
    mine = and_(deliveries.c.id.in_(outcome.delivery_ids), deliveries.c.state == was)
    return tx.execute(update(deliveries).where(mine).values(values)).rowcount


def overdue(tx: Connection, due_before: datetime) -> list[tuple[Delivery, ...]]:
    """Give messages that wait where nothing gets through, and are too old: some hundreds at most.

    Elsewhere each is tried before it expires: it may have waited because we slept.
    """
    stopped = or_(mailboxes.c.paused_at.is_not(None), mailboxes.c.failures > 0)
    message = func.coalesce(deliveries.c.message_id, deliveries.c.id)
    query = (
        select(message)
        .join(mailboxes, mailboxes.c.destination == deliveries.c.destination)
        .where(IS_PENDING, stopped)
        .group_by(message)
        .having(func.max(deliveries.c.due_at) < due_before)
        .order_by(message)
        .limit(MOST)
    )
    ids = tx.execute(query).scalars().all()
    found: dict[str, list[Delivery]] = {}
    for row in tx.execute(select(deliveries).where(message.in_(ids)).order_by(*ORDER)).mappings():
        one = rows.delivery_of(row)
        found.setdefault(one.message_id or one.id, []).append(one)
    return [tuple(together) for together in found.values()]


def _is_ready(now: datetime) -> ColumnElement[bool]:
    """Say whether a delivery may be sent, as far as it depends on itself."""
    is_aside = and_(deliveries.c.retry_at.is_not(None), deliveries.c.retry_at > now)
    return or_(
        and_(IS_PENDING, deliveries.c.due_at <= now, ~is_aside),
        and_(IS_SENDING, deliveries.c.lease_until <= now),
    )


def _take_next(
    tx: Connection,
    mailbox: Mailbox,
    now: datetime,
    lease_until: datetime,
    collapsing: Collection[str],
) -> Claim | None:
    """Lease the message whose turn it is in a mailbox."""
    mine = deliveries.c.destination == mailbox.destination
    may_collapse = mailbox.destination in collapsing
    line = _line(tx, mine, now, most=MOST if may_collapse else 1)
    if not line:
        return None
    turn, take = next_in_line(line, mailbox, may_collapse=may_collapse)
    fresh = and_(mine, IS_FRESH)
    match take:
        case Take.AGAIN:
            # None of it can have ended: they settle together.
            open_states = (DeliveryState.PENDING, DeliveryState.SENDING)
            wanted = and_(_these(turn.message_id), deliveries.c.state.in_(open_states))
        case Take.GROUP:
            # Whatever waits in the group goes along, due or not, as Alertmanager's groups do.
            wanted = and_(fresh, deliveries.c.group == turn.group)
        case Take.ALL:
            wanted = and_(fresh, deliveries.c.id.in_(_collapsed(line)))
        case _:
            wanted = and_(mine, deliveries.c.id == turn.id, _is_ready(now))
    return _lease(tx, wanted, mailbox, lease_until)


def _line(tx: Connection, mine: ColumnElement[bool], now: datetime, *, most: int) -> list[Delivery]:
    """Give what is due at a destination, in its order, with so many at most of what is fresh.

    What has been tried was the first in line once, and stays before what has not.
    """
    tried, fresh = line_queries(mine, now, most)
    found = [*tx.execute(tried).mappings(), *tx.execute(fresh).mappings()]
    return [rows.delivery_of(row) for row in found]


def line_queries(
    mine: ColumnElement[bool], now: datetime, most: int
) -> tuple[Select[Any], Select[Any]]:
    """Give the queries for what has been tried, and for what is fresh.

    Two, each by an index of its own: a line of ten thousand is not sorted for its head.
    """
    tried = select(deliveries).where(mine, IS_TRIED, _is_ready(now)).order_by(*ORDER)
    fresh = select(deliveries).where(mine, IS_FRESH, deliveries.c.due_at <= now).order_by(*ORDER)
    return tried.limit(2 * MOST), fresh.limit(most)


def _collapsed(line: Iterable[Delivery]) -> list[str]:
    return [one.id for one in line if can_collapse(one)][:MOST]


def _these(message_id: str | None) -> ColumnElement[bool]:
    return deliveries.c.message_id == message_id


def _lease(
    tx: Connection, wanted: ColumnElement[bool], mailbox: Mailbox, until: datetime
) -> Claim | None:
    """Lease some deliveries as one message; from now on they are one."""
    query: Select[Any] = (
        select(deliveries)
        .where(wanted)
        .order_by(*ORDER)
        .limit(MOST)
        # Waits for a sender that settles late, and then looks again whether the row is wanted.
        .with_for_update()
    )
    found = [rows.delivery_of(row) for row in tx.execute(query).mappings()]
    if not found:
        return None
    # In an order that nothing changes: the first one's id is the message's.
    found.sort(key=lambda one: (one.created_at, one.id))
    message_id = found[0].message_id or found[0].id
    leased = {"state": DeliveryState.SENDING, "lease_until": until, "message_id": message_id}
    ids = [one.id for one in found]
    tx.execute(
        update(deliveries)
        .where(deliveries.c.id.in_(ids))
        .values(leased | {"attempts": deliveries.c.attempts + 1})
    )
    told = _alerts(tx, {one.alert_id for one in found})
    return Claim(
        deliveries=tuple(replace(one, message_id=message_id) for one in found),
        alerts=tuple(rows.alert_of(told[one.alert_id]) for one in found),
        mailbox=mailbox,
    )


def _alerts(tx: Connection, ids: Collection[str]) -> dict[str, RowMapping]:
    query = select(alerts).where(alerts.c.id.in_(list(ids)))
    return {row["id"]: row for row in tx.execute(query).mappings()}
