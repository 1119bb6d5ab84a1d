"""When the next message of a destination may go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from monitor.alerts.mailbox import after_answer, after_failure, is_messages_fault, is_open, pause
from monitor.records import Mailbox
from tests.fakes.made import DAY, HOUR, NOW, SECOND


def box(**changes: Any) -> Mailbox:
    """Return a mailbox."""
    return Mailbox(destination="desk/1-slack", **changes)


@pytest.mark.parametrize(
    "mailbox, expected",
    [
        (box(), True),
        (box(next_at=NOW, touched_at=NOW - HOUR), True),
        (box(next_at=NOW + SECOND, touched_at=NOW), False),
        (box(next_at=NOW + DAY, touched_at=NOW + HOUR), True),
        (box(paused_at=NOW - DAY), False),
        (box(paused_at=NOW - DAY, touched_at=NOW + HOUR), False),
    ],
    ids=[
        "one that was never used is open",
        "one whose time has come is open",
        "one that waits is not",
        "but if the clock was set back, for nobody knows how long it has waited",
        "a paused one is not",
        "whatever the clock says",
    ],
)
def test_when_a_mailbox_is_open(mailbox: Mailbox, *, expected: bool) -> None:
    """A mailbox is open unless it waits for a time, or for a person."""
    assert is_open(mailbox, NOW) is expected


def test_from_well_to_down_and_back() -> None:
    """Failures are counted from the first on; an answer ends them, a pause keeps them."""
    first = after_failure(box(), NOW, SECOND, "503")
    second = after_failure(first, NOW + HOUR, HOUR, "504")
    assert (second.failures, second.down_since, second.why) == (2, NOW, "504")
    assert second.next_at == NOW + 2 * HOUR
    paused = pause(second, NOW + DAY, "404")
    assert (paused.paused_at, paused.down_since, paused.why) == (NOW + DAY, NOW, "404")
    assert after_answer(second, NOW + DAY, timedelta(0)) == box(touched_at=NOW + DAY)
    assert after_answer(second, NOW + DAY, SECOND).next_at == NOW + DAY + SECOND


@pytest.mark.parametrize(
    "failures, attempts, expected", [(0, 5, True), (0, 4, False), (1, 5, False), (1, 0, False)]
)
def test_whose_fault_it_is(failures: int, attempts: int, *, expected: bool) -> None:
    """A message is to blame only if it failed often and the one before it arrived."""
    assert is_messages_fault(box(failures=failures), attempts) is expected
