"""`deliveries` and `redeliver`: what is on its way, what did not arrive, and to send that again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from monitor import clock
from monitor.alerts.bundle import DEEP
from monitor.alerts.wording import paragraphs_of, title_of
from monitor.cli.place import consulted, opened, settings_of
from monitor.cli.screen import ago, minute, plain, print_json, screen
from monitor.config import Settings
from monitor.errors import SeedwatchError
from monitor.records import Alert, Delivery, DeliveryState, Reason

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.store.mailboxes import ListedDelivery, MailboxReport

# What `--state` takes; `lost` is what has not arrived and will not by itself.
STATES: Mapping[str, tuple[DeliveryState, ...]] = {
    "all": (),
    "waiting": (DeliveryState.PENDING, DeliveryState.SENDING),
    "lost": (DeliveryState.DEAD, DeliveryState.EXPIRED),
    "delivered": (DeliveryState.DELIVERED,),
    "dead": (DeliveryState.DEAD,),
    "expired": (DeliveryState.EXPIRED,),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which deliveries are to be listed."""

    # A key of `STATES`.
    state: str
    # A destination; None: all.
    destination: str | None
    limit: int


def deliveries(named: Path | None, wanted: Wanted, *, as_json: bool) -> None:
    """Print deliveries, those of the latest alerts first."""
    from monitor.store import Mailboxes

    with consulted(settings_of(named)) as engine:
        now = clock.utc_now()
        mailboxes = Mailboxes(engine)
        found = mailboxes.deliveries(
            states=STATES[wanted.state], destination=wanted.destination, limit=wanted.limit
        )
        boxes = mailboxes.report(now)
    if as_json:
        print_json([{"delivery": one.delivery, "tells": headline(one.alert)} for one in found])
        return
    show_deliveries(screen(), found, boxes, now)
    if len(found) == wanted.limit:
        screen().print(f"… the latest {wanted.limit}; --limit shows more")


def headline(alert: Alert) -> str:
    """Say in a line what an alert tells."""
    if alert.reason is Reason.NOTICE:
        return next(iter(paragraphs_of(alert.detail)), "(no text)")
    more = f" (+{len(alert.items) - 1})" if len(alert.items) > 1 else ""
    return title_of(alert.items[0]) + more if alert.items else "(no items)"


def show_deliveries(
    console: Console,
    found: Sequence[ListedDelivery],
    boxes: Sequence[MailboxReport],
    now: datetime,
) -> None:
    """Print some deliveries: where, how it stands, which, and what was said."""
    by_name = {one.mailbox.destination: one for one in boxes}
    if not found:
        console.print("No such deliveries.")
    for one in found:
        delivery = one.delivery
        how = standing(delivery, by_name.get(delivery.destination), now)
        lines = (
            f"{delivery.id[:8]}  {delivery.destination}, {minute(delivery.created_at)}",
            f"          {how}",
            f"          {headline(one.alert)}",
            f"          {delivery.answer}",
        )
        for line in lines:
            if line.strip():
                console.print(plain(line), overflow="ellipsis", no_wrap=True)


def standing(delivery: Delivery, box: MailboxReport | None, now: datetime) -> str:
    """Say how a delivery stands."""
    tries = f", tried {delivery.attempts}x" if delivery.attempts else ""
    match delivery.state:
        case DeliveryState.SENDING:
            return f"under way{tries}"
        case DeliveryState.PENDING if box is not None and box.mailbox.paused_at:
            return f"waits, the destination is paused{tries}"
        case DeliveryState.PENDING:
            opens = box.mailbox.next_at if box else None
            due = max(one for one in (delivery.due_at, delivery.retry_at, opens) if one)
            return f"waits{tries}" + (f", due {ago(due, now)}" if due > now else "")
        case state:
            return f"{state.value} {ago(delivery.settled_at, now)}{tries}"


def box_lines(boxes: Sequence[MailboxReport], now: datetime) -> list[str]:
    """Say which mailboxes are not as they should be: paused, down or deep, each in a line."""
    lines = []
    for one in boxes:
        box = one.mailbox
        waits = "1 waits" if one.waiting == 1 else f"{one.waiting} wait"
        if box.paused_at is not None:
            lines += [
                f"{box.destination}: paused {ago(box.paused_at, now)}, {waits}",
                f"  {box.why}",
                f"  mend its configuration, or: seedwatch redeliver {box.destination}",
            ]
        elif box.failures:
            due = ago(box.next_at, now) if box.next_at and box.next_at > now else "now"
            tries = "1 try" if box.failures == 1 else f"{box.failures} tries"
            lines += [
                f"{box.destination}: down, {waits}",
                f"  {box.why}",
                f"  failed first {ago(box.down_since, now)}, {tries}, next {due}",
            ]
        elif one.waiting >= DEEP:
            oldest = ago(one.oldest_due_at, now)
            lines.append(f"{box.destination}: {waits}, the oldest was due {oldest}")
    return lines


def redeliver(named: Path | None, wanted: str) -> None:
    """Send what ended undelivered again under the same id, or open a mailbox."""
    from monitor.store import has_daemon

    settings = settings_of(named)
    with opened(settings, must_exist=True) as app:
        told = redelivered(app, settings, wanted)
        is_running = has_daemon(app.engine)
    when = "now" if is_running else "when the service runs (`seedwatch run`, or `seedwatch once`)"
    screen().print(plain(f"{told} {when}."))


def redelivered(app: App, settings: Settings, wanted: str) -> str:
    """Do it, and say what is sent; raises `SeedwatchError` with the reason if nothing is."""
    from monitor.rules import destinations_of

    known = {one.name for one in destinations_of(settings)}
    if wanted in known:
        if not app.mailboxes.resume(wanted):
            raise SeedwatchError(f"{wanted} is neither paused nor down: what is due there goes out")
        return f"{wanted} is open again; what waits there is sent"
    found = app.mailboxes.find(wanted)
    if not found:
        raise SeedwatchError(
            f"no delivery has an id that begins with {wanted!r} (four characters at least), and no"
            " destination that name; `seedwatch deliveries --state lost` lists what did not arrive"
        )
    if len(found) > 1:
        raise SeedwatchError(f"{len(found)} deliveries have an id that begins with {wanted!r}")
    (one,) = found
    if one.destination not in known:
        raise SeedwatchError(f"the configuration no longer has {one.destination}")
    count = app.mailboxes.redeliver(one, app.clock())
    if count:
        return f"{one.id} to {one.destination}: {_alerts(count)} sent again"
    if one.state is DeliveryState.DELIVERED:
        raise SeedwatchError(f"{one.id} was delivered: nothing is sent twice")
    if app.mailboxes.resume(one.destination):
        return f"{one.destination} is open again; what waits there is sent"
    raise SeedwatchError(f"{one.id} is on its way already")


def _alerts(count: int) -> str:
    return "1 alert is" if count == 1 else f"{count} alerts in one message are"
