"""All topics over the stream."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from monitor.records import Item, Lessons, Score, Seed, TermShare, Topic
from monitor.topics.evidence import MOST_TERMS
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, NOW

pytestmark = pytest.mark.xdist_group("english")

ENGLISH = Seed(
    name="en.txt",
    title="Migrants gather at the Polish border",
    text=(
        "Migrants gather at the Polish border. Hundreds of migrants came to the fence near Kuznica"
        " on Monday. Poland sent soldiers, and Warsaw accused Minsk and Alexander Lukashenko."
    ),
)
POLISH = Seed(
    name="pl.txt",
    title="Migranci na granicy",
    text=(
        "Setki migrantów przyszło w poniedziałek pod ogrodzenie koło Kuźnicy. Polska wysłała na"
        " granicę żołnierzy, a Warszawa oskarżyła Mińsk i Alaksandra Łukaszenkę o atak hybrydowy."
    ),
)
NEWS = made.item("en", title="Migrants cut the border fence", summary="Guards at Kuznica saw it.")
NEWS_PL = made.item(
    "pl",
    title="Żołnierze na granicy",
    summary="Migrantów pod Kuźnicą jest coraz więcej.",
    lang="pl",
)
SPORT = made.item("sport", title="City win the final", summary="The coach praised his team.")


def topic(*seeds: Seed, **changes: Any) -> Topic:
    """Return a topic with these seeds."""
    return replace(made.topic("border", seeds=seeds or (ENGLISH,), receivers=()), **changes)


def tracker(*topics: Topic, lessons: Lessons | None = None) -> Tracker:
    """Return a tracker of these topics."""
    return Tracker(topics or (topic(),), lessons or Lessons())


def value(tracked: Tracker, item: Item) -> float:
    """Give the score of an item for the border."""
    return tracked.score("border", item, NOW).value


def learn(tracked: Tracker, *items: Item) -> None:
    """Score and learn some items."""
    for item in items:
        tracked.learn(item, [tracked.score("border", item, NOW)], NOW)


def stored(lessons: Lessons) -> Lessons:
    """Give lessons as a store gives them back."""
    return Lessons(states=json.loads(json.dumps(lessons.states)))


# --------------------------------------------------------------------------------- the score


def test_a_score_says_its_threshold() -> None:
    """The user's threshold is in force where there is one, else the default."""
    assert tracker().score("border", NEWS, NOW).threshold == 0.5
    strict = tracker(topic(threshold=0.999)).score("border", NEWS, NOW)
    assert (strict.threshold, strict.on_topic) == (0.999, False)
    assert strict.value == value(tracker(), NEWS)


def test_terms_are_shown_as_the_item_wrote_them() -> None:
    """A term of a score has the word of the item; those beyond the most are summed up."""
    score = tracker().score("border", NEWS, NOW)
    surfaces = {one.term: one.surface for one in score.terms}
    assert surfaces["kuznica"] == "Kuznica"
    assert surfaces["migrant"] == "Migrants"
    long = Seed(name="long", title="", text=" ".join(f"qx{chr(97 + n)}z" for n in range(26)) * 2)
    words = tracker(topic(replace(long, text=long.text + " border fence wire", lang="en")))
    many = words.score("border", made.item("x", title="", summary=long.text + " fence"), NOW)
    assert len(many.terms) == MOST_TERMS + 1
    assert many.terms[-1] == TermShare(term="", surface="others", share=many.terms[-1].share)
    assert sum(one.share for one in many.terms) == pytest.approx(many.value, abs=1e-9)


@pytest.mark.parametrize(
    "title,lacks",
    [
        ("City win the final", "no term of the seed is in it"),
        (
            "The soldiers of the choir sang, the audience of the evening in the hall said",
            "needs N times the evidence it has; a single term of the seed is in it: soldiers",
        ),
        (
            "Soldiers of the choir by a wooden fence sang of harvest, dance, comedy and weather",
            (
                "needs N times the evidence it has;"
                " hardly any name of the seed is in it, only what happened: fence, Soldiers"
            ),
        ),
        (
            (
                "In Minsk the ballet of Warsaw opened a season of dance, concerts, comedy, opera,"
                " songs of harvest, poetry, puppets, circus, jugglers, marionettes and violins"
            ),
            (
                "needs N times the evidence it has;"
                " only names of the seed are in it, hardly anything of what happened: Minsk, Warsaw"
            ),
        ),
    ],
)
def test_what_is_missing_is_said(title: str, lacks: str) -> None:
    """An item below the threshold says what it lacks, in numbers; one above says nothing."""
    score = tracker().score("border", made.item("x", title=title, summary=""), NOW)
    assert re.sub(r"needs (more than )?\d+(\.\d)? times", "needs N times", score.lacks) == lacks
    assert tracker().score("border", NEWS, NOW).lacks == ""


def test_what_is_missing_is_said_of_the_threshold_in_force() -> None:
    """What would do for the default, may lack something for the user, and the other way round."""
    strict = tracker(topic(threshold=0.9999)).score("border", NEWS, NOW)
    assert strict.value > 0.5
    assert "times the evidence it has" in strict.lacks
    never = tracker(topic(threshold=1.0)).score("border", NEWS, NOW)
    assert never.lacks.startswith("no item reaches a threshold of 1; ")
    faint = made.item("x", title="Migrants at a wooden fence", summary="")
    assert tracker(topic(threshold=0.01)).score("border", faint, NOW).lacks == ""


def test_the_strongest_terms_are_shown_as_the_seed_writes_them() -> None:
    """What a topic is about reads as its seed does."""
    found = tracker().strongest("border", 5)
    assert "Kuznica" in found
    assert "migrants" in {word.lower() for word in found}
    assert len(tracker().strongest("border", 3)) == 3


def test_a_title_that_the_text_repeats_counts_once() -> None:
    """Most articles begin with their title; that makes it no more important."""
    apart = replace(ENGLISH, text=ENGLISH.text.removeprefix(ENGLISH.title + ". "))
    untitled = replace(ENGLISH, title="")
    assert value(tracker(topic(ENGLISH)), NEWS) == value(tracker(topic(untitled)), NEWS)
    # In a title no word stands at the start of a sentence of the text, else all is the same.
    assert value(tracker(topic(apart)), NEWS) == pytest.approx(
        value(tracker(topic(ENGLISH)), NEWS), abs=0.05
    )


# -------------------------------------------------------------------------------- languages


@pytest.mark.parametrize("seeds", [(ENGLISH, POLISH), (POLISH, ENGLISH)])
def test_an_item_is_scored_against_the_seeds_of_its_language(seeds: tuple[Seed, ...]) -> None:
    """With seeds in two languages each item finds its own, whatever their order."""
    both = tracker(topic(*seeds))
    assert value(both, NEWS) == value(tracker(topic(ENGLISH)), NEWS) > 0.5
    assert value(both, NEWS_PL) == value(tracker(topic(POLISH)), NEWS_PL) > 0.5
    assert value(tracker(topic(ENGLISH)), NEWS_PL) < value(both, NEWS_PL)


@pytest.mark.parametrize("lang", [None, "en"])
def test_an_item_without_a_language_is_scored_against_the_first(lang: str | None) -> None:
    """What is too short to tell is taken for the first seed's language."""
    both = tracker(topic(ENGLISH, POLISH))
    assert value(both, replace(NEWS, lang=lang)) == value(both, NEWS)


def test_codes_of_one_language_are_one() -> None:
    """A feed that says `nb` is read by a seed that is `no`."""
    seed = Seed(
        name="no",
        title="",
        text="Politiet i Oslo etterforsker et drap i en leilighet på Grünerløkka.",
        lang="no",
    )
    news = made.item("no", title="Drap på Grünerløkka", summary="Politiet i Oslo sperret gaten.")
    both = tracker(topic(ENGLISH, seed))
    assert value(both, replace(news, lang="nb")) == value(both, replace(news, lang="no")) > 0.5
    assert value(both, replace(news, lang="da")) < 0.5


def test_a_seed_may_say_its_language() -> None:
    """What the user says of a seed is not guessed at."""
    short = Seed(name="s", title="", text="Kuźnica", lang="pl")
    learned = tracker(topic(ENGLISH, short))
    learn(learned, NEWS_PL)
    assert [name.split("/")[2] for name in learned.take_lessons().states] == ["pl"]


def test_a_short_seed_is_taken_for_english() -> None:
    """A few names tell no language."""
    learned = tracker(topic(Seed(name="s", title="", text="Kuznica Minsk")))
    learn(learned, NEWS)
    assert [name.split("/")[2] for name in learned.take_lessons().states] == ["en"]


def test_languages_learn_apart() -> None:
    """What English items teach changes no score of a Polish one."""
    both = tracker(topic(ENGLISH, POLISH))
    before = value(both, NEWS_PL)
    learn(both, NEWS, SPORT, NEWS)
    assert value(both, NEWS_PL) == before


def test_a_topic_without_words_matches_nothing() -> None:
    """A seed without any letter is no reason to fail."""
    empty = tracker(topic(Seed(name="s", title="", text="…")))
    assert value(empty, NEWS) == 0.0
    learn(empty, NEWS)
    assert empty.strongest("border", 5) == []


# --------------------------------------------------------------------------- what is learned


def test_only_what_changed_is_handed_out() -> None:
    """Lessons are those of the topics that learned something since."""
    other = made.topic("other", seeds=(POLISH,))
    tracked = tracker(topic(), other)
    assert tracked.take_lessons() == Lessons()
    learn(tracked, NEWS)
    assert [name.split("/")[1] for name in tracked.take_lessons().states] == ["border"]
    assert tracked.take_lessons() == Lessons()


def test_lessons_are_a_copy() -> None:
    """What was handed out to be stored does not change afterwards."""
    tracked = tracker()
    learn(tracked, NEWS)
    lessons = tracked.take_lessons()
    before = json.dumps(lessons.states)
    learn(tracked, SPORT, NEWS)
    assert json.dumps(lessons.states) == before


def test_a_topic_is_known_once_it_learned() -> None:
    """A topic is new until its lessons are stored, and known after a restart."""
    tracked = tracker()
    assert not tracked.knows("border")
    learn(tracked, SPORT)
    assert not tracked.knows("border")
    lessons = tracked.take_lessons()
    assert tracked.knows("border")
    assert tracker(lessons=stored(lessons)).knows("border")


def test_a_topic_stays_known_with_other_seeds() -> None:
    """New seeds make no new topic: there is no second catch-up."""
    tracked = tracker()
    learn(tracked, SPORT)
    changed = tracker(topic(POLISH), lessons=stored(tracked.take_lessons()))
    assert changed.knows("border")


def test_what_was_learned_for_other_seeds_is_let_go() -> None:
    """A topic whose seeds changed starts afresh; with the old ones back it goes on."""
    tracked = tracker()
    learn(tracked, *[NEWS, SPORT] * 5)
    expected = value(tracked, NEWS)
    lessons = stored(tracked.take_lessons())
    assert value(tracker(lessons=lessons), NEWS) == expected
    longer = replace(ENGLISH, text=ENGLISH.text + " They lit fires.")
    fresh = tracker(topic(longer), lessons=lessons)
    assert value(fresh, NEWS) == value(tracker(topic(longer)), NEWS)


def test_restoring_forgets_what_was_not_stored() -> None:
    """After a failed commit the tracker knows what the store knows."""
    tracked = tracker()
    learn(tracked, NEWS)
    lessons = stored(tracked.take_lessons())
    expected = value(tracked, NEWS)
    learn(tracked, *[SPORT, NEWS] * 5)
    assert value(tracked, NEWS) != expected
    tracked.restore(lessons)
    assert value(tracked, NEWS) == expected
    assert tracked.take_lessons() == Lessons()
    tracked.restore(Lessons())
    assert value(tracked, NEWS) == value(tracker(), NEWS)
    assert not tracked.knows("border")


def test_learning_is_by_topic() -> None:
    """Only a topic that scored an item learns from it."""
    other = made.topic("other", seeds=(ENGLISH,))
    tracked = tracker(topic(), other)
    before = tracked.score("other", NEWS, NOW)
    learn(tracked, *[NEWS] * 5)
    assert tracked.score("other", NEWS, NOW) == before


def test_a_new_topic_is_warmed_by_the_stream() -> None:
    """What is usual in these feeds is known from the start; the story begins now."""
    songs = "The audience of the evening in the hall heard songs, dance, comedy and opera."
    common = made.item("soldiers", title="Soldiers of the choir", summary=songs)
    warmed = tracker()
    warmed.warm("border", [(common, NOW - DAY + n * HOUR / 20) for n in range(400)], NOW)
    assert value(warmed, common) < value(tracker(), common)
    assert list(warmed.take_lessons().states)
    assert warmed.knows("border")


def test_a_topic_that_is_warmed_by_nothing_is_known_too() -> None:
    """On the first day there is no stream to learn from."""
    warmed = tracker(topic(ENGLISH, POLISH))
    warmed.warm("border", [], NOW)
    assert len(warmed.take_lessons().states) == 2
    assert warmed.knows("border")


def test_silence_before_the_start_does_not_count() -> None:
    """The story of a warmed topic begins now, however old the items it learned from."""
    old, new = tracker(), tracker()
    old.warm("border", [(SPORT, NOW - 300 * DAY)], NOW)
    new.warm("border", [(SPORT, NOW - HOUR)], NOW)
    assert old.score("border", NEWS, NOW) == new.score("border", NEWS, NOW)


def test_what_is_usual_in_a_topic() -> None:
    """The topic's own words are usual before its first item, a new one becomes it."""
    tracked = tracker()
    before = tracked.usual_terms("border", "en")
    learn(tracked, *[replace(NEWS, summary="The tents of Bruzgi burn near Kuznica.")] * 5)
    after = tracked.usual_terms("border", "en")
    assert max(before, key=lambda term: before[term]) in {"migrant", "kuznica"}
    assert before.get("bruzgi", 0.0) == 0.0 < after["bruzgi"]
    assert all(0.0 <= usual <= 1.0 for usual in after.values())


def test_a_score_names_its_topic() -> None:
    """A score belongs to one topic."""
    assert isinstance(tracker().score("border", NEWS, NOW), Score)
    assert tracker().score("border", NEWS, NOW).topic == "border"
