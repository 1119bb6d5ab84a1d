"""Tell the operator: a notice goes into the log and, if anybody is to be told, into the outbox."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import structlog

from monitor.alerts.notice import address
from monitor.alerts.wording import paragraphs_of
from monitor.records import Alert, Batch
from monitor.store import Store
from monitor.targets import Destination

log = structlog.get_logger()


class Notices:
    """Hands notices to the operator's destinations, each once."""

    def __init__(self, store: Store, operator: Sequence[Destination]) -> None:
        self._store = store
        self._operator = tuple(operator)

    def batch(self, notice: Alert, *, never: Collection[str] = ()) -> Batch:
        """Give what to commit so that the notice is told, nothing if there is nobody to tell.

        `never` names destinations that it must not go through.
        """
        deliveries = address(notice, self._operator, notice.created_at, never=never)
        return Batch(alerts=(notice,), deliveries=deliveries) if deliveries else Batch()

    def tell(self, notice: Alert, *, never: Collection[str] = ()) -> None:
        """Log the notice, and commit it with its deliveries."""
        self.log(notice)
        batch = self.batch(notice, never=never)
        if batch.alerts:
            self._store.commit(batch)

    @staticmethod
    def log(notice: Alert) -> None:
        """Log the notice."""
        headline, *rest = paragraphs_of(notice.detail)
        log.warning("notice", headline=headline, text=" ".join(rest))
