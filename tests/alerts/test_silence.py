"""What a silence keeps from whom, and until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from monitor.alerts.silence import Told, in_words, make_id, silencing
from tests.fakes import made
from tests.fakes.made import HOUR, NOW, SECOND

TOLD = Told(topic="border", story="s1", sources=frozenset({"LRT"}))


@pytest.mark.parametrize(
    "matchers, to_all, to_pager",
    [
        ({"topic": "border"}, True, True),
        ({"topic": "rail"}, False, False),
        ({"story": "s1"}, True, True),
        ({"story": "s2"}, False, False),
        ({"source": "LRT"}, True, True),
        ({"source": "BBC"}, False, False),
        ({"receiver": "pager"}, False, True),
        ({"receiver": "desk"}, False, False),
        ({"topic": "border", "receiver": "pager"}, False, True),
        ({"topic": "rail", "receiver": "pager"}, False, False),
        ({"topic": "border", "source": "LRT"}, True, True),
        ({"topic": "border", "source": "BBC"}, False, False),
        ({"topic": "rail", "source": "LRT"}, False, False),
    ],
    ids=str,
)
def test_matchers(matchers: dict[str, str], *, to_all: bool, to_pager: bool) -> None:
    """All matchers that are given must fit; one of a receiver keeps it from that receiver only."""
    one = made.silence(**matchers)
    assert silencing([one], TOLD, NOW) == (one if to_all else None)
    assert silencing([one], TOLD, NOW, receiver="pager") == (one if to_pager else None)


def test_a_message_of_several_outlets_is_not_one_outlets() -> None:
    """A silence of a source holds for what that source alone tells."""
    both = replace(TOLD, sources=frozenset({"LRT", "BBC"}))
    assert silencing([made.silence(source="LRT")], both, NOW) is None


@pytest.mark.parametrize(
    "passed, ended_after, holds",
    [
        (-1 * SECOND, None, False),
        (0 * SECOND, None, True),
        (HOUR - SECOND, None, True),
        (HOUR, None, False),
        (10 * SECOND, 20 * SECOND, True),
        (20 * SECOND, 20 * SECOND, False),
        (2 * HOUR, 3 * HOUR, False),
    ],
)
def test_a_silence_ends_by_itself(
    passed: timedelta, ended_after: timedelta | None, *, holds: bool
) -> None:
    """It holds from its making until its time, or until somebody ends it."""
    ended_at = None if ended_after is None else NOW + ended_after
    one = made.silence(topic="border", until=NOW + HOUR, ended_at=ended_at)
    assert one.holds(NOW + passed) is holds
    assert (silencing([one], TOLD, NOW + passed) is not None) is holds


def test_the_first_that_fits_is_named() -> None:
    """Of several that fit, the oldest is the reason."""
    rail, border, lrt = (
        made.silence(topic="rail"),
        made.silence(topic="border"),
        made.silence(source="LRT"),
    )
    assert silencing([rail, border, lrt], TOLD, NOW) == border


def test_a_long_comment_is_cut_in_words() -> None:
    """A reason stays a line: what somebody wrote at length ends in an ellipsis."""
    told = in_words(made.silence(topic="border", comment="x" * 1000))
    assert "x" * 119 + "… (anna)" in told
    assert len(told) < 250


def test_two_silences_differ() -> None:
    """The id follows from what is said and when."""
    ids = {
        make_id("border", None, at=NOW),
        make_id(None, "border", at=NOW),
        make_id("border", None, at=NOW + SECOND),
    }
    assert len(ids) == 3
    assert make_id("border", None, at=NOW) in ids
