"""The rules of a subscription: what follows from a challenge, a push, a failure, or time. Pure.

    wanted --ask--> (challenge expected) --verified--> live --80 % of the lease--> ask again
    wanted, live --the hub says no--> refused --a week--> ask
    any --feed gone, other hub or topic--> leaving --ask, verified--> forgotten

Source: WebSub, W3C Recommendation (https://www.w3.org/TR/websub/), sections 5 to 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qsl, urlencode

from monitor.records import Poll
from monitor.subscription import Subscription, SubscriptionState

# What we ask for, and what we take: a hub that wants to be asked every minute is not obeyed, and
# one that promises a year is asked again within the month, since callbacks get lost.
WANTED_LEASE = timedelta(days=10)
LEAST_LEASE = timedelta(minutes=5)
MOST_LEASE = timedelta(days=30)
RENEW_AFTER = 0.8
# How long a challenge may take to come.
ANSWER_WITHIN = timedelta(minutes=10)
# After the first failure, doubled with each further one up to the last.
FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=1)
# A hub that said no is left alone.
REFUSED_FOR = timedelta(days=7)
# A hub that cannot be told is left to the end of its lease.
MOST_FAREWELLS = 3
# A push may come so much later than the poll that found the item first.
LATE_BY = timedelta(minutes=10)
# How long pushes are not relied upon once one was missed.
BROKEN_FOR = timedelta(days=1)
# Polls of a feed that is pushed are so much rarer.
SLOWER = 4
# A feed that names another hub in each document does not make us ask one after the other.
STEADY_FOR = timedelta(hours=1)

MOST_CHALLENGE = 2048
# Of a request's query: more fields than any hub sends.
_MOST_FIELDS = 20
_MOST_REASON = 200


# ------------------------------------------------------------------------------- asking


def request_of(subscription: Subscription) -> bytes:
    """Return the form that asks a hub (section 5.1); it holds secrets."""
    leaves = subscription.state is SubscriptionState.LEAVING
    fields = {
        "hub.callback": subscription.callback_url,
        "hub.mode": "unsubscribe" if leaves else "subscribe",
        "hub.topic": subscription.topic_url,
    }
    if not leaves:
        fields["hub.secret"] = subscription.secret.reveal()
        fields["hub.lease_seconds"] = str(int(WANTED_LEASE.total_seconds()))
    return urlencode(fields).encode("ascii")


def asked(subscription: Subscription, now: datetime) -> Subscription:
    """Expect a challenge from now on: it may come before the hub has answered our request."""
    until = now + ANSWER_WITHIN
    return replace(subscription, asked_until=until, due_at=until)


def answered(
    subscription: Subscription, status: int, *, now: datetime, chance: float
) -> Subscription | None:
    """Return what follows from a hub's answer to our request; None: it may be forgotten.

    An answer that comes after the challenge changes nothing.
    """
    if 200 <= status < 300 or subscription.asked_until is None:
        return subscription
    cause = f"the hub answered HTTP {status}"
    # 408 and 429 ask for patience, not for silence (RFC 9110 section 15.5.9, RFC 6585 section 4).
    if 400 <= status < 500 and status not in {408, 429}:
        return refused(subscription, cause, now)
    return failed(subscription, cause, now=now, chance=chance)


def failed(
    subscription: Subscription, cause: str, *, now: datetime, chance: float
) -> Subscription | None:
    """Ask again later, ever more patiently; a lease that runs is left to run.

    The wait is 5 min x 2^(n-1) after n failures in a row, a tenth more or less, at most a day.
    """
    failures = subscription.failures + 1
    if subscription.state is SubscriptionState.LEAVING and failures >= MOST_FAREWELLS:
        return None
    # 2^20 times the first wait are years: more would only overflow.
    wait = min(FIRST_WAIT * 2 ** min(failures - 1, 20), LONGEST_WAIT) * (0.9 + 0.2 * chance)
    return replace(
        subscription, failures=failures, detail=cause, asked_until=None, due_at=now + wait
    )


def refused(subscription: Subscription, cause: str, now: datetime) -> Subscription | None:
    """Leave a hub alone that does not want us; a lease that runs is left to run."""
    if subscription.state is SubscriptionState.LEAVING:
        return None
    is_live = subscription.is_leased(now)
    return replace(
        subscription,
        state=SubscriptionState.LIVE if is_live else SubscriptionState.REFUSED,
        failures=subscription.failures + 1,
        detail=cause,
        asked_until=None,
        due_at=now + REFUSED_FOR,
    )


def leave(subscription: Subscription, now: datetime) -> Subscription | None:
    """Give a subscription back; None if the hub cannot know of it."""
    if subscription.asked_until is None and not subscription.is_leased(now):
        return None
    return replace(
        subscription,
        state=SubscriptionState.LEAVING,
        due_at=now,
        asked_until=None,
        failures=0,
        detail="",
        missed_at=None,
    )


# --------------------------------------------------------------------- what the hub asks us


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a hub asks at our callback (section 5.2 and 5.3)."""

    mode: str
    topic_url: str
    challenge: str = ""
    # As it was sent; empty if it was not.
    lease_seconds: str = ""
    reason: str = ""


class Ruling(StrEnum):
    """What a challenge means to us."""

    VERIFIED = "verified"
    LEFT = "left"
    DENIED = "denied"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruled:
    """A ruling with its reason; with the lease, if it is verified."""

    ruling: Ruling
    why: str = ""
    lease: timedelta = timedelta(0)


def read_challenge(query: str) -> Challenge | None:
    """Read the query of a hub's GET; None if it is none, or says a thing twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) != len(pairs) or "hub.mode" not in fields or "hub.topic" not in fields:
        return None
    return Challenge(
        mode=fields["hub.mode"].lower(),
        topic_url=fields["hub.topic"],
        challenge=fields.get("hub.challenge", ""),
        lease_seconds=fields.get("hub.lease_seconds", ""),
        reason=" ".join(fields.get("hub.reason", "").split())[:_MOST_REASON],
    )


def rule(subscription: Subscription, challenge: Challenge, now: datetime) -> Ruled:
    """Decide about a challenge: only what we have asked for, and still wait for, is confirmed."""
    if challenge.topic_url != subscription.topic_url:
        return Ruled(ruling=Ruling.IGNORED, why="it is about another topic URL")
    if challenge.mode == "denied":
        return Ruled(ruling=Ruling.DENIED, why=challenge.reason)
    leaves = subscription.state is SubscriptionState.LEAVING
    lease = timedelta(0) if leaves else lease_of(challenge.lease_seconds)
    is_expected = subscription.asked_until is not None and now <= subscription.asked_until
    objections = {
        f"we did not ask to {challenge.mode[:20]!r}": (
            challenge.mode != ("unsubscribe" if leaves else "subscribe")
        ),
        "we wait for no challenge": not is_expected,
        "its challenge is empty or too long": not 0 < len(challenge.challenge) <= MOST_CHALLENGE,
        "its lease is none that we can keep up": lease is None,
    }
    why = next((objection for objection, holds in objections.items() if holds), "")
    if why or lease is None:
        return Ruled(ruling=Ruling.IGNORED, why=why)
    return Ruled(ruling=Ruling.LEFT if leaves else Ruling.VERIFIED, lease=lease)


def lease_of(seconds: str) -> timedelta | None:
    """Read a lease, at most a month; None if it is no number or shorter than five minutes.

    >>> lease_of("864000"), lease_of("99999999999999").days, lease_of("60")
    (datetime.timedelta(days=10), 30, None)
    """
    if not (seconds.isascii() and seconds.isdecimal()):
        return None
    lease = timedelta(seconds=min(int(seconds[:12]), int(MOST_LEASE.total_seconds())))
    return lease if lease >= LEAST_LEASE else None


def verified(subscription: Subscription, lease: timedelta, now: datetime) -> Subscription:
    """Begin a lease, or prolong it; it is renewed after four fifths of its time."""
    unbroken = subscription.verified_at if subscription.is_leased(now) else None
    return replace(
        subscription,
        state=SubscriptionState.LIVE,
        lease_until=now + lease,
        due_at=now + lease * RENEW_AFTER,
        verified_at=unbroken or now,
        asked_until=None,
        failures=0,
        detail="",
    )


def denied(subscription: Subscription, reason: str, now: datetime) -> Subscription | None:
    """End a subscription that the hub denies (section 5.2), and leave the hub alone."""
    ended = replace(subscription, lease_until=None, verified_at=None, missed_at=None)
    return refused(ended, f"denied: {reason}" if reason else "denied", now)


# ------------------------------------------------------------------------- pushes and polls


def pushed(subscription: Subscription, now: datetime) -> Subscription:
    """Note a push: what a poll had found before it was only late."""
    return replace(subscription, pushed_at=now, missed_at=None)


def rejected(subscription: Subscription) -> Subscription:
    """Count a push that was dropped for its signature."""
    return replace(subscription, rejected=subscription.rejected + 1)


def suspect(subscription: Subscription, now: datetime) -> Subscription:
    """Note that a poll found what no push had brought: the push may still come."""
    return replace(subscription, missed_at=subscription.missed_at or now)


def missed(subscription: Subscription, last_polled_at: datetime | None, now: datetime) -> bool:
    """Say whether what a poll found new ought to have been pushed.

    Only what can have appeared since the subscription is live: not what the first poll after it
    brings.
    """
    since = subscription.verified_at
    return (
        subscription.is_leased(now)
        and not subscription.is_broken(now)
        and since is not None
        and last_polled_at is not None
        and since <= last_polled_at
    )


def slowed(poll: Poll, at_least_every: timedelta) -> datetime:
    """Return when a feed that is pushed is polled next: four times later, within bounds.

    >>> from datetime import UTC
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> poll = Poll(feed_id=1, polled_at=now, due_at=now + timedelta(minutes=15), ok=True,
    ...             failures=0)
    >>> slowed(poll, timedelta(hours=6)) - now, slowed(poll, timedelta(minutes=20)) - now
    (datetime.timedelta(seconds=3600), datetime.timedelta(seconds=1200))
    """
    wait = poll.due_at - poll.polled_at
    return poll.polled_at + min(wait * SLOWER, max(wait, at_least_every))


# ------------------------------------------------------------------------------------ time


def settle(subscription: Subscription, now: datetime, chance: float) -> Subscription | None:
    """Return what has become of a subscription by the mere passing of time."""
    lease, missed_at = subscription.lease_until, subscription.missed_at
    if subscription.state is SubscriptionState.LIVE and (lease is None or lease <= now):
        return replace(
            subscription,
            state=SubscriptionState.WANTED,
            lease_until=None,
            verified_at=None,
            missed_at=None,
            detail=subscription.detail or "its lease is over",
        )
    if missed_at is not None and missed_at + LATE_BY <= now:
        return replace(subscription, missed_at=None, broken_until=now + BROKEN_FOR)
    if subscription.asked_until is not None and subscription.asked_until <= now:
        return failed(subscription, "no challenge came", now=now, chance=chance)
    return subscription


def is_due(subscription: Subscription, now: datetime) -> bool:
    """Say whether the hub is to be asked now."""
    return subscription.due_at <= now and subscription.asked_until is None
