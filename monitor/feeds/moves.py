"""Where a feed is fetched: at its own address, or where it has moved for good.

A feed's URL stays its name, whatever moves: its items and their ids hang on it. Only a permanent
redirect (301, 308; RFC 9110 section 15.4) moves a feed, and only once it has held for a while: a
mistake of an hour, a log-in page or a hotel's network must not. Who gives it judges each hop.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.feeds.address import bare
from monitor.records import Feed, Move

# So many polls in a row, and so long from the first to the last of them.
ENOUGH_POLLS = 5
ENOUGH_TIME = timedelta(days=1)
# After so many failures in a row where it moved to, every other try goes to its own address again:
# the move may have been a mistake, but the old place may be gone as well.
DOUBTFUL_AFTER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a good answer says about where a feed is."""

    # Where it has moved for good; None: it is at its own address.
    moved_to: str | None
    # A redirect that has not held long enough yet.
    move: Move | None


def address(feed: Feed) -> str:
    """Give the address that a feed is fetched from now."""
    if feed.moved_to is None or (feed.failures >= DOUBTFUL_AFTER and feed.failures % 2):
        return feed.url
    return feed.moved_to


def place(feed: Feed, led_to: str | None, now: datetime) -> Place:
    """Say where a feed is, after a good answer that permanent redirects `led_to`.

    None if there was no redirect, or one that is not permanent. A feed whose address holds a
    password stays where it is: the password is for that host alone.
    """
    asked = address(feed)
    moved_to = feed.moved_to if feed.moved_to in {asked, led_to} else None
    if led_to in {None, moved_to} or bare(feed.url) != feed.url:
        return Place(moved_to=moved_to, move=None)
    assert led_to is not None
    move = Move(to=led_to, since=now)
    if feed.move and feed.move.to == led_to:
        move = replace(feed.move, polls=feed.move.polls + 1)
    if move.polls < ENOUGH_POLLS or now - move.since < ENOUGH_TIME:
        return Place(moved_to=moved_to, move=move)
    return Place(moved_to=None if led_to == feed.url else led_to, move=None)
