"""From stories that grew to messages that say so, where the other side lets them be edited.

recounts.due(now)          -> [Recount]    first messages that say fewer sources than there are
render(recount)            -> Message      as it was told, but for the sources
editor.edit(message, receipt)
recounts.note(...)                         how many it says now, and when to look again

An edit is no delivery: nobody is told anything by it, so nothing is lost where it fails. What is
due follows from what is stored, so a crash costs one edit twice, which changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime

import structlog

from monitor.alerts.recount import LONGEST_WAIT, Recount, wait_after
from monitor.errors import DeliveryError
from monitor.records import Alert, Delivery, Editor, Message
from monitor.store import Recounts
from monitor.topics.story import OPEN_FOR

log = structlog.get_logger()

# Of one destination at a time. Slack takes some 50 edits a minute ("tier 3").
MOST_EDITS = 8
_MOST_LOOKED_AT = 200


class Recounter:
    """Keeps the count of sources right in messages that were sent."""

    def __init__(
        self,
        recounts: Recounts,
        editors: Mapping[str, Editor],
        render: Callable[[Delivery, Alert], Message],
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._recounts = recounts
        self._editors = editors
        self._render = render
        self._clock = clock

    def run(self) -> int:
        """Edit what is due, some of it; give how many edits were taken.

        A destination where one fails is left alone until the next time.
        """
        if not self._editors:
            return 0
        now = self._clock()
        tried: Counter[str] = Counter()
        edited = 0
        for one in self._recounts.due(self._editors, now, now - OPEN_FOR, _MOST_LOOKED_AT):
            destination = one.delivery.destination
            if not one.is_due:
                said = max((len(item.sources) for item in one.alert.items), default=0)
                self._recounts.note(one.delivery.id, said, now)
            elif tried[destination] < MOST_EDITS:
                is_taken = self._edit(one)
                edited += is_taken
                tried[destination] += 1 if is_taken else MOST_EDITS
        return edited

    def _edit(self, one: Recount) -> bool:
        delivery, count = one.delivery, len(one.sources)
        facts = {"destination": delivery.destination, "id": delivery.id, "sources": count}
        try:
            message = self._render(delivery, one.recounted())
            self._editors[delivery.destination].edit(message, delivery.receipt)
        except DeliveryError as error:
            self._failed(one, error)
            return False
        except Exception:
            log.exception("recount_broke", **facts)
            self._failed(one, DeliveryError("internal error", permanent=False))
            return False
        self._recounts.note(delivery.id, count, self._clock() + wait_after(0, None))
        log.info("recounted", **facts)
        return True

    def _failed(self, one: Recount, error: DeliveryError) -> None:
        delivery, now = one.delivery, self._clock()
        said = len(one.alert.items[0].sources)
        is_over = error.permanent and error.scope == "message"
        failures = one.failures + 1
        wait = LONGEST_WAIT if error.permanent else wait_after(failures, error.retry_after)
        self._recounts.note(delivery.id, said, None if is_over else now + wait, failures)
        if failures == 1 or is_over:
            log.warning(
                "recount_failed",
                destination=delivery.destination,
                id=delivery.id,
                answer=str(error),
                next_try=None if is_over else now + wait,
            )
