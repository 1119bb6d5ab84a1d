"""Whose turn it is among the feeds that are due."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.turns import HANDFUL, TurnRules, Turns, due_of, steady_rate
from monitor.records import Due, Feed
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW, SECOND

LAW = settings(deadline=None)


def at(host: str, count: int, first: int = 0) -> list[Feed]:
    """Return some due feeds of one host."""
    return [
        made.feed(f"{host}{number}", id=number + 1, url=f"https://{host}.example/{number}")
        for number in range(first, first + count)
    ]


def start(turns: Turns, due: list[Feed], now: datetime) -> list[str]:
    """Start what may start, and give the names."""
    chosen = turns.choose([due_of(feed) for feed in due], now)
    for one in chosen:
        turns.begin(one, now)
    started = [feed for feed in due if feed.id in {one.id for one in chosen}]
    due[:] = [feed for feed in due if feed not in started]
    return [feed.name for feed in started]


def test_a_host_has_its_pauses() -> None:
    """Two polls of one host begin some seconds apart, whichever of its feeds they are for."""
    turns = Turns(TurnRules(workers=9, per_host=9, host_spacing=5 * SECOND))
    due = [*at("a", 3), *at("b", 1, first=9)]
    assert start(turns, due, NOW) == ["a0", "b9"]
    assert start(turns, due, NOW + 4.9 * SECOND) == []
    assert start(turns, due, NOW + 5 * SECOND) == ["a1"]
    assert start(turns, due, NOW + 10 * SECOND) == ["a2"]


def test_a_slow_host_is_not_crowded() -> None:
    """A host that takes its time is not asked for more meanwhile, however long that is."""
    turns = Turns(TurnRules(workers=9, per_host=1, host_spacing=5 * SECOND))
    first, second = due = at("a", 2)
    assert start(turns, due, NOW) == [first.name]
    assert start(turns, due, NOW + HOUR) == []
    turns.end(first.id)
    assert start(turns, due, NOW + HOUR) == [second.name]


def test_where_it_moved_to_counts() -> None:
    """Feeds that have moved to one host share it, wherever they were."""
    turns = Turns(TurnRules(workers=9, per_host=1))
    due = [
        made.feed(name, id=number, moved_to=f"https://cdn.example/{name}")
        for number, name in enumerate("AB", start=1)
    ]
    assert start(turns, due, NOW) == ["A"]


def test_no_more_is_looked_at_than_needed() -> None:
    """What is due is asked for one by one, until enough may start."""
    turns = Turns(TurnRules(workers=2, per_host=1))

    def due() -> Iterator[Due]:
        yield from [due_of(one) for one in (*at("a", 2), *at("b", 1, first=9))]
        pytest.fail("one too many")

    assert [one.id for one in turns.choose(due(), NOW)] == [1, 10]
    for one in turns.choose(due(), NOW):
        turns.begin(one, NOW)
    assert turns.choose(due(), NOW) == []


def test_a_clock_that_is_put_back_closes_no_host() -> None:
    """If the clock goes back a day, no host has to wait for a day."""
    turns = Turns(TurnRules(workers=9, per_host=9, host_spacing=5 * SECOND))
    due = at("a", 2)
    start(turns, due, NOW)
    assert start(turns, due, NOW - 24 * HOUR) == ["a1"]


def test_a_handful_starts_at_once() -> None:
    """As many feeds as people have are polled at once, whenever they are due."""
    turns = Turns(TurnRules(workers=1_000, per_host=1, starts_per_second=1.0))
    due = [made.feed(str(number), id=number) for number in range(HANDFUL)]
    assert len(start(turns, due, NOW)) == HANDFUL


def test_ten_thousand_overdue_feeds_are_spread() -> None:
    """When a machine wakes up, its feeds are polled one after another within an interval.

    Each once, the oldest first, and in no second many.
    """
    count, every = 10_000, 15 * MINUTE
    rate = steady_rate(count, every)
    turns = Turns(TurnRules(workers=128, per_host=1, starts_per_second=rate))
    due = [due_of(made.feed(str(number), id=number)) for number in range(count)]
    started: list[int] = []
    each_second: list[int] = []
    while due:
        now = NOW + len(each_second) * SECOND
        chosen = turns.choose(due[:1_000], now)
        for one in chosen:
            turns.begin(one, now)
            turns.end(one.id)
        started += [one.id for one in chosen]
        del due[: len(chosen)]
        each_second.append(len(chosen))
    assert started == list(range(count))
    assert len(each_second) * SECOND <= every / 2
    assert each_second[0] == HANDFUL
    assert max(each_second[1:]) <= rate + 1


def test_it_is_known_whether_more_may_be_due() -> None:
    """A choice is cut where workers or the rate end it, and whole where no feed is left."""
    due = [due_of(made.feed(str(number), id=number)) for number in range(HANDFUL + 8)]
    turns = Turns(TurnRules(workers=HANDFUL + 4, per_host=1, starts_per_second=2.0))
    assert not turns.is_cut
    cuts = []
    for second in (0, 0, 2, 4):
        now = NOW + second * SECOND
        chosen = turns.choose(due, now)
        for one in chosen:
            turns.begin(one, now)
        cuts.append((len(chosen), turns.is_cut))
    # All that may start at once; none so soon; what the rate gives; no worker is left.
    assert cuts == [(HANDFUL, True), (0, True), (4, True), (0, True)]
    for one in due:
        turns.end(one.id)
    assert len(turns.choose(due[:2], NOW + 8 * SECOND)) == 2
    assert not turns.is_cut


def test_the_rate_is_never_nothing() -> None:
    """A few feeds of long intervals still start one a second."""
    assert steady_rate(3, 24 * HOUR) == 1.0
    assert steady_rate(0, MINUTE) == 1.0


@LAW
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=40),
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 5),
)
def test_laws_of_turns(
    feeds: list[tuple[str, int]], workers: int, per_host: int, spacing: int
) -> None:
    """Never more than the workers, never more than a host takes, never sooner than its pause.

    And everybody has a turn.
    """
    rules = TurnRules(workers=workers, per_host=per_host, host_spacing=timedelta(seconds=spacing))
    turns = Turns(rules)
    due = [Due(id=number, host=host) for number, (host, _) in enumerate(feeds)]
    lasts = dict(enumerate(length for _, length in feeds))
    ends: defaultdict[int, list[Due]] = defaultdict(list)
    begun: defaultdict[str, list[int]] = defaultdict(list)
    running: Counter[str] = Counter()
    second = 0
    while due:
        for one in ends.pop(second, []):
            turns.end(one.id)
            running[one.host] -= 1
        now = NOW + second * SECOND
        for one in turns.choose(due, now):
            turns.begin(one, now)
            due.remove(one)
            ends[second + lasts[one.id]].append(one)
            begun[one.host].append(second)
            running[one.host] += 1
        assert running.total() <= workers
        assert max(running.values(), default=0) <= per_host
        second += 1
        assert second <= 40 * 15
    for starts in begun.values():
        assert all(later - earlier >= spacing for earlier, later in pairwise(starts))
