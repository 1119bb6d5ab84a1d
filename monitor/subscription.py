"""The nouns of WebSub: what a hub owes us, and who comes to our door.

Source: WebSub, W3C Recommendation of 23 January 2018 (https://www.w3.org/TR/websub/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from monitor.targets import Secret


class SubscriptionState(StrEnum):
    """Where a subscription stands."""

    # To be asked for, or asked for and not verified yet.
    WANTED = "wanted"
    # Verified by the hub; its lease runs.
    LIVE = "live"
    # The hub said no; it is asked again after a long time.
    REFUSED = "refused"
    # No longer of use: to be given back to the hub, and then forgotten.
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a hub is to push for one feed, and how far that is agreed."""

    # The last part of its callback's path; whoever knows it may speak for the hub.
    token: Secret
    feed_id: int
    # Where we ask.
    hub: str
    # What we ask for: the document's own name for itself (`rel=self`).
    topic_url: str
    # Where the document that named the hub came from: the base of relative links in a push.
    document_url: str
    # The configured address that the token is appended to.
    callback: str
    # Signs each push.
    secret: Secret
    state: SubscriptionState = SubscriptionState.WANTED
    created_at: datetime
    # When the next step is due: ask, ask anew, or renew.
    due_at: datetime
    # Until when a challenge of the hub is expected; None if we have asked for nothing.
    asked_until: datetime | None = None
    lease_until: datetime | None = None
    # Since when it is live without a gap.
    verified_at: datetime | None = None
    # Requests in a row that came to nothing.
    failures: int = 0
    # Why it is not live, in a few words.
    detail: str = ""
    # When the last push was taken.
    pushed_at: datetime | None = None
    # Pushes that were dropped for their signature.
    rejected: int = 0
    # When a poll first found items that no push had brought.
    missed_at: datetime | None = None
    # Until when its pushes are not relied upon.
    broken_until: datetime | None = None

    @property
    def callback_url(self) -> str:
        """Where the hub is to reach us; as secret as its token."""
        return f"{self.callback}/{self.token.reveal()}"

    def is_leased(self, now: datetime) -> bool:
        """Say whether the hub owes us pushes now."""
        lease = self.lease_until
        return self.state is SubscriptionState.LIVE and lease is not None and lease > now

    def is_broken(self, now: datetime) -> bool:
        """Say whether it has lately missed what a poll found."""
        return self.broken_until is not None and self.broken_until > now

    def is_relied_upon(self, now: datetime) -> bool:
        """Say whether polls of its feed may be rarer."""
        return self.is_leased(now) and not self.is_broken(now) and self.missed_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One HTTP request to our door, bounded in size."""

    method: str
    # Without query.
    path: str
    query: str = ""
    # By name in small letters.
    headers: Mapping[str, str] = field(default_factory=dict)
    # Empty as long as it has not been read.
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What we answer a visit."""

    status: int
    # Plain text.
    text: str = ""
    # When to come again, in seconds.
    retry_after: int | None = None
    content_type: str = "text/plain; charset=utf-8"


class Desk(Protocol):
    """Who answers visits. Called by several threads at once; must not raise."""

    def refuse(self, visit: Visit) -> Reply | None:
        """Refuse a visit by its head alone; None if its body is wanted."""
        ...

    def answer(self, visit: Visit) -> Reply:
        """Answer a whole visit."""
        ...
