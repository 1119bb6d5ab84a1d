"""What `status` shows, whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from monitor.alerts.silence import Silence
from monitor.cli.pushes import PushStatus
from monitor.cli.receivers import ReceiverStatus
from monitor.feeds.pace import Bounds
from monitor.feeds.troubles import Trouble
from monitor.findings import Finding, health
from monitor.records import Delivery, Feed
from monitor.standing import Standing
from monitor.store import Room, Upkeep
from monitor.store.mailboxes import MailboxReport
from monitor.store.reports import TopicReport
from monitor.topics.threshold import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that will happen."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """All that `status` shows."""

    # What is wrong; empty if all is well.
    findings: tuple[Finding, ...]
    is_running: bool
    topics: tuple[TopicReport, ...]
    # Topic -> the threshold in force, and why it is that.
    thresholds: dict[str, Choice]
    # Topic -> recent items by language, of those languages that none of its seeds is in.
    foreign: dict[str, dict[str, int]]
    feeds: tuple[Feed, ...]
    # Between what intervals are learned.
    bounds: Bounds
    # What hubs are to push; empty where WebSub is not configured.
    pushes: tuple[PushStatus, ...]
    stuck: tuple[Delivery, ...]
    counts: dict[str, int]
    now: datetime
    mailboxes: tuple[MailboxReport, ...] = ()
    # When each receiver is told.
    schedules: tuple[ReceiverStatus, ...] = ()
    # Those that hold.
    silences: tuple[Silence, ...] = ()
    # Of feeds, as far as they were told.
    troubles: tuple[Trouble, ...] = ()
    # None: it cannot be measured.
    room: Room | None = None
    # What was pruned and tended last; None: nothing so far.
    upkeep: Upkeep | None = None
    # How the file stands with what is in force; None: no service tells.
    standing: Standing | None = None
    # The next of each kind, the earliest first.
    events: tuple[Event, ...] = ()

    @property
    def health(self) -> str:
        """Health in a word."""
        return health(self.findings)

    @property
    def ailments(self) -> tuple[str, ...]:
        """What is wrong, a sentence each."""
        return tuple(one.sentence() for one in self.findings)
