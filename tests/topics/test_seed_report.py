"""What speaks against a seed."""

from __future__ import annotations

from monitor.text.tokens import tokens
from monitor.topics.profile import make_profile
from monitor.topics.seed_report import Weakness, seed_findings
from tests.article.pages import DAM, FERRY


def kinds(paragraphs: tuple[str, ...], **others: tuple[str, ...]) -> list[Weakness]:
    """Give what is found, each with a reason and a cure."""
    profiles = {
        name: make_profile([tokens(text, "en") for text in texts]) for name, texts in others.items()
    }
    found = seed_findings(paragraphs, "en", profiles)
    assert all(one.reason and one.cure for one in found)
    return [one.weakness for one in found]


def test_a_usual_article_has_nothing_against_it() -> None:
    """An article on one event, of usual length, passes beside a topic on another."""
    assert kinds(FERRY, dam=DAM) == []


def test_a_headline_is_too_short() -> None:
    """A few words have too few terms to be sure of."""
    assert kinds(("Ferry runs aground off Mombasa.",)) == [Weakness.SHORT]


def test_a_text_without_names_is_too_general() -> None:
    """Where people and places are missing all of its kind would match."""
    text = " ".join(one.lower() for one in (*FERRY, *DAM))
    assert Weakness.GENERAL in kinds((text,))


def test_two_articles_in_one_are_told_apart() -> None:
    """Two stories one after the other are seen, and where they part is said."""
    assert kinds((*FERRY, *DAM)) == [Weakness.TWO_STORIES]
    (found,) = seed_findings((*FERRY, *DAM), "en", {})
    assert "after paragraph 4 " in found.reason


def test_the_same_story_belongs_to_its_topic() -> None:
    """Half of an article is like the other half: it is a further seed, no topic."""
    (found,) = seed_findings(
        FERRY, "en", {"boats": make_profile([tokens(FERRY[0] + FERRY[1], "en")])}
    )
    assert found.weakness is Weakness.ALIKE
    assert found.cure.endswith("--topic boats")
