"""What a yes or no may change, and what it never can."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records import Item, Judgement, Lessons
from monitor.text.tokens import headline, tokens
from monitor.topics.feedback import (
    ADD,
    CUT,
    DAMP,
    adjust,
    hear,
    item_weights,
    lean,
    make_judgement,
    moves,
    standing,
)
from monitor.topics.profile import Profile, make_profile
from monitor.topics.score import DEFAULT_THRESHOLD, State, item_terms, score
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import MINUTE, NOW

# A busy machine may take its time.
LAW = settings(max_examples=60, deadline=None)

SEED = """Hundreds of migrants tried to cross the border from Belarus into Poland near Kuznica.
Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends the migrants.
Poland closed the crossing at Kuznica, and the European Union prepares sanctions against Belarus."""
TEXTS = (
    "Poland builds a wall on its border with Belarus against migrants",
    "Migrants leave the camp at Kuznica, says Poland",
    "Lukashenko wins chess prize in Minsk",
    "Belarus beat Poland at ice hockey in Minsk",
    "European Union prepares sanctions against Russia over gas",
    "Polish parliament votes on abortion law in Warsaw",
    "Migrants cross the Channel from France in boats",
    "Lithuania strings razor wire along its border with Belarus",
    "Airlines stop flights to Minsk for people without visas",
    "Storm in the Philippines leaves thousands without shelter",
    "the of and",
)


def profile_of(text: str) -> Profile:
    """Return the profile of a seed."""
    return make_profile([tokens(text, "en")])


def said(text: str, *, yes: bool, at: datetime = NOW) -> Judgement:
    """Return what was said of an item with this title."""
    seen = made.seen(text, made.item(text, title=text, summary=""))
    found = headline(text, "en")
    return make_judgement("border", seen, found, "en", is_on_topic=yes, at=at)


def value(text: str, seed: Profile, judgements: list[Judgement]) -> float:
    """Return the score of a text for a topic that has heard some judgements."""
    heard = hear(seed, judgements)
    terms = lean(item_terms(tokens(text, "en")), heard)
    return score(terms, heard.profile, State(), NOW).value


def length(profile: Profile) -> float:
    """Return the length of a profile."""
    return math.sqrt(math.fsum(profile.weight(term) ** 2 for term in profile.rarity))


PROFILE = profile_of(SEED)
JUDGEMENTS = st.lists(
    st.builds(
        lambda text, yes, minutes: said(text, yes=yes, at=NOW + minutes * MINUTE),
        st.sampled_from([SEED, *TEXTS]),
        st.booleans(),
        st.integers(0, 10_000),
    ),
    max_size=40,
)
# The same word on any number of different items with the same text.
REPEATED = st.builds(
    lambda one, times: [
        replace(one, item_id=str(time), id=str(time), given_at=NOW + timedelta(seconds=time))
        for time in range(times)
    ],
    st.builds(lambda text, yes: said(text, yes=yes), st.sampled_from(TEXTS), st.booleans()),
    st.integers(1, 60),
)
SAID = JUDGEMENTS | REPEATED

# ---------------------------------------------------------------------------------- what can not be


@LAW
@given(SAID)
def test_the_seed_keeps_its_part(judgements: list[Judgement]) -> None:
    """Whatever is said, the seed keeps 60 % of the profile's length and more, which stays 1."""
    moved = adjust(PROFILE, judgements)
    assert length(moved) == pytest.approx(1.0)
    # What is left of the seed is at least what blame leaves of its terms.
    alike = math.fsum(moved.weight(term) * PROFILE.weight(term) for term in PROFILE.rarity)
    assert alike >= 0.6
    brought = [term for term in moved.rarity if term not in PROFILE.rarity]
    assert math.sqrt(math.fsum(moved.weight(term) ** 2 for term in brought)) <= ADD


@LAW
@given(SAID)
def test_no_term_of_the_seed_is_lost(judgements: list[Judgement]) -> None:
    """However often it is blamed, a term keeps 40 % of the weight that the seed gave it."""
    moved = adjust(PROFILE, judgements)
    floor = (1.0 - CUT) / (1.0 + ADD)
    assert floor > 0.4
    for term in PROFILE.rarity:
        assert moved.weight(term) >= floor * PROFILE.weight(term) - 1e-12


@LAW
@given(SAID)
def test_the_seed_stays_on_topic(judgements: list[Judgement]) -> None:
    """Whatever is said, even of the seed itself, its own text stays on-topic."""
    assert value(SEED, PROFILE, judgements) > DEFAULT_THRESHOLD


@LAW
@given(st.sampled_from([*TEXTS, SEED]), st.booleans())
def test_one_click_never_inverts_a_topic(text: str, yes: bool) -> None:  # noqa: FBT001 - drawn
    """After one yes or no, to whatever item, what was clearly closer to the topic still is."""
    judgements = [said(text, yes=yes)]
    before = {one: value(one, PROFILE, []) for one in TEXTS}
    after = {one: value(one, PROFILE, judgements) for one in TEXTS}
    for near in TEXTS:
        for far in TEXTS:
            if before[near] > DEFAULT_THRESHOLD > 2.0 * before[far]:
                assert after[near] > after[far]
    assert all(after[one] > DEFAULT_THRESHOLD / 2 for one in TEXTS if before[one] > 0.6)
    assert all(after[one] < DEFAULT_THRESHOLD for one in TEXTS if before[one] < 0.1 and one != text)


@LAW
@given(SAID)
def test_weights_can_be_scored_with(judgements: list[Judgement]) -> None:
    """No weight is negative, and each term has its rarity."""
    moved = adjust(PROFILE, judgements)
    assert min([*moved.names.values(), *moved.matter.values()]) >= 0.0
    assert {*moved.names, *moved.matter} <= moved.rarity.keys()
    assert all(rarity > 0.0 for rarity in moved.rarity.values())
    assert {term: moved.rarity[term] for term in PROFILE.rarity} == PROFILE.rarity


@LAW
@given(SAID, st.sampled_from(TEXTS))
def test_no_item_is_silenced(judgements: list[Judgement], text: str) -> None:
    """An item loses 30 % of its weight at most, and gains none."""
    item = item_terms(tokens(text, "en"))
    leant = lean(item, hear(PROFILE, judgements))
    for term, weight in item.weights.items():
        assert (1.0 - DAMP) * weight - 1e-12 <= leant.weights[term] <= weight
    assert (leant.names, leant.surfaces) == (item.names, item.surfaces)


@LAW
@given(st.sampled_from(TEXTS), st.booleans())
def test_one_word_is_a_small_step(text: str, yes: bool) -> None:  # noqa: FBT001 - drawn
    """One judgement moves no term of the seed by more than three tenths, and damps by a twelfth."""
    moved = adjust(PROFILE, [said(text, yes=yes)])
    for term in PROFILE.rarity:
        assert moved.weight(term) == pytest.approx(PROFILE.weight(term), rel=0.3, abs=0.03)
    item = item_terms(tokens(text, "en"))
    leant = lean(item, hear(PROFILE, [said(text, yes=yes)]))
    assert all(leant.weights[term] >= item.weights[term] * 11 / 12 for term in item.weights)


# ----------------------------------------------------------------------------------- the way back


@LAW
@given(JUDGEMENTS, JUDGEMENTS)
def test_undone_is_as_never_said(first: list[Judgement], then: list[Judgement]) -> None:
    """What is left after an undo moves the profile as if the rest had never been, bit for bit."""
    before = hear(PROFILE, first)
    hear(PROFILE, [*first, *then])
    assert hear(PROFILE, first) == before
    assert hear(PROFILE, []).profile is PROFILE
    item = item_terms(tokens(SEED, "en"))
    assert lean(item, hear(PROFILE, [])) is item


@LAW
@given(JUDGEMENTS, st.randoms(use_true_random=False))
def test_the_order_of_telling_is_irrelevant(judgements: list[Judgement], chance: object) -> None:
    """Judgements count by when they were given, not by how they are stored."""
    shuffled = list(judgements)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert hear(PROFILE, shuffled) == hear(PROFILE, judgements)


def test_the_last_word_on_an_item_counts() -> None:
    """Who changes their mind says so, and undoing that gives the first word back."""
    first, last = said(TEXTS[0], yes=False), said(TEXTS[0], yes=True, at=NOW + MINUTE)
    assert standing([last, first]) == [last]
    assert adjust(PROFILE, [first, last]) == adjust(PROFILE, [last])
    elsewhere = replace(first, topic="rail")
    assert standing([last, elsewhere]) == [elsewhere, last]


def test_a_profile_of_nothing_stays_so() -> None:
    """A seed without any rare word has nothing that could move."""
    nothing = profile_of("the of and")
    assert adjust(nothing, [said(TEXTS[0], yes=True)]) is nothing


# ------------------------------------------------------------------------------------- what moves


def test_a_no_blames_what_distinguishes() -> None:
    """A no lowers what is not the topic's core, the more the less it is."""
    moved = adjust(PROFILE, [said("Warsaw prepares gas for Belarus", yes=False)])
    change = {
        term: moved.weight(term) / PROFILE.weight(term) for term in ("warsaw", "gas", "belarus")
    }
    assert change["gas"] < change["belarus"]
    assert change["warsaw"] < change["belarus"]


def test_what_yes_items_have_as_well_is_not_blamed() -> None:
    """A term of the core that got a yes as often as a no keeps its weight."""
    both = [
        said("Belarus sends migrants to the fence", yes=True),
        said("Belarus beat Poland at ice hockey", yes=False),
    ]
    only_no = adjust(PROFILE, both[1:])
    moved = adjust(PROFILE, both)
    assert moved.weight("belarus") > only_no.weight("belarus")
    assert "hockey" not in moved.rarity
    kept = moved.weight("belarus") / PROFILE.weight("belarus")
    # Only the common length changes it.
    assert kept >= moved.weight("crossing") / max(PROFILE.weight("crossing"), 1e-9)


def test_a_yes_brings_its_terms() -> None:
    """A yes adds the terms of its item with their rarity, names as names, but none of a no item."""
    yes = said("Guards at the Lithuanian razor wire near Druskininkai", yes=True)
    moved = adjust(PROFILE, [yes])
    new = next(term for term in yes.names if term.startswith("druskinink"))
    assert moved.names[new] > 0.0
    assert moved.rarity[new] == yes.rarity[new]
    assert moved.matter["razor"] > 0.0
    text = "Sale of razor and wire"
    mixed = adjust(PROFILE, [yes, said(text, yes=False), said(f"{text} again", yes=False)])
    assert mixed.weight("razor") < moved.weight("razor")


def test_yes_lets_its_kind_in_and_no_keeps_its_kind_out() -> None:
    """Further items of a kind score higher after some yes, and lower after some no."""
    kind = "Lithuania strings razor wire along its border with Belarus"
    more = ["Razor wire rolls out in Lithuania", "Lithuania: wire on the border is finished"]
    before = value(kind, PROFILE, [])
    assert value(kind, PROFILE, [said(text, yes=True) for text in more]) > before
    assert value(kind, PROFILE, [said(text, yes=False) for text in more]) < before


def test_items_that_speak_for_the_topic_are_not_damped() -> None:
    """An item is damped only if it is closer to a no than to the seed and to every yes."""
    no = said("Belarus beat Poland at ice hockey in Minsk", yes=False)
    again = item_terms(headline("Belarus loses to Poland at ice hockey in Minsk", "en"))
    heard = hear(PROFILE, [no])
    assert lean(again, heard).weights["hockey"] < again.weights["hockey"]
    yes = said("Belarus loses to Poland at ice hockey in Minsk", yes=True)
    assert lean(again, hear(PROFILE, [no, yes])) is again
    other = item_terms(headline("Migrants at the fence near Kuznica", "en"))
    assert lean(other, heard) is other


def test_moves_are_shown_largest_first() -> None:
    """The terms that move are listed by how far, and no more of them than wanted."""
    moved = adjust(PROFILE, [said(TEXTS[0], yes=True), said(TEXTS[3], yes=False)])
    found = moves(PROFILE, moved, 8)
    sizes = [abs(move.after - move.before) for move in found]
    assert len(found) == 8
    assert sizes == sorted(sizes, reverse=True)
    assert moves(PROFILE, PROFILE, 8) == []


def test_a_judgement_keeps_what_it_needs() -> None:
    """It holds each term with its weight and rarity, at length 1, and an id of its own."""
    one = said(TEXTS[0], yes=True)
    assert one.names.keys().isdisjoint(one.matter)
    weights = {**one.names, **one.matter}
    assert weights.keys() == one.rarity.keys()
    assert weights == pytest.approx(item_weights(item_terms(headline(TEXTS[0], "en"))), abs=1e-6)
    assert math.hypot(*weights.values()) == pytest.approx(1.0, abs=1e-5)
    assert one.id != said(TEXTS[0], yes=False).id
    assert one == said(TEXTS[0], yes=True)


# ------------------------------------------------------------------------------------- the tracker


def tracker() -> Tracker:
    """Return a tracker of one topic in two languages that knows nothing yet."""
    english = replace(made.topic().seeds[0], text=SEED, title="", lang="en")
    german = replace(
        english, text="Hunderte Migranten an der Grenze zwischen Polen und Belarus", lang="de"
    )
    return Tracker([replace(made.topic(), seeds=(english, german))], Lessons())


def an_item(title: str, lang: str = "en") -> Item:
    """Return an item with a title only."""
    return made.item(title, title=title, summary="", lang=lang)


def test_a_tracker_hears_and_forgets() -> None:
    """Scores move with what is heard and go back with it; what was learned stays as it is."""
    one = tracker()
    for number, text in enumerate(TEXTS):
        at = NOW + number * MINUTE
        one.learn(an_item(text), [one.score("border", an_item(text), at)], at)
    learned = one.take_lessons()
    then = NOW + timedelta(days=1)
    before = [one.score("border", an_item(text), then) for text in TEXTS]
    no = [
        one.judgement("border", made.seen(text, an_item(text)), is_on_topic=False, at=then)
        for text in TEXTS[2:6]
    ]
    one.hear(no)
    moved = [one.score("border", an_item(text), then) for text in TEXTS]
    assert moved[3].value < before[3].value
    for found in moved:
        assert math.fsum(term.share for term in found.terms) == pytest.approx(found.value)
    assert one.take_lessons() == Lessons()
    one.hear(())
    assert [one.score("border", an_item(text), then) for text in TEXTS] == before
    fresh = tracker()
    fresh.restore(learned)
    assert [fresh.score("border", an_item(text), then) for text in TEXTS] == before


def test_what_is_said_in_one_language_moves_its_profile_only() -> None:
    """A judgement moves the profile that its item was scored against; strange ones do nothing."""
    one = tracker()
    german, english = one.profile("border", "de"), one.profile("border", "en")
    item = an_item("Belarus schlägt Polen im Eishockey", "de")
    judged = one.judgement("border", made.seen("a", item), is_on_topic=True, at=NOW)
    assert judged.lang == "de"
    one.hear([judged, replace(judged, id="b", topic="gone"), replace(judged, id="c", lang="xx")])
    assert one.profile("border", "de") != german
    assert one.profile("border", "en") is english
    assert one.profile("border", "fr") is english


def test_terms_are_shown_as_they_are_written() -> None:
    """Terms are named as the item writes them, else as the seed does."""
    surfaces = tracker().surfaces("border", an_item("Migrant boats"))
    assert (surfaces["migrant"], surfaces["kuznica"]) == ("Migrant", "Kuznica")
