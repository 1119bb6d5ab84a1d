"""What every scorer promises; a new one adds one row to `SCORERS`."""

from __future__ import annotations

import json
import math
import random
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records import Item, Lessons, Score, Seed, Topic
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW

# The table of English is loaded once, in one process.
pytestmark = pytest.mark.xdist_group("english")

# A busy machine may take its time.
LAW = settings(max_examples=50, deadline=None)

SEEDS = Path(__file__).parents[2] / "seeds"
SHIPPED = SEEDS / "2021-11-08-poland-belarus-border.txt"


class Scorer(Protocol):
    """What scores a stream."""

    def score(self, topic: str, item: Item, after: int) -> Score:
        """Score an item that comes so many minutes after the start; change nothing."""
        ...

    def learn(self, item: Item, scores: Sequence[Score], after: int) -> None:
        """Take in an item that was scored."""
        ...

    def state(self) -> Mapping[str, Any]:
        """Give all that was learned, as JSON has it."""
        ...


Make = Callable[[Sequence[Topic], Mapping[str, Any]], Scorer]


@dataclass(slots=True)
class Tracked:
    """The tracker as a scorer."""

    tracker: Tracker
    stored: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def make(cls, topics: Sequence[Topic], state: Mapping[str, Any]) -> Tracked:
        """Start from what was learned before."""
        return cls(Tracker(topics, Lessons(states=state)), dict(state))

    def score(self, topic: str, item: Item, after: int) -> Score:
        """Score an item."""
        return self.tracker.score(topic, item, NOW + after * MINUTE)

    def learn(self, item: Item, scores: Sequence[Score], after: int) -> None:
        """Learn from it."""
        self.tracker.learn(item, scores, NOW + after * MINUTE)

    def state(self) -> Mapping[str, Any]:
        """Give what a store would hold by now."""
        self.stored |= self.tracker.take_lessons().states
        return self.stored


SCORERS: Mapping[str, Make] = {"tracker": Tracked.make}


@pytest.fixture(params=sorted(SCORERS))
def make(request: pytest.FixtureRequest) -> Make:
    """Give every scorer in turn."""
    return SCORERS[str(request.param)]


every_scorer = pytest.mark.parametrize("make", SCORERS.values(), ids=list(SCORERS))

# ------------------------------------------------------------------------- topics and streams

BORDER = Topic(
    name="border",
    seeds=(
        Seed(
            name="border.txt",
            title="Hundreds of migrants gather at the Polish border",
            text=(
                "Hundreds of migrants gathered at the border fence near Kuznica on Monday. Poland"
                " sent soldiers and guards to the border with Belarus, and Warsaw accused Minsk and"
                " Alexander Lukashenko of sending migrants. The European Union prepared sanctions"
                " against Belarus as migrants tried to cut the wire fence."
            ),
            lang="en",
        ),
    ),
    receivers=(),
)
VOLCANO = Topic(
    name="volcano",
    seeds=(
        Seed(
            name="volcano.txt",
            title="Lava from the La Palma volcano reaches the sea",
            text=(
                "Lava from the Cumbre Vieja volcano on La Palma reached the ocean. Islanders fled"
                " as ash fell on banana farms of the Canary Islands, and the migrants of the farms"
                " were taken to Tenerife."
            ),
            lang="en",
        ),
    ),
    receivers=(),
)
# Lower-case words of the seed, and others.
OURS = [
    "border", "fence", "migrants", "kuznica", "belarus", "poland", "minsk", "lukashenko", "warsaw",
    "soldiers", "guards", "sanctions", "wire",
]  # fmt: skip
OTHERS = [
    "volcano", "lava", "ash", "tenerife", "football", "coach", "goal", "album", "singer", "shares",
    "profit", "bank", "vaccine", "hospital", "senate", "tax",
]  # fmt: skip
# Never in a stream.
FILLERS = ["recipe", "garden", "telescope", "violin", "marathon", "dentist"]


@cache
def item(title: str, summary: str = "", lang: str | None = "en") -> Item:
    """Return an item of these words."""
    return made.item(f"{title} {summary}", title=title, summary=summary, lang=lang)


def words(*pools: Sequence[str], least: int = 1) -> st.SearchStrategy[list[str]]:
    """Draw some words."""
    return st.lists(
        st.sampled_from([word for pool in pools for word in pool]), min_size=least, max_size=12
    )


ITEMS = st.builds(
    lambda title, summary: item(" ".join(title), " ".join(summary)),
    words(OURS, OTHERS),
    words(OURS, OTHERS, least=0),
)
STREAMS = st.lists(ITEMS, max_size=12)
ABOUT = item("Migrants at the border fence near Kuznica", "Poland accused Minsk and Lukashenko.")


def play(scorer: Scorer, stream: Sequence[Item], *topics: str, start: int = 0) -> list[list[Score]]:
    """Score each item, then learn from it; an hour passes between two."""
    found = []
    for after, one in enumerate(stream, start=start):
        scores = [scorer.score(topic, one, 60 * after) for topic in topics or ("border",)]
        scorer.learn(one, scores, 60 * after)
        found.append(scores)
    return found


def stored(scorer: Scorer) -> str:
    """Give a state as text."""
    return json.dumps(scorer.state(), sort_keys=True, allow_nan=False)


# ----------------------------------------------------------------------------- score, then learn


@every_scorer
@given(STREAMS, ITEMS)
@LAW
def test_scoring_changes_nothing(make: Make, stream: list[Item], one: Item) -> None:
    """However often an item is scored, what is learned and what is said later stay the same."""
    plain, asked = make([BORDER], {}), make([BORDER], {})
    for after, known in enumerate(stream):
        for _ in range(3):
            asked.score("border", one, 60 * after)
        before = stored(asked)
        scores = [asked.score("border", known, 60 * after)]
        assert stored(asked) == before
        asked.learn(known, scores, 60 * after)
    play(plain, stream)
    assert stored(plain) == stored(asked)
    assert plain.score("border", one, 6000) == asked.score("border", one, 6000)


@every_scorer
@given(STREAMS, STREAMS)
@LAW
def test_only_earlier_items_have_influence(
    make: Make, before: list[Item], then: list[Item]
) -> None:
    """What comes later changes no score that was given."""
    alone = play(make([BORDER], {}), before)
    assert play(make([BORDER], {}), [*before, *then])[: len(before)] == alone


@every_scorer
@given(STREAMS, ITEMS)
@LAW
def test_the_same_input_gives_the_same_score(make: Make, stream: list[Item], one: Item) -> None:
    """There is no chance in it, and no memory of other runs."""
    first, second = make([BORDER], {}), make([BORDER], {})
    assert play(first, stream) == play(second, stream)
    assert first.score("border", one, 1000) == first.score("border", one, 1000)
    assert first.score("border", one, 1000) == second.score("border", one, 1000)


@every_scorer
@given(STREAMS, st.data())
@LAW
def test_a_restart_changes_no_score(make: Make, stream: list[Item], data: st.DataObject) -> None:
    """Stored as JSON and read again at any point of a stream, what was learned is all there."""
    at = data.draw(st.integers(0, len(stream)))
    whole = make([BORDER, VOLCANO], {})
    expected = play(whole, stream, "border", "volcano")
    early = make([BORDER, VOLCANO], {})
    found = play(early, stream[:at], "border", "volcano")
    late = make([BORDER, VOLCANO], json.loads(stored(early)))
    found += play(late, stream[at:], "border", "volcano", start=at)
    assert found == expected
    assert stored(late) == stored(whole)


@every_scorer
@given(STREAMS)
@LAW
def test_topics_are_independent(make: Make, stream: list[Item]) -> None:
    """What else is watched changes no score of a topic."""
    alone = play(make([BORDER], {}), stream)
    both = play(make([VOLCANO, BORDER], {}), stream, "volcano", "border")
    assert [[border] for _, border in both] == alone


# --------------------------------------------------------------------------------- the score


def check(score: Score) -> None:
    """Assert what holds of every score."""
    assert 0.0 <= score.value <= 1.0
    assert math.fsum(one.share for one in score.terms) == pytest.approx(score.value, abs=1e-9)
    shares = [one.share for one in score.terms if one.term]
    assert shares == sorted(shares, reverse=True)
    assert all(share > 0.0 for share in shares)


@every_scorer
@given(STREAMS, ITEMS)
@LAW
def test_a_score_is_in_range_and_its_terms_add_up(
    make: Make, stream: list[Item], one: Item
) -> None:
    """A score is between 0 and 1, and the shares of its terms, heaviest first, are all of it."""
    scorer = make([BORDER], {})
    for (score,) in play(scorer, [*stream, one]):
        check(score)


@every_scorer
@given(st.text(max_size=300), st.text(max_size=600), st.sampled_from(["en", "pl", "zh", None]))
@settings(LAW, max_examples=100)
def test_any_text_can_be_scored(make: Make, title: str, summary: str, lang: str | None) -> None:
    """No text is too odd to be scored and learned from, and the state stays JSON."""
    scorer = make([BORDER], {})
    one = item(title, summary, lang)
    about = item(f"{ABOUT.title} {title}", f"{ABOUT.summary} {summary}", lang)
    for (score,) in play(scorer, [one, about, one]):
        check(score)
    # A language that no seed is in teaches nothing.
    assert bool(json.loads(stored(scorer))) is (lang in ("en", None))


@every_scorer
@given(STREAMS, words(OURS, OTHERS), st.randoms(use_true_random=False))
@LAW
def test_the_order_of_words_does_not_matter(
    make: Make, stream: list[Item], some: list[str], chance: random.Random
) -> None:
    """The words of an item in another order have the same score; capitals aside."""
    scorer = make([BORDER], {})
    play(scorer, stream)
    shuffled = chance.sample(some, k=len(some))
    one = scorer.score("border", item("said", " ".join(some)), 1000)
    other = scorer.score("border", item("said", " ".join(shuffled)), 1000)
    assert one.value == pytest.approx(other.value, abs=1e-9)


@every_scorer
@given(words(OTHERS, FILLERS), st.lists(st.builds(item, st.sampled_from(OTHERS)), max_size=6))
@LAW
def test_nothing_of_the_seed_is_nothing(make: Make, some: list[str], stream: list[Item]) -> None:
    """An item without a term of the seed scores 0 as long as nothing on-topic was learned."""
    scorer = make([BORDER], {})
    play(scorer, stream)
    score = scorer.score("border", item(" ".join(some)), 1000)
    assert (score.value, score.terms) == (0.0, ())
    assert score.lacks


@every_scorer
@given(STREAMS, words(OURS, OTHERS), words(FILLERS))
@LAW
def test_filler_never_helps(
    make: Make, stream: list[Item], some: list[str], filler: list[str]
) -> None:
    """Words that the topic never met make a score lower or leave it, never higher."""
    scorer = make([BORDER], {})
    play(scorer, stream)
    bare = scorer.score("border", item("said", " ".join(some)), 1000)
    padded = scorer.score("border", item("said", " ".join([*some, *filler])), 1000)
    assert padded.value <= bare.value + 1e-12


def test_one_more_word_of_the_seed_helps(make: Make) -> None:
    """More of what the seed is about is closer to it, a repetition is not."""
    scorer = make([BORDER], {})
    texts = ["migrants", "migrants belarus", "migrants belarus border", "migrants belarus border"]
    texts[3] += " migrants migrants belarus"
    one, two, three, again = (
        scorer.score("border", item("football", text), 0).value for text in texts
    )
    assert one < two < three == pytest.approx(again)


def test_an_item_on_the_topic_stands_out(make: Make) -> None:
    """A report of the seed's event is on-topic; its names alone, or its matter alone, are less."""
    scorer = make([BORDER], {})
    on_topic = scorer.score("border", ABOUT, 0)
    names = item("Tennis in Minsk, chess in Warsaw", "Belarus won a medal, the coach said.")
    matter = item("Mexico sends guards", "Migrants were held at a fence in Tijuana, Texas said.")
    assert on_topic.on_topic
    assert on_topic.lacks == ""
    for other in (names, matter):
        assert 0.0 < scorer.score("border", other, 0).value < on_topic.value


def test_an_item_that_is_off_topic_says_what_it_lacks(make: Make) -> None:
    """Below the threshold there is a reason, whatever the item has of the seed."""
    scorer = make([BORDER], {})
    for text in ("football", "the guards of the museum"):
        score = scorer.score("border", item("The day in sports", text), 0)
        assert not score.on_topic
        assert score.lacks


# ------------------------------------------------------------------------------ the shipped seed


@pytest.fixture(scope="module")
def shipped() -> Topic:
    """Give a topic with the seed that is shipped."""
    text = SHIPPED.read_text(encoding="utf-8")
    return Topic(name="shipped", seeds=(Seed(name="seed", title="", text=text),), receivers=())


def test_the_shipped_seed_knows_itself(make: Make, shipped: Topic) -> None:
    """The seed as a whole, and nearly all of its paragraphs, are on-topic."""
    scorer = make([shipped], {})
    text = shipped.seeds[0].text
    paragraphs = [one for one in text.split("\n\n") if len(one.split()) > 12]
    assert scorer.score("shipped", item("", text), 0).on_topic
    assert scorer.score("shipped", item("", paragraphs[0]), 0).on_topic
    known = sum(scorer.score("shipped", item("", one), 0).on_topic for one in paragraphs)
    assert known >= 0.7 * len(paragraphs) > 10


@pytest.mark.parametrize(
    "title,summary",
    [
        ("Bank raises interest rates", "Inflation is at its highest in ten years, it said."),
        ("Election in Bulgaria", "The president won a second term, exit polls suggested."),
        ("US border: Texas sends troops", "Migrants from Haiti camp under a bridge in Del Rio."),
        ("Storm hits the Philippines", "At least seven people died, authorities said on Monday."),
    ],
)
def test_the_shipped_seed_leaves_its_neighbours(
    make: Make, shipped: Topic, title: str, summary: str
) -> None:
    """Other news of the same places, or of the same kind elsewhere, is off-topic."""
    assert not make([shipped], {}).score("shipped", item(title, summary), 0).on_topic


# ---------------------------------------------------------------------------------- bounds


def test_what_is_learned_stays_small(make: Make) -> None:
    """After ten thousand items that each bring new words a topic's state is below 200 kB."""
    scorer = make([BORDER], {})
    chance = random.Random(1)  # noqa: S311 - the same words in each run
    alphabet = string.ascii_lowercase
    on_topic = 0
    for number in range(10_000):
        new = ["".join(chance.choices(alphabet, k=9)) for _ in range(4)]
        known = chance.sample(OURS, k=number % 9)
        one = made.item("new", title=" ".join(known), summary=" ".join(new))
        score = scorer.score("border", one, number)
        on_topic += score.on_topic
        scorer.learn(one, [score], number)
    assert on_topic > 1000
    assert len(stored(scorer)) < 200_000


def test_a_quarter_of_silence_is_no_end(make: Make) -> None:
    """A story that was silent for three months is still known when it wakes."""
    scorer = make([BORDER], {})
    play(scorer, [ABOUT, item("football coach"), replace(ABOUT, fingerprint="2")])
    later = round(90 * 24 * HOUR / MINUTE)
    soon, late = scorer.score("border", ABOUT, 300), scorer.score("border", ABOUT, later)
    assert late.value < soon.value
    assert late.on_topic
