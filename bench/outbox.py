"""Ten thousand alerts at once, to a chat and to a machine: time, memory and messages.

    .venv/bin/python -m bench.outbox [ALERTS]

The rival is a bare loop over the same rows: one select, and for each row the same rendering, one
send and one commit that marks it. It has no lease, no order between senders, no retry and no bound:
what the lines cost beyond it is the price of the promise.
"""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Engine, select, update

from monitor.alerts.payload import MAX_BYTES, encode
from monitor.alerts.render import render
from monitor.alerts.route import make_alert, route
from monitor.deliver import Deliver, DeliveryRules
from monitor.records import AlertedItem, Batch, DeliveryState, Message, Reason
from monitor.store import Store, migrate, open_engine, rows
from monitor.store.schema import alerts, deliveries
from monitor.targets import ConsoleTarget, Destination

START = datetime(2021, 11, 8, 14, tzinfo=UTC)
RULES = DeliveryRules(
    timeout=timedelta(seconds=15),
    give_up_after=timedelta(days=3),
    kinds={"desk/slack": "slack", "desk/webhook": "webhook"},
)


class Sink:
    """Takes everything, and measures it."""

    def __init__(self) -> None:
        self.messages = 0
        self.most_blocks = 0
        self.most_bytes = 0

    def send(self, message: Message) -> str:
        """Take a message."""
        self.messages += 1
        self.most_blocks = max(self.most_blocks, len(message.blocks))
        self.most_bytes = max(self.most_bytes, len(encode(message.payload)))
        return "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one way of emptying an outbox took."""

    seconds: float
    # Of Python objects, at the highest.
    megabytes: float
    messages: int
    most_blocks: int
    most_bytes: int
    # By the clock of the rules: what pacing makes of it.
    span: timedelta


def fill(engine: Engine, count: int, to: str) -> None:
    """Commit so many alerts, due now to one destination."""
    where = Destination(name=to, receiver="desk", kind="console", target=ConsoleTarget())
    made, due = [], []
    for number in range(count):
        item = AlertedItem(
            item_id=f"{number:016}",
            title=f"Poland deploys troops at its border with Belarus, report {number}",
            summary="Warsaw says that Minsk directs the attempts to cross.",
            source=f"Outlet {number % 90}",
            url=f"https://outlet.example/news/{number}",
            published_at=START,
            first_seen_at=START,
            score=0.5 + number % 500 / 1_000,
            threshold=0.5,
            terms=(),
            sources=(f"Outlet {number % 90}",),
        )
        alert = make_alert("border", Reason.TEST, f"{number:016}", (item,), START)
        made.append(alert)
        due += [replace(one, created_at=START) for one in route(alert, [where], START)]
    Store(engine).commit(Batch(alerts=tuple(made), deliveries=tuple(due)))


def lines(engine: Engine, sink: Sink, to: str) -> timedelta:
    """Empty the outbox as the daemon does, a tick a second, without waiting for the clock."""
    now = START
    deliver = Deliver(Store(engine), {to: sink}, RULES, clock=lambda: now, chance=lambda: 0.5)
    waiting = select(deliveries.c.id).where(deliveries.c.settled_at.is_(None)).limit(1)
    with ThreadPoolExecutor(8) as threads:
        while True:
            for future in deliver.deliver_due(threads, 8):
                future.result()
            with engine.connect() as connection:
                if connection.execute(waiting).first() is None:
                    return now - START
            now += timedelta(seconds=1)


def bare_loop(engine: Engine, sink: Sink, _to: str) -> timedelta:
    """Empty the outbox by a loop, as one would write it at first."""
    query = select(deliveries.c.id.label("delivery_id"), alerts).join(alerts)
    with engine.connect() as connection:
        found = connection.execute(query.order_by(deliveries.c.created_at)).mappings().all()
    for row in found:
        sink.send(render(rows.alert_of(row), message_id=row["delivery_id"]))
        mine = deliveries.c.id == row["delivery_id"]
        ended = {"state": DeliveryState.DELIVERED, "settled_at": START}
        with engine.begin() as tx:
            tx.execute(update(deliveries).where(mine).values(ended))
    return timedelta(seconds=len(found))


def measure(way: Callable[[Engine, Sink, str], timedelta], count: int, to: str) -> Run:
    """Fill an outbox and let a way empty it; memory is traced in a run of its own."""
    figures = []
    for is_traced in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            engine = open_engine(f"sqlite:///{Path(folder) / 'seedwatch.db'}")
            migrate(engine)
            fill(engine, count, to)
            sink = Sink()
            if is_traced:
                tracemalloc.start()
            started = time.perf_counter()
            span = way(engine, sink, to)
            figures.append(time.perf_counter() - started)
            peak = tracemalloc.get_traced_memory()[1] if is_traced else 0
            tracemalloc.stop()
            engine.dispose()
    return Run(
        seconds=figures[0],
        megabytes=peak / 1e6,
        messages=sink.messages,
        most_blocks=sink.most_blocks,
        most_bytes=sink.most_bytes,
        span=span,
    )


def main() -> None:
    """Measure, and print a table."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    print(f"{count} alerts at once\n")
    print("| way | seconds | MB | messages | most blocks | most bytes | span |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    ways = (
        ("lines, to Slack", lines, "desk/slack"),
        ("lines, to a webhook", lines, "desk/webhook"),
        ("bare loop", bare_loop, "desk/webhook"),
    )
    for name, way, to in ways:
        run = measure(way, count, to)
        assert run.most_blocks <= 50
        assert run.most_bytes < MAX_BYTES
        print(
            f"| {name} | {run.seconds:.1f} | {run.megabytes:.0f} | {run.messages:,}"
            f" | {run.most_blocks} | {run.most_bytes:,} | {run.span.total_seconds():.0f} s |"
        )


if __name__ == "__main__":
    main()
