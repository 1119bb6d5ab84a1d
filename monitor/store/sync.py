"""What has to be written so that the stored feeds are those of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, select, update

from monitor.feeds.address import host_of
from monitor.records import FeedSpec
from monitor.store.schema import feeds
from monitor.store.writing import add

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


def sync(tx: Connection, specs: Sequence[FeedSpec], now: datetime) -> None:
    """Make the stored feeds those of the configuration; see `Store.sync_feeds`."""
    known = {row["url"]: row for row in tx.execute(KNOWN).mappings()}
    todo = changes(known, specs, now)
    add(tx, feeds, todo.fresh)
    this = update(feeds).where(feeds.c.url == bindparam("of_url"))
    if todo.changed:
        tx.execute(this, [{**one, "of_url": one["url"]} for one in todo.changed])
    if todo.gone:
        tx.execute(this.values(active=False), [{"of_url": url} for url in todo.gone])


def changes(known: Mapping[str, RowMapping], specs: Sequence[FeedSpec], now: datetime) -> Changes:
    """Compare what is stored, by URL, with the configuration.

    A feed that is as it was is in none of the lists: a start with a hundred thousand known feeds
    writes no row.
    """
    wanted = {spec.url: _configured(spec) for spec in specs}
    first = {"due_at": now, "failures": 0}
    return Changes(
        fresh=[
            {**new, **first, "host": host_of(url)}
            for url, new in wanted.items()
            if url not in known
        ],
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
    """Give when a feed is due: no later than an interval from now, if that is a shorter one.

    Or one that became its own, shorter perhaps than what was learned. But not at every start: what
    servers asked for, or a host that rests, would be undone.
    """
    due_at: datetime = known["due_at"]
    is_shorter = wanted["every_seconds"] < known["every_seconds"]
    is_newly_own = wanted["has_own_interval"] and not known["has_own_interval"]
    if known["failures"] or not (is_shorter or is_newly_own):
        return due_at
    return min(due_at, now + timedelta(seconds=wanted["every_seconds"]))
