"""What the store promises about subscriptions, on every kind of database."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from monitor.records import Batch
from monitor.store import Store, Subscriptions
from monitor.subscription import Subscription, SubscriptionState
from monitor.targets import Secret
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

NOBODY = Secret("nobody")


def subscription(name: str = "a", **changes: Any) -> Subscription:
    """Return a subscription of the first feed."""
    whole = Subscription(
        token=Secret(name),
        secret=Secret("s" * 64),
        feed_id=1,
        hub="https://hub.example/",
        topic_url="https://lrt.example/rss",
        document_url="https://lrt.example/rss",
        callback="https://alerts.example.org/websub",
        created_at=NOW,
        due_at=NOW,
    )
    return replace(whole, **changes)


@pytest.fixture
def subscriptions(engine: Engine, store: Store) -> Subscriptions:
    """Give the subscriptions of a database with two feeds."""
    store.sync_feeds([made.spec("LRT"), made.spec("BBC")], NOW)
    return Subscriptions(engine)


def test_one_is_kept_whole(subscriptions: Subscriptions) -> None:
    """What is stored comes back as it was, each field of it."""
    whole = subscription(
        state=SubscriptionState.LIVE,
        asked_until=NOW + MINUTE,
        lease_until=NOW + DAY,
        verified_at=NOW - DAY,
        failures=3,
        detail="down",
        pushed_at=NOW - HOUR,
        rejected=7,
        missed_at=NOW - MINUTE,
        broken_until=NOW + HOUR,
    )
    subscriptions.add(whole)
    assert subscriptions.of_token("a") == whole
    assert subscriptions.all() == [whole]
    assert subscriptions.of_token("b") is None


def test_a_change_sees_what_is_stored(subscriptions: Subscriptions) -> None:
    """A change is made to what is stored now; None forgets it; one that is gone stays gone."""
    subscriptions.add(subscription())
    one = subscription()
    changed = subscriptions.change(one.token, lambda now: replace(now, failures=now.failures + 1))
    assert changed == (one, replace(one, failures=1))
    assert subscriptions.of_token("a") == replace(one, failures=1)
    assert subscriptions.change(one.token, lambda _: None) == (replace(one, failures=1), None)
    assert subscriptions.all() == []
    assert subscriptions.change(NOBODY, lambda now: now) is None


def test_no_change_is_lost(subscriptions: Subscriptions) -> None:
    """Threads that change one at the same time each see what the other did."""
    subscriptions.add(subscription())

    def count() -> None:
        for _ in range(20):
            subscriptions.change(Secret("a"), lambda now: replace(now, rejected=now.rejected + 1))

    threads = [threading.Thread(target=count) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (one,) = subscriptions.all()
    assert one.rejected == 60


def test_a_feed_has_the_one_that_stays(subscriptions: Subscriptions) -> None:
    """One on its way out serves its feed no longer."""
    subscriptions.add(subscription("old", state=SubscriptionState.LEAVING))
    assert subscriptions.of_feed(1) is None
    subscriptions.add(subscription("new"))
    found = subscriptions.of_feed(1)
    assert found is not None
    assert found.token == Secret("new")
    assert subscriptions.of_feed(2) is None


def test_what_is_due(subscriptions: Subscriptions) -> None:
    """Due is what has its time, a lease that is over, and a push that is long missed."""
    later = NOW + DAY
    live = SubscriptionState.LIVE
    for one in (
        subscription("due", due_at=NOW),
        subscription("first", due_at=NOW - MINUTE),
        subscription("later", due_at=later),
        subscription("over", due_at=later, state=live, lease_until=NOW),
        subscription("leased", due_at=later, state=live, lease_until=NOW + MINUTE),
        subscription("missed", due_at=later, missed_at=NOW - HOUR),
        subscription("suspect", due_at=later, missed_at=NOW),
    ):
        subscriptions.add(one)

    def due(most: int) -> list[str]:
        found = subscriptions.due(NOW, missed_before=NOW - MINUTE, most=most)
        return [one.token.reveal() for one in found]

    assert due(10) == ["first", "due", "missed", "over"]
    assert due(1) == ["first"]


def test_a_feed_is_put_off_and_brought_back(subscriptions: Subscriptions, store: Store) -> None:
    """A poll is only ever put off to later, and brought back to one interval from now."""
    store.commit(Batch(poll=made.poll(due_at=NOW + 15 * MINUTE)))
    subscriptions.put_off(1, NOW + MINUTE)
    assert store.feeds()[0].due_at == NOW + 15 * MINUTE
    subscriptions.put_off(1, NOW + HOUR)
    assert store.feeds()[0].due_at == NOW + HOUR
    subscriptions.restore_pace(1, NOW)
    assert store.feeds()[0].due_at == NOW + 15 * MINUTE
    subscriptions.restore_pace(1, NOW + MINUTE)
    assert store.feeds()[0].due_at == NOW + 15 * MINUTE


def test_a_feed_that_fails_keeps_its_patience(subscriptions: Subscriptions, store: Store) -> None:
    """The end of a subscription does not hurry a feed that fails."""
    store.commit(Batch(poll=made.poll(ok=False, failures=3, due_at=NOW + DAY)))
    subscriptions.restore_pace(1, NOW)
    assert store.feeds()[0].due_at == NOW + DAY


def test_only_feeds_of_the_configuration_count(subscriptions: Subscriptions, store: Store) -> None:
    """A feed that is no longer polled is none here; its subscription stays to be given back."""
    subscriptions.add(subscription())
    store.sync_feeds([made.spec("BBC")], NOW)
    assert subscriptions.feed(1) is None
    assert set(subscriptions.polled_ids()) == {2}
    assert len(subscriptions.all()) == 1


def test_all_are_forgotten_at_once(subscriptions: Subscriptions) -> None:
    """Without WebSub nothing is kept."""
    assert subscriptions.clear() == 0
    subscriptions.add(subscription("a"))
    subscriptions.add(subscription("b", feed_id=2))
    assert subscriptions.clear() == 2
    assert subscriptions.all() == []
