"""Read the moment that a feed states, in the forms that feeds really use.

feedparser's own reading takes `CEST` and `MSK` for UTC, `1767348000` for the year 1767, and gives
up on `24:00` and on a missing zone; so ours comes first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

# Minutes east of UTC. Where a name has several meanings, the one that news feeds use.
_ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 60, "bst": 60, "cet": 60, "met": 60,
    "mez": 60, "cest": 120, "mest": 120, "mesz": 120, "eet": 120, "sast": 120, "cat": 120,
    "eest": 180, "msk": 180, "fet": 180, "trt": 180, "eat": 180, "msd": 240, "samt": 240,
    "yekt": 300, "pkt": 300, "ist": 330, "omst": 360, "krat": 420, "wib": 420, "irkt": 480,
    "hkt": 480, "sgt": 480, "awst": 480, "yakt": 540, "jst": 540, "kst": 540, "acst": 570,
    "vlat": 600, "aest": 600, "acdt": 630, "aedt": 660, "nzst": 720, "nzdt": 780,
    "nst": -210, "ndt": -150, "brt": -180, "art": -180, "adt": -180, "ast": -240, "edt": -240,
    "est": -300, "et": -300, "cdt": -300, "cst": -360, "ct": -360, "mdt": -360, "mst": -420,
    "mt": -420, "pdt": -420, "pst": -480, "pt": -480, "akdt": -480, "akst": -540, "hst": -600,
}  # fmt: skip

# The first letters that tell the months of a language apart: English and German; Polish, Russian,
# Ukrainian, Belarusian, Lithuanian and Latvian where they differ.
_MONTHS = (
    "jan|янв|січ|сту|sty|saus",
    "feb|фев|лют|lut|vas",
    "mar|mär|mrz|мар|бер|сак|kovo",
    "apr|апр|кві|кра|kwi|bal",
    "may|mai|мая|май|тра|maj|geg",
    "jun|jūn|июн|чер|чэр|cze|birž",
    "jul|jūl|июл|лип|ліп|lip|liep",
    "aug|авг|сер|жні|sie|rugp",
    "sep|сен|вер|wrz|rugs",
    "oct|okt|окт|жов|кас|paź|spal",
    "nov|ноя|лис|ліс|lis|lapk",
    "dec|dez|дек|гру|сне|gru",
)
_MONTH = re.compile("|".join(f"(?P<m{i}>{names})" for i, names in enumerate(_MONTHS, start=1)))

_CLOCK = (
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\b\.?)?"
)
_ZONE = (
    r"\s*(?:(?:etc/)?(?P<name>[a-z]{1,5})|[a-z_]+/[a-z_/]+)?\s*"
    r"(?:(?P<sign>[+\-])(?P<zh>\d{1,2})(?::?(?P<zm>\d{2}))?)?\s*(?:\([^()]*\)|[a-z]{1,5})?"
)
_NAME = r"[^\W\d_]+\.?"
_WEEKDAY = rf"(?:{_NAME}(?:,\s?|\s))?"
_FORMS = (
    # ISO 8601, RFC 3339, the W3C's note; extended and basic form; a space for the T.
    re.compile(
        rf"{_WEEKDAY}(?P<year>\d{{4}})(?P<dash>[-/.]?)(?P<month>\d{{2}})(?P=dash)(?P<day>\d{{2}})"
        r"(?:[t\s]+(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{1,2})(?:[.,]\d+)?)?)?"
        + _ZONE
    ),
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})"),
    # RFC 822 and 5322: the day before the month's name.
    re.compile(
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[\s-]+(?:of\s+)?(?P<mon>{_NAME}),?[\s-]+"
        rf"(?P<year>\d{{4}}|\d{{2}})(?:r\.|г\.|р\.)?(?:,?\s+(?:at\s+)?{_CLOCK})?{_ZONE}"
    ),
    # The month's name first.
    re.compile(
        rf"{_WEEKDAY}(?P<mon>{_NAME})\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+"
        rf"(?P<year>\d{{4}})(?:,?\s+(?:at\s+)?{_CLOCK})?{_ZONE}"
    ),
    # asctime and `date`: the year last.
    re.compile(
        rf"{_WEEKDAY}(?P<mon>{_NAME})\s+(?P<day>\d{{1,2}})\s+{_CLOCK}\s+"
        r"(?:(?P<name>[a-z]{1,5})\s+)?(?P<year>\d{4})"
    ),
    # With dots the day comes first everywhere; with slashes nobody knows, see `_month_and_day`.
    re.compile(
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.(?P<year>\d{{4}})(?:,?\s+{_CLOCK})?{_ZONE}"
    ),
    re.compile(
        rf"(?P<first>\d{{1,2}})/(?P<other>\d{{1,2}})/(?P<year>\d{{4}})(?:,?\s+{_CLOCK})?{_ZONE}"
    ),
)

# Seconds since 1970, in today's number of digits; also milliseconds.
_EPOCH = re.compile(r"(\d{9,10})(?:\d{3}|\.\d+)?")

# No form is longer; a longer text is none.
_LONGEST = 80

# Before the web: dates such as year 1 or 1970 are what a program writes that has none.
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

# A wrong zone puts an item hours ahead, a slip a day; more is another thing's date.
_AHEAD_AT_MOST = timedelta(days=2)
_CLOCK_SKEW = timedelta(minutes=15)


def moment(text: str) -> datetime | None:
    """Read a feed's date as aware UTC; None if it says no day or one that does not exist.

    Without a zone, or with one nobody knows, it is taken as UTC. Dates like `02/01/2026`, which
    half the world reads the other way, are None.

    >>> moment("Mon, 08 Nov 2021 10:00:00 CEST").isoformat()
    '2021-11-08T08:00:00+00:00'
    """
    text = " ".join(text.split()).lower()
    if not text or len(text) > _LONGEST:
        return None
    if epoch := _EPOCH.fullmatch(text):
        return datetime.fromtimestamp(int(epoch[1]), UTC)
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _utc(found.groupdict())
    return None


def settle(moment: datetime | None, fetched_at: datetime) -> datetime | None:
    """Return a moment that an item can have been published at, or None.

    Before 1990 or more than two days ahead it is absurd: None. What lies more than a quarter of
    an hour ahead was published when we saw it, at the latest.
    """
    if moment is None or moment < _EARLIEST or moment > fetched_at + _AHEAD_AT_MOST:
        return None
    return fetched_at if moment > fetched_at + _CLOCK_SKEW else moment


def _utc(said: dict[str, str | None]) -> datetime | None:
    """Return the moment of the parts of a date, or None if there is no such moment."""
    month, day = _month_and_day(said)
    year = int(said["year"] or 0)
    if len(said["year"] or "") == 2:
        # Two digits: RFC 5322 section 4.3, with 1990 as the first year of feeds.
        year += 2000 if year < 90 else 1900
    hour, minute = int(said.get("hour") or 0), int(said.get("minute") or 0)
    half = said.get("half")
    if half:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    # A leap second is the last second before it, 24:00 the next day's midnight.
    second = min(int(said.get("second") or 0), 59)
    whole_day = timedelta(days=1) if (hour, minute, second) == (24, 0, 0) else timedelta(0)
    try:
        local = datetime(year, month, day, 0 if whole_day else hour, minute, second, tzinfo=UTC)
        return local + whole_day - _offset(said)
    except (ValueError, OverflowError):
        return None


def _month_and_day(said: dict[str, str | None]) -> tuple[int, int]:
    """Return the month and day, 0 for what cannot be told."""
    if "first" in said:
        first, other = int(said["first"] or 0), int(said["other"] or 0)
        if first > 12 or first == other:
            return other, first
        return (first, other) if other > 12 else (0, 0)
    day = int(said.get("day") or 1)
    if said.get("month"):
        return int(said["month"] or 0), day
    name = _MONTH.match(said.get("mon") or "")
    return (int((name.lastgroup or "m0")[1:]) if name else 0), day


def _offset(said: dict[str, str | None]) -> timedelta:
    """Return how far a zone is ahead of UTC; nothing for one that is not known."""
    sign = said.get("sign")
    if sign:
        minutes = int(said["zh"] or 0) * 60 + int(said["zm"] or 0)
        # No place on earth is further ahead than +14:00.
        minutes = minutes if minutes <= 14 * 60 else 0
        return timedelta(minutes=minutes if sign == "+" else -minutes)
    return timedelta(minutes=_ZONES.get(said.get("name") or "", 0))
