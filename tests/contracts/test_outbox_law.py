"""The law of the outbox: whatever is interleaved, nothing is lost and no message changes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete

from monitor.alerts.mailbox import after_answer
from monitor.alerts.notice import NOTICES
from monitor.alerts.retry import Limits, after_error
from monitor.alerts.route import route
from monitor.errors import DeliveryError
from monitor.records import Batch, Claim, DeliveryState, Outcome, Reason
from monitor.store import Hands, Mailboxes, Store
from monitor.store.schema import metadata
from tests.fakes import made
from tests.fakes.made import DAY, MINUTE, NOW, SECOND

LEASE = 40 * SECOND
PLACES = ("desk/1-slack", "desk/2-webhook", "desk/3-email")
LIMITS = Limits(give_up_after=1_000 * DAY)
COLLAPSING = frozenset({PLACES[0]})
# How attempts end; what is not settled at all was sent by one who died.
ERRORS = {
    "fails": DeliveryError("503", permanent=False),
    "waits": DeliveryError("429", permanent=False, retry_after=MINUTE),
    "unsure": DeliveryError("no answer", permanent=False, unsure=True),
    "dies": DeliveryError("400", permanent=True),
    "pauses": DeliveryError("404", permanent=True, scope="destination"),
}
STEPS = st.one_of(
    st.tuples(
        st.just("tell"), st.sampled_from(PLACES), st.sampled_from(["", "", "border", NOTICES])
    ),
    st.tuples(st.just("flood"), st.sampled_from(PLACES)),
    st.tuples(st.just("claim"), st.integers(1, 4)),
    st.tuples(
        st.just("settle"),
        st.sampled_from(["arrives", "arrives", *ERRORS]),
        st.sampled_from([0, -1]),
    ),
    st.tuples(st.just("outage"), st.integers(4, 7)),
    st.tuples(st.just("crash")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("pass"), st.sampled_from([SECOND, MINUTE, LEASE, DAY])),
    st.tuples(st.just("redeliver"), st.integers(0, 99)),
    st.tuples(st.just("configure"), st.integers(0, 3)),
)


class World:
    """An outbox, those who send from it, and what the other side has seen."""

    def __init__(self, engine: Engine) -> None:
        self.store = Store(engine)
        self.mailboxes = Mailboxes(engine)
        self.now: datetime = NOW
        self.names = itertools.count()
        # Claims under way, those of senders that are still alive.
        self.held: list[tuple[Claim, datetime]] = []
        self.told: set[str] = set()
        self.ended: dict[str, DeliveryState] = {}
        # Message -> its deliveries, as of its first try.
        self.messages: dict[str, tuple[str, ...]] = {}

    def do(self, name: str, *arguments: Any) -> None:
        """Take one step."""
        getattr(self, f"on_{name}")(*arguments)

    def on_tell(self, place: str, group: str) -> None:
        """Commit an alert to one destination."""
        number = next(self.names)
        alert = made.alert(
            reason=Reason.TEST, story_id=f"s{number}", created_at=self.now, id=f"a{number}"
        )
        (one,) = route(alert, [made.destination(place)], self.now)
        self.store.commit(Batch(alerts=(alert,), deliveries=(replace(one, group=group),)))
        self.told.add(one.id)

    def on_flood(self, place: str) -> None:
        """Commit more than a mailbox bears without being deep."""
        for _ in range(12):
            self.on_tell(place, "")

    def on_claim(self, limit: int) -> None:
        """Take what may be sent, and look at it as the other side would."""
        # Whose lease has ended is not waited for any more.
        alive = {claim.destination for claim, until in self.held if until > self.now}
        hands = Hands(limit=limit, spare=1, collapsing=COLLAPSING)
        claims = self.store.claim(self.now, LEASE, hands)
        assert len(claims) <= limit
        for claim in claims:
            assert claim.destination not in alive
            alive.add(claim.destination)
            self.look_at(claim)
            self.held.append((claim, self.now + LEASE))

    def look_at(self, claim: Claim) -> None:
        """A message is the same on every try, and nothing in it has ended or is in another."""
        ids = tuple(one.id for one in claim.deliveries)
        assert self.messages.setdefault(claim.delivery.id, ids) == ids
        assert len(set(ids)) == len(ids)
        others = [set(held) for name, held in self.messages.items() if name != claim.delivery.id]
        assert all(set(ids).isdisjoint(held) for held in others)
        assert not [one for one in ids if one in self.ended]
        assert {one.destination for one in claim.deliveries} == {claim.destination}
        assert [alert.id for alert in claim.alerts] == [one.alert_id for one in claim.deliveries]

    def on_settle(self, how: str, place: int) -> None:
        """Let one of the attempts end, be its sender in time or late."""
        if not self.held:
            return
        claim, until = self.held.pop(place)
        outcome = self.outcome(claim, how)
        self.store.settle(outcome)
        is_late = until <= self.now
        is_over = outcome.state in {DeliveryState.DELIVERED, DeliveryState.DEAD}
        held_again = any(other.delivery.id == claim.delivery.id for other, _ in self.held)
        if is_over and not (is_late and held_again):
            for one in claim.deliveries:
                self.ended.setdefault(one.id, outcome.state)
        elif is_over:
            # Two had it: whoever ends it first ends it for both.
            self.held = [pair for pair in self.held if pair[0].delivery.id != claim.delivery.id]
            for one in claim.deliveries:
                self.ended.setdefault(one.id, outcome.state)
        elif is_late and held_again:
            # It waits again; the other sender's word does not count any more, unless it comes
            # before the next claim, and that one is not looked at here.
            self.held = [pair for pair in self.held if pair[0].delivery.id != claim.delivery.id]

    def outcome(self, claim: Claim, how: str) -> Outcome:
        """Say what becomes of an attempt."""
        if how != "arrives":
            return after_error(claim, ERRORS[how], now=self.now, chance=0.5, limits=LIMITS)
        return Outcome(
            delivery_ids=tuple(one.id for one in claim.deliveries),
            state=DeliveryState.DELIVERED,
            at=self.now,
            mailbox=after_answer(claim.mailbox, self.now, LIMITS.spacing),
        )

    def on_outage(self, tries: int) -> None:
        """Let all that is tried fail for a while."""
        for _ in range(tries):
            self.now += DAY
            self.on_claim(4)
            while self.held:
                self.on_settle("fails", 0)

    def on_crash(self) -> None:
        """Let all senders die."""
        self.held.clear()

    def on_restart(self) -> None:
        """Let all senders die, and a new daemon end their leases."""
        self.held.clear()
        self.store.release(self.now)

    def on_pass(self, span: Any) -> None:
        """Let time pass."""
        self.now += span

    def on_redeliver(self, which: int) -> None:
        """Send a message again that ended, if it died."""
        if self.ended:
            name = sorted(self.ended)[which % len(self.ended)]
            (one,) = self.mailboxes.find(name)
            count = self.mailboxes.redeliver(one, self.now)
            assert (count > 0) == (self.ended[name] is DeliveryState.DEAD)
            if count:
                for other in self.messages[one.message_id or name]:
                    del self.ended[other]

    def on_configure(self, number: int) -> None:
        """Start with a configuration that may be another."""
        self.mailboxes.sync(dict.fromkeys(PLACES, str(number)))

    def finish(self) -> None:
        """Mend all, and send until nothing is left."""
        self.on_restart()
        for place in PLACES:
            self.mailboxes.resume(place)
        while len(self.ended) < len(self.told):
            before = len(self.ended)
            # All that is set aside is due by then.
            self.now += DAY
            self.on_claim(4)
            while self.held:
                self.on_settle("arrives", 0)
            assert len(self.ended) > before, "something is never sent"
        assert set(self.ended) == self.told


@settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, max_size=40))
def test_nothing_is_lost_and_no_message_changes(engine: Engine, steps: list[Any]) -> None:
    """However tells, claims, ends and crashes interleave, each delivery is sent to its end.

    It is in one message only, which is the same on every try, and no destination has two at once.
    """
    with engine.begin() as tx:
        for table in reversed(metadata.sorted_tables):
            tx.execute(delete(table))
    world = World(engine)
    for step in steps:
        world.do(*step)
    world.finish()
