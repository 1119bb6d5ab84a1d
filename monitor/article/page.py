"""The text of an article's page. trafilatura lives only here.

Floor 2, an edge: the page comes from `fetch`, its text is for scoring a page that no feed brought,
and for making a seed of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import trafilatura
from dateutil.parser import ParserError
from dateutil.parser import parse as parse_date

from monitor.errors import ArticleError
from monitor.feeds.charset import decode
from monitor.records import Document
from monitor.text.markup import UNSEEN, plain

# Pages are long; what a feed would have said of them is short. Scores are made for the latter.
SUMMARY_CHARACTERS = 400
LONGEST_TITLE = 300
# Of less text another reading of the page is tried, and the longest is taken.
LITTLE_TEXT = 600
# What a page declares stands at its beginning (https://html.spec.whatwg.org/, prescan).
_PRESCANNED = 4096
_META = re.compile(
    rb"""<meta\b[^>]{0,300}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""", re.IGNORECASE
)
# Its content is what a page without scripts shows: for us that is the page.
_NOSCRIPT = re.compile(r"<(/?)noscript\b", re.IGNORECASE)
# ` - The Harbour Daily`, ` | News`: what stands behind the last of these may name the site.
_SITE_PART = re.compile(r"\s+(?:[|»·•–—-]|::)\s+([^|»·•–—]{2,60})$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page tells, without its menus and advertisements."""

    url: str
    title: str
    # On one line.
    text: str
    # The same, by its paragraphs.
    paragraphs: tuple[str, ...] = ()
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
    """Find the article in a page, in this process. Raises `ArticleError` if there is none.

    Nothing bounds what a hostile page may cost here: see `apart`.
    """
    html = page_text(document)
    fields = _best(html, document.url)
    paragraphs = _paragraphs(fields.get("text") or "")
    if not paragraphs:
        raise ArticleError(f"no article text was found at {document.url}")
    return Article(
        url=document.url,
        title=_title(fields),
        text=" ".join(paragraphs),
        paragraphs=paragraphs,
        lang=(fields.get("language") or _stated(html)),
        published_at=_date(fields.get("date")),
    )


def page_text(document: Document) -> str:
    """Decode a page: by its header, else by what it declares, else as UTF-8 or windows-1252."""
    kind = document.content_type
    declared = _META.search(document.body[:_PRESCANNED])
    if "charset" not in kind.lower() and declared:
        kind = f"text/html; charset={declared[1].decode('ascii')}"
    return decode(document.body, kind)


def _best(html: str, url: str) -> Mapping[str, Any]:
    """Read a page strictly, and more and more widely while little comes of it."""
    best: Mapping[str, Any] = {}
    wide = _NOSCRIPT.sub(r"<\1div", html)
    for page, strictly in ((html, True), (html, False), (wide, False)):
        found = _extract(page, url, strictly=strictly)
        if len(found.get("text") or "") > len(best.get("text") or ""):
            best = {**found, "title": found.get("title") or best.get("title")}
        if len(best.get("text") or "") >= LITTLE_TEXT:
            break
    return best


def _extract(html: str, url: str, *, strictly: bool) -> Mapping[str, Any]:
    found = trafilatura.bare_extraction(
        html,
        url=url,
        include_comments=False,
        include_tables=False,
        with_metadata=True,
        favor_precision=strictly,
    )
    # Its return type allows a dict, which older versions gave.
    fields = found if isinstance(found, dict) or found is None else found.as_dict()
    return fields or {}


def _paragraphs(text: str) -> tuple[str, ...]:
    lines = (" ".join(UNSEEN.sub("", line).split()) for line in text.split("\n"))
    return tuple(line for line in lines if line)


def _title(fields: Mapping[str, Any]) -> str:
    """Give the title without the name of the site."""
    title = plain(fields.get("title") or "", limit=LONGEST_TITLE)
    site = " ".join(str(fields.get("sitename") or "").split()).casefold()
    part = _SITE_PART.search(title)
    if part and site and part[1].strip().casefold() in {site, site.removeprefix("www.")}:
        return title[: part.start()].strip()
    return title


_HTML_LANG = re.compile(
    r"""<html\b[^>]{0,500}?\blang\s*=\s*["']?([A-Za-z]{2,3})\b""", re.IGNORECASE
)


def _stated(html: str) -> str | None:
    found = _HTML_LANG.search(html[:_PRESCANNED])
    return found[1].lower() if found else None


def _date(text: str | None) -> datetime | None:
    if not text:
        return None
    try:
        found = parse_date(text)
    except (ParserError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
