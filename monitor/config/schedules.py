"""The schedule of a receiver: what may not stand together, and the record that is made of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from monitor.alerts.schedule import ALL_DAYS, DAY_MINUTES, Digest, Quiet, Schedule
from monitor.config.faults import Faults
from monitor.config.settings import DeliveryPolicy
from monitor.config.shape import DigestShape, ReceiverShape
from monitor.config.times import parse_quiet
from monitor.config.tree import Node

_WEEK_MINUTES = 7 * DAY_MINUTES


def check_schedules(receivers: Node, faults: Faults) -> None:
    """Find schedules that cannot be kept: whole weeks of quiet hours, digests of two minds."""
    for receiver in receivers.children.values():
        digest = receiver.children.get("digest")
        if digest is not None and isinstance(digest.value, Mapping):
            _check_digest(digest, faults)
        quiet = receiver.children.get("quiet")
        if quiet is not None and _is_whole_week(_readable(quiet)):
            faults.add(quiet, "leaves no time of the week to send anything in")


def _check_digest(digest: Node, faults: Faults) -> None:
    if {"every", "at"} <= digest.children.keys():
        faults.add(digest, "has 'every' and 'at' at once; keep one")
    elif {"every", "at"}.isdisjoint(digest.children):
        faults.add(digest, "needs 'every' or 'at'")
    if {"every", "days"} <= digest.children.keys():
        faults.add(digest.children["days"], "goes with 'at' only")


def _readable(quiet: Node) -> Iterator[Quiet]:
    for node in quiet.items or (quiet,):
        try:
            yield parse_quiet(node.text)
        except ValueError:
            # It is a fault of its own already.
            continue


def _is_whole_week(hours: Iterator[Quiet]) -> bool:
    """Say whether quiet hours cover each minute of the week."""
    covered: set[int] = set()
    for quiet in hours:
        for day in quiet.days:
            minutes = range(day * DAY_MINUTES + quiet.start, day * DAY_MINUTES + quiet.end)
            covered.update(minute % _WEEK_MINUTES for minute in minutes)
    return len(covered) == _WEEK_MINUTES


def build_schedule(receiver: ReceiverShape | None, delivery: DeliveryPolicy) -> Schedule:
    """Make the schedule of a receiver that has no faults; None stands for a plain list."""
    if receiver is None:
        return Schedule(group_wait=delivery.group_wait)
    wait = receiver.group_wait
    return Schedule(
        zone=receiver.zone,
        group_wait=delivery.group_wait if wait is None else wait,
        digest=None if receiver.digest is None else _digest(receiver.digest),
        quiet=tuple(receiver.quiet or ()),
        burst=receiver.burst,
    )


def _digest(shape: DigestShape) -> Digest:
    if shape.every is not None:
        return Digest(every=shape.every)
    return Digest(at=tuple(sorted(set(shape.at or ()))), days=shape.days or ALL_DAYS)
