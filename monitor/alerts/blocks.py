"""The Slack form of an alert: Block Kit, within its limits, with nothing in it that can act.

Titles and summaries go into `plain_text`, which Slack does not parse; `mrkdwn` holds our own
scaffolding and short names, escaped. Links are text links: a button would need an inbound URL.
Limits: 50 blocks, 3,000 characters a text, 150 a header, 10 elements of context.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from monitor.alerts.wording import MAX_URL, WordedAlert, WordedItem

MAX_HEADER = 150
MAX_TEXT = 3_000
MAX_BLOCKS = 50

Block = dict[str, Any]

# Only these three need escaping (https://api.slack.com/reference/surfaces/formatting#escaping);
# Slack has no escape for its format marks, so look-alikes stand in for them.
_MRKDWN = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "*": "\u2217",
        "_": "\u02cd",
        "~": "\u223c",
        "`": "\u02cb",
    }
)
_MENTION = re.compile(r"(?<=@)(?=\w)|(?<=:)(?=//)")
_BRACKET = re.compile(r"(?<=<)(?=[!@#\w])")


def mrkdwn(text: str) -> str:
    """Escape a text for `mrkdwn` and for the fallback: it can neither mention, link nor format."""
    return _MENTION.sub("\u200b", text).translate(_MRKDWN)


def mrkdwn_link(url: str, words: str) -> str:
    """Write a link; without words it shows itself, without a URL the words stand alone."""
    address = _address(url)
    if len(address) > MAX_URL:
        return f"{mrkdwn(words)} (link too long for Slack)".lstrip()
    if not address:
        return mrkdwn(words)
    return f"<{address}|{mrkdwn(words)}>" if words else f"<{address}>"


def sections(text: str) -> tuple[Block, ...]:
    """Lay a text in the marks of Slack out in as few blocks as its limits allow.

    It is broken between lines, else between words; what does not fit into 50 blocks is said to be
    left out.
    """
    laid: list[Block] = []
    rest = text.strip("\n")
    while rest and len(laid) < MAX_BLOCKS - 1:
        piece = _fitting(rest)
        laid.append(_section(_mrkdwn(piece.rstrip("\n") or " ")))
        rest = rest[len(piece) :].strip("\n")
    if rest:
        laid.append(_section(_mrkdwn(f"({len(rest)} more characters do not fit here)")))
    return tuple(laid)


def _fitting(text: str) -> str:
    """Give the longest beginning of a text that one block takes."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_TEXT:
        return text
    piece = units[: 2 * MAX_TEXT].decode("utf-16-le", "ignore")
    # Not within a link or an escaped sign, as far as there is a better place.
    for mark in ("\n", " "):
        place = piece.rfind(mark)
        if place > 0:
            return piece[: place + 1]
    return piece


def blocks(alert: WordedAlert) -> tuple[Block, ...]:
    """Lay the alert out in blocks."""
    if alert.headline:
        return _notice(alert)
    intro = f"*{mrkdwn(alert.topic)}*: {mrkdwn(alert.kind)}"
    if alert.is_list or len(alert.items) != 1:
        laid = [_header(f"{alert.topic}: {alert.kind}"), _section(_mrkdwn(alert.lead or intro))]
        for number, item in enumerate(alert.items, 1):
            title = f"{number}. {item.title}"
            text = f"{title}\n{item.summary}" if item.summary else title
            laid += [_section(_plain(text)), _context(item)]
        return (*laid, *_note(alert))
    item = alert.items[0]
    lead = f"\n{mrkdwn(alert.lead)}" if alert.lead else ""
    laid = [_header(item.title), _section(_mrkdwn(intro + lead))]
    if laid[0]["text"] != _plain(item.title):
        laid.append(_section(_plain(item.title)))
    if item.summary:
        laid.append(_section(_plain(item.summary)))
    return (*laid, _context(item), *_note(alert))


def _note(alert: WordedAlert) -> tuple[Block, ...]:
    if not alert.note:
        return ()
    return ({"type": "context", "elements": [_mrkdwn(mrkdwn(alert.note))]},)


def _notice(alert: WordedAlert) -> tuple[Block, ...]:
    laid = [_header(alert.headline), _section(_mrkdwn(f"*{alert.topic}*: {alert.kind}"))]
    if laid[0]["text"] != _plain(alert.headline):
        laid.append(_section(_plain(alert.headline)))
    laid += [_section(_plain(text)) for text in alert.paragraphs]
    for item in alert.items:
        laid += [_section(_plain(item.title)), _context(item)]
    return (*laid, *_note(alert))


def _header(text: str) -> Block:
    return {"type": "header", "text": _plain(text, MAX_HEADER)}


def _section(text: Block) -> Block:
    return {"type": "section", "text": text}


def _context(item: WordedItem) -> Block:
    address = _address(item.url or "")
    link = f"<{address}|open>" if address else "no link"
    if len(address) > MAX_URL:
        # Percent-escapes can treble it, and one text too long would cost the whole message.
        link = "link too long for Slack"
    lines = [
        f"{item.score} · {link}",
        f"source: {mrkdwn(item.source)}, {item.when}",
        f"terms: {mrkdwn(item.terms)}" if item.terms else "",
        f"sources: {mrkdwn(item.sources)}",
        f"why: `{mrkdwn(item.why)}`",
    ]
    return {"type": "context", "elements": [_mrkdwn(line) for line in lines if line]}


def _address(url: str) -> str:
    """Make a URL that cannot end its brackets."""
    return quote(url, safe=":/?#[]@!$&'()*+,;=%~-._").replace("&", "&amp;")


def _mrkdwn(text: str) -> Block:
    # `verbatim`: Slack adds no links of its own to bare addresses and names.
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str, limit: int = MAX_TEXT) -> Block:
    # Plain text is not parsed; the broken bracket holds even if something parses it.
    # Counted in UTF-16 units, the strictest way that "150 characters" can be meant.
    text = _BRACKET.sub("\u200b", text)
    units = text.encode("utf-16-le")
    if len(units) > 2 * limit:
        text = units[: 2 * (limit - 1)].decode("utf-16-le", "ignore").rstrip() + "…"
    return {"type": "plain_text", "text": text, "emoji": False}
