"""`deliveries` and `redeliver`, and what `status` says of mailboxes: goldens of 80 columns."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from monitor.alerts.notice import make_notice
from monitor.alerts.route import route
from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.cli.ailments import of_deliveries
from monitor.cli.outbox import STATES, box_lines, headline, show_deliveries
from monitor.cli.screen import WIDTH
from monitor.config import load
from monitor.deliver import Deliver, DeliveryRules
from monitor.errors import DeliveryError
from monitor.records import Batch, Delivery, DeliveryState, Mailbox, Reason
from monitor.start import start_up
from monitor.store.mailboxes import ListedDelivery, MailboxReport
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND
from tests.test_deliver import AtOnce, Scripted

GOLDEN = Path(__file__).parent / "golden"
SLACK, MAIL, HOOK = "newsroom/1-slack", "newsroom/2-email-desk@example.org", "newsroom/3-webhook"


def report(name: str, waiting: int = 0, **mailbox: Any) -> MailboxReport:
    """Return how a mailbox is."""
    box = Mailbox(destination=name, **mailbox)
    since = NOW - 20 * MINUTE if waiting else None
    return MailboxReport(mailbox=box, waiting=waiting, oldest_due_at=since)


BOXES = [
    report(SLACK, 4, paused_at=NOW - 2 * HOUR, why="HTTP 404: no_service"),
    report(MAIL, 1, failures=7, down_since=NOW - HOUR, next_at=NOW + 40 * SECOND, why="SMTP 451"),
    report(HOOK, 40),
    report("desk/1-console"),
]


def listed(to: str, name: str = "fence", **changes: Any) -> ListedDelivery:
    """Return a delivery in a list."""
    alert = made.alert(name)
    return ListedDelivery(delivery=made.delivery(to, of=alert, **changes), alert=alert)


LISTED = [
    listed(SLACK, attempts=1, answer="HTTP 404: no_service"),
    listed(MAIL, attempts=7, answer="SMTP 451: try again later"),
    listed(HOOK),
    listed(HOOK, due_at=NOW + DAY),
    listed(HOOK, retry_at=NOW + HOUR, attempts=9, answer="[red]HTTP 500"),
    listed(HOOK, state=DeliveryState.SENDING),
    listed(HOOK, state=DeliveryState.DELIVERED, settled_at=NOW - HOUR, attempts=1, answer="200"),
    listed(HOOK, state=DeliveryState.EXPIRED, settled_at=NOW - DAY, answer="x" * 200),
    replace(
        listed(HOOK, state=DeliveryState.DEAD, settled_at=NOW - 2 * DAY, attempts=1),
        alert=make_notice("down", "d", "desk/1-slack is down", "", NOW),
    ),
]


def console() -> Console:
    """Return a screen of 80 columns."""
    return Console(file=io.StringIO(), width=WIDTH, highlight=False)


def printed(of: Console) -> str:
    """Return what a screen shows."""
    assert isinstance(of.file, io.StringIO)
    return of.file.getvalue()


def test_every_way_to_stand_is_told() -> None:
    """The list is what its golden says: where, how it stands, which, what was said."""
    shown = console()
    show_deliveries(shown, LISTED, BOXES, NOW)
    text = printed(shown)
    assert max(map(len, text.splitlines())) <= WIDTH
    assert text == (GOLDEN / "deliveries.txt").read_text("utf-8")


def test_mailboxes_that_are_not_as_they_should_be() -> None:
    """A mailbox that is paused, down or deep is told with what waits and the cure; no other is."""
    assert "\n".join(box_lines(BOXES, NOW)) + "\n" == (GOLDEN / "mailboxes.txt").read_text("utf-8")
    assert box_lines(BOXES[3:], NOW) == []
    assert [one.what for one in of_deliveries(BOXES, {}, {HOOK})] == [
        "1 destination is paused: nothing is sent there",
        "1 destination is down",
    ]
    assert of_deliveries(BOXES[2:], {}, {HOOK}) == []
    (all_down, paused) = of_deliveries(BOXES[:1], {}, {SLACK})
    assert all_down.what == "nobody is told: every destination is paused or down"
    assert paused.what == "1 destination is paused: nothing is sent there"


@pytest.mark.parametrize(
    "count, expected",
    [
        (0, "(no items)"),
        (1, made.alerted("fence").title),
        (3, f"{made.alerted('fence').title} (+2)"),
    ],
)
def test_an_alert_in_a_line(count: int, expected: str) -> None:
    """A list names each alert by its first item, and counts the others."""
    assert (
        headline(made.alert(items=(made.alerted("fence"),) * count, reason=Reason.TEST)) == expected
    )


def test_every_state_can_be_asked_for() -> None:
    """What waits and what has ended in each way can be listed alone."""
    asked = {state for states in STATES.values() for state in states}
    assert asked == set(DeliveryState)


# ---------------------------------------------------------------------------------- the commands


class Office:
    """A configuration with two destinations, and its database."""

    def __init__(self, folder: Path) -> None:
        (folder / "seed.txt").write_text("Belarus sends migrants to the Polish border. " * 8)
        self.path = folder / "seedwatch.yaml"
        self.write("https://hooks.example/secret-one")
        self.app = self.open()
        start_up(self.app)

    def write(self, url: str) -> None:
        """Write the configuration with this webhook."""
        config = {
            "topics": {"border": {"seeds": ["seed.txt"], "receivers": ["desk"]}},
            "feeds": {"all": ["http://127.0.0.1:9/rss"]},
            "receivers": {"desk": [{"console": {}}, {"webhook": {"url": url}}]},
        }
        self.path.write_text(json.dumps(config))

    def open(self) -> App:
        """Wire the app anew."""
        settings = load(self.path, {})
        return wire(settings, open_database(settings))

    def tell(self) -> Delivery:
        """Commit an alert to the webhook, due since a moment."""
        now = self.app.clock() - SECOND
        alert = made.alert(reason=Reason.TEST, created_at=now)
        (one,) = route(alert, [made.destination("desk/2-webhook")], now)
        self.app.store.commit(Batch(alerts=(alert,), deliveries=(one,)))
        return one

    def fail(self, error: DeliveryError) -> None:
        """Let what is due there fail."""
        notifiers = {"desk/2-webhook": Scripted(error)}
        rules = DeliveryRules(timeout=SECOND, give_up_after=DAY)
        deliver = Deliver(
            self.app.store, notifiers, rules, clock=self.app.clock, chance=lambda: 0.9
        )
        assert len(deliver.deliver_due(AtOnce(), 8)) == 1

    def run(self, *words: str, exit_code: int = 0) -> str:
        """Run a command, and give what it printed, as one line."""
        done = CliRunner().invoke(main, ["-c", str(self.path), *words])
        assert done.exit_code == exit_code, done.output
        return " ".join(done.output.split())

    def state(self) -> DeliveryState:
        """Give the state of the only delivery."""
        (one,) = self.app.mailboxes.deliveries()
        return one.delivery.state


REFUSED = DeliveryError("HTTP 400", permanent=True)
NOT_HERE = DeliveryError("HTTP 410", permanent=True, scope="destination")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Give an office."""
    made_of = Office(tmp_path)
    with closing(made_of.app):
        yield made_of


def test_a_dead_delivery_goes_again(office: Office) -> None:
    """`deliveries` names what is lost, and `redeliver` sends it under the same id."""
    one = office.tell()
    office.fail(REFUSED)
    assert re.search(r"dead \d+ s ago, tried 1x", office.run("deliveries", "--state", "lost"))
    said = office.run("redeliver", one.id[:8])
    assert said.startswith(f"{one.id} to desk/2-webhook: 1 alert is sent again when the service")
    assert office.state() is DeliveryState.PENDING
    assert office.run("deliveries", "--state", "lost") == "No such deliveries."
    assert "is on its way already" in office.run("redeliver", one.id, exit_code=1)


def test_a_paused_destination_is_named_and_opened(office: Office) -> None:
    """`status` names a paused destination with the cure, and `redeliver` opens it."""
    office.tell()
    office.fail(NOT_HERE)
    assert office.state() is DeliveryState.PENDING
    status = office.run("status")
    assert "1 destination is paused: nothing is sent there" in status
    assert "seedwatch redeliver desk/2-webhook" in status
    assert "desk/2-webhook is open again" in office.run("redeliver", "desk/2-webhook")
    assert "paused" not in office.run("status")
    assert "neither paused nor down" in office.run("redeliver", "desk/2-webhook", exit_code=1)


def test_a_delivery_that_waits_there_opens_it_too(office: Office) -> None:
    """Who asks for a delivery that waits behind a paused destination opens that one."""
    one = office.tell()
    office.fail(NOT_HERE)
    assert "desk/2-webhook is open again" in office.run("redeliver", one.id)


def test_another_url_opens_a_paused_destination(office: Office) -> None:
    """A start with another address tries again; one with the same does not."""
    office.tell()
    office.fail(NOT_HERE)
    for url, is_paused in (
        ("https://hooks.example/secret-one", True),
        ("https://b.example", False),
    ):
        office.write(url)
        with closing(office.open()) as app:
            start_up(app)
        found = [one.paused_at is not None for one in office.app.store.mailboxes()]
        assert found == [False, is_paused]


@pytest.mark.parametrize(
    "what, said",
    [
        ("abcd1234", "no delivery has an id that begins with 'abcd1234'"),
        ("abc", "four characters at least"),
        ("desk/9-slack", "`seedwatch deliveries --state lost` lists what did not arrive"),
    ],
)
def test_what_is_not_there(office: Office, what: str, said: str) -> None:
    """What names no delivery and no destination is refused with the way to find one."""
    assert said in office.run("redeliver", what, exit_code=1)


def test_json_for_machines(office: Office) -> None:
    """`deliveries --json` has each delivery with what it tells, and nothing else is printed."""
    one = office.tell()
    (found,) = json.loads(office.run("deliveries", "--json", "--destination", one.destination))
    assert found["delivery"]["id"] == one.id
    assert found["tells"] == made.alerted("fence").title
    assert json.loads(office.run("status", "--json"))["mailboxes"][1]["waiting"] == 1
    assert json.loads(office.run("deliveries", "--json", "--destination", "x")) == []
