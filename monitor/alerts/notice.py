"""Notices: what seedwatch tells its operator about itself. Pure.

A notice is an alert without a topic, a story or items, so that it takes the same way as any other.
A report on a topic is one with that topic, and perhaps an item.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from monitor.alerts.route import NAMESPACE, route
from monitor.records import Alert, Delivery, Reason
from monitor.targets import Destination

# Their group: notices may share a message, and never share one with news. A slash comes first, for
# topics name groups as well, and no topic has such a name.
NOTICES = "/notices"


def make_notice(kind: str, key: str, headline: str, text: str, now: datetime) -> Alert:
    """Make a notice whose id follows from its kind and key: told once, however often it is made.

    `kind` says what it is about (`paused`, `feed-silent`), `key` about which and since when. The
    headline is one line; `text` has a paragraph a line, and may be empty.
    """
    lines = (" ".join(headline.split()), *text.splitlines())
    return Alert(
        id=str(uuid.uuid5(NAMESPACE, f"notice/{kind}/{key}")),
        topic="",
        reason=Reason.NOTICE,
        story_id="",
        created_at=now,
        items=(),
        detail="\n".join(line for line in lines if line.strip()),
    )


def address(
    notice: Alert,
    operator: Iterable[Destination],
    now: datetime,
    *,
    never: Collection[str] = (),
) -> tuple[Delivery, ...]:
    """Give the deliveries of a notice to the operator's destinations, or of a report to a topic's.

    A report shares no message but with another of its topic: it is as long as several notices, and
    among news it would be one item.

    `never` names those that it must not go through: what it tells is that they do not work.
    """
    routed = route(notice, (one for one in operator if one.name not in never), now)
    group = f"{NOTICES}/{notice.topic}" if notice.topic else NOTICES
    return tuple(replace(one, group=group) for one in routed)


def is_notice(delivery: Delivery) -> bool:
    """Say whether it tells a notice or a report."""
    return delivery.group.startswith(NOTICES)
