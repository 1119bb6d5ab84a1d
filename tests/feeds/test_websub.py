"""The rules of a subscription, as laws."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds import websub
from monitor.feeds.signature import Signature, check_signature
from monitor.feeds.websub import Challenge, Ruling, read_challenge
from monitor.subscription import Subscription, SubscriptionState
from monitor.targets import Secret
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

LAW = settings(deadline=None)
SECRET = Secret("s" * 64)
BODY = b"<rss/>"
CHANCES = st.floats(0, 1)
TIMES = st.timedeltas(-40 * DAY, 40 * DAY).map(lambda wait: NOW + wait)


def subscription(**changes: Any) -> Subscription:
    """Return one that is to be asked for now."""
    whole = Subscription(
        token=Secret("t" * 43),
        secret=SECRET,
        feed_id=1,
        hub="https://hub.example/",
        topic_url="https://lrt.example/rss",
        document_url="https://lrt.example/rss",
        callback="https://alerts.example.org/websub",
        created_at=NOW,
        due_at=NOW,
    )
    return replace(whole, **changes)


MAYBE = st.none() | TIMES
ANY = st.builds(
    subscription,
    state=st.sampled_from(SubscriptionState),
    due_at=TIMES,
    asked_until=MAYBE,
    lease_until=MAYBE,
    verified_at=MAYBE,
    missed_at=MAYBE,
    broken_until=MAYBE,
    failures=st.integers(0, 10_000),
)


def signed(method: str, secret: str = "s" * 64, body: bytes = BODY) -> str:
    """Write a signature as a hub does."""
    return f"{method}={hmac.new(secret.encode(), body, method).hexdigest()}"


@pytest.mark.parametrize(
    "header, expected",
    [
        (signed("sha256"), Signature.GOOD),
        (signed("sha384"), Signature.GOOD),
        (signed("sha512"), Signature.GOOD),
        (signed("sha256").upper(), Signature.GOOD),
        (f"  {signed('sha256')} ", Signature.GOOD),
        (signed("sha1"), Signature.WEAK),
        (signed("md5"), Signature.UNKNOWN),
        ("", Signature.MISSING),
        ("sha256", Signature.MISSING),
        ("sha256=", Signature.MISSING),
        (signed("sha256", "other"), Signature.WRONG),
        (signed("sha256", body=b"<rss />"), Signature.WRONG),
        (signed("sha256")[:-1], Signature.WRONG),
        (signed("sha512").replace("sha512", "sha256"), Signature.WRONG),
        ("sha256=é", Signature.WRONG),
    ],
)
def test_a_signature_is_what_it_is(header: str, expected: Signature) -> None:
    """Only SHA-2 over exactly this body with exactly this secret is good."""
    assert check_signature(BODY, header, SECRET) is expected


@given(st.text(max_size=200))
@LAW
def test_no_header_breaks_the_check(header: str) -> None:
    """Whatever is sent as a signature, it is judged, and it is not good."""
    assert check_signature(BODY, header, SECRET) is not Signature.GOOD


@given(st.text(max_size=40))
@LAW
def test_a_lease_is_within_bounds(seconds: str) -> None:
    """A lease is taken between five minutes and a month, or not at all."""
    lease = websub.lease_of(seconds)
    assert lease is None or timedelta(minutes=5) <= lease <= 30 * DAY


@given(st.integers(300, 10**15), TIMES)
@LAW
def test_a_lease_is_renewed_before_it_ends(seconds: int, now: Any) -> None:
    """The renewal is due after four fifths of a lease, at least a minute before its end."""
    lease = websub.lease_of(str(seconds))
    assert lease is not None
    one = websub.verified(subscription(), lease, now)
    assert one.lease_until is not None
    assert one.due_at - now == lease * 0.8
    assert one.lease_until - one.due_at >= MINUTE
    assert one.is_relied_upon(now)


@given(ANY, TIMES, CHANCES)
@LAW
def test_patience_grows_and_is_bounded(one: Subscription, now: Any, chance: float) -> None:
    """After a failure the hub is left alone for 4.5 minutes to 26.4 hours, never for ever."""
    after = websub.failed(one, "down", now=now, chance=chance)
    if after is None:
        assert one.state is SubscriptionState.LEAVING
        return
    assert 4.5 * MINUTE <= after.due_at - now <= 26.4 * HOUR
    assert after.asked_until is None


@given(ANY, TIMES, CHANCES)
@LAW
def test_time_settles(one: Subscription, now: Any, chance: float) -> None:
    """However long a daemon slept, a few steps settle what has passed, and nothing is forgotten."""
    steps = [one]
    for _ in range(4):
        after = websub.settle(steps[-1], now, chance)
        if after is None:
            assert one.state is SubscriptionState.LEAVING
            return
        steps.append(after)
    assert steps[-1] == steps[-2]
    assert steps[-1].state is not SubscriptionState.LIVE or steps[-1].is_leased(now)
    assert steps[-1].asked_until is None or steps[-1].asked_until > now


@given(
    ANY,
    TIMES,
    st.sampled_from(["subscribe", "unsubscribe", "publish"]),
    st.sampled_from(["https://lrt.example/rss", "https://other.example/"]),
)
@LAW
def test_only_what_we_wait_for_is_confirmed(
    one: Subscription, now: Any, mode: str, topic: str
) -> None:
    """A challenge is confirmed only for the topic and mode that we have asked for, and in time."""
    challenge = Challenge(mode=mode, topic_url=topic, challenge="c", lease_seconds="36000")
    ruled = websub.rule(one, challenge, now)
    leaves = one.state is SubscriptionState.LEAVING
    waits = one.asked_until is not None and now <= one.asked_until
    fits = topic == one.topic_url and waits and mode == ("unsubscribe" if leaves else "subscribe")
    expected = (Ruling.LEFT if leaves else Ruling.VERIFIED) if fits else Ruling.IGNORED
    assert ruled.ruling is expected
    assert bool(ruled.why) == (expected is Ruling.IGNORED)


@given(st.text(max_size=300))
@LAW
def test_no_query_breaks_its_reader(query: str) -> None:
    """Whatever stands in a query, reading it raises nothing; without both names it is none."""
    assert read_challenge(query) is None or "=" in query


@pytest.mark.parametrize(
    "query",
    [
        "",
        "hub.mode=subscribe",
        "hub.topic_url=x",
        "hub.mode=subscribe&hub.topic_url=x&hub.topic_url=y",
        "hub.mode=subscribe&hub.topic_url=x&" + "a=b&" * 30,
    ],
)
def test_what_is_no_challenge_is_none(query: str) -> None:
    """A query that lacks mode or topic, says one twice, or has very many fields is none."""
    assert read_challenge(query) is None


@given(st.timedeltas(SECOND, DAY), st.timedeltas(SECOND, 7 * DAY))
@LAW
def test_a_slower_poll_is_later_within_bounds(wait: timedelta, at_least: timedelta) -> None:
    """A feed that is pushed is polled never sooner, at most four times later, and often enough."""
    poll = made.poll(due_at=NOW + wait)
    slower = websub.slowed(poll, at_least) - NOW
    assert wait <= slower <= 4 * wait
    assert slower <= max(wait, at_least)


def test_a_refusal_lets_a_lease_run() -> None:
    """A hub that refuses a renewal still owes us pushes until the lease ends."""
    one = websub.verified(subscription(), 10 * HOUR, NOW)
    asked = websub.asked(one, NOW + 8 * HOUR)
    after = websub.answered(asked, 403, now=NOW + 8 * HOUR, chance=0.5)
    assert after is not None
    assert after.is_leased(NOW + 9 * HOUR)
    ended = websub.settle(after, NOW + 10 * HOUR, 0.5)
    assert ended is not None
    assert ended.state is SubscriptionState.WANTED
    assert not websub.is_due(ended, NOW + 7 * DAY)
    assert websub.is_due(ended, NOW + 8 * HOUR + 7 * DAY)


def test_a_farewell_needs_someone_who_knows_us() -> None:
    """What was never asked for is forgotten at once; what is live, or asked for, is given back."""
    assert websub.leave(subscription(), NOW) is None
    assert websub.leave(websub.asked(subscription(), NOW), NOW) is not None
    assert websub.leave(websub.verified(subscription(), DAY, NOW), NOW) is not None


def test_secrets_stay_out_of_dumps() -> None:
    """The record shows neither its token nor its secret."""
    shown = repr(subscription())
    assert "s" * 64 not in shown
    assert "t" * 43 not in shown
