"""What the operator is told of deliveries that go wrong: one notice a cause. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from monitor.alerts.mailbox import LONG_DOWN
from monitor.alerts.notice import NOTICES, is_notice, make_notice
from monitor.alerts.wording import moment
from monitor.records import Alert, Delivery, DeliveryState, Outcome

_ENDS = {
    DeliveryState.DEAD: "was refused for good",
    DeliveryState.EXPIRED: "could not be delivered in time, and has expired",
}


def notice_of(outcome: Outcome, deliveries: Sequence[Delivery]) -> Alert | None:
    """Give the notice that an outcome makes; None if it makes none.

    `deliveries` are those of the message. A destination that is paused makes one, whatever message
    showed it; one that is down for an hour makes one; a message that ends undelivered makes one a
    destination and hour, unless it was a notice itself.
    """
    name, mailbox, at = deliveries[0].destination, outcome.mailbox, outcome.at
    said = f"It said: {outcome.answer}"
    if mailbox is not None and mailbox.paused_at == at:
        text = (
            f"{said}\nNothing is sent there any more; what is due waits, and expires when it is too"
            " old. Set its configuration right and reload, or if it is right and the other side is"
            f" mended: seedwatch redeliver {name}"
        )
        return make_notice("paused", f"{name}/{at.isoformat()}", f"{name} is paused", text, at)
    ended = _ENDS.get(outcome.state)
    if ended and any(one.group != NOTICES for one in deliveries):
        many = _in_words(deliveries)
        text = (
            f"{said}\nOnce the cause is gone: seedwatch redeliver {deliveries[0].id}\n"
            "More that end there within this hour are not told one by one: seedwatch deliveries"
            " lists them."
        )
        # An hour of the clock: told at once, and however many follow, at most one an hour.
        hour = f"{name}/{at:%Y-%m-%dT%H}"
        return make_notice("undelivered", hour, f"{name}: {many} {ended}", text, at)
    if mailbox is not None and _is_long_down(mailbox.down_since, at):
        since = mailbox.down_since or at
        text = f"{said}\nWhat is due there waits; it is tried again all the time."
        headline = f"{name} takes nothing since {moment(since)}"
        return make_notice("down", f"{name}/{since.isoformat()}", headline, text, at)
    return None


def _in_words(deliveries: Sequence[Delivery]) -> str:
    if any(is_notice(one) for one in deliveries):
        return "a report"
    return "an alert" if len(deliveries) == 1 else f"a message of {len(deliveries)} alerts"


def _is_long_down(since: datetime | None, now: datetime) -> bool:
    return since is not None and now - since >= LONG_DOWN
