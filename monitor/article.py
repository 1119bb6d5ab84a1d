"""The text of an article's page. trafilatura lives only here.

Floor 2, an edge: the page comes from `fetch`, its text is for scoring a page that no feed brought.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import trafilatura
from dateutil.parser import ParserError
from dateutil.parser import parse as parse_date

from monitor.errors import ArticleError
from monitor.records import Document
from monitor.text.markup import UNSEEN, plain

# Pages are long; what a feed would have said of them is short. Scores are made for the latter.
SUMMARY_CHARACTERS = 400
LONGEST_TITLE = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page tells, without its menus and advertisements."""

    url: str
    title: str
    text: str
    # ISO 639-1, if the page says.
    lang: str | None
    published_at: datetime | None

    @property
    def summary(self) -> str:
        """Its beginning, about as long as a feed's summary."""
        if len(self.text) <= SUMMARY_CHARACTERS:
            return self.text
        return self.text[:SUMMARY_CHARACTERS].rsplit(" ", 1)[0] + " …"


def read_article(document: Document) -> Article:
    """Find the article in a page. Raises `ArticleError` if there is none."""
    found = trafilatura.bare_extraction(
        document.body, url=document.url, include_comments=False, with_metadata=True
    )
    # Its return type allows a dict, which older versions gave.
    fields = found if isinstance(found, dict) or found is None else found.as_dict()
    text = " ".join(UNSEEN.sub("", (fields or {}).get("text") or "").split())
    if not fields or not text:
        raise ArticleError(f"no article text was found at {document.url}")
    return Article(
        url=document.url,
        title=plain(fields.get("title") or "", limit=LONGEST_TITLE),
        text=text,
        lang=(fields.get("language") or None),
        published_at=_date(fields.get("date")),
    )


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = parse_date(text)
    except (ParserError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
