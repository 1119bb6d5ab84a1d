"""Lines of messages, told as timelines: one destination's trouble is its own, and is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from monitor.alerts.bundle import DEEP, MOST
from monitor.alerts.route import route
from monitor.deliver import Deliver, DeliveryRules
from monitor.errors import DeliveryError
from monitor.notices import Notices
from monitor.records import Batch, Delivery, DeliveryState, Mailbox, Message, Notifier, Sent
from monitor.store import Mailboxes
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, SECOND
from tests.test_deliver import MAIL, SLACK, AtOnce, Scripted, Timeline, temporary

HOOK = "desk/3-webhook"
RULES = DeliveryRules(
    timeout=10 * SECOND,
    give_up_after=3 * DAY,
    kinds={SLACK: "slack", MAIL: "email", HOOK: "webhook"},
)
DELIVERED = DeliveryState.DELIVERED


def not_here() -> DeliveryError:
    """Return the failure of a destination that takes nothing."""
    return DeliveryError("HTTP 404 no_service", permanent=True, scope="destination")


def refused() -> DeliveryError:
    """Return the failure of a message that is not wanted."""
    return DeliveryError("HTTP 400 invalid_payload", permanent=True)


class Line(Timeline):
    """A timeline whose destinations have kinds, and whose operator reads all of them."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.mailboxes = Mailboxes(self.engine)
        self.operator = (SLACK, MAIL)
        self.chance = 0.5

    def deliverer(self, notifiers: Mapping[str, Notifier]) -> Deliver:
        """Make one who delivers by these notifiers."""
        return Deliver(
            self.store,
            notifiers,
            RULES,
            clock=lambda: self.now,
            chance=lambda: self.chance,
            notices=Notices(self.store, [made.destination(name) for name in self.operator]),
        )

    def box(self, name: str = SLACK) -> Mailbox:
        """Give a mailbox as it is."""
        return {one.destination: one for one in self.store.mailboxes()}[name]

    def all(self, *, of: str = SLACK) -> dict[str, DeliveryState]:
        """Give the state of each delivery to a destination by its id."""
        found = self.mailboxes.deliveries(destination=of, limit=10_000)
        return {one.delivery.id: one.delivery.state for one in found}

    def tell_grouped(self, name: str, group: str, *, after: timedelta) -> Delivery:
        """Commit an alert to Slack that may share a message, due some time from now."""
        alert = made.alert(name, created_at=self.now)
        (one,) = route(alert, [made.destination(SLACK)], self.now)
        one = replace(one, group=group, due_at=self.now + after)
        seen = made.seen(name, first_seen_at=self.now)
        self.store.commit(Batch(items=(made.judged(seen),), alerts=(alert,), deliveries=(one,)))
        return one


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Give a timeline that begins now."""
    made_of = Line(tmp_path)
    yield made_of
    made_of.engine.dispose()


def run(deliver: Deliver, most: int = 8) -> int:
    """Deliver what is due; give how many messages were tried."""
    return sum(len(future.result()) for future in deliver.deliver_due(AtOnce(), most))


def run_for(line: Line, deliver: Deliver, span: timedelta, step: timedelta = SECOND) -> int:
    """Let time pass and deliver meanwhile; give how many messages were tried."""
    until, tries = line.now + span, 0
    while line.now < until:
        tries += run(deliver)
        line.now += step
    return tries


# -------------------------------------------------------------------------------------- in line


def test_a_failure_holds_the_line_and_keeps_its_order(line: Line) -> None:
    """While the first message cannot go, no later one of that destination overtakes it."""
    slack = Scripted(temporary(), temporary())
    deliver = line.deliverer({SLACK: slack})
    ids = []
    for name in ("fence", "wall", "camp"):
        ids += [one.id for one in line.tell(name, SLACK)]
        line.now += SECOND
    assert run_for(line, deliver, MINUTE) == 5
    assert slack.ids == [ids[0], ids[0], *ids]


def test_another_destination_does_not_wait(line: Line) -> None:
    """What one destination does not take, the others have at once."""
    slack, mail = Scripted(*[temporary() for _ in range(99)]), Scripted()
    deliver = line.deliverer({SLACK: slack, MAIL: mail})
    for name in ("fence", "wall", "camp"):
        line.tell(name, SLACK, MAIL)
        run(deliver)
        assert mail.messages[-1].subject.count(name) == 1
        line.now += SECOND
    assert set(line.all(of=SLACK).values()) == {DeliveryState.PENDING}


def test_slack_gets_one_message_a_second(line: Line) -> None:
    """However much waits, a kind that bears one message a second gets no more."""
    slack = Scripted()
    deliver = line.deliverer({SLACK: slack})
    for number in range(DEEP - 1):
        line.tell(f"n{number}", SLACK)
    counts = []
    for _ in range(2 * DEEP):
        counts.append(run(deliver))
        line.now += SECOND / 2
    assert counts == [1, 0] * (DEEP - 1) + [0, 0]


def test_after_an_outage_one_message_goes_first(line: Line) -> None:
    """A destination that was down is tried with one message; the others follow when it arrived."""
    hook = Scripted(*[temporary() for _ in range(4)])
    deliver = line.deliverer({HOOK: hook})
    for number in range(5):
        line.tell(f"n{number}", HOOK)
        line.now += SECOND / 10
    tries = []
    for _ in range(60):
        tries.append(run(deliver))
        line.now += SECOND
    assert [count for count in tries if count] == [1, 1, 1, 1, 5]
    assert len(set(hook.ids[:5])) == 1
    assert line.box(HOOK).failures == 0


def test_a_message_that_a_destination_cannot_bear(line: Line) -> None:
    """One message that always fails is set aside, tried ever less often, and stops no other."""
    poison = line.tell("poison", HOOK)[0].id
    line.now += SECOND
    good = []

    class Choosy(Scripted):
        def send(self, message: Message) -> Sent:
            super().send(message)
            if message.id == poison:
                raise temporary()
            return Sent(answer="ok")

    hook = Choosy()
    deliver = line.deliverer({HOOK: hook})
    for number in range(20):
        good += [one.id for one in line.tell(f"n{number}", HOOK)]
        run_for(line, deliver, MINUTE, step=10 * SECOND)
    states = line.all(of=HOOK)
    assert {states[one] for one in good} == {DELIVERED}
    assert states[poison] is DeliveryState.PENDING
    assert [one for one in hook.ids if one != poison] == good
    assert 8 < hook.ids.count(poison) < 20
    run_for(line, deliver, 4 * DAY, step=HOUR)
    assert line.all(of=HOOK)[poison] is DeliveryState.EXPIRED


def test_a_clock_that_is_set_back_holds_nothing_up(line: Line) -> None:
    """If the clock goes back an hour, what was to be waited for is not waited for an hour more."""
    slack = Scripted(temporary(retry_after=MINUTE))
    deliver = line.deliverer({SLACK: slack})
    line.tell("fence", SLACK)
    line.now += SECOND
    run(deliver)
    line.now -= SECOND / 2
    assert run(deliver) == 1
    assert set(line.all().values()) == {DELIVERED}


def test_many_that_hang_leave_hands_to_the_others(line: Line) -> None:
    """Destinations that are down never take all the hands there are."""
    names = [f"desk/{number}-webhook" for number in range(20)]
    down = {name: Scripted(*[temporary() for _ in range(50)]) for name in names}
    deliver = line.deliverer({**down, MAIL: Scripted()})
    line.tell("fence", *names)
    while any(line.all(of=name) and not down[name].messages for name in names):
        run(deliver)
    line.now += HOUR
    line.tell("wall", *names, MAIL)
    claims = deliver.deliver_due(AtOnce(), 8)
    assert len(claims) == 7
    assert set(line.all(of=MAIL).values()) == {DELIVERED}


# ------------------------------------------------------------------------------------- together


def test_a_deep_mailbox_becomes_one_digest(line: Line) -> None:
    """What has piled up goes to people as one message that counts what it does not show."""
    slack = Scripted(*[temporary() for _ in range(3)])
    deliver = line.deliverer({SLACK: slack})
    line.tell("first", SLACK)
    run(deliver)
    for number in range(30):
        line.tell(f"n{number}", SLACK)
    run_for(line, deliver, 2 * MINUTE)
    assert set(line.all().values()) == {DELIVERED}
    assert len(set(slack.ids)) == 2
    text = " ".join(slack.messages[-1].text.split())
    assert "[border] digest 30 alerts in one message; 20 shown, +10 more" in text


def test_machines_get_each_alert(line: Line) -> None:
    """A webhook gets each alert as a message of its own, however many wait."""
    hook = Scripted()
    deliver = line.deliverer({HOOK: hook})
    ids = {line.tell(f"n{number}", HOOK)[0].id for number in range(3 * DEEP)}
    run_for(line, deliver, 5 * SECOND)
    assert set(hook.ids) == ids
    assert len(hook.ids) == len(ids)


def test_a_message_keeps_its_deliveries(line: Line) -> None:
    """A message that failed is the same when it is tried again, whatever has come meanwhile."""
    slack = Scripted(temporary(), temporary())
    deliver = line.deliverer({SLACK: slack})
    first = [line.tell_grouped(f"n{number}", "border", after=30 * SECOND) for number in range(3)]
    line.now += 30 * SECOND
    run(deliver)
    late = line.tell_grouped("late", "border", after=timedelta(0))
    run_for(line, deliver, MINUTE)
    assert len(set(slack.ids)) == 2
    assert slack.messages[0] == slack.messages[1] == slack.messages[2]
    assert slack.ids[0] in {one.id for one in first}
    assert slack.ids[-1] == late.id
    assert "3 alerts in one message" in slack.messages[0].subject


def test_companions_join_though_they_are_not_due(line: Line) -> None:
    """When a group goes, all that waits in it goes along, and nothing of another group."""
    slack = Scripted()
    deliver = line.deliverer({SLACK: slack})
    line.tell_grouped("fence", "border", after=30 * SECOND)
    line.now += 20 * SECOND
    line.tell_grouped("wall", "border", after=30 * SECOND)
    line.tell_grouped("strike", "rail", after=30 * SECOND)
    line.now += 10 * SECOND
    assert run(deliver) == 1
    assert "2 alerts" in slack.messages[0].subject
    run_for(line, deliver, MINUTE)
    assert len(slack.messages) == 2


def test_what_is_due_later_holds_nobody_up(line: Line) -> None:
    """An urgent alert does not wait behind a digest that is due tomorrow."""
    slack = Scripted()
    deliver = line.deliverer({SLACK: slack})
    line.tell_grouped("fence", "digest/08:00", after=12 * HOUR)
    line.now += SECOND
    (urgent,) = line.tell("wall", SLACK)
    run(deliver)
    assert slack.ids == [urgent.id]
    line.now += 12 * HOUR
    run(deliver)
    assert "08:00: 1 alert" in slack.messages[1].subject


def test_ten_thousand_at_once(line: Line) -> None:
    """A flood is neither lost nor poured out: some digests, each within its bounds."""
    alert = made.alert("flood", created_at=line.now)
    count = 10_000
    one = made.delivery(SLACK, of=alert)
    deliveries = tuple(
        replace(one, id=f"{number:036}", dedup_key=str(number)) for number in range(count)
    )
    seen = made.judged(made.seen("flood"))
    line.store.commit(Batch(items=(seen,), alerts=(alert,), deliveries=deliveries))
    slack = Scripted()
    run_for(line, line.deliverer({SLACK: slack}), 30 * SECOND)
    assert len(slack.messages) == count / MOST
    assert set(line.all().values()) == {DELIVERED}


# --------------------------------------------------------------------------- paused, dead, told


def test_a_destination_that_takes_nothing_is_paused_and_told(line: Line) -> None:
    """Where nothing is taken nothing more is sent; the operator hears of it elsewhere, once."""
    slack, mail = Scripted(not_here()), Scripted()
    deliver = line.deliverer({SLACK: slack, MAIL: mail})
    line.tell("fence", SLACK)
    with structlog.testing.capture_logs() as logs:
        run(deliver)
    assert [one["event"] for one in logs if one["log_level"] == "error"] == ["destination_paused"]
    line.tell("wall", SLACK)
    run_for(line, deliver, HOUR, step=MINUTE)
    assert len(slack.messages) == 1
    assert set(line.all().values()) == {DeliveryState.PENDING}
    (notice,) = mail.messages
    assert notice.subject == f"[seedwatch] {SLACK} is paused"
    assert "HTTP 404 no_service" in notice.text
    assert f"seedwatch redeliver {SLACK}" in notice.text


def test_what_waits_where_nothing_is_taken_expires(line: Line) -> None:
    """Behind a paused destination each delivery ends in time, and that is told."""
    mail = Scripted()
    deliver = line.deliverer({SLACK: Scripted(not_here()), MAIL: mail})
    line.tell("fence", SLACK)
    run(deliver)
    line.now += HOUR
    line.tell("wall", SLACK)
    line.now += 3 * DAY - SECOND
    run(deliver)
    assert sorted(line.all().values()) == [DeliveryState.EXPIRED, DeliveryState.PENDING]
    line.now += MINUTE
    run(deliver)
    assert set(line.all().values()) == {DeliveryState.EXPIRED}
    waited = line.mailboxes.deliveries(destination=SLACK)
    assert {one.delivery.answer for one in waited} == {
        "HTTP 404 no_service",
        "not tried, since: HTTP 404 no_service",
    }
    run_for(line, deliver, 5 * SECOND)
    assert any("has expired" in one.subject for one in mail.messages)


def test_a_changed_configuration_tries_again(line: Line) -> None:
    """A paused destination is tried when its configuration changed, and not at a mere restart."""
    slack = Scripted(not_here())
    deliver = line.deliverer({SLACK: slack, MAIL: Scripted()})
    assert line.mailboxes.sync({SLACK: "aaaaaaaa"}) == []
    line.tell("fence", SLACK)
    run(deliver)
    assert line.mailboxes.sync({SLACK: "aaaaaaaa"}) == []
    assert run(deliver) == 1  # the notice
    assert line.mailboxes.sync({SLACK: "bbbbbbbb"}) == [SLACK]
    assert run(deliver) == 1
    assert set(line.all().values()) == {DELIVERED}


def test_a_dead_message_is_told_once_an_hour_elsewhere(line: Line) -> None:
    """Messages that are refused are told by one notice an hour, and never through their own way."""
    slack, mail = Scripted(*[refused() for _ in range(9)]), Scripted()
    deliver = line.deliverer({SLACK: slack, MAIL: mail})
    for number in range(9):
        line.tell(f"n{number}", SLACK)
    run_for(line, deliver, MINUTE)
    assert set(line.all().values()) == {DeliveryState.DEAD}
    (notice,) = mail.messages
    assert notice.subject == f"[seedwatch] {SLACK}: an alert was refused for good"


def test_no_notice_tells_of_a_notice(line: Line) -> None:
    """A notice that dies makes no other, so that two broken ways do not feed each other."""
    slack, mail = Scripted(refused()), Scripted(refused())
    deliver = line.deliverer({SLACK: slack, MAIL: mail})
    line.tell("fence", SLACK)
    assert run_for(line, deliver, MINUTE) == 2
    assert len(slack.messages) == len(mail.messages) == 1


def test_a_paused_destination_is_told_through_none_that_is_paused(line: Line) -> None:
    """If all of the operator's ways are paused nothing is sent in circles; `status` says it."""
    deliver = line.deliverer({SLACK: Scripted(not_here()), MAIL: Scripted(not_here())})
    line.tell("fence", SLACK)
    assert run_for(line, deliver, HOUR, step=MINUTE) == 2
    assert {one.destination for one in line.store.mailboxes() if one.paused_at} == {SLACK, MAIL}


def test_a_long_outage_is_told_once(line: Line) -> None:
    """A destination that takes nothing for an hour is told once, while it is still tried."""
    slack, mail = Scripted(*[temporary() for _ in range(12)]), Scripted()
    deliver = line.deliverer({SLACK: slack, MAIL: mail})
    line.tell("fence", SLACK)
    run_for(line, deliver, 6 * HOUR, step=5 * MINUTE)
    assert set(line.all().values()) == {DELIVERED}
    assert [one.subject for one in mail.messages] == [
        f"[seedwatch] {SLACK} takes nothing since 2021-11-08 14:00 UTC"
    ]


def test_a_message_that_may_have_arrived_is_not_hurried(line: Line) -> None:
    """What got no answer goes again under the same id, later than what was refused."""
    unsure = DeliveryError("no answer in 15 s", permanent=False, unsure=True)
    slack = Scripted(unsure)
    deliver = line.deliverer({SLACK: slack})
    line.tell("fence", SLACK)
    run(deliver)
    assert line.only().answer == "may have arrived: no answer in 15 s"
    assert run_for(line, deliver, 30 * SECOND) == 0
    assert run(deliver) == 1
    assert slack.ids[0] == slack.ids[1]


# ---------------------------------------------------------------------------------------- again


def test_what_is_dead_is_sent_again_under_the_same_id(line: Line) -> None:
    """A message that ended undelivered goes again whole, as the same message, if one asks."""
    slack = Scripted(refused())
    deliver = line.deliverer({SLACK: slack, MAIL: Scripted()})
    first = [line.tell_grouped(f"n{number}", "border", after=timedelta(0)) for number in range(3)]
    run(deliver)
    line.now += 5 * DAY
    (one,) = line.mailboxes.find(first[1].id)
    assert line.mailboxes.redeliver(one, line.now) == 3
    run_for(line, deliver, 5 * SECOND)
    assert slack.messages[0] == slack.messages[1]
    assert set(line.all().values()) == {DELIVERED}
    assert line.mailboxes.redeliver(one, line.now) == 0


def test_a_destination_is_opened_by_hand(line: Line) -> None:
    """A paused destination that is mended sends all that has waited, when one says so."""
    slack = Scripted(not_here())
    deliver = line.deliverer({SLACK: slack, MAIL: Scripted()})
    line.tell("fence", SLACK)
    run(deliver)
    assert line.mailboxes.resume(SLACK)
    run_for(line, deliver, 3 * SECOND)
    assert set(line.all().values()) == {DELIVERED}
    assert not line.mailboxes.resume(SLACK)
    assert not line.mailboxes.resume("desk/9-none")
