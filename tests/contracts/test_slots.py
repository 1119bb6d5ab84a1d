"""What schedules and silences ask of the store, on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text, update

from monitor.alerts.dispatch import Policy, dispatch, redated
from monitor.alerts.plan import Slot
from monitor.alerts.schedule import Schedule, quiet_at
from monitor.records import Batch, DeliveryState, Outcome, Reason, Withheld
from monitor.store import Hands, Silences, Slots, Store
from monitor.store.schema import deliveries
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND
from tests.fakes.schedules import SCHEDULES

LEASE = 40 * SECOND
LATER = Slot(due_at=NOW + HOUR, group="digest/2021-11-08 14:00 to 15:00 UTC")


@pytest.fixture
def slots(engine: Engine, store: Store) -> Slots:
    """Give the outbox of a store that knows a feed."""
    store.sync_feeds([made.spec("LRT")], NOW)
    return Slots(engine)


@pytest.fixture
def silences(engine: Engine) -> Silences:
    """Give the silences on the same database."""
    return Silences(engine)


def told(
    name: str, *, at: datetime = NOW, group: str = "", reason: Reason = Reason.FIRST_STORY
) -> Batch:
    """Return what a poll commits whose one item is told."""
    story = made.story(name)
    alert = made.alert(name, created_at=at, reason=reason)
    return Batch(
        items=(made.judged(made.seen(name), story_id=story.id),),
        stories=(story,),
        alerts=(alert,),
        deliveries=(made.delivery(of=alert, group=group),),
    )


# ------------------------------------------------------------------------------- deliveries


def test_a_delivery_keeps_its_slot(store: Store, slots: Slots) -> None:
    """Due time and group come back as they were stored."""
    batch = told("fence")
    slotted = replace(batch.deliveries[0], due_at=NOW + HOUR, group="border")
    store.commit(replace(batch, deliveries=(slotted,)))
    (found,) = slots.waiting()
    assert (found.delivery, found.topic) == (slotted, "border")


def test_a_delivery_of_an_older_version_is_alone(
    engine: Engine, store: Store, slots: Slots
) -> None:
    """A row without a group goes as before, alone."""
    store.commit(told("fence", group="border"))
    with engine.begin() as tx:
        tx.execute(update(deliveries).values(group=None))
    (found,) = slots.waiting()
    assert found.delivery.group == ""


def test_what_was_told_at_once_counts(store: Store, slots: Slots) -> None:
    """What went at once, alone or with companions, counts for its topic; the rest does not."""
    store.commit(told("alone", at=NOW))
    store.commit(told("companion", at=NOW + MINUTE, group="border"))
    store.commit(told("held", at=NOW + MINUTE, group="digest/x"))
    store.commit(told("tried", at=NOW + MINUTE, reason=Reason.TEST))
    store.commit(told("old", at=NOW - HOUR))
    found = sorted(slots.told_at_once("border", NOW - HOUR))
    assert found == [("desk/1-console", NOW), ("desk/1-console", NOW + MINUTE)]
    assert slots.told_at_once("rail", NOW - HOUR) == []


def test_what_waits_gets_another_time(store: Store, slots: Slots) -> None:
    """What nobody has tried is due when it is now said to be, and not before."""
    store.commit(told("fence"))
    ((delivery,),) = [[one.delivery for one in slots.waiting()]]
    slots.redate([(delivery.id, LATER)])
    moved = replace(delivery, due_at=LATER.due_at, group=LATER.group)
    assert [one.delivery for one in slots.waiting()] == [moved]
    assert store.claim(NOW + HOUR - SECOND, LEASE, Hands(limit=5)) == []
    assert [one.delivery.id for one in store.claim(NOW + HOUR, LEASE, Hands(limit=5))] == [
        delivery.id
    ]


@pytest.mark.parametrize("ends", [None, DeliveryState.PENDING, DeliveryState.DELIVERED])
def test_what_was_tried_keeps_its_time(
    store: Store, slots: Slots, ends: DeliveryState | None
) -> None:
    """A delivery under way, tried before or ended is not given another time."""
    store.commit(told("fence"))
    (claim,) = store.claim(NOW, LEASE, Hands(limit=5))
    due_at = NOW + MINUTE
    if ends is not None:
        store.settle(Outcome(delivery_ids=(claim.delivery.id,), state=ends, due_at=due_at, at=NOW))
    assert slots.waiting() == []
    slots.redate([(claim.delivery.id, LATER)])
    again = store.claim(NOW + HOUR - SECOND, LEASE, Hands(limit=5))
    assert len(again) == (ends is not DeliveryState.DELIVERED)
    assert all(one.delivery.group == "" for one in again)


def test_a_test_is_not_given_another_time(store: Store, slots: Slots) -> None:
    """A test message goes when somebody asks for it, whatever the schedule."""
    store.commit(told("fence", reason=Reason.TEST))
    assert slots.waiting() == []


# --------------------------------------------------------------------------------- silences


def test_a_silence_holds_until_its_end(silences: Silences, slots: Slots) -> None:
    """What holds is given oldest first, each as it was made; what is over is not."""
    first = made.silence(topic="border", created_at=NOW - HOUR)
    second = made.silence(story="s1", source="LRT", receiver="pager", id="b", until=NOW + 2 * HOUR)
    for one in (second, first):
        silences.add(one)
    assert slots.silences(NOW) == [first, second]
    assert slots.silences(NOW + HOUR) == [second]
    assert slots.silences(NOW + 2 * HOUR) == []
    assert silences.all() == [second, first]


def test_a_silence_is_ended_by_the_beginning_of_its_id(silences: Silences, slots: Slots) -> None:
    """The first characters will do if they are of one; what has ended is not ended again."""
    silences.add(made.silence(id="3fa2b1c9", topic="border"))
    silences.add(made.silence(id="3fb00000", topic="rail"))
    assert [one.id for one in silences.end("3f", NOW)] == ["3fa2b1c9", "3fb00000"]
    assert len(slots.silences(NOW)) == 2
    assert [one.id for one in silences.end("3fa", NOW)] == ["3fa2b1c9"]
    assert [one.id for one in slots.silences(NOW)] == ["3fb00000"]
    assert silences.end("3fa", NOW) == []
    assert silences.end("%", NOW) == []
    ended = {one.id: one.ended_at for one in silences.all()}
    assert ended == {"3fa2b1c9": NOW, "3fb00000": None}


def test_a_receiver_that_was_not_told_is_remembered(
    store: Store, silences: Silences, slots: Slots
) -> None:
    """Who was not told of an alert, and by which silence, is stored with it."""
    assert slots.waiting() == []
    batch = told("fence")
    kept = Withheld(alert_id=batch.alerts[0].id, receiver="pager", why="silence 3fa2b1c9", at=NOW)
    store.commit(replace(batch, withheld=(kept,)))
    store.commit(replace(batch, withheld=(kept,)))
    assert silences.withheld([kept.alert_id]) == [kept]
    assert silences.withheld([]) == []


# ------------------------------------------------------------------------------ interleavings

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("tell"), st.integers(0, 1)),
        st.tuples(st.just("wait"), st.sampled_from([1, 40, 3600, 7 * 3600, 30 * 3600])),
        st.tuples(st.just("change"), st.integers(0, 2)),
        st.tuples(st.just("send"), st.booleans()),
    ),
    min_size=1,
    max_size=14,
)
NAMES = ("desk/1-console", "pager/1-slack")


def _send(
    store: Store, now: datetime, sent: list[tuple[str, str, datetime]], *, dies: bool
) -> None:
    """Send all that is due; who dies leaves one under way, and somebody frees it."""
    while claims := store.claim(now, LEASE, Hands(limit=8)):
        for claim in claims:
            if dies:
                store.release(now)
                return
            sent += [(one.alert_id, one.destination, now) for one in claim.deliveries]
            ids = tuple(one.id for one in claim.deliveries)
            store.settle(Outcome(delivery_ids=ids, state=DeliveryState.DELIVERED, at=now))


@settings(
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(SCHEDULES, min_size=3, max_size=3), STEPS)
def test_every_alert_reaches_every_receiver_once(
    engine: Engine, schedules: list[Schedule], steps: list[tuple[str, int]]
) -> None:
    """Whatever polls, waits, changed schedules and dying senders: each alert is sent once to each.

    And never in the quiet hours of who gets it, but where it was under way already.
    """
    store, slots = Store(engine), Slots(engine)
    with engine.begin() as tx:
        for table in ("alert_items", "decisions", "deliveries", "withheld", "alerts", "items"):
            tx.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - the names are ours
    store.sync_feeds([made.spec("LRT")], NOW)
    now, number, chosen = NOW, 0, schedules[0]
    sent: list[tuple[str, str, datetime]] = []
    made_alerts: set[str] = set()
    destinations = [made.destination(name) for name in NAMES]
    # A sender that died leaves a delivery that counts as tried: it is not kept from the night.
    has_died = False
    for step, amount in [*steps, ("wait", 30 * 3600)]:
        by_name = dict.fromkeys(NAMES, chosen)
        if step == "tell":
            number += 1
            name = f"item {number}"
            alert = made.alert(name, created_at=now)
            policy = Policy(
                schedules=by_name,
                recent={
                    one: [at for to, at in slots.told_at_once("border", now - HOUR) if to == one]
                    for one in NAMES
                },
            )
            found = dispatch(alert, destinations, policy, now)
            story = made.story(name)
            store.commit(
                Batch(
                    items=(made.judged(made.seen(name), story_id=story.id),),
                    stories=(story,),
                    alerts=(alert,),
                    deliveries=found.deliveries,
                )
            )
            made_alerts.add(alert.id)
        elif step == "wait":
            # The daemon looks each second; here it is enough to look when something is due.
            until = now + timedelta(seconds=amount)
            while due := sorted(
                one.delivery.due_at for one in slots.waiting() if one.delivery.due_at <= until
            ):
                now = max(now, due[0])
                _send(store, now, sent, dies=False)
                assert has_died or quiet_at(chosen, now) is None
            now = until
        elif step == "change":
            chosen = schedules[amount]
            by_name = dict.fromkeys(NAMES, chosen)
            topic = made.topic()
            slots.redate(
                (one.delivery.id, slot)
                for one in slots.waiting()
                if (slot := redated(one.delivery, topic, by_name, now)) is not None
            )
        else:
            has_died |= bool(amount)
            before = len(sent)
            _send(store, now, sent, dies=bool(amount))
            assert has_died or len(sent) == before or quiet_at(chosen, now) is None
    _send(store, now + 20 * DAY, sent, dies=False)
    expected = sorted((alert, name) for alert in made_alerts for name in NAMES)
    assert sorted((alert, name) for alert, name, _ in sent) == expected
