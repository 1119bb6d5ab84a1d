"""From what is due to what the other side said.

store.claim(now)        -> [Claim]      leased, so that a crash costs one repeat at worst
render(alert)           -> Message      under the delivery's id: the same on every try
notifier.send(message)  -> its answer, or DeliveryError(permanent, retry_after)
after_error(...)        -> Outcome      the one place that decides what a failure means
store.settle(outcome)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from monitor.alerts.own import OwnTemplates
from monitor.alerts.render import render
from monitor.alerts.retry import after_error
from monitor.errors import DeliveryError
from monitor.records import Claim, Delivery, DeliveryState, Notifier, Outcome
from monitor.store import Store

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRules:
    """How messages are made, and how long one attempt, and all together, may take."""

    timeout: timedelta
    give_up_after: timedelta
    # Of those destinations whose receiver has any, by the destination's name.
    templates: Mapping[str, OwnTemplates] = field(default_factory=dict)

    @property
    def lease(self) -> timedelta:
        """How long a claim holds: longer than any attempt can take."""
        return 3 * self.timeout + timedelta(seconds=10)


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
    ) -> None:
        self._store = store
        self._notifiers = notifiers
        self._rules = rules
        self._clock = clock
        self._chance = chance
        # Destinations with a message under way from here.
        self._busy: set[str] = set()

    def with_notifiers(self, notifiers: Mapping[str, Notifier]) -> Deliver:
        """Give the same with other ways out."""
        return Deliver(self._store, notifiers, self._rules, clock=self._clock, chance=self._chance)

    def deliver_due(self, executor: Executor, most: int) -> list[Future[Outcome]]:
        """Claim what is due and hand it to the executor; a slow destination delays no other."""
        # A copy: senders take themselves out of the set meanwhile.
        busy = self._busy.copy()
        claims = self._store.claim(self._clock(), self._rules.lease, most, busy=busy)
        self._busy.update(claim.delivery.destination for claim in claims)
        return [executor.submit(self.attempt, claim) for claim in claims]

    def attempt(self, claim: Claim) -> Outcome:
        """Send one delivery and settle it."""
        try:
            outcome = self._send(claim)
            self._store.settle(outcome)
        except Exception:
            # Nobody asks this future. When the lease ends it is sent again, under the same id.
            log.exception(
                "outcome_not_stored", destination=claim.delivery.destination, id=claim.delivery.id
            )
            raise
        finally:
            self._busy.discard(claim.delivery.destination)
        _log(claim.delivery, outcome)
        return outcome

    def _send(self, claim: Claim) -> Outcome:
        delivery = claim.delivery
        notifier = self._notifiers.get(delivery.destination)
        if notifier is None:
            gone = "the configuration no longer has this destination"
            return self._failed(delivery, DeliveryError(gone, permanent=True))
        try:
            own = self._rules.templates.get(delivery.destination)
            message = render(claim.alert, message_id=delivery.id, own=own)
            for part, cause in message.template_faults.items():
                facts = {"destination": delivery.destination, "part": part, "cause": cause}
                log.warning("template_failed", sent="the usual form", **facts)
            answer = notifier.send(message)
        except DeliveryError as error:
            return self._failed(delivery, error)
        except Exception as error:
            # A fault of ours must not stop the others; it is retried, told and at last given up.
            log.exception("delivery_broke", destination=delivery.destination, id=delivery.id)
            broke = DeliveryError(f"internal error: {type(error).__name__}", permanent=False)
            return self._failed(delivery, broke)
        return Outcome(
            delivery_id=delivery.id, state=DeliveryState.DELIVERED, answer=answer, at=self._clock()
        )

    def _failed(self, delivery: Delivery, error: DeliveryError) -> Outcome:
        return after_error(
            delivery,
            error,
            now=self._clock(),
            chance=self._chance(),
            give_up_after=self._rules.give_up_after,
        )


def _log(delivery: Delivery, outcome: Outcome) -> None:
    facts = {
        "destination": delivery.destination,
        "id": delivery.id,
        "attempt": delivery.attempts + 1,
        "answer": outcome.answer,
    }
    match outcome.state:
        case DeliveryState.DELIVERED:
            log.info("delivered", **facts)
        case DeliveryState.PENDING:
            log.warning("delivery_delayed", next_try=outcome.due_at, **facts)
        case DeliveryState.DEAD | DeliveryState.EXPIRED | DeliveryState.SENDING:
            log.error("delivery_given_up", state=outcome.state.value, **facts)
