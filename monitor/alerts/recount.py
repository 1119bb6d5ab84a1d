"""A message that was sent says how many sources its story has; it has more now. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from monitor.records import Alert, Delivery

# Between two edits of one message, however fast its story spreads.
EVERY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """A message whose count of sources is to be put right in place."""

    # Delivered, with a receipt.
    delivery: Delivery
    # As it was told.
    alert: Alert
    # Of its story now.
    sources: tuple[str, ...]
    # Edits that failed in a row.
    failures: int = 0

    @property
    def is_due(self) -> bool:
        """Whether the story has more sources than the alert had when it was told."""
        return any(len(self.sources) > len(item.sources) for item in self.alert.items)

    def recounted(self) -> Alert:
        """Give the alert as it was told, but for the sources."""
        items = tuple(replace(item, sources=self.sources) for item in self.alert.items)
        return replace(self.alert, items=items)


def wait_after(failures: int, retry_after: timedelta | None) -> timedelta:
    """Give the pause after the n-th failure in a row, or after a success (0).

    wait = min(EVERY x 2^n, LONGEST_WAIT), and no less than the other side asks for. No jitter: an
    edit is one of few, and nobody waits for it.

    >>> [wait_after(n, None) // timedelta(minutes=1) for n in (0, 1, 3, 6, 99)]
    [1, 2, 8, 60, 60]
    """
    wait = min(EVERY * (1 << min(failures, 10)), LONGEST_WAIT)
    return max(wait, retry_after or wait)
