"""Which items report one event: against pairs that were read, and against editors' headings.

    python bench/links.py [--pairs] [--json]

The product's own code: each topic of rss-2020 runs through the tracker, and the stories that it
makes are compared with `links-rss-2020.jsonl`. A pair is linked if both its items ended in one
story. Items that the set leaves out of tracking (`ignored`) are in: a reader would get them too.

On wcep-2011-2017 two items of one heading and one day stand for one event. That is a guess: editors
write each event once, so that such pairs are few, and what is linked across them shows what the
rule would swallow on a stream of single sentences.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench.headings import headed, print_headed
from bench.sets import RSS, WCEP, need_sets, print_table, rounded, stream, topics_of
from monitor.evaluate import Judged, LabelledTopic, Run
from monitor.records import Lessons, Reason

LABELS = Path(__file__).with_name("links-rss-2020.jsonl")
DAY = timedelta(days=1)
HALVES = ("tune", "test", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two items of a topic with what a reader says of them."""

    topic: str
    a: str
    b: str
    # `copy`, `same_event` or `different`.
    label: str
    # Two careful readers might differ.
    unsure: bool

    @property
    def is_same(self) -> bool:
        """Whether both report one event."""
        return self.label != "different"

    @property
    def half(self) -> str:
        """Say which half it is in: the rule was made on `tune`; two of its values saw both."""
        name = "|".join(sorted((self.a, self.b)))
        return HALVES[int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """How the links of some pairs agree with the labels."""

    pairs: int
    same: int
    right: int
    wrong: int

    @property
    def precision(self) -> float:
        """Of the pairs linked, the part that is the same event."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """Of the same-event pairs, the part that is linked."""
        return self.right / max(1, self.same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a topic tells: its on-topic items, folded into stories."""

    topic: str
    items: int
    stories: int
    biggest: int
    copies: int
    follow_ups: int
    updates: int
    days: float

    @property
    def before(self) -> float:
        """Messages a day if every on-topic item were one."""
        return self.items / self.days

    @property
    def after(self) -> float:
        """Messages a day as they are: first items of stories, and updates."""
        return (self.stories + self.updates) / self.days


def read_pairs() -> list[Pair]:
    """Read the labels."""
    found = []
    for line in LABELS.read_text(encoding="utf-8").splitlines():
        fields = json.loads(line)
        names = {name: fields[name] for name in ("topic", "a", "b", "label")}
        found.append(Pair(**names, unsure=fields.get("unsure", False)))
    return found


def run(name: str) -> tuple[list[LabelledTopic], dict[str, dict[str, Judged]]]:
    """Judge a stream by every topic, and keep what was on-topic for us, in order."""
    topics = [replace(one, ignored=frozenset()) for one in topics_of(name)]
    found: dict[str, dict[str, Judged]] = {one.topic.name: {} for one in topics}
    for judged in Run(items=stream(name), topics=topics).judge(Lessons()):
        if judged.alerted:
            found[judged.topic][judged.item.id] = judged
    return topics, found


def count(pairs: Iterable[Pair], told: Mapping[str, Mapping[str, Judged]]) -> Links:
    """Compare the links of pairs whose items were both on-topic for us."""
    known = [one for one in pairs if {one.a, one.b} <= told[one.topic].keys()]
    linked = [one for one in known if _story(one.a, one, told) == _story(one.b, one, told)]
    right = sum(one.is_same for one in linked)
    return Links(
        pairs=len(known),
        same=sum(one.is_same for one in known),
        right=right,
        wrong=len(linked) - right,
    )


def _story(item: str, pair: Pair, told: Mapping[str, Mapping[str, Judged]]) -> str | None:
    return told[pair.topic][item].verdict.decision.story_id


def telling(topic: LabelledTopic, told: Mapping[str, Judged]) -> Telling:
    """Count what a topic tells."""
    reasons = Counter(one.verdict.decision.reason for one in told.values())
    sizes = Counter(one.verdict.decision.story_id for one in told.values())
    return Telling(
        topic=topic.topic.name,
        items=len(told),
        stories=len(sizes),
        biggest=max(sizes.values(), default=0),
        copies=reasons[Reason.COPY],
        follow_ups=reasons[Reason.FOLLOW_UP],
        updates=reasons[Reason.UPDATE],
        days=(topic.until - topic.from_at) / DAY,
    )


def together(tellings: Sequence[Telling]) -> Telling:
    """Add topics up; the biggest story is the biggest of all."""
    sums: dict[str, Any] = {
        name: sum(getattr(one, name) for one in tellings)
        for name in Telling.__slots__
        if name not in ("topic", "biggest")
    }
    return Telling(topic="all", biggest=max(one.biggest for one in tellings), **sums)


def swallowed(
    pairs: Iterable[Pair], told: Mapping[str, Mapping[str, Judged]]
) -> tuple[int, int, int]:
    """Count items attached without a message, by what the labels say of them.

    Gives how many carry a label with an earlier item of their story; how many of these only
    `different` ones, the news that nobody was told; and how many items were attached so at all.
    """
    silent = {
        (topic, item)
        for topic, verdicts in told.items()
        for item, one in verdicts.items()
        if one.verdict.decision.reason in (Reason.COPY, Reason.FOLLOW_UP)
    }
    said: dict[tuple[str, str], list[bool]] = {}
    for one in pairs:
        verdicts = told[one.topic]
        if {one.a, one.b} <= verdicts.keys() and _story(one.a, one, told) == _story(
            one.b, one, told
        ):
            later = max(one.a, one.b, key=lambda item: verdicts[item].place)
            said.setdefault((one.topic, later), []).append(one.is_same)
    labelled = [labels for item, labels in said.items() if item in silent]
    return len(labelled), sum(not any(labels) for labels in labelled), len(silent)


# -------------------------------------------------------------------------------------- the tables


def main() -> None:
    """Print links, and what each topic tells."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="figures as JSON")
    parser.add_argument("--pairs", action="store_true", help="list every pair that is linked wrong")
    options = parser.parse_args()
    need_sets()
    topics, told = run(RSS)
    pairs = read_pairs()
    links = {
        f"{kind}, {half}": count(_chosen(pairs, half, sure=kind == "sure"), told)
        for kind in ("every label", "sure")
        for half in HALVES
    }
    tellings = [telling(one, told[one.topic.name]) for one in topics]
    tellings.append(together(tellings))
    labelled, new, silent = swallowed(pairs, told)
    headings = headed(*run(WCEP))
    if options.json:
        figures = _figures(links, tellings, (labelled, new, silent))
        print(json.dumps({**figures, "headings": asdict(headings)}, indent=2))
        return
    _print_links(links, len(pairs))
    print()
    _print_tellings(tellings)
    print(
        f"\nItems attached without a message: {silent}; {labelled} of them have a label with an"
        f" earlier item of their story, and {new} were another event."
    )
    print_headed(headings)
    if options.pairs:
        _print_wrong(pairs, told)


def _chosen(pairs: Sequence[Pair], half: str, *, sure: bool) -> list[Pair]:
    return [one for one in pairs if half in ("all", one.half) and not (sure and one.unsure)]


def _figures(
    links: Mapping[str, Links], tellings: Sequence[Telling], silent: tuple[int, int, int]
) -> dict[str, object]:
    return {
        "links": {
            name: {
                **asdict(one),
                **rounded({"precision": one.precision, "recall": one.recall}),
            }
            for name, one in links.items()
        },
        "topics": [
            {**asdict(one), **rounded({"before": one.before, "after": one.after})}
            for one in tellings
        ],
        "attached_silently": dict(zip(("labelled", "other_event", "all"), silent, strict=True)),
    }


def _print_links(links: Mapping[str, Links], labels: int) -> None:
    print(f"Links, of {labels} labelled pairs those whose items were both on-topic for us:\n")
    head = ["labels", "pairs", "same event", "linked right", "linked wrong", "precision", "recall"]
    print_table(
        head,
        [
            [
                name,
                *map(str, (one.pairs, one.same, one.right, one.wrong)),
                f"{one.precision:.2f}",
                f"{one.recall:.2f}",
            ]
            for name, one in links.items()
        ],
    )


def _print_tellings(tellings: Sequence[Telling]) -> None:
    head = ["topic", "on-topic", "stories", "biggest", "copies", "follow-ups", "updates"]
    print_table(
        [*head, "messages a day before", "after", "updates a day"],
        [
            [
                one.topic,
                *map(str, (one.items, one.stories, one.biggest)),
                *map(str, (one.copies, one.follow_ups, one.updates)),
                *(f"{rate:.2f}" for rate in (one.before, one.after)),
                f"{one.updates / one.days:.3f}",
            ]
            for one in tellings
        ],
    )


def _print_wrong(pairs: Iterable[Pair], told: Mapping[str, Mapping[str, Judged]]) -> None:
    for one in pairs:
        if not one.is_same and count([one], told).wrong:
            titles = [told[one.topic][item].item.item.title for item in (one.a, one.b)]
            print(f"{one.topic}{' (unsure)' if one.unsure else ''}: {' | '.join(titles)}")


if __name__ == "__main__":
    main()
