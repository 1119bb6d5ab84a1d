"""What the operator is told of deliveries that go wrong."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from monitor.alerts.notice import NOTICES
from monitor.alerts.outage import notice_of
from monitor.records import Alert, Delivery, DeliveryState, Mailbox, Outcome
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW, SECOND

NAME = "desk/1-slack"
NEWS = (made.delivery(NAME),)
NOTICE = (made.delivery(NAME, group=NOTICES),)
REPORT = (made.delivery(NAME, group=f"{NOTICES}/border"),)
PENDING, DEAD, EXPIRED = DeliveryState.PENDING, DeliveryState.DEAD, DeliveryState.EXPIRED


def told(
    state: DeliveryState, deliveries: tuple[Delivery, ...] = NEWS, **mailbox: Any
) -> Alert | None:
    """Give the notice of an outcome now."""
    box = Mailbox(destination=NAME, **mailbox)
    ids = tuple(one.id for one in deliveries)
    outcome = Outcome(delivery_ids=ids, state=state, answer="HTTP 503", at=NOW, mailbox=box)
    return notice_of(outcome, deliveries)


@pytest.mark.parametrize(
    "notice, headline",
    [
        (told(DeliveryState.DELIVERED), None),
        (told(PENDING, failures=3, down_since=NOW - MINUTE), None),
        (told(PENDING, paused_at=NOW), f"{NAME} is paused"),
        (told(PENDING, NOTICE, paused_at=NOW), f"{NAME} is paused"),
        (told(PENDING, paused_at=NOW - SECOND), None),
        (told(DEAD), f"{NAME}: an alert was refused for good"),
        (told(DEAD, NEWS * 3), f"{NAME}: a message of 3 alerts was refused for good"),
        (told(EXPIRED), f"{NAME}: an alert could not be delivered in time, and has expired"),
        (told(DEAD, REPORT), f"{NAME}: a report was refused for good"),
        (told(DEAD, NOTICE), None),
        (told(EXPIRED, NOTICE), None),
        (
            told(PENDING, failures=9, down_since=NOW - HOUR),
            f"{NAME} takes nothing since 2021-11-08 13:00 UTC",
        ),
    ],
    ids=[
        "nothing of what arrives",
        "nor of a short outage",
        "that a destination is paused",
        "whatever message showed it",
        "once",
        "that a message is dead",
        "with how much that is",
        "or has expired",
        "also of a report",
        "but not of a notice",
        "nor of one that expired",
        "and that an outage is long",
    ],
)
def test_what_is_told(notice: Alert | None, headline: str | None) -> None:
    """Each kind of trouble has one notice, with what was said; what passes by itself has none."""
    lines = notice.detail.splitlines() if notice else [None]
    assert lines[0] == headline
    if notice:
        assert lines[1] == "It said: HTTP 503"


def test_a_cure_is_named() -> None:
    """A notice says what a person can do."""
    dead, paused = told(DEAD), told(PENDING, paused_at=NOW)
    assert dead is not None
    assert paused is not None
    assert f"seedwatch redeliver {NEWS[0].id}" in dead.detail
    assert f"seedwatch redeliver {NAME}" in paused.detail


def test_the_same_trouble_is_one_notice() -> None:
    """Deaths within an hour, and failures of one outage, are the same notice; others are not."""
    box = Mailbox(destination=NAME)

    def at(minutes: int, state: DeliveryState = DEAD, **mailbox: Any) -> str:
        outcome = Outcome(
            delivery_ids=("x",),
            state=state,
            at=NOW + minutes * MINUTE,
            mailbox=replace(box, **mailbox),
        )
        notice = notice_of(outcome, NEWS)
        assert notice is not None
        return notice.id

    assert at(0) == at(59) != at(60)
    assert at(70, PENDING, down_since=NOW) == at(90, PENDING, down_since=NOW)
    assert at(70, PENDING, down_since=NOW) != at(70, PENDING, down_since=NOW - MINUTE)
