"""What hubs owe us, kept safe: each verb is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, RowMapping, and_, delete, insert, or_, select, update

from monitor.feeds.pace import usual_wait
from monitor.records import Feed
from monitor.store import feed_rows
from monitor.store.engine import reading
from monitor.store.schema import feeds, subscriptions
from monitor.subscription import Subscription, SubscriptionState
from monitor.targets import Secret

# Turns a subscription into what it has become; None: it is to be forgotten.
Change = Callable[[Subscription], Subscription | None]


class Subscriptions:
    """The subscriptions of all feeds. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, subscription: Subscription) -> None:
        """Add a new one."""
        with self._engine.begin() as tx:
            tx.execute(insert(subscriptions), [_row(subscription)])

    def change(
        self, token: Secret, change: Change
    ) -> tuple[Subscription, Subscription | None] | None:
        """Change one as it is stored now, whoever else does; give it before and after.

        Gives None if it is gone.
        """
        mine = subscriptions.c.token == token.reveal()
        with self._engine.begin() as tx:
            found = tx.execute(select(subscriptions).where(mine).with_for_update())
            row = found.mappings().first()
            if row is None:
                return None
            before = _subscription_of(row)
            after = change(before)
            if after is None:
                tx.execute(delete(subscriptions).where(mine))
            elif after != before:
                tx.execute(update(subscriptions).where(mine).values(_row(after)))
            return before, after

    def of_token(self, token: str) -> Subscription | None:
        """Give the one that a callback belongs to."""
        found = self._select(subscriptions.c.token == token)
        return found[0] if found else None

    def of_feed(self, feed_id: int) -> Subscription | None:
        """Give the one that serves a feed; those on their way out do not."""
        stays = subscriptions.c.state != SubscriptionState.LEAVING
        found = self._select(and_(subscriptions.c.feed_id == feed_id, stays))
        return found[-1] if found else None

    def due(self, now: datetime, *, missed_before: datetime, most: int) -> list[Subscription]:
        """Give those for which something is to be done, longest due first."""
        is_over = and_(
            subscriptions.c.state == SubscriptionState.LIVE, subscriptions.c.lease_until <= now
        )
        is_due = or_(
            subscriptions.c.due_at <= now, is_over, subscriptions.c.missed_at <= missed_before
        )
        return self._select(is_due, most)

    def all(self) -> list[Subscription]:
        """Give every one."""
        return self._select(subscriptions.c.token.is_not(None))

    def clear(self) -> int:
        """Forget every one: nobody listens for pushes any more. Gives how many there were."""
        with reading(self._engine) as connection:
            # Without WebSub this is asked at each start: do not take the writer's lock for it.
            if connection.execute(select(subscriptions.c.token).limit(1)).first() is None:
                return 0
        with self._engine.begin() as tx:
            return tx.execute(delete(subscriptions)).rowcount

    def _select(self, where: Any, most: int | None = None) -> list[Subscription]:
        query = (
            select(subscriptions)
            .where(where)
            .order_by(subscriptions.c.due_at, subscriptions.c.created_at, subscriptions.c.token)
            .limit(most)
        )
        with reading(self._engine) as connection:
            return [_subscription_of(row) for row in connection.execute(query).mappings()]

    # -- their feeds

    def feed(self, feed_id: int) -> Feed | None:
        """Give a feed of the configuration by its id."""
        query = select(feeds).where(feeds.c.id == feed_id, feeds.c.active)
        with reading(self._engine) as connection:
            row = connection.execute(query).mappings().first()
            return feed_rows.feed_of(row) if row else None

    def polled_ids(self) -> Collection[int]:
        """Give the ids of the feeds of the configuration."""
        with reading(self._engine) as connection:
            return set(connection.execute(select(feeds.c.id).where(feeds.c.active)).scalars())

    def put_off(self, feed_id: int, due_at: datetime) -> None:
        """Poll a feed later than it was planned."""
        later = and_(feeds.c.id == feed_id, feeds.c.due_at < due_at)
        self._set_due(later, due_at)

    def restore_pace(self, feed_id: int, now: datetime) -> None:
        """Poll a feed that is well no later than one of its intervals from now."""
        feed = self.feed(feed_id)
        if feed is not None:
            due_at = now + usual_wait(feed)
            well = and_(feeds.c.failures == 0, feeds.c.due_at > due_at)
            self._set_due(and_(feeds.c.id == feed_id, well), due_at)

    def _set_due(self, where: Any, due_at: datetime) -> None:
        with self._engine.begin() as tx:
            tx.execute(update(feeds).where(where).values(due_at=due_at))


def _row(one: Subscription) -> dict[str, Any]:
    return {
        "token": one.token.reveal(),
        "feed_id": one.feed_id,
        "hub": one.hub,
        "topic_url": one.topic_url,
        "document_url": one.document_url,
        "callback": one.callback,
        "secret": one.secret.reveal(),
        "state": one.state.value,
        "created_at": one.created_at,
        "due_at": one.due_at,
        "asked_until": one.asked_until,
        "lease_until": one.lease_until,
        "verified_at": one.verified_at,
        "failures": one.failures,
        "detail": one.detail,
        "pushed_at": one.pushed_at,
        "rejected": one.rejected,
        "missed_at": one.missed_at,
        "broken_until": one.broken_until,
    }


def _subscription_of(row: RowMapping) -> Subscription:
    return Subscription(
        token=Secret(row["token"]),
        feed_id=row["feed_id"],
        hub=row["hub"],
        topic_url=row["topic_url"],
        document_url=row["document_url"],
        callback=row["callback"],
        secret=Secret(row["secret"]),
        state=SubscriptionState(row["state"]),
        created_at=row["created_at"],
        due_at=row["due_at"],
        asked_until=row["asked_until"],
        lease_until=row["lease_until"],
        verified_at=row["verified_at"],
        failures=row["failures"],
        detail=row["detail"],
        pushed_at=row["pushed_at"],
        rejected=row["rejected"],
        missed_at=row["missed_at"],
        broken_until=row["broken_until"],
    )
