"""Where the thresholds of the seed report come from.

    python bench/seeds.py

The rules are set on the WCEP sets; the last columns are those of rss-2020, which no rule saw. Each
row: what a rule measures of seeds that are right, and of ones that were made wrong on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np

from bench.sets import RSS, WCEP, LabelledSet, labelled, need_sets, print_table, topics_of
from monitor.evaluate import LabelledTopic, Run, measure
from monitor.records import Lessons, Seed
from monitor.text.tokens import tokens
from monitor.topics.profile import Profile, make_profile
from monitor.topics.seed_report import (
    FEW_NAMES,
    MUCH_ALIKE,
    TWO_STORIES,
    alike,
    name_part,
    weakest_seam,
)

LENGTHS = (15, 30, 60, 120)


def paragraphs(topic: LabelledTopic) -> list[str]:
    """Give a topic's first seed cut like an article: the sets have lost their paragraphs."""
    pieces = re.split(r"(?<=[.!?])\s+", topic.topic.seeds[0].text)
    return [" ".join(pieces[at : at + 3]) for at in range(0, len(pieces), 3)]


def profile(text: str) -> Profile:
    """Give the profile of an English text."""
    return make_profile([tokens(text, "en")])


def seam(texts: Sequence[str]) -> float:
    """Give the cosine at the weakest seam."""
    return weakest_seam([tokens(one, "en") for one in texts])[1]


def quantiles(values: Iterable[float]) -> str:
    """Write the least, the 5th and 50th and 95th percentile, and the most."""
    found = list(values)
    return " ".join(f"{value:.2f}" for value in np.quantile(found, (0, 0.05, 0.5, 0.95, 1)))


def caught(values: Iterable[float], is_caught: Callable[[float], bool]) -> str:
    """Write how many of some values a rule would name."""
    found = list(values)
    return f"{sum(map(is_caught, found))} of {len(found)}"


def seams_and_names(name: str) -> list[tuple[str, str, str, str]]:
    """Measure the rules that need no stream on one set."""
    topics = topics_of(name)
    texts = [paragraphs(one) for one in topics]
    one_story = [seam(one) for one in texts]
    two = [seam([*one, *other]) for one, other in pairwise(texts)]
    profiles = [profile("\n".join(one)) for one in texts]
    halves = [
        alike(profile(" ".join(one[::2])), profile(" ".join(one[1::2])))
        for one in texts
        if len(one) > 3
    ]
    apart = [alike(one, other) for one, other in combinations(profiles, 2)]
    names = [name_part(one) for one in profiles]
    return [
        (name, "seam, one story", quantiles(one_story), caught(one_story, TWO_STORIES.__gt__)),
        (name, "seam, two stories", quantiles(two), caught(two, TWO_STORIES.__gt__)),
        (name, "alike, halves of one seed", quantiles(halves), caught(halves, MUCH_ALIKE.__le__)),
        (name, "alike, two topics", quantiles(apart), caught(apart, MUCH_ALIKE.__le__)),
        (name, "names in the profile", quantiles(names), caught(names, FEW_NAMES.__gt__)),
    ]


def cut(topic: LabelledTopic, words: int) -> LabelledTopic:
    """Give a topic whose seed ends after so many words."""
    text = " ".join(topic.topic.seeds[0].text.split()[:words])
    seed = Seed(name="seed", title="", text=text)
    return replace(topic, topic=replace(topic.topic, seeds=(seed,)))


def by_length(of: str) -> list[tuple[str, str, str, str, str]]:
    """Measure tracking from the first words of each seed."""
    rows = []
    for words in (*LENGTHS, 100_000):
        topics = [cut(one, words) for one in topics_of(of)]
        made: LabelledSet = labelled(of, of, topics)
        judged: dict[str, list[object]] = {one.topic.name: [] for one in topics}
        for one in Run(items=made.items, topics=topics).judge(Lessons()):
            judged[one.topic].append(one)
        measures = [measure(one, judged[one.topic.name]) for one in topics]  # type: ignore[arg-type]
        terms = np.mean([len(profile(one.topic.seeds[0].text).rarity) for one in topics])
        ap, cost = (
            np.mean([getattr(one, key) for one in measures])
            for key in ("average_precision", "cost")
        )
        shown = "all" if words > LENGTHS[-1] else str(words)
        rows.append((of, shown, f"{terms:.0f}", f"{ap:.3f}", f"{cost:.3f}"))
    return rows


def main() -> None:
    """Print both tables."""
    need_sets()
    head = ("set", "measure", "least, 5 %, 50 %, 95 %, most", "named by the rule")
    print_table(head, [row for name in (WCEP, RSS) for row in seams_and_names(name)])
    print()
    print_table(("set", "words of the seed", "terms", "AP", "C"), by_length(WCEP))


if __name__ == "__main__":
    main()
