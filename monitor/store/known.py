"""The queries by which items are known again: a few indexed look-ups a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, select, update

from monitor.records import Batch, Edit, Item, KnownItem, SeenItem, Story
from monitor.store import rows
from monitor.store.keeping import packed
from monitor.store.schema import aliases, bygone, decisions, feeds, items, revisions, stories
from monitor.store.writing import overwrite

# SQLite takes at most 32,766 values in one statement, PostgreSQL 65,535. A document has at most
# 2,000 items with four aliases each.
MANY = 2_000

# Columns that are called as what they hold of an item.
_SAYS = tuple(field.name for field in fields(Item))

# Gives an item its new text; all else of it stays.
EDIT = (
    update(items)
    .where(items.c.id == bindparam("edited"))
    .values(
        guid=bindparam("guid"),
        url=bindparam("url"),
        canonical_url=bindparam("canonical_url"),
        fingerprint=bindparam("fingerprint"),
        title=bindparam("title"),
        summary=bindparam("summary"),
        lang=bindparam("lang"),
        published_at=bindparam("published_at"),
        edits=bindparam("edits"),
    )
)


def edit_row(edit: Edit) -> dict[str, Any]:
    """Write the values of `EDIT`."""
    return {"edited": edit.seen.id, "edits": edit.edits, **rows.item_says(edit.seen.item)}


def known_items(tx: Connection, feed_id: int, keys: Sequence[str]) -> dict[str, KnownItem]:
    """Give a feed's stored items by their aliases."""
    owners: dict[str, str] = {}
    for some in _slices(keys):
        owners.update((row.key, row.item_id) for row in tx.execute(owners_of(feed_id, some)))
    found = {}
    # Most items are named by four aliases: each is read once.
    for some in _slices(sorted(set(owners.values()))):
        for row in tx.execute(items_of(some)).mappings():
            found[row["id"]] = rows.known_of(row)
    return {key: found[item_id] for key, item_id in owners.items()}


def stored_items(tx: Connection, feed_id: int, keys: Sequence[str]) -> dict[str, Item]:
    """Give what a feed's stored items say, by their aliases."""
    found = {}
    for some in _slices(keys):
        for where, *says in tx.execute(said_under(feed_id, some)):
            found[where] = Item(**dict(zip(_SAYS, says, strict=True)))
    return found


def remembered(tx: Connection, feed_id: int, keys: Sequence[str]) -> set[str]:
    """Say which of some aliases a feed's pruned items had."""
    numbers = {packed(key): key for key in keys}
    found: set[str] = set()
    for start in range(0, len(keys), MANY):
        some = list(numbers)[start : start + MANY]
        query = select(bygone.c.key).where(bygone.c.key.in_(some), bygone.c.feed_id == feed_id)
        found.update(numbers[key] for key in tx.execute(query).scalars())
    return found


def said_under(feed_id: int, keys: Sequence[str]) -> Select[Any]:
    """Ask what the items say that some aliases of a feed name."""
    return (
        select(aliases.c.key, *(items.c[name] for name in _SAYS))
        .join(items, aliases.c.item_id == items.c.id)
        .where(aliases.c.key.in_(keys), aliases.c.feed_id == feed_id)
    )


def owners_of(feed_id: int, keys: Sequence[str]) -> Select[Any]:
    """Ask which items of a feed some aliases name."""
    return select(aliases.c.key, aliases.c.item_id).where(
        aliases.c.key.in_(keys), aliases.c.feed_id == feed_id
    )


def items_of(ids: Sequence[str]) -> Select[Any]:
    """Ask for items by their ids."""
    return select(items, feeds.c.name.label("source")).join(feeds).where(items.c.id.in_(ids))


def told_copies(
    tx: Connection, keys: Sequence[str], opened_before: datetime
) -> list[tuple[str, SeenItem, Story]]:
    """Give the items of any feed that some aliases name, each with its older told story."""
    found: list[RowMapping] = []
    for some in _slices(keys):
        found += tx.execute(copies_by_alias(some, opened_before)).mappings().all()
    ids = {row["in_story"] for row in found}
    known: dict[str, Story] = {}
    for some in _slices(sorted(ids)):
        query = select(stories).where(stories.c.id.in_(some))
        known |= {row["id"]: rows.story_of(row) for row in tx.execute(query).mappings()}
    return [(row["alias"], rows.seen_of(row), known[row["in_story"]]) for row in found]


def copies_by_alias(keys: Sequence[str], opened_before: datetime) -> Select[Any]:
    """Ask for the items of all feeds that some aliases name, with the older told stories."""
    return (
        select(
            aliases.c.key.label("alias"),
            decisions.c.story_id.label("in_story"),
            items,
            feeds.c.name.label("source"),
        )
        .select_from(aliases)
        .join(items, aliases.c.item_id == items.c.id)
        .join(feeds, items.c.feed_id == feeds.c.id)
        .join(decisions, decisions.c.item_id == items.c.id)
        .join(stories, decisions.c.story_id == stories.c.id)
        .where(
            aliases.c.key.in_(keys),
            stories.c.told_at.is_not(None),
            stories.c.opened_at < opened_before,
        )
        .order_by(stories.c.opened_at, items.c.id)
    )


def placed(tx: Connection, item_ids: Sequence[str]) -> set[tuple[str, str]]:
    """Say which of some items are in a story, as (item id, topic)."""
    found: set[tuple[str, str]] = set()
    for some in _slices(item_ids):
        query = select(decisions.c.item_id, decisions.c.topic).where(
            decisions.c.item_id.in_(some), decisions.c.story_id.is_not(None)
        )
        found.update((row.item_id, row.topic) for row in tx.execute(query))
    return found


def note_seen(tx: Connection, item_ids: Sequence[str], at: datetime) -> None:
    """Note that a feed still lists some of its items."""
    for some in _slices(item_ids):
        tx.execute(update(items).where(items.c.id.in_(some)).values(last_seen_at=at))


def write(tx: Connection, batch: Batch, revised: Sequence[dict[str, Any]]) -> None:
    """Keep by what items are known from now on, and what the feeds say of them now.

    `revised` are the rows of what they said before.
    """
    if batch.edits:
        tx.execute(EDIT, [edit_row(edit) for edit in batch.edits])
    overwrite(tx, revisions, revised)
    named = [
        {"key": alias.key, "feed_id": alias.feed_id, "item_id": alias.item_id}
        for alias in batch.aliases
    ]
    overwrite(tx, aliases, named)
    if batch.seen_again and batch.poll:
        note_seen(tx, batch.seen_again, batch.poll.polled_at)


def _slices(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), MANY):
        yield values[start : start + MANY]
