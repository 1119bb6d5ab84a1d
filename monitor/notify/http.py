"""What the HTTP channels share: one POST, and what its answer means for trying again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum

from monitor.errors import DeliveryError
from monitor.notify.told import secrets_of, told
from monitor.notify.tools import Tools
from monitor.records import Answer
from monitor.targets import Secret

SHORTEST_WAIT = timedelta(seconds=1)
LONGEST_WAIT = timedelta(hours=24)


class About(StrEnum):
    """What a refusal is about: whether the same message, or any other, may be taken later."""

    # Tried again.
    MOMENT = "moment"
    # Permanent for this message; the next one may be taken.
    MESSAGE = "message"
    # Permanent for all: the address or the login is wrong, or is no longer.
    DESTINATION = "destination"


# 4xx that are about this moment: too slow, wrong connection, too early, too many.
_MOMENT = frozenset({408, 421, 425, 429})
# 4xx that are about who asks, or for what: login, payment, address, method, law.
_DESTINATION = frozenset({401, 402, 403, 404, 405, 407, 410, 451})


def about(status: int) -> About:
    """Say what an HTTP status that is no success is about (RFC 9110 section 15).

    A redirect is about the destination: a POST that follows one may arrive as an empty GET, so none
    is followed, and each message would be sent to the wrong place again.

    >>> [str(about(status)) for status in (302, 400, 410, 429, 503)]
    ['destination', 'message', 'destination', 'moment', 'moment']
    """
    if 300 <= status < 400 or status in _DESTINATION:
        return About.DESTINATION
    return About.MESSAGE if 400 <= status < 500 and status not in _MOMENT else About.MOMENT


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
            what,
            permanent=error.permanent,
            retry_after=error.retry_after,
            code=error.code,
            scope=error.scope,
            unsure=error.unsure,
        ) from None


def refusal(
    answer: Answer, now: datetime, *secrets: str, is_about: About | None = None
) -> DeliveryError:
    """Return the error for an answer that is not a success.

    `secrets` are what it may repeat and must not show, e.g. the parts of a URL. A channel that
    knows better than the status says what the answer `is_about`.
    """
    said = told(answer.text, *secrets)
    is_about = is_about or about(answer.status)
    permanent = is_about is not About.MOMENT
    return DeliveryError(
        f"HTTP {answer.status}: {said}"[:200] if said else f"HTTP {answer.status}",
        permanent=permanent,
        retry_after=None if permanent else retry_after(answer.headers, now),
        code=answer.status,
        scope="destination" if is_about is About.DESTINATION else "message",
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
