"""What the configuration sets for each step, as the record that the step takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from monitor.config import Settings
from monitor.deliver import DeliveryRules
from monitor.feeds.pace import Bounds
from monitor.feeds.pacer import Pacer
from monitor.feeds.schedule import JITTER
from monitor.feeds.turns import TurnRules, steady_rate
from monitor.judge import Watch
from monitor.reporter import ReporterRules
from monitor.targets import Destination
from monitor.upkeep import KeepRules


def watch_of(settings: Settings) -> Watch:
    """Say what is watched, and who is told."""
    by_name = {receiver.name: receiver.destinations for receiver in settings.receivers}
    destinations: Mapping[str, tuple[Destination, ...]] = {
        topic.name: tuple(one for name in topic.receivers for one in by_name[name])
        for topic in settings.topics
    }
    return Watch(
        topics=settings.topics,
        destinations=destinations,
        at_least_every=settings.polling.at_least_every,
        schedules={
            destination.name: receiver.schedule
            for receiver in settings.receivers
            for destination in receiver.destinations
        },
    )


def operator_of(settings: Settings) -> tuple[Destination, ...]:
    """Say where notices go."""
    by_name = {receiver.name: receiver.destinations for receiver in settings.receivers}
    return tuple(one for name in settings.operator for one in by_name[name])


def destinations_of(settings: Settings) -> tuple[Destination, ...]:
    """Give every destination there is."""
    return tuple(one for receiver in settings.receivers for one in receiver.destinations)


def turn_rules(settings: Settings) -> TurnRules:
    """Give the rules of turns that the configuration sets."""
    polling = settings.polling
    return TurnRules(
        workers=polling.workers,
        per_host=polling.per_host,
        host_spacing=polling.host_spacing,
        starts_per_second=steady_rate(len(settings.feeds), polling.every),
    )


def delivery_rules(settings: Settings) -> DeliveryRules:
    """Give the rules of delivery that the configuration sets."""
    policy = settings.delivery
    templates = {
        destination.name: settings.templates[receiver.name]
        for receiver in settings.receivers
        if receiver.name in settings.templates
        for destination in receiver.destinations
    }
    return DeliveryRules(
        timeout=policy.timeout,
        give_up_after=policy.give_up_after,
        kinds={one.name: one.kind for one in destinations_of(settings)},
        templates=templates,
    )


def reporter_rules(settings: Settings) -> ReporterRules:
    """Say what is told unasked."""
    watch = watch_of(settings)
    return ReporterRules(
        plan=settings.reports,
        failures_told=settings.polling.tell_after_failures,
        topics=watch.topics,
        destinations=watch.destinations,
    )


def keep_rules(settings: Settings) -> KeepRules:
    """Say how long what is stored is kept."""
    return KeepRules(items=settings.keep.items, alerts=settings.keep.alerts)


def make_pacer(settings: Settings) -> Pacer:
    """Make what shares the polls among the feeds, within the bounds of the configuration."""
    polling = settings.polling
    # What is planned may be stretched by chance, and still has to come in time.
    most = max(polling.every, polling.at_least_every / (1 + JITTER))
    return Pacer(polling.every, Bounds(least=polling.at_most_every, most=most))
