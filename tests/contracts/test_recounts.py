"""What both databases promise of edits: which messages say fewer sources than there are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from monitor.alerts.recount import Recount
from monitor.alerts.route import route
from monitor.records import Batch, Delivery, DeliveryState, Outcome
from monitor.store import Recounts, Store
from tests.fakes import made
from tests.fakes.made import DAY, MINUTE, NOW

SLACK = "desk/1-slack"
ALERT = made.alert("fence", items=(made.alerted("fence"),))


@pytest.fixture
def recounts(engine: Engine) -> Recounts:
    """Give the edits of a database."""
    return Recounts(engine)


@pytest.fixture
def delivery(store: Store) -> Delivery:
    """Give a delivery with a receipt, whose story has two sources by now."""
    store.sync_feeds([made.spec()], NOW)
    story = made.story("fence", sources=("LRT", "BBC"), size=2, updated_at=NOW)
    (sent,) = route(ALERT, [made.destination(SLACK)], NOW)
    sent = replace(sent, state=DeliveryState.SENDING)
    judged = made.judged(made.seen("fence"), story_id=story.id)
    store.commit(Batch(items=(judged,), stories=(story,), alerts=(ALERT,), deliveries=(sent,)))
    store.settle(
        Outcome(delivery_ids=(sent.id,), state=DeliveryState.DELIVERED, receipt={"ts": "1"}, at=NOW)
    )
    return replace(sent, state=DeliveryState.DELIVERED, settled_at=NOW, receipt={"ts": "1"})


def test_what_is_due(recounts: Recounts, delivery: Delivery) -> None:
    """A message whose story has grown comes with its receipt, its alert and the sources of now."""
    (found,) = recounts.due([SLACK], NOW, NOW - DAY, 10)
    assert found == Recount(delivery=delivery, alert=ALERT, sources=("LRT", "BBC"))
    assert found.is_due
    assert recounts.due(["desk/2-slack"], NOW, NOW - DAY, 10) == []
    assert recounts.due([SLACK], NOW, NOW + MINUTE, 10) == []


def test_what_was_noted(recounts: Recounts, delivery: Delivery) -> None:
    """One that says the right number is not due; one that failed is, when its time has come."""
    recounts.note(delivery.id, 2, NOW)
    assert recounts.due([SLACK], NOW, NOW - DAY, 10) == []
    recounts.note(delivery.id, 1, NOW + MINUTE, failures=3)
    assert recounts.due([SLACK], NOW, NOW - DAY, 10) == []
    (found,) = recounts.due([SLACK], NOW + MINUTE, NOW - DAY, 10)
    assert found.failures == 3
    recounts.note(delivery.id, 1, None)
    assert recounts.due([SLACK], NOW + DAY, NOW - DAY, 10) == []
