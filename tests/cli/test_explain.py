"""`why` on a real database: what it shows of an item, line by line, in 80 columns."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.records import (
    Batch,
    Decision,
    Item,
    JudgedItem,
    Reason,
    Score,
    SeenItem,
    Story,
    TermShare,
    Verdict,
)
from monitor.topics.evidence import times_needed
from monitor.topics.story import attach, open_story
from tests.fakes import made
from tests.fakes.made import HOUR, NOW

pytestmark = pytest.mark.xdist_group("english")

SEED = """Hundreds of migrants tried to cross the border from Belarus into Poland near Kuznica.
Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends the migrants.
Poland closed the crossing at Kuznica, and the European Union prepares sanctions against Belarus."""


def report(name: str, source: str, hours: int, title: str, summary: str = "") -> SeenItem:
    """Return an item that an outlet brought some hours after the start."""
    at = NOW + hours * HOUR
    one = made.item(name, title=title, summary=summary, published_at=at)
    return made.seen(name, of=one, source=source, first_seen_at=at)


FIRST = report(
    "first",
    "LRT",
    0,
    "Guards at Kuznica use tear gas as migrants throw stones",
    "Two soldiers were hurt at the fence, Warsaw said.",
)
LATER = report(
    "later",
    "BBC",
    2,
    "Polish guards fire tear gas and water cannon at stone-throwing migrants in Kuznica",
    "Soldiers were hurt at the fence.",
)
OTHER = report("other", "LRT", 1, "EU ministers agree on sanctions against airlines to Minsk")
HOCKEY = report("hockey", "LRT", 3, "Belarus beat Poland at ice hockey in Minsk")

SHARES = [("tear", 0.21), ("Kuznica", 0.2), ("gas", 0.15), ("guards", 0.1), ("migrants", 0.06)]


def score(value: float, shares: list[tuple[str, float]], lacks: str = "") -> Score:
    """Return a score of these terms."""
    terms = tuple(TermShare(term=one.lower(), surface=one, share=share) for one, share in shares)
    return Score(topic="border", value=value, threshold=0.5, terms=terms, lacks=lacks)


def judged(seen: SeenItem, scored: Score, reason: Reason, **changes: Any) -> JudgedItem:
    """Return an item with its verdict."""
    decision = Decision(topic="border", alert=False, reason=reason, **changes)
    return JudgedItem(seen=seen, verdicts=(Verdict(score=scored, decision=decision),))


class Desk:
    """A topic with its database."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "seedwatch.yaml"
        (folder / "seed.txt").write_text(SEED, encoding="utf-8")
        config = {
            "topics": {"border": {"seeds": ["seed.txt"], "receivers": ["desk"]}},
            "feeds": {"world": ["https://lrt.example/rss", "https://bbc.example/rss"]},
            "receivers": {"desk": [{"console": {}}]},
            "store": f"sqlite:///{folder / 'seedwatch.db'}",
        }
        self.path.write_text(json.dumps(config), encoding="utf-8")
        settings = load(self.path, {})
        self.app: App = wire(settings, open_database(settings))
        self.app.store.sync_feeds([made.spec("LRT"), made.spec("BBC")], NOW)
        self.feeds = {feed.name: feed.id for feed in self.app.store.feeds()}

    def store(self, *items: JudgedItem, stories: tuple[Story, ...] = ()) -> None:
        """Store what was judged."""
        placed = tuple(
            replace(one, seen=replace(one.seen, feed_id=self.feeds[one.seen.source]))
            for one in items
        )
        self.app.store.commit(Batch(items=placed, stories=stories))

    def why(self, *words: str, command: str = "why") -> str:
        """Ask why."""
        done = CliRunner().invoke(main, ["-c", str(self.path), command, *words])
        assert done.exit_code == 0, done.output
        lines = [line.rstrip() for line in done.stdout.splitlines()]
        assert "--json" in words or max(map(len, lines)) <= 80
        return "\n".join(lines) + "\n"

    def why_not(self, *words: str) -> str:
        """Ask why not."""
        return self.why(*words, command="why-not")


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Give a desk with two stories, one of two items, and one item that is off-topic."""
    made_of = Desk(tmp_path)
    tracker = made_of.app.tracker
    first, later, other = (tracker.member("border", one) for one in (FIRST, LATER, OTHER))
    story = attach(open_story("border", FIRST, first), LATER, later)
    alone = open_story("border", OTHER, other)
    many = [(f"word{n}", 0.02) for n in range(14)]
    lacks = "needs 1.6 times the evidence it has; only names of the seed are in it: Belarus, Minsk"
    made_of.store(
        judged(FIRST, score(0.72, SHARES), Reason.FIRST_STORY, story_id=story.id),
        judged(
            LATER,
            score(0.72, SHARES),
            Reason.FOLLOW_UP,
            story_id=story.id,
            detail="53% alike; shares stone, throw, tear, gas with “Guards at Kuznica” (LRT)",
        ),
        judged(OTHER, score(1.0, [*SHARES, *many]), Reason.FIRST_STORY, story_id=alone.id),
        judged(
            HOCKEY,
            score(0.17, [("Belarus", 0.1), ("Minsk", 0.07)], lacks),
            Reason.BELOW_THRESHOLD,
            detail=lacks,
        ),
        stories=(story, alone),
    )
    yield made_of
    made_of.app.close()


def test_an_item_that_follows_a_story(desk: Desk) -> None:
    """Its terms add up to its score; the seed's sentence, its story and the nearest are shown."""
    assert (
        desk.why(LATER.id)
        == f"""\
Polish guards fire tear gas and water cannon at stone-throwing migrants in
Kuznica
  BBC, 2021-11-08 16:00 UTC
  https://www.lrt.example/news/later?utm_source=rss
  item {LATER.id}, first seen 2021-11-08 16:00 UTC
  fetched: brought by a poll
  identity: new in its feed, known by its guid
  language: en

topic border: score 0.72, threshold 0.50: on-topic
  decision: its story was already alerted: attached to it, not sent again
  because: 53% alike; shares stone, throw, tear, gas with “Guards at Kuznica”
  (LRT)
  terms (share of the score):
    tear                  0.210  ########################
    Kuznica               0.200  #######################
    gas                   0.150  #################
    guards                0.100  ###########
    migrants              0.060  #######
    together              0.720
  the seed comes closest here: “Polish guards used tear gas at the fence.”
  story: 2 items, carried by LRT, BBC
     2021-11-08 14:00 UTC  LRT: Guards at Kuznica use tear gas as migrants thro…
   * 2021-11-08 16:00 UTC  BBC: Polish guards fire tear gas and water cannon at…
  nearest earlier items (22.5% alike on average is one story):
     61%  2021-11-08 14:00 UTC  this story; shares stone, throw, guard, tear
          LRT: Guards at Kuznica use tear gas as migrants throw stones

"""
    )


def test_an_item_below_the_threshold(desk: Desk) -> None:
    """What is missing is said in numbers, and there is no story to show."""
    assert (
        desk.why(HOCKEY.id)
        == f"""\
Belarus beat Poland at ice hockey in Minsk
  LRT, 2021-11-08 17:00 UTC
  https://www.lrt.example/news/hockey?utm_source=rss
  item {HOCKEY.id}, first seen 2021-11-08 17:00 UTC
  fetched: brought by a poll
  identity: new in its feed, known by its guid
  language: en

topic border: score 0.17, threshold 0.50: off-topic
  decision: its score is below the threshold
  because: needs 1.6 times the evidence it has; only names of the seed are in
  it: Belarus, Minsk
  today otherwise: score 0.92, threshold 0.50: it would be on-topic
  terms (share of the score):
    Belarus               0.100  ########################
    Minsk                 0.070  #################
    together              0.170
  strong terms of the seed that it lacks: Kuznica, Lukashenko, Poland, migrants,
  Warsaw, Polish, prepares, cross
  the seed comes closest here: “Hundreds of migrants tried to cross the border
  from Belarus into Poland near Kuznica.”

"""
    )


def test_the_terms_that_are_shown_add_up(desk: Desk) -> None:
    """Terms beyond the twelfth are summed up, so that what is shown is all of the score."""
    lines = desk.why(OTHER.id).splitlines()
    start = lines.index("  terms (share of the score):") + 1
    end = next(n for n, line in enumerate(lines) if line.startswith("    together"))
    shares = [float(line[24:31]) for line in lines[start:end]]
    assert lines[end - 1].split() == ["others", "0.140"]
    assert len(shares) == 13
    assert math.fsum(shares) == pytest.approx(float(lines[end].split()[1]), abs=0.007)


def test_the_nearest_are_earlier_ones(desk: Desk) -> None:
    """Nothing that came later, nor the item itself, is among the nearest; JSON has them too."""
    (trace,) = json.loads(desk.why("--json", LATER.id))
    assert [one["title"] for one in trace["nearest"]["border"]] == [FIRST.item.title]
    (trace,) = json.loads(desk.why("--json", FIRST.id))
    assert trace["nearest"] == {"border": []}
    (trace,) = json.loads(desk.why("--json", HOCKEY.id))
    assert trace["nearest"] == {}


def test_what_is_needed_follows_from_score_and_threshold(desk: Desk) -> None:
    """With so many times its terms' evidence an item would be told."""
    item: Item = made.item("fence", title="Migrants at a wooden fence", summary="The choir sang.")
    found = desk.app.tracker.score("border", item, NOW)
    assert not found.on_topic
    times = math.ceil(times_needed(found.value, found.threshold) * 10) / 10
    said = "more than 10" if times > 10 else f"{times:.1f}"
    assert found.lacks.startswith(f"needs {said} times the evidence it has; ")


def test_what_the_seed_has_and_the_item_lacks(desk: Desk) -> None:
    """Of an item below the threshold the seed's strongest terms that it has not are named."""
    (line,) = [one for one in desk.why(HOCKEY.id).splitlines() if "strong terms" in one]
    assert line.startswith("  strong terms of the seed that it lacks: Kuznica, ")
    (trace,) = json.loads(desk.why("--json", HOCKEY.id))
    assert not {"Belarus", "Minsk"} & set(trace["missing"]["border"])


def test_why_not_begins_with_the_end(desk: Desk) -> None:
    """The stage at which an item stopped comes first, with how far it was from going on."""
    lines = desk.why_not(HOCKEY.id).splitlines()
    assert lines[0].startswith(
        "border: stopped at score: 0.17, threshold 0.50: 0.33 below it; needs"
    )
    assert "border: stopped at decision: its story was already alerted" in desk.why_not(LATER.id)
    assert desk.why_not(HOCKEY.id).endswith(desk.why(HOCKEY.id))


def test_a_text_that_no_feed_carried(desk: Desk) -> None:
    """It is said to be never seen, and scored as if it came now; a text that came is found."""
    said = " ".join(desk.why_not("Choir sings in Reykjavik").split())
    assert said.startswith(
        "It stopped at the feed: never seen: none of the feeds carried it. If it had come: border:"
        " stopped at score: 0.00, threshold 0.50: 0.50 below it; no term of the seed is in it Choir"
    )
    said = desk.why_not(
        "Polish guards use tear gas at the fence of Kuznica as migrants from Belarus"
    )
    assert "border: would be told" in said
    assert "never seen in a feed" in said


def test_the_stages_are_listed_for_machines(desk: Desk) -> None:
    """JSON has a step for each stage, in their order, each with whether it was passed."""
    (trace,) = json.loads(desk.why("--json", LATER.id))
    assert [(one["stage"], one["passed"]) for one in trace["steps"]] == [
        ("feed", True),
        ("fetched", True),
        ("identity", True),
        ("language", True),
        ("score", True),
        ("story", True),
        ("decision", False),
    ]
