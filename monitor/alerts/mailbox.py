"""The rules of a mailbox: when the next message of a destination may go, and which. Pure.

open -- failure --> down: one message now and then, until one arrives
open or down -- "not here" --> paused: nothing goes until a person has looked at it
down -- success --> open
paused -- another configuration, `redeliver` --> open
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.records import Mailbox

NO_TIME = timedelta(0)
# Between two messages to one destination, by its kind. Slack: "1 per second", bursts without a
# guarantee (docs.slack.dev/apis/web-api/rate-limits); what Apprise reaches is mostly chats, too.
SPACING: Mapping[str, timedelta] = {
    "slack": timedelta(seconds=1),
    "apprise": timedelta(seconds=1),
}
# Kinds that people read: there a deep mailbox becomes one digest. Machines get each alert.
READ_BY_PEOPLE = frozenset({"slack", "email", "apprise"})
# After so many failures, of a message or in a row, we ask whether it is the message's fault.
PATIENCE = 5
# How long a destination may be down before the operator is told.
LONG_DOWN = timedelta(hours=1)


def is_open(mailbox: Mailbox, now: datetime) -> bool:
    """Say whether a message may go now.

    If the clock has been set back, what was to be waited for can no longer be told: go.
    """
    if mailbox.paused_at is not None:
        return False
    is_back = mailbox.touched_at is not None and now < mailbox.touched_at
    return mailbox.next_at is None or mailbox.next_at <= now or is_back


def after_answer(mailbox: Mailbox, now: datetime, spacing: timedelta) -> Mailbox:
    """Give the mailbox after an answer, good or bad, of a destination that is well."""
    return Mailbox(
        destination=mailbox.destination,
        next_at=now + spacing if spacing else None,
        touched_at=now,
    )


def after_failure(mailbox: Mailbox, now: datetime, wait: timedelta, why: str) -> Mailbox:
    """Give the mailbox after a failure that may pass: the whole line waits."""
    return replace(
        mailbox,
        next_at=now + wait,
        failures=mailbox.failures + 1,
        down_since=mailbox.down_since or now,
        why=why,
        touched_at=now,
    )


def pause(mailbox: Mailbox, now: datetime, why: str) -> Mailbox:
    """Give the mailbox of a destination that takes nothing at all: wrong, closed or gone."""
    return replace(mailbox, paused_at=now, why=why, next_at=None, touched_at=now)


def is_others_turn(mailbox: Mailbox) -> bool:
    """Say whether the next try is that of the second message in line, not of the first.

    After five failures in a row every other try: if that one arrives, the first is to blame, and no
    destination is lost to a message that it cannot bear.

    >>> [n for n in range(12) if is_others_turn(Mailbox(destination="d", failures=n))]
    [5, 7, 9, 11]
    """
    return mailbox.failures >= PATIENCE and mailbox.failures % 2 == 1


def is_messages_fault(mailbox: Mailbox, attempts: int) -> bool:
    """Say whether a failure is the message's own: it failed often, and the last one arrived.

    `attempts` counts those before this one.
    """
    return mailbox.failures == 0 and attempts >= PATIENCE
