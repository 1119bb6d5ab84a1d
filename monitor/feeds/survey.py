"""What a document is like before anything in it is mended: what a person asks of a feed.

Polling needs none of it; `seedwatch feeds test` shows it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.feeds.dates import moment, settle
from monitor.feeds.drafts import Draft, DraftFeed, web_url
from monitor.text.markup import plain

# feedparser's names of the formats.
_FORMS = {"rss": "RSS", "atom": "Atom", "cdf": "CDF"}
_VERSION = re.compile(r"(rss|atom|cdf)(\d*)([a-z]*)")
_LONGEST_LANG = 20
_LONGEST_TROUBLE = 80


class DateFault(StrEnum):
    """What is wrong with the date of an item."""

    MISSING = "missing"
    # Not to be read, or before 1990, or more than two days ahead.
    ABSURD = "absurd"
    # Later than when it was fetched.
    AHEAD = "ahead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a document says of itself, and how many of its items lack what."""

    # "RSS 2.0"; empty if it does not say.
    form: str
    # Why it is not well-formed, though it could be read.
    trouble: str
    # The language tag that it states; empty if it states none.
    lang: str
    # Items as they are listed, those that stand there twice too.
    listed: int
    without_guid: int
    # Without a link that a person can open.
    without_link: int
    # Items with a guid that an earlier one has.
    repeated_guids: int
    undated: int
    absurd_dates: int
    # Dates that lie ahead.
    dates_ahead: int


def survey(said: DraftFeed, document_url: str, fetched_at: datetime) -> Survey:
    """Count what the items of a document lack, each as it is listed."""
    drafts = said.drafts
    guids = Counter(draft.guid.strip() for draft in drafts if draft.guid and draft.guid.strip())
    faults = Counter(date_fault(draft.dates, fetched_at) for draft in drafts)
    return Survey(
        form=form_in_words(said.form),
        trouble=plain(said.trouble.removeprefix("not XML: "), limit=_LONGEST_TROUBLE),
        lang=plain(said.lang or "", limit=_LONGEST_LANG),
        listed=len(drafts),
        without_guid=len(drafts) - guids.total(),
        without_link=sum(not _has_link(draft, document_url) for draft in drafts),
        repeated_guids=guids.total() - len(guids),
        undated=faults[DateFault.MISSING],
        absurd_dates=faults[DateFault.ABSURD],
        dates_ahead=faults[DateFault.AHEAD],
    )


def form_in_words(form: str) -> str:
    """Write feedparser's name of a format as people do.

    >>> form_in_words("rss20"), form_in_words("atom10"), form_in_words("rss091u")
    ('RSS 2.0', 'Atom 1.0', 'RSS 0.91')
    """
    found = _VERSION.fullmatch(form)
    if not found:
        return form
    digits = found[2]
    return f"{_FORMS[found[1]]} {digits[:1]}.{digits[1:]}" if digits else _FORMS[found[1]]


def date_fault(dates: Iterable[str], fetched_at: datetime) -> DateFault | None:
    """Say what is wrong with the dates of an item, best first; None if one of them will do."""
    moments = [moment(date) for date in dates]
    if not moments:
        return DateFault.MISSING
    for one in moments:
        settled = settle(one, fetched_at)
        if settled is not None:
            return DateFault.AHEAD if settled != one else None
    return DateFault.ABSURD


def _has_link(draft: Draft, document_url: str) -> bool:
    permalink = draft.permalink or ""
    base = document_url if permalink.startswith("/") else ""
    return any(web_url(link, document_url) for link in draft.links) or bool(
        web_url(permalink, base)
    )
