"""When a feed is next due."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.address import host_of
from monitor.feeds.moves import address
from monitor.feeds.schedule import JITTER, REFUSED, after_failure, after_success
from monitor.records import (
    Document,
    Feed,
    FetchFailure,
    Hints,
    HostRest,
    Move,
    NotModified,
    Poll,
    Stage,
)
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND

# A busy machine may take its time.
LAW = settings(deadline=None)

CHANCES = st.floats(0, 1, exclude_max=True)
INTERVALS = st.timedeltas(timedelta(seconds=1), 30 * DAY)
KNOWN = made.feed(etag='"1"', last_modified="Monday", body_hash=made.digest("old"))


def due_in(poll: Poll) -> timedelta:
    """Give the time to the next poll."""
    return poll.due_at - NOW


def succeeded(
    feed: Feed,
    result: Document | NotModified,
    *,
    chance: float = 0.5,
    body_hash: str | None = None,
    at_least_every: timedelta = 6 * HOUR,
    hints: Hints | None = None,
    base: timedelta | None = None,
) -> Poll:
    """Plan the next poll of a feed that answered well; `hints` are those of a new document."""
    return after_success(
        feed if hints is None else replace(feed, hints=hints),
        result,
        chance=chance,
        body_hash=body_hash,
        at_least_every=at_least_every,
        base=base,
    )


# --------------------------------------------------------------------------------------- success


@pytest.mark.parametrize(
    "result, etag, last_modified",
    [
        (made.document(etag='"2"', last_modified="Tuesday"), '"2"', "Tuesday"),
        (made.document(etag='"2"'), '"2"', None),
        (made.document(), None, None),
        (NotModified(fetched_at=NOW), '"1"', "Monday"),
        (NotModified(etag='"2"', fetched_at=NOW), '"2"', "Monday"),
        (NotModified(last_modified="Tuesday", fetched_at=NOW), '"1"', "Tuesday"),
    ],
    ids=[
        "a document brings its validators",
        "and takes away what it does not bring",
        "even all of them",
        "where nothing changed, they stay",
        "or are replaced by what came",
        "each by itself",
    ],
)
def test_validators(
    result: Document | NotModified, etag: str | None, last_modified: str | None
) -> None:
    """The next poll asks with the validators of the last answer."""
    poll = succeeded(KNOWN, result, body_hash=KNOWN.body_hash)
    assert (poll.etag, poll.last_modified) == (etag, last_modified)


def test_a_success_is_written_down() -> None:
    """A good answer ends all failures and is remembered by its time and its body."""
    failing = made.feed(failures=7, last_error="HTTP 500", baseline_at=None)
    poll = succeeded(failing, made.document(), body_hash=made.digest("new"))
    assert poll == Poll(
        feed_id=1,
        polled_at=NOW,
        due_at=NOW + 15 * MINUTE,
        ok=True,
        failures=0,
        document_url="https://lrt.example/rss",
        body_hash=made.digest("new"),
        whole_at=NOW,
        baseline_at=NOW,
    )


def test_the_first_poll_stays_the_baseline() -> None:
    """Only the first good poll of a feed is its baseline."""
    poll = succeeded(KNOWN, made.document())
    assert poll.baseline_at == NOW - DAY
    assert poll.body_hash == KNOWN.body_hash


@LAW
@given(INTERVALS, CHANCES)
def test_the_next_poll_is_about_an_interval_away(every: timedelta, chance: float) -> None:
    """A feed that answers is polled at its own interval, give or take the jitter."""
    wait = due_in(succeeded(made.feed(every=every), made.document(), chance=chance))
    assert abs(wait - every) <= JITTER * every + timedelta(microseconds=1)
    assert wait > timedelta(0)


@pytest.mark.parametrize(
    "result, document_hints, wait",
    [
        (made.document(fresh_for=MINUTE), Hints(), 15 * MINUTE),
        (made.document(fresh_for=HOUR), Hints(), HOUR),
        (NotModified(fresh_for=HOUR, fetched_at=NOW), None, 2 * HOUR),
        (NotModified(fresh_for=3 * HOUR, fetched_at=NOW), None, 3 * HOUR),
        (made.document(), Hints(ttl=30 * MINUTE), 30 * MINUTE),
        (made.document(), Hints(update_every=HOUR), HOUR),
        (made.document(fresh_for=2 * HOUR), Hints(ttl=HOUR, update_every=3 * HOUR), 3 * HOUR),
        (made.document(), None, 2 * HOUR),
        (made.document(), Hints(), 15 * MINUTE),
        (made.document(), Hints(update_every=DAY), 6 * HOUR),
        (made.document(fresh_for=7 * DAY), Hints(), 6 * HOUR),
        (made.document(), Hints(skip_hours=(14, 15)), 2 * HOUR - SECOND),
        (made.document(), Hints(skip_days=(0, 1)), 6 * HOUR),
    ],
    ids=[
        "a hint is no reason to hurry",
        "the headers ask for patience",
        "with a 304, what the document said counts too",
        "whichever asks for more",
        "the feed asks by its ttl",
        "or by its update period",
        "the most patient one counts",
        "a document that was not read again says what it said",
        "one that says nothing takes its hints back",
        "a day is too long",
        "a week too",
        "hours to skip are skipped",
        "days only as far as the longest wait",
    ],
)
def test_hints_are_floors(
    result: Document | NotModified, document_hints: Hints | None, wait: timedelta
) -> None:
    """What server and feed ask for makes the wait longer, never shorter, up to the longest."""
    feed = made.feed(hints=Hints(ttl=2 * HOUR))
    at = NOW.replace(hour=14, minute=0, second=1, microsecond=0)
    result = replace(result, fetched_at=at)
    poll = succeeded(feed, result, hints=document_hints)
    # Half of the jitter, on what was asked for.
    assert wait <= poll.due_at - at <= min(wait * (1 + JITTER / 2) + 2 * MINUTE, 6 * HOUR)


@pytest.mark.parametrize(
    "base, wait",
    [
        (7 * MINUTE, 2 * HOUR),
        (2 * HOUR, 2 * HOUR),
        (5 * HOUR, 5 * HOUR),
        (9 * HOUR, 9 * HOUR),
    ],
    ids=[
        "a busy feed waits all the same",
        "as long as it is anyway",
        "a quiet one waits longer",
        "even beyond the longest, as it was learned",
    ],
)
def test_what_was_learned_and_what_is_asked_for(base: timedelta, wait: timedelta) -> None:
    """The longer of the interval that was learned and the wait that is asked for counts."""
    feed = made.feed(hints=Hints(ttl=2 * HOUR))
    poll = succeeded(feed, made.document(), chance=0.5, base=base)
    assert wait <= due_in(poll) <= wait * (1 + JITTER / 2)
    assert poll.is_held == (base <= 2 * HOUR)


def test_what_is_asked_for_stays_within_what_was_learned() -> None:
    """Where the learned interval is short, a document's week is still no more than the longest."""
    poll = succeeded(made.feed(), made.document(), hints=Hints(ttl=7 * DAY), base=6 * MINUTE)
    assert (due_in(poll), poll.is_held) == (6 * HOUR, True)


@pytest.mark.parametrize(
    "fresh_for, hints, wait",
    [
        (None, Hints(ttl=2 * HOUR), 15 * MINUTE),
        (None, Hints(update_every=DAY), 15 * MINUTE),
        (None, Hints(skip_hours=(14, 15), skip_days=(0,)), 15 * MINUTE),
        (HOUR, Hints(), HOUR),
        (HOUR, Hints(ttl=2 * HOUR, skip_hours=(14, 15)), HOUR),
    ],
    ids=["ttl", "update period", "hours and days to skip", "its server", "its server, not both"],
)
def test_a_persons_word_goes_before_a_documents(
    fresh_for: timedelta | None, hints: Hints, wait: timedelta
) -> None:
    """A feed with an `every` of its own heeds what its server says, but no default of a CMS."""
    own = made.feed(has_own_interval=True)
    poll = succeeded(own, made.document(fresh_for=fresh_for), chance=0.5, hints=hints)
    assert wait <= due_in(poll) <= wait * (1 + JITTER / 2)
    assert (poll.hints, poll.is_held) == (hints, fresh_for is not None)
    other = succeeded(made.feed(), made.document(fresh_for=fresh_for), hints=hints)
    assert other.is_held


@LAW
@given(INTERVALS, INTERVALS, INTERVALS, CHANCES, st.sets(st.integers(0, 23)))
def test_hints_keep_within_our_bounds(
    every: timedelta, asked: timedelta, longest: timedelta, chance: float, hours: set[int]
) -> None:
    """Whatever is asked for, no poll is later than the longest wait or one interval."""
    feed, hints = made.feed(every=every), Hints(ttl=asked, skip_hours=tuple(hours))
    poll = succeeded(feed, made.document(), chance=chance, at_least_every=longest, hints=hints)
    assert due_in(poll) >= every * (1 - JITTER) - SECOND
    assert due_in(poll) <= max(longest, every * (1 + JITTER)) + SECOND


def test_those_that_skip_the_same_hours_do_not_meet() -> None:
    """Feeds that skip the same hours are polled one after another when these are over."""
    hints = Hints(skip_hours=(14, 15))
    due = {
        succeeded(made.feed(), made.document(), chance=chance / 10, hints=hints).due_at
        for chance in range(10)
    }
    assert len(due) == 10
    assert min(due) == NOW.replace(hour=16, minute=0, second=0, microsecond=0)


def test_a_feed_whose_validators_lie_and_an_every_of_its_own() -> None:
    """To be sent everything each time is about the server: it holds for every feed."""
    own = made.feed(lied_at=NOW - DAY, has_own_interval=True)
    poll = succeeded(own, made.document(), chance=0.0)
    assert (due_in(poll), poll.is_held) == (HOUR, True)


def test_a_feed_whose_validators_lie_is_asked_each_hour() -> None:
    """Where everything is sent each time, an hour passes between two polls."""
    poll = succeeded(made.feed(lied_at=NOW - DAY), made.document(), chance=0.0)
    assert due_in(poll) == HOUR
    assert poll.lied_at == NOW - DAY


def test_a_part_is_no_whole() -> None:
    """A part (226) brings the validators of the whole, but no hash, and does not count as one."""
    feed = replace(KNOWN, whole_at=NOW - HOUR, offers_deltas=True)
    part = made.document(is_partial=True, offers_deltas=True, etag='"2"')
    poll = succeeded(feed, part, body_hash=made.digest("a part"))
    assert (poll.etag, poll.offers_deltas) == ('"2"', True)
    assert (poll.body_hash, poll.whole_at) == (KNOWN.body_hash, NOW - HOUR)


def test_a_304_keeps_what_is_known() -> None:
    """Where nothing has changed, all that was known of the document stays."""
    known = replace(
        KNOWN,
        document_url="https://cdn.example/rss",
        whole_at=NOW - HOUR,
        offers_deltas=True,
        hints=Hints(ttl=MINUTE),
    )
    poll = succeeded(known, NotModified(fetched_at=NOW))
    assert (poll.document_url, poll.whole_at) == ("https://cdn.example/rss", NOW - HOUR)
    assert (poll.body_hash, poll.offers_deltas) == (KNOWN.body_hash, True)
    assert poll.hints == Hints(ttl=MINUTE)


def test_a_move_is_written_down() -> None:
    """When a permanent redirect has held, the feed's place and host are new, and nothing else."""
    there = "https://NEW.example/rss"
    feed = replace(KNOWN, move=Move(to=there, since=NOW - DAY, polls=4))
    poll = succeeded(feed, made.document(moved_to=there))
    assert (poll.moved_to, poll.host, poll.move) == (there, "new.example", None)
    first = succeeded(KNOWN, made.document(moved_to=there))
    assert (first.moved_to, first.host, first.move) == (None, None, Move(to=there, since=NOW))


# -------------------------------------------------------------------------------------- failures


def failed(
    failures: int,
    *,
    every: timedelta = 15 * MINUTE,
    retry_after: timedelta | None = None,
    at_least_every: timedelta = 6 * HOUR,
    chance: float = 0.5,
) -> Poll:
    """Plan the next try of a feed that has failed some times before."""
    return after_failure(
        made.feed(failures=failures, every=every),
        made.failure(retry_after=retry_after),
        chance=chance,
        at_least_every=at_least_every,
    )


@pytest.mark.parametrize(
    "poll, wait",
    [
        (failed(0), 15 * MINUTE),
        (failed(1), 30 * MINUTE),
        (failed(4), 4 * HOUR),
        (failed(5), 6 * HOUR),
        (failed(1_000_000), 6 * HOUR),
        (failed(9, every=12 * HOUR), 12 * HOUR),
        (failed(0, retry_after=HOUR), HOUR),
        (failed(0, retry_after=MINUTE), 15 * MINUTE),
        (failed(9, retry_after=DAY), DAY),
        (failed(0, chance=0.0), 13.5 * MINUTE),
        (failed(0, retry_after=15 * MINUTE, chance=0.0), 15 * MINUTE),
    ],
    ids=[
        "one failure changes no interval",
        "a second one doubles it",
        "and so on",
        "up to the longest",
        "for ever",
        "a feed of long intervals keeps its own",
        "what the server asks for is waited for",
        "but is no reason to hurry",
        "even beyond the longest",
        "chance spreads the tries",
        "but not to before what was asked for",
    ],
)
def test_patience(poll: Poll, wait: timedelta) -> None:
    """A feed that fails is tried ever less often, and never given up."""
    assert due_in(poll) == wait


@pytest.mark.parametrize("status", sorted(REFUSED))
@pytest.mark.parametrize(
    "failures, wait",
    [(0, 15 * MINUTE), (1, HOUR), (2, 4 * HOUR), (3, 16 * HOUR), (4, DAY), (1_000_000, DAY)],
)
def test_who_is_refused_asks_seldom(status: int, failures: int, wait: timedelta) -> None:
    """A feed that is refused or not found is asked ever less often: once a day, but for ever."""
    refused = made.failure(f"HTTP {status}", status=status)
    poll = after_failure(made.feed(failures=failures), refused, chance=0.5, at_least_every=6 * HOUR)
    assert (due_in(poll), poll.gone_at) == (wait, None)


GONE = made.failure("HTTP 410 Gone", status=410)


@pytest.mark.parametrize(
    "feed, failure, wait, gone_at",
    [
        (made.feed(), GONE, DAY, NOW),
        (made.feed(failures=7), GONE, DAY, NOW),
        (made.feed(failures=1, gone_at=NOW - DAY), GONE, 7 * DAY, NOW - DAY),
        (
            made.feed(failures=1, gone_at=NOW - DAY),
            made.failure("HTTP 404", status=404),
            7 * DAY,
            NOW - DAY,
        ),
        (
            made.feed(failures=1, gone_at=NOW - DAY),
            made.failure("connection refused"),
            DAY,
            NOW - DAY,
        ),
        (made.feed(moved_to="https://new.example/rss"), GONE, 15 * MINUTE, None),
        (made.feed(moved_to="https://new.example/rss", failures=3), GONE, DAY, NOW),
    ],
    ids=[
        "gone: one look after a day",
        "also one that failed before",
        "still gone: a look a week",
        "not found is no life either",
        "no answer says nothing: a look a day",
        "gone where it moved to: its own address is asked first",
        "gone there too",
    ],
)
def test_gone(feed: Feed, failure: FetchFailure, wait: timedelta, gone_at: datetime | None) -> None:
    """A feed that is gone is no longer polled, but looked at now and then."""
    poll = after_failure(feed, failure, chance=0.5, at_least_every=6 * HOUR)
    assert (due_in(poll), poll.gone_at) == (wait, gone_at)


def test_it_is_back() -> None:
    """A feed that answers well again is not gone any more."""
    assert succeeded(made.feed(gone_at=NOW - DAY, failures=9), made.document()).gone_at is None


@pytest.mark.parametrize(
    "status, retry_after, rest, wait",
    [
        (429, HOUR, HOUR, HOUR),
        (429, MINUTE, MINUTE, 15 * MINUTE),
        (429, None, HOUR, HOUR),
        (429, timedelta(0), timedelta(0), 15 * MINUTE),
        (503, HOUR, None, HOUR),
        (503, None, None, 15 * MINUTE),
    ],
)
def test_a_host_that_has_had_enough(
    status: int, retry_after: timedelta | None, rest: timedelta | None, wait: timedelta
) -> None:
    """With a 429 the whole host rests as long as it asks for, an hour if it does not say."""
    failure = made.failure(status=status, host="lrt.example", retry_after=retry_after)
    poll = after_failure(made.feed(), failure, chance=0.5, at_least_every=6 * HOUR)
    until = None if rest is None else HostRest(host="lrt.example", until=NOW + rest)
    assert (poll.host_rest, due_in(poll)) == (until, wait)


def test_a_failure_is_written_down() -> None:
    """A failure counts, says its cause, and brings nothing else."""
    poll = failed(2)
    expected = Poll(
        feed_id=1, polled_at=NOW, due_at=poll.due_at, ok=False, failures=3, error="HTTP 500"
    )
    assert poll == expected


def test_patience_starts_from_what_was_learned() -> None:
    """A feed that fails is tried again at the pace that was learned, and then ever less often."""
    for failures, hours in ((0, 2), (1, 4), (2, 6)):
        poll = after_failure(
            made.feed(failures=failures),
            made.failure(),
            chance=0.5,
            at_least_every=6 * HOUR,
            base=2 * HOUR,
        )
        assert due_in(poll) == hours * HOUR


def test_where_the_next_try_goes() -> None:
    """A move that came to nothing is doubted: which host is asked next is known beforehand."""
    feed = made.feed(moved_to="https://new.example/rss")
    hosts = []
    for failures in range(5):
        failing = replace(feed, failures=failures)
        poll = after_failure(failing, made.failure(), chance=0.5, at_least_every=6 * HOUR)
        hosts.append(poll.host)
        assert poll.host == host_of(address(replace(feed, failures=poll.failures)))
    assert hosts == [f"{name}.example" for name in ("new", "new", "lrt", "new", "lrt")]
    assert succeeded(replace(feed, failures=3), made.document()).host is not None
    assert succeeded(made.feed(), made.document()).host is None


@LAW
@given(st.integers(0, 10_000), INTERVALS, INTERVALS, CHANCES, st.none() | INTERVALS)
def test_patience_is_bounded(
    failures: int,
    every: timedelta,
    at_least_every: timedelta,
    chance: float,
    retry_after: timedelta | None,
) -> None:
    """No try comes before an interval is over, nor later than the longest wait or what is asked."""
    poll = failed(
        failures,
        every=every,
        at_least_every=at_least_every,
        chance=chance,
        retry_after=retry_after,
    )
    asked = retry_after or timedelta(0)
    assert max(every * (1 - JITTER), asked) - SECOND <= due_in(poll)
    assert due_in(poll) <= max(at_least_every * (1 + JITTER), every * (1 + JITTER), asked) + SECOND


@LAW
@given(st.integers(0, 10_000), INTERVALS, INTERVALS, CHANCES)
def test_patience_grows(
    failures: int, every: timedelta, at_least_every: timedelta, chance: float
) -> None:
    """By the same chance, one more failure never means a shorter wait."""
    waits = [
        due_in(failed(count, every=every, at_least_every=at_least_every, chance=chance))
        for count in (failures, failures + 1)
    ]
    assert waits[0] <= waits[1]


def test_a_failure_says_how_far_it_came() -> None:
    """A feed's error begins with the stage at which its exchange ended, if it broke off."""
    broken = made.failure("connection refused", stage=Stage.CONNECT)
    answered = made.failure("HTTP 500")
    for failure, error in ((broken, "connect: connection refused"), (answered, "HTTP 500")):
        poll = after_failure(made.feed(), failure, chance=0.5, at_least_every=DAY)
        assert poll.error == error
