"""A threshold in the user's own unit: so many alerts a week. Pure.

The threshold is the value that would have given that rate on the topic's own recent items. It never
falls below a floor that keeps noise out: a quiet week stays quiet, no quota is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from monitor.topics.score import DEFAULT_THRESHOLD

# Below this an item shares too little with the seed to be told, however few alerts there are: a
# score of 0.3 stands for three quarters of the evidence that 0.5 asks for.
FLOOR = 0.3
# Recent items are those of so long; a rate from less than the least would be chance.
RECENT = timedelta(days=28)
LEAST_HISTORY = timedelta(days=3)
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A threshold, and why it is that."""

    value: float
    why: str


def choose(best_scores: Sequence[float], history: timedelta, per_week: float) -> Choice:
    """Choose the threshold that would have given a rate of alerts.

    `best_scores` are those of the topic's recent items, copies of one story counted once, at least
    all of FLOOR and above; `history` is how long the topic has been scoring them.

    >>> choose([0.9, 0.8, 0.6, 0.4], timedelta(days=14), 1).value
    0.8
    """
    if history < LEAST_HISTORY:
        why = f"the default, until there are {LEAST_HISTORY.days} days of items to choose from"
        return Choice(value=DEFAULT_THRESHOLD, why=why)
    over = timedelta(0) + min(history, RECENT)
    wanted = per_week * (over / WEEK)
    ranked = sorted((score for score in best_scores if score >= FLOOR), reverse=True)
    asked = f"{per_week:g} a week over {over.days} days"
    if len(ranked) < wanted:
        had = len(ranked) / (over / WEEK)
        why = f"the floor: your feeds bring {had:.1f} a week above it, you asked for {asked}"
        return Choice(value=FLOOR, why=why)
    # The lowest score that still belongs to the wanted number; at least one item is let through.
    most = max(1, int(wanted))
    value = ranked[most - 1]
    if ranked[most : most + 1] == [value]:
        # Scores are never quite alike but for copies: all of a tie would be too many.
        value = min((score for score in ranked if score > value), default=value)
    return Choice(value=value, why=f"would have given {asked}")
