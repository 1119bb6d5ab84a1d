"""What the HTTP channels share: one POST, and what its answer means for trying again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from monitor.errors import DeliveryError
from monitor.notify.told import secrets_of, told
from monitor.notify.tools import Tools
from monitor.records import Answer
from monitor.targets import Secret

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=24)

# 4xx that are about this moment, not about this message: too slow, too early, too many.
_LATER = frozenset({408, 425, 429})


def post_json(tools: Tools, url: Secret, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Send JSON to the URL and return the answer, whatever it is.

    Raises `DeliveryError` as `tools.post` did, without the URL in its text.
    """
    headers = {"Content-Type": "application/json", **headers}
    try:
        return tools.post(url.reveal(), body, headers)
    except DeliveryError as error:
        what = told(str(error), *secrets_of(url.reveal()))
        # Not chained: the cause would carry the URL into a traceback.
        raise DeliveryError(
            what, permanent=error.permanent, retry_after=error.retry_after, code=error.code
        ) from None


def refusal(
    answer: Answer, url: Secret, now: datetime, *, permanent: bool | None = None
) -> DeliveryError:
    """Return the error for an answer that is not a success.

    Permanent are redirects (never followed: a POST would arrive as an empty GET) and refusals
    (4xx, but not 408, 425, 429); all else may pass. A channel that knows better says `permanent`.
    """
    said = told(answer.text, *secrets_of(url.reveal()))
    if permanent is None:
        permanent = 300 <= answer.status < 500 and answer.status not in _LATER
    return DeliveryError(
        f"HTTP {answer.status}: {said}"[:200] if said else f"HTTP {answer.status}",
        permanent=permanent,
        retry_after=None if permanent else retry_after(answer.headers, now),
        code=answer.status,
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return the pause that `Retry-After` asks for, clamped to 1 s … 24 h; None if it asks none.

    Seconds or an HTTP date (RFC 9110 section 10.2.3); what is neither counts as absent.
    """
    values = (value.strip() for name, value in headers.items() if name.lower() == "retry-after")
    value = next(values, "")
    if value.isascii() and value.isdecimal():
        # More digits than a day has seconds: the answer is the longest wait anyway.
        wait = timedelta(seconds=int(value)) if len(value.lstrip("0")) <= 6 else LONGEST_WAIT
    else:
        try:
            at = parsedate_to_datetime(value)
            wait = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
        except (ValueError, TypeError, IndexError, OverflowError):
            return None
    return min(max(wait, SHORTEST_WAIT), LONGEST_WAIT)
