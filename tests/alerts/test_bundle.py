"""Which deliveries share a message, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.alerts.bundle import DEEP, Take, join, next_in_line, window_of
from monitor.alerts.notice import NOTICES, make_notice
from monitor.alerts.payload import MAX_BYTES, encode
from monitor.alerts.render import render
from monitor.records import Alert, Delivery, Mailbox, Reason
from tests.fakes import made
from tests.fakes.alerts import ALERTS, ITEM, alert, catch_up
from tests.fakes.made import HOUR, NOW

OPEN = Mailbox(destination="desk/1-slack")


def one(name: str, **changes: Any) -> Delivery:
    """Return a delivery of this id."""
    return made.delivery(id=name, **changes)


def line(count: int, **changes: Any) -> list[Delivery]:
    """Return deliveries `0`, `1` and so on."""
    return [one(str(number), **changes) for number in range(count)]


BOUND = [one("a", message_id="a"), one("b", message_id="a"), *line(DEEP)]


@pytest.mark.parametrize(
    "waiting, mailbox, may_collapse, turn, take",
    [
        (line(1), OPEN, True, "0", Take.ALONE),
        (line(DEEP - 1), OPEN, True, "0", Take.ALONE),
        (line(DEEP), OPEN, True, "0", Take.ALL),
        (line(DEEP), OPEN, False, "0", Take.ALONE),
        (line(DEEP), replace(OPEN, failures=1), True, "0", Take.ALONE),
        (line(2, group="border"), OPEN, True, "0", Take.GROUP),
        (line(3 * DEEP, group="border"), OPEN, True, "0", Take.GROUP),
        ([*line(DEEP - 1), one("g", group="border")], OPEN, True, "0", Take.ALL),
        (BOUND, OPEN, True, "a", Take.AGAIN),
        (BOUND, replace(OPEN, failures=4), True, "a", Take.AGAIN),
        (BOUND, replace(OPEN, failures=5), True, "0", Take.ALONE),
        (BOUND, replace(OPEN, failures=6), True, "a", Take.AGAIN),
        (BOUND[:2], replace(OPEN, failures=5), True, "a", Take.AGAIN),
        ([one("n", group=NOTICES), *line(DEEP)], OPEN, True, "n", Take.GROUP),
        ([*line(DEEP - 1), one("n", group=NOTICES)], OPEN, True, "0", Take.ALONE),
        ([one("r", group=f"{NOTICES}/border"), *line(DEEP)], OPEN, True, "r", Take.GROUP),
        ([*line(DEEP - 1), one("n", group="notices")], OPEN, True, "0", Take.ALL),
    ],
    ids=[
        "one alone",
        "some, one after the other",
        "many make a digest",
        "but not for machines",
        "nor while the destination is down",
        "a group goes together",
        "however large it is: it is one message",
        "many of different groups make a digest, too",
        "a message that failed goes again",
        "also after some failures",
        "until it is the next one's turn",
        "and then again its own",
        "if there is a next one",
        "notices go together",
        "and do not make news deep",
        "a report does not become an item of a digest",
        "a topic may be called notices",
    ],
)
def test_who_is_next(
    waiting: list[Delivery], mailbox: Mailbox, *, may_collapse: bool, turn: str, take: Take
) -> None:
    """The line and its mailbox say whose turn it is, and what goes along."""
    found, how = next_in_line(waiting, mailbox, may_collapse=may_collapse)
    assert (found.id, how) == (turn, take)


def test_one_alone_stays_itself() -> None:
    """An alert that shares its message with none is told as always."""
    assert join([alert()]) == alert()


def many(count: int) -> list[Alert]:
    """Return alerts on different stories, the later ones closer to the topic."""
    return [
        alert(
            replace(ITEM, item_id=f"i{number}", title=f"Item {number}", score=number / 100),
            id=f"a{number}",
            story_id=f"s{number}",
            created_at=NOW + number * HOUR,
        )
        for number in range(count)
    ]


SHOWN = """\
[belarus-eu-border] digest
2 alerts in one message

1. Item 0

   Warsaw says that Minsk directs the attempts to cross; hundreds camp near
   Kuźnica.
   score 0.00, threshold 0.50
"""


def test_a_digest_lists_its_alerts() -> None:
    """Several alerts in one message are numbered in their order, each with all that it says."""
    joined = join(many(2))
    message = render(joined, message_id="d-1")
    assert message.text.startswith(SHOWN)
    assert "2. Item 1" in message.text
    assert message.subject == "[belarus-eu-border] 2 alerts in one message: Item 0"
    assert message.payload["type"] == "alert.digest"
    assert [item["id"] for item in message.payload["items"]] == ["i0", "i1"]
    assert (joined.reason, joined.story_id, joined.created_at) == (Reason.DIGEST, "", NOW + HOUR)


def test_nothing_is_cut_in_silence() -> None:
    """A digest of more than it can show has the best, and says in every form how many it leaves."""
    message = render(join(many(27)), message_id="d-1")
    assert "27 alerts in one message; 20 shown, +7 more: `seedwatch alerts`" in " ".join(
        message.text.split()
    )
    assert "+7 more" in message.html
    assert "+7 more" in json.dumps(message.blocks)
    shown = len(message.payload["items"])
    assert 10 < shown <= 20
    assert message.payload["left_out"] == 27 - shown
    assert message.payload["items"][0]["id"] == "i26"
    assert len(message.blocks) <= 50


def test_what_alerts_left_out_is_counted_on() -> None:
    """What a catch-up leaves out is still counted when it shares a message."""
    joined = join([catch_up(left_out=12), *many(1)])
    assert (len(joined.items), joined.left_out) == (6, 12)
    assert "6 shown, +12 more" in " ".join(render(joined, message_id="d").text.split())


def test_what_is_new_in_an_update_is_told_in_a_list() -> None:
    """An update that shares its message still says what is new."""
    update = alert(reason=Reason.UPDATE, detail="3 sources carry it")
    assert "update: 3 sources carry it." in render(join([*many(1), update]), message_id="d").text


def test_a_message_of_several_topics_names_them() -> None:
    """A message names each of its topics once."""
    joined = join([alert(topic="a"), alert(topic="b"), alert(topic="a")])
    assert joined.topic == "a, b"
    assert joined.story_id == "s-1"


@pytest.mark.parametrize(
    "groups, window",
    [
        (["digest/08:00 to 17:00"] * 2, "digest of 08:00 to 17:00"),
        (["quiet/22:00 to 07:00"], "held in quiet hours, 22:00 to 07:00"),
        (["digest/a", "digest/b"], ""),
        (["border"], ""),
        (["border/digest"], ""),
        ([""], ""),
    ],
)
def test_the_window_of_a_message(groups: list[str], window: str) -> None:
    """A message whose deliveries cover one window says which, even if it has one alert only."""
    assert window_of([one("x", group=group) for group in groups]) == window
    detail = join([alert()], window=window).detail
    assert detail == (f"{window}: 1 alert" if window else "")


def test_a_held_message_says_why() -> None:
    """Subject and text say what held a message, when, and how many alerts it has."""
    held = "held in quiet hours, 2021-11-08 22:00 to 2021-11-09 07:00 CET"
    group = "quiet/2021-11-08 22:00 to 2021-11-09 07:00 CET"
    window = window_of([one("a", group=group), one("b", group=group)])
    message = render(join(many(2), window=window), message_id="d")
    assert message.subject == f"[belarus-eu-border] {held}: 2 alerts: Item 0"
    assert f"{held}: 2 alerts" in " ".join(message.text.split())


def test_notices_together() -> None:
    """Several notices in one message keep their headlines; what is too much is counted."""
    notices = [
        make_notice("down", str(n), f"Box {n} is down", "Since now.", NOW) for n in range(30)
    ]
    message = render(join(notices), message_id="d")
    assert message.subject == "[seedwatch] 30 notices"
    assert "Box 0 is down: Since now." in message.text
    assert "Box 18 is down" in message.text
    assert "+11 more: `seedwatch alerts` lists them." in message.text


@settings(
    deadline=None,
    max_examples=40,
    # Long texts are the point.
    suppress_health_check=[HealthCheck.data_too_large, HealthCheck.too_slow],
)
@given(st.lists(ALERTS, min_size=1, max_size=2), st.integers(1, 20))
def test_any_message_fits(few: list[Alert], times: int) -> None:
    """Whatever shares a message, it stays within the limits, and is the same each time."""
    # The same ones again and again: so many different ones would take long to make up.
    alerts = [*few, few[0]] * times
    message = render(join(alerts), message_id="d-1")
    assert message == render(join(alerts), message_id="d-1")
    assert len(message.subject) <= 150
    assert len(message.blocks) <= 50
    assert len(encode(message.payload)) < MAX_BYTES
    counted = sum(len(one.items) + one.left_out for one in alerts)
    assert len(message.payload["items"]) + message.payload["left_out"] == counted
