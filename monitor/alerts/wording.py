"""Put an alert into words: what every form of a message says, as clean short text.

Escaping is left to the forms, for each has its own: `render` (text, HTML) and `blocks` (Slack).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from monitor.records import SENTENCES, Alert, AlertedItem, Reason

# An alert has one item, a catch-up five; what comes beyond is counted, not shown.
MAX_ITEMS = 5
# A digest lists more, each in fewer words: two blocks of Slack an item, of at most fifty.
MAX_LISTED = 20
MAX_TERMS = 6
MAX_SOURCES = 5
MAX_SUBJECT = 150
# Longer addresses are not for people; Slack takes 3,000, some mail readers 2,048.
MAX_URL = 2_000
COLUMNS = 78
# Of a notice.
MAX_PARAGRAPHS = 20
# Where an alert of a topic names the topic, a notice names us.
US = "seedwatch"

_TITLE = 300
_SUMMARY = 400
_PARAGRAPH = 600
# Of an item in a digest.
_SHORT_SUMMARY = 160
# Of a digest, in its subject: why it was held, its window, and how many alerts it has.
_HEADING = 90
_NAME = 60
_TERM = 40

# Marks that reorder or hide text (bidi controls, zero-width space, byte order mark): a title made
# of them can show something else than it says. Joiners stay, Persian and emoji need them.
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
_CONTROL = re.compile(r"[^\S\n ]|[\x00-\x09\x0b-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINK = re.compile(r"https?://[^\s/?#]+[^\s]*", re.ASCII | re.IGNORECASE)

_KINDS: Mapping[Reason, str] = {
    Reason.FIRST_STORY: "first item of a story",
    Reason.CATCH_UP: "catch-up",
    Reason.UPDATE: "update of a story already alerted",
    Reason.TEST: "test that you asked for",
    Reason.NOTICE: "notice to the operator",
    Reason.DIGEST: "digest",
}
_REPORT = "how it is going"
# What the subject puts before the title, so that a list of mail tells them apart.
_PREFIXES: Mapping[Reason, str] = {
    Reason.CATCH_UP: "catch-up: ",
    Reason.UPDATE: "update: ",
    Reason.TEST: "test: ",
}


# How long summaries are in messages that list items.
_SUMMARIES: Mapping[Reason, int] = {Reason.CATCH_UP: 0, Reason.DIGEST: _SHORT_SUMMARY}


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedItem:
    """An item in words; every text is one clean line."""

    title: str
    # Empty if it says no more than the title.
    summary: str
    source: str
    # `published 2021-11-08 14:05 UTC`, or when it was seen if undated.
    when: str
    # http(s), or None.
    url: str | None
    # `score 0.71, threshold 0.50`.
    score: str
    # `border 34%, Belarus 21%`; empty if no term is known.
    terms: str
    # `3 (BBC World, LRT, Euronews)`.
    sources: str
    # `seedwatch why 4f1c…`.
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordedAlert:
    """An alert in words."""

    topic: str
    # `first item of a story`.
    kind: str
    # What a catch-up holds and leaves out, or what is new in an update; else empty.
    lead: str
    # Whether it is a list of items, however short, rather than one item.
    is_list: bool
    subject: str
    items: tuple[WordedItem, ...]
    # What the reader should know of the message itself; mostly empty.
    note: str = ""
    # Of a notice or a report: what stands where a title stands, and what follows it.
    headline: str = ""
    paragraphs: tuple[str, ...] = ()


def word(alert: Alert) -> WordedAlert:
    """Put the alert into words."""
    if alert.reason is Reason.NOTICE:
        return _notice(alert)
    shown, left_out = shown_items(alert)
    topic = clean(alert.topic, _NAME)
    items = tuple(_item(item, _SUMMARIES.get(alert.reason, _SUMMARY)) for item in shown)
    title = items[0].title if items else "(no items)"
    prefix = _PREFIXES.get(alert.reason, "")
    if alert.reason is Reason.DIGEST:
        prefix = f"{clean(alert.detail, _HEADING)}: "
    return WordedAlert(
        topic=topic,
        kind=_KINDS.get(alert.reason, SENTENCES[alert.reason]),
        lead=_lead(alert, len(items), left_out),
        is_list=alert.reason in _SUMMARIES,
        subject=clean(f"[{topic}] {prefix}{title}", MAX_SUBJECT),
        items=items,
    )


def paragraphs_of(detail: str) -> tuple[str, ...]:
    """Give the clean lines of a notice's detail, its headline first; at most twenty."""
    lines = (clean(line, _PARAGRAPH) for line in detail.splitlines())
    return tuple(line for line in lines if line)[: MAX_PARAGRAPHS + 1]


def shown_items(alert: Alert) -> tuple[tuple[AlertedItem, ...], int]:
    """Return the items that a message shows, and how many are left out."""
    most = MAX_LISTED if alert.reason is Reason.DIGEST else MAX_ITEMS
    return alert.items[:most], alert.left_out + len(alert.items[most:])


def printable(text: str) -> str:
    """Take control characters and hidden marks out of a text; its lines stay."""
    text = _SURROGATE.sub("\ufffd", _HIDDEN.sub("", text))
    return _CONTROL.sub(" ", text)


def clean(text: str, limit: int) -> str:
    """Make one printable line of a text, at most `limit` characters, an ellipsis where cut."""
    # A text of a megabyte is cut before it is looked at.
    line = " ".join(printable(text[: 4 * limit + 1_000]).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def title_of(item: AlertedItem, limit: int = _TITLE) -> str:
    """Return the item's title, or a stand-in if nothing of it can be seen."""
    title = clean(item.title, limit)
    seen = any(unicodedata.category(char)[0] not in "CMZ" for char in title)
    return title if seen else "(no title)"


def link_of(item: AlertedItem, limit: int = MAX_URL) -> str | None:
    """Return the item's link if it is http(s), clean and not longer than `limit` bytes."""
    url = item.url or ""
    fits = len(url) <= limit and len(url.encode("utf-8", "replace")) <= limit
    sound = fits and printable(url) == url and _LINK.fullmatch(url)
    return url if sound else None


def moment(at: datetime) -> str:
    """Write a time as `2021-11-08 14:05 UTC`."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def wrap(text: str, first: str = "", rest: str = "") -> str:
    """Break a line so that it fits the columns of a terminal; later lines begin with `rest`.

    Counts columns, not characters: a wide character takes two (UAX 11), a combining mark none.
    """
    lines, line, room = [], first, COLUMNS - len(first)
    for piece in _pieces(text, COLUMNS - max(len(first), len(rest))):
        bare = line in (first, rest)
        need = _columns(piece) + (not bare)
        if need > room:
            lines.append(line)
            line, room, need, bare = rest, COLUMNS - len(rest), _columns(piece), True
        line, room = line + ("" if bare else " ") + piece, room - need
    return "\n".join([*lines, line])


def _notice(alert: Alert) -> WordedAlert:
    headline, *rest = paragraphs_of(alert.detail) or ("(no text)",)
    topic = clean(alert.topic, _NAME) or US
    return WordedAlert(
        topic=topic,
        # One of a topic is its report.
        kind=_REPORT if alert.topic else _KINDS[Reason.NOTICE],
        lead="",
        is_list=False,
        subject=clean(f"[{topic}] {headline}", MAX_SUBJECT),
        # A report shows what came closest.
        items=tuple(_item(item, 0) for item in shown_items(alert)[0]),
        headline=headline,
        paragraphs=tuple(rest),
    )


def _item(item: AlertedItem, most: int) -> WordedItem:
    title, summary = title_of(item), clean(item.summary, most) if most else ""
    source = clean(item.source, _NAME)
    if item.published_at is None:
        when = f"undated, seen {moment(item.first_seen_at)}"
    else:
        when = f"published {moment(item.published_at)}"
    return WordedItem(
        title=title,
        summary="" if title.startswith(summary.rstrip("….")) else summary,
        source=source,
        when=when,
        url=link_of(item),
        score=f"score {item.score:.2f}, threshold {item.threshold:.2f}",
        terms=", ".join(_terms(item)),
        sources=_sources(item.sources or (item.source,)),
        why=f"seedwatch why {clean(item.item_id, _NAME)}",
    )


def _terms(item: AlertedItem) -> Iterator[str]:
    """Say each term in the item's own spelling with its share of the score in percent."""
    for term in item.terms[:MAX_TERMS]:
        surface = clean(term.surface or term.term, _TERM)
        percent = 100 * term.share / item.score if item.score else 0.0
        yield f"{surface} {percent:.0f}%" if percent >= 0.5 else f"{surface} <1%"


def _sources(names: tuple[str, ...]) -> str:
    shown = [clean(name, _NAME) for name in names[:MAX_SOURCES]]
    if len(names) > len(shown):
        shown.append(f"+{len(names) - len(shown)} more")
    return f"{len(names)} ({', '.join(shown)})"


def _lead(alert: Alert, count: int, left_out: int) -> str:
    if alert.reason is Reason.DIGEST:
        rest = f"; {count} shown, +{left_out} more: `seedwatch alerts` lists all"
        return clean(alert.detail, _SUMMARY) + (rest if left_out else "")
    if alert.reason is not Reason.CATCH_UP:
        return clean(alert.detail, _SUMMARY)
    best = f"{count} best match{'' if count == 1 else 'es'}"
    rest = f"{left_out} more left out" if left_out else "none left out"
    return f"already in the feeds when they were first polled: {best}, {rest}"


def _pieces(text: str, room: int) -> Iterator[str]:
    """Split a line at its spaces, and what is still too wide wherever it must be."""
    for piece in text.split():
        part, width = "", 0
        for char in piece:
            wide = _columns(char)
            if width + wide > room:
                yield part
                part, width = "", 0
            part, width = part + char, width + wide
        yield part


def _columns(text: Iterable[str]) -> int:
    return sum(
        0 if unicodedata.category(char) in ("Mn", "Me", "Cf") else _wide(char) for char in text
    )


def _wide(char: str) -> int:
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
