"""Notices about feeds, in words for a reader on a phone: what, since when, what helps. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from monitor.alerts.notice import make_notice
from monitor.alerts.wording import clean, moment
from monitor.feeds.cures import READING_CURES, cure, reading_cure
from monitor.feeds.troubles import Trouble, TroubleKind, in_words
from monitor.records import Alert, Feed

# One message names so many; the others are counted.
MOST_NAMED = 12
# If no fewer fail at once, and these are most, it is rather our own network.
_MANY = 3

_BEGUN: Mapping[TroubleKind, tuple[str, str]] = {
    TroubleKind.FAILING: ("{} fails", "{} feeds fail"),
    TroubleKind.GONE: ("{} is gone", "{} feeds are gone"),
    TroubleKind.SILENT: ("{} has gone silent", "{} feeds have gone silent"),
}
_OVER: Mapping[TroubleKind, str] = {
    TroubleKind.FAILING: "answers again; it had failed for {}",
    TroubleKind.GONE: "is back; it was gone for {}",
    TroubleKind.SILENT: "brings items again; it was silent for {}",
}
_STATUS = re.compile(r"(?:^|: )HTTP (\d{3})\b")


def begun(troubles: Sequence[Trouble], feeds: Mapping[int, Feed], now: datetime) -> Alert:
    """Make the notice of what has begun to be wrong with feeds, all in one."""
    headline = _headline(troubles, feeds)
    lines = [_line(one, feeds[one.feed_id], now) for one in troubles[:MOST_NAMED]]
    if len(troubles) == 1:
        lines = [*_alone(troubles[0], feeds[troubles[0].feed_id], now)]
    failing = [one for one in troubles if one.kind is TroubleKind.FAILING]
    if len(failing) >= _MANY and 2 * len(failing) > len(feeds):
        lines.insert(0, "That is most of your feeds: is this machine's own network down?")
    if len(troubles) > MOST_NAMED:
        lines.append(f"+{len(troubles) - MOST_NAMED} more: seedwatch feeds list")
    return make_notice("feeds", _key(troubles), headline, "\n".join(lines), now)


def over(troubles: Sequence[Trouble], feeds: Mapping[int, Feed], now: datetime) -> Alert:
    """Make the notice of what is well again, all in one."""
    lines = [
        f"{_name(feeds[one.feed_id])} {_OVER[one.kind].format(in_words(now - one.since))}."
        for one in troubles[:MOST_NAMED]
    ]
    if len(troubles) == 1:
        headline = f"{_name(feeds[troubles[0].feed_id])} is well again"
    else:
        headline = f"{len(troubles)} feeds are well again"
    if len(troubles) > MOST_NAMED:
        lines.append(f"+{len(troubles) - MOST_NAMED} more: seedwatch feeds list")
    return make_notice("feeds-well", _key(troubles), headline, "\n".join(lines), now)


def _headline(troubles: Sequence[Trouble], feeds: Mapping[int, Feed]) -> str:
    counts = Counter(one.kind for one in troubles)
    parts = []
    for kind, (one, several) in _BEGUN.items():
        if counts[kind] == 1:
            only = next(trouble for trouble in troubles if trouble.kind is kind)
            parts.append(one.format(_name(feeds[only.feed_id])))
        elif counts[kind]:
            parts.append(several.format(counts[kind]))
    return ", ".join(parts)


def _line(trouble: Trouble, feed: Feed, now: datetime) -> str:
    span = in_words(now - trouble.since)
    if trouble.kind is TroubleKind.SILENT:
        return f"{_name(feed)}: nothing for {span}; {trouble.detail}."
    well = f"last well {span} ago" if feed.last_ok_at else "never well so far"
    return f"{_name(feed)}: {clean(trouble.detail, 200)}; {well}."


def _alone(trouble: Trouble, feed: Feed, now: datetime) -> list[str]:
    span = in_words(now - trouble.since)
    if trouble.kind is TroubleKind.SILENT:
        return [
            f"It answers, but has brought nothing for {span}; {trouble.detail}.",
            f"Last item: {moment(trouble.since)}. Its outlet may have given it up, or moved it.",
            f"A close look: seedwatch feeds test {_address(feed)}",
        ]
    helps = what_helps(trouble.detail)
    well = f"last well {moment(trouble.since)} ({span} ago)"
    well = well if feed.last_ok_at else "never well so far"
    times = f", {feed.failures} times in a row" if trouble.kind is TroubleKind.FAILING else ""
    return [
        f"{clean(trouble.detail, 300)}{times}; {well}.",
        *([f"What helps: {helps}."] if helps else []),
        f"Next try {moment(feed.due_at)}. A close look: seedwatch feeds test {_address(feed)}",
    ]


def what_helps(cause: str) -> str:
    """Say what may help against a failure, by the words that are stored of it; may be empty.

    >>> what_helps("HTTP 503 Service Unavailable")
    'its server is ill: nothing to do but wait; it is tried again, ever less often'
    """
    if any(cause.removeprefix("parse: ").startswith(start) for start in READING_CURES):
        return reading_cure(cause)
    found = _STATUS.search(cause)
    return cure(cause, int(found[1]) if found else None)


def _name(feed: Feed) -> str:
    return clean(feed.name, 60) or "a feed"


def _address(feed: Feed) -> str:
    # By its name, as a URL may hold a password.
    return f'"{_name(feed)}"'


def _key(troubles: Sequence[Trouble]) -> str:
    return " ".join(sorted(f"{one.feed_id}/{one.kind}/{one.since.isoformat()}" for one in troubles))
