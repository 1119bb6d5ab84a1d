"""How rare words are at large."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import wordfreq
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.prior import UNKNOWN, prior, table_of

pytestmark = pytest.mark.xdist_group("languages")

LAW = settings(max_examples=200, deadline=None)


@pytest.fixture
def _forgotten() -> Iterator[None]:
    """Let wordfreq's own tables go again: they take up to 120 MB a language."""
    yield
    wordfreq.get_frequency_list.cache_clear()
    wordfreq.get_frequency_dict.cache_clear()


@pytest.mark.parametrize("lang", ["en", "pl", "fr", "lt", "tr", "el", "hi", "lv", "uk"])
@pytest.mark.usefixtures("_forgotten")
def test_it_agrees_with_its_source(lang: str) -> None:
    """Words of every frequency have the Zipf value that wordfreq gives them."""
    known = prior(lang)
    bands = [[one for one in band if one.isalpha()] for band in wordfreq.get_frequency_list(lang)]
    sample = [word for band in bands[::5] for word in band[:2]]
    assert len(sample) > 60
    expected = {word: wordfreq.zipf_frequency(word, lang) for word in sample}
    assert {word: known.zipf(word) for word in sample} == pytest.approx(expected, abs=0.02)


@pytest.mark.usefixtures("_forgotten")
def test_numbers_agree_with_their_source() -> None:
    """Numbers go by their length, years by how near they are."""
    numbers = ["7", "12", "1999", "2021", "1,234", "1.5"]
    expected = {number: wordfreq.zipf_frequency(number, "en") for number in numbers}
    found = {number: prior("en").zipf(number) for number in numbers}
    assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("word", ["qzxjkvw", "kuznica", "", " ", "the border", "\x00", "…"])
def test_an_unknown_word_has_none(word: str) -> None:
    """What the table lacks is as rare as can be."""
    assert prior("en").zipf(word) == UNKNOWN == 0.0


@pytest.mark.parametrize(
    "lang,table",
    [
        ("pl", "pl"),
        ("be", "ru"),
        ("no", "nb"),
        ("nn", "nb"),
        ("sr", "sh"),
        ("gl", "pt"),
        ("zh", "en"),
        ("ja", "en"),
        ("th", "en"),
        ("xx", "en"),
        ("", "en"),
    ],
)
def test_each_language_has_a_table(lang: str, table: str) -> None:
    """A language without a table of its own is served by a near one, else by the English."""
    assert table_of(lang) == table
    assert prior(lang) is prior(table)


def test_common_words_come_first() -> None:
    """The order of some words is that of any reader's guess."""
    zipfs = [prior("en").zipf(word) for word in ("the", "said", "border", "lukashenko", "kuznica")]
    assert zipfs == sorted(zipfs, reverse=True)
    assert len(set(zipfs)) == len(zipfs)


@pytest.mark.parametrize("lang", ["en", "pl", "ru"])
def test_the_words_themselves_are_not_kept(lang: str) -> None:
    """Once a table is made, the library's own list, ten times its size, is let go."""
    prior(lang)
    assert wordfreq.get_frequency_list.cache_info().currsize == 0


@given(st.text(max_size=30))
@LAW
def test_any_word_has_a_value_in_range(word: str) -> None:
    """No text is too odd for the table."""
    assert 0.0 <= prior("en").zipf(word) < 9.0
