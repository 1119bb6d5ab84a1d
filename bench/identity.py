"""What it costs to know the items of a document again, and what it costs not to.

    .venv/bin/python bench/identity.py

Speed: a document of 50 known items against a database of many, ours and the one query by key that
a reader of guids makes (as this project did before), interleaved in one run. Faults: the timelines
of `tests/test_feed_faults.py`, for each rival how many items it took for new that were not (each
may be an alert sent twice), and how many it missed (each may be an alert lost).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import Engine, select

from monitor.feeds.parse import parse
from monitor.feeds.trust import aliases_of
from monitor.records import Alias, Batch, Document, Feed, Item, JudgedItem, SeenItem, Trust
from monitor.sift import item_id, sift
from monitor.store import Store, migrate, open_engine
from monitor.store.engine import reading
from monitor.store.schema import items
from tests.fakes import made
from tests.fakes.made import HOUR, NOW
from tests.fakes.press import Desk, off_topic, rss
from tests.test_feed_faults import FAULTS

STORED, LISTED, ROUNDS = 100_000, 50, 300
# A rival: an item -> by what it is known.
KEYS: dict[str, Callable[[Item], str | None]] = {
    "guid, else link (most readers)": lambda item: item.guid or item.url or item.fingerprint,
    "guid, else canonical URL, told apart (before)": lambda item: item.key,
    "canonical URL": lambda item: item.canonical_url or item.fingerprint,
    "text": lambda item: item.fingerprint,
}


def fresh_engine(folder: Path, name: str) -> Engine:
    """Open a new database."""
    engine = open_engine(f"sqlite:///{folder / name}.db")
    migrate(engine)
    return engine


def document_items(number: int) -> list[Item]:
    """Give the items of one document, different from those of all others."""
    entries = [
        off_topic(place % 49).but(
            title=f"{off_topic(place % 49).title}, {number} {place}",
            guid=f"id-{number}-{place}",
            link=f"https://wire.example/{number}/{place}",
        )
        for place in range(LISTED)
    ]
    body = rss(entries)
    return list(
        parse(
            Document(url="https://wire.example/", body=body, fetched_at=NOW), feed_lang="en"
        ).items
    )


def fill(store: Store, feed: Feed) -> list[Item]:
    """Store many items; give those of the last document."""
    found: list[Item] = []
    for number in range(STORED // LISTED):
        found = document_items(number)
        seen = [
            SeenItem(
                id=item_id(feed.url, item.key),
                item=item,
                feed_id=feed.id,
                source=feed.name,
                first_seen_at=NOW,
                baseline=False,
            )
            for item in found
        ]
        named = [
            Alias(key=key, feed_id=feed.id, item_id=one.id)
            for one in seen
            for key in aliases_of(one.item, Trust()).values()
        ]
        judged = tuple(JudgedItem(seen=one, verdicts=()) for one in seen)
        store.commit(Batch(items=judged, aliases=tuple(named)))
    return found


def by_key(engine: Engine, feed: Feed, listed: list[Item]) -> list[Item]:
    """Give the new items as one query by key has it."""
    keys = [item.key for item in listed]
    query = select(items.c.key).where(items.c.feed_id == feed.id, items.c.key.in_(keys))
    with reading(engine) as connection:
        known = set(connection.execute(query).scalars())
    return [item for item in listed if item.key not in known]


def speed(folder: Path) -> None:
    """Time both ways, and the parser for comparison."""
    engine = fresh_engine(folder, "speed")
    store = Store(engine)
    store.sync_feeds([made.spec()], NOW)
    (feed,) = store.feeds()
    listed = fill(store, feed)
    spent: Counter[str] = Counter()
    ways: dict[str, Callable[[], object]] = {
        "ours": lambda: sift(store, feed, listed, NOW + HOUR),
        "by key": lambda: by_key(engine, feed, listed),
        "parsing alone": lambda: document_items(1),
    }
    for _ in range(ROUNDS):
        for name, way in ways.items():
            began = time.process_time()
            way()
            spent[name] += time.process_time() - began
    print(f"| a document of {LISTED} known items, {STORED} stored | ms of CPU | times by key |")
    print("| --- | ---: | ---: |")
    for name, seconds in spent.items():
        print(f"| {name} | {1000 * seconds / ROUNDS:.2f} | {seconds / spent['by key']:.1f} |")
    engine.dispose()


def faults(folder: Path) -> None:
    """Count for each rival what it takes for new wrongly, and what it misses."""
    print(f"\n| {len(FAULTS)} timelines of faults | taken for new wrongly | missed |")
    print("| --- | ---: | ---: |")
    for name, key in KEYS.items():
        wrong: Counter[str] = Counter()
        for fault in FAULTS:
            seen: set[tuple[str, str | None]] = set()
            for poll in fault.polls:
                document = Document(
                    url="https://wire.example/", body=rss(poll.lists), fetched_at=NOW
                )
                listed = parse(document, feed_lang="en").items
                names = {(poll.name, key(item)) for item in listed}
                count(wrong, len(names - seen), len(poll.new))
                seen |= names
        print(f"| {name} | {wrong['more']} | {wrong['fewer']} |")
    wrong = Counter()
    for number, fault in enumerate(FAULTS):
        engine = fresh_engine(folder, f"fault{number}")
        desk = Desk(engine)
        for poll in fault.polls:
            found = desk.poll(poll.lists, name=poll.name, after=poll.after)
            count(wrong, len(found.new), len(poll.new))
        engine.dispose()
    print(f"| ours | {wrong['more']} | {wrong['fewer']} |")


def count(wrong: Counter[str], found: int, expected: int) -> None:
    """Note the difference."""
    wrong["more"] += max(0, found - expected)
    wrong["fewer"] += max(0, expected - found)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made_folder:
        speed(Path(made_folder))
        faults(Path(made_folder))
