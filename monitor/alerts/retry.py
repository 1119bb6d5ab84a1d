"""What follows a failed attempt. Pure: the channel says permanent or temporary, this decides."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.errors import DeliveryError
from monitor.records import Delivery, DeliveryState, Outcome

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)


def wait_after(attempts: int, chance: float) -> timedelta:
    """Give the pause after the n-th attempt: exponential, with jitter over its upper half.

    wait = min(FIRST_WAIT x 2^(n-1), LONGEST_WAIT) x (1 + chance) / 2, with `chance` in [0, 1).
    Full jitter down to zero (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/)
    is for crowds of clients; one daemon gains nothing from trying again at once.

    >>> [wait_after(n, 0.999999).seconds for n in (1, 2, 3, 10, 11, 50)]
    [4, 9, 19, 2559, 3599, 3599]
    """
    # 2^20 x 5 s is two months: beyond any give_up_after; more would only overflow.
    doubled: int = 2 ** min(attempts - 1, 20)
    full = min(FIRST_WAIT * doubled, LONGEST_WAIT)
    return full * ((1 + chance) / 2)


def after_error(
    delivery: Delivery,
    error: DeliveryError,
    *,
    now: datetime,
    chance: float,
    give_up_after: timedelta,
) -> Outcome:
    """Decide what a failed attempt means: try again, expired, or dead.

    `delivery.attempts` counts the attempts before this one. What the other side asks for
    (`Retry-After`) is a floor under our own wait.
    """
    answer = str(error)
    if error.permanent:
        return Outcome(delivery_id=delivery.id, state=DeliveryState.DEAD, answer=answer, at=now)
    wait = wait_after(delivery.attempts + 1, chance)
    if error.retry_after is not None:
        wait = max(wait, error.retry_after)
    if now + wait > delivery.created_at + give_up_after:
        return Outcome(delivery_id=delivery.id, state=DeliveryState.EXPIRED, answer=answer, at=now)
    return Outcome(
        delivery_id=delivery.id,
        state=DeliveryState.PENDING,
        due_at=now + wait,
        answer=answer,
        at=now,
    )
