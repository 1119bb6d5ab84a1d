"""The real service with a part that kills it at a named step of its work, as `kill -9` would.

    python tests/fakes/killing.py STEP --config FILE

It dies over the item whose title has DOOMED in it, or at a statement to its database. Nothing of
the service is patched: the app is wired as always, then one of its parts is replaced by one that
dies, or its engine is listened to. Its clock is one that tests may set (`clocks.py`).
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

from sqlalchemy import Connection, Engine, event

from monitor.app import App, make_notifiers, wire
from monitor.cli.service import leave
from monitor.config import Settings, load
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
    Editor,
    Feed,
    Message,
    Notifier,
    Outcome,
    Sent,
)
from monitor.recount import Recounter
from monitor.rules import delivery_rules, turn_rules, watch_of
from monitor.store import Hands, Recounts, Store, migrate, open_engine, sole_daemon
from monitor.store.store import NOTHING
from tests.fakes.clocks import clock_of

DOOMED = "Hackers publish the passports of colonels"
# In the subject of what the operator is told of a message that was refused.
REFUSED = "was refused for good"


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
        """Die after its delivery is written down, or around the end of one that is refused."""
        is_refused = outcome.state is DeliveryState.DEAD
        if self._step == "refused" and is_refused:
            die()
        super().settle(outcome, also)
        if self._step == "noticed" and is_refused:
            die()
        is_over = outcome.state is DeliveryState.DELIVERED
        if self._step == "settled" and is_over and self._doomed.intersection(outcome.delivery_ids):
            die()


class DyingNotifier:
    """Dies before it sends the doomed item, alone or with others, or when that was taken."""

    def __init__(self, real: Notifier, step: str) -> None:
        self._real = real
        self._step = step

    def send(self, message: Message) -> Sent:
        """Send it, or die."""
        is_doomed = DOOMED in " ".join(message.text.split())
        if self._step == "claimed" and is_doomed:
            die()
        sent = self._real.send(message)
        if self._step == "sent" and is_doomed:
            die()
        if self._step == "operator-told" and REFUSED in message.subject:
            die()
        return sent


class DyingEditor:
    """Dies when an edit was taken."""

    def __init__(self, real: Editor) -> None:
        self._real = real

    def send(self, message: Message) -> Sent:
        """Send it."""
        return self._real.send(message)

    def edit(self, message: Message, receipt: Mapping[str, str]) -> None:
        """Have it edited, and die."""
        self._real.edit(message, receipt)
        die()


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


def dying_over_an_edit(app: App, _step: str) -> App:
    """Die when a message was edited, before that is noted."""
    real = make_notifiers(app.settings, app.client, app.clock)
    dying = {name: DyingEditor(one) for name, one in real.items() if isinstance(one, Editor)}
    recounts = Recounts(app.engine)
    return replace(app, recounter=Recounter(recounts, dying, app.deliver.render, clock=app.clock))


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
    "refused": dying_in_the_store,
    "noticed": dying_in_the_store,
    "operator-told": dying_over_a_message,
    "edited": dying_over_an_edit,
    "migrating": living,
    "migrated": living,
    "starting": living,
    "redating": living,
    "reloading": living,
    "never": living,
}
# Those that die before a statement to the database that has these words.
STATEMENTS: Mapping[str, str] = {
    # Half the tables are there.
    "migrating": "CREATE TABLE mailboxes",
    # All are; it is not committed.
    "migrated": "version_num='0009'",
    # Feeds and topics are taken over, mailboxes are not.
    "starting": "INSERT INTO mailboxes",
    # What waits gets other times by a configuration that is not in force yet.
    "redating": "UPDATE deliveries SET due_at",
}
# Quicker than the command's, so that a short life has many steps.
TICK = timedelta(seconds=0.1)


def _deliver(app: App, store: Store, notifiers: Mapping[str, Notifier]) -> Deliver:
    return Deliver(
        store,
        notifiers,
        delivery_rules(app.settings),
        clock=app.clock,
        chance=random.random,
        notices=app.notices,
    )


def _poller(app: App, take: Callable[[Feed, ReadResult], Batch]) -> Poller:
    return Poller(app.store, app.reader.read, take, turn_rules(app.settings), app.fetchers)


def _die_at(engine: Engine, words: str) -> None:
    """Die before the first statement that has these words."""

    def look_at(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if words in statement:
            die()

    event.listen(engine, "before_cursor_execute", look_at)


def run(step: str, path: Path) -> None:
    """Run the service until it dies, or until SIGTERM."""
    settings = load(path, os.environ)
    set_up(settings.log.level, settings.log.format)
    engine = open_engine(settings.store_url)
    if step in STATEMENTS:
        _die_at(engine, STATEMENTS[step])
    migrate(engine)

    def reload() -> Settings:
        if step == "reloading":
            die()
        return load(path, os.environ)

    with sole_daemon(engine):
        app = STEPS[step](wire(settings, engine, clock=clock_of(path.parent)), step)
        Daemon(app, reload, tick=TICK).run()
    leave()


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[2] != "--config" or sys.argv[1] not in STEPS:
        sys.exit(f"usage: killing.py STEP --config FILE, with a STEP of {', '.join(STEPS)}")
    run(sys.argv[1], Path(sys.argv[3]))
