"""Which language a text is in."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.language import LEAST_LETTERS, against, detect, language_of

pytestmark = pytest.mark.xdist_group("languages")


@pytest.mark.parametrize(
    "lang,text",
    [
        ("en", "Poland has stepped up security along its border after hundreds of people arrived."),
        (
            "pl",
            "Straż Graniczna poinformowała, że w nocy grupa migrantów próbowała przejść granicę.",
        ),
        ("lt", "Lietuvos pasieniečiai praėjusią naktį sulaikė kelias dešimtis žmonių prie sienos."),
        (
            "lv",
            "Latvijas robežsargi pagājušajā naktī aizturēja vairākus desmitus cilvēku pie robežas.",
        ),
        (
            "ru",
            "Пограничники сообщили, что ночью группа мигрантов пыталась прорваться через границу.",
        ),
        ("uk", "Прикордонники повідомили, що вночі група мігрантів намагалася перетнути кордон."),
        ("be", "Памежнікі паведамілі, што ўначы група мігрантаў спрабавала перасекчы мяжу."),
        ("de", "Die polnische Polizei hat in der Nacht mehrere hundert Flüchtlinge aufgehalten."),
        ("fr", "La police polonaise a arrêté dans la nuit plusieurs centaines de réfugiés."),
        ("es", "La policía polaca detuvo durante la noche a varios cientos de refugiados."),
        ("tr", "Polonya polisi gece boyunca sınırda yüzlerce göçmeni durdurduğunu açıkladı."),
        ("ar", "أعلنت الشرطة البولندية أنها أوقفت مئات المهاجرين على الحدود خلال الليل."),
        ("zh", "波兰警方表示，他们在夜间阻止了数百名试图越过白俄罗斯边境的难民，并增派了士兵。"),
        ("el", "Η πολωνική αστυνομία ανακοίνωσε ότι σταμάτησε εκατοντάδες πρόσφυγες στα σύνορα."),
        ("ja", "ポーランド警察は、夜間に国境を越えようとした数百人の難民を阻止したと発表した。"),
        ("th", "ตำรวจโปแลนด์ระบุว่าได้หยุดผู้ลี้ภัยหลายร้อยคนที่พยายามข้ามพรมแดนในช่วงกลางคืน"),
        ("hi", "पोलैंड की पुलिस ने कहा कि उसने रात में बेलारूस की सीमा पर सैकड़ों शरणार्थियों को रोका।"),
        ("ko", "폴란드 경찰은 밤사이 벨라루스 국경을 넘으려던 난민 수백 명을 막았다고 밝혔다."),
    ],
)
def test_a_sentence_tells_its_language(lang: str, text: str) -> None:
    """A whole sentence is enough to know its language."""
    assert detect(text) == lang


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   \n",
        "Merkel",
        "Le Monde",
        "Angela Merkel Emmanuel Macron Boris Johnson",
        "Kuznica Bialystok Grodno Minsk Warsaw Vilnius",
        "COVID-19: NATO, EU, UN, WHO, IMF, OECD, OPEC, FIFA",
        "2021-11-08 14:00 12,345 67,890 €€€",
        "😀" * 60,
        "?" * 100,
        "a" * 100,
    ],
)
def test_what_is_short_or_ambiguous_has_none(text: str) -> None:
    """A few words, names, or no words at all could be of any language."""
    assert detect(text) is None


def test_fewer_letters_than_the_least_are_not_guessed() -> None:
    """The bound counts letters, not marks and digits."""
    text = "Straż Graniczna zatrzymała ich"
    assert sum(sign.isalpha() for sign in text) < LEAST_LETTERS
    assert detect(text + " 12345 !!!!! 67890") is None


@pytest.mark.parametrize("times", [1, 10, 100, 1000])
def test_a_long_text_is_no_less_sure(times: int) -> None:
    """An article is in the language of its sentences, however long it is."""
    sentence = "Poland has stepped up security along its border after hundreds of people arrived. "
    assert detect(sentence * times) == "en"


def test_a_huge_text_takes_bounded_time() -> None:
    """A megabyte is done in seconds."""
    started = time.process_time()
    assert detect("the guards of the border said that it was closed " * 20_000) == "en"
    assert time.process_time() - started < 15


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_is_safe(text: str) -> None:
    """A guess is a code of two letters or none, and the same each time."""
    found = detect(text)
    assert found is None or (len(found) == 2 and found.islower())
    assert detect(text) == found


# ------------------------------------------------------------------- the language of an item

POLISH = "Straż Graniczna zatrzymała w nocy kilkuset migrantów, którzy próbowali przejść granicę"
LONG_POLISH = f"{POLISH} w pobliżu Kuźnicy. Rząd zapowiada budowę zapory na granicy z Białorusią."
ENGLISH = "Poland has stepped up security along its border after hundreds of people arrived there."


@pytest.mark.parametrize(
    "title,summary,stated,usual,lang",
    [
        # What is stated counts, unless a text of some length is plainly in another language.
        ("Granica", ENGLISH, "en", None, "en"),
        ("Granica", LONG_POLISH, "en", None, "pl"),
        ("Granica", POLISH[:60], "en", None, "en"),
        ("Granica", LONG_POLISH, "en", "en", "pl"),
        ("Minsk", "", "be", "ru", "be"),
        ("Heaven Burns Red (ヘブンバーンズレッド)", "was added to the list", "en", None, "en"),
        # Nothing is stated: the text where it is sure, else the usual language, else none.
        ("Granica", POLISH, None, None, "pl"),
        ("Granica", POLISH, None, "en", "pl"),
        ("Minsk", "", None, "be", "be"),
        ("Minsk", "", None, None, None),
        ("", "", None, None, None),
        # Codes of one language do not speak against each other.
        (
            "Politiet",
            (
                "Politiet i Oslo etterforsker et mulig drap etter at en mann ble funnet død i en"
                " leilighet på Grünerløkka natt til søndag, opplyser innsatslederen."
            ),
            "nb",
            None,
            "nb",
        ),
    ],
)
def test_the_language_of_an_item(
    title: str, summary: str, stated: str | None, usual: str | None, lang: str | None
) -> None:
    """What is stated, what the text shows and what is usual in its feed, in this order of trust."""
    assert language_of(title, summary, stated=stated, usual=usual) == lang


@given(
    st.lists(st.sampled_from([*POLISH.split(), *ENGLISH.split(), "Минск", "国境"]), max_size=40),
    st.sampled_from(["en", "pl", "nb", None]),
    st.sampled_from(["en", "pl", None]),
)
@settings(max_examples=100, deadline=None)
def test_a_language_that_was_settled_stays(
    words: list[str], stated: str | None, usual: str | None
) -> None:
    """Asked again with its own answer, as after a restart, it answers the same."""
    text = " ".join(words)
    once = language_of("", text, stated=stated, usual=usual)
    assert language_of("", text, stated=once, usual=usual) == once


def test_only_plainly_other_texts_speak_against_a_language() -> None:
    """A short text, a mixed one or one in the language itself says nothing against it."""
    assert against(LONG_POLISH, "en") == "pl"
    assert against(LONG_POLISH, "pl") is None
    assert against(POLISH[:50], "en") is None
    assert against("?" * 500, "en") is None
