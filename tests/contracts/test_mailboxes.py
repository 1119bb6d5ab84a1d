"""What the lines of destinations promise, on every kind of database."""

from __future__ import annotations

import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, text

from monitor.alerts.bundle import DEEP
from monitor.alerts.notice import NOTICES
from monitor.alerts.route import route
from monitor.records import Alert, Batch, Claim, Delivery, DeliveryState, Mailbox, Outcome, Reason
from monitor.store import Hands, Mailboxes, Reports, Store, outbox
from monitor.store.schema import deliveries
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

LEASE = 40 * SECOND
SLACK, MAIL = "desk/1-slack", "desk/2-email"
HANDS = Hands(limit=10)
DELIVERED, PENDING, DEAD = DeliveryState.DELIVERED, DeliveryState.PENDING, DeliveryState.DEAD
EXPIRED = DeliveryState.EXPIRED


def tell(
    store: Store, name: str, *to: str, group: str = "", at: datetime = NOW, **changes: Any
) -> list[Delivery]:
    """Commit a test alert, which tells of no stored item, and give its deliveries."""
    alert = made.alert(reason=Reason.TEST, story_id=name, created_at=at, id=made.digest(name)[:36])
    places = map(made.destination, to or (SLACK,))
    deliveries = [replace(one, **({"group": group} | changes)) for one in route(alert, places, at)]
    store.commit(Batch(alerts=(alert,), deliveries=tuple(deliveries)))
    return deliveries


def settle(store: Store, claim: Claim, state: DeliveryState, **changes: Any) -> None:
    """Write down what became of a message."""
    ids = tuple(one.id for one in claim.deliveries)
    outcome = Outcome(delivery_ids=ids, state=state, answer="said so", at=NOW)
    store.settle(replace(outcome, **changes))


def box(name: str = SLACK, **changes: Any) -> Mailbox:
    """Return a mailbox."""
    return replace(Mailbox(destination=name), **changes)


def ids(claim: Claim) -> set[str]:
    """Give the ids of a message's deliveries."""
    return {one.id for one in claim.deliveries}


@pytest.fixture
def mailboxes(engine: Engine) -> Mailboxes:
    """Give what people ask of the mailboxes."""
    return Mailboxes(engine)


# ---------------------------------------------------------------------------------------- lines


def test_a_mailbox_is_remembered(store: Store) -> None:
    """What an outcome says of a mailbox is there at the next claim, to the microsecond."""
    tell(store, "fence")
    (claim,) = store.claim(NOW, LEASE, HANDS)
    assert claim.mailbox == box()
    down = box(
        next_at=NOW + SECOND, failures=3, down_since=NOW - HOUR, why="HTTP 503", touched_at=NOW
    )
    settle(store, claim, PENDING, mailbox=down)
    assert store.mailboxes() == [down]
    assert store.claim(NOW + SECOND - NOW.resolution, LEASE, HANDS) == []
    (again,) = store.claim(NOW + SECOND, LEASE, HANDS)
    assert again.mailbox == down
    assert (ids(again), again.delivery.attempts) == (ids(claim), 1)


def test_the_head_of_the_line_holds_the_others(store: Store) -> None:
    """What waits for another try holds up what is behind it, and nobody elsewhere."""
    tell(store, "fence", SLACK, MAIL)
    tell(store, "wall", SLACK, MAIL, at=NOW + SECOND)
    first, _ = store.claim(NOW, LEASE, HANDS)
    assert first.destination == SLACK
    settle(store, first, PENDING, mailbox=box(failures=1, next_at=NOW + 5 * MINUTE))
    assert store.claim(NOW + 4 * MINUTE, LEASE, Hands(limit=9, busy=frozenset({MAIL}))) == []
    now = NOW + 5 * MINUTE
    (again,) = store.claim(now, LEASE, Hands(limit=9, busy=frozenset({MAIL})))
    assert ids(again) == ids(first)


def test_nothing_is_claimed_from_a_paused_mailbox(store: Store) -> None:
    """A paused mailbox gives nothing, however long, but to who names a delivery."""
    (one,) = tell(store, "fence")
    (claim,) = store.claim(NOW, LEASE, HANDS)
    settle(store, claim, PENDING, mailbox=box(paused_at=NOW, why="gone"))
    assert store.claim(NOW + 365 * DAY, LEASE, HANDS) == []
    assert store.claim_next(SLACK, NOW + DAY, LEASE) is None
    (named,) = store.claim_these([one.id], NOW + LEASE)
    assert named.delivery.id == one.id


def test_the_next_one_follows(store: Store) -> None:
    """Who has sent a message gets the next of the same line, and only when that one is settled."""
    for number in range(3):
        tell(store, f"n{number}", SLACK, MAIL, at=NOW + number * SECOND)
    first, _ = store.claim(NOW + MINUTE, LEASE, HANDS)
    assert store.claim_next(SLACK, NOW + MINUTE, LEASE) is None
    settle(store, first, DELIVERED, mailbox=box())
    second = store.claim_next(SLACK, NOW + MINUTE, LEASE)
    assert second is not None
    assert second.destination == SLACK
    assert second.delivery.created_at == NOW + SECOND
    assert store.claim_next("desk/9-none", NOW, LEASE) is None


def test_hands_are_kept_for_destinations_that_are_well(store: Store) -> None:
    """However many destinations are down, those that are well find hands."""
    names = [f"desk/{number}-slack" for number in range(5)]
    tell(store, "fence", *names)
    for claim in store.claim(NOW, LEASE, HANDS):
        settle(store, claim, PENDING, mailbox=box(claim.destination, failures=1, next_at=NOW))
    tell(store, "wall", MAIL, at=NOW + SECOND)
    claims = store.claim(NOW + SECOND, LEASE, Hands(limit=4, spare=2))
    assert sorted(claim.destination for claim in claims) == [*names[:2], MAIL]


def test_a_message_set_aside_lets_others_pass(store: Store) -> None:
    """A message that is set aside waits for its own time, and the line goes on."""
    tell(store, "fence")
    (later,) = tell(store, "wall", at=NOW + SECOND)
    (claim,) = store.claim(NOW, LEASE, HANDS)
    aside = {"due_at": NOW + HOUR, "is_set_aside": True, "mailbox": box()}
    settle(store, claim, PENDING, **aside)
    (second,) = store.claim(NOW + MINUTE, LEASE, HANDS)
    assert ids(second) == {later.id}
    settle(store, second, DELIVERED, mailbox=box())
    assert store.claim(NOW + HOUR - SECOND, LEASE, HANDS) == []
    (again,) = store.claim(NOW + HOUR, LEASE, HANDS)
    assert ids(again) == ids(claim)


# ------------------------------------------------------------------------------------- messages


def test_a_group_is_one_message(store: Store) -> None:
    """What waits in a group makes one message with all its alerts, oldest first, due or not."""
    made_of = [
        tell(store, f"n{n}", group="border", at=NOW + n * SECOND, due_at=NOW + MINUTE + n * HOUR)[0]
        for n in range(3)
    ]
    tell(store, "strike", group="rail", due_at=NOW + HOUR)
    tell(store, "mail", MAIL, group="border", due_at=NOW + HOUR)
    (claim,) = store.claim(NOW + MINUTE, LEASE, HANDS)
    assert [one.id for one in claim.deliveries] == [one.id for one in made_of]
    assert [alert.id for alert in claim.alerts] == [one.alert_id for one in made_of]
    assert {one.message_id for one in claim.deliveries} == {made_of[0].id}
    assert claim.due_at == NOW + MINUTE + 2 * HOUR


def test_a_message_stays_what_it_is(store: Store) -> None:
    """Over failures and crashes a message has the deliveries of its first try, and no other."""
    for number in range(3):
        tell(store, f"n{number}", group="border")
    (first,) = store.claim(NOW, LEASE, HANDS)
    tell(store, "late", group="border")
    (after_crash,) = store.claim(NOW + LEASE, LEASE, HANDS)
    settle(store, after_crash, PENDING, mailbox=box(failures=1))
    (third,) = store.claim(NOW + 2 * LEASE, LEASE, HANDS)
    assert first.alerts == after_crash.alerts == third.alerts
    assert ids(first) == ids(after_crash) == ids(third)
    assert [one.delivery.attempts for one in (first, after_crash, third)] == [0, 1, 2]
    settle(store, third, DELIVERED, mailbox=box())
    (fourth,) = store.claim(NOW + 3 * LEASE, LEASE, HANDS)
    assert len(fourth.deliveries) == 1


def test_the_next_message_is_tried_without_what_failed(store: Store) -> None:
    """When a message fails again and again the next one is tried, alone if of the same group."""
    tell(store, "fence", group="border")
    (first,) = store.claim(NOW, LEASE, HANDS)
    settle(store, first, PENDING, mailbox=box(failures=5))
    (late,) = tell(store, "late", group="border")
    (second,) = store.claim(NOW, LEASE, HANDS)
    assert ids(second) == {late.id}


@pytest.mark.parametrize("collapses", [True, False])
def test_a_deep_line_is_one_message_where_it_may(store: Store, *, collapses: bool) -> None:
    """What has piled up is one message for people, but notices keep to themselves."""
    news = {tell(store, f"n{number}", at=NOW + number * SECOND)[0].id for number in range(DEEP)}
    tell(store, "notice", group=NOTICES, at=NOW + DAY)
    collapsing = frozenset({SLACK}) if collapses else frozenset()
    (claim,) = store.claim(NOW + DAY, LEASE, Hands(limit=1, collapsing=collapsing))
    assert ids(claim) == news if collapses else len(claim.deliveries) == 1


def test_who_comes_late_changes_nothing(store: Store, reports: Reports) -> None:
    """An outcome of a lease that has ended does not undo what another sender found."""
    (one,) = tell(store, "fence")
    (slow,) = store.claim(NOW, LEASE, HANDS)
    (quick,) = store.claim(NOW + LEASE, LEASE, HANDS)
    settle(store, quick, DELIVERED, mailbox=box())
    settle(store, slow, PENDING, mailbox=box(failures=7))
    (found,) = reports.deliveries_of([one.alert_id])
    assert found.state is DELIVERED
    assert store.mailboxes() == [box()]


def test_an_outcome_is_stored_with_its_notice(store: Store, reports: Reports) -> None:
    """The notice that an outcome makes is there if, and only if, the outcome is."""
    tell(store, "fence")
    (claim,) = store.claim(NOW, LEASE, HANDS)
    notice: Alert = made.alert("n", reason=Reason.NOTICE, items=(), created_at=NOW + DAY)
    also = Batch(alerts=(notice,), deliveries=(made.delivery(MAIL, of=notice),))
    outcome = Outcome(delivery_ids=(claim.delivery.id,), state=DEAD, at=NOW, mailbox=box())
    store.settle(outcome, also)
    store.settle(outcome, also)
    assert reports.alerts(limit=1) == [notice]
    (told,) = store.claim(NOW + DAY, LEASE, HANDS)
    assert told.destination == MAIL
    store.settle(replace(outcome, delivery_ids=("no such id",)), Batch(alerts=(claim.alerts[0],)))
    assert len(reports.alerts()) == 2


# ----------------------------------------------------------------------------------- old and lost


def test_what_is_too_old_where_nothing_gets_through(store: Store) -> None:
    """Messages that were due before a time are found where nothing goes, whole, and only there."""
    bundle = {one.id for n in range(2) for one in tell(store, f"n{n}", group="border")}
    (claim,) = store.claim(NOW, LEASE, HANDS)
    settle(store, claim, PENDING, mailbox=box(paused_at=NOW))
    tell(store, "young", at=NOW + HOUR)
    tell(store, "elsewhere", MAIL)
    (found,) = store.overdue(NOW + SECOND)
    assert {one.id for one in found} == bundle
    assert store.overdue(NOW) == []
    outcome = Outcome(delivery_ids=tuple(bundle), state=EXPIRED, answer="too old", at=NOW)
    assert store.expire(outcome)
    assert not store.expire(outcome)
    assert store.overdue(NOW + SECOND) == []


def test_a_message_is_as_young_as_its_youngest(store: Store) -> None:
    """Nothing expires because it shares a message with something older."""
    tell(store, "old", group="border")
    tell(store, "young", group="border", due_at=NOW + HOUR)
    (claim,) = store.claim(NOW, LEASE, HANDS)
    settle(store, claim, PENDING, mailbox=box(failures=1))
    assert store.overdue(NOW + HOUR) == []
    assert len(store.overdue(NOW + HOUR + SECOND)) == 1


def test_what_is_lost_goes_again_as_it_was(store: Store, mailboxes: Mailboxes) -> None:
    """A lost message goes again whole, under its id, due now, through a mailbox that is open."""
    for number in range(3):
        tell(store, f"n{number}", group="border")
    (claim,) = store.claim(NOW, LEASE, HANDS)
    settle(store, claim, DEAD, mailbox=box(paused_at=NOW))
    later = NOW + 30 * DAY
    assert mailboxes.redeliver(claim.deliveries[2], later) == 3
    (again,) = store.claim(later, LEASE, HANDS)
    assert (ids(again), again.alerts) == (ids(claim), claim.alerts)
    assert again.delivery.id == claim.delivery.id
    assert (again.due_at, again.delivery.attempts) == (later, 0)
    assert mailboxes.redeliver(claim.delivery, later) == 0


def test_deliveries_are_found_by_the_beginning_of_their_id(
    store: Store, mailboxes: Mailboxes
) -> None:
    """A delivery is found by four characters of its id and more, and by no wildcard."""
    (one,) = tell(store, "fence")
    assert [found.id for found in mailboxes.find(one.id)] == [one.id]
    assert [found.id for found in mailboxes.find(one.id[:4])] == [one.id]
    for wanted in ("", one.id[:3], "%%%%", "____", one.id + "0"):
        assert mailboxes.find(wanted) == []


def test_deliveries_are_listed(store: Store, mailboxes: Mailboxes) -> None:
    """Deliveries come with their alerts, the latest first, of some states and one destination."""
    tell(store, "fence", SLACK, MAIL)
    tell(store, "wall", at=NOW + HOUR)
    (claim,) = store.claim(NOW, LEASE, Hands(limit=1, busy=frozenset({MAIL})))
    settle(store, claim, DEAD)
    listed = mailboxes.deliveries()
    assert [one.alert.id for one in listed] == [one.delivery.alert_id for one in listed]
    assert listed[0].delivery.created_at == NOW + HOUR
    assert [one.delivery.destination for one in mailboxes.deliveries(destination=MAIL)] == [MAIL]
    assert [one.delivery.id for one in mailboxes.deliveries(states=(DEAD,))] == [claim.delivery.id]
    assert len(mailboxes.deliveries(limit=1)) == 1


def test_mailboxes_are_reported(store: Store, mailboxes: Mailboxes) -> None:
    """Each mailbox is told with what waits in it, since when, and what is due later."""
    tell(store, "fence", SLACK, MAIL)
    tell(store, "wall", at=NOW - HOUR)
    tell(store, "digest", due_at=NOW + DAY)
    (claim,) = store.claim(NOW, LEASE, Hands(limit=1, busy=frozenset({SLACK})))
    settle(store, claim, DELIVERED, mailbox=box(MAIL))
    slack, mail = mailboxes.report(NOW)
    assert (slack.mailbox, slack.waiting, slack.oldest_due_at, slack.later) == (
        box(),
        2,
        NOW - HOUR,
        1,
    )
    assert (mail.mailbox, mail.waiting, mail.oldest_due_at, mail.later) == (box(MAIL), 0, None, 0)


def test_another_configuration_opens_a_mailbox(store: Store, mailboxes: Mailboxes) -> None:
    """Where the configuration changed what was wrong is tried again; what is gone is forgotten."""
    assert mailboxes.sync({SLACK: "a", MAIL: "b"}) == []
    tell(store, "fence", SLACK, MAIL)
    for claim in store.claim(NOW, LEASE, HANDS):
        settle(store, claim, PENDING, mailbox=box(claim.destination, paused_at=NOW, why="404"))
    assert mailboxes.sync({SLACK: "a", MAIL: "b"}) == []
    assert store.claim(NOW, LEASE, HANDS) == []
    assert mailboxes.sync({SLACK: "c"}) == [SLACK]
    assert store.mailboxes() == [box()]
    # What waits for a destination that is gone gets its last try, and ends there.
    assert {claim.destination for claim in store.claim(NOW, LEASE, HANDS)} == {SLACK, MAIL}


def test_the_head_of_a_long_line_is_read_by_an_index(engine: Engine) -> None:
    """However much waits at a destination, who is next is read without looking at all of it."""
    queries = outbox.line_queries(deliveries.c.destination == SLACK, NOW, 1)
    is_postgres = engine.dialect.name == "postgresql"
    before = "SET LOCAL enable_seqscan = off" if is_postgres else "SELECT 1"
    explain = "EXPLAIN" if is_postgres else "EXPLAIN QUERY PLAN"
    with engine.connect() as connection:
        connection.execute(text(before))
        for query, index in zip(
            queries, ("ix_deliveries_open_messages", "ix_deliveries_line"), strict=True
        ):
            whole = query.compile(engine, compile_kwargs={"literal_binds": True})
            plan = str([str(row) for row in connection.execute(text(f"{explain} {whole}"))])
            assert index in plan
            if index == "ix_deliveries_line":
                assert not re.search("Sort|TEMP B-TREE", plan)


def test_senders_at_once_share_a_line(store: Store) -> None:
    """However many take from a line at once, each delivery is in one message, each message once."""
    count = 30
    for number in range(count):
        tell(store, f"n{number}", group="border" if number % 3 else "", at=NOW + number * SECOND)
    gate = threading.Barrier(3)
    seen: list[str] = []

    def work() -> None:
        gate.wait(10)
        while len(seen) < count:
            for claim in store.claim(NOW + HOUR, LEASE, Hands(limit=2)):
                following: Claim | None = claim
                while following is not None:
                    seen.extend(one.id for one in following.deliveries)
                    settle(store, following, DELIVERED, mailbox=box())
                    following = store.claim_next(SLACK, NOW + HOUR, LEASE)

    with ThreadPoolExecutor(3) as threads:
        for future in [threads.submit(work) for _ in range(3)]:
            future.result(60)
    assert set(Counter(seen).values()) == {1}
    assert len(seen) == count
