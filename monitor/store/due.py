"""The queue of feeds in SQL: which are due, and what a poll or a push changes in it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, Update, and_, bindparam, func, select, text, update

from monitor.records import Pace, Poll
from monitor.store import feed_rows
from monitor.store.paces import pace_json
from monitor.store.schema import feeds

# Word for word the conditions of their indexes, or SQLite would not use them.
FAILING = text("active AND failures > 0")
UNREAD = text("active AND baseline_at IS NULL")


def due_query(now: datetime, per_host: int | None, without: Collection[int]) -> Select[Any]:
    """Ask for id and host of the due feeds, longest due first; see `Store.due`."""
    is_due = and_(feeds.c.active, feeds.c.due_at <= now)
    if without:
        is_due = and_(is_due, feeds.c.id.not_in(sorted(without)))
    order = (feeds.c.due_at, feeds.c.id)
    if per_host is None:
        return select(feeds.c.id, feeds.c.host).where(is_due).order_by(*order)
    turn = func.row_number().over(partition_by=feeds.c.host, order_by=order)
    columns = (feeds.c.id, feeds.c.host, feeds.c.due_at, turn.label("turn"))
    ranked = select(*columns).where(is_due).subquery()
    query = select(ranked.c.id, ranked.c.host).where(ranked.c.turn <= per_host)
    return query.order_by(ranked.c.due_at, ranked.c.id)


@cache
def _settling(columns: frozenset[str]) -> Update:
    """Give the statement that changes some columns of a feed; building it costs more than a run."""
    named = {name: bindparam(f"new_{name}", type_=feeds.c[name].type) for name in columns}
    return update(feeds).where(feeds.c.id == bindparam("of_id")).values(named)


def settle_poll(tx: Connection, poll: Poll) -> None:
    """Write down what a poll means for its feed, and for its host if that has had enough."""
    row = feed_rows.poll_row(poll)
    values = {f"new_{name}": value for name, value in row.items()}
    tx.execute(_settling(frozenset(row)), {"of_id": poll.feed_id, **values})
    rest = poll.host_rest
    if rest is not None:
        early = and_(feeds.c.host == rest.host, feeds.c.due_at < rest.until)
        tx.execute(update(feeds).where(early).values(due_at=rest.until))


def settle_push(tx: Connection, feed_id: int, pace: Pace) -> None:
    """Write down what a push taught; the feed's schedule stays as it is."""
    tx.execute(update(feeds).where(feeds.c.id == feed_id).values(pace=pace_json(pace)))


def put_back(tx: Connection, now: datetime) -> int:
    """Date feeds anew that were polled later than now; give how many those are.

    Each is due as long after now as it was after its last poll: none waits until a clock that was
    put back has caught up, and they stay spread.
    """
    columns = (feeds.c.id, feeds.c.due_at, feeds.c.last_polled_at)
    found = tx.execute(select(*columns).where(feeds.c.active, feeds.c.last_polled_at > now)).all()
    if found:
        at_once = timedelta(0)
        dates = [
            {"of_id": one.id, "new_due_at": now + max(one.due_at - one.last_polled_at, at_once)}
            for one in found
        ]
        tx.execute(_settling(frozenset({"due_at"})), dates)
    return len(found)
