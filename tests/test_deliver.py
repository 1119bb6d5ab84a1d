"""What becomes of deliveries, told as timelines: a real store, other sides that are scripted."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from monitor.alerts.own import OwnTemplates
from monitor.alerts.route import route
from monitor.deliver import Deliver, DeliveryRules
from monitor.errors import DeliveryError
from monitor.records import Batch, Delivery, DeliveryState, Message, Notifier, Reason, Sent
from monitor.store import Reports, Store, migrate, open_engine
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

RULES = DeliveryRules(timeout=10 * SECOND, give_up_after=HOUR)
SLACK, MAIL = "desk/1-slack", "desk/2-email"


def temporary(retry_after: timedelta | None = None) -> DeliveryError:
    """Return a failure that may pass."""
    return DeliveryError("HTTP 503", permanent=False, retry_after=retry_after)


class Scripted:
    """The other side: does what its script says, and takes everything when that is over."""

    def __init__(self, *script: str | Sent | Exception | Callable[[], str]) -> None:
        self._script = list(script)
        self.messages: list[Message] = []

    def send(self, message: Message) -> Sent:
        """Take a message."""
        self.messages.append(message)
        step = self._script.pop(0) if self._script else "ok"
        if isinstance(step, Exception):
            raise step
        if isinstance(step, Sent):
            return step
        return Sent(answer=step if isinstance(step, str) else step())

    @property
    def ids(self) -> list[str]:
        """The ids of the messages so far."""
        return [message.id for message in self.messages]


class AtOnce(Executor):
    """Does the work where it is handed over: time stands still meanwhile."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - as an executor does
            future.set_exception(error)
        return future


class Timeline:
    """A database with an outbox, a clock that is moved by hand, and who delivers."""

    def __init__(self, path: Path) -> None:
        self.engine = open_engine(f"sqlite:///{path / 'seedwatch.db'}")
        migrate(self.engine)
        self.store = Store(self.engine)
        self.reports = Reports(self.engine)
        self.store.sync_feeds([made.spec()], NOW)
        self.now = NOW

    def deliverer(self, notifiers: Mapping[str, Notifier]) -> Deliver:
        """Make one who delivers by these notifiers; chance makes half of the longest wait."""
        return Deliver(self.store, notifiers, RULES, clock=lambda: self.now, chance=lambda: 0.5)

    def tell(
        self, name: str, *to: str, reason: Reason = Reason.FIRST_STORY, group: str = ""
    ) -> list[Delivery]:
        """Commit an alert now, and return its deliveries."""
        alert = made.alert(name, created_at=self.now, reason=reason)
        if reason is Reason.UPDATE:
            alert = replace(alert, id=f"{alert.id[:-6]}{self.now:%H%M%S}")
        routed = route(alert, map(made.destination, to), self.now)
        deliveries = [replace(one, group=group) for one in routed]
        seen = made.seen(name, first_seen_at=self.now)
        self.store.commit(
            Batch(items=(made.judged(seen),), alerts=(alert,), deliveries=tuple(deliveries))
        )
        return deliveries

    def states(self) -> dict[str, DeliveryState]:
        """Give the state of each delivery by destination; the latest alert's counts."""
        alerts = [alert.id for alert in self.reports.alerts()]
        found = sorted(self.reports.deliveries_of(alerts), key=lambda one: one.created_at)
        return {one.destination: one.state for one in found}

    def next_try(self) -> datetime:
        """Give when the only mailbox that waits may be tried again; now if none waits."""
        waits = [one.next_at for one in self.store.mailboxes() if one.next_at]
        (next_at,) = waits or [self.now]
        return next_at

    def only(self) -> Delivery:
        """Give the only delivery there is."""
        (one,) = self.reports.deliveries_of([alert.id for alert in self.reports.alerts()])
        return one


@pytest.fixture
def timeline(tmp_path: Path) -> Iterator[Timeline]:
    """Give a timeline that begins now."""
    made_of = Timeline(tmp_path)
    yield made_of
    made_of.engine.dispose()


def run(deliver: Deliver) -> int:
    """Deliver what is due; give how many attempts that were."""
    return sum(len(future.result()) for future in deliver.deliver_due(AtOnce(), 8))


def test_a_message_is_delivered(timeline: Timeline) -> None:
    """What is due goes out once, under its delivery's id, and what the other side said is kept."""
    slack = Scripted("200 ok")
    deliver = timeline.deliverer({SLACK: slack})
    (delivery,) = timeline.tell("fence", SLACK)
    assert run(deliver) == 1
    timeline.now += DAY
    assert run(deliver) == 0
    (message,) = slack.messages
    assert message.id == delivery.id
    assert "fence" in message.subject
    settled = timeline.only()
    assert (settled.state, settled.answer, settled.attempts, settled.settled_at) == (
        DeliveryState.DELIVERED,
        "200 ok",
        1,
        NOW,
    )


def test_temporary_then_delivered(timeline: Timeline) -> None:
    """A failure that passes costs a wait: 2.5 s, then 5 s, and the message is the same."""
    slack = Scripted(temporary(), temporary(), "ok")
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("fence", SLACK)
    attempts = []
    for _ in range(20):
        attempts.append(run(deliver))
        timeline.now += SECOND / 2
    assert [number for number, count in enumerate(attempts) if count] == [0, 5, 15]
    assert timeline.only().state is DeliveryState.DELIVERED
    assert timeline.only().attempts == 3
    first, *others = slack.messages
    assert others == [first, first]


def test_the_other_side_asks_for_patience(timeline: Timeline) -> None:
    """Who says when to come again is asked then, and not before."""
    slack = Scripted(temporary(retry_after=10 * MINUTE))
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("fence", SLACK)
    run(deliver)
    assert timeline.next_try() == NOW + 10 * MINUTE
    timeline.now += 10 * MINUTE - SECOND
    assert run(deliver) == 0
    timeline.now += SECOND
    assert run(deliver) == 1
    assert timeline.only().state is DeliveryState.DELIVERED


def test_a_permanent_failure_is_the_end(timeline: Timeline) -> None:
    """What cannot help is not tried again, and stays visible."""
    slack = Scripted(DeliveryError("HTTP 404: no such hook", permanent=True))
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("fence", SLACK)
    run(deliver)
    timeline.now += DAY
    assert run(deliver) == 0
    assert timeline.only().state is DeliveryState.DEAD
    assert [one.answer for one in timeline.reports.stuck_deliveries()] == ["HTTP 404: no such hook"]


def test_patience_ends(timeline: Timeline) -> None:
    """A message that nobody takes is tried for an hour, ever less often, and then given up."""
    slack = Scripted(*[temporary() for _ in range(100)])
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("fence", SLACK)
    while timeline.only().state is DeliveryState.PENDING:
        timeline.now = timeline.next_try()
        assert run(deliver) == 1
    expired = timeline.only()
    assert expired.state is DeliveryState.EXPIRED
    assert (expired.attempts, len(slack.messages)) == (11, 11)
    assert expired.settled_at is not None
    assert NOW + HOUR / 2 < expired.settled_at <= NOW + HOUR


def test_a_template_that_fails_costs_its_form_only(timeline: Timeline) -> None:
    """A message whose template makes nothing of it goes out in its usual form, and is logged."""
    own = OwnTemplates(
        receiver="desk", sources={"text": "{% if alert.reason == 'update' %}new{% endif %}"}
    )
    rules = DeliveryRules(timeout=10 * SECOND, give_up_after=HOUR, templates={SLACK: own})
    slack = Scripted()
    deliver = Deliver(
        timeline.store, {SLACK: slack}, rules, clock=lambda: timeline.now, chance=lambda: 0.0
    )
    timeline.tell("fence", SLACK)
    with structlog.testing.capture_logs() as logs:
        assert run(deliver) == 1
    assert timeline.only().state is DeliveryState.DELIVERED
    assert "fence" in slack.messages[0].text
    (line,) = [line for line in logs if line["event"] == "template_failed"]
    assert (line["destination"], line["part"]) == (SLACK, "text")
    assert line["cause"] == "it made nothing of this alert (first_story)"


def test_a_destination_that_is_gone(timeline: Timeline) -> None:
    """A delivery to a destination that the configuration no longer has is given up, and says so."""
    timeline.tell("fence", SLACK, MAIL)
    run(timeline.deliverer({MAIL: Scripted()}))
    assert timeline.states() == {SLACK: DeliveryState.DEAD, MAIL: DeliveryState.DELIVERED}
    (dead,) = timeline.reports.stuck_deliveries()
    assert dead.answer == "the configuration no longer has this destination"


def test_a_fault_of_ours_is_tried_again(timeline: Timeline) -> None:
    """A notifier that breaks harms only its own delivery, is told, and is tried again."""
    slack = Scripted(ZeroDivisionError("secret detail"))
    deliver = timeline.deliverer({SLACK: slack, MAIL: Scripted()})
    timeline.tell("fence", SLACK, MAIL)
    with structlog.testing.capture_logs() as logs:
        run(deliver)
    assert timeline.states() == {SLACK: DeliveryState.PENDING, MAIL: DeliveryState.DELIVERED}
    (broke,) = [one for one in logs if one["event"] == "delivery_broke"]
    assert (broke["destination"], broke["exc_info"]) == (SLACK, True)
    (stuck,) = timeline.reports.stuck_deliveries()
    assert stuck.answer == "internal error: ZeroDivisionError"
    timeline.now += 3 * SECOND
    run(deliver)
    assert timeline.states()[SLACK] is DeliveryState.DELIVERED


def test_an_alert_that_cannot_be_rendered_is_a_fault_of_ours(timeline: Timeline) -> None:
    """A delivery whose alert cannot be shown ends too, and no other waits for it."""
    timeline.tell("fence", SLACK)
    with timeline.engine.begin() as tx:
        tx.execute(text("UPDATE alerts SET items = '[]'"))
    slack = Scripted()
    deliver = timeline.deliverer({SLACK: slack})
    while timeline.only().state is DeliveryState.PENDING:
        timeline.now = timeline.next_try()
        assert run(deliver) == 1
    assert timeline.only().state in {DeliveryState.DELIVERED, DeliveryState.EXPIRED}


def test_the_older_message_goes_first(timeline: Timeline) -> None:
    """A destination gets its messages in the order of the alerts."""
    slack = Scripted()
    deliver = timeline.deliverer({SLACK: slack})
    expected = []
    for name in ("wall", "fence", "camp"):
        expected += [one.id for one in timeline.tell(name, SLACK)]
        timeline.now += SECOND
    assert [run(deliver) for _ in range(2)] == [3, 0]
    assert slack.ids == expected


def test_an_update_knows_the_first_message(timeline: Timeline) -> None:
    """An update is given what its destination said of the story's first message, no other."""
    slack = Scripted(Sent(answer="ok", receipt={"ts": "1"}), Sent(answer="ok", receipt={"ts": "2"}))
    mail = Scripted()
    deliver = timeline.deliverer({SLACK: slack, MAIL: mail})
    for name, reason in (
        ("fence", Reason.FIRST_STORY),
        ("wall", Reason.FIRST_STORY),
        ("fence", Reason.UPDATE),
        ("fence", Reason.UPDATE),
    ):
        timeline.tell(name, SLACK, MAIL, reason=reason)
        run(deliver)
        timeline.now += SECOND
    first, other, update, again = slack.messages
    assert (first.is_update, first.earlier, other.earlier) == (False, None, None)
    assert (update.is_update, update.earlier) == (True, {"ts": "1"})
    assert again.earlier == {"ts": "1"}
    assert first.story_id == update.story_id != other.story_id
    assert [message.earlier for message in mail.messages] == [None] * 4


def test_a_list_of_stories_begins_no_thread(timeline: Timeline) -> None:
    """An update does not hang on a catch-up, whose message is about other stories too."""
    receipts = [Sent(answer="ok", receipt={"ts": str(number)}) for number in range(2)]
    slack = Scripted(*receipts)
    deliver = timeline.deliverer({SLACK: slack})
    for reason in (Reason.CATCH_UP, Reason.UPDATE):
        timeline.tell("fence", SLACK, reason=reason)
        run(deliver)
        timeline.now += SECOND
    listed, update = slack.messages
    assert (listed.story_id, update.earlier) == ("", None)


def test_companions_and_threads(timeline: Timeline) -> None:
    """A first message that waited alone begins its story's thread; one of several begins none.

    Then the story's next message stands for itself, and what follows hangs on that.
    """
    receipts = [Sent(answer="ok", receipt={"ts": str(number)}) for number in range(5)]
    slack = Scripted(*receipts)
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("alone", SLACK, group="border")
    run(deliver)
    timeline.now += SECOND
    timeline.tell("alone", SLACK, reason=Reason.UPDATE, group="border")
    run(deliver)
    timeline.now += SECOND
    timeline.tell("fence", SLACK, group="border")
    timeline.tell("fence", SLACK, reason=Reason.UPDATE, group="border")
    run(deliver)
    for _ in range(2):
        timeline.now += SECOND
        timeline.tell("fence", SLACK, reason=Reason.UPDATE, group="border")
        run(deliver)
    told = [(one.payload["reason"], one.earlier) for one in slack.messages]
    assert told == [
        ("first_story", None),
        ("update", {"ts": "0"}),
        ("digest", None),
        ("update", None),
        ("update", {"ts": "3"}),
    ]


def test_new_notifiers_take_over(timeline: Timeline) -> None:
    """After a reload the same outbox is served by the new configuration's notifiers."""
    old, new = Scripted(temporary()), Scripted()
    deliver = timeline.deliverer({SLACK: old})
    timeline.tell("fence", SLACK)
    run(deliver)
    timeline.now += MINUTE
    run(deliver.with_notifiers({SLACK: new}))
    assert old.ids == new.ids
    assert timeline.only().state is DeliveryState.DELIVERED


# --------------------------------------------------------------------------------- side by side


class Gate:
    """A step of a script that says when it is reached, and waits until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def __call__(self) -> str:
        """Wait."""
        self.reached.set()
        assert self._opened.wait(10)
        return "at last"

    def open(self) -> None:
        """Let it go on."""
        self._opened.set()


@pytest.fixture
def senders() -> Iterator[ThreadPoolExecutor]:
    """Give threads that send."""
    with ThreadPoolExecutor(4) as threads:
        yield threads


def settled(futures: list[Future[Any]]) -> list[DeliveryState]:
    """Wait for attempts, and give what became of them."""
    return [outcome.state for future in futures for outcome in future.result(10)]


def test_a_slow_destination_delays_no_other(
    timeline: Timeline, senders: ThreadPoolExecutor
) -> None:
    """While one destination takes its time, another gets one message after the other."""
    gate = Gate()
    slow, fast = Scripted(gate), Scripted()
    deliver = timeline.deliverer({SLACK: slow, MAIL: fast})
    for name in ("fence", "wall", "camp"):
        timeline.tell(name, SLACK, MAIL)
        timeline.now += SECOND
    under_way = deliver.deliver_due(senders, 8)
    assert gate.reached.wait(10)
    done, _ = wait(under_way, 10, FIRST_COMPLETED)
    assert settled(list(done)) == [DeliveryState.DELIVERED] * 3
    assert deliver.deliver_due(senders, 8) == []
    assert (len(slow.messages), len(fast.messages)) == (1, 3)
    gate.open()
    assert settled(under_way) == [DeliveryState.DELIVERED] * 6
    assert len(slow.messages) == 3


def test_a_destination_never_gets_two_at_once(
    timeline: Timeline, senders: ThreadPoolExecutor
) -> None:
    """However long an attempt takes, longer than its lease even, the next one waits for its end."""
    gate = Gate()
    slack = Scripted(gate)
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("fence", SLACK)
    timeline.tell("wall", SLACK)
    under_way = deliver.deliver_due(senders, 8)
    assert gate.reached.wait(10)
    timeline.now += RULES.lease + DAY
    assert deliver.deliver_due(senders, 8) == []
    gate.open()
    assert settled(under_way) == [DeliveryState.DELIVERED] * 2
    assert len(set(slack.ids)) == len(slack.ids) == 2


def test_two_daemons_by_mistake(timeline: Timeline, senders: ThreadPoolExecutor) -> None:
    """Another process with the same outbox does not send what is under way here."""
    gate = Gate()
    here, there = Scripted(gate), Scripted()
    timeline.tell("fence", SLACK)
    under_way = timeline.deliverer({SLACK: here}).deliver_due(senders, 8)
    assert gate.reached.wait(10)
    timeline.now += RULES.lease - SECOND
    assert run(timeline.deliverer({SLACK: there})) == 0
    gate.open()
    assert settled(under_way) == [DeliveryState.DELIVERED]


def test_the_lease_outlasts_the_attempt() -> None:
    """A lease is longer than the parts of an attempt can take together."""
    rules = DeliveryRules(timeout=MINUTE, give_up_after=DAY)
    assert rules.lease > 3 * rules.timeout


# ---------------------------------------------------------------------------------------- faults


def test_what_cannot_be_written_down_is_told(timeline: Timeline) -> None:
    """If the outcome cannot be stored, that is logged, and the same message goes out again."""
    with timeline.engine.begin() as tx:
        tx.execute(
            text(
                "CREATE TRIGGER full BEFORE UPDATE ON deliveries WHEN NEW.state = 'delivered'"
                " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
        )
    slack = Scripted()
    deliver = timeline.deliverer({SLACK: slack})
    timeline.tell("fence", SLACK)
    with structlog.testing.capture_logs() as logs:
        (future,) = deliver.deliver_due(AtOnce(), 8)
    assert isinstance(future.exception(), DBAPIError)
    assert [(one["event"], one["destination"]) for one in logs] == [("outcome_not_stored", SLACK)]
    assert run(deliver) == 0
    with timeline.engine.begin() as tx:
        tx.execute(text("DROP TRIGGER full"))
    timeline.now += RULES.lease
    assert run(deliver) == 1
    assert slack.ids[0] == slack.ids[1]
    assert timeline.only().state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    "step, event, level, facts",
    [
        ("200 ok", "delivered", "info", {"answer": "200 ok"}),
        (temporary(), "delivery_delayed", "warning", {"next_try": NOW + 2.5 * SECOND}),
        (temporary(HOUR + SECOND), "delivery_given_up", "error", {"state": "expired"}),
        (
            DeliveryError("no", permanent=True),
            "delivery_given_up",
            "error",
            {"state": "dead", "answer": "no"},
        ),
    ],
    ids=["delivered", "delayed", "expired", "dead"],
)
def test_every_attempt_is_told_once(
    timeline: Timeline, step: str | Exception, event: str, level: str, facts: dict[str, object]
) -> None:
    """Each attempt leaves one line: what became of it, where, which, the how-manieth."""
    (delivery,) = timeline.tell("fence", SLACK)
    with structlog.testing.capture_logs() as logs:
        run(timeline.deliverer({SLACK: Scripted(step)}))
    (line,) = logs
    expected = {"destination": SLACK, "id": delivery.id, "attempt": 1, **facts}
    assert (line["event"], line["log_level"]) == (event, level)
    assert expected.items() <= line.items()


def test_the_clock_is_read_when_the_attempt_ends(timeline: Timeline) -> None:
    """What took long is dated, and retried, from its end."""

    def slow_failure() -> str:
        timeline.now += 9 * SECOND
        raise temporary()

    timeline.tell("fence", SLACK)
    run(timeline.deliverer({SLACK: Scripted(slow_failure)}))
    assert timeline.next_try() == NOW + 11.5 * SECOND
