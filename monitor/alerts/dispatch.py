"""To whom an alert goes, and when: receivers' schedules and silences over plain routes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from monitor.alerts.plan import Missed, Slot, plan, replan
from monitor.alerts.route import route
from monitor.alerts.schedule import AT_ONCE, Schedule
from monitor.alerts.silence import Silence, Told, in_words, silencing
from monitor.records import Alert, Delivery, Topic, Withheld
from monitor.targets import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What decides when and to whom the alerts of one topic go."""

    # By the names of destinations; one that is not named is told at once.
    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    urgent: bool = False
    # By the names of destinations: when alerts of the topic went there at once, within an hour.
    recent: Mapping[str, Sequence[datetime]] = field(default_factory=dict)
    silences: tuple[Silence, ...] = ()
    # Given for what came in a time in which nothing was read.
    missed: Missed | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """The deliveries of an alert, and the receivers that are not told, each with the reason."""

    deliveries: tuple[Delivery, ...] = ()
    withheld: tuple[Withheld, ...] = ()


def dispatch(
    alert: Alert, destinations: Iterable[Destination], policy: Policy, now: datetime
) -> Dispatch:
    """Give the deliveries of an alert, each with its due time and group by its schedule.

    Every destination has a delivery, unless its receiver is silenced: then it is withheld.
    """
    told = about(alert)
    open_to: list[Destination] = []
    withheld: dict[str, Withheld] = {}
    for destination in destinations:
        receiver = destination.receiver
        found = silencing(policy.silences, told, now, receiver=receiver)
        if found is None:
            open_to.append(destination)
        else:
            withheld[receiver] = Withheld(
                alert_id=alert.id, receiver=receiver, why=in_words(found), at=now
            )
    deliveries = []
    for delivery in route(alert, open_to, now):
        slot = plan(
            policy.schedules.get(delivery.destination, AT_ONCE),
            alert.topic,
            urgent=policy.urgent,
            now=now,
            recent=policy.recent.get(delivery.destination, ()),
            missed=policy.missed,
        )
        deliveries.append(
            replace(
                delivery,
                due_at=slot.due_at,
                group=slot.group,
            )
        )
    return Dispatch(deliveries=tuple(deliveries), withheld=tuple(withheld.values()))


def redated(
    delivery: Delivery, topic: Topic, schedules: Mapping[str, Schedule], now: datetime
) -> Slot | None:
    """Give the slot that a waiting delivery of a topic has by the schedules of now.

    None if it is the one that it has, or if nobody says when its destination is to be told.
    """
    schedule = schedules.get(delivery.destination)
    if schedule is None:
        return None
    slot = Slot(due_at=delivery.due_at, group=delivery.group)
    wanted = replan(
        schedule,
        topic.name,
        urgent=topic.urgent,
        made_at=delivery.created_at,
        slot=slot,
        now=now,
    )
    return None if wanted == slot else wanted


def about(alert: Alert) -> Told:
    """Say what an alert tells, as silences look at it."""
    return Told(
        topic=alert.topic,
        story=alert.story_id,
        sources=frozenset(item.source for item in alert.items),
    )
