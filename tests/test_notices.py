"""The operator is told, in the log and through the outbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from monitor.alerts.notice import make_notice
from monitor.notices import Notices
from monitor.store import Reports, Store, migrate, open_engine
from tests.fakes.made import HOUR, NOW, destination

SLACK, MAIL = destination("desk/1-slack"), destination("desk/2-email")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Store, Reports]]:
    """Give an empty database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    migrate(engine)
    yield Store(engine), Reports(engine)
    engine.dispose()


def test_a_notice_reaches_the_outbox_once(place: tuple[Store, Reports]) -> None:
    """A notice is due to each of the operator's destinations but those it tells of, once."""
    store, reports = place
    notices = Notices(store, (SLACK, MAIL))
    for hours in range(2):
        notice = make_notice("paused", "slack", "paused", "", NOW + hours * HOUR)
        notices.tell(notice, never={SLACK.name})
    (stored,) = reports.alerts()
    assert stored.detail == "paused"
    (delivery,) = reports.deliveries_of([stored.id])
    assert (delivery.destination, delivery.due_at) == (MAIL.name, NOW)


@pytest.mark.parametrize("operator", [(), (SLACK,)])
def test_nobody_to_tell(place: tuple[Store, Reports], operator: tuple[()]) -> None:
    """Without an operator, or another way to reach one, a notice is in the log only."""
    store, reports = place
    with structlog.testing.capture_logs() as logs:
        notice = make_notice("paused", "slack", "It is paused", "Look\nat it.", NOW)
        Notices(store, operator).tell(notice, never={SLACK.name})
    assert reports.alerts() == []
    (line,) = logs
    assert (line["event"], line["headline"], line["text"]) == (
        "notice",
        "It is paused",
        "Look at it.",
    )
