"""What both databases promise of receipts: how the other side knows what it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import pytest

from monitor.alerts.route import route
from monitor.records import Alert, Batch, DeliveryState, Outcome, Reason
from monitor.store import Hands, Reports, Store
from tests.fakes import made
from tests.fakes.made import MINUTE, NOW, SECOND

SLACK = "desk/1-slack"
STORY = made.story("fence")


def send(
    store: Store, alert: Alert, receipt: Mapping[str, str], at: datetime, to: str = SLACK
) -> None:
    """Commit an alert, and settle its delivery as sent."""
    story = made.story("fence", id=alert.story_id, topic=alert.topic)
    (delivery,) = route(alert, [made.destination(to)], at)
    delivery = replace(delivery, state=DeliveryState.SENDING)
    store.commit(Batch(stories=(story,), alerts=(alert,), deliveries=(delivery,)))
    store.settle(
        Outcome(
            delivery_ids=(delivery.id,),
            state=DeliveryState.DELIVERED,
            answer="ok",
            receipt=receipt,
            at=at,
        )
    )


def first(store: Store, to: str = SLACK, topic: str = "border") -> Mapping[str, str]:
    """Ask for the first receipt of the story."""
    return store.first_receipt(to, topic, STORY.id)


@pytest.fixture
def alert() -> Alert:
    """Give the first alert of the story."""
    return made.alert("fence", items=())


def test_a_receipt_is_kept(store: Store, reports: Reports, alert: Alert) -> None:
    """What the other side said of a message it took is there for the next one of the story."""
    assert first(store) == {}
    send(store, alert, {"channel": "C1", "ts": "1.2"}, NOW)
    assert first(store) == {"channel": "C1", "ts": "1.2"}
    (kept,) = reports.deliveries_of([alert.id])
    assert kept.receipt == {"channel": "C1", "ts": "1.2"}


def test_the_first_one_counts(store: Store, alert: Alert) -> None:
    """However many messages a story had, its updates hang on the one that was taken first."""
    later = replace(alert, id="later", reason=Reason.UPDATE)
    send(store, later, {"ts": "2"}, NOW + MINUTE)
    send(store, alert, {"ts": "1"}, NOW)
    assert first(store) == {"ts": "1"}


def test_without_a_receipt_there_is_none(store: Store, alert: Alert) -> None:
    """A destination that does not say how it knows a message has no thread; a later one may."""
    send(store, alert, {}, NOW)
    assert first(store) == {}
    send(store, replace(alert, id="later"), {"ts": "2"}, NOW + MINUTE)
    assert first(store) == {"ts": "2"}


def test_others_do_not_mix(store: Store, alert: Alert) -> None:
    """Receipts of another destination, topic or story are of no use here."""
    send(store, alert, {"ts": "1"}, NOW, to="desk/2-slack")
    send(store, replace(alert, id="elsewhere", topic="floods"), {"ts": "2"}, NOW)
    send(store, made.alert("wall", items=()), {"ts": "3"}, NOW)
    assert first(store) == {}
    assert first(store, to="desk/2-slack") == {"ts": "1"}
    assert first(store, topic="floods") == {"ts": "2"}


def test_only_what_was_delivered(store: Store, alert: Alert) -> None:
    """A delivery that failed leaves no receipt."""
    (delivery,) = route(alert, [made.destination(SLACK)], NOW)
    store.commit(Batch(stories=(STORY,), alerts=(alert,), deliveries=(delivery,)))
    assert store.claim(NOW, MINUTE, Hands(limit=1))
    failed = Outcome(delivery_ids=(delivery.id,), state=DeliveryState.PENDING, due_at=NOW, at=NOW)
    store.settle(replace(failed, receipt={"ts": "1"}))
    assert first(store) == {}
    assert store.claim(NOW, MINUTE, Hands(limit=1))
    store.settle(replace(failed, state=DeliveryState.DELIVERED, at=NOW + SECOND, due_at=None))
    assert first(store) == {}
