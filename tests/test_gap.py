"""What a service says that stood still, or was restored: one digest, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.alerts.bundle import join, window_of
from monitor.records import Alert, Claim, Reason
from monitor.start import gather, redate
from monitor.store import Hands
from monitor.store.backup import mark_restored
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND
from tests.test_schedules import DIGEST, FIRST, Newsroom

pytestmark = pytest.mark.xdist_group("english")

# Of one topic, and each a story of its own.
NEWS = (
    FIRST,
    "Lukashenko in Minsk says Belarus will cut gas to Poland over new sanctions",
    "Warsaw builds a wall at the border of Belarus against migrants, says minister",
)


@pytest.fixture
def newsroom(tmp_path: Path) -> Iterator[Newsroom]:
    """Give a service whose feed has had its baseline."""
    room = Newsroom(tmp_path)
    room.poll()
    yield room
    room.app.close()


def claims(room: Newsroom) -> list[Claim]:
    """Send nothing, but give what is due now as messages."""
    return room.app.store.claim(room.now, 30 * SECOND, Hands(limit=10))


def digest(claim: Claim) -> Alert:
    """Give what a message says."""
    return join(claim.alerts, window=window_of(claim.deliveries))


def test_a_short_stop_is_no_gap(newsroom: Newsroom) -> None:
    """An upgrade, or a restart, is told as if nothing had been."""
    newsroom.now += 3 * HOUR
    newsroom.poll(FIRST)
    assert newsroom.slots() == [(3 * HOUR + 30 * SECOND, "border")]


def test_what_was_missed_is_one_message(newsroom: Newsroom) -> None:
    """After a long stop all that came meanwhile is one digest, which counts each of it."""
    newsroom.now += 2 * DAY
    batch = newsroom.poll(*NEWS)
    told = len(batch.alerts)
    assert told >= 2
    group = "missed/2021-11-08 14:00 to 2021-11-10 14:00 UTC, border"
    assert newsroom.slots() == [(2 * DAY + 5 * MINUTE, group)] * told
    assert claims(newsroom) == []
    newsroom.now += 5 * MINUTE
    (claim,) = claims(newsroom)
    said = digest(claim)
    assert len(said.items) + said.left_out == told
    assert said.detail.startswith("missed while nothing was read, 2021-11-08 14:00 to")
    assert said.reason is Reason.DIGEST


def test_what_waited_goes_along(newsroom: Newsroom) -> None:
    """What waited when the service stopped is part of the same message, and not one of its own."""
    newsroom.poll(NEWS[0])
    newsroom.now += 2 * DAY
    redate(newsroom.app, newsroom.now)
    gather(newsroom.app)
    newsroom.poll(NEWS[1])
    newsroom.now += 5 * MINUTE
    (claim,) = claims(newsroom)
    assert len(claim.deliveries) == 2
    assert claim.deliveries[0].created_at < newsroom.now - DAY


def test_news_after_the_gap_are_told_as_ever(newsroom: Newsroom) -> None:
    """The second poll after a gap finds nothing but news."""
    newsroom.now += 2 * DAY
    newsroom.poll(NEWS[0])
    newsroom.now += 15 * MINUTE
    newsroom.poll(NEWS[1])
    assert newsroom.slots()[-1] == (2 * DAY + 15 * MINUTE + 30 * SECOND, "border")


def test_a_restart_while_it_is_gathered_breaks_nothing_up(newsroom: Newsroom) -> None:
    """What is gathered stays together when the service starts anew, or reloads."""
    newsroom.now += 2 * DAY
    told = len(newsroom.poll(*NEWS).alerts)
    before = newsroom.slots()
    newsroom.now += MINUTE
    newsroom.reload(["console"])
    assert newsroom.slots() == before
    newsroom.now += 4 * MINUTE
    (claim,) = claims(newsroom)
    assert len(claim.deliveries) == told


def test_a_digest_takes_what_was_missed(newsroom: Newsroom) -> None:
    """Who has digests gets it in the next one: that is one message anyway."""
    newsroom.reload(DIGEST)
    newsroom.now += 2 * DAY
    newsroom.poll(*NEWS)
    assert {group.partition("/")[0] for _, group in newsroom.slots()} == {"digest"}


def test_after_a_restore_all_that_is_new_may_have_been_told(newsroom: Newsroom) -> None:
    """However young a backup is: what came since, and waited then, is one digest that says so."""
    newsroom.poll(NEWS[0])
    newsroom.now += HOUR
    mark_restored(newsroom.app.engine, newsroom.now)
    newsroom.now += MINUTE
    newsroom.reload(["console"])
    gather(newsroom.app)
    newsroom.poll(NEWS[1])
    newsroom.now += 5 * MINUTE
    (claim,) = claims(newsroom)
    assert len(claim.deliveries) == 2
    assert "some may have been told before" in digest(claim).detail
    newsroom.poll(NEWS[2])
    assert all(not group.startswith("restored/") for _, group in newsroom.slots())


def test_a_feed_that_is_seldom_asked_misses_nothing(newsroom: Newsroom) -> None:
    """A feed with an interval of a day is told as ever each day."""
    newsroom.now += DAY
    feed = replace(newsroom.feed(), every=DAY)
    assert newsroom.app.gap.missed(feed, newsroom.now) is None
    assert newsroom.app.gap.missed(replace(feed, every=MINUTE), newsroom.now) is not None


def test_one_round_now_and_then_misses_nothing(newsroom: Newsroom) -> None:
    """Who lets it run once a day by hand has no gaps, but a restore counts there, too."""
    newsroom.app.gap.in_one_round()
    newsroom.now += 3 * DAY
    assert newsroom.app.gap.missed(newsroom.feed(), newsroom.now) is None
    mark_restored(newsroom.app.engine, newsroom.now)
    newsroom.reload(["console"])
    newsroom.app.gap.in_one_round()
    found = newsroom.app.gap.missed(newsroom.feed(), newsroom.now)
    assert found is not None
    assert (found.is_restored, found.due_at) == (True, newsroom.now)


def test_a_first_look_is_no_gap(tmp_path: Path) -> None:
    """A feed that is new has its baseline and catch-up, whatever else stood still."""
    room = Newsroom(tmp_path)
    batch = room.poll(*NEWS)
    assert (batch.alerts, NOW) == ((), room.now)
    room.app.close()


def test_what_was_pruned_is_not_told_when_it_slides_back(newsroom: Newsroom) -> None:
    """An item that its feed lists again after it was pruned is known, told or not."""
    newsroom.now += HOUR
    assert newsroom.poll(NEWS[0], "Lech wins the cup final in Poznan").alerts
    old = list(newsroom.items)
    newsroom.items = []
    for _ in range(2):
        newsroom.now += 200 * DAY
        newsroom.poll()
        for _ in range(20):
            newsroom.app.caretaker.tick(newsroom.now)
    assert newsroom.app.reports.counts()["items"] == 1
    newsroom.items = old
    newsroom.now += HOUR
    batch = newsroom.poll()
    assert (batch.items, batch.alerts) == ((), ())
