"""What seeds are about."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.tokens import Token, tokens
from monitor.topics.profile import Profile, make_profile, name_shares, rarities

LAW = settings(max_examples=100, deadline=None)


def token(key: str, rarity: float = 4.0, *, name: bool | None = False) -> Token:
    """Return a token that is written as its term."""
    return Token(key=key, surface=key, rarity=rarity, name=name)


def of(*texts: str) -> Profile:
    """Return the profile of some English seeds."""
    return make_profile([tokens(text, "en") for text in texts])


def length(profile: Profile) -> float:
    """Give the length of a profile."""
    return math.sqrt(math.fsum(profile.weight(term) ** 2 for term in profile.rarity))


TOKENS = st.builds(
    token,
    st.sampled_from("abcdefgh"),
    st.one_of(st.just(0.0), st.floats(0.01, 5.5)),
    name=st.sampled_from([True, False, None]),
)
SEEDS = st.lists(st.lists(TOKENS, max_size=20), max_size=4)


@given(SEEDS)
@LAW
def test_a_profile_has_length_1(seeds: list[list[Token]]) -> None:
    """Whatever the seeds: the weights, none negative, have length 1, or there is no term at all."""
    made = make_profile(seeds)
    assert set(made.names) | set(made.matter) <= set(made.rarity)
    assert all(weight > 0.0 for weight in [*made.names.values(), *made.matter.values()])
    if made.rarity:
        assert length(made) == pytest.approx(1.0, abs=1e-9)
    else:
        assert all(one.rarity == 0.0 for seed in seeds for one in seed)


@given(SEEDS)
@LAW
def test_the_order_of_seeds_and_words_does_not_matter(seeds: list[list[Token]]) -> None:
    """A profile counts words, it does not read."""
    made, turned = make_profile(seeds), make_profile([seed[::-1] for seed in seeds[::-1]])
    assert turned.rarity == made.rarity
    assert turned.names == pytest.approx(made.names)
    assert turned.matter == pytest.approx(made.matter)


def test_what_the_seed_repeats_weighs_more() -> None:
    """Of two words as rare as each other the one that is said more often is heavier."""
    made = make_profile([[token("fence"), token("wire"), token("fence")]])
    assert made.weight("fence") > made.weight("wire")


@given(st.integers(1, 30))
@LAW
def test_a_repetition_adds_less_each_time(times: int) -> None:
    """Each mention adds weight, a later one less than an earlier."""

    def ratio(count: int) -> float:
        made = make_profile([[token("fence")] * count + [token("wire")]])
        return made.weight("fence") / made.weight("wire")

    assert ratio(times) < ratio(times + 1) < ratio(times) * (times + 1) / times
    assert ratio(1) == pytest.approx(1.0)


def test_rarity_comes_from_outside() -> None:
    """A word that the seed says often, but everybody does, weighs little."""
    made = of("he said that it was said, officials said: said they said of Kuznica", "she said so")
    assert made.weight("said") < made.weight("kuznica")
    assert "the" not in of("the fence of the border").rarity


def test_names_weigh_more_than_matter() -> None:
    """Of two words as rare as each other a name is heavier."""
    made = make_profile([[token("minsk", name=True), token("fence", name=False)]])
    assert made.weight("minsk") > made.weight("fence")
    assert (set(made.names), set(made.matter)) == ({"minsk"}, {"fence"})


def test_names_and_matter_share_a_term() -> None:
    """A term that is written as a name in a part of its places is a name to that part."""
    places = [token("guard", name=True), token("guard", name=False), token("guard", name=None)]
    made = make_profile([[*places, token("minsk", name=True)]])
    assert made.names["guard"] > made.matter["guard"] > 0.0
    assert make_profile([places]).weight("guard") == pytest.approx(1.0)


def test_where_nothing_tells_a_term_is_half_a_name() -> None:
    """A word that stands at sentence starts only may be either."""
    made = make_profile([[token("guard", name=None)]])
    assert made.names["guard"] > made.matter["guard"] > 0.0


def test_several_seeds_are_one_profile() -> None:
    """A word that several seeds share is heavier than one that only one has."""
    made = of("Migrants at the fence", "Migrants in the forest", "Migrants on the march")
    assert made.strongest(1) == ["migrant"]
    assert {"fenc", "forest", "march"} <= set(made.rarity)


def test_no_seed_is_no_profile() -> None:
    """Without a word to go by there is a profile that nothing matches."""
    none: list[list[list[Token]]] = [[], [[]], [tokens("the", "en")], [tokens("😀 !?", "en")]]
    for seeds in none:
        made = make_profile(seeds)
        assert (dict(made.names), dict(made.matter), dict(made.rarity)) == ({}, {}, {})
        assert made.strongest(3) == []
        assert made.weight("fence") == 0.0


@given(SEEDS, st.integers(0, 10))
@LAW
def test_the_strongest_come_first(seeds: list[list[Token]], most: int) -> None:
    """The heaviest terms, heaviest first, each once."""
    made = make_profile(seeds)
    found = made.strongest(most)
    weights = [made.weight(term) for term in found]
    assert weights == sorted(weights, reverse=True)
    assert len(found) == len(set(found)) == min(most, len(made.rarity))
    left = [made.weight(term) for term in made.rarity if term not in found]
    assert max(left, default=0.0) <= min(weights, default=math.inf)


def test_of_several_spellings_the_commonest_counts() -> None:
    """A term is as common as the commonest word that it stands for; rarity 0 is no term."""
    found = [token("kuznic", 5.5), token("kuznic", 4.0), token("the", 0.0)]
    assert rarities(found) == {"kuznic": 4.0}


def test_a_name_share_counts_telling_places() -> None:
    """Where a capital tells nothing the place does not count."""
    found = [
        token("minsk", name=True),
        token("minsk", name=None),
        token("guard", name=True),
        token("guard", name=False),
        token("start", name=None),
    ]
    assert name_shares(found) == {"minsk": 1.0, "guard": 0.5}
