"""What follows a failed attempt. Pure: the channel says what kind of failure, this decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.alerts.mailbox import (
    NO_TIME,
    after_answer,
    after_failure,
    is_messages_fault,
    pause,
)
from monitor.errors import DeliveryError
from monitor.records import Claim, DeliveryState, Mailbox, Outcome

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)
# After a message that may have arrived: the other side is slow rather than gone, and each try
# before it has caught up is one message too many.
UNSURE_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long and how fast one destination is tried."""

    # A message whose youngest delivery is older expires.
    give_up_after: timedelta
    # Between two messages to a destination that is well.
    spacing: timedelta = NO_TIME


def wait_after(failures: int, chance: float) -> timedelta:
    """Give the pause after the n-th failure in a row: exponential, with full jitter.

    wait = min(FIRST_WAIT x 2^(n-1), LONGEST_WAIT) x chance, with `chance` in [0, 1). Source:
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    >>> [wait_after(n, 0.999999).seconds for n in (1, 2, 3, 10, 11, 50)]
    [4, 9, 19, 2559, 3599, 3599]
    """
    # 2^20 x 5 s is two months: beyond any give_up_after; more would only overflow.
    doubled: int = 2 ** min(failures - 1, 20)
    return min(FIRST_WAIT * doubled, LONGEST_WAIT) * chance


def after_error(
    claim: Claim, error: DeliveryError, *, now: datetime, chance: float, limits: Limits
) -> Outcome:
    """Decide what a failed attempt means for its message and for the mailbox.

    A destination that takes nothing is paused, and the message waits. A message that is refused is
    dead, which shows that its destination is well. All else is tried again, until the message
    expires: the whole line waits, unless it is the message's own fault. What the other side asks
    for (`Retry-After`) is a floor under our own wait.
    """
    answer = f"may have arrived: {error}" if error.unsure else str(error)
    if error.permanent and error.scope == "destination":
        paused = pause(claim.mailbox, now, answer)
        return _outcome(claim, DeliveryState.PENDING, answer, now, mailbox=paused)
    if error.permanent:
        well = after_answer(claim.mailbox, now, limits.spacing)
        return _outcome(claim, DeliveryState.DEAD, answer, now, mailbox=well)
    mailbox, attempts = claim.mailbox, claim.delivery.attempts
    # Who names a time speaks of itself, and not of the message.
    is_own_fault = error.retry_after is None and is_messages_fault(mailbox, attempts)
    wait = wait_after(attempts + 1 if is_own_fault else mailbox.failures + 1, chance)
    wait = max(
        wait, error.retry_after or NO_TIME, UNSURE_WAIT if error.unsure else NO_TIME, limits.spacing
    )
    mailbox = (
        after_answer(mailbox, now, limits.spacing)
        if is_own_fault
        else after_failure(mailbox, now, wait, answer)
    )
    if now + wait > claim.due_at + limits.give_up_after:
        return _outcome(claim, DeliveryState.EXPIRED, answer, now, mailbox=mailbox)
    return Outcome(
        delivery_ids=tuple(one.id for one in claim.deliveries),
        state=DeliveryState.PENDING,
        due_at=now + wait,
        is_set_aside=is_own_fault,
        answer=answer,
        at=now,
        mailbox=mailbox,
    )


def _outcome(
    claim: Claim, state: DeliveryState, answer: str, at: datetime, *, mailbox: Mailbox
) -> Outcome:
    ids = tuple(one.id for one in claim.deliveries)
    return Outcome(delivery_ids=ids, state=state, answer=answer, at=at, mailbox=mailbox)
