"""What is kept and for how long: pruned in small batches, each a short transaction.

an item     goes when its feed has not listed it for a while; its names stay (`bygone`)
but stays   while it waits for a catch-up, was told, is in a story that was told, or judged
a story     goes with its last item, unless an alert tells it
an alert    goes if it is old, once all its deliveries have ended
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from monitor.feeds.bygone import names_left
from monitor.records import DeliveryState, Reason
from monitor.store.engine import BUSY_SECONDS, reading
from monitor.store.schema import (
    alert_items,
    alerts,
    aliases,
    bygone,
    decisions,
    deliveries,
    feedback,
    feeds,
    items,
    marks,
    recounts,
    revisions,
    stories,
    upkeeps,
    withheld,
)
from monitor.store.told import NO_ALERTS
from monitor.store.writing import add, overwrite

# Rows that one batch looks at: some tens of milliseconds of work, in which nobody else can write.
BATCH = 200
# How long the write-ahead log may wait for readers before it is left for the next time.
PATIENCE_MS = 1_000
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# Rows of an index that `PRAGMA optimize` looks at: SQLite's own advice for a bound.
ANALYSIS_LIMIT = 400
RESTORED = "restored"

# Where a scan goes on: time and id of the last row that was looked at.
Place = tuple[datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """What one upkeep did."""

    at: datetime
    seconds: float
    items: int
    stories: int
    alerts: int
    # Of the write-ahead log before it was written back; None where there is none.
    wal_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What one batch pruned, and where the next goes on; None: there is no next."""

    count: int
    place: Place | None


def packed(name: str) -> int:
    """Give the number under which the name of a pruned item is remembered.

    >>> packed("010cec320b0ab0d0"), packed("ffffffffffffffff")
    (75694993436225744, -1)
    """
    return int.from_bytes(bytes.fromhex(name), signed=True)


class Keeping:
    """Prunes and tends the database; each verb is one short transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def prune_items(self, before: datetime, place: Place | None = None) -> Pruned:
        """Prune a batch of the items that no feed has listed since a time, oldest first."""
        old = and_(items.c.first_seen_at < before, _last_listed() < before)
        seen = items.c.first_seen_at
        behind = tuple_(seen, items.c.id) > place if place else true()
        query = select(items.c.id, seen).where(old, behind).order_by(seen, items.c.id)
        with reading(self._engine) as connection:
            found = connection.execute(query.limit(BATCH)).all()
        if not found:
            return Pruned(count=0, place=None)
        with self._engine.begin() as tx:
            # Asked anew: what has come back or waits since stays.
            going = and_(items.c.id.in_([row.id for row in found]), old, ~_is_needed())
            count = _prune_items(tx, going)
        return Pruned(count=count, place=(found[-1].first_seen_at, found[-1].id))

    def prune_stories(self, before: datetime) -> int:
        """Prune a batch of stories that have no item and no alert any more."""
        has_items = select(decisions.c.item_id).where(decisions.c.story_id == stories.c.id).exists()
        has_alerts = select(alerts.c.id).where(alerts.c.story_id == stories.c.id).exists()
        going = select(stories.c.id).where(stories.c.updated_at < before, ~has_items, ~has_alerts)
        with self._engine.begin() as tx:
            ids = list(tx.execute(going.limit(BATCH)).scalars())
            return _delete(tx, stories.c.id, ids)

    def prune_alerts(self, before: datetime | None, words_before: datetime) -> int:
        """Prune a batch of alerts made before a time (None: none), and of tests and notices.

        One with a delivery that has not ended stays.
        """
        open_states = [DeliveryState.PENDING, DeliveryState.SENDING]
        waits = (
            select(deliveries.c.id)
            .where(deliveries.c.alert_id == alerts.c.id, deliveries.c.state.in_(open_states))
            .exists()
        )
        is_word = alerts.c.reason.in_(NO_ALERTS)
        old = and_(is_word, alerts.c.created_at < words_before)
        if before is not None:
            old = or_(old, and_(~is_word, alerts.c.created_at < before))
        with self._engine.begin() as tx:
            going = select(alerts.c.id).where(old, ~waits).order_by(alerts.c.created_at)
            ids = list(tx.execute(going.limit(BATCH)).scalars())
            drop_alerts(tx, ids)
        return len(ids)

    def tend(self) -> int | None:
        """Let the database look after itself; give the size of its write-ahead log before that.

        A server does all this by itself.
        """
        if self._engine.dialect.name != "sqlite":
            return None
        file = self._engine.url.database or ""
        log = Path(f"{file}-wal")
        size = log.stat().st_size if log.exists() else 0
        try:
            self._tend()
        except sqlite3.Error as error:
            # What others hold up is no fault: the next upkeep is a day away, and SQLite writes back
            # by itself what it can. The rest is an outage like any other.
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BUSY:
                is_outage = isinstance(error, sqlite3.OperationalError)
                kind = OperationalError if is_outage else DatabaseError
                raise kind("PRAGMA optimize", None, error) from error
        return size

    def _tend(self) -> None:
        with closing(self._engine.raw_connection()) as connection:
            cursor = connection.cursor()
            try:
                cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
                cursor.execute(f"PRAGMA analysis_limit = {ANALYSIS_LIMIT}")
                cursor.execute("PRAGMA optimize")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
                cursor.close()

    def note(self, done: Upkeep, keep_since: datetime) -> None:
        """Write down what an upkeep did, and forget what was done before a time."""
        with self._engine.begin() as tx:
            tx.execute(delete(upkeeps).where(upkeeps.c.at < keep_since))
            row = {name: getattr(done, name) for name in Upkeep.__slots__}
            overwrite(tx, upkeeps, [row])

    def last(self) -> Upkeep | None:
        """Give what the last upkeep did; None before the first."""
        query = select(upkeeps).order_by(upkeeps.c.at.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
        return Upkeep(**row) if row else None

    def restored_at(self) -> datetime | None:
        """Say when this database was last made from a backup; None: never."""
        query = select(marks.c.at).where(marks.c.name == RESTORED)
        with reading(self._engine) as connection:
            return connection.execute(query).scalars().first()

    def last_read_at(self) -> datetime | None:
        """Say when any feed last answered well; None: none has yet."""
        with reading(self._engine) as connection:
            query = select(func.max(feeds.c.last_ok_at)).where(feeds.c.active)
            found: datetime | None = connection.execute(query).scalar_one()
            return found


def drop_alerts(tx: Connection, ids: Sequence[str]) -> None:
    """Delete alerts with all that hangs on them."""
    if not ids:
        return
    mine = select(deliveries.c.id).where(deliveries.c.alert_id.in_(ids))
    tx.execute(delete(recounts).where(recounts.c.delivery_id.in_(mine)))
    for column in (
        deliveries.c.alert_id,
        withheld.c.alert_id,
        alert_items.c.alert_id,
        alerts.c.id,
    ):
        _delete(tx, column, ids)


def _last_listed() -> ColumnElement[Any]:
    return func.coalesce(items.c.last_seen_at, items.c.first_seen_at)


def _is_needed() -> ColumnElement[bool]:
    """Say whether an item waits, was told or belongs to what was told, or a person judged it."""
    mine = decisions.c.item_id == items.c.id
    waits = (
        select(decisions.c.topic)
        .where(mine, decisions.c.reason.in_([Reason.BASELINE, Reason.HELD]))
        .exists()
    )
    told = select(alert_items.c.alert_id).where(alert_items.c.item_id == items.c.id).exists()
    of_told = (
        select(alerts.c.id)
        .join(decisions, decisions.c.story_id == alerts.c.story_id)
        .where(mine)
        .exists()
    )
    judged = select(feedback.c.id).where(feedback.c.item_id == items.c.id).exists()
    return or_(waits, told, of_told, judged)


def _prune_items(tx: Connection, going: ColumnElement[bool]) -> int:
    query = select(
        items.c.id, items.c.feed_id, items.c.guid, items.c.canonical_url, items.c.fingerprint
    )
    found = tx.execute(query.where(going)).all()
    left = {
        (packed(name), row.feed_id)
        for row in found
        for name in names_left(row.guid, row.canonical_url, row.fingerprint)
    }
    add(tx, bygone, [{"key": key, "feed_id": feed_id} for key, feed_id in sorted(left)])
    ids = [row.id for row in found]
    for column in (revisions.c.item_id, aliases.c.item_id, decisions.c.item_id, items.c.id):
        _delete(tx, column, ids)
    return len(ids)


def _delete(tx: Connection, column: Any, ids: Sequence[str]) -> int:
    if not ids:
        return 0
    return tx.execute(delete(column.table).where(column.in_(ids))).rowcount
