"""What the alerts of one poll become: deliveries by schedule and silence. Stores nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from monitor.alerts.dispatch import Policy, dispatch
from monitor.alerts.plan import HOUR, Missed
from monitor.alerts.schedule import Schedule
from monitor.alerts.silence import Silence, Told, in_words, silencing
from monitor.records import Alert, Delivery, Topic, Withheld
from monitor.targets import Destination


class Outbox(Protocol):
    """What telling asks of a store."""

    def silences(self, now: datetime) -> list[Silence]:
        """Give the silences that hold at a time."""
        ...

    def told_at_once(self, topic: str, since: datetime) -> list[tuple[str, datetime]]:
        """Give destination and time of a topic's alerts that were planned to go at once."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Routes:
    """Where the alerts of each topic go, and when each destination wants them."""

    # By the names of topics.
    destinations: Mapping[str, tuple[Destination, ...]]
    # By the names of destinations.
    schedules: Mapping[str, Schedule] = field(default_factory=dict)


class Teller:
    """Makes deliveries of the alerts of one poll; a poll has one of its own.

    `now` is the time of all of them; `missed` is given if they came while nothing was read.
    """

    def __init__(
        self,
        routes: Routes,
        outbox: Outbox | None,
        now: datetime,
        missed: Missed | None = None,
    ) -> None:
        self.deliveries: list[Delivery] = []
        self.withheld: list[Withheld] = []
        self._routes = routes
        self._outbox = outbox
        self._now = now
        self._missed = missed
        self._silences: tuple[Silence, ...] | None = None
        # Topic -> destination -> when alerts went there at once within the last hour.
        self._recent: dict[str, dict[str, list[datetime]]] = {}

    def silenced(self, topic: Topic, story_id: str, source: str) -> str:
        """Say why nobody may be told of an item; empty if somebody may."""
        silences = self._holding()
        destinations = self._routes.destinations[topic.name]
        receivers = dict.fromkeys(one.receiver for one in destinations)
        if not silences or not receivers:
            return ""
        told = Told(topic=topic.name, story=story_id, sources=frozenset({source}))
        found = [silencing(silences, told, self._now, receiver=one) for one in receivers]
        return in_words(found[0]) if found[0] is not None and all(found) else ""

    def tell(self, topic: Topic, alert: Alert) -> None:
        """Add the deliveries of an alert."""
        destinations = self._routes.destinations[topic.name]
        recent = self._recent_of(topic.name)
        policy = Policy(
            schedules=self._routes.schedules,
            urgent=topic.urgent,
            recent=recent,
            silences=self._holding(),
            missed=self._missed,
        )
        made = dispatch(alert, destinations, policy, self._now)
        self.deliveries += made.deliveries
        self.withheld += made.withheld
        for delivery in made.deliveries:
            if delivery.group in {"", topic.name}:
                recent[delivery.destination].append(self._now)

    def _holding(self) -> tuple[Silence, ...]:
        if self._silences is None:
            self._silences = tuple(self._outbox.silences(self._now)) if self._outbox else ()
        return self._silences

    def _recent_of(self, topic: str) -> dict[str, list[datetime]]:
        if topic not in self._recent:
            found: defaultdict[str, list[datetime]] = defaultdict(list)
            bounded = any(
                one.name in self._routes.schedules
                and self._routes.schedules[one.name].burst is not None
                for one in self._routes.destinations[topic]
            )
            if bounded and self._outbox:
                for destination, at in self._outbox.told_at_once(topic, self._now - HOUR):
                    found[destination].append(at)
            self._recent[topic] = found
        return self._recent[topic]
