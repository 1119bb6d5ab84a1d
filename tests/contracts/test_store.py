"""What the store promises, on every kind of database."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.exc import IntegrityError, StatementError

from monitor.alerts.route import route
from monitor.feeds.health import Activity
from monitor.feeds.pace import count_pushed, observe
from monitor.feeds.turns import due_of
from monitor.records import (
    Alert,
    Alias,
    AliasFault,
    Batch,
    Claim,
    Delivery,
    DeliveryState,
    Edit,
    Feed,
    Hints,
    HostRest,
    JudgedItem,
    Judgement,
    KnownItem,
    Lessons,
    Move,
    Outcome,
    Reason,
    Revision,
    SeenItem,
    Trust,
)
from monitor.store import Feedback, Hands, Reports, Store, known
from monitor.store.schema import metadata
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

LEASE = 40 * SECOND
LRT = made.spec("LRT")
BBC = made.spec("BBC")


def feeds_by_name(store: Store) -> dict[str, Feed]:
    """Give the polled feeds by name."""
    return {feed.name: feed for feed in store.feeds()}


def told(name: str, *to: str, at: datetime = NOW) -> Batch:
    """Return what a poll commits that brought one item worth an alert."""
    story = made.story(name, told_at=at, told_sources=1)
    alert = made.alert(name, created_at=at)
    destinations = [made.destination(one) for one in to or ("desk/1-console",)]
    return Batch(
        items=(made.judged(made.seen(name, first_seen_at=at), story_id=story.id),),
        stories=(story,),
        alerts=(alert,),
        deliveries=route(alert, destinations, at),
    )


def dump(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Give all that a database holds."""
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in metadata.sorted_tables
        }


# ---------------------------------------------------------------------------------------- feeds


def test_a_new_feed_is_due_at_once(store: Store) -> None:
    """A feed that the configuration names for the first time is polled at once."""
    store.sync_feeds([LRT], NOW)
    (found,) = store.due_feeds(NOW, 10)
    expected = Feed(
        id=found.id,
        url=LRT.url,
        name=LRT.name,
        groups=LRT.groups,
        every=LRT.every,
        lang=LRT.lang,
        due_at=NOW,
    )
    assert found == expected


def test_a_feed_keeps_its_schedule(store: Store) -> None:
    """A restart polls nothing before its time, and forgets no validator."""
    store.sync_feeds([LRT], NOW)
    store.commit(Batch(poll=made.poll()))
    before = store.feeds()
    store.sync_feeds([LRT], NOW + MINUTE)
    assert store.feeds() == before
    assert before[0].due_at == NOW + 15 * MINUTE
    assert before[0].etag == 'W/"1"'


def test_a_feed_takes_over_what_the_configuration_says(store: Store) -> None:
    """Name, groups, interval and language of a known feed follow the configuration."""
    store.sync_feeds([LRT], NOW)
    changed = replace(LRT, name="LRT English", groups=("eu", "pl"), every=HOUR, lang=None)
    store.sync_feeds([changed], NOW)
    (found,) = store.feeds()
    assert (found.name, found.groups, found.every, found.lang) == (
        "LRT English",
        ("eu", "pl"),
        HOUR,
        None,
    )


def test_a_removed_feed_rests_and_keeps_its_history(store: Store) -> None:
    """A feed that is no longer named is not polled; named again, it is no stranger."""
    store.sync_feeds([LRT, BBC], NOW)
    store.commit(Batch(poll=made.poll()))
    store.commit(told("fence"))
    store.sync_feeds([BBC], NOW)
    assert [feed.name for feed in store.feeds()] == ["BBC"]
    assert [feed.name for feed in store.due_feeds(NOW + DAY, 10)] == ["BBC"]
    store.sync_feeds([BBC, LRT], NOW)
    returned = feeds_by_name(store)["LRT"]
    assert (returned.id, returned.etag, returned.baseline_at) == (1, 'W/"1"', NOW)
    assert [one.item.guid for one in store.latest_items(9)] == ["fence"]


@pytest.mark.parametrize(
    "every, is_own, due_in",
    [
        (5 * MINUTE, False, 5 * MINUTE),
        (5 * MINUTE, True, 5 * MINUTE),
        (HOUR, True, HOUR),
        (HOUR, False, 3 * HOUR),
        (15 * MINUTE, True, 15 * MINUTE),
        (15 * MINUTE, False, 3 * HOUR),
    ],
    ids=[
        "a shorter interval brings the next poll forward",
        "also one of its own",
        "so does any of its own, since what was learned may be longer",
        "a longer average changes no plan",
        "the average as its own is no longer learned",
        "nothing changes nothing",
    ],
)
def test_a_changed_interval(
    store: Store, every: timedelta, *, is_own: bool, due_in: timedelta
) -> None:
    """A feed is due no later than one interval from now, if the configuration made it shorter."""
    store.sync_feeds([LRT], NOW)
    store.commit(Batch(poll=made.poll(due_at=NOW + 3 * HOUR)))
    store.sync_feeds([replace(LRT, every=every, has_own_interval=is_own)], NOW)
    assert store.feeds()[0].due_at == NOW + due_in


def test_what_was_asked_for_outlasts_a_restart(store: Store) -> None:
    """A feed that is due late because its server asked for it stays so when the service starts."""
    store.sync_feeds([LRT], NOW)
    store.commit(Batch(poll=made.poll(due_at=NOW + 6 * HOUR)))
    store.sync_feeds([LRT], NOW + MINUTE)
    assert store.feeds()[0].due_at == NOW + 6 * HOUR


def test_manners_are_remembered(store: Store) -> None:
    """All that a poll says about how to ask next is there at the next one."""
    store.sync_feeds([LRT], NOW)
    poll = made.poll(
        document_url="https://cdn.example/rss",
        whole_at=NOW - HOUR,
        lied_at=NOW - DAY,
        offers_deltas=True,
        hints=Hints(ttl=HOUR, update_every=DAY, skip_hours=(0, 1), skip_days=(6,)),
        move=Move(to="https://new.example/rss", since=NOW - DAY, polls=3),
        moved_to="https://old.example/rss",
        gone_at=NOW - 2 * DAY,
    )
    store.commit(Batch(poll=poll))
    (found,) = store.feeds()
    for name in (
        "document_url",
        "whole_at",
        "lied_at",
        "offers_deltas",
        "hints",
        "move",
        "moved_to",
        "gone_at",
    ):
        assert getattr(found, name) == getattr(poll, name), name
    store.commit(Batch(poll=made.poll()))
    (found,) = store.feeds()
    assert (found.hints, found.move, found.moved_to, found.gone_at) == (Hints(), None, None, None)


def test_a_host_rests(store: Store) -> None:
    """When a host has had enough, none of its feeds is due before it wants, and no other waits."""
    here = [made.spec(name, url=f"https://big.example/{name}") for name in "ABC"]
    store.sync_feeds([*here, BBC], NOW)
    late = made.poll(2, due_at=NOW + DAY)
    store.commit(Batch(poll=late))
    rest = HostRest(host="big.example", until=NOW + HOUR)
    failed = made.poll(ok=False, failures=1, due_at=NOW + HOUR, host_rest=rest)
    store.commit(Batch(poll=failed))
    due = {name: feed.due_at for name, feed in feeds_by_name(store).items()}
    assert due == {"A": NOW + HOUR, "B": NOW + DAY, "C": NOW + HOUR, "BBC": NOW}


def test_a_feed_that_moved_rests_with_its_new_host(store: Store) -> None:
    """A feed that has moved shares the host that it moved to, and no longer its old one."""
    store.sync_feeds([LRT, BBC], NOW)
    store.commit(Batch(poll=made.poll(due_at=NOW, host="cdn.example")))
    for host, until in (("cdn.example", NOW + HOUR), ("lrt.example", NOW + DAY)):
        rest = HostRest(host=host, until=until)
        store.commit(Batch(poll=made.poll(2, ok=False, failures=1, host_rest=rest)))
    assert feeds_by_name(store)["LRT"].due_at == NOW + HOUR


def test_one_host_does_not_hide_others(store: Store) -> None:
    """Of each host the longest due feeds come, as many as wanted, without those in hand."""
    big = [made.spec(f"big{number}", url=f"https://big.example/{number}") for number in range(9)]
    store.sync_feeds([*big, BBC], NOW)

    def due(per_host: int, *without: int) -> list[str]:
        found = store.due(NOW, 4, per_host=per_host, without=without)
        names = {feed.id: feed.name for feed in store.feeds()}
        assert {one.host for one in found} <= {"big.example", "bbc.example"}
        return [names[one.id] for one in found]

    assert due(1) == ["big0", "BBC"]
    assert due(2) == ["big0", "big1", "BBC"]
    assert due(9) == ["big0", "big1", "big2", "big3"]
    assert due(1, 1, 2) == ["big2", "BBC"]
    assert due(1, *range(1, 11)) == []


def test_a_failing_feed_keeps_its_patience(store: Store) -> None:
    """A restart does not hurry a feed that fails."""
    store.sync_feeds([LRT], NOW)
    failed = made.poll(ok=False, failures=5, error="HTTP 500", due_at=NOW + 8 * HOUR)
    store.commit(Batch(poll=failed))
    store.sync_feeds([LRT], NOW + MINUTE)
    (found,) = store.feeds()
    assert (found.due_at, found.failures, found.last_error) == (NOW + 8 * HOUR, 5, "HTTP 500")


def test_a_failure_takes_nothing_from_a_feed(store: Store) -> None:
    """What a feed's last good poll left is still there after a bad one."""
    store.sync_feeds([LRT], NOW)
    store.commit(Batch(poll=made.poll()))
    later = NOW + HOUR
    failed = made.poll(
        ok=False,
        failures=1,
        error="no",
        polled_at=later,
        etag=None,
        body_hash=None,
        baseline_at=None,
    )
    store.commit(Batch(poll=failed))
    (found,) = store.feeds()
    assert (found.etag, found.body_hash, found.baseline_at) == ('W/"1"', made.digest("body"), NOW)
    assert (found.last_polled_at, found.last_ok_at) == (later, NOW)


def test_a_pace_comes_back_as_it_went_in(store: Store) -> None:
    """What was learned of a feed is stored with its poll, and a poll without it leaves it."""
    store.sync_feeds([LRT, replace(BBC, has_own_interval=True)], NOW)
    assert store.demands() == {1: None}
    pace = observe(observe(None, NOW - 3 * HOUR), NOW, new=29, listed=30)
    pace = replace(pace, demand=2.75, interval=11 * MINUTE)
    assert (pace.lost_at, pace.turnover) == (NOW, 3 * HOUR * (30 / 29))
    store.commit(Batch(poll=made.poll(pace=pace)))
    store.commit(Batch(poll=made.poll(ok=False, failures=1, error="no")))
    assert (store.demands(), store.floors()) == ({1: 2.75}, {})
    assert feeds_by_name(store)["LRT"].pace == pace
    held = replace(pace, floor=2 * HOUR, is_held=True)
    store.commit(Batch(poll=made.poll(pace=held)))
    store.commit(Batch(poll=made.poll(2, pace=held)))
    assert (store.demands(), store.floors()) == ({1: 2.75}, {1: 2 * HOUR})
    assert feeds_by_name(store)["LRT"].pace == held


def test_a_push_teaches_and_changes_nothing_else(store: Store) -> None:
    """What a push taught of a feed's pace is stored, and its schedule and validators stay."""
    store.sync_feeds([LRT, BBC], NOW)
    store.commit(Batch(poll=made.poll()))
    lrt, bbc = store.feeds()
    pace = count_pushed(observe(None, NOW - HOUR), NOW, 3)
    store.commit(Batch(pushed=(lrt.id, pace)))
    assert store.feeds() == [replace(lrt, pace=pace), bbc]


def test_feeds_in_trouble(store: Store) -> None:
    """Feeds that fail, and those that never had a good poll, are found without the others."""
    store.sync_feeds([made.spec(name) for name in ("LRT", "BBC", "DW")], NOW)
    store.commit(Batch(poll=made.poll(1)))
    store.commit(Batch(poll=made.poll(2, ok=False, failures=1, error="no", baseline_at=None)))
    assert [feed.name for feed in store.failing_feeds()] == ["BBC"]
    assert [feed.name for feed in store.unread_feeds()] == ["BBC", "DW"]
    assert store.count_feeds() == 3
    store.sync_feeds([made.spec("LRT")], NOW)
    assert (store.failing_feeds(), store.unread_feeds(), store.count_feeds()) == ([], [], 1)


def test_who_asks_for_few_feeds_reads_few(engine: Engine) -> None:
    """What a tick asks of the feeds is answered from an index, however many there are."""
    if engine.dialect.name != "sqlite":
        pytest.skip("a planner that goes by statistics scans so small a table")
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]), named=False)
    store = Store(engine)
    store.due_feeds(NOW, 10)
    store.due(NOW, 10)
    store.due(NOW, 10, without={7})
    store.failing_feeds()
    store.unread_feeds()
    plans = []
    with engine.connect() as connection:
        for query in [one for one in asked if one.startswith("SELECT")]:
            values = (1, "2021-11-08", 10, 0)[: query.count("?")]
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}", values)
            plans.append(" / ".join(row.detail for row in plan))
    assert plans == [
        "SEARCH feeds USING INDEX ix_feeds_active_due_at (active=? AND due_at<?)",
        "SEARCH feeds USING INDEX ix_feeds_active_due_at (active=? AND due_at<?)",
        "SEARCH feeds USING INDEX ix_feeds_active_due_at (active=? AND due_at<?)",
        "SCAN feeds USING INDEX ix_feeds_failing",
        "SCAN feeds USING INDEX ix_feeds_unread",
    ]


def test_due_feeds_come_longest_due_first(store: Store) -> None:
    """Who has waited longest is polled first, and no more are given than wanted."""
    names = ["LRT", "BBC", "DW", "PAP"]
    store.sync_feeds([made.spec(name) for name in names], NOW)
    for number, minutes in enumerate([3, 1, 2, 4], start=1):
        store.commit(Batch(poll=made.poll(number, due_at=NOW + minutes * MINUTE)))
    due = store.due_feeds(NOW + 3 * MINUTE, 10)
    assert store.due(NOW + 3 * MINUTE, 10) == [due_of(feed) for feed in due]
    assert store.due(NOW + 3 * MINUTE, 10, without={due[0].id}) == [due_of(one) for one in due[1:]]
    assert store.feeds_of([feed.id for feed in due]) == sorted(due, key=lambda feed: feed.id)
    assert [feed.name for feed in due] == ["BBC", "DW", "LRT"]
    assert [feed.name for feed in store.due_feeds(NOW + DAY, 2)] == ["BBC", "DW"]
    assert store.due_feeds(NOW + MINUTE - timedelta(microseconds=1), 10) == []


# ---------------------------------------------------------------------------------------- items


def named(one: SeenItem, *keys: str) -> tuple[Alias, ...]:
    """Return aliases of a stored item."""
    return tuple(Alias(key=key, feed_id=one.feed_id, item_id=one.id) for key in keys)


def test_an_item_is_known_by_each_of_its_aliases(store: Store) -> None:
    """A stored item is found by every alias that it was given, and by no other."""
    store.sync_feeds([LRT], NOW)
    one = made.seen("fence")
    stored = Batch(items=(made.judged(one),), stories=(made.story(),), aliases=named(one, "a", "b"))
    store.commit(stored)
    expected = KnownItem(seen=one, last_seen_at=NOW, edits=0)
    assert store.known_items(1, ["x", "b", "a"]) == {"a": expected, "b": expected}
    assert store.known_items(1, []) == {}


def test_aliases_are_of_one_feed(store: Store) -> None:
    """The same guid in another feed is another item."""
    store.sync_feeds([LRT, BBC], NOW)
    one, other = made.seen("fence"), made.seen("wall", feed_id=2, source="BBC")
    both = tuple(JudgedItem(seen=seen, verdicts=()) for seen in (one, other))
    store.commit(Batch(items=both, aliases=named(one, "a") + named(other, "a", "b")))
    assert {key: known.seen for key, known in store.known_items(1, ["a", "b"]).items()} == {
        "a": one
    }
    assert {key: known.seen for key, known in store.known_items(2, ["a", "b"]).items()} == {
        "a": other,
        "b": other,
    }


def test_an_alias_names_the_latest_item(store: Store) -> None:
    """An alias that is given to another item of the feed leads to that one from then on."""
    store.sync_feeds([LRT], NOW)
    one, other = made.seen("fence"), made.seen("wall")
    both = tuple(JudgedItem(seen=seen, verdicts=()) for seen in (one, other))
    store.commit(Batch(items=both, aliases=named(one, "a", "b")))
    store.commit(Batch(aliases=named(other, "a")))
    found = store.known_items(1, ["a", "b"])
    assert {key: known.seen for key, known in found.items()} == {"a": other, "b": one}


def test_known_items_take_a_long_document(store: Store) -> None:
    """A document with more aliases than one statement can name is no trouble."""
    store.sync_feeds([LRT], NOW)
    stored = [made.seen(f"n{number}") for number in range(1_300)]
    keys = [f"{number:016x}" for number in range(5_200)]
    aliases = [
        alias for place, one in enumerate(stored) for alias in named(one, *keys[place * 4 :][:4])
    ]
    batch = Batch(
        items=tuple(JudgedItem(seen=one, verdicts=()) for one in stored), aliases=tuple(aliases)
    )
    store.commit(batch)
    wanted = keys[::4] + keys[1::2] + ["no such alias"]
    found = store.known_items(1, wanted)
    assert {known.seen.id for known in found.values()} == {one.id for one in stored}
    assert len(found) == 3_900
    assert store.stored_items(1, wanted) == {key: one.seen.item for key, one in found.items()}


def test_what_is_stored_of_a_feed_is_told_by_its_aliases(store: Store) -> None:
    """What the items of a feed say is told as it was stored, and of no other feed."""
    store.sync_feeds([LRT, BBC], NOW)
    one, bare = made.seen("fence"), made.seen("bare", feed_id=2, source="BBC")
    bare = replace(
        bare, item=replace(bare.item, guid=None, url=None, canonical_url=None, published_at=None)
    )
    both = tuple(JudgedItem(seen=seen, verdicts=()) for seen in (one, bare))
    store.commit(Batch(items=both, aliases=named(one, "a", "b") + named(bare, "a")))
    assert store.stored_items(1, ["a", "b", "x"]) == {"a": one.item, "b": one.item}
    assert store.stored_items(2, ["a", "b"]) == {"a": bare.item}
    assert store.stored_items(1, []) == {}


def test_known_items_are_looked_up_by_an_index(engine: Engine, store: Store) -> None:
    """However many items are stored, recognising those of a document reads only theirs."""
    store.sync_feeds([LRT], NOW)
    plans = [
        (known.owners_of(1, ["a", "b"]), r"USING PRIMARY KEY \(key=\?|pk_aliases"),
        (known.items_of(["a", "b"]), r"autoindex_items_1 \(id=\?|pk_items"),
        (known.said_under(1, ["a", "b"]), r"USING PRIMARY KEY \(key=\?|pk_aliases"),
        (known.copies_by_alias(["a", "b"], NOW), r"USING PRIMARY KEY \(key=\?|pk_aliases"),
    ]
    if engine.dialect.name == "postgresql":
        before, after = "SET LOCAL enable_seqscan = off", "EXPLAIN"
    else:
        before, after = "SELECT 1", "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        connection.execute(text(before))
        for query, by_index in plans:
            whole = query.compile(engine, compile_kwargs={"literal_binds": True})
            plan = [str(row) for row in connection.execute(text(f"{after} {whole}"))]
            assert [row for row in plan if re.search(r"SCAN (?:aliases|items|decis)", row)] == []
            assert any(re.search(by_index, row) for row in plan), plan


def edit(one: SeenItem, number: int, **changes: Any) -> Edit:
    """Return an edit of an item, the so-manieth."""
    old = one.item
    revision = Revision(
        item_id=one.id,
        number=number,
        at=NOW + number * HOUR,
        changed=("title",),
        title=old.title,
        summary=old.summary,
        url=old.url,
    )
    return Edit(seen=replace(one, item=replace(old, **changes)), edits=number, revision=revision)


def test_an_edited_item_keeps_its_id_and_history(store: Store, reports: Reports) -> None:
    """An edit changes what an item says, not which it is; what it said before is kept."""
    store.sync_feeds([LRT], NOW)
    one = made.seen("fence")
    store.commit(Batch(items=(JudgedItem(seen=one, verdicts=()),), aliases=named(one, "a")))
    first = edit(one, 1, title="Łódź “fence” 國", guid="new", published_at=None, lang=None)
    second = edit(first.seen, 2, title="A wall", url=None, canonical_url=None)
    store.commit(Batch(edits=(first,), aliases=named(one, "b")))
    store.commit(Batch(edits=(second,)))
    expected = KnownItem(seen=second.seen, last_seen_at=NOW, edits=2)
    assert store.known_items(1, ["a", "b"]) == {"a": expected, "b": expected}
    assert reports.revisions(one.id) == [first.revision, second.revision]
    assert reports.revisions("no such id") == []
    assert store.latest_items(9) == [second.seen]
    again = replace(second.revision or made_up(), at=NOW + DAY, title="Later", judged_again=True)
    store.commit(Batch(edits=(replace(second, revision=again, edits=9),)))
    assert reports.revisions(one.id) == [first.revision, again]


def made_up() -> Revision:
    """Fail: a revision should have been there."""
    raise AssertionError


def test_an_item_is_noted_as_seen(store: Store) -> None:
    """That a feed still lists an item is noted with the poll, for that item only."""
    store.sync_feeds([LRT], NOW)
    one, other = made.seen("fence"), made.seen("wall")
    both = tuple(JudgedItem(seen=seen, verdicts=()) for seen in (one, other))
    store.commit(Batch(items=both, aliases=named(one, "a") + named(other, "b")))
    later = NOW + DAY
    store.commit(Batch(poll=made.poll(polled_at=later), seen_again=(one.id,)))
    found = store.known_items(1, ["a", "b"])
    assert [found[key].last_seen_at for key in "ab"] == [later, NOW]


def test_a_new_verdict_takes_the_place_of_the_old(store: Store, reports: Reports) -> None:
    """A topic that judges an edited item again has the new verdict; the item stays as old."""
    store.sync_feeds([LRT], NOW)
    one = made.seen("fence")
    off = made.judged(one, value=0.2, reason=Reason.BELOW_THRESHOLD)
    store.commit(Batch(items=(off,)))
    on = made.judged(replace(one, first_seen_at=NOW + HOUR), story_id=made.story().id)
    store.commit(Batch(rejudged=(on,), stories=(made.story(),)))
    assert reports.verdicts(one.id) == list(on.verdicts)
    assert store.latest_items(9) == [one]
    assert store.placed([one.id, "no such id"]) == {(one.id, "border")}
    assert store.placed([]) == set()


def test_copies_that_were_told_long_ago(store: Store) -> None:
    """By an alias the items of every feed are found that are in a told story of before a time."""
    store.sync_feeds([LRT, BBC], NOW)
    fence, wall, camp = made.seen("fence"), made.seen("wall"), made.seen("camp")
    told_story = made.story("fence", told_at=NOW, told_sources=1)
    stories = (told_story, made.story("wall"), made.story("camp", told_at=NOW, opened_at=NOW + DAY))
    judged = tuple(
        made.judged(one, story_id=story.id)
        for one, story in zip((fence, wall, camp), stories, strict=True)
    )
    aliases = named(fence, "a") + named(wall, "b") + named(camp, "c")
    store.commit(Batch(items=judged, stories=stories, aliases=aliases))
    assert store.told_copies(["c", "b", "a"], NOW + HOUR) == [("a", fence, told_story)]
    assert store.told_copies(["a"], NOW) == []
    assert store.told_copies([], NOW) == []


def test_what_a_feed_has_shown_is_kept(store: Store) -> None:
    """What a document showed of a feed stays until another one is read, whatever else happens."""
    store.sync_feeds([LRT], NOW)
    assert (store.feeds()[0].trust, store.feeds()[0].read_at) == (Trust(), None)
    trust = Trust(
        guid_strikes=3,
        guid_fault=AliasFault.SHARED,
        url_strikes=1,
        url_fault=AliasFault.CHANGED,
    )
    store.commit(Batch(poll=made.poll(trust=trust, read_at=NOW)))
    store.commit(Batch(poll=made.poll(polled_at=NOW + HOUR)))
    store.commit(Batch(poll=made.poll(ok=False, failures=1, error="no")))
    store.sync_feeds([LRT], NOW + DAY)
    assert (store.feeds()[0].trust, store.feeds()[0].read_at) == (trust, NOW)


def test_the_latest_items_come_oldest_first(store: Store) -> None:
    """A topic that is new is shown the items that were seen last, as they came."""
    store.sync_feeds([LRT], NOW)
    for name, hours in (("wall", 1), ("fence", 3), ("camp", 2)):
        store.commit(told(name, at=NOW + hours * HOUR))
    found = store.latest_items(2)
    assert [one.item.guid for one in found] == ["camp", "fence"]


def test_an_item_comes_back_as_it_went_in(store: Store) -> None:
    """No character of an item changes in the store, nor does a missing part become a text."""
    store.sync_feeds([LRT], NOW)
    odd = made.item(
        "odd",
        title="Łódź, Kuźnica: “čia” 🇱🇹 — Беларусь 國 e\u0301 % _ ' \" \\ {}",
        guid=None,
        url=None,
        canonical_url=None,
        lang=None,
        published_at=None,
    )
    stored = made.seen("odd", odd, baseline=True)
    store.commit(Batch(items=(JudgedItem(seen=stored, verdicts=()),)))
    assert store.latest_items(9) == [stored]


# --------------------------------------------------------------------------------------- commit

COMMITTED = replace(
    told("fence"),
    poll=made.poll(),
    lessons=Lessons(states={"topic/border": {"n": 1}}),
)
ORPHAN = replace(made.delivery("desk/2-email"), alert_id="no-such-alert")


@pytest.mark.parametrize(
    "faulty",
    [
        replace(COMMITTED, deliveries=(*COMMITTED.deliveries, ORPHAN)),
        replace(COMMITTED, stories=()),
        replace(COMMITTED, items=()),
        replace(COMMITTED, items=(made.judged(made.seen(feed_id=7)),)),
        replace(COMMITTED, alerts=()),
    ],
    ids=[
        "a delivery of no alert",
        "a verdict that names no story",
        "an alert that tells of no item",
        "an item of no feed",
        "no alert at all",
    ],
)
def test_a_commit_is_all_or_nothing(engine: Engine, store: Store, faulty: Batch) -> None:
    """A batch with one fault leaves the database as it was."""
    store.sync_feeds([LRT], NOW)
    before = dump(engine)
    with pytest.raises(IntegrityError):
        store.commit(faulty)
    assert dump(engine) == before
    store.commit(COMMITTED)
    assert dump(engine) != before


def test_the_same_batch_twice_is_once(engine: Engine, store: Store) -> None:
    """A batch that is committed again changes nothing."""
    store.sync_feeds([LRT], NOW)
    store.commit(COMMITTED)
    once = dump(engine)
    store.commit(COMMITTED)
    assert dump(engine) == once


def test_a_settled_delivery_stays_settled(store: Store, reports: Reports) -> None:
    """An alert that is committed again is not sent again."""
    store.sync_feeds([LRT], NOW)
    store.commit(told("fence"))
    (claim,) = store.claim(NOW, LEASE, hands(10))
    settle(store, claim, DeliveryState.DELIVERED)
    store.commit(told("fence"))
    assert store.claim(NOW + DAY, LEASE, hands(10)) == []
    assert reports.counts()["delivered"] == 1


def test_a_dedup_key_is_unique(store: Store, reports: Reports) -> None:
    """Two deliveries under one dedup key are one: the first stays."""
    store.sync_feeds([LRT], NOW)
    store.commit(told("fence"))
    again = replace(made.delivery(), id="another-id", due_at=NOW + DAY)
    store.commit(Batch(deliveries=(again,)))
    assert reports.deliveries_of([made.alert().id]) == [made.delivery()]


def test_an_empty_batch_changes_nothing(engine: Engine, store: Store) -> None:
    """A batch of nothing is no fault."""
    store.sync_feeds([LRT], NOW)
    before = dump(engine)
    store.commit(Batch())
    assert dump(engine) == before


@pytest.mark.parametrize(
    "zone", [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(timedelta(hours=-9))], ids=str
)
def test_times_survive(store: Store, zone: timezone) -> None:
    """A time comes back as the same instant, aware and in UTC, to the microsecond."""
    local = NOW.astimezone(zone)
    store.sync_feeds([LRT], local)
    seen = made.seen("fence", made.item(published_at=local), first_seen_at=local)
    store.commit(Batch(poll=made.poll(polled_at=local, due_at=local), items=(made.judged(seen),)))
    (feed,) = store.due_feeds(NOW, 1)
    (item,) = store.latest_items(9)
    for time in (feed.due_at, feed.last_ok_at, item.first_seen_at, item.item.published_at):
        assert time == NOW
        assert time is not None
        assert time.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(engine: Engine, store: Store) -> None:
    """A naive time never gets into the database."""
    naive = NOW.replace(tzinfo=None)
    before = dump(engine)
    with pytest.raises(StatementError, match=r"a time without a zone: 2021-11-08 14:00:00\.123456"):
        store.sync_feeds([LRT], naive)
    with pytest.raises(StatementError, match="a time without a zone"):
        store.due_feeds(naive, 10)
    assert dump(engine) == before


# -------------------------------------------------------------------------------------- stories


def test_open_stories_are_those_of_late(store: Store) -> None:
    """Stories of the asked topics that had an item since a time are open, oldest first."""
    fence, wall, camp = (
        made.story("fence", opened_at=NOW + HOUR, updated_at=NOW + 2 * HOUR),
        made.story("wall", opened_at=NOW - DAY, updated_at=NOW + HOUR),
        made.story("camp", opened_at=NOW - DAY, updated_at=NOW),
    )
    strike = replace(made.story("strike", updated_at=NOW + DAY), topic="rail")
    store.commit(Batch(stories=(fence, wall, camp, strike)))
    assert store.open_stories(["border"], NOW + HOUR) == [wall, fence]
    assert store.open_stories(["border", "rail"], NOW + 2 * HOUR) == [strike, fence]
    assert store.open_stories([], NOW) == []


def test_a_story_grows(store: Store) -> None:
    """A story that is committed again is kept as it is now."""
    store.commit(Batch(stories=(made.story(),)))
    grown = made.story(
        size=3,
        told_at=NOW + HOUR,
        told_sources=2,
        members=(made.member("fence", "ą", heads=("fence",), facts=("12,000",)),) * 2,
        seen_terms=("fence", "ą", "12,000"),
        updated_at=NOW + HOUR,
        sources=("LRT", "BBC"),
        urls=frozenset({"https://a.example/", "https://b.example/"}),
        fingerprints=frozenset({made.digest("a"), made.digest("b")}),
    )
    store.commit(Batch(stories=(grown,)))
    assert store.open_stories(["border"], NOW) == [grown]


def waiting(name: str, value: float, **changes: Any) -> JudgedItem:
    """Return an on-topic item that a feed held at its first poll."""
    one = made.seen(name, baseline=True, **changes)
    return made.judged(one, value=value, reason=Reason.BASELINE, story_id=made.story(name).id)


def names_of(found: Iterable[tuple[SeenItem, object]]) -> list[str | None]:
    """Give the names of judged items."""
    return [seen.item.guid for seen, _ in found]


def test_what_waits_comes_best_first(store: Store) -> None:
    """A catch-up is offered the best of what waits, the earlier of two that are equally good."""
    store.sync_feeds([LRT], NOW)
    judged = (
        waiting("wall", 0.6),
        waiting("camp", 0.9, first_seen_at=NOW + SECOND),
        waiting("fence", 0.9),
    )
    new = made.judged(made.seen("march"), value=0.95, story_id=made.story("march").id)
    other = made.judged(made.seen("rail"), reason=Reason.BASELINE, topic_name="rail")
    stories = tuple(made.story(name) for name in ("wall", "camp", "fence", "march"))
    store.commit(Batch(items=(*judged, new, other), stories=stories))
    found = store.waiting_matches("border")
    assert names_of(found) == ["fence", "camp", "wall"]
    assert found[0] == (judged[2].seen, judged[2].verdicts[0])


def test_what_is_caught_up_waits_no_more(store: Store) -> None:
    """An item that a catch-up message settled is not offered again, for that topic only."""
    store.sync_feeds([LRT], NOW)
    one = made.seen(baseline=True)
    both = JudgedItem(
        seen=one,
        verdicts=tuple(
            made.judged(one, reason=Reason.BASELINE, topic_name=name).verdicts[0]
            for name in ("border", "eu")
        ),
    )
    store.commit(Batch(items=(both,)))
    store.commit(Batch(caught_up=(("border", one.id, Reason.CATCH_UP),)))
    assert store.waiting_matches("border") == []
    assert names_of(store.waiting_matches("eu")) == ["fence"]
    ((_, verdict),) = store.verdicts_of("border")
    assert verdict.decision.reason is Reason.CATCH_UP


def test_the_best_scores_are_of_the_stream(store: Store) -> None:
    """Each story counts once by its best, what is lone by itself; not a baseline, nor the weak."""
    store.sync_feeds([LRT], NOW)
    story = made.story("fence")
    items = (
        made.judged(made.seen("fence"), value=0.7, story_id=story.id),
        made.judged(made.seen("wall"), value=0.9, reason=Reason.FOLLOW_UP, story_id=story.id),
        made.judged(made.seen("camp"), value=0.4, reason=Reason.BELOW_THRESHOLD),
        made.judged(made.seen("rail"), value=0.2, reason=Reason.BELOW_THRESHOLD),
        made.judged(
            made.seen("old", first_seen_at=NOW - DAY), value=0.5, reason=Reason.BELOW_THRESHOLD
        ),
        made.judged(made.seen("kept", baseline=True), value=0.8, reason=Reason.BELOW_THRESHOLD),
        made.judged(made.seen("eu"), value=0.95, topic_name="eu", reason=Reason.BELOW_THRESHOLD),
    )
    store.commit(Batch(items=items, stories=(story,)))
    assert store.best_scores("border", 0.3, NOW - HOUR) == [0.9, 0.4]
    assert store.best_scores("border", 0.3, NOW - 2 * DAY) == [0.9, 0.5, 0.4]
    assert store.judged_since("border") == NOW - DAY
    assert store.judged_since("nobody") is None


def test_the_nearest_verdicts_are_the_latest(store: Store) -> None:
    """Those from a floor on since a time, of one topic, newest first, and no more than asked."""
    store.sync_feeds([LRT], NOW)
    late = made.judged(made.seen("wall", first_seen_at=NOW + SECOND), story_id=None)
    early = made.judged(made.seen("camp"), value=0.4, reason=Reason.BELOW_THRESHOLD)
    weak = made.judged(made.seen("rail"), value=0.2, reason=Reason.BELOW_THRESHOLD)
    other = made.judged(made.seen("eu"), topic_name="eu", reason=Reason.BELOW_THRESHOLD)
    store.commit(Batch(items=(early, late, weak, other)))
    wanted = [(one.seen, one.verdicts[0]) for one in (late, early)]
    assert store.nearest_verdicts("border", 0.3, NOW - HOUR, 10) == wanted
    assert store.nearest_verdicts("border", 0.3, NOW - HOUR, 1) == wanted[:1]
    assert store.nearest_verdicts("border", 0.3, NOW + HOUR, 10) == []


def test_verdicts_come_in_the_order_of_their_items(store: Store) -> None:
    """All that a topic has judged is given as it came, with what made each score."""
    store.sync_feeds([LRT], NOW)
    later = made.judged(made.seen("wall", first_seen_at=NOW + SECOND), story_id=None)
    earlier = made.judged(value=0.2, reason=Reason.BELOW_THRESHOLD)
    store.commit(Batch(items=(later, earlier)))
    expected = [(one.seen, one.verdicts[0]) for one in (earlier, later)]
    assert store.verdicts_of("border") == expected


# -------------------------------------------------------------------------------------- lessons


def test_nothing_learned_yet(store: Store) -> None:
    """A fresh database knows nothing."""
    assert store.lessons() == Lessons()


def test_states_are_replaced(store: Store) -> None:
    """A named state is kept whole as it was committed last, the others as they were."""
    state = {"n": 1, "scores": [0.1, 0.25], "of": {"ą": None}}
    store.commit(Batch(lessons=Lessons(states={"topic/a": {"old": True}, "topic/b": state})))
    store.commit(Batch(lessons=Lessons(states={"topic/a": {"n": 2}})))
    assert store.lessons().states == {"topic/a": {"n": 2}, "topic/b": state}


# ------------------------------------------------------------------------------------- feedback


def judgement(name: str, hours: int = 0, **changes: Any) -> Judgement:
    """Return what was said of an item some hours from now."""
    made_of = Judgement(
        id=f"said-{name}",
        topic="border",
        item_id=made.seen(name).id,
        is_on_topic=True,
        lang="en",
        title="Łódź “fence” 國",
        given_at=NOW + hours * HOUR,
        names={"kuznica": 0.6, "minsk": 0.123456},
        matter={"ogrodzenie": 0.5, "國境": 1e-06},
        rarity={"kuznica": 5.5, "minsk": 3.2, "ogrodzenie": 4.1, "國境": 3.5},
    )
    return replace(made_of, **changes)


@pytest.fixture
def feedback(engine: Engine) -> Feedback:
    """Give what people said, on a fresh database."""
    return Feedback(engine)


def test_what_was_said_comes_back(feedback: Feedback) -> None:
    """Judgements come back to the last digit, oldest first, of one topic or of all."""
    fence, wall = judgement("fence", 2), judgement("wall", 1, is_on_topic=False)
    camp = judgement("camp", topic="rail")
    assert feedback.all() == []
    assert feedback.add([fence, wall, camp]) == [fence, wall, camp]
    assert feedback.all() == [camp, wall, fence]
    assert feedback.all("border") == [wall, fence]
    assert feedback.all("no such topic") == []


def test_undoing_takes_the_latest_first(feedback: Feedback) -> None:
    """Without an id the latest judgement that counts is undone, until there is none."""
    said = [judgement("fence", 1), judgement("wall", 3), judgement("camp", 2)]
    feedback.add(said)
    undone = [feedback.undo(None, NOW + DAY) for _ in range(4)]
    assert undone == [said[1], said[2], said[0], None]
    assert feedback.all() == []


def test_undoing_by_id(feedback: Feedback) -> None:
    """A named judgement is undone once; no other is touched, and an unknown one is none."""
    fence, wall = judgement("fence"), judgement("wall", 1)
    feedback.add([fence, wall])
    assert feedback.undo("no such id", NOW) is None
    assert feedback.undo(fence.id, NOW) == fence
    assert feedback.undo(fence.id, NOW) is None
    assert feedback.all() == [wall]


def test_what_is_known_is_not_added(feedback: Feedback) -> None:
    """A judgement is added once, and what was undone does not come back with an import."""
    fence, wall, camp = judgement("fence"), judgement("wall", 1), judgement("camp", 2)
    feedback.add([fence, wall])
    feedback.undo(fence.id, NOW)
    assert feedback.add([fence, wall, camp, camp]) == [camp]
    assert feedback.all() == [wall, camp]
    assert feedback.add([]) == []


def test_each_change_changes_the_mark(feedback: Feedback) -> None:
    """Who remembers the mark sees whether anything was added or undone since."""
    marks = [feedback.mark()]
    feedback.add([judgement("fence")])
    marks.append(feedback.mark())
    feedback.undo(None, NOW)
    marks.append(feedback.mark())
    feedback.add([judgement("wall")])
    marks.append(feedback.mark())
    assert len(set(marks)) == 4
    assert feedback.undo("no such id", NOW) is None
    assert feedback.mark() == marks[-1]


# ------------------------------------------------------------------------------------ the outbox


def hands(limit: int, busy: Iterable[str] = ()) -> Hands:
    """Return hands for so many messages."""
    return Hands(limit=limit, busy=frozenset(busy))


def ids_of(claim: Claim) -> tuple[str, ...]:
    """Give the ids of all deliveries of a message."""
    return tuple(one.id for one in claim.deliveries)


def settle(
    store: Store, claim: Claim, state: DeliveryState, at: datetime = NOW, **changes: Any
) -> None:
    """Write down what became of an attempt."""
    made_of = Outcome(delivery_ids=ids_of(claim), state=state, answer="said so", at=at)
    store.settle(replace(made_of, **changes))


def sent(to: str = "desk/1-console", **changes: Any) -> Delivery:
    """Return the delivery of `fence` as it is once it was claimed, alone."""
    one = made.delivery(to)
    return replace(one, message_id=one.id, **changes)


def places(claims: Iterable[Claim]) -> list[str]:
    """Give the destinations of some claims."""
    return [claim.delivery.destination for claim in claims]


@pytest.fixture
def outbox(store: Store) -> Store:
    """Give a store with two alerts, a minute apart, each due to two destinations."""
    store.sync_feeds([LRT], NOW)
    store.commit(told("fence", "desk/1-console", "desk/2-slack"))
    store.commit(told("wall", "desk/1-console", "desk/2-slack", at=NOW + MINUTE))
    return store


def test_a_claim_brings_the_alert(outbox: Store) -> None:
    """What may be sent comes with the alert as it was committed."""
    claims = outbox.claim(NOW, LEASE, hands(10))
    assert [claim.alerts[0] for claim in claims] == [made.alert("fence")] * 2
    expected = {sent("desk/1-console"), sent("desk/2-slack")}
    assert {claim.delivery for claim in claims} == expected


def test_nothing_is_claimed_before_it_is_due(outbox: Store) -> None:
    """A delivery waits for its time, then is given to one who asks, and to no other."""
    assert outbox.claim(NOW - timedelta(microseconds=1), LEASE, hands(10)) == []
    assert len(outbox.claim(NOW, LEASE, hands(10))) == 2
    assert outbox.claim(NOW, LEASE, hands(10)) == []


def test_one_at_a_time_for_a_destination(outbox: Store) -> None:
    """A destination's next message waits until its last one has settled, the older one first."""
    later = NOW + MINUTE
    first = outbox.claim(later, LEASE, hands(10))
    assert [claim.alerts[0].id for claim in first] == [made.alert("fence").id] * 2
    assert outbox.claim(later, LEASE, hands(10)) == []
    (slack,) = [claim for claim in first if claim.delivery.destination == "desk/2-slack"]
    settle(outbox, slack, DeliveryState.DELIVERED)
    (second,) = outbox.claim(later, LEASE, hands(10))
    assert second.delivery.destination == "desk/2-slack"
    assert second.alerts[0].id == made.alert("wall").id


def test_no_more_than_wanted(outbox: Store) -> None:
    """No more is claimed than there are hands to send it."""
    assert len(outbox.claim(NOW, LEASE, hands(1))) == 1
    assert len(outbox.claim(NOW, LEASE, hands(1))) == 1
    assert outbox.claim(NOW, LEASE, hands(1)) == []


def test_a_busy_destination_is_left_alone(outbox: Store) -> None:
    """What the caller is still sending to gets nothing, even after the lease has ended."""
    outbox.claim(NOW, LEASE, hands(10))
    after = NOW + LEASE
    assert places(outbox.claim(after, LEASE, hands(10, ["desk/1-console"]))) == ["desk/2-slack"]
    assert outbox.claim(after, LEASE, hands(10, ["desk/1-console"])) == []
    assert places(outbox.claim(after, LEASE, hands(10))) == ["desk/1-console"]


def test_a_lease_that_ends_gives_the_delivery_again(outbox: Store) -> None:
    """A delivery whose sender died is given again under the same id, its attempts counted."""
    busy = ["desk/2-slack"]
    (first,) = outbox.claim(NOW, LEASE, hands(10, busy))
    almost = NOW + LEASE - timedelta(microseconds=1)
    assert outbox.claim(almost, LEASE, hands(10, busy)) == []
    (second,) = outbox.claim(NOW + LEASE, LEASE, hands(10, busy))
    (third,) = outbox.claim(NOW + 2 * LEASE, LEASE, hands(10, busy))
    same = [(one.delivery.id, one.delivery.dedup_key) for one in (first, second, third)]
    assert len(set(same)) == 1
    assert [one.delivery.attempts for one in (first, second, third)] == [0, 1, 2]


@pytest.mark.parametrize(
    "state", [DeliveryState.DELIVERED, DeliveryState.DEAD, DeliveryState.EXPIRED]
)
def test_an_end_is_an_end(store: Store, reports: Reports, state: DeliveryState) -> None:
    """A delivery that has ended is never sent again, and says when and how it ended."""
    store.sync_feeds([LRT], NOW)
    store.commit(told("fence"))
    (claim,) = store.claim(NOW, LEASE, hands(10))
    settle(store, claim, state, NOW + SECOND)
    assert store.claim(NOW + 365 * DAY, LEASE, hands(10)) == []
    assert store.release(NOW) == 0
    expected = sent(state=state, attempts=1, answer="said so", settled_at=NOW + SECOND)
    assert reports.deliveries_of([made.alert().id]) == [expected]


def test_release_ends_the_leases(outbox: Store) -> None:
    """After a crash the next daemon sends at once what its forerunner had in hand."""
    held = outbox.claim(NOW, LEASE, hands(10))
    assert outbox.release(NOW + SECOND) == 2
    again = outbox.claim(NOW + SECOND, LEASE, hands(10))
    assert {one.delivery.id for one in again} == {one.delivery.id for one in held}


def test_named_deliveries_are_claimed_before_they_are_due(outbox: Store) -> None:
    """Who names deliveries gets them at once in the order of destinations, and the others wait."""
    wanted = [
        made.delivery(to, of=made.alert("wall", created_at=NOW + MINUTE)).id
        for to in ("desk/2-slack", "desk/1-console")
    ]
    claims = outbox.claim_these([*wanted, "no such id"], NOW + LEASE)
    assert [claim.delivery.id for claim in claims] == wanted[::-1]
    assert outbox.claim_these(wanted, NOW + LEASE) == []
    # The older ones go to the same destinations, which have their hands full.
    assert outbox.claim(NOW, LEASE, hands(10)) == []


def test_named_deliveries_that_have_ended_stay_so(outbox: Store) -> None:
    """Naming a delivery does not send it a second time."""
    (claim, _) = outbox.claim(NOW, LEASE, hands(10))
    settle(outbox, claim, DeliveryState.DELIVERED)
    assert outbox.claim_these([claim.delivery.id], NOW + LEASE) == []


def at_once(count: int, act: Callable[[], list[Claim]]) -> list[list[Claim]]:
    """Let some threads do the same at the same time."""
    gate = threading.Barrier(count)

    def run() -> list[Claim]:
        gate.wait(10)
        return act()

    with ThreadPoolExecutor(count) as threads:
        futures = [threads.submit(run) for _ in range(count)]
        return [future.result(30) for future in futures]


def crowd(store: Store, alerts: int, *to: str) -> list[Delivery]:
    """Fill the outbox: each alert is due to each destination."""
    store.sync_feeds([LRT], NOW)
    batches = [told(f"n{number}", *to) for number in range(alerts)]
    for batch in batches:
        store.commit(batch)
    return [delivery for batch in batches for delivery in batch.deliveries]


def test_two_never_claim_the_same(store: Store) -> None:
    """However many ask at once, a delivery is in one hand, and a destination has one message."""
    to = [f"desk/{number}-console" for number in range(4)]
    crowd(store, 10, *to)
    now = NOW
    for _ in range(10):
        rounds = at_once(3, lambda now=now: store.claim(now, LEASE, hands(10)))  # type: ignore[misc]
        claims = [claim for claims in rounds for claim in claims]
        assert sorted(places(claims)) == to
        now += LEASE


def test_two_never_name_the_same(store: Store) -> None:
    """Two who name the same deliveries at once share them out."""
    for delivery in crowd(store, 8, "desk/1-console"):
        rounds = at_once(2, lambda one=delivery: store.claim_these([one.id], NOW + LEASE))  # type: ignore[misc]
        assert sorted(len(claims) for claims in rounds) == [0, 1]


# -------------------------------------------------------------------------------------- reports


def test_counts_of_an_empty_database(reports: Reports) -> None:
    """A fresh database is reported as empty, each state of a delivery by name."""
    assert reports.counts() == {
        "items": 0,
        "stories": 0,
        "alerts": 0,
        "tests": 0,
        "notices": 0,
        "pending": 0,
        "sending": 0,
        "delivered": 0,
        "expired": 0,
        "dead": 0,
    }


def test_counts(outbox: Store, reports: Reports) -> None:
    """Items, stories, alerts and deliveries by state are counted."""
    claims = outbox.claim(NOW, LEASE, hands(10))
    settle(outbox, claims[0], DeliveryState.DEAD)
    counts = {name: count for name, count in reports.counts().items() if count}
    assert counts == {
        "items": 2,
        "stories": 2,
        "alerts": 2,
        "pending": 2,
        "sending": 1,
        "dead": 1,
    }


def test_a_topic_is_reported(outbox: Store, reports: Reports) -> None:
    """A topic's report counts since a time, but knows its last alert and its best item."""
    best = made.judged(made.seen("camp", first_seen_at=NOW + HOUR), value=0.8)
    outbox.commit(Batch(items=(best,)))
    whole = reports.topic("border", NOW)
    assert (whole.scored, whole.alerts, whole.last_alert_at) == (3, 2, NOW + MINUTE)
    assert whole.best == (best.seen, best.verdicts[0])
    late = reports.topic("border", NOW + DAY)
    assert (late.scored, late.alerts, late.last_alert_at) == (0, 0, NOW + MINUTE)
    assert late.best is None
    other = reports.topic("rail", NOW - DAY)
    assert (other.scored, other.alerts, other.last_alert_at, other.best) == (0, 0, None, None)


def trial() -> Alert:
    """Return a test alert, which tells of no stored item."""
    return made.alert(
        reason=Reason.TEST,
        story_id="20211108140000",
        items=(made.alerted(item_id="test"),),
        created_at=NOW + DAY,
    )


def test_a_test_is_no_alert_of_a_topic(store: Store, reports: Reports) -> None:
    """A test alert is stored without an item, and no topic counts it."""
    alert = trial()
    store.commit(Batch(alerts=(alert,), deliveries=(made.delivery(of=alert),)))
    assert reports.alerts() == [alert]
    report = reports.topic("border", NOW - DAY)
    assert (report.alerts, report.last_alert_at) == (0, None)


def test_alerts_come_newest_first(outbox: Store, reports: Reports) -> None:
    """The latest alerts are given as they were told, of one topic or of all."""
    fence, wall = made.alert("fence"), made.alert("wall", created_at=NOW + MINUTE)
    assert reports.alerts() == [wall, fence]
    assert reports.alerts(limit=1) == [wall]
    assert reports.alerts(topic="border") == [wall, fence]
    assert reports.alerts(topic="rail") == []
    assert "fence" in {one.item.guid for one in outbox.latest_items(9)}


def test_deliveries_of_an_alert(outbox: Store, reports: Reports) -> None:
    """An alert's deliveries come in the order of their destinations."""
    found = reports.deliveries_of([made.alert("fence").id])
    assert found == [made.delivery("desk/1-console"), made.delivery("desk/2-slack")]
    assert reports.deliveries_of([]) == []
    assert outbox.claim(NOW - SECOND, LEASE, hands(1)) == []


def test_stuck_deliveries(outbox: Store, reports: Reports) -> None:
    """What ended undelivered or waits for another try is shown, newest first; the rest is not."""
    outbox.commit(told("camp", "mail/1-email", "mail/2-email", at=NOW + HOUR))
    assert reports.stuck_deliveries() == []
    ends = [
        (DeliveryState.DEAD, None),
        (DeliveryState.PENDING, NOW + DAY),
        (DeliveryState.DELIVERED, None),
    ]
    claims = outbox.claim(NOW + HOUR, LEASE, hands(10))
    claims.sort(key=lambda claim: claim.delivery.created_at)
    for claim, (state, due_at) in zip(claims, ends, strict=False):
        settle(outbox, claim, state, due_at=due_at)
    (newest,) = outbox.claim_these([claims[3].delivery.id], NOW) or [claims[3]]
    settle(outbox, newest, DeliveryState.EXPIRED)
    expected = [claims[3].delivery.id, claims[0].delivery.id, claims[1].delivery.id]
    found = [one.id for one in reports.stuck_deliveries()]
    assert found[0] == expected[0]
    assert set(found) == set(expected)
    assert [one.id for one in reports.stuck_deliveries(limit=1)] == expected[:1]


@pytest.mark.parametrize(
    "wanted, canonical",
    [
        (made.seen().id, None),
        (made.seen().id[:4], None),
        ("fence", None),
        ("https://www.lrt.example/news/fence?utm_source=rss", None),
        ("https://lrt.example/news/fence/#top", "https://lrt.example/news/fence"),
    ],
    ids=["its id", "the beginning of its id", "its guid", "its URL", "its URL in another form"],
)
def test_an_item_is_found(
    outbox: Store, reports: Reports, wanted: str, canonical: str | None
) -> None:
    """An item is found by whatever a person has of it, and alone."""
    assert reports.items(wanted, canonical) == outbox.latest_items(9)[:1]


@pytest.mark.parametrize(
    "wanted", ["", "%", "____", made.seen().id[:3], made.seen().id + "0", "f%", "fence "]
)
def test_no_item_is_found(outbox: Store, reports: Reports, wanted: str) -> None:
    """What names no item finds none: too few digits, wildcards, nothing."""
    assert len(outbox.latest_items(9)) == 2
    assert reports.items(wanted, None) == []


def test_copies_are_found_together(store: Store, reports: Reports) -> None:
    """The same article in several feeds is found whole, oldest first, at most twenty times."""
    store.sync_feeds([LRT], NOW)
    copies = [made.seen(f"c{number}", first_seen_at=NOW + number * SECOND) for number in range(25)]
    same = [
        replace(one, item=replace(one.item, canonical_url="https://lrt.example/a"))
        for one in copies
    ]
    store.commit(Batch(items=tuple(JudgedItem(seen=one, verdicts=()) for one in same)))
    assert reports.items("https://lrt.example/a", "https://lrt.example/a") == same[:20]


def test_verdicts_of_an_item(outbox: Store, reports: Reports) -> None:
    """What each topic made of an item is told in the order of their names."""
    one = made.seen("camp")
    verdicts = tuple(
        made.judged(one, value=value, reason=Reason.BELOW_THRESHOLD, topic_name=name).verdicts[0]
        for name, value in (("rail", 0.1), ("eu", 0.3))
    )
    outbox.commit(Batch(items=(JudgedItem(seen=one, verdicts=verdicts),)))
    assert reports.verdicts(one.id) == [verdicts[1], verdicts[0]]
    assert reports.verdicts("no such id") == []


def test_a_story_is_shown_with_its_items(outbox: Store, reports: Reports) -> None:
    """A story comes with its items, oldest first; one that is not known is none."""
    story = made.story("fence", told_at=NOW, told_sources=1, size=2, sources=("LRT", "BBC"))
    copy = made.judged(
        made.seen("copy", first_seen_at=NOW - HOUR), reason=Reason.COPY, story_id=story.id
    )
    outbox.commit(Batch(items=(copy,), stories=(story,)))
    assert reports.story(story.id) == (story, [copy.seen, made.seen("fence")])
    assert reports.story("no such id") is None


def test_alerts_of_an_item(outbox: Store, reports: Reports) -> None:
    """An item's alerts are those that told it, and those of its story."""
    story = made.story("fence")
    copy = made.judged(made.seen("copy"), reason=Reason.COPY, story_id=story.id)
    ignored = made.judged(made.seen("sport"), value=0.1, reason=Reason.BELOW_THRESHOLD)
    outbox.commit(Batch(items=(copy, ignored)))
    catch_up = made.alert(
        "camp",
        reason=Reason.CATCH_UP,
        items=(made.alerted("wall"), made.alerted("fence")),
        created_at=NOW + HOUR,
    )
    outbox.commit(Batch(alerts=(catch_up,)))
    fence = made.alert("fence")
    assert reports.alerts_of_item(made.seen("fence").id) == [fence, catch_up]
    assert reports.alerts_of_item(copy.seen.id) == [fence]
    assert reports.alerts_of_item(ignored.seen.id) == []


def test_activity_counts_what_each_feed_brought(store: Store, engine: Engine) -> None:
    """Items since a time are counted by feed, those of its first poll not; the last is told."""
    store.sync_feeds([LRT, BBC], NOW)
    lrt = feeds_by_name(store)["LRT"].id
    times = {"old": NOW - 8 * DAY, "new": NOW - DAY, "first": NOW}
    store.commit(
        Batch(
            items=tuple(
                made.judged(
                    made.seen(
                        name,
                        made.item(name),
                        feed_id=lrt,
                        first_seen_at=at,
                        baseline=name == "first",
                    ),
                    reason=Reason.BELOW_THRESHOLD,
                )
                for name, at in times.items()
            )
        )
    )
    (found,) = Reports(engine).activity(NOW - 7 * DAY).items()
    assert found == (lrt, Activity(last_item_at=NOW, recent=1))
