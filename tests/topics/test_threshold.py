"""A threshold for so many alerts a week."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.topics.score import DEFAULT_THRESHOLD
from monitor.topics.threshold import FLOOR, LEAST_HISTORY, RECENT, choose
from tests.fakes.made import DAY, SECOND

WEEK = 7 * DAY
SCORES = st.lists(st.floats(FLOOR, 1.0), max_size=60)
SPANS = st.timedeltas(timedelta(0), timedelta(days=90))
RATES = st.floats(0.1, 50.0)


@pytest.mark.parametrize(
    "scores,history,per_week,value,why",
    [
        # Enough to choose from: the lowest score that still belongs to the wanted number.
        (
            [0.9, 0.8, 0.7, 0.6, 0.5, 0.4],
            2 * WEEK,
            2,
            0.6,
            "would have given 2 a week over 14 days",
        ),
        ([0.9, 0.8, 0.7], WEEK, 3, 0.7, "would have given 3 a week over 7 days"),
        # The order of the scores says nothing.
        ([0.4, 0.9, 0.6, 0.8], 2 * WEEK, 1, 0.8, "would have given 1 a week over 14 days"),
        # Only the last four weeks are counted, however long the topic has run.
        ([0.9, 0.8, 0.7, 0.6, 0.5], 52 * WEEK, 1, 0.6, "would have given 1 a week over 28 days"),
        # Of a tie all or none can be let through.
        ([0.9, 0.7, 0.7, 0.7], WEEK, 2, 0.9, "would have given 2 a week over 7 days"),
        ([0.7, 0.7, 0.7], WEEK, 2, 0.7, "would have given 2 a week over 7 days"),
        # A rate of less than one in the time there is lets the best one through.
        ([0.9, 0.8], WEEK, 0.5, 0.9, "would have given 0.5 a week over 7 days"),
        # The feeds cannot support it: the floor, and what they do bring.
        (
            [0.9, 0.4],
            2 * WEEK,
            5,
            FLOOR,
            "the floor: your feeds bring 1.0 a week above it, you asked for 5 a week over 14 days",
        ),
        (
            [],
            4 * WEEK,
            3,
            FLOOR,
            "the floor: your feeds bring 0.0 a week above it, you asked for 3 a week over 28 days",
        ),
        # Too little history to choose from.
        (
            [0.9] * 50,
            LEAST_HISTORY - SECOND,
            1,
            DEFAULT_THRESHOLD,
            "the default, until there are 3 days of items to choose from",
        ),
    ],
)
def test_what_is_chosen_and_why(
    scores: list[float], history: timedelta, per_week: float, value: float, why: str
) -> None:
    """The threshold that would have given the rate, with its reason in a sentence."""
    choice = choose(scores, history, per_week)
    assert (choice.value, choice.why) == (value, why)


@given(SCORES, SPANS, RATES)
@settings(deadline=None)
def test_it_never_falls_below_the_floor(
    scores: list[float], history: timedelta, per_week: float
) -> None:
    """However few alerts there are, what shares little with the seed stays out."""
    assert FLOOR <= choose(scores, history, per_week).value <= 1.0


@given(SCORES.filter(lambda scores: scores.count(max(scores, default=0.0)) < 2), SPANS, RATES)
@settings(deadline=None)
def test_it_would_not_have_given_more(
    scores: list[float], history: timedelta, per_week: float
) -> None:
    """On the items it was chosen from it keeps to the rate, one item aside: no quota is overrun."""
    choice = choose(scores, history, per_week)
    told = sum(score >= choice.value for score in scores)
    if history >= LEAST_HISTORY and choice.value > FLOOR:
        assert told <= max(1.0, per_week * (min(history, RECENT) / WEEK))


@given(SCORES, SPANS, RATES, RATES)
@settings(deadline=None)
def test_who_asks_for_more_gets_no_less(
    scores: list[float], history: timedelta, one: float, other: float
) -> None:
    """A higher rate never means a higher threshold."""
    few, many = sorted([one, other])
    assert choose(scores, history, many).value <= choose(scores, history, few).value


@given(SCORES, RATES)
@settings(deadline=None)
def test_noise_below_the_floor_changes_nothing(scores: list[float], per_week: float) -> None:
    """Weak items, however many, do not lower what is asked of the next one."""
    noisy = [*scores, *[0.2] * 500]
    assert choose(noisy, RECENT, per_week) == choose(scores, RECENT, per_week)
