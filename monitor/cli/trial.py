"""`test-alert`: one message down the real path."""

from __future__ import annotations

from concurrent.futures import wait
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.alerts.route import make_alert, route
from monitor.cli.place import opened, settings_of
from monitor.cli.screen import plain, print_json, screen
from monitor.config import Receiver
from monitor.errors import SeedwatchError
from monitor.log import set_up
from monitor.records import Alert, AlertedItem, Batch, Delivery, DeliveryState, Outcome, Reason

if TYPE_CHECKING:
    from monitor.app import App


def test_alert(named: Path | None, receiver_name: str, *, as_json: bool) -> None:
    """Store a test alert with its deliveries, send them, and say what came back."""
    settings = settings_of(named)
    set_up("critical", settings.log.format)
    receivers = {receiver.name: receiver for receiver in settings.receivers}
    receiver = receivers.get(receiver_name)
    if receiver is None:
        known = ", ".join(receivers)
        raise SeedwatchError(f"there is no receiver {receiver_name!r}; the file has: {known}")
    with opened(settings, must_exist=False) as app:
        results = _send(app, receiver)
    failed = [result for result in results if result["state"] != DeliveryState.DELIVERED]
    if as_json:
        print_json(results)
    else:
        console = screen()
        for result in results:
            line = f"{result['destination']}: {result['state']}: {result['answer']}"
            console.print(plain(line.rstrip(": ")))
    if failed:
        raise SeedwatchError(f"{len(failed)} of {len(results)} destinations did not take it")


def _send(app: App, receiver: Receiver) -> list[dict[str, object]]:
    from monitor.rules import delivery_rules

    now = app.clock()
    alert = _alert(app, receiver.name)
    lease_until = now + delivery_rules(app.settings).lease
    # Due only when our own lease ends: a daemon that runs meanwhile must not send them too.
    deliveries = route(alert, receiver.destinations, lease_until)
    app.store.commit(Batch(alerts=(alert,), deliveries=deliveries))
    claims = app.store.claim_these([one.id for one in deliveries], lease_until)
    futures = [app.senders.submit(app.deliver.attempt, claim) for claim in claims]
    wait(futures)
    outcomes = {
        name: future.result() for future in futures for name in future.result().delivery_ids
    }
    return [_result(delivery, outcomes.get(delivery.id)) for delivery in deliveries]


def _result(delivery: Delivery, outcome: Outcome | None) -> dict[str, object]:
    return {
        "destination": delivery.destination,
        "id": delivery.id,
        "state": outcome.state if outcome else DeliveryState.SENDING,
        "answer": outcome.answer if outcome else "",
    }


def _alert(app: App, receiver: str) -> Alert:
    from monitor.topics.score import DEFAULT_THRESHOLD

    now = app.clock()
    item = AlertedItem(
        item_id="test",
        title="A test of seedwatch: no news",
        summary=f"You asked for this with `seedwatch test-alert {receiver}`. If you can read it,"
        " alerts reach you here.",
        source="seedwatch",
        url=None,
        published_at=None,
        first_seen_at=now,
        score=1.0,
        threshold=DEFAULT_THRESHOLD,
        terms=(),
        sources=("seedwatch",),
    )
    topics = [topic.name for topic in app.settings.topics if receiver in topic.receivers]
    topic = topics[0] if topics else "test"
    # The time makes each test its own: it must not be taken for a repeat of the last one.
    story = f"{now:%m%d%H%M%S%f}"
    return make_alert(topic, Reason.TEST, story, (item,), now)
