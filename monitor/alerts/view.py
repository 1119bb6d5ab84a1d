"""What a template of the user's own gets to see of an alert, and how long each text can be.

The sizes are kept when a view is made and relied upon when a template is proved to end
(`proof`): they are stated once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.alerts.wording import MAX_LISTED, MAX_SUBJECT, MAX_URL, WordedAlert, clean
from monitor.records import Alert

# Of all paragraphs of a notice together.
MAX_TEXT = 12_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text, and how many characters it has at most."""

    size: int
    # A link to the web, or empty: the one text that may stand in an address.
    is_url: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A whole number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """True or false, or what is only good for asking whether it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list, and how many elements it has at most."""

    of: Kind
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something with fields."""

    name: str
    fields: Mapping[str, Kind]


Kind = Text | Number | Truth | Listed | Thing


class Url(str):
    """A link that was looked at: http(s), clean, without white space."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """An item as templates see it; every text is one clean line, empty where there is none."""

    title: str
    summary: str
    source: str
    when: str
    url: Url
    score: str
    terms: str
    sources: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert as templates see it."""

    topic: str
    # Why it is told, as a word (`first_story`) and as a few.
    reason: str
    kind: str
    # The line that a list or an update begins with; empty without one.
    lead: str
    # The subject that the message has by default.
    subject: str
    # Of its first item; of a notice the headline.
    title: str
    url: Url
    # What follows the headline of a notice, a paragraph a line.
    text: str
    is_list: bool
    # How many items are not among `items`.
    left_out: int
    items: tuple[ItemView, ...]


ITEM = Thing(
    name="item",
    fields={
        "title": Text(size=300),
        "summary": Text(size=400),
        "source": Text(size=60),
        "when": Text(size=60),
        "url": Text(size=MAX_URL, is_url=True),
        "score": Text(size=60),
        "terms": Text(size=300),
        "sources": Text(size=400),
        "why": Text(size=100),
    },
)
ALERT = Thing(
    name="alert",
    fields={
        "topic": Text(size=60),
        "reason": Text(size=40),
        "kind": Text(size=100),
        "lead": Text(size=400),
        "subject": Text(size=MAX_SUBJECT),
        "title": Text(size=300),
        "url": Text(size=MAX_URL, is_url=True),
        "text": Text(size=MAX_TEXT),
        "is_list": Truth(),
        "left_out": Number(),
        "items": Listed(of=ITEM, most=MAX_LISTED),
    },
)
LOOP = Thing(
    name="loop",
    fields={
        "index": Number(),
        "index0": Number(),
        "revindex": Number(),
        "length": Number(),
        "first": Truth(),
        "last": Truth(),
    },
)


def view_of(alert: Alert, worded: WordedAlert, left_out: int) -> AlertView:
    """Show an alert that was put into words to a template; no text is longer than its kind says."""
    items = tuple(
        ItemView(**_cut(ITEM, item, without={"url"}), url=Url(item.url or ""))
        for item in worded.items[:MAX_LISTED]
    )
    first = items[0] if items else None
    return AlertView(
        **_cut(ALERT, worded, without={"reason", "title", "url", "text"}),
        reason=clean(alert.reason.value, 40),
        title=clean(worded.headline, 300) or (first.title if first else ""),
        text="\n".join(worded.paragraphs)[:MAX_TEXT],
        url=first.url if first else Url(""),
        is_list=worded.is_list,
        left_out=left_out,
        items=items,
    )


def _cut(thing: Thing, shown: object, without: set[str]) -> dict[str, str]:
    return {
        name: clean(getattr(shown, name), kind.size)
        for name, kind in thing.fields.items()
        if isinstance(kind, Text) and name not in without
    }
