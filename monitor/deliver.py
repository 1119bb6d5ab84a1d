"""From what is due to what the other side said.

store.claim(now)        -> [Claim]      the next message of each open mailbox, leased, so that a
                                        crash costs one repeat at worst
join(alerts)            -> Alert        what a message of several deliveries says
store.first_receipt     -> the message about the same story that this one may answer
render(alert)           -> Message      under the first delivery's id: the same on every try
notifier.send(message)  -> Sent(answer, receipt), or
                           DeliveryError(permanent, scope, retry_after, unsure)
after_error(...)        -> Outcome      the one place that decides what a failure means
store.settle(outcome)                   with the notice to the operator, if there is one
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import structlog

from monitor.alerts.bundle import join, window_of
from monitor.alerts.mailbox import NO_TIME, READ_BY_PEOPLE, SPACING, after_answer
from monitor.alerts.outage import notice_of
from monitor.alerts.own import OwnTemplates
from monitor.alerts.render import render
from monitor.alerts.retry import Limits, after_error
from monitor.errors import DeliveryError
from monitor.notices import Notices
from monitor.records import (
    Alert,
    Batch,
    Claim,
    Delivery,
    DeliveryState,
    Message,
    Notifier,
    Outcome,
)
from monitor.store import Hands, Store, outage

log = structlog.get_logger()

# Hands that are kept from destinations that are down: however many hang, the others have these.
SPARE = 2
# How long one destination may keep a hand, message after message.
TURN_SECONDS = 1.0
# How often messages that are too old are looked for.
EXPIRE_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """How long one attempt, and all attempts together, may take; what each destination is."""

    timeout: timedelta
    give_up_after: timedelta
    # Destination -> its kind.
    kinds: Mapping[str, str] = field(default_factory=dict)
    # Of those destinations whose receiver has any, by the destination's name.
    templates: Mapping[str, OwnTemplates] = field(default_factory=dict)

    @property
    def lease(self) -> timedelta:
        """How long a claim holds: longer than any attempt can take."""
        return 3 * self.timeout + timedelta(seconds=10)

    @property
    def collapsing(self) -> frozenset[str]:
        """The destinations whose deep mailbox becomes one digest."""
        return frozenset(name for name, kind in self.kinds.items() if kind in READ_BY_PEOPLE)

    def limits(self, destination: str) -> Limits:
        """How long and how fast a destination is tried."""
        spacing = SPACING.get(self.kinds.get(destination, ""), NO_TIME)
        return Limits(give_up_after=self.give_up_after, spacing=spacing)


class Deliver:
    """Sends what is due, at most one message a destination at a time."""

    def __init__(
        self,
        store: Store,
        notifiers: Mapping[str, Notifier],
        rules: DeliveryRules,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
        notices: Notices | None = None,
    ) -> None:
        self._store = store
        self._notifiers = notifiers
        self._rules = rules
        self._clock = clock
        self._chance = chance
        self._notices = notices or Notices(store, ())
        # Outcomes that could not be written down, since the database was unusable.
        self._left: queue.SimpleQueue[tuple[Claim, Outcome]] = queue.SimpleQueue()
        # Destinations with a message under way from here.
        self._busy: set[str] = set()
        # When messages that are too old were last looked for.
        self._expired_at: datetime | None = None

    def with_notifiers(self, notifiers: Mapping[str, Notifier]) -> Deliver:
        """Give the same with other ways out."""
        other = Deliver(
            self._store,
            notifiers,
            self._rules,
            clock=self._clock,
            chance=self._chance,
            notices=self._notices,
        )
        other.follow(self)
        return other

    def follow(self, before: Deliver) -> None:
        """Share what another could not write down: what it sent must not be sent again."""
        self._left = before._left

    def deliver_due(self, executor: Executor, most: int) -> list[Future[list[Outcome]]]:
        """Claim what is due and hand it to the executor; a slow destination delays no other."""
        # First: what was sent must not be claimed again when its lease is over.
        self.settle_left()
        now = self._clock()
        self._expire(now)
        hands = Hands(
            limit=most,
            spare=min(SPARE, most - 1),
            # A copy: senders take themselves out of the set meanwhile.
            busy=frozenset(self._busy.copy()),
            collapsing=self._rules.collapsing,
        )
        claims = self._store.claim(now, self._rules.lease, hands)
        self._busy.update(claim.destination for claim in claims)
        return [executor.submit(self._take_turn, claim) for claim in claims]

    def attempt(self, claim: Claim) -> Outcome:
        """Send one message and settle it.

        What became of it is kept if the database is unusable meanwhile, until it can be written
        down: see `settle_left`.
        """
        facts = {"destination": claim.destination, "id": claim.delivery.id}
        try:
            outcome = self._send(claim)
            try:
                self._settle(claim, outcome)
            except Exception as error:
                if (cause := outage(error)) is not None:
                    self._left.put((claim, outcome))
                    log.warning("outcome_waits", **facts, answer=outcome.answer, cause=cause)
                raise
        except Exception as error:
            # Nobody asks this future. If nothing is known of it, it is sent again when the lease
            # ends, under the same id.
            if outage(error) is None:
                log.exception("outcome_not_stored", **facts)
            raise
        return outcome

    def settle_left(self) -> None:
        """Write down what could not be written down before; raises while it still cannot."""
        for _ in range(self._left.qsize()):
            try:
                claim, outcome = self._left.get_nowait()
            except queue.Empty:
                return
            try:
                self._settle(claim, outcome)
            except Exception as error:
                if outage(error) is not None:
                    self._left.put((claim, outcome))
                raise

    def _settle(self, claim: Claim, outcome: Outcome) -> None:
        self._store.settle(outcome, self._telling(outcome, claim.deliveries))
        _log(claim.deliveries, outcome, claim.delivery.attempts + 1)

    def _take_turn(self, claim: Claim) -> list[Outcome]:
        """Send what waits for one destination, while it takes it and needs no pause."""
        destination = claim.destination
        until = time.monotonic() + TURN_SECONDS
        try:
            outcomes = [self.attempt(claim)]
            while outcomes[-1].state is DeliveryState.DELIVERED and time.monotonic() < until:
                following = self._store.claim_next(
                    destination,
                    self._clock(),
                    self._rules.lease,
                    collapsing=self._rules.collapsing,
                )
                if following is None:
                    break
                outcomes.append(self.attempt(following))
        finally:
            self._busy.discard(destination)
        return outcomes

    def _send(self, claim: Claim) -> Outcome:
        notifier = self._notifiers.get(claim.destination)
        if notifier is None:
            gone = "the configuration no longer has this destination"
            return self._failed(claim, DeliveryError(gone, permanent=True))
        try:
            message = self._message(claim)
            sent = notifier.send(message)
        except DeliveryError as error:
            return self._failed(claim, error)
        except Exception as error:
            if outage(error) is not None:
                # Before it was sent: no attempt, and no fault of the destination.
                raise
            # A fault of ours must not stop the others; it is retried, told and at last given up.
            log.exception("delivery_broke", destination=claim.destination, id=claim.delivery.id)
            broke = DeliveryError(f"internal error: {type(error).__name__}", permanent=False)
            return self._failed(claim, broke)
        now = self._clock()
        spacing = self._rules.limits(claim.destination).spacing
        return Outcome(
            delivery_ids=tuple(one.id for one in claim.deliveries),
            state=DeliveryState.DELIVERED,
            answer=sent.answer,
            # A message about several stories is the beginning of no story's thread.
            receipt=sent.receipt if message.story_id else {},
            at=now,
            mailbox=after_answer(claim.mailbox, now, spacing),
        )

    def render(self, delivery: Delivery, alert: Alert) -> Message:
        """Render an alert as its delivery sends it, without what came before at the destination."""
        own = self._rules.templates.get(delivery.destination)
        message = render(alert, message_id=delivery.id, own=own)
        for part, cause in message.template_faults.items():
            facts = {"destination": delivery.destination, "part": part, "cause": cause}
            log.warning("template_failed", sent="the usual form", **facts)
        return message

    def _message(self, claim: Claim) -> Message:
        alert = join(claim.alerts, window=window_of(claim.deliveries))
        message = self.render(claim.delivery, alert)
        if not message.story_id:
            return message
        place = (claim.destination, message.topic, message.story_id)
        return replace(message, earlier=self._store.first_receipt(*place) or None)

    def _failed(self, claim: Claim, error: DeliveryError) -> Outcome:
        return after_error(
            claim,
            error,
            now=self._clock(),
            chance=self._chance(),
            limits=self._rules.limits(claim.destination),
        )

    def _telling(self, outcome: Outcome, deliveries: Sequence[Delivery]) -> Batch:
        """Give the notice that an outcome makes: never through what does not work."""
        notice = notice_of(outcome, deliveries)
        if notice is None:
            return Batch()
        paused = {one.destination for one in self._store.mailboxes() if one.paused_at}
        return self._notices.batch(notice, never=paused | {deliveries[0].destination})

    def _expire(self, now: datetime) -> None:
        """End what waits where nothing gets through, and has become too old."""
        # Also if the clock was set back.
        if self._expired_at is not None and abs(now - self._expired_at) < EXPIRE_EVERY:
            return
        self._expired_at = now
        overdue = self._store.overdue(now - self._rules.give_up_after)
        why = {one.destination: one.why for one in self._store.mailboxes()} if overdue else {}
        for deliveries in overdue:
            first = deliveries[0]
            outcome = Outcome(
                delivery_ids=tuple(one.id for one in deliveries),
                state=DeliveryState.EXPIRED,
                answer=first.answer or f"not tried, since: {why[first.destination]}",
                at=now,
            )
            if self._store.expire(outcome, self._telling(outcome, deliveries)):
                _log(deliveries, outcome, first.attempts)


def _log(deliveries: Sequence[Delivery], outcome: Outcome, attempt: int) -> None:
    facts: dict[str, object] = {
        "destination": deliveries[0].destination,
        "id": deliveries[0].id,
        "attempt": attempt,
        "answer": outcome.answer,
    }
    if len(deliveries) > 1:
        facts["deliveries"] = len(deliveries)
    match outcome.state:
        case DeliveryState.DELIVERED:
            log.info("delivered", **facts)
        case DeliveryState.PENDING if outcome.due_at is None:
            log.error("destination_paused", **facts)
        case DeliveryState.PENDING:
            log.warning("delivery_delayed", next_try=outcome.due_at, **facts)
        case DeliveryState.DEAD | DeliveryState.EXPIRED | DeliveryState.SENDING:
            log.error("delivery_given_up", state=outcome.state.value, **facts)
