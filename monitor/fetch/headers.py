"""What single headers of an answer mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

# A server may ask for more patience than this (88 hours were seen), but does not get it.
MOST_RETRY_AFTER = timedelta(hours=24)
# A longer one would come back as "request header too large" for ever.
LONGEST_VALIDATOR = 1_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def validator(value: str | None) -> str | None:
    """Give an `ETag` or `Last-Modified` exactly as it came; None if it cannot be sent back."""
    if not value or len(value) > LONGEST_VALIDATOR or _CONTROL.search(value):
        return None
    return value


def offers_deltas(headers: Mapping[str, str]) -> bool:
    """Say whether a server would send only what is new: its answers vary by `A-IM` (RFC 3229)."""
    return "a-im" in _tokens(headers.get("Vary")) or is_delta(headers)


def is_delta(headers: Mapping[str, str]) -> bool:
    """Say whether an answer holds only the entries that are new, and is a feed in itself."""
    return _tokens(headers.get("IM")) == {"feed"}


def refusal(status: int, reason: str, headers: Mapping[str, str]) -> str:
    """Say in one line what a status means; a wall against bots is told from a plain refusal."""
    line = f"HTTP {status} {reason}".strip()
    if (headers.get("cf-mitigated") or "").strip().lower() == "challenge":
        return f"{line}: it lets in browsers only"
    return line


def as_sent(location: str) -> str:
    """Give a `Location` as it was meant: raw UTF-8, which servers send, was read as Latin-1."""
    try:
        return location.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return location


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """Read `Retry-After`: seconds or an HTTP date (RFC 9110 section 10.2.3), at most a day."""
    if not value:
        return None
    value = value.strip()
    if value.isdecimal() and value.isascii():
        wait = timedelta(seconds=min(int(value[:9]), MOST_RETRY_AFTER.total_seconds()))
    else:
        try:
            when = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        wait = (when if when.tzinfo else when.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), MOST_RETRY_AFTER)


def _tokens(value: str | None) -> set[str]:
    return {token.strip().lower() for token in (value or "")[:1000].split(",")} - {""}
