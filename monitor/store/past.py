"""All that came in, in the order in which it was judged: it only reads, page by page."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, func, select, tuple_

from monitor.alerts.silence import Silence
from monitor.alerts.trace import Origin
from monitor.feeds.identity import canonical_url, fingerprint
from monitor.records import (
    Arrival,
    CatchUp,
    Decision,
    Edit,
    Extent,
    Item,
    Reason,
    Revision,
    Said,
    Score,
    SeenItem,
    Verdict,
)
from monitor.store import rows
from monitor.store.engine import reading
from monitor.store.schema import alerts, decisions, feedback, feeds, items, learned, revisions
from monitor.store.schema import silences as silences_table
from monitor.store.silences import silence_of

# Items, or edits, that are read at once.
PAGE = 1_000

# Under what the thresholds that were chosen for a topic are found in `learned`.
CHOICES = "thresholds/"
# Arrival, item and number of what was read last.
_Place = tuple[int, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _One:
    """One new item or one edit, with its place."""

    arrival: int
    is_edit: bool
    feed_id: int
    feed_url: str
    groups: tuple[str, ...]
    at: datetime
    seen: SeenItem
    # Whether it was edited later.
    is_edited: bool = False
    # Of an edit.
    revision: Revision | None = None
    verdicts: Mapping[tuple[str, str], Verdict]


class Past:
    """Questions to the database, for who goes through it again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def extent(self) -> Extent:
        """Say how much is stored."""
        seen = items.c.first_seen_at
        query = select(func.count(items.c.id), func.min(seen), func.max(seen))
        with reading(self._engine) as connection:
            row = connection.execute(query).one()
        return Extent(items=int(row[0]), since=row[1], until=row[2])

    def arrivals(self) -> Iterator[Arrival]:
        """Give what came, in the order in which it was judged.

        What comes while it is read is left out.
        """
        last = self._last()
        new = self._pages(last, self._new)
        edits = self._pages(last, self._edits)
        both = heapq.merge(new, edits, key=lambda one: (one.arrival, one.is_edit))
        for _, some in groupby(both, key=lambda one: (one.is_edit, one.feed_id, one.at)):
            yield _arrival(list(some))

    def said(self) -> list[Said]:
        """Give all that people ever said of items, and when they took it back."""
        query = select(feedback).order_by(feedback.c.given_at, feedback.c.id)
        with reading(self._engine) as connection:
            found = connection.execute(query).mappings()
            return [
                Said(judgement=rows.judgement_of(row), undone_at=row["undone_at"]) for row in found
            ]

    def silences(self) -> list[Silence]:
        """Give all silences there ever were, oldest first."""
        query = select(silences_table).order_by(silences_table.c.created_at, silences_table.c.id)
        with reading(self._engine) as connection:
            return [silence_of(row) for row in connection.execute(query).mappings()]

    def catch_ups(self) -> list[CatchUp]:
        """Give the catch-up messages that were told, oldest first."""
        query = select(alerts).where(alerts.c.reason == Reason.CATCH_UP)
        with reading(self._engine) as connection:
            told = [rows.alert_of(row) for row in connection.execute(query).mappings()]
        found = [
            CatchUp(at=one.created_at, after=max(item.first_seen_at for item in one.items))
            for one in told
        ]
        return sorted(found, key=lambda one: (one.at, one.after))

    def began(self, topic: str) -> datetime | None:
        """Give when the tracking of a topic began, by what it learned; None if it is not known."""
        query = select(learned.c.state).where(
            learned.c.name.startswith(f"topic/{topic}/", autoescape=True)
        )
        with reading(self._engine) as connection:
            found = [state.get("began_at") for state in connection.execute(query).scalars()]
        return min(
            (datetime.fromtimestamp(one, UTC) for one in found if one is not None), default=None
        )

    def chosen(self, topic: str) -> list[tuple[datetime, float]]:
        """Give the thresholds that were chosen for a topic that follows a rate, oldest first."""
        query = select(learned.c.state).where(learned.c.name == f"{CHOICES}{topic}")
        with reading(self._engine) as connection:
            state = connection.execute(query).scalar_one_or_none() or {}
        return [(datetime.fromisoformat(at), value) for at, value in state.get("chosen", ())]

    def origin(self, item_id: str) -> Origin:
        """Say how an item that is stored came."""
        query = select(items.c.pushed, items.c.last_seen_at, items.c.edits)
        with reading(self._engine) as connection:
            row = connection.execute(query.where(items.c.id == item_id)).one()
        return Origin(
            pushed=bool(row.pushed), last_seen_at=row.last_seen_at, edits=int(row.edits or 0)
        )

    def have_brought(self, host: str) -> frozenset[int]:
        """Give the ids of the feeds that brought items whose canonical URL is of a host."""
        # `0` follows `/`: the range is all that begins with the host, and an index has it.
        begin, end = f"https://{host}/", f"https://{host}0"
        where = (items.c.canonical_url >= begin, items.c.canonical_url < end)
        with reading(self._engine) as connection:
            found = connection.execute(select(items.c.feed_id).distinct().where(*where))
            return frozenset(found.scalars())

    def first_judged(self, topic: str) -> datetime | None:
        """Give when the first item came that a topic judged."""
        query = select(func.min(decisions.c.decided_at)).where(decisions.c.topic == topic)
        with reading(self._engine) as connection:
            found: datetime | None = connection.execute(query).scalar_one()
            return found

    def _last(self) -> int:
        with reading(self._engine) as connection:
            ends = [
                connection.execute(select(func.max(table.c.arrival))).scalar() or 0
                for table in (items, revisions)
            ]
        return max(ends)

    def _pages(
        self, last: int, read: Callable[[Connection, _Place, int], list[_One]]
    ) -> Iterator[_One]:
        after = (0, "", 0)
        while True:
            with reading(self._engine) as connection:
                found = read(connection, after, last)
            yield from found
            if not found:
                return
            end = found[-1]
            after = (end.arrival, end.seen.id, end.revision.number if end.revision else 0)

    def _new(self, connection: Connection, after: _Place, last: int) -> list[_One]:
        query = (
            _with_feed()
            .where(items.c.arrival > after[0], items.c.arrival <= last)
            .order_by(items.c.arrival)
            .limit(PAGE)
        )
        found = connection.execute(query).mappings().all()
        ids = [row["id"] for row in found]
        before, verdicts = _revisions_of(connection, ids), _verdicts_of(connection, ids)
        return [
            replace(
                _one(row, row["arrival"], _texts(row, before[row["id"]])[0], verdicts[row["id"]]),
                is_edited=bool(before[row["id"]]),
            )
            for row in found
        ]

    def _edits(self, connection: Connection, after: _Place, last: int) -> list[_One]:
        place = (revisions.c.arrival, revisions.c.item_id, revisions.c.number)
        query = (
            select(revisions.c.item_id, revisions.c.number, revisions.c.arrival)
            # Those of before the count was kept share their place.
            .where(tuple_(*place) > after, revisions.c.arrival <= last)
            .order_by(*place)
            .limit(PAGE)
        )
        places = connection.execute(query).all()
        ids = sorted({row.item_id for row in places})
        before = _revisions_of(connection, ids)
        edited = connection.execute(_with_feed().where(items.c.id.in_(ids))).mappings()
        known = {row["id"]: row for row in edited}
        return [
            _edit(known[row.item_id], row.arrival, row.number, before[row.item_id])
            for row in places
        ]


def _with_feed() -> Select[Any]:
    return select(
        items,
        feeds.c.name.label("source"),
        feeds.c.url.label("feed_url"),
        feeds.c.groups.label("feed_groups"),
    ).join(feeds)


def _revisions_of(connection: Connection, ids: Sequence[str]) -> defaultdict[str, list[Revision]]:
    found: defaultdict[str, list[Revision]] = defaultdict(list)
    query = select(revisions).where(revisions.c.item_id.in_(ids))
    for row in connection.execute(query.order_by(revisions.c.number)).mappings():
        one = rows.revision_of(row)
        # NULL: its language was not noted yet, and is that of the text that is stored.
        found[row["item_id"]].append(replace(one, lang="?") if row["lang"] is None else one)
    return found


def _verdicts_of(
    connection: Connection, ids: Sequence[str]
) -> defaultdict[str, dict[tuple[str, str], Verdict]]:
    found: defaultdict[str, dict[tuple[str, str], Verdict]] = defaultdict(dict)
    query = select(
        decisions.c.item_id,
        decisions.c.topic,
        decisions.c.score,
        decisions.c.threshold,
        decisions.c.alert,
        decisions.c.reason,
        decisions.c.story_id,
        decisions.c.detail,
    )
    for item_id, topic, value, threshold, alert, reason, story_id, detail in connection.execute(
        query.where(decisions.c.item_id.in_(ids))
    ):
        found[item_id][item_id, topic] = Verdict(
            score=Score(topic=topic, value=value, threshold=threshold),
            decision=Decision(
                topic=topic, alert=alert, reason=Reason(reason), story_id=story_id, detail=detail
            ),
        )
    return found


def _texts(row: RowMapping, before: Sequence[Revision]) -> list[Item]:
    """Give what an item has said, from the first text on to the one that is stored."""
    now = rows.seen_of(row).item
    return [
        *(
            replace(
                now,
                title=one.title,
                summary=one.summary,
                url=one.url,
                canonical_url=canonical_url(one.url) if one.url else None,
                fingerprint=fingerprint(one.title, one.summary),
                lang=now.lang if one.lang == "?" else one.lang,
            )
            for one in before
        ),
        now,
    ]


def _one(
    row: RowMapping, arrival: int, item: Item, verdicts: Mapping[tuple[str, str], Verdict]
) -> _One:
    return _One(
        arrival=arrival,
        is_edit=False,
        feed_id=row["feed_id"],
        feed_url=row["feed_url"],
        groups=tuple(row["feed_groups"]),
        at=row["first_seen_at"],
        seen=replace(rows.seen_of(row), item=item),
        verdicts=verdicts,
    )


def _edit(row: RowMapping, arrival: int, number: int, before: Sequence[Revision]) -> _One:
    texts = _texts(row, before)
    place = next(place for place, one in enumerate(before) if one.number == number)
    made = _one(row, arrival, texts[place + 1], {})
    return replace(made, is_edit=True, at=before[place].at, revision=before[place])


def _arrival(some: Sequence[_One]) -> Arrival:
    first = some[0]
    made = Arrival(feed_url=first.feed_url, groups=first.groups, at=first.at)
    if not first.is_edit:
        return replace(
            made,
            fresh=tuple(one.seen for one in some),
            edited=frozenset(one.seen.id for one in some if one.is_edited),
            verdicts={key: one for each in some for key, one in each.verdicts.items()},
        )
    edits, again = [], []
    for one in some:
        revision = one.revision
        assert revision is not None
        edits.append(Edit(seen=one.seen, edits=revision.number, revision=revision))
        if {"title", "summary"} & set(revision.changed):
            seen = replace(one.seen, first_seen_at=one.at, baseline=False, held=revision.held)
            again.append(seen)
    return replace(made, edits=tuple(edits), again=tuple(again))
