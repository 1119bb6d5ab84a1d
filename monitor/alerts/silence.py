"""Silences: who has asked not to be told of what, until when, and why. Pure.

A silence stops alerts, not tracking: what it hides is judged, linked and stored as ever. It ends
by itself; what was hidden meanwhile is not told afterwards, but the next item of its story is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

ID_DIGITS = 8
# What is shown of a comment among other things.
_MOST_COMMENT = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What is not told until a time: all that fits each of the matchers that are given."""

    # Derived from what it says and when (`make_id`).
    id: str
    # The matchers; at least one is given.
    topic: str | None = None
    # The id of a story.
    story: str | None = None
    # The name of a feed.
    source: str | None = None
    # Only this receiver is not told; None: nobody is.
    receiver: str | None = None
    created_at: datetime
    until: datetime
    comment: str
    author: str
    # When somebody ended it early.
    ended_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Say whether it holds at a time: from its making on, up to and without its end."""
        end = self.until if self.ended_at is None else min(self.until, self.ended_at)
        return self.created_at <= now < end


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What would be told: what silences look at."""

    topic: str
    story: str
    # Of each of its items.
    sources: frozenset[str]


def make_id(*said: str | None, at: datetime) -> str:
    """Give the id of a silence that says this, made at a time."""
    text = "\0".join((*(one or "" for one in said), at.isoformat()))
    return hashlib.sha256(text.encode()).hexdigest()[:ID_DIGITS]


def silencing(
    silences: Iterable[Silence], told: Told, now: datetime, *, receiver: str | None = None
) -> Silence | None:
    """Give the first silence that keeps it from everybody, or else from one receiver."""
    fitting = (one for one in silences if one.holds(now) and _fits(one, told))
    return next((one for one in fitting if one.receiver in {None, receiver}), None)


def _fits(silence: Silence, told: Told) -> bool:
    return (
        silence.topic in {None, told.topic}
        and silence.story in {None, told.story}
        # A message of several outlets is not silenced for the sake of one.
        and (silence.source is None or told.sources == {silence.source})
    )


def subject(silence: Silence) -> str:
    """Say what is not told to whom.

    >>> from datetime import timedelta
    >>> now = datetime(2021, 11, 8, 14, tzinfo=UTC)
    >>> subject(Silence(id="3fa2b1c9", topic="border", receiver="pager", created_at=now,
    ...                 until=now + timedelta(hours=48), comment="moving desks", author="anna"))
    'topic border to pager'
    """
    parts = [
        f"{word} {value}"
        for word, value in (
            ("topic", silence.topic),
            ("story", silence.story),
            ("source", silence.source),
        )
        if value
    ]
    to = f"to {silence.receiver}" if silence.receiver else ""
    return " ".join([", ".join(parts) or "all", to]).rstrip()


def in_words(silence: Silence) -> str:
    """Say which silence it is, of what, until when and why.

    >>> from datetime import timedelta
    >>> now = datetime(2021, 11, 8, 14, tzinfo=UTC)
    >>> in_words(Silence(id="3fa2b1c9", source="LRT", created_at=now,
    ...                  until=now + timedelta(hours=1), comment="test week", author="anna"))
    'silence 3fa2b1c9 of source LRT, until 2021-11-08 15:00 UTC: test week (anna)'
    """
    until = f"{silence.until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    comment = silence.comment
    if len(comment) > _MOST_COMMENT:
        comment = comment[: _MOST_COMMENT - 1] + "…"
    return (
        f"silence {silence.id} of {subject(silence)}, until {until}: {comment} ({silence.author})"
    )
