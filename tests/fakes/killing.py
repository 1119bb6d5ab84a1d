"""The real service with a part that kills it at a named step of its work, as `kill -9` would.

    python tests/fakes/killing.py STEP --config FILE

It dies over the item whose title has DOOMED in it. Nothing of the service is
patched: the app is wired as always, then one of its parts is replaced by one that dies.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from monitor.app import App, make_notifiers, open_database, wire
from monitor.cli.service import leave
from monitor.config import load
from monitor.daemon import Daemon
from monitor.deliver import Deliver
from monitor.ingest import Ingest
from monitor.log import set_up
from monitor.poll import Poller
from monitor.reading import Reading, ReadResult
from monitor.records import (
    Batch,
    Claim,
    DeliveryState,
    Feed,
    Message,
    Notifier,
    Outcome,
    Sent,
)
from monitor.rules import delivery_rules, turn_rules, watch_of
from monitor.store import Hands, Store, sole_daemon
from monitor.store.store import NOTHING

DOOMED = "Hackers publish the passports of colonels"


def die() -> None:
    """End here and now: nothing is flushed, closed or told."""
    os.kill(os.getpid(), signal.SIGKILL)


class DyingStore(Store):
    """Dies before or after it has written what concerns the doomed item."""

    def __init__(self, app: App, step: str) -> None:
        super().__init__(app.engine)
        self._step = step
        self._doomed: set[str] = set()

    def commit(self, batch: Batch, also: Callable[[Connection], None] | None = None) -> None:
        """Die before the commit of its alert, or after; or after a baseline, or a catch-up."""
        is_doomed = any(DOOMED in item.title for alert in batch.alerts for item in alert.items)
        if self._step == "judged" and is_doomed:
            die()
        super().commit(batch, also)
        is_baseline = any(judged.seen.baseline for judged in batch.items)
        if (
            (self._step == "committed" and is_doomed)
            or (self._step == "baseline" and is_baseline)
            or (self._step == "caught-up" and batch.caught_up)
        ):
            die()

    def claim(self, now: datetime, lease: timedelta, hands: Hands) -> list[Claim]:
        """Remember which deliveries are the doomed item's."""
        claims = super().claim(now, lease, hands)
        for claim in claims:
            self._look_at(claim)
        return claims

    def claim_next(
        self, destination: str, now: datetime, lease: timedelta, *, collapsing: Collection[str] = ()
    ) -> Claim | None:
        """Do the same with what follows."""
        claim = super().claim_next(destination, now, lease, collapsing=collapsing)
        if claim is not None:
            self._look_at(claim)
        return claim

    def _look_at(self, claim: Claim) -> None:
        if any(DOOMED in item.title for alert in claim.alerts for item in alert.items):
            self._doomed |= {one.id for one in claim.deliveries}

    def settle(self, outcome: Outcome, also: Batch = NOTHING) -> None:
        """Die after its delivery is written down."""
        super().settle(outcome, also)
        is_over = outcome.state is DeliveryState.DELIVERED
        if self._step == "settled" and is_over and self._doomed.intersection(outcome.delivery_ids):
            die()


class DyingNotifier:
    """Dies before it sends the doomed item, or when that was taken."""

    def __init__(self, real: Notifier, step: str) -> None:
        self._real = real
        self._step = step

    def send(self, message: Message) -> Sent:
        """Send it, or die."""
        is_doomed = DOOMED in message.subject
        if self._step == "claimed" and is_doomed:
            die()
        sent = self._real.send(message)
        if self._step == "sent" and is_doomed:
            die()
        return sent


def dying_over_a_document(app: App, _step: str) -> App:
    """Die when a document with the doomed item was read, before anything is judged."""

    def take(feed: Feed, result: ReadResult) -> Batch:
        said = result.said if isinstance(result, Reading) else None
        if said and any(DOOMED in item.title for item in said.items):
            die()
        return app.ingest.take(feed, result)

    return replace(app, poller=_poller(app, take))


def dying_in_the_store(app: App, step: str) -> App:
    """Die around a transaction."""
    store = DyingStore(app, step)
    ingest = Ingest(store, app.tracker, watch_of(app.settings), app.pacer, chance=random.random)
    notifiers = make_notifiers(app.settings, app.client, app.clock)
    app = replace(app, store=store, ingest=ingest, deliver=_deliver(app, store, notifiers))
    return replace(app, poller=_poller(app, ingest.take))


def dying_over_a_message(app: App, step: str) -> App:
    """Die around a send."""
    real = make_notifiers(app.settings, app.client, app.clock)
    dying = {name: DyingNotifier(notifier, step) for name, notifier in real.items()}
    return replace(app, deliver=_deliver(app, app.store, dying))


def living(app: App, _step: str) -> App:
    """Never die."""
    return app


# Each named step, and the part that dies at it.
STEPS: Mapping[str, Callable[[App, str], App]] = {
    "fetched": dying_over_a_document,
    "judged": dying_in_the_store,
    "committed": dying_in_the_store,
    "baseline": dying_in_the_store,
    "caught-up": dying_in_the_store,
    "claimed": dying_over_a_message,
    "sent": dying_over_a_message,
    "settled": dying_in_the_store,
    "never": living,
}
# Quicker than the command's, so that a short life has many steps.
TICK = timedelta(seconds=0.1)


def _deliver(app: App, store: Store, notifiers: Mapping[str, Notifier]) -> Deliver:
    rules = delivery_rules(app.settings)
    return Deliver(store, notifiers, rules, clock=app.clock, chance=random.random)


def _poller(app: App, take: Callable[[Feed, ReadResult], Batch]) -> Poller:
    return Poller(app.store, app.reader.read, take, turn_rules(app.settings), app.fetchers)


def run(step: str, path: Path) -> None:
    """Run the service until it dies, or until SIGTERM."""
    settings = load(path, os.environ)
    set_up(settings.log.level, settings.log.format)
    engine = open_database(settings)
    with sole_daemon(engine):
        app = STEPS[step](wire(settings, engine), step)
        Daemon(app, lambda: load(path, os.environ), tick=TICK).run()
    leave()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] != "--config" or sys.argv[1] not in STEPS:
        sys.exit(f"usage: killing.py STEP --config FILE, with a STEP of {', '.join(STEPS)}")
    run(sys.argv[1], Path(sys.argv[3]))
