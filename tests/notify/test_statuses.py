"""Every HTTP status by every sender that sees one: what follows from it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import DeliveryError
from monitor.notify import build
from monitor.records import Answer, Message
from monitor.targets import (
    AlertmanagerTarget,
    Secret,
    SlackBotTarget,
    SlackTarget,
    Target,
    WebhookTarget,
)
from tests.fakes.alerts import message

NOW = datetime(2021, 11, 8, 14, 10, tzinfo=UTC)
URL = "https://hooks.example/T0/B0/token"

TARGETS: dict[str, Target] = {
    "webhook": WebhookTarget(url=Secret(URL)),
    "alertmanager": AlertmanagerTarget(url=Secret(URL)),
    "slack": SlackTarget(webhook_url=Secret(URL)),
    "slack-bot": SlackBotTarget(token=Secret("xoxb-1"), channel="C1"),
}

# An empty answer with each status: taken, later (tried again), message (this one is dead) or
# destination (nothing more is sent there until somebody looks).
TABLE = """
webhook, alertmanager:
    100-199 later
    200-299 taken
    300-399 destination
    400     message
    401-405 destination
    406     message
    407     destination
    408     later
    409     message
    410     destination
    411-420 message
    421     later
    422-424 message
    425     later
    426-428 message
    429     later
    430-450 message
    451     destination
    452-499 message
    500-599 later
slack, slack-bot:
    100-299 later
    300-399 destination
    400     message
    401-405 destination
    406     message
    407     destination
    408     later
    409     message
    410     destination
    411-420 message
    421     later
    422-424 message
    425     later
    426-428 message
    429     later
    430-450 message
    451     destination
    452-499 message
    500-599 later
"""


def rows() -> dict[tuple[str, int], str]:
    """Read the table: (sender, status) -> what follows."""
    found: dict[tuple[str, int], str] = {}
    for block in re.findall(r"^(\S.*):\n((?:    .*\n)+)", TABLE, re.MULTILINE):
        for line in block[1].splitlines():
            statuses, follows = line.split()
            first, _, last = statuses.partition("-")
            for status in range(int(first), int(last or first) + 1):
                for sender in block[0].split(", "):
                    assert (sender, status) not in found
                    found[sender, status] = follows
    return found


ROWS = rows()


def outcome(sender: str, status: int, sent: Message) -> str:
    """Give what follows from a status."""
    answer = Answer(status=status, headers={"Retry-After": "7"}, text="")
    notifier = build(
        TARGETS[sender],
        post=lambda _url, _body, _headers: answer,
        timeout=timedelta(seconds=1),
        clock=lambda: NOW,
    )
    try:
        notifier.send(sent)
    except DeliveryError as error:
        follows = error.scope if error.permanent else "later"
        # Who is asked to wait is asked for how long; of one that is over it does not matter.
        patience = timedelta(seconds=7) if follows == "later" else None
        is_told = (error.code, error.retry_after, error.unsure) == (status, patience, False)
        return follows if is_told else f"{follows}, but told otherwise"
    return "taken"


@pytest.mark.parametrize("sender", TARGETS)
def test_every_status_has_its_meaning(sender: str) -> None:
    """Each status from 100 to 599 means what the table says, and only 2xx is ever a success."""
    sent = message()
    found = {(sender, status): outcome(sender, status, sent) for status in range(100, 600)}
    assert found == {row: follows for row, follows in ROWS.items() if row[0] == sender}
    assert len(found) == 500
