"""What pruning promises, on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from monitor.alerts.route import route
from monitor.feeds.trust import look_ups
from monitor.records import Alias, Batch, DeliveryState, Judgement, Outcome, Reason, SeenItem, Trust
from monitor.store import Archive, Feedback, Keeping, Reports, Store, Upkeep
from monitor.store.keeping import BATCH
from monitor.store.schema import aliases, bygone, decisions, items, revisions, stories
from monitor.upkeep import Caretaker, KeepRules
from tests.fakes import made
from tests.fakes.made import DAY, NOW

LATER = NOW + 100 * DAY
BEFORE = LATER - 90 * DAY
RULES = KeepRules(items=90 * DAY, alerts=None)


@pytest.fixture
def keeping(engine: Engine, store: Store) -> Keeping:
    """Give what prunes, on a database with one feed."""
    store.sync_feeds([made.spec("LRT"), made.spec("BBC")], NOW)
    return Keeping(engine)


def named(one: SeenItem) -> Batch:
    """Return what a poll commits that brought an item that is off-topic, with its names."""
    names = look_ups([one.item], Trust())
    return Batch(
        items=(made.judged(one, value=0.1, reason=Reason.BELOW_THRESHOLD),),
        aliases=tuple(Alias(key=name, feed_id=one.feed_id, item_id=one.id) for name in names),
    )


def left(engine: Engine) -> set[str]:
    """Give the guids of the items that are there."""
    with engine.connect() as connection:
        return {guid or "" for guid in connection.execute(select(items.c.guid)).scalars()}


def count(engine: Engine, table: Any) -> int:
    """Count the rows of a table."""
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def prune(keeping: Keeping) -> int:
    """Prune all that is to go."""
    place, total = None, 0
    while True:
        pruned = keeping.prune_items(BEFORE, place)
        total, place = total + pruned.count, pruned.place
        if place is None:
            return total


def test_an_old_item_goes_and_its_names_stay(
    engine: Engine, store: Store, keeping: Keeping
) -> None:
    """Of a pruned item nothing is left but its names, by which its feed's is known again."""
    one = made.seen("old")
    store.commit(named(one))
    names = look_ups([one.item], Trust())
    assert store.known_items(1, names)
    assert prune(keeping) == 1
    assert (left(engine), store.known_items(1, names)) == (set(), {})
    assert [count(engine, one) for one in (aliases, decisions, revisions)] == [0, 0, 0]
    # Guid, address and text, but not the title.
    assert len(store.remembered(1, names)) == 3
    assert store.remembered(2, names) == set()
    assert count(engine, bygone) == 3


@pytest.mark.parametrize("reason", [Reason.BASELINE, Reason.HELD])
def test_what_waits_for_a_catch_up_stays(
    engine: Engine, store: Store, keeping: Keeping, reason: Reason
) -> None:
    """Nothing is pruned that is still to be told, however old it is."""
    story = made.story("waits")
    judged = made.judged(made.seen("waits"), reason=reason, story_id=story.id)
    store.commit(Batch(items=(judged,), stories=(story,)))
    assert (prune(keeping), left(engine)) == (0, {"waits"})
    assert keeping.prune_stories(BEFORE) == 0


def test_what_was_told_stays_with_its_story(
    engine: Engine, store: Store, reports: Reports, keeping: Keeping
) -> None:
    """An alert that is kept can still be explained: its items and those of its story stay."""
    story = made.story("told", told_at=NOW, told_sources=1)
    copy = made.judged(made.seen("copy"), reason=Reason.COPY, story_id=story.id)
    store.commit(
        Batch(
            items=(made.judged(made.seen("told"), story_id=story.id), copy),
            stories=(story,),
            alerts=(made.alert("told"),),
        )
    )
    store.commit(named(made.seen("other")))
    assert (prune(keeping), left(engine)) == (1, {"told", "copy"})
    assert keeping.prune_stories(BEFORE) == 0
    assert reports.alerts_of_item(copy.seen.id)


def test_what_its_feed_lists_and_what_a_person_judged_stay(
    engine: Engine, store: Store, keeping: Keeping
) -> None:
    """An item is as old as its last day in the feed; feedback keeps its item."""
    for name in ("listed", "judged", "gone"):
        store.commit(named(made.seen(name)))
    poll = made.poll(polled_at=LATER)
    store.commit(Batch(poll=poll, seen_again=(made.seen("listed").id,)))
    judgement = Judgement(
        id="f1",
        topic="border",
        item_id=made.seen("judged").id,
        is_on_topic=True,
        lang="en",
        title="Judged",
        given_at=NOW,
        names={},
        matter={},
        rarity={},
    )
    Feedback(engine).add([judgement])
    assert (prune(keeping), left(engine)) == (1, {"listed", "judged"})


def test_alerts_go_when_asked_for_and_never_while_they_wait(
    engine: Engine, store: Store, keeping: Keeping
) -> None:
    """Old alerts go with their deliveries once all have ended; by default none goes."""
    for name in ("waits", "ended"):
        story = made.story(name, told_at=NOW, told_sources=1)
        alert = made.alert(name)
        store.commit(
            Batch(
                items=(made.judged(made.seen(name), story_id=story.id),),
                stories=(story,),
                alerts=(alert,),
                deliveries=route(alert, [made.destination()], NOW),
            )
        )
    (delivery,) = route(made.alert("ended"), [made.destination()], NOW)
    store.claim_these([delivery.id], NOW + DAY)
    done = Outcome(delivery_ids=(delivery.id,), state=DeliveryState.DELIVERED, at=NOW)
    store.settle(done)
    assert keeping.prune_alerts(None, BEFORE) == 0
    assert keeping.prune_alerts(BEFORE, BEFORE) == 1
    assert [one.id for one in Reports(engine).alerts()] == [made.alert("waits").id]
    assert (prune(keeping), left(engine)) == (1, {"waits"})
    assert (keeping.prune_stories(BEFORE), count(engine, stories)) == (1, 1)


def test_notices_go_with_items(engine: Engine, store: Store, keeping: Keeping) -> None:
    """What seedwatch told of itself is no alert, and is not kept for ever."""
    notice = replace(made.alert("notice"), reason=Reason.NOTICE, items=())
    story = made.story("rail", told_at=NOW, told_sources=1)
    one = made.judged(made.seen("rail"), story_id=story.id)
    store.commit(Batch(items=(one,), stories=(story,), alerts=(notice, made.alert("rail"))))
    assert keeping.prune_alerts(None, BEFORE) == 1
    assert [one.reason for one in Reports(engine).alerts()] == [Reason.FIRST_STORY]


def test_an_upkeep_goes_on_over_batches_and_is_noted(
    engine: Engine, store: Store, keeping: Keeping
) -> None:
    """More than one batch goes in one upkeep; it is noted, and is due again the next night."""
    many = [made.seen(f"n{number}") for number in range(BATCH + 20)]
    judged = tuple(made.judged(one, value=0.1, reason=Reason.BELOW_THRESHOLD) for one in many)
    store.commit(Batch(items=judged))
    caretaker = Caretaker(keeping, RULES)
    done: Upkeep | None = None
    for _ in range(100):
        done = done or caretaker.tick(LATER)
    assert done is not None
    assert (done.items, done.alerts, left(engine)) == (BATCH + 20, 0, set())
    assert keeping.last() == done
    assert caretaker.tick(LATER + timedelta(hours=1)) is None
    assert caretaker.tick(LATER + DAY) is not None
    assert Caretaker(keeping, RULES).tick(LATER + DAY + timedelta(hours=1)) is None


def test_nothing_goes_where_all_is_kept(engine: Engine, store: Store, keeping: Keeping) -> None:
    """`forever` means that."""
    store.commit(named(made.seen("old")))
    done = Caretaker(keeping, KeepRules(items=None, alerts=None)).tick(LATER + 9_000 * DAY)
    assert done is not None
    assert (done.items, left(engine)) == (0, {"old"})


def test_a_topic_is_forgotten_and_the_others_are_not(
    engine: Engine, store: Store, keeping: Keeping
) -> None:
    """All that is one topic's goes; items, and all that is another's, stay."""
    assert keeping.last() is None
    archive = Archive(engine)
    story = made.story("fence", told_at=NOW, told_sources=1)
    alert = made.alert("fence")
    one = made.judged(made.seen("fence"), story_id=story.id)
    two = made.judged(
        made.seen("rail"), value=0.1, reason=Reason.BELOW_THRESHOLD, topic_name="rail"
    )
    store.commit(
        Batch(
            items=(one, two),
            stories=(story,),
            alerts=(alert,),
            deliveries=route(alert, [made.destination()], NOW),
        )
    )
    found = archive.history("border")
    assert (found.decisions, found.stories, found.alerts, found.waiting) == (1, 1, 1, 1)
    archive.forget("border")
    assert archive.history("border").is_empty
    assert archive.topics() == ["rail"]
    assert left(engine) == {"fence", "rail"}
    archive.forget("border")
