"""What servers and feeds say about when to ask again, read as floors under our own interval.

A hint makes us ask later, never sooner, and never later than the longest wait that the
configuration allows. What cannot be meant is no hint.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from monitor.records import Hints

# A feed that "stays as it is" for longer is served with the headers of a picture: `expires max` of
# a web server's template is ten years, `immutable` files have one.
MOST_FRESH = timedelta(days=31)

# RSS 1.0 module Syndication, and two more that are seen in the wild (rss-fetcher's list).
_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": timedelta(days=1),
    "dayly": timedelta(days=1),
    "weekly": timedelta(days=7),
    "monthly": timedelta(days=30),
    "yearly": timedelta(days=365),
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HOUR = timedelta(hours=1)

_DIRECTIVE = re.compile(r'\s*([\w-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s,"]*)))?\s*(?:,|$)')
_SKIP = re.compile(
    r"<skip(Hours|Days)\s*>((?:\s*<(?:hour|day)\s*>[^<]{0,40}</(?:hour|day)\s*>){1,40})"
)
_VALUE = re.compile(r">\s*([^<>\s]+)\s*</")


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read how long a document stays as it is, by its HTTP headers; None if they do not say.

    `Cache-Control: max-age` less `Age`, else `Expires` less `Date`, as a cache of our own would
    (RFC 9111 sections 4.2.1 and 4.2.3); `s-maxage` is for caches that others share. `no-cache`,
    `no-store`, what is over already and more than a month are no hints.

    >>> fresh_for({"Cache-Control": "public, max-age=900", "Age": "300"}, datetime.now(UTC))
    datetime.timedelta(seconds=600)
    """
    asked = _directives(headers.get("Cache-Control") or "")
    if "no-cache" in asked or "no-store" in asked:
        return None
    if "max-age" in asked:
        age, passed = _seconds(asked["max-age"]), _seconds(headers.get("Age"))
        found = age - (passed or timedelta(0)) if age is not None else None
    else:
        expires, date = _moment(headers.get("Expires")), _moment(headers.get("Date"))
        found = expires - (date or now) if expires else None
    return found if found and timedelta(0) < found <= MOST_FRESH else None


def ttl(minutes: str) -> timedelta | None:
    """Read RSS `ttl`, in minutes there; None if it is no number, 0, or more than a month.

    >>> ttl("60")
    datetime.timedelta(seconds=3600)
    """
    text = minutes.strip()
    if not re.fullmatch(r"[0-9]{1,6}", text):
        return None
    found = timedelta(minutes=int(text))
    return found if timedelta(0) < found <= MOST_FRESH else None


def update_every(period: str, frequency: str) -> timedelta | None:
    """Read `sy:updatePeriod` and `sy:updateFrequency`: so often in each period, once by default.

    None if the period is unknown (`always` is seen too), or the frequency is no positive number;
    parts such as 0.1 are: once in ten periods, at most a year. `hourly` once is none either: it
    is what WordPress writes where nobody has said anything (`wp-includes/feed-rss2.php`).

    >>> update_every("daily", "4")
    datetime.timedelta(seconds=21600)
    """
    length = _PERIODS.get(period.strip().lower())
    try:
        times = float(frequency.strip() or "1")
    except ValueError:
        return None
    if length is None or not math.isfinite(times) or not 1e-3 <= times <= 1e6:
        return None
    if length == _PERIODS["hourly"] and times == 1:
        return None
    return min(length / times, _PERIODS["yearly"])


def skips(text: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Find RSS `skipHours` and `skipDays` in the text of a feed, outside of its items.

    feedparser keeps only the last hour of the list. Hours are 0 to 23, and 24 for 0 as in
    RSS 0.91; days are 0 (Monday) to 6. A list of all of them would be a feed that nobody may
    read: it counts as none.

    >>> skips("<channel><skipHours><hour>1</hour><hour>24</hour></skipHours>")
    ((0, 1), ())
    """
    if "<skip" not in text:
        return (), ()
    first, last = text.find("<item"), text.rfind("</item>")
    outside = text if first < 0 else text[:first] + (text[last:] if last >= 0 else "")
    hours: set[int] = set()
    days: set[int] = set()
    for found in _SKIP.finditer(outside):
        for value in _VALUE.findall(found[2]):
            if found[1] == "Days" and value.lower() in _DAYS:
                days.add(_DAYS.index(value.lower()))
            elif found[1] == "Hours" and re.fullmatch(r"[0-9]{1,2}", value):
                hours |= {int(value) % 24} if int(value) <= 24 else set()
    return (
        tuple(sorted(hours)) if len(hours) < 24 else (),
        tuple(sorted(days)) if len(days) < 7 else (),
    )


def after_skips(due_at: datetime, hints: Hints, latest: datetime) -> datetime:
    """Put a poll off to the end of the hours and days that a feed wants skipped, UTC.

    Never beyond `latest`, whatever is skipped.

    >>> night = Hints(skip_hours=(2, 3))
    >>> after_skips(datetime(2026, 1, 1, 2, 30, tzinfo=UTC), night,
    ...             datetime(2026, 1, 2, tzinfo=UTC)).hour
    4
    """
    wanted = due_at
    while wanted < latest and _is_skipped(wanted, hints):
        wanted = wanted.replace(minute=0, second=0, microsecond=0) + _HOUR
    return max(due_at, min(wanted, latest))


def _is_skipped(at: datetime, hints: Hints) -> bool:
    return at.hour in hints.skip_hours or at.weekday() in hints.skip_days


def _directives(value: str) -> dict[str, str]:
    """Split `Cache-Control`; of one that stands there twice the first counts (RFC 9111 4.2.1)."""
    found: dict[str, str] = {}
    for name, quoted, plain in _DIRECTIVE.findall(value[:1000]):
        found.setdefault(name.lower(), quoted or plain)
    return found


def _seconds(value: str | None) -> timedelta | None:
    text = (value or "").strip()
    if not re.fullmatch(r"[0-9]{1,10}", text):
        return None
    return timedelta(seconds=int(text))


def _moment(value: str | None) -> datetime | None:
    """Read an HTTP date; `0` and `-1`, which servers send for "over", are none."""
    if not value:
        return None
    try:
        found = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
