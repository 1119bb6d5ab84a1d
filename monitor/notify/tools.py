"""What a notifier is given to work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.records import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The world outside, as far as notifiers need it; each takes what it uses."""

    # The one way out for HTTP.
    post: Post
    # How long the other side may stay silent, where `post` is not the way (SMTP, Apprise).
    timeout: timedelta
    # Aware UTC: signatures and dates of `Retry-After` are about the moment of the attempt.
    clock: Callable[[], datetime]
