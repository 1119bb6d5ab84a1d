"""On which conditions a feed is asked for: "only if it has changed since what I have".

Validators go back as they came, and only to the place that gave them: an entity tag of one
address says nothing about another, and after a redirect that leads elsewhere than before, `"1"`
could match by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from monitor.feeds.moves import address
from monitor.records import Document, Feed

# Some servers answer 304 although there are news (bizpacreview.com, by rss-fetcher's notes). A
# feed that has answered nothing else for a day is asked once without conditions.
RECHECK = timedelta(hours=24)
# So long the validators of a feed that was caught at it are not used.
DISTRUST = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What goes with a request."""

    etag: str | None = None
    last_modified: str | None = None
    # The address whose validators these are.
    of: str | None = None
    # A part that holds only what is new is welcome.
    deltas: bool = False


def conditions(feed: Feed, now: datetime) -> Conditions:
    """Give the conditions of a feed's next poll; none if all of it is wanted.

    A delta (RFC 3229) is asked for only where the server has offered it, and with an entity tag
    that it can count from.
    """
    if feed.whole_at is None or now - feed.whole_at >= RECHECK or is_distrusted(feed, now):
        return Conditions()
    if not feed.etag and not feed.last_modified:
        return Conditions()
    return Conditions(
        etag=feed.etag,
        last_modified=feed.last_modified,
        of=feed.document_url or address(feed),
        deltas=feed.offers_deltas and bool(feed.etag),
    )


def is_distrusted(feed: Feed, now: datetime) -> bool:
    """Say whether the validators of a feed were found to lie of late."""
    return feed.lied_at is not None and now - feed.lied_at < DISTRUST


def hides_news(feed: Feed, document: Document) -> bool:
    """Say whether a document with new items has the validators of the last one.

    Then a 304 would have hidden them. The entity tag decides where there is one, as it does at the
    server (RFC 9110 section 13.1.3).
    """
    if document.is_partial or document.url != feed.document_url:
        return False
    if document.etag or feed.etag:
        return document.etag == feed.etag
    return bool(document.last_modified) and document.last_modified == feed.last_modified
