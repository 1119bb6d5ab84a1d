"""A short run of what `bench/fuzz.py` does for as long as one likes."""

from __future__ import annotations

import random

import pytest

from tests.fakes.mutations import SEEDS, check, mutated


@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_a_mutated_feed_is_read_or_refused(seed: int) -> None:
    """Whatever becomes of a feed, its items are clean and distinct, and none is lost as known."""
    chance = random.Random(seed)  # noqa: S311 -- the same each time
    for _ in range(15):
        check(mutated(SEEDS[seed], chance), chance)


def test_the_mutations_leave_enough_to_read() -> None:
    """A good part of the mutated feeds still has items: the laws are tried on something."""
    chance = random.Random(0)  # noqa: S311 -- the same each time
    outcomes = [check(mutated(chance.choice(SEEDS), chance), chance) for _ in range(200)]
    assert outcomes.count("read") > 60
    assert outcomes.count("refused") > 10
