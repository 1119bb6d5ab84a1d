"""The verbs by which the steps read and change the database."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, func, select, update

from monitor.records import (
    Batch,
    Claim,
    Delivery,
    DeliveryState,
    Due,
    Feed,
    FeedSpec,
    Item,
    KnownItem,
    Lessons,
    Mailbox,
    Outcome,
    Reason,
    SeenItem,
    Story,
    Verdict,
)
from monitor.store import arrivals, feed_rows, known, outbox, receipts, rows, schema
from monitor.store.due import FAILING, UNREAD, due_query, put_back, settle_poll, settle_push
from monitor.store.engine import reading
from monitor.store.outbox import Hands
from monitor.store.paces import DEMANDS, FLOORS
from monitor.store.schema import alerts, decisions, deliveries, feeds, items, stories
from monitor.store.sync import sync
from monitor.store.writing import add, overwrite

NOTHING = Batch()


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
        shorter, or became its own, it is due no later than one of those from now; one that is no
        longer named keeps its history and is not polled.
        """
        with self._engine.begin() as tx:
            sync(tx, specs, now)

    def due_feeds(self, now: datetime, limit: int) -> list[Feed]:
        """Give the feeds whose due time has come, longest due first."""
        query = select(feeds).where(feeds.c.active, feeds.c.due_at <= now)
        return self._feeds(query.order_by(feeds.c.due_at, feeds.c.id).limit(limit))

    def due(
        self,
        now: datetime,
        limit: int,
        *,
        per_host: int | None = None,
        without: Collection[int] = (),
    ) -> list[Due]:
        """Give the feeds whose due time has come, longest due first.

        Given `per_host`, at most so many of one host, so that the thousands of one do not hide
        those of others: that reads all that are due. `without` those that the caller has in hand,
        some thousands at most.
        """
        query = due_query(now, per_host, without).limit(limit)
        with reading(self._engine) as connection:
            return [Due(id=row.id, host=row.host or "") for row in connection.execute(query)]

    def put_back(self, now: datetime) -> int:
        """Date feeds anew that a clock polled which was put back since; give how many."""
        with self._engine.begin() as tx:
            return put_back(tx, now)

    def feeds_of(self, ids: Sequence[int]) -> list[Feed]:
        """Give those of some ids that are of the configuration; at most some hundreds."""
        query = select(feeds).where(feeds.c.id.in_(list(ids)), feeds.c.active)
        return self._feeds(query.order_by(feeds.c.id))

    def feeds(self) -> list[Feed]:
        """Give all feeds of the configuration, in its order of first sight."""
        return self._feeds(select(feeds).where(feeds.c.active).order_by(feeds.c.id))

    def _feeds(self, query: Select[Any]) -> list[Feed]:
        with reading(self._engine) as connection:
            return [feed_rows.feed_of(row) for row in connection.execute(query).mappings()]

    def demands(self) -> dict[int, float | None]:
        """Give what the feeds without an interval of their own ask for, by id; None: unknown."""
        with reading(self._engine) as connection:
            return {row.id: row.demand for row in connection.execute(DEMANDS)}

    def floors(self) -> dict[int, timedelta]:
        """Give the shortest waits that were asked for, of those of these feeds that have one."""
        with reading(self._engine) as connection:
            return {row.id: timedelta(seconds=row.floor) for row in connection.execute(FLOORS)}

    def failing_feeds(self) -> list[Feed]:
        """Give the feeds whose last poll failed; its cost is theirs, not that of all feeds."""
        return self._feeds(select(feeds).where(FAILING).order_by(feeds.c.id))

    def unread_feeds(self) -> list[Feed]:
        """Give the feeds without a good poll so far; its cost is theirs, not that of all feeds."""
        return self._feeds(select(feeds).where(UNREAD).order_by(feeds.c.id))

    def count_feeds(self) -> int:
        """Count the feeds of the configuration."""
        query = select(func.count()).select_from(feeds).where(feeds.c.active)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()

    # -- items

    def known_items(self, feed_id: int, keys: Sequence[str]) -> dict[str, KnownItem]:
        """Give a feed's stored items by those of some aliases under which they are known."""
        with reading(self._engine) as connection:
            return known.known_items(connection, feed_id, keys)

    def stored_items(self, feed_id: int, keys: Sequence[str]) -> dict[str, Item]:
        """Give what a feed's stored items say, by those of some aliases that name one."""
        with reading(self._engine) as connection:
            return known.stored_items(connection, feed_id, keys)

    def remembered(self, feed_id: int, keys: Sequence[str]) -> set[str]:
        """Say which of some aliases items of a feed had that are pruned."""
        with reading(self._engine) as connection:
            return known.remembered(connection, feed_id, keys)

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

    def nearest_verdicts(
        self, topic: str, floor: float, since: datetime, most: int
    ) -> list[tuple[SeenItem, Verdict]]:
        """Give what a topic scored at or above a floor since a time; the latest, newest first."""
        near = and_(
            decisions.c.topic == topic, decisions.c.score >= floor, decisions.c.decided_at >= since
        )
        return self._judged(near, decisions.c.decided_at.desc(), items.c.id, most=most)

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

    def _judged(
        self, where: ColumnElement[bool], *order: Any, most: int | None = None
    ) -> list[tuple[SeenItem, Verdict]]:
        query = (
            select(items, feeds.c.name.label("source"), *decisions.c)
            .join(feeds)
            .join(decisions)
            .where(where)
            .order_by(*order)
            .limit(most)
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

    def commit(self, batch: Batch, also: Callable[[Connection], None] | None = None) -> None:
        """Store all that a poll changed, in one transaction; `also` writes what belongs to it.

        What is stored already (the same item, alert or delivery) stays as it is, so that the same
        batch twice is the same as once.
        """
        with self._engine.begin() as tx:
            if batch.poll:
                settle_poll(tx, batch.poll)
            if batch.pushed:
                settle_push(tx, *batch.pushed)
            new, revised = arrivals.number(tx, batch)
            add(tx, items, new)
            overwrite(tx, stories, [rows.story_row(story) for story in batch.stories])
            known.write(tx, batch, revised)
            judged = (*batch.items, *batch.rejudged)
            overwrite(tx, decisions, [row for one in judged for row in rows.decision_rows(one)])
            add(tx, alerts, [rows.alert_row(alert) for alert in batch.alerts])
            told = [
                {"alert_id": alert.id, "item_id": item.item_id}
                for alert in batch.alerts
                # A test tells of no item, and a report names one that was not told.
                if alert.reason not in {Reason.TEST, Reason.NOTICE}
                for item in alert.items
            ]
            add(tx, schema.alert_items, told)
            add(tx, deliveries, [rows.delivery_row(one) for one in batch.deliveries])
            add(tx, schema.withheld, [asdict(one) for one in batch.withheld])
            for topic, item_id, reason in batch.caught_up:
                mine = and_(decisions.c.topic == topic, decisions.c.item_id == item_id)
                tx.execute(update(decisions).where(mine).values(reason=reason))
            states = batch.lessons.states.items()
            learned = [{"name": name, "state": state} for name, state in states]
            overwrite(tx, schema.learned, learned)
            if also is not None:
                also(tx)

    def claim(self, now: datetime, lease: timedelta, hands: Hands) -> list[Claim]:
        """Take the next message of each mailbox that is open, and lease it.

        What is leased is SENDING until it settles; if that never happens (a crash), it is due again
        when the lease ends, as the same message under the same id.
        """
        with self._engine.begin() as tx:
            return outbox.claim(tx, now, now + lease, hands)

    def claim_next(
        self, destination: str, now: datetime, lease: timedelta, *, collapsing: Collection[str] = ()
    ) -> Claim | None:
        """Take the next message of one destination, for who has just sent one there."""
        with self._engine.begin() as tx:
            return outbox.claim_next(tx, destination, now, now + lease, collapsing)

    def claim_these(self, ids: Sequence[str], lease_until: datetime) -> list[Claim]:
        """Take named deliveries whether due or not, unless they are held already or have ended.

        A paused mailbox is no hindrance: who names them wants to see what happens.
        """
        with self._engine.begin() as tx:
            return outbox.claim_these(tx, ids, lease_until)

    def settle(self, outcome: Outcome, also: Batch = NOTHING) -> None:
        """Write down what became of an attempt, with the notices that it makes."""
        with self._engine.begin() as tx:
            self._end(tx, outcome, also, was=DeliveryState.SENDING)

    def expire(self, outcome: Outcome, also: Batch = NOTHING) -> bool:
        """Write down that a message has waited too long; False if it does not wait any more."""
        with self._engine.begin() as tx:
            return self._end(tx, outcome, also, was=DeliveryState.PENDING)

    def overdue(self, due_before: datetime) -> list[tuple[Delivery, ...]]:
        """Give messages that were due before a time and wait where nothing gets through."""
        with reading(self._engine) as connection:
            return outbox.overdue(connection, due_before)

    def mailboxes(self) -> list[Mailbox]:
        """Give the mailboxes that were touched or are known of the configuration, by name."""
        query = select(schema.mailboxes).order_by(schema.mailboxes.c.destination)
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings()
            return [rows.mailbox_of(row, row["destination"]) for row in found]

    def _end(self, tx: Connection, outcome: Outcome, also: Batch, *, was: DeliveryState) -> bool:
        if not outbox.settle(tx, outcome, was):
            return False
        if outcome.mailbox is not None:
            overwrite(tx, schema.mailboxes, [rows.mailbox_row(outcome.mailbox)])
        add(tx, alerts, [rows.alert_row(alert) for alert in also.alerts])
        add(tx, deliveries, [rows.delivery_row(one) for one in also.deliveries])
        return True

    def first_receipt(self, destination: str, topic: str, story_id: str) -> Mapping[str, str]:
        """Give how a destination knows the first message about a story; empty without any."""
        with reading(self._engine) as connection:
            return receipts.first_receipt(connection, destination, topic, story_id)

    def release(self, now: datetime) -> int:
        """End the leases that a killed daemon left; only the sole daemon may, at its start."""
        with self._engine.begin() as tx:
            left = deliveries.c.state == DeliveryState.SENDING
            return tx.execute(update(deliveries).where(left).values(lease_until=now)).rowcount
