"""Call a URL while all goes well: who waits for the calls is told when they end."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import timedelta

import structlog

from monitor.errors import DeliveryError
from monitor.records import Post
from monitor.targets import Secret

log = structlog.get_logger()


class Heart:
    """Beats at most once in `every`, one call at a time; outlives a reload."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Take a monotonic clock."""
        self._clock = clock
        self._beaten_at: float | None = None
        self._call: Future[None] | None = None
        # Why the last call failed; empty if it did not.
        self._cause = ""

    def beat(self, url: Secret, every: timedelta, post: Post, executor: Executor) -> None:
        """Call, if it is time; the caller vouches that all goes well."""
        now = self._clock()
        is_early = self._beaten_at is not None and now - self._beaten_at < every.total_seconds()
        if is_early or (self._call is not None and not self._call.done()):
            return
        self._beaten_at = now
        self._call = executor.submit(self._do, url, post)

    def _do(self, url: Secret, post: Post) -> None:
        try:
            answer = post(url.reveal(), b"", {})
            cause = "" if 200 <= answer.status < 300 else f"HTTP {answer.status}"
        except DeliveryError as error:
            # It names no address.
            cause = str(error)
        if cause and cause != self._cause:
            log.warning("heartbeat_failed", cause=cause)
        elif self._cause and not cause:
            log.info("heartbeat_well_again")
        self._cause = cause
