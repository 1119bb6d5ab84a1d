"""What `status` shows of receivers' schedules and of silences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from rich.console import Console

from monitor.alerts.schedule import AT_ONCE, Schedule
from monitor.alerts.schedule_words import in_words, state_in_words
from monitor.alerts.silence import Silence, subject
from monitor.cli.screen import ago, plain

if TYPE_CHECKING:
    from monitor.app import App

# Of silences, on one screen.
MOST_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverStatus:
    """When one receiver is told, and what waits for that."""

    name: str
    # Its schedule in words.
    told: str
    # What the schedule does just now; empty if it holds nothing.
    now: str
    # Deliveries that wait for their time, and when the first of them is due.
    held: int
    next_due_at: datetime | None
    # It is told at once, whenever that is.
    is_plain: bool


def receiver_status(app: App, now: datetime) -> tuple[ReceiverStatus, ...]:
    """Say of each receiver when it is told, and what waits for that."""
    waiting = [one.delivery for one in app.slots.waiting() if one.delivery.due_at > now]
    held = Counter(_receiver(one.destination) for one in waiting)
    first: dict[str, datetime] = {}
    for one in waiting:
        name = _receiver(one.destination)
        first[name] = min(one.due_at, first.get(name, one.due_at))
    return tuple(
        ReceiverStatus(
            name=one.name,
            told=in_words(one.schedule),
            now=state_in_words(one.schedule, now),
            held=held[one.name],
            next_due_at=first.get(one.name),
            is_plain=_is_plain(one.schedule),
        )
        for one in app.settings.receivers
    )


def _receiver(destination: str) -> str:
    return destination.partition("/")[0]


def _is_plain(schedule: Schedule) -> bool:
    return (schedule.digest, schedule.quiet, schedule.burst) == (
        AT_ONCE.digest,
        AT_ONCE.quiet,
        AT_ONCE.burst,
    )


def show_receivers(console: Console, receivers: Iterable[ReceiverStatus], now: datetime) -> None:
    """Say when those are told that are not simply told at once."""
    for one in receivers:
        if one.is_plain:
            continue
        state = f"; {one.now}" if one.now else ""
        console.print(plain(f"receiver {one.name}: {one.told}{state}"))
        if one.held and one.next_due_at is not None:
            due = ago(one.next_due_at, now)
            many = f"{one.held} deliveries wait, the first due"
            console.print(f"  {'1 delivery waits, due' if one.held == 1 else many} {due}")


def show_silences(console: Console, silences: tuple[Silence, ...], now: datetime) -> None:
    """Say what is silenced: quiet and broken must not look the same."""
    for one in silences[:MOST_SHOWN]:
        line = f"silenced: {subject(one)}, ends {ago(one.until, now)}: {one.comment} ({one.author})"
        console.print(plain(line))
    if len(silences) > MOST_SHOWN:
        console.print(f"  … and {len(silences) - MOST_SHOWN} more (`seedwatch silence list`)")
