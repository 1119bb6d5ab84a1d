"""How stories agree with editors' headings: two items of one heading and day are one event.

That is a guess: editors write each event once, so that such pairs are few, and what is linked
across days and headings shows what the rule would swallow on a stream of single sentences.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from bench.sets import print_table
from monitor.evaluate import Judged, LabelledTopic
from monitor.records import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Headed:
    """How stories agree with headings and days, over all topics of a set."""

    # On-topic for us; those of them that stand under the topic's heading.
    items: int
    headed: int
    # Pairs of the latter of one day, and how many of these are linked.
    same_day: int
    right: int
    # Pairs of them that are linked, whatever their days.
    linked: int
    # Items that joined a story, those of them that no message told, and of the latter those
    # whose story has no earlier item of the same day.
    attached: int
    silent: int
    silent_later: int


def headed(topics: Sequence[LabelledTopic], told: Mapping[str, Mapping[str, Judged]]) -> Headed:
    """Compare stories with headings and days."""
    sums: Counter[str] = Counter()
    for topic in topics:
        verdicts = list(told[topic.topic.name].values())
        labelled = [one for one in verdicts if one.on_topic]
        sums["items"] += len(verdicts)
        sums["headed"] += len(labelled)
        for one, other in combinations(labelled, 2):
            is_linked = _story_of(one) == _story_of(other)
            is_same_day = _day(one) == _day(other)
            sums["same_day"] += is_same_day
            sums["linked"] += is_linked
            sums["right"] += is_linked and is_same_day
        days: dict[str | None, set[date]] = {}
        for one in verdicts:
            earlier = days.setdefault(_story_of(one), set())
            is_silent = one.verdict.decision.reason in (Reason.COPY, Reason.FOLLOW_UP)
            sums["attached"] += bool(earlier)
            sums["silent"] += is_silent
            sums["silent_later"] += is_silent and _day(one) not in earlier
            earlier.add(_day(one))
    return Headed(**{name: sums[name] for name in Headed.__slots__})


def _story_of(one: Judged) -> str | None:
    return one.verdict.decision.story_id


def _day(one: Judged) -> date:
    return one.item.published_at.date()


def print_headed(found: Headed) -> None:
    """Print them as a table."""
    print("\nHeadings and days of wcep-2011-2017, article seeds:\n")
    rows = [
        ("on-topic for us", str(found.items)),
        ("of these under the topic's heading", str(found.headed)),
        ("pairs of one heading and day", str(found.same_day)),
        ("linked of these (recall)", f"{found.right} ({found.right / max(1, found.same_day):.2f})"),
        (
            "linked pairs of one heading; of one day (precision)",
            f"{found.linked}; {found.right} ({found.right / max(1, found.linked):.2f})",
        ),
        ("items that joined a story", str(found.attached)),
        ("of these without a message", str(found.silent)),
        ("of these later than all of their story's days", str(found.silent_later)),
    ]
    print_table(["what", "figure"], rows)
