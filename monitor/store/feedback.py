"""What people said of items: added and undone, never changed, never deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine, func, insert, select, update

from monitor.records import Judgement
from monitor.store import rows
from monitor.store.engine import reading
from monitor.store.schema import feedback

# How many there are, and how many of them were undone: both only grow.
Mark = tuple[int, int]


class Feedback:
    """The judgements that count, kept safe: each verb is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, judgements: Iterable[Judgement]) -> list[Judgement]:
        """Add judgements, and give those that are new: one that was undone stays undone."""
        with self._engine.begin() as tx:
            known = set(tx.execute(select(feedback.c.id)).scalars())
            fresh = {one.id: one for one in judgements if one.id not in known}
            if fresh:
                tx.execute(insert(feedback), [rows.judgement_row(one) for one in fresh.values()])
            return list(fresh.values())

    def undo(self, judgement_id: str | None, now: datetime) -> Judgement | None:
        """Undo a judgement, the latest one by default; give None if there is none that counts."""
        query = (
            select(feedback)
            .where(feedback.c.undone_at.is_(None))
            .order_by(feedback.c.given_at.desc(), feedback.c.id.desc())
            .limit(1)
        )
        if judgement_id is not None:
            query = query.where(feedback.c.id == judgement_id)
        with self._engine.begin() as tx:
            row = tx.execute(query).mappings().first()
            if row is None:
                return None
            mine = feedback.c.id == row["id"]
            tx.execute(update(feedback).where(mine).values(undone_at=now))
            return rows.judgement_of(row)

    def all(self, topic: str | None = None) -> list[Judgement]:
        """Give the judgements that count, of one topic or of all, oldest first."""
        query = (
            select(feedback)
            .where(feedback.c.undone_at.is_(None))
            .order_by(feedback.c.given_at, feedback.c.id)
        )
        if topic is not None:
            query = query.where(feedback.c.topic == topic)
        with reading(self._engine) as connection:
            return [rows.judgement_of(row) for row in connection.execute(query).mappings()]

    def mark(self) -> Mark:
        """Give what changes with each judgement that is added or undone."""
        query = select(func.count(), func.count(feedback.c.undone_at)).select_from(feedback)
        with reading(self._engine) as connection:
            added, undone = connection.execute(query).one()
            return int(added), int(undone)
