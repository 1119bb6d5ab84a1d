"""What has to be written so that the stored feeds are those of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, select

from monitor.records import FeedSpec
from monitor.store.schema import feeds

# All that `changes` asks of a stored feed.
KNOWN = select(
    feeds.c.url,
    feeds.c.due_at,
    feeds.c.failures,
    feeds.c.active,
    feeds.c.name,
    feeds.c.groups,
    feeds.c.every_seconds,
    feeds.c.lang,
    feeds.c.has_own_interval,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Rows of `feeds` to insert and to change, and URLs of those that are no longer polled."""

    fresh: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    gone: list[str]


def changes(known: Mapping[str, RowMapping], specs: Sequence[FeedSpec], now: datetime) -> Changes:
    """Compare what is stored, by URL, with the configuration.

    A feed that is as it was is in none of the lists: a start with a hundred thousand known feeds
    writes no row.
    """
    wanted = {spec.url: _configured(spec) for spec in specs}
    first = {"due_at": now, "failures": 0}
    return Changes(
        fresh=[{**new, **first} for url, new in wanted.items() if url not in known],
        changed=[
            {**new, "due_at": _brought_forward(known[url], new, now)}
            for url, new in wanted.items()
            if url in known and any(known[url][name] != value for name, value in new.items())
        ],
        gone=[url for url, row in known.items() if row["active"] and url not in wanted],
    )


def _configured(spec: FeedSpec) -> dict[str, Any]:
    return {
        "url": spec.url,
        "name": spec.name,
        "groups": list(spec.groups),
        "every_seconds": round(spec.every.total_seconds()),
        "lang": spec.lang,
        "has_own_interval": spec.has_own_interval,
        "active": True,
    }


def _brought_forward(known: RowMapping, wanted: Mapping[str, Any], now: datetime) -> datetime:
    """Give when a feed is due: if it has another interval now, no later than one of those."""
    due_at: datetime = known["due_at"]
    is_same = all(known[name] == wanted[name] for name in ("every_seconds", "has_own_interval"))
    if known["failures"] or is_same:
        return due_at
    return min(due_at, now + timedelta(seconds=wanted["every_seconds"]))
