"""The verbs by which the steps read and change the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import Insert as PostgresInsert
from sqlalchemy.dialects.sqlite import Insert as SqliteInsert

from monitor.feeds.address import host_of
from monitor.records import (
    Batch,
    Claim,
    DeliveryState,
    Feed,
    FeedSpec,
    Item,
    KnownItem,
    Lessons,
    Outcome,
    Poll,
    Reason,
    SeenItem,
    Story,
    Verdict,
)
from monitor.store import feed_rows, known, rows, schema
from monitor.store.engine import CLAIM_LOCK, alone, reading
from monitor.store.schema import alerts, decisions, deliveries, feeds, items, stories


class Store:
    """What the daemon knows, kept safe: each verb is one transaction.

    Any of them may raise SQLAlchemy's `OperationalError` (disk full, locked, gone): then nothing
    of that verb has happened.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # -- feeds

    def sync_feeds(self, specs: Sequence[FeedSpec], now: datetime) -> None:
        """Make the polled feeds those of the configuration.

        A new feed is due at once; one that stays keeps its schedule, but if its interval got
        shorter it is due no later than one of it from now; one that is no longer named keeps its
        history and is not polled.
        """
        with self._engine.begin() as tx:
            tx.execute(update(feeds).values(active=False))
            for spec in specs:
                every_seconds = round(spec.every.total_seconds())
                soon = now + spec.every
                # Not at every start: what servers asked for, or a host that rests, would be undone.
                is_shorter = and_(feeds.c.url == spec.url, feeds.c.every_seconds > every_seconds)
                late = and_(is_shorter, feeds.c.failures == 0, feeds.c.due_at > soon)
                tx.execute(update(feeds).where(late).values(due_at=soon))
                wanted = {
                    "name": spec.name,
                    "groups": list(spec.groups),
                    "every_seconds": every_seconds,
                    "lang": spec.lang,
                    "active": True,
                }
                host = host_of(spec.url)
                fresh = {"url": spec.url, "host": host, "due_at": now, "failures": 0}
                statement = self._insert(feeds).values([{**wanted, **fresh}])
                tx.execute(statement.on_conflict_do_update(index_elements=["url"], set_=wanted))

    def due_feeds(
        self,
        now: datetime,
        limit: int,
        *,
        per_host: int | None = None,
        without: Iterable[int] = (),
    ) -> list[Feed]:
        """Give the feeds whose due time has come, longest due first.

        At most `per_host` of one host, so that the thousands of one do not hide those of others;
        `without` those that the caller has in hand, some thousands at most.
        """
        is_due = and_(feeds.c.active, feeds.c.due_at <= now, feeds.c.id.not_in(list(without)))
        query = select(feeds).where(is_due)
        if per_host is not None:
            order = (feeds.c.due_at, feeds.c.id)
            turn = func.row_number().over(partition_by=feeds.c.host, order_by=order)
            ranked = select(feeds.c.id, turn.label("turn")).where(is_due).subquery()
            query = select(feeds).join(ranked, feeds.c.id == ranked.c.id)
            query = query.where(ranked.c.turn <= per_host)
        query = query.order_by(feeds.c.due_at, feeds.c.id).limit(limit)
        with reading(self._engine) as connection:
            return [feed_rows.feed_of(row) for row in connection.execute(query).mappings()]

    def feeds(self) -> list[Feed]:
        """Give all feeds of the configuration, in its order of first sight."""
        query = select(feeds).where(feeds.c.active).order_by(feeds.c.id)
        with reading(self._engine) as connection:
            return [feed_rows.feed_of(row) for row in connection.execute(query).mappings()]

    # -- items

    def known_items(self, feed_id: int, keys: Sequence[str]) -> dict[str, KnownItem]:
        """Give a feed's stored items by those of some aliases under which they are known."""
        with reading(self._engine) as connection:
            return known.known_items(connection, feed_id, keys)

    def stored_items(self, feed_id: int, keys: Sequence[str]) -> dict[str, Item]:
        """Give what a feed's stored items say, by those of some aliases that name one."""
        with reading(self._engine) as connection:
            return known.stored_items(connection, feed_id, keys)

    def told_copies(
        self, keys: Sequence[str], opened_before: datetime
    ) -> list[tuple[str, SeenItem, Story]]:
        """Give the items of any feed that some aliases name, with the older stories they are in.

        Only stories that were told, and opened before a time: later ones are looked through anyway.
        """
        with reading(self._engine) as connection:
            return known.told_copies(connection, keys, opened_before)

    def placed(self, item_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Say which of some items are in a story, as (item id, topic)."""
        with reading(self._engine) as connection:
            return known.placed(connection, item_ids)

    def latest_items(self, most: int) -> list[SeenItem]:
        """Give the items that were seen last, oldest first: what a new topic is shown."""
        query = (
            select(items, feeds.c.name.label("source"))
            .join(feeds)
            .order_by(items.c.first_seen_at.desc(), items.c.id.desc())
            .limit(most)
        )
        with reading(self._engine) as connection:
            found = [rows.seen_of(row) for row in connection.execute(query).mappings()]
        return found[::-1]

    def open_stories(self, topics: Iterable[str], since: datetime) -> list[Story]:
        """Give the stories of some topics that had an item since a time, oldest first."""
        query = (
            select(stories)
            .where(stories.c.topic.in_(list(topics)), stories.c.updated_at >= since)
            .order_by(stories.c.opened_at, stories.c.id)
        )
        with reading(self._engine) as connection:
            return [rows.story_of(row) for row in connection.execute(query).mappings()]

    def verdicts_of(self, topic: str) -> list[tuple[SeenItem, Verdict]]:
        """Give every item that a topic has judged, oldest first."""
        return self._judged(decisions.c.topic == topic, items.c.first_seen_at, items.c.id)

    def stories(self, ids: Iterable[str]) -> list[Story]:
        """Give stories by their ids, oldest first; at most some hundreds."""
        query = select(stories).where(stories.c.id.in_(list(ids))).order_by(stories.c.opened_at)
        with reading(self._engine) as connection:
            return [rows.story_of(row) for row in connection.execute(query).mappings()]

    def best_scores(self, topic: str, floor: float, since: datetime) -> list[float]:
        """Give a topic's scores from a floor on since a time, each story's best one once.

        A baseline is left out: what a feed gathered before its first poll came in no time at all.
        """
        event = func.coalesce(decisions.c.story_id, decisions.c.item_id)
        query = (
            select(func.max(decisions.c.score))
            .join(items, items.c.id == decisions.c.item_id)
            .where(
                items.c.baseline.is_(False),
                decisions.c.topic == topic,
                decisions.c.decided_at >= since,
                decisions.c.score >= floor,
            )
            .group_by(event)
        )
        with reading(self._engine) as connection:
            return sorted(connection.execute(query).scalars(), reverse=True)

    def judged_since(self, topic: str) -> datetime | None:
        """Give when a topic judged its first item; None if it has judged none."""
        query = select(func.min(decisions.c.decided_at)).where(decisions.c.topic == topic)
        with reading(self._engine) as connection:
            found: datetime | None = connection.execute(query).scalar_one()
            return found

    def waiting_matches(self, topic: str) -> list[tuple[SeenItem, Verdict]]:
        """Give a topic's on-topic items that were left to a catch-up still to come, best first."""
        reasons = [Reason.BASELINE, Reason.HELD]
        waiting = and_(decisions.c.topic == topic, decisions.c.reason.in_(reasons))
        return self._judged(waiting, decisions.c.score.desc(), items.c.first_seen_at, items.c.id)

    def _judged(self, where: ColumnElement[bool], *order: Any) -> list[tuple[SeenItem, Verdict]]:
        query = (
            select(items, feeds.c.name.label("source"), *decisions.c)
            .join(feeds)
            .join(decisions)
            .where(where)
            .order_by(*order)
        )
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings().all()
        return [(rows.seen_of(row), rows.verdict_of(row)) for row in found]

    # -- what tracking learned

    def lessons(self) -> Lessons:
        """Give all that tracking has learned so far."""
        with reading(self._engine) as connection:
            found = connection.execute(select(schema.learned))
            return Lessons(states={row.name: row.state for row in found})

    # -- the outbox

    def commit(self, batch: Batch) -> None:
        """Store all that a poll changed, in one transaction.

        What is stored already (the same item, alert or delivery) stays as it is, so that the same
        batch twice is the same as once.
        """
        with self._engine.begin() as tx:
            if batch.poll:
                _settle_poll(tx, batch.poll)
            self._add(tx, items, [rows.item_row(judged.seen) for judged in batch.items])
            self._replace(tx, stories, [rows.story_row(story) for story in batch.stories])
            self._know(tx, batch)
            judged = (*batch.items, *batch.rejudged)
            self._replace(tx, decisions, [row for one in judged for row in rows.decision_rows(one)])
            self._add(tx, alerts, [rows.alert_row(alert) for alert in batch.alerts])
            told = [
                {"alert_id": alert.id, "item_id": item.item_id}
                for alert in batch.alerts
                # A test tells of no item.
                if alert.reason is not Reason.TEST
                for item in alert.items
            ]
            self._add(tx, schema.alert_items, told)
            self._add(tx, deliveries, [rows.delivery_row(one) for one in batch.deliveries])
            for topic, item_id, reason in batch.caught_up:
                mine = and_(decisions.c.topic == topic, decisions.c.item_id == item_id)
                tx.execute(update(decisions).where(mine).values(reason=reason))
            self._learn(tx, batch.lessons)

    def claim(
        self, now: datetime, lease: timedelta, limit: int, *, busy: Iterable[str] = ()
    ) -> list[Claim]:
        """Take deliveries that are due, at most one a destination, and lease them.

        A leased one is SENDING until it settles; if that never happens (a crash), it is due again
        when the lease ends, under the same dedup key. `busy` names destinations that the caller
        knows to be taken, however long that takes.
        """
        is_due = or_(
            and_(deliveries.c.state == DeliveryState.PENDING, deliveries.c.due_at <= now),
            and_(deliveries.c.state == DeliveryState.SENDING, deliveries.c.lease_until <= now),
        )
        query = (
            select(deliveries)
            .where(is_due)
            .order_by(deliveries.c.created_at, deliveries.c.id)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as tx:
            # Row locks are not enough: who reads what is held before another commits, and what is
            # due after it, takes the destination for free.
            alone(tx, CLAIM_LOCK)
            leased = deliveries.c.state == DeliveryState.SENDING
            held = select(deliveries.c.destination).where(leased, deliveries.c.lease_until > now)
            taken = {*busy, *tx.execute(held).scalars()}
            claimed = []
            for row in tx.execute(query).mappings():
                if row["destination"] in taken:
                    continue
                taken.add(row["destination"])
                claimed.append(row)
                if len(claimed) == limit:
                    break
            return [self._lease(tx, rows.delivery_of(row), now + lease) for row in claimed]

    def claim_these(self, ids: Sequence[str], lease_until: datetime) -> list[Claim]:
        """Take named deliveries whether due or not, unless they are held already or have ended."""
        query = select(deliveries).where(
            deliveries.c.id.in_(list(ids)), deliveries.c.state == DeliveryState.PENDING
        )
        with self._engine.begin() as tx:
            alone(tx, CLAIM_LOCK)
            found = tx.execute(query.order_by(deliveries.c.destination)).mappings().all()
            return [self._lease(tx, rows.delivery_of(row), lease_until) for row in found]

    def _lease(self, tx: Connection, delivery: Any, until: datetime) -> Claim:
        tx.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery.id)
            .values(state=DeliveryState.SENDING, lease_until=until, attempts=delivery.attempts + 1)
        )
        alert = tx.execute(select(alerts).where(alerts.c.id == delivery.alert_id)).mappings().one()
        return Claim(delivery=delivery, alert=rows.alert_of(alert))

    def settle(self, outcome: Outcome) -> None:
        """Write down what became of an attempt."""
        ended = outcome.state not in {DeliveryState.PENDING, DeliveryState.SENDING}
        values: dict[str, Any] = {
            "state": outcome.state,
            "lease_until": None,
            "answer": outcome.answer,
            "settled_at": outcome.at if ended else None,
        }
        if outcome.due_at:
            values["due_at"] = outcome.due_at
        with self._engine.begin() as tx:
            mine = deliveries.c.id == outcome.delivery_id
            tx.execute(update(deliveries).where(mine).values(values))

    def release(self, now: datetime) -> int:
        """End the leases that a killed daemon left; only the sole daemon may, at its start."""
        with self._engine.begin() as tx:
            left = deliveries.c.state == DeliveryState.SENDING
            return tx.execute(update(deliveries).where(left).values(lease_until=now)).rowcount

    # -- how

    def _insert(self, table: Table) -> PostgresInsert | SqliteInsert:
        """Give the dialect's INSERT that knows ON CONFLICT."""
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(table)
        return sqlite.insert(table)

    def _add(self, tx: Connection, table: Table, values: list[dict[str, Any]]) -> None:
        """Insert rows; one that is there already stays as it is."""
        if values:
            tx.execute(self._insert(table).on_conflict_do_nothing(), values)

    def _replace(self, tx: Connection, table: Table, values: list[dict[str, Any]]) -> None:
        """Insert rows, or overwrite those of the same primary key."""
        if not values:
            return
        statement = self._insert(table)
        keys = [column.name for column in table.primary_key]
        changed: dict[str, ColumnElement[Any]] = {
            column.name: statement.excluded[column.name]
            for column in table.columns
            if column.name not in keys
        }
        tx.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed), values)

    def _know(self, tx: Connection, batch: Batch) -> None:
        """Keep by what items are known from now on, and what the feeds say of them now."""
        if batch.edits:
            tx.execute(known.EDIT, [known.edit_row(edit) for edit in batch.edits])
        revised = [rows.revision_row(edit.revision) for edit in batch.edits if edit.revision]
        self._replace(tx, schema.revisions, revised)
        named = [
            {"key": alias.key, "feed_id": alias.feed_id, "item_id": alias.item_id}
            for alias in batch.aliases
        ]
        self._replace(tx, schema.aliases, named)
        if batch.seen_again and batch.poll:
            known.note_seen(tx, batch.seen_again, batch.poll.polled_at)

    def _learn(self, tx: Connection, lessons: Lessons) -> None:
        states = [{"name": name, "state": state} for name, state in lessons.states.items()]
        self._replace(tx, schema.learned, states)


def _settle_poll(tx: Connection, poll: Poll) -> None:
    tx.execute(update(feeds).where(feeds.c.id == poll.feed_id).values(feed_rows.poll_row(poll)))
    rest = poll.host_rest
    if rest is not None:
        early = and_(feeds.c.host == rest.host, feeds.c.due_at < rest.until)
        tx.execute(update(feeds).where(early).values(due_at=rest.until))
