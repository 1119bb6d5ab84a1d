"""Make items of what a feed says, the same way for every format."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from monitor.feeds.dates import moment, settle
from monitor.feeds.identity import canonical_url, fingerprint, item_key
from monitor.feeds.lang import primary
from monitor.records import Document, Hints, Item
from monitor.text.markup import plain, shorten

_LONGEST_TITLE = 300
_LONGEST_SUMMARY = 2000
# Where a title is missing, so much of the summary stands in.
_BORROWED_TITLE = 100
_LONGEST_URL = 2048

# No database keeps a NUL or half a surrogate pair; JSON can hold both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_BREAKS = re.compile(r"[\t\r\n]+")
# Characters that make a URL look like another one: direction marks, zero-width and the like.
_MISLEADING = re.compile("[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a feed says of one item, as it says it: markup, relative links, dates as text."""

    guid: str | None
    # Best first; may be relative to the document.
    links: tuple[str, ...]
    # The guid, if the feed says that it is a link; counts only as a URL or a path from the root.
    permalink: str | None = None
    title: str
    # Best first; the next one is asked only if one holds no text.
    summaries: tuple[str, ...]
    # A language tag of the item's own.
    lang: str | None
    # Best first.
    dates: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftFeed:
    """What a document says of its feed, as it says it."""

    title: str
    lang: str | None
    hints: Hints
    drafts: tuple[Draft, ...]
    # Its format and version; empty if it does not say.
    form: str = ""
    # Why it is not well-formed, though it could be read; empty if it is.
    trouble: str = ""

    @property
    def is_sound(self) -> bool:
        """Whether it is well-formed and of a known version, so that each entry stands by itself.

        What its head leaves open, an entry may decide for all after it.
        """
        return bool(self.form) and not self.trouble


def make_item(draft: Draft, document: Document) -> Item:
    """Return the item of a draft; key and language are settled later among all of the document."""
    title = plain(draft.title, limit=_LONGEST_TITLE)
    texts = (plain(summary, limit=_LONGEST_SUMMARY) for summary in draft.summaries)
    summary = next(filter(None, texts), "")
    title = title or shorten(summary, _BORROWED_TITLE)
    url = _best_link(draft, document.url)
    canonical = canonical_url(url) if url else None
    digest = fingerprint(title, summary)
    guid = _UNSTORABLE.sub("\ufffd", draft.guid or "").strip() or None
    return Item(
        key=item_key(guid, canonical, digest),
        guid=guid,
        url=url,
        canonical_url=canonical,
        fingerprint=digest,
        title=title,
        summary=summary,
        lang=primary(draft.lang),
        published_at=_published_at(draft.dates, document.fetched_at),
    )


def _published_at(dates: Iterable[str], fetched_at: datetime) -> datetime | None:
    """Return the first of an item's dates that can be true."""
    settled = (settle(moment(date), fetched_at) for date in dates)
    return next(filter(None, settled), None)


def _best_link(draft: Draft, document_url: str) -> str | None:
    """Return the first link that a person can open."""
    for link in draft.links:
        if url := web_url(link, document_url):
            return url
    # A guid such as `1234` is no link, though feeds leave it marked as one.
    permalink = draft.permalink or ""
    return web_url(permalink, document_url if permalink.startswith("/") else "")


def web_url(link: str, document_url: str) -> str | None:
    """Return a link as an absolute http(s) URL for people; None if it is none.

    Never with user name or password, and without characters that make it look like another one.
    """
    link = _LINE_BREAKS.sub("", link.strip()).replace(" ", "%20").replace("&amp;", "&")
    if not link or link[0] == "#" or "\\" in link or len(link) > _LONGEST_URL:
        return None
    if _UNSTORABLE.search(link):
        return None
    if link.lower().startswith("www."):
        link = f"https://{link}"
    try:
        parts = urlsplit(urljoin(document_url, link))
    except ValueError:
        return None
    url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    url = _MISLEADING.sub(lambda found: quote(found[0]), url)
    return url if canonical_url(url) and len(url) <= _LONGEST_URL else None
