"""How close an item comes, and what a topic learns from a stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.tokens import Token
from monitor.topics.profile import Profile, make_profile
from monitor.topics.score import (
    DEFAULT_THRESHOLD,
    HALF,
    LEAST_LENGTH,
    ItemTerms,
    Scored,
    State,
    item_terms,
    learn,
    logistic,
    nothing,
    score,
)
from tests.fakes.made import DAY, HOUR, MINUTE, NOW

LAW = settings(max_examples=60, deadline=None)

NAMES = ["minsk", "warsaw", "kuznica", "belarus", "lukashenko", "poland"]
MATTER = ["fence", "wire", "guards", "troops", "camp", "forest"]
NEW = ["tents", "bruzgi", "shots", "drones", "convoy", "hangar"]


def token(word: str, *, rarity: float = 4.0) -> Token:
    """Return a token of a word, a name if it is one of ours."""
    return Token(key=word, surface=word, rarity=rarity, name=word in NAMES)


def item(*words: str) -> ItemTerms:
    """Return an item of these words."""
    return item_terms([token(word) for word in words])


SEED = make_profile([[token(word) for word in NAMES + MATTER]])


def meet(
    items: Sequence[ItemTerms],
    state: State | None = None,
    *,
    profile: Profile = SEED,
    every: timedelta = MINUTE,
) -> State:
    """Score and learn items one after the other; give the state after them."""
    state = state or State()
    for number, one in enumerate(items):
        at = NOW + number * every
        learn(one, score(one, profile, state, at), profile, state, at)
    return state


def value(one: ItemTerms, state: State | None = None) -> float:
    """Give the score of an item now."""
    return score(one, SEED, state or State(), NOW).value


# ---------------------------------------------------------------------------------- formulas


def test_the_logistic_has_its_half() -> None:
    """No evidence is 0, HALF is one half, and much is nearly 1."""
    assert (logistic(0.0), logistic(HALF)) == (0.0, 0.5)
    assert logistic(100 * HALF) > 0.99
    assert DEFAULT_THRESHOLD == 0.5


@given(st.floats(1e-30, 10.0), st.floats(1e-30, 10.0))
@LAW
def test_the_logistic_rises(one: float, other: float) -> None:
    """More evidence is never a lower score, and no evidence leaves the range."""
    low, high = sorted([one, other])
    assert 0.0 <= logistic(low) <= logistic(high) <= 1.0


def test_an_item_has_length_1() -> None:
    """Rare words weigh more, repeated ones do not, and what everybody says not at all."""
    found = item_terms(
        [
            token("minsk", rarity=40.0),
            token("fence", rarity=30.0),
            token("fence", rarity=30.0),
            token("the", rarity=0.0),
        ]
    )
    assert found.weights == pytest.approx({"minsk": 0.8, "fence": 0.6})
    assert found.names == {"minsk"}
    assert found.surfaces["fence"] == "fence"


def test_one_name_in_a_short_headline_is_little_evidence() -> None:
    """An item shorter than a headline is divided by a headline's length: its words weigh less."""
    short = item_terms([token("minsk", rarity=4.0)])
    assert short.weights == pytest.approx({"minsk": 4.0 / LEAST_LENGTH})


def test_no_term_is_no_evidence() -> None:
    """An item without a term of the seed, or without any, is nothing."""
    for one in (item("football", "coach"), item()):
        found = score(one, SEED, State(), NOW)
        assert found == nothing(found.level)
        assert (found.value, dict(found.shares)) == (0.0, {})


def test_names_and_matter_together_are_worth_more() -> None:
    """Of items with as much of the seed the one that has both kinds scores higher."""
    both = value(item("minsk", "warsaw", "fence", "wire"))
    names = value(item("minsk", "warsaw", "kuznica", "poland"))
    matter = value(item("fence", "wire", "guards", "troops"))
    assert both > names
    assert both > matter


@given(st.permutations(NAMES + MATTER), st.integers(1, 11))
@LAW
def test_more_of_the_seed_scores_higher(words: list[str], count: int) -> None:
    """In an item of a given number of words each word of the seed in place of another helps."""
    fill = [f"filler{number}" for number in range(12)]
    fewer = value(item(*words[:count], *fill[count:]))
    more = value(item(*words[: count + 1], *fill[count + 1 :]))
    assert fewer < more


@given(st.lists(st.sampled_from(NAMES + MATTER + NEW), min_size=1))
@LAW
def test_shares_add_up(words: list[str]) -> None:
    """The terms of the seed share the score among them, and no other term has any."""
    found = score(item(*words), SEED, State(), NOW)
    assert sum(found.shares.values()) == pytest.approx(found.value, abs=1e-9)
    assert set(found.shares) == set(words) & set(NAMES + MATTER)


# ------------------------------------------------------------------------------------- level

PLAIN = item("football", "coach", "goal")
ABOUT = item("minsk", "kuznica", "fence", "guards")


def level(state: State, after: timedelta = timedelta(0)) -> float:
    """Give how much evidence a topic asks for."""
    return score(ABOUT, SEED, state, NOW + after).level


def test_a_fresh_topic_asks_for_the_usual() -> None:
    """Before the first item the level is 1, at whatever time that comes."""
    assert level(State()) == pytest.approx(1.0)
    assert level(State(), 1000 * DAY) == pytest.approx(1.0)


def test_the_level_rises_with_a_busy_neighbourhood() -> None:
    """A topic that many items come a little close to asks for more, one that few do for less."""
    wide = [token(f"word{number}", rarity=2.0) for number in range(160)]
    profile = make_profile([wide])
    others = [token(f"other{number}") for number in range(4)]
    near = [item_terms([*wide[n % 150 : n % 150 + 7], *others]) for n in range(0, 900, 6)]
    assert 0.0 < score(near[0], profile, State(), NOW).value < DEFAULT_THRESHOLD

    def asked(stream: list[ItemTerms]) -> float:
        return score(near[0], profile, meet(stream, profile=profile), NOW).level

    quiet, busy, busier = asked([PLAIN] * 150), asked([*near[:40], *[PLAIN] * 110]), asked(near)
    assert quiet < 1.0 < busy < busier < 4.0


@given(st.lists(st.floats(0.0, 400.0), min_size=2, max_size=5))
@LAW
def test_the_level_rises_with_silence(days: list[float]) -> None:
    """The longer nothing on-topic came, the more evidence is asked for, but slowly."""
    state = meet([ABOUT])
    levels = [level(state, one * DAY) for one in sorted(days)]
    assert levels == sorted(levels)
    assert levels[-1] < 2.0 * level(state)


def test_the_level_falls_back_with_the_next_item() -> None:
    """One item ends most of a silence, and a second nearly all: a story that wakes is heard."""
    state = meet([ABOUT])
    at = NOW + 60 * DAY
    levels = [level(state, 60 * DAY)]
    for _ in range(3):
        learn(ABOUT, score(ABOUT, SEED, state, at), SEED, state, at)
        levels.append(level(state, 60 * DAY))
    assert levels == sorted(levels, reverse=True)
    asleep, one, two, _ = (value - level(meet([ABOUT, ABOUT])) for value in levels)
    assert one < 0.5 * asleep
    assert two < 0.2 * asleep


def test_a_silence_is_measured_by_the_pace_of_the_story() -> None:
    """The same silence says more of a story that brought an item a day than of a slow one."""
    quick, slow = meet([ABOUT] * 20, every=DAY), meet([ABOUT] * 4, every=40 * DAY)
    assert level(quick, (19 + 30) * DAY) > level(slow, (3 * 40 + 30) * DAY) > level(State())


def test_time_that_runs_back_does_no_harm() -> None:
    """An item from before the last one is scored as at its time."""
    state = meet([ABOUT], every=DAY)
    assert level(state, -10 * DAY) == level(state)


def test_the_level_falls_on_no_off_topic_item() -> None:
    """Only an on-topic item ends a silence."""
    state = meet([ABOUT])
    before = state.last_at
    found = score(PLAIN, SEED, state, NOW + 30 * DAY)
    learn(PLAIN, found, SEED, state, NOW + 30 * DAY)
    assert state.last_at == before
    assert level(state, 31 * DAY) > level(state, 30 * DAY)


# ------------------------------------------------------------------------------- what it learns


def test_a_term_that_is_common_in_these_feeds_tells_less() -> None:
    """A term that off-topic items hold again and again loses weight, the others do not."""
    one, other = item("guards", "football"), item("wire", "football")
    state = meet([item("guards", *(f"word{number}{n}" for n in range(9))) for number in range(900)])
    fresh = value(one)
    assert fresh == value(other)
    shares = score(item("guards", "wire"), SEED, state, NOW).shares
    assert shares.get("guards", 0.0) < shares["wire"]


def sure_items(count: int, *known: str) -> list[ItemTerms]:
    """Return items that are surely on-topic and bring the same new words."""
    return [item(*known, *NEW[:3]) for _ in range(count)]


@pytest.mark.parametrize("count", [1, 2, 5, 50, 500])
def test_adaptation_leaves_the_seed_its_part(count: int) -> None:
    """After any number of sure items the seed's own terms keep seven tenths of the length."""
    state = meet(sure_items(count, "minsk", "kuznica", "belarus", "fence", "wire"))
    untouched = item("warsaw", "poland", "troops", "camp")
    before = score(untouched, SEED, State(), NOW)
    after = score(untouched, SEED, state, NOW)
    assert after.names + after.matter >= 0.7 * (before.names + before.matter)
    assert after.names + after.matter <= before.names + before.matter


def test_a_story_brings_its_words() -> None:
    """New words that sure items share count for an item that has terms of the seed too."""
    one = item("kuznica", "wire", *NEW[:2], "football")
    state = meet(sure_items(5, "minsk", "kuznica", "belarus", "fence", "wire"))
    before, after = (score(one, SEED, each, NOW) for each in (State(), state))
    assert after.evidence > before.evidence
    assert set(after.shares) == {"kuznica", "wire", *NEW[:2]}
    assert after.seed_evidence == pytest.approx(before.seed_evidence)


def test_what_was_learned_vouches_for_nothing_new() -> None:
    """An item that has only learned words teaches none: a topic cannot walk away word by word."""
    state = meet(sure_items(50, "minsk", "kuznica", "belarus", "fence", "wire"))
    step = item(*NEW[:3], NEW[3])
    found = score(step, SEED, state, NOW)
    assert found.evidence > 0.0 == found.seed_evidence
    meet([step] * 100, state)
    assert score(item(NEW[3]), SEED, state, NOW).value == 0.0


def test_words_that_came_once_are_let_go() -> None:
    """Of what sure items bring, the words that come again stay, and the rest has its bounds."""
    known = ["minsk", "kuznica", "belarus", "fence", "wire", "tents"]
    once = [[f"word{number}{letter}" for letter in "abcd"] for number in range(600)]
    state = meet([item(*known, *words) for words in once])
    shares = score(
        item("tents", *(word for words in once for word in words)), SEED, state, NOW
    ).shares
    assert "tents" in shares
    assert len(shares) <= 1000
    assert len(json.dumps(state.to_json())) < 100_000
    untouched = item("warsaw", "poland", "troops", "camp")
    before, after = (score(untouched, SEED, each, NOW) for each in (State(), state))
    assert after.names + after.matter >= 0.7 * (before.names + before.matter)


def test_an_unsure_item_teaches_nothing() -> None:
    """An item that is barely or not on-topic leaves no new word."""
    state = meet([item("guards", *NEW[:3], "football", "coach")] * 50 + [PLAIN] * 50)
    assert score(item(*NEW[:3]), SEED, state, NOW).value == 0.0


WORDS = st.lists(st.sampled_from(NAMES + MATTER + NEW + ["football"]), min_size=1, max_size=8)


@given(st.lists(WORDS, max_size=12), WORDS)
@LAW
def test_scoring_changes_no_state(stream: list[list[str]], words: list[str]) -> None:
    """A state after scoring is the state before; learning is a call of its own."""
    state = meet([item(*one) for one in stream])
    before = json.dumps(state.to_json())
    score(item(*words), SEED, state, NOW + HOUR)
    assert json.dumps(state.to_json()) == before


@given(st.lists(WORDS, max_size=12), WORDS)
@LAW
def test_a_state_is_its_json(stream: list[list[str]], words: list[str]) -> None:
    """Written and read again a state gives the same score to the last bit, and learns the same."""
    state = meet([item(*one) for one in stream])
    again = State.from_json(json.loads(json.dumps(state.to_json(), sort_keys=True)))
    assert again == state
    assert score(item(*words), SEED, again, NOW) == score(item(*words), SEED, state, NOW)
    meet([item(*words)], again)
    meet([item(*words)], state)
    assert again == state


def test_what_was_given_out_is_a_copy() -> None:
    """A stored state does not change with the one that goes on."""
    state = meet([ABOUT])
    stored = state.to_json()
    before = json.dumps(stored)
    other = State.from_json(stored)
    meet([ABOUT, PLAIN], state)
    meet([ABOUT, PLAIN], other)
    assert json.dumps(stored) == before
    assert isinstance(score(ABOUT, SEED, other, NOW), Scored)
