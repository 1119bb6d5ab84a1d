"""Whether an item becomes an alert, and why."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monitor.alerts.decide import decide, mentions, refuse
from monitor.records import SENTENCES, Decision, Reason
from monitor.topics.story import Link
from tests.fakes import made
from tests.fakes.made import NOW

# A busy machine may take its time.
LAW = settings(deadline=None)

UNTOLD = made.story()
TOLD = made.story(told_at=NOW, told_sources=1)
COPY = Link(story_id=UNTOLD.id, is_copy=True, why="the same text")
REPORT = Link(story_id=UNTOLD.id, is_copy=False, why="31% alike")
NEWS = "new in it: Hrodna"
NEW = made.seen()
OLD = made.seen(baseline=True)
HELD = made.seen(held="one of many")


@pytest.mark.parametrize(
    "decision, alert, reason, detail",
    [
        (decide(made.topic(), NEW, UNTOLD, None, ""), True, Reason.FIRST_STORY, ""),
        (decide(made.topic(), NEW, UNTOLD, REPORT, ""), True, Reason.FIRST_STORY, ""),
        (decide(made.topic(), NEW, UNTOLD, COPY, ""), True, Reason.FIRST_STORY, ""),
        (decide(made.topic(), NEW, TOLD, REPORT, NEWS), True, Reason.UPDATE, NEWS),
        (decide(made.topic(), NEW, TOLD, COPY, NEWS), True, Reason.UPDATE, NEWS),
        (decide(made.topic(), NEW, TOLD, COPY, ""), False, Reason.COPY, "the same text"),
        (decide(made.topic(), NEW, TOLD, REPORT, ""), False, Reason.FOLLOW_UP, "31% alike"),
        (decide(made.topic(), OLD, UNTOLD, None, ""), False, Reason.BASELINE, ""),
        (decide(made.topic(), OLD, UNTOLD, COPY, ""), False, Reason.BASELINE, ""),
        (decide(made.topic(), OLD, TOLD, COPY, ""), False, Reason.COPY, "the same text"),
        (decide(made.topic(), OLD, TOLD, REPORT, NEWS), False, Reason.FOLLOW_UP, "31% alike"),
        (decide(made.topic(), HELD, UNTOLD, None, ""), False, Reason.HELD, "one of many"),
        (decide(made.topic(), HELD, UNTOLD, REPORT, ""), False, Reason.HELD, "one of many"),
        (decide(made.topic(), HELD, TOLD, COPY, NEWS), False, Reason.COPY, "the same text"),
    ],
    ids=[
        "the first item of a story is told",
        "so is the next of a story that nobody told",
        "and even a copy, if what it copies was not told",
        "a later report is told as an update if it brings something new",
        "so is a copy, if that many carry it now",
        "a copy of what was told is counted",
        "a report that brings nothing new is attached",
        "what was there before we came waits for the catch-up",
        "and so does its copy",
        "unless the story was told since",
        "and news that is old is no update",
        "what is held waits for the catch-up, and says why",
        "and so does a report of its story",
        "unless the story was told since, of which it is no update",
    ],
)
def test_the_decision(decision: Decision, *, alert: bool, reason: Reason, detail: str) -> None:
    """Each case has one decision with its reason, on its topic and story."""
    expected = Decision(
        topic="border", alert=alert, reason=reason, story_id=UNTOLD.id, detail=detail
    )
    assert decision == expected


@pytest.mark.parametrize(
    "must, never, value, reason, detail",
    [
        ((), (), 0.5, None, ""),
        ((), (), 0.49, Reason.BELOW_THRESHOLD, "no name of the seed"),
        (("Belarus",), (), 0.7, None, ""),
        (("vilnius",), (), 0.7, None, ""),
        (("Minsk", "Belarus"), (), 0.7, None, ""),
        (("Minsk", "Hrodna"), (), 0.7, Reason.NOT_MENTIONED, "Minsk, Hrodna"),
        ((), ("football",), 0.7, None, ""),
        ((), ("football", "Monday"), 0.7, Reason.MENTIONED, "Monday"),
        (("Belarus",), ("belarus",), 0.7, Reason.MENTIONED, "belarus"),
        (("Minsk",), ("Belarus",), 0.7, Reason.NOT_MENTIONED, "Minsk"),
        (("Belarus",), ("Belarus",), 0.1, Reason.BELOW_THRESHOLD, "no name of the seed"),
    ],
    ids=[
        "an item at the threshold is on-topic",
        "one below it is not, and why is said",
        "a word that must be there may be in the title",
        "or in the summary, in any case",
        "one of several is enough",
        "none of them is not",
        "a word that must not be there is not there",
        "a word that must not be there is there",
        "what must not be there wins",
        "what must be there is asked first",
        "and the score before all words",
    ],
)
def test_what_is_refused(
    must: tuple[str, ...], never: tuple[str, ...], value: float, reason: Reason | None, detail: str
) -> None:
    """An item passes the score and the user's own words, or is told which of them stopped it."""
    topic = made.topic(must_mention=must, never_mention=never)
    found = refuse(topic, made.item(), made.score(value, lacks="no name of the seed"))
    if reason is None:
        assert found is None
    else:
        assert found == Decision(topic="border", alert=False, reason=reason, detail=detail)


def test_every_reason_has_its_sentence() -> None:
    """No reason is left without words for a reader."""
    assert set(SENTENCES) == set(Reason)


@pytest.mark.parametrize(
    "text, words, found",
    [
        ("Belarus border", "belarus", True),
        ("BELARUS’S border", "belarus", True),
        ("Belarusian border", "belarus", False),
        ("anti-Belarus rally", "Belarus", True),
        ("the border of Belarus", "Belarus border", False),
        ("Belarus\n  border", "Belarus border", True),
        ("Belarus, border", "Belarus border", False),
        ("Straße gesperrt", "STRASSE", True),
        ("Łódź bleibt", "łódź", True),
        ("Łódź bleibt", unicodedata.normalize("NFD", "Łódź"), True),
        ("Žiežmariai", "žiežmariai", True),
        ("Žiežmariai", "ziezmariai", False),
        ("a C++ (1.5) course", "c++", True),
        ("a C+ course", "c++", False),
        ("a.b", "a?b", False),
        ("x.*y", ".*", False),
        ("snake_case", "case", False),
        ("G7 meets", "G", False),
        ("立陶宛边境", "边境", False),
        ("", "border", False),
    ],
)
def test_mentions(text: str, words: str, *, found: bool) -> None:
    """Words are found as whole words, whatever their case, and mean only themselves."""
    assert mentions(text, words) is found


# Letters that fold to several (the dotted I of Turkish) have no small form that leads back.
LETTERS = st.characters(categories=["L", "Nd"]).filter(lambda one: len(one.casefold()) == 1)
WORDS = st.text(LETTERS, min_size=1, max_size=12)
PHRASES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
CLEAN = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)


@LAW
@given(CLEAN, PHRASES, CLEAN)
def test_words_between_others_are_found(before: str, words: str, after: str) -> None:
    """Words that stand apart in a text are found in it, wherever they stand."""
    assert mentions(f"{before} {words} {after}", words)


@LAW
@given(PHRASES)
def test_the_case_does_not_matter(words: str) -> None:
    """Words are found however they are written large or small."""
    for other in (words.upper(), words.lower(), words.title()):
        assert mentions(other, words)


@LAW
@given(WORDS, WORDS, WORDS)
def test_a_part_of_a_word_is_not_found(before: str, words: str, after: str) -> None:
    """Words inside a longer word are not found."""
    whole = before + words + after
    assume(words.casefold() not in (before + words[:-1]).casefold())
    assume(words.casefold() not in (words[1:] + after).casefold())
    assert not mentions(whole, words)


@LAW
@given(st.text(max_size=80), st.text(max_size=20))
def test_any_text_may_be_asked_for(text: str, words: str) -> None:
    """Whatever the words are, asking for them is a question with an answer."""
    assert mentions(text, words) in {True, False}
