"""What `status` says of the hubs that push feeds (WebSub); never a callback or a secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.console import Console

from monitor.cli.screen import ago, plain, table
from monitor.records import Feed
from monitor.subscription import Subscription, SubscriptionState

if TYPE_CHECKING:
    from monitor.app import App


@dataclass(frozen=True, slots=True, kw_only=True)
class PushStatus:
    """How one subscription stands."""

    feed: str
    # Its host only.
    hub: str
    # A `SubscriptionState`, or `broken`.
    state: str
    # Why it is not live.
    detail: str
    lease_until: datetime | None
    pushed_at: datetime | None
    # Pushes that were dropped for their signature.
    rejected: int
    # Until when its pushes are not relied upon.
    broken_until: datetime | None


def push_status(app: App, feeds: Iterable[Feed], now: datetime) -> tuple[PushStatus, ...]:
    """Give the subscriptions of the polled feeds, in their order."""
    names = {feed.id: feed.name for feed in feeds}
    order = list(names)
    found = [
        one
        for one in app.subscriptions.all()
        if one.state is not SubscriptionState.LEAVING and one.feed_id in names
    ]
    found.sort(key=lambda one: order.index(one.feed_id))
    return tuple(_status(one, names[one.feed_id], now) for one in found)


def _status(one: Subscription, feed: str, now: datetime) -> PushStatus:
    is_broken = one.is_broken(now)
    return PushStatus(
        feed=feed,
        hub=urlsplit(one.hub).hostname or "",
        state="broken" if is_broken else one.state.value,
        detail="a poll found what it had not pushed" if is_broken else one.detail,
        lease_until=one.lease_until,
        pushed_at=one.pushed_at,
        rejected=one.rejected,
        broken_until=one.broken_until if is_broken else None,
    )


def show_pushes(console: Console, pushes: tuple[PushStatus, ...], now: datetime) -> None:
    """Print how many feeds are pushed, and which are not though they name a hub."""
    if not pushes:
        return
    ailing = [one for one in pushes if one.state != SubscriptionState.LIVE.value]
    last = max((one.pushed_at for one in pushes if one.pushed_at), default=None)
    console.print(
        f"pushed by hubs: {len(pushes) - len(ailing)} of the {len(pushes)} feeds that name one;"
        f" last push {ago(last, now)}"
    )
    if ailing:
        rows = table("not pushed", "hub", "state", "cause")
        for one in ailing[:10]:
            rows.add_row(plain(one.feed), plain(one.hub), one.state, plain(one.detail))
        console.print(rows)
