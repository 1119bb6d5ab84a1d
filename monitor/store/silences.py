"""Silences: added and ended, never changed, never deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, insert, select, update

from monitor.alerts.silence import Silence
from monitor.records import Withheld
from monitor.store.engine import reading
from monitor.store.schema import silences, withheld

# What a listing shows at most.
MOST = 200


def silence_row(silence: Silence) -> dict[str, Any]:
    """Write a row of `silences`."""
    return {
        "id": silence.id,
        "topic": silence.topic,
        "story_id": silence.story,
        "source": silence.source,
        "receiver": silence.receiver,
        "created_at": silence.created_at,
        "until": silence.until,
        "comment": silence.comment,
        "author": silence.author,
        "ended_at": silence.ended_at,
    }


def silence_of(row: RowMapping) -> Silence:
    """Read a row of `silences`."""
    return Silence(
        id=row["id"],
        topic=row["topic"],
        story=row["story_id"],
        source=row["source"],
        receiver=row["receiver"],
        created_at=row["created_at"],
        until=row["until"],
        comment=row["comment"],
        author=row["author"],
        ended_at=row["ended_at"],
    )


class Silences:
    """What somebody has asked not to be told: each verb is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, silence: Silence) -> None:
        """Add one."""
        with self._engine.begin() as tx:
            tx.execute(insert(silences), [silence_row(silence)])

    def all(self) -> list[Silence]:
        """Give the latest ones, ended or not, newest first."""
        query = select(silences).order_by(silences.c.created_at.desc(), silences.c.id).limit(MOST)
        with reading(self._engine) as connection:
            return [silence_of(row) for row in connection.execute(query).mappings()]

    def end(self, beginning: str, now: datetime) -> list[Silence]:
        """End the silence whose id begins so, and give it as it is now.

        Ends nothing if several that hold begin so, and gives them; gives none if none does.
        """
        holds = (silences.c.until > now, silences.c.ended_at.is_(None))
        query = select(silences).where(silences.c.id.startswith(beginning, autoescape=True), *holds)
        with self._engine.begin() as tx:
            found = [silence_of(row) for row in tx.execute(query).mappings()]
            if len(found) != 1:
                return found
            tx.execute(update(silences).where(silences.c.id == found[0].id).values(ended_at=now))
        return found

    def withheld(self, alert_ids: Sequence[str]) -> list[Withheld]:
        """Give the receivers that were not told of some alerts, by name."""
        query = (
            select(withheld)
            .where(withheld.c.alert_id.in_(list(alert_ids)))
            .order_by(withheld.c.receiver)
        )
        with reading(self._engine) as connection:
            return [Withheld(**row) for row in connection.execute(query).mappings()]
