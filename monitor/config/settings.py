"""What the program gets to know of the configuration: checked, complete, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from monitor.alerts.own import OwnTemplates
from monitor.alerts.report import ReportPlan
from monitor.alerts.schedule import AT_ONCE, Schedule
from monitor.records import Allowed, FeedSpec, Topic
from monitor.targets import Destination, Secret

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["auto", "plain", "json"]
SmtpSecurity = Literal["starttls", "tls", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who is told: a name and the destinations behind it, in the order of the file."""

    name: str
    destinations: tuple[Destination, ...]
    # When it wants to be told.
    schedule: Schedule = AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Polling:
    """How feeds are polled."""

    # The average time between two polls of those feeds that do not name their own.
    every: timedelta
    # However busy a feed is, it is not polled more often; at most `every`.
    at_most_every: timedelta
    # However quiet a feed is, it is polled this often.
    at_least_every: timedelta
    # Polls at the same time of one host.
    per_host: int
    # Between two polls of one host.
    host_spacing: timedelta
    # Polls at the same time in all.
    workers: int
    # For one poll from the first byte to the last.
    timeout: timedelta
    # A larger document is refused.
    max_bytes: int
    # E-mail or web address that the User-Agent shows to those we poll.
    contact: str | None = None
    # Failures of a feed in a row after which the operator is told.
    tell_after_failures: int = 5
    # What may be polled though it is not on the public internet.
    allow_addresses: tuple[Allowed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryPolicy:
    """How long a delivery may take, at a time and in all."""

    # For one attempt.
    timeout: timedelta
    # A delivery that is older expires.
    give_up_after: timedelta
    # How long the first alert of a topic waits for companions.
    group_wait: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """How long what is stored is kept; None: for ever."""

    # Counted from when a feed last listed the item.
    items: timedelta | None = timedelta(days=90)
    # At least as long as items.
    alerts: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What the log shows, and how."""

    level: LogLevel
    # `auto`: plain on a terminal, else JSON.
    format: LogFormat


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """An address of this machine."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSub:
    """How hubs reach us."""

    # The public address that leads to `listen`, without a slash at its end.
    callback_url: str
    listen: Listen


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What is called while all goes well."""

    # As good as a password: who knows it can hide that we are gone.
    url: Secret
    every: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole configuration."""

    # The file it was read from.
    path: Path
    topics: tuple[Topic, ...]
    # Each URL once, with all groups that list it.
    feeds: tuple[FeedSpec, ...]
    receivers: tuple[Receiver, ...]
    polling: Polling
    delivery: DeliveryPolicy
    # May hold a password, so it is left out of dumps.
    store_url: str = field(repr=False)
    log: Log
    keep: Keep = Keep()
    # Names of the receivers that get notices, in the order of the file.
    operator: tuple[str, ...] = ()
    # None: nothing listens, and no hub is asked.
    websub: WebSub | None = None
    # Where the service can be watched; None: nowhere.
    health: Listen | None = None
    # None: nobody is called.
    heartbeat: Heartbeat | None = None
    # Of those receivers that have templates of their own, by the receiver's name.
    templates: Mapping[str, OwnTemplates] = field(default_factory=dict)
    # None: topics are not reported on.
    reports: ReportPlan | None = None
