"""Which deliveries of a mailbox make the next message, and what it says. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum, auto

from monitor.alerts.mailbox import is_others_turn
from monitor.alerts.notice import is_notice
from monitor.alerts.plan import heading
from monitor.alerts.route import NAMESPACE
from monitor.alerts.wording import MAX_LISTED, MAX_PARAGRAPHS, clean, paragraphs_of
from monitor.records import Alert, AlertedItem, Delivery, Mailbox, Reason

# So many messages that wait make a mailbox deep.
DEEP = 10
# Deliveries of one message at most: what bounds its rows, and the alerts in memory.
MOST = 500


class Take(Enum):
    """What goes into the next message beside the delivery that is its turn."""

    # The rest of the message that it was part of before.
    AGAIN = auto()
    # All that wait in its group.
    GROUP = auto()
    # All that wait, for the mailbox is deep.
    ALL = auto()
    ALONE = auto()


def next_in_line(
    line: Sequence[Delivery], mailbox: Mailbox, *, may_collapse: bool
) -> tuple[Delivery, Take]:
    """Say whose turn it is, and what goes along.

    `line` has what is due at one destination, at least one delivery, in its order. While a
    destination is down, its line is tried with what one message would be anyway.
    """
    turn = line[0]
    if is_others_turn(mailbox):
        turn = next((one for one in line if _message(one) != _message(line[0])), turn)
    if turn.message_id is not None:
        return turn, Take.AGAIN
    waiting = {_message(one) for one in line if can_collapse(one)}
    is_deep = may_collapse and not mailbox.failures and len(waiting) >= DEEP
    if is_deep and can_collapse(turn):
        return turn, Take.ALL
    return turn, Take.GROUP if turn.group else Take.ALONE


def can_collapse(delivery: Delivery) -> bool:
    """Say whether it may become part of a digest: not twice, and no notice among the news."""
    return delivery.message_id is None and not is_notice(delivery)


def _message(delivery: Delivery) -> str:
    return delivery.message_id or delivery.group or delivery.id


def window_of(deliveries: Sequence[Delivery]) -> str:
    """Say why a message was held, and the window that it covers; empty if no schedule held it."""
    group = deliveries[0].group
    return "" if any(one.group != group for one in deliveries) else heading(group)


def join(alerts: Sequence[Alert], *, window: str = "") -> Alert:
    """Make one alert of those that share a message, to be rendered; one alone stays itself.

    All of them are notices, or none is. Items come in the order of the alerts, but if there are
    more than a message shows then the best come first. It is made anew on each try, and is the
    same each time.
    """
    if len(alerts) == 1 and not window:
        return alerts[0]
    if all(alert.reason is Reason.NOTICE for alert in alerts):
        return _join_notices(alerts)
    items = [item for alert in alerts for item in _items_of(alert)]
    if len(items) > MAX_LISTED:
        items.sort(key=lambda item: -item.score)
    topics = dict.fromkeys(alert.topic for alert in alerts)
    stories = {alert.story_id for alert in alerts}
    many = f"{len(alerts)} alerts" if len(alerts) > 1 else "1 alert"
    return Alert(
        id=_id_of(alerts),
        topic=", ".join(topics),
        reason=Reason.DIGEST,
        story_id=alerts[0].story_id if len(stories) == 1 else "",
        created_at=max(alert.created_at for alert in alerts),
        items=tuple(items),
        left_out=sum(alert.left_out for alert in alerts),
        detail=f"{window}: {many}" if window else f"{many} in one message",
    )


def _items_of(alert: Alert) -> tuple[AlertedItem, ...]:
    if alert.reason is not Reason.UPDATE or not alert.detail:
        return alert.items
    # In a list there is no other place for what is new.
    new = f"update: {clean(alert.detail, 200)}"
    return tuple(replace(item, summary=f"{new}. {item.summary}") for item in alert.items)


def _join_notices(alerts: Sequence[Alert]) -> Alert:
    lines = []
    for alert in alerts[: MAX_PARAGRAPHS - 1]:
        headline, *rest = paragraphs_of(alert.detail) or ("",)
        lines.append(f"{headline}: {' '.join(rest)}" if rest else headline)
    if len(alerts) > len(lines):
        lines.append(f"+{len(alerts) - len(lines)} more: `seedwatch alerts` lists them.")
    return replace(
        alerts[-1], id=_id_of(alerts), detail="\n".join([f"{len(alerts)} notices", *lines])
    )


def _id_of(alerts: Sequence[Alert]) -> str:
    ids = "/".join(alert.id for alert in alerts)
    return str(uuid.uuid5(NAMESPACE, f"message/{ids}"))
