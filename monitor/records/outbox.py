"""Deliveries, the messages that they become, and the lines in which they wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from monitor.records.alerts import Alert


class DeliveryState(StrEnum):
    """Where a delivery stands; every one ends in one of the last three."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    EXPIRED = "expired"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One alert due to one destination of a receiver: a row of the outbox."""

    # UUID derived from the dedup key: it stays the same on every try.
    id: str
    # Topic, story, reason and destination: what makes it the same delivery.
    dedup_key: str
    alert_id: str
    # `receiver/1-slack`: the receiver, the place in its list and the kind.
    destination: str
    # From when it may be sent: its place in the line, and the beginning of its age. Tries that
    # fail do not change it.
    due_at: datetime
    created_at: datetime
    state: DeliveryState = DeliveryState.PENDING
    attempts: int = 0
    # What the other side said last, without secrets.
    answer: str = ""
    settled_at: datetime | None = None
    # Those of one group may share a message; empty: always alone.
    group: str = ""
    # The message that it is part of, by the id of that one's first delivery; None until it is first
    # claimed. A message keeps its deliveries, and so its content, on every try.
    message_id: str | None = None
    # Set aside until then, if this message fails where others pass.
    retry_at: datetime | None = None
    # How the other side knows the message (`Sent.receipt`); empty where it does not say.
    receipt: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One message that this process may send now: its deliveries, with the alerts to render."""

    # To one destination, oldest first, at least one; `alerts` in the same order.
    deliveries: tuple[Delivery, ...]
    alerts: tuple[Alert, ...]
    mailbox: Mailbox

    @property
    def delivery(self) -> Delivery:
        """Its first delivery, whose id is the message's."""
        return self.deliveries[0]

    @property
    def destination(self) -> str:
        """Where it goes."""
        return self.delivery.destination

    @property
    def due_at(self) -> datetime:
        """When the youngest of its deliveries was due: no message is older than that."""
        return max(one.due_at for one in self.deliveries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one attempt, or of a message that waited too long."""

    # All deliveries of the message.
    delivery_ids: tuple[str, ...]
    state: DeliveryState
    # When to try next; only for PENDING, and not if the destination is paused.
    due_at: datetime | None = None
    # Whether the message itself is set aside until then, and not its whole mailbox.
    is_set_aside: bool = False
    answer: str = ""
    # Kept with a delivery that is DELIVERED.
    receipt: Mapping[str, str] = field(default_factory=dict)
    at: datetime
    # The destination's mailbox from now on; None leaves it as it is.
    mailbox: Mailbox | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered alert: each channel takes the form that it can show."""

    # The delivery's id: `webhook-id`, part of Message-ID; the same on every try.
    id: str
    # One line, no control characters.
    subject: str
    text: str
    html: str
    # Slack Block Kit (https://api.slack.com/block-kit), already escaped.
    blocks: tuple[Mapping[str, Any], ...] = ()
    # The webhook's JSON object.
    payload: Mapping[str, Any] = field(default_factory=dict)
    created_at: datetime
    topic: str = ""
    # The one story that it tells of; empty for a list of several, a test, a notice.
    story_id: str = ""
    # The story was told before.
    is_update: bool = False
    # The receipt of the first message about that story at this destination; None if this is it.
    earlier: Mapping[str, str] | None = None
    # Which of the receiver's own templates failed, and why; those parts have their usual form.
    template_faults: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What the other side made of a message that it took."""

    # In a few words, without secrets.
    answer: str
    # How it knows the message from now on, to answer under it or to edit it (Slack: `channel` and
    # `ts`); without secrets, some hundred characters at most.
    receipt: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """The line of one destination: what is due there goes out one message after the other."""

    destination: str
    # No message before then; None: at any time.
    next_at: datetime | None = None
    # Failed attempts in a row, and when the first of them was.
    failures: int = 0
    down_since: datetime | None = None
    # Since when nothing is sent until a person has looked at it, and what the other side said.
    paused_at: datetime | None = None
    why: str = ""
    # When an attempt last ended.
    touched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """A receiver that was not told of an alert, since a silence forbade it."""

    alert_id: str
    receiver: str
    # The silence in words: which, until when, and its comment.
    why: str
    at: datetime
