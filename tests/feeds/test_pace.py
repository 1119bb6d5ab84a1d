"""How often a feed is polled, and what of it is learned."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import isclose, sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.feeds.pace import (
    MOST_A_DAY,
    MOST_STRANGE,
    Bounds,
    count_pushed,
    demand,
    observe,
    rate,
    wait,
)
from monitor.feeds.pacer import Pacer, price_of
from monitor.records import Feed, Pace
from monitor.store.paces import pace_json, pace_of
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

# A busy machine may take its time.
LAW = settings(deadline=None)

BOUNDS = Bounds(least=5 * MINUTE, most=6 * HOUR)
# One poll of a feed: hours since the one before, new items, items listed.
POLLS = st.lists(
    st.tuples(st.floats(0.001, 400), st.integers(0, 60), st.integers(0, 60)).map(
        lambda one: (one[0], min(one[1:]), max(one[1:]))
    ),
    max_size=25,
)
DEMANDS = st.lists(st.floats(0.05, 60), min_size=1, max_size=40)
PRICES = st.floats(1e-6, 1e3)


def after(polls: list[tuple[float, int, int]]) -> Pace:
    """Give what is known of a feed after some polls."""
    pace, now = observe(None, NOW), NOW
    for hours, new, listed in polls:
        now += timedelta(hours=hours)
        pace = observe(pace, now, new=new, listed=listed)
    return pace


def steady(items: int, every: timedelta, days: int = 14, *, listed: int = 100) -> Pace:
    """Give what is known of a feed that brings as many items at each poll."""
    hours = every / HOUR
    return after([(hours, items, listed)] * round(days * DAY / every))


def polls_a_day(feeds: list[float], price: float) -> list[float]:
    """Give what each demand takes at a price, within the bounds."""
    least, most = DAY / BOUNDS.most, DAY / BOUNDS.least
    return [min(max(one / sqrt(2 * price), least), most) for one in feeds]


# -------------------------------------------------------------------------------------- learning


def test_the_first_poll_only_starts_the_clock() -> None:
    """What a feed holds when it is first polled says nothing of its rate."""
    assert observe(None, NOW, new=500, listed=500) == Pace(observed_at=NOW)


@pytest.mark.parametrize(
    "pace, a_day",
    [
        (after([]), 1.0),
        (after([(1, 3, 30)]), 4 / (1 + 1 / 24)),
        (steady(1, HOUR), 21.9),
        (steady(12, 12 * HOUR), 21.9),
        (steady(0, 6 * HOUR, listed=0), 0.09),
        (steady(10, HOUR, 1, listed=10), 1.0),
        (steady(2, HOUR, 1, listed=2), 24.5),
    ],
    ids=[
        "at first, one item a day",
        "one lucky poll hardly counts",
        "a steady feed is known to a tenth in two weeks",
        "how it is polled makes no difference",
        "silence is learned too",
        "documents without a known item teach nothing",
        "but for those that are too short to tell",
    ],
)
def test_rates(pace: Pace, a_day: float) -> None:
    """A rate is what was seen, moderated by what was believed before."""
    assert rate(pace) == pytest.approx(a_day, rel=0.06)


def test_old_counts_fade() -> None:
    """A feed that falls silent is forgotten by half in two weeks, and so is its silence."""
    busy = steady(1, HOUR, 60)
    silent = busy
    for _ in range(14 * 4):
        silent = observe(silent, silent.observed_at + 6 * HOUR)
    assert silent.items == pytest.approx(busy.items / 2, rel=0.001)
    assert rate(silent) == pytest.approx(rate(busy) / 2, rel=0.1)


def test_hours_and_weekdays_are_learned() -> None:
    """A feed that publishes at nine on weekdays is polled more often then than at night."""
    pace, now = observe(None, datetime(2026, 1, 5, tzinfo=UTC)), datetime(2026, 1, 5, tzinfo=UTC)
    for hour in range(1, 24 * 7 * 6):
        now = datetime(2026, 1, 5, tzinfo=UTC) + hour * HOUR
        new = 3 if now.hour == 10 and now.weekday() < 5 else 0
        pace = observe(pace, now, new=new, listed=30 if new else 0)
    monday, price = datetime(2026, 3, 2, tzinfo=UTC), 0.05
    by_day = wait(pace, monday + 9 * HOUR, price, BOUNDS)
    by_night = wait(pace, monday + 20 * HOUR, price, BOUNDS)
    sunday = wait(pace, monday - DAY + 9 * HOUR, price, BOUNDS)
    assert by_day < sunday / 1.5
    assert by_day < by_night / 3


def test_a_night_does_not_outlast_the_morning() -> None:
    """A wait that begins in quiet hours ends when the busy ones come, not by the night's rate."""
    hours = (0.0,) * 8 + (40.0,) * 4 + (0.0,) * 12
    pace = Pace(observed_at=NOW, items=160, days=14, hours=hours, weekdays=(160 / 7,) * 7)
    bounds = replace(BOUNDS, most=DAY)
    night = datetime(2026, 1, 5, 2, tzinfo=UTC)
    assert night + wait(pace, night, 0.2, bounds) < night.replace(hour=11)


@pytest.mark.parametrize(
    "known, lost",
    [(0, 1), (9, 1), (10, 0), (30, 0)],
    ids=["nothing known", "less than a third", "a third", "all"],
)
def test_what_may_be_lost_is_counted(known: int, lost: int) -> None:
    """If less than a third of a document was known, items may have come and gone between polls."""
    pace = after([(1, 30 - known, 30)])
    assert (pace.lost, pace.lost_at) == (lost, NOW + HOUR if lost else None)


def test_a_document_that_turns_over_is_read_sooner() -> None:
    """If a document was replaced in an hour, the next poll comes before two thirds of that."""
    full = after([(1, 30, 30)])
    half = after([(1, 15, 30)])
    assert wait(full, full.observed_at, 1e3, BOUNDS) == 40 * MINUTE
    assert wait(half, half.observed_at, 1e3, BOUNDS) == 80 * MINUTE
    # The burst is over.
    later = observe(full, full.observed_at + 40 * MINUTE)
    assert wait(later, later.observed_at, 1e3, BOUNDS) == BOUNDS.most


def test_keys_that_lie_hurry_nobody() -> None:
    """A feed whose every poll looks new is taken for what it is after a few, and learns nothing."""
    lying = after([(0.25, 30, 30)] * 50)
    assert rate(lying) == 1.0
    assert lying.lost == MOST_STRANGE
    assert wait(lying, lying.observed_at, 1e3, BOUNDS) == BOUNDS.most
    honest = observe(lying, lying.observed_at + HOUR, new=1, listed=30)
    assert (honest.strange, honest.items) == (0, 1.0)


def test_a_push_counts_in_its_hour() -> None:
    """Pushed items count at the moment they came, and the next poll counts the time once."""
    start = NOW.replace(minute=0, second=0, microsecond=0)
    pace = count_pushed(observe(None, start), start + 3 * HOUR, 2)
    assert pace.hours[17] == 2
    assert pace.weekdays[0] == 2
    assert (pace.observed_at, pace.days) == (start, 0)
    polled = observe(pace, start + 6 * HOUR, new=0, listed=20)
    assert polled.items == pytest.approx(2, rel=0.02)
    assert polled.days == 0.25
    assert (polled.turnover, polled.lost) == (None, 0)


def test_a_push_of_keys_that_lie_teaches_nothing() -> None:
    """Where all looks new each time, so it does when it is pushed."""
    lying = after([(0.25, 30, 30)] * 50)
    assert count_pushed(lying, lying.observed_at + HOUR, 30) == lying


def test_a_push_before_anything_is_known_starts_the_clock() -> None:
    """A feed whose pace was not learned so far begins with what is pushed."""
    assert count_pushed(None, NOW, 1).observed_at == NOW


@LAW
@given(POLLS, st.lists(st.integers(1, 2000), max_size=9))
def test_pushes_teach_within_bounds(polls: list[tuple[float, int, int]], news: list[int]) -> None:
    """However much is pushed, the rate stays a sensible number, and never falls by it."""
    pace = after(polls)
    for new in news:
        more = count_pushed(pace, pace.observed_at + HOUR, new)
        assert rate(pace) <= rate(more) <= MOST_A_DAY
        assert pace_of(pace_json(more)) == more
        pace = more


@LAW
@given(POLLS)
def test_what_is_learned_is_bounded(polls: list[tuple[float, int, int]]) -> None:
    """No history, however wild, makes a rate that is not a sensible number, nor a large state."""
    pace = after(polls)
    assert 0 < rate(pace) <= MOST_A_DAY
    assert 0 < demand(pace) <= sqrt(MOST_A_DAY) + 1e-9
    assert len(str(pace_json(pace))) < 700
    assert min((*pace.hours, *pace.weekdays, pace.items, pace.days)) >= 0


@LAW
@given(POLLS)
def test_what_is_learned_survives_the_store(polls: list[tuple[float, int, int]]) -> None:
    """What is read back is what was written, to the last digit."""
    pace = after(polls)
    assert pace_of(pace_json(pace)) == pace


@LAW
@given(POLLS)
def test_a_clock_that_goes_back_does_no_harm(polls: list[tuple[float, int, int]]) -> None:
    """A poll before the one that is known teaches nothing but the time."""
    pace = after(polls)
    back = observe(pace, pace.observed_at - HOUR, new=5, listed=9)
    assert replace(back, observed_at=pace.observed_at) == pace


# ------------------------------------------------------------------------------------- intervals


@LAW
@given(POLLS, PRICES, st.timedeltas(timedelta(0), 7 * DAY))
def test_no_interval_leaves_the_bounds(
    polls: list[tuple[float, int, int]], price: float, later: timedelta
) -> None:
    """Whatever was learned, at whatever price and hour, an interval is within the bounds."""
    pace = after(polls)
    found = wait(pace, pace.observed_at + later, price, BOUNDS)
    assert BOUNDS.least <= found <= BOUNDS.most


@LAW
@given(POLLS, PRICES, st.floats(1, 50))
def test_more_items_never_mean_fewer_polls(
    polls: list[tuple[float, int, int]], price: float, times: float
) -> None:
    """At one price, of two feeds with the same habits the busier one waits no longer."""
    pace = after(polls)
    busier = replace(pace, items=pace.items * times)
    first, second = (wait(one, NOW, price, BOUNDS) for one in (pace, busier))
    assert second <= first + timedelta(milliseconds=1)


@LAW
@given(POLLS, st.floats(1e-3, 10), st.floats(1.1, 4))
def test_a_higher_price_never_means_more_polls(
    polls: list[tuple[float, int, int]], price: float, times: float
) -> None:
    """The dearer a poll, the longer every feed waits."""
    pace = after(polls)
    first, second = (wait(pace, NOW, one, BOUNDS) for one in (price, price * times))
    assert first <= second + timedelta(milliseconds=1)


@given(st.floats(0.5, 200), PRICES)
def test_the_square_root_rule(items: float, price: float) -> None:
    """Without habits the interval is sqrt(2 p / r), and four times the items halve it."""
    wide = Bounds(least=timedelta(microseconds=1), most=10_000 * DAY)
    one, four = (
        wait(Pace(observed_at=NOW, items=count - 1), NOW, price, wide)
        for count in (items, 4 * items)
    )
    assert isclose(one / DAY, sqrt(2 * price / items), rel_tol=1e-3)
    assert isclose(one / four, 2, rel_tol=1e-3)


# ---------------------------------------------------------------------------------------- budget


@given(DEMANDS, st.floats(4, 288))
def test_the_total_is_held(demands: list[float], mean: float) -> None:
    """All feeds together take the budget, whatever they are like, if the bounds allow it."""
    price = price_of(demands, mean * len(demands), BOUNDS)
    assert sum(polls_a_day(demands, price)) == pytest.approx(mean * len(demands), rel=1e-6)


@given(DEMANDS, st.floats(0.01, 2_000))
def test_the_total_is_never_more_than_the_slowest(demands: list[float], mean: float) -> None:
    """Beyond the budget is only what the longest interval asks for."""
    total = sum(polls_a_day(demands, price_of(demands, mean * len(demands), BOUNDS)))
    assert total <= max(mean, DAY / BOUNDS.most) * len(demands) * (1 + 1e-6)


@given(DEMANDS, st.floats(5, 280), st.floats(0.01, 100))
def test_only_relations_count(demands: list[float], mean: float, times: float) -> None:
    """If every feed brings so many times the items, nothing changes."""
    more = [one * times for one in demands]
    first, second = (
        polls_a_day(each, price_of(each, mean * len(each), BOUNDS)) for each in (demands, more)
    )
    assert first == pytest.approx(second, rel=1e-6)


@given(st.lists(st.floats(0.2, 6), min_size=2, max_size=20))
def test_no_other_intervals_wait_less(demands: list[float]) -> None:
    """Moving polls from one feed to another never lets items wait less (the rule is optimal)."""
    found = polls_a_day(demands, price_of(demands, 24 * len(demands), BOUNDS))

    def waiting(polls: list[float]) -> float:
        return sum(one**2 / 2 / each for one, each in zip(demands, polls, strict=True))

    moved = [found[0] - 0.5, found[1] + 0.5, *found[2:]]
    assume(moved[0] >= DAY / BOUNDS.most and moved[1] <= DAY / BOUNDS.least)
    assert waiting(found) <= waiting(moved) * (1 + 1e-9)


# ----------------------------------------------------------------------------------------- pacer


def paced(number: int, pace: Pace | None = None, **changes: object) -> Feed:
    """Give a feed with what is known of it."""
    return replace(made.feed(), id=number, pace=pace, **changes)  # type: ignore[arg-type]


def test_feeds_of_which_nothing_is_known_share_alike() -> None:
    """At first every feed is polled at the average interval."""
    pacer = Pacer(15 * MINUTE, BOUNDS)
    pacer.fill({1: None, 2: None, 3: None})
    assert pacer.interval(paced(2), NOW) / MINUTE == pytest.approx(15, rel=1e-6)


def test_a_busy_feed_takes_from_a_quiet_one() -> None:
    """The polls that a busy feed gets more are those that a quiet one gets less."""
    pacer = Pacer(15 * MINUTE, BOUNDS)
    busy, quiet = (steady(items, 6 * HOUR) for items in (9, 0))
    bare = [replace(one, hours=(), weekdays=(), turnover=None) for one in (busy, quiet)]
    pacer.fill({1: demand(bare[0]), 2: demand(bare[1])})
    waits = [pacer.interval(paced(number, one), NOW) for number, one in enumerate(bare, start=1)]
    assert waits[0] < 10 * MINUTE < HOUR < waits[1]
    assert sum(DAY / one for one in waits) == pytest.approx(2 * 96, rel=1e-3)


def test_a_feed_with_an_interval_of_its_own_keeps_it() -> None:
    """What a feed's own `every` says holds, though its pace is learned; no one pays for it."""
    pacer = Pacer(15 * MINUTE, BOUNDS)
    pacer.fill({1: None})
    own = paced(2, observe(None, NOW - HOUR), every=MINUTE, has_own_interval=True)
    pace = pacer.learn(own, NOW, new=20, listed=30)
    assert (pace.items, pace.interval) == (20.0, MINUTE)
    assert pacer.interval(paced(1), NOW) / MINUTE == pytest.approx(15, rel=1e-6)


def test_all_alike_if_the_least_interval_is_the_average() -> None:
    """`at_most_every` equal to `every` polls all feeds alike, whatever they bring."""
    pacer = Pacer(15 * MINUTE, replace(BOUNDS, least=15 * MINUTE))
    paces = {1: steady(5, HOUR, 3), 2: steady(0, HOUR, 3)}
    pacer.fill({number: demand(pace) for number, pace in paces.items()})
    found = [pacer.interval(paced(number, pace), NOW) for number, pace in paces.items()]
    assert found == [15 * MINUTE] * 2


@given(st.lists(st.tuples(st.floats(0.05, 60), st.floats(0, 0.2)), min_size=1, max_size=40))
def test_what_floors_leave_goes_to_others(feeds: list[tuple[float, float]]) -> None:
    """With feeds that may be polled rarely only, all together still take the budget, if they can.

    If they cannot, the others are polled as often as the bounds allow.
    """
    demands, floors = [one for one, _ in feeds], [floor for _, floor in feeds]
    price = price_of(demands, 96 * len(demands), BOUNDS, floors)
    least, most = DAY / BOUNDS.most, DAY / BOUNDS.least
    found = [
        min(max(asked / sqrt(2 * price), least), most, 1 / floor if floor else most)
        for asked, floor in feeds
    ]
    ends = [min(most, 1 / floor if floor else most) for floor in floors]
    expected = min(96 * len(demands), sum(ends))
    assert sum(found) == pytest.approx(expected, rel=1e-5)


def test_a_feed_that_waits_for_its_server_leaves_its_share() -> None:
    """Polls that a floor keeps from one feed are given to the others, also after a restart."""
    pacer = Pacer(15 * MINUTE, BOUNDS)
    pacer.fill(dict.fromkeys((1, 2, 3)))
    held = pacer.learn(paced(1), NOW, floor=6 * HOUR)
    assert held.floor == 6 * HOUR
    others = pacer.interval(paced(2), NOW)
    assert DAY / others == pytest.approx((3 * 96 - 4) / 2, rel=1e-3)
    again = Pacer(15 * MINUTE, BOUNDS)
    again.fill({1: held.demand, 2: None, 3: None}, {1: 6 * HOUR})
    assert again.interval(paced(2), NOW) == others
    freed = pacer.learn(paced(1, held), NOW + HOUR)
    assert freed.floor is None
    assert pacer.interval(paced(2), NOW) / MINUTE == pytest.approx(15, rel=0.05)


def test_a_push_moves_shares_and_no_plan() -> None:
    """What is pushed makes its feed ask for more, while its own next poll stays as it was."""
    pacer = Pacer(15 * MINUTE, BOUNDS)
    pacer.fill({1: None, 2: None})
    first = pacer.learn(paced(1), NOW)
    before = pacer.interval(paced(2), NOW)
    pushed = pacer.learn_pushed(paced(1, first), NOW + HOUR, 9)
    assert (pushed.interval, pushed.items) == (first.interval, 9)
    assert pushed.demand is not None
    assert pushed.demand > 1
    assert pacer.interval(paced(2), NOW) > before


@LAW
@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(0, 30), st.sampled_from([0, 20, 300])), max_size=40
    )
)
def test_the_pacer_follows_what_it_learns(polls: list[tuple[int, int, int]]) -> None:
    """A pacer that learned on the way plans as one that was filled with the same afterwards."""
    pacer = Pacer(15 * MINUTE, BOUNDS)
    feeds = {number: paced(number) for number in range(1, 7)}
    pacer.fill(dict.fromkeys(feeds))
    for hours, (number, new, minutes) in enumerate(polls):
        feed, floor = feeds[number], minutes * MINUTE
        pace = pacer.learn(feed, NOW + hours * HOUR, new=new, listed=40, floor=floor)
        feeds[number] = replace(feed, pace=pace)
    again = Pacer(15 * MINUTE, BOUNDS)
    paces = {one: feed.pace for one, feed in feeds.items()}
    again.fill(
        {one: pace.demand if pace else None for one, pace in paces.items()},
        {one: pace.floor for one, pace in paces.items() if pace and pace.floor},
    )
    assert pacer.price == pytest.approx(again.price, rel=1e-9)
