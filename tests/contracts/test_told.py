"""What the store promises about what was told beside alerts, on every kind of database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial

import pytest
from sqlalchemy import Engine

from monitor.alerts.notice import make_notice
from monitor.alerts.route import route
from monitor.feeds.troubles import MOST_ARRIVALS, Trouble, TroubleKind
from monitor.records import Batch, DeliveryState, Outcome, Reason
from monitor.store import Hands, Reports, Store, Tellings
from monitor.store.told import Told, write
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

FAILING = Trouble(
    feed_id=1, kind=TroubleKind.FAILING, since=NOW - HOUR, detail="HTTP 503 “überlastet”"
)
SILENT = Trouble(feed_id=1, kind=TroubleKind.SILENT, since=NOW - 9 * DAY, detail="")


@pytest.fixture
def tellings(engine: Engine, store: Store) -> Tellings:
    """Give the tellings of a database with two feeds."""
    store.sync_feeds([made.spec("LRT"), made.spec("BBC")], NOW)
    return Tellings(engine)


def tell(store: Store, told: Told, batch: Batch | None = None) -> None:
    """Commit what was told with its messages."""
    store.commit(batch or Batch(), partial(write, told=told))


def test_troubles_come_and_go(store: Store, tellings: Tellings) -> None:
    """A trouble is kept as it was told until it has ended; each kind of a feed by itself."""
    tell(store, Told(begun=(FAILING, SILENT)))
    assert tellings.troubles() == [FAILING, SILENT]
    # The same batch after a crash.
    tell(store, Told(begun=(FAILING, SILENT)))
    assert tellings.troubles() == [FAILING, SILENT]
    tell(store, Told(ended=(FAILING,)))
    assert tellings.troubles() == [SILENT]


@pytest.mark.usefixtures("tellings")
def test_messages_and_what_they_told_are_one(store: Store) -> None:
    """If what was told cannot be written, its message is not sent either."""
    notice = make_notice("feeds", "1", "LRT fails", "", NOW)
    deliveries = route(notice, [made.destination()], NOW)
    stranger = Trouble(feed_id=77, kind=TroubleKind.SILENT, since=NOW, detail="")
    batch = Batch(alerts=(notice,), deliveries=deliveries)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        tell(store, Told(begun=(stranger,)), batch)
    assert store.claim(NOW, HOUR, Hands(limit=9)) == []
    tell(store, Told(begun=(FAILING,)), batch)
    assert [claim.alerts[0] for claim in store.claim(NOW, HOUR, Hands(limit=9))] == [notice]


def test_reports_are_noted(store: Store, tellings: Tellings) -> None:
    """Up to when a topic was reported on is kept, and moves on."""
    assert tellings.reported() == {}
    tellings.begin(["border", "floods"], NOW)
    tell(store, Told(reported={"border": NOW + DAY}))
    assert tellings.reported() == {"border": NOW + DAY, "floods": NOW}


def test_arrivals(store: Store, tellings: Tellings) -> None:
    """Arrivals are the moments at which anything came, newest first, not the items."""
    moments = [NOW + number * HOUR for number in range(50)]
    for number, at in enumerate(moments):
        pair = [made.seen(f"{number}-{one}", first_seen_at=at, feed_id=1) for one in range(2)]
        store.commit(Batch(items=tuple(map(made.judged, pair))))
    assert tellings.arrivals([1, 2]) == {1: moments[::-1][:MOST_ARRIVALS], 2: []}
    assert tellings.last_items() == {1: moments[-1]}


def test_a_week(store: Store, tellings: Tellings, reports: Reports) -> None:
    """A week counts what was judged, told and lost in it, and names the best that was off-topic."""

    def judge(name: str, value: float, at: datetime, reason: Reason) -> None:
        seen = made.seen(name, first_seen_at=at)
        store.commit(Batch(items=(made.judged(seen, value=value, reason=reason),)))

    judge("before", 0.49, NOW - MINUTE, Reason.BELOW_THRESHOLD)
    judge("far", 0.1, NOW, Reason.BELOW_THRESHOLD)
    judge("near", 0.45, NOW + HOUR, Reason.BELOW_THRESHOLD)
    judge("after", 0.48, NOW + DAY, Reason.BELOW_THRESHOLD)
    judge("told", 0.9, NOW + HOUR, Reason.FIRST_STORY)
    alert = made.alert("told", created_at=NOW + HOUR)
    lost, sent = route(alert, [made.destination("a/1-console"), made.destination("b/1-slack")], NOW)
    sending = tuple(replace(one, state=DeliveryState.SENDING) for one in (lost, sent))
    store.commit(Batch(alerts=(alert,), deliveries=sending))
    for one, state in ((lost, DeliveryState.DEAD), (sent, DeliveryState.DELIVERED)):
        store.settle(Outcome(delivery_ids=(one.id,), state=state, at=NOW))
    for name, reason in (("test", Reason.TEST), ("notice", Reason.NOTICE)):
        other = made.alert(name, reason=reason, created_at=NOW + HOUR, items=())
        store.commit(Batch(alerts=(other,)))
    week = tellings.week("border", NOW, NOW + DAY)
    assert (week.items, week.alerts, week.undelivered) == (3, {Reason.FIRST_STORY: 1}, 1)
    assert week.closest is not None
    assert week.closest[0].id == made.seen("near").id
    assert tellings.week("floods", NOW, NOW + DAY).closest is None
    assert reports.topic("border", NOW - DAY).alerts == 1
