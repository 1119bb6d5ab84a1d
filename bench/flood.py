"""Ten thousand alerts at once, to a webhook, to Slack and by mail together, under three policies.

    .venv/bin/python -m bench.flood [ALERTS]

They come in polls of fifty, within one second, and pass the policy that the daemon passes them
through; then the outbox is emptied as the daemon does it, a tick a second by the clock of the
rules, which jumps to what is due next when nothing is. For each destination: messages, whether each
alert is told (alone, in a list, or counted as one more of a list), the largest message against the
limit of its channel, and the shortest pause between two.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import Engine, func, select

from monitor.alerts.payload import MAX_BYTES, encode
from monitor.alerts.route import make_alert
from monitor.alerts.schedule import Schedule
from monitor.deliver import Deliver, DeliveryRules
from monitor.notify.mail import compose
from monitor.notify.slack import body_of
from monitor.records import Alert, AlertedItem, Batch, DeliveryState, Message, Reason, Sent
from monitor.store import Slots, Store, migrate, open_engine
from monitor.store.schema import deliveries
from monitor.targets import ConsoleTarget, Destination, EmailTarget
from monitor.tell import Routes, Teller
from tests.fakes import made

START = datetime(2021, 11, 8, 14, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POLL = 50
KINDS = {"desk/1-webhook": "webhook", "desk/2-slack": "slack", "desk/3-email": "email"}
DESK = EmailTarget(
    to="desk@example.org",
    sender="seedwatch@example.org",
    host="localhost",
    port=25,
    security="none",
)
RULES = DeliveryRules(timeout=15 * SECOND, give_up_after=timedelta(days=30), kinds=KINDS)
# Of Slack (docs.slack.dev): blocks of a message, characters of a section and of a header.
BLOCKS, SECTION, HEADER = 50, 3_000, 150
# Bytes of a mail that no server refuses for its size; the shipped texts are far below.
MAIL_BYTES = 1_000_000
POLICIES: Mapping[str, Schedule] = {
    "as shipped: 30 s for companions": Schedule(group_wait=30 * SECOND),
    "at most 20 an hour one by one": Schedule(group_wait=30 * SECOND, burst=20),
    "no wait, no bound": Schedule(),
}


@dataclass(slots=True)
class Sink:
    """One destination that takes everything and measures it."""

    kind: str
    clock: Callable[[], datetime]
    messages: int = 0
    told: int = 0
    largest: int = 0
    ids: set[str] = field(default_factory=set)
    last: datetime | None = None
    shortest: timedelta | None = None

    def send(self, message: Message) -> Sent:
        """Take a message."""
        now = self.clock()
        if self.last is not None:
            self.shortest = min(now - self.last, self.shortest or timedelta.max)
        self.last = now
        assert message.id not in self.ids
        self.ids.add(message.id)
        self.messages += 1
        self.told += len(message.payload["items"]) + message.payload["left_out"]
        self.largest = max(self.largest, self._size(message))
        return Sent(answer="ok")

    def _size(self, message: Message) -> int:
        if self.kind == "slack":
            _check_blocks(message.blocks)
            return len(encode(body_of(message)))
        if self.kind == "email":
            size = len(compose(message, DESK).as_bytes())
            assert size < MAIL_BYTES
            return size
        size = len(encode(message.payload))
        assert size < MAX_BYTES
        return size


def _check_blocks(blocks: Iterable[Mapping[str, Any]]) -> None:
    """Hold a message against what Slack takes."""
    found = list(blocks)
    assert len(found) <= BLOCKS
    for block in found:
        elements = block.get("elements", ())
        assert len(elements) <= 10
        texts = [one["text"] for one in (*elements, block.get("text") or {"text": ""})]
        assert all(
            len(text) <= (HEADER if block["type"] == "header" else SECTION) for text in texts
        )


def alert_of(number: int) -> Alert:
    """Make the alert of one story."""
    item = AlertedItem(
        item_id=made.seen(str(number)).id,
        title=f"Poland deploys troops at its border with Belarus, report {number}",
        summary="Warsaw says that Minsk directs the attempts to cross. " * 4,
        source=f"Outlet {number % 90}",
        url=f"https://outlet.example/news/{number}",
        published_at=START,
        first_seen_at=START,
        score=0.5 + number % 500 / 1_000,
        threshold=0.5,
        terms=(),
        sources=(f"Outlet {number % 90}",),
    )
    return make_alert("border", Reason.FIRST_STORY, f"story{number:011}", (item,), START)


def fill(engine: Engine, count: int, schedule: Schedule) -> None:
    """Let polls bring so many alerts, within one second."""
    where = tuple(
        Destination(name=name, receiver="desk", kind="console", target=ConsoleTarget())
        for name in KINDS
    )
    topic = made.topic()
    store = Store(engine)
    store.sync_feeds([made.spec()], START)
    routes = Routes(destinations={topic.name: where}, schedules=dict.fromkeys(KINDS, schedule))
    for first in range(0, count, POLL):
        now = START + SECOND * first / count
        teller = Teller(routes, Slots(engine), now)
        numbers = range(first, min(first + POLL, count))
        items = tuple(made.judged(made.seen(str(number))) for number in numbers)
        told = tuple(replace(alert_of(number), created_at=now) for number in numbers)
        for alert in told:
            teller.tell(topic, alert)
        store.commit(Batch(items=items, alerts=told, deliveries=tuple(teller.deliveries)))


def empty(engine: Engine, sinks: dict[str, Sink], clock: list[datetime]) -> None:
    """Empty the outbox as the daemon does, without waiting for the clock."""
    notifiers = dict(sinks)
    deliver = Deliver(Store(engine), notifiers, RULES, clock=lambda: clock[0], chance=lambda: 0.5)
    waiting = select(func.min(deliveries.c.due_at)).where(deliveries.c.settled_at.is_(None))
    with ThreadPoolExecutor(8) as threads:
        while True:
            for future in deliver.deliver_due(threads, 8):
                future.result()
            with engine.connect() as connection:
                first = connection.execute(waiting).scalar_one()
            if first is None:
                return
            clock[0] = max(clock[0] + SECOND, first)


def measure(
    count: int, schedule: Schedule, *, is_traced: bool
) -> tuple[dict[str, Sink], float, float]:
    """Run one policy; gives the sinks, and seconds and megabytes of emptying the outbox."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'seedwatch.db'}")
        migrate(engine)
        fill(engine, count, schedule)
        clock = [START + SECOND]
        sinks = {name: Sink(kind=kind, clock=lambda: clock[0]) for name, kind in KINDS.items()}
        if is_traced:
            tracemalloc.start()
        started = time.perf_counter()
        empty(engine, sinks, clock)
        seconds = time.perf_counter() - started
        peak = tracemalloc.get_traced_memory()[1] if is_traced else 0
        tracemalloc.stop()
        with engine.connect() as connection:
            states = connection.execute(select(deliveries.c.state, func.count()).group_by("state"))
            assert dict(map(tuple, states)) == {DeliveryState.DELIVERED: count * len(KINDS)}
        engine.dispose()
    return sinks, seconds, peak / 1e6


def main() -> None:
    """Measure, and print a table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"{count} alerts at once, to {len(KINDS)} destinations\n")
    print(
        "| policy | destination | messages | alerts told | largest, bytes | shortest pause | span |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    costs = []
    for name, schedule in POLICIES.items():
        sinks, seconds, _ = measure(count, schedule, is_traced=False)
        _, _, megabytes = measure(min(count, 3_000), schedule, is_traced=True)
        costs.append(f"{name}: {seconds:.1f} s, {megabytes:.0f} MB")
        for sink in sinks.values():
            assert sink.told == count
            assert sink.kind != "slack" or sink.shortest is None or sink.shortest >= SECOND
            pause = "-" if sink.shortest is None else f"{sink.shortest.total_seconds():g} s"
            span = (sink.last or START) - START
            print(
                f"| {name} | {sink.kind} | {sink.messages:,} | {sink.told:,}"
                f" | {sink.largest:,} | {pause} | {span} |",
                flush=True,
            )
    print("\n" + "\n".join(costs))


if __name__ == "__main__":
    main()
