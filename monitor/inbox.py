"""Pushes that were taken at the door and wait to be judged; bounded in number and in bytes."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from monitor.records import Document
from monitor.targets import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A document that a hub has sent, its signature verified."""

    # Of the subscription that it came by.
    token: Secret
    document: Document
    # How often it was judged in vain, since the store could not be used.
    tries: int = 0


class Inbox:
    """First in, first out; outlives a reload, so that nothing that was taken is dropped by it."""

    def __init__(self, *, most: int, max_bytes: int) -> None:
        self._most = most
        # Of all that waits; a reload may change it.
        self.max_bytes = max_bytes
        self._bytes = 0
        self._waiting: deque[Push] = deque()
        self._lock = threading.Lock()

    def put(self, push: Push) -> bool:
        """Take a push; False if there is no room for it now."""
        size = len(push.document.body)
        with self._lock:
            if len(self._waiting) >= self._most or self._bytes + size > self.max_bytes:
                return False
            self._waiting.append(push)
            self._bytes += size
            return True

    def put_back(self, push: Push) -> None:
        """Take back a push that was taken out and not judged, room or not: it comes first."""
        with self._lock:
            self._waiting.appendleft(push)
            self._bytes += len(push.document.body)

    def take(self) -> Push | None:
        """Give the push that waits longest; None if none does."""
        with self._lock:
            if not self._waiting:
                return None
            push = self._waiting.popleft()
            self._bytes -= len(push.document.body)
            return push
