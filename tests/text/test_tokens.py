"""Text becomes terms, in any language."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.text.tokens import MOST_LETTERS, MOST_RARE, Token, fold, headline, tokens

# Tables of many languages are loaded once, in one process.
pytestmark = pytest.mark.xdist_group("languages")

LAW = settings(max_examples=100, deadline=None)
LANGUAGES = ["en", "pl", "ru", "fr", "tr", "th", "ta", "xx"]


def keys(text: str, lang: str) -> list[str]:
    """Give the terms of a text."""
    return [token.key for token in tokens(text, lang)]


def named(text: str, lang: str = "en") -> dict[str, bool | None]:
    """Give for each word of a text whether it is written as a name."""
    return {token.surface: token.name for token in tokens(text, lang)}


@pytest.mark.parametrize(
    "lang,text,terms",
    [
        (
            "en",
            "Syrians and Iraqis reached Kuźnica’s fence on Monday.",
            "syria and iraq reach kuznica fenc on monday",
        ),
        (
            "pl",
            "Straż Graniczna zatrzymała migrantów w Kuźnicy.",
            "straz graniczn zatrzym migrant w kuznic",
        ),
        (
            "lt",
            "Pasieniečiai sulaikė migrantus prie Baltarusijos sienos.",
            "pasieniet sulaik migr prie baltarusij sien",
        ),
        (
            "lv",
            "Robežsargi aizturēja migrantus pie Baltkrievijas robežas.",
            "robezsargi aiztureja migrantus pie baltkrievijas robezas",
        ),
        (
            "ru",
            "Пограничники задержали мигрантов на белорусской границе.",
            "пограничник задержа мигрант на белорусск границ",
        ),
        (
            "uk",
            "Прикордонники п’ять разів зупиняли мігрантів.",
            "прикордонники пять разів зупиняли мігрантів",
        ),
        (
            "be",
            "Памежнікі затрымалі мігрантаў каля мяжы.",
            "памежнікі затрымалі мігрантау каля мяжы",
        ),
        (
            "de",
            "Weißrussland schickte die Flüchtlinge zurück.",
            "weissrussland schickt die fluchtling zuruck",
        ),
        (
            "fr",
            "L’Union européenne accuse aujourd’hui Minsk d’organiser l'afflux.",
            "union europeen accus aujourdhui minsk organis afflux",
        ),
        (
            "it",
            "Nell'ultimo anno l’Unione ha parlato.",
            "ultim anno union ha parl",
        ),
        (
            "es",
            "La policía detuvo a los manifestantes en Bogotá.",
            "la polic detuv a los manifest en bogot",
        ),
        ("tr", "Türkiye'nin İstanbul’daki sınırları", "turki istanbul sinir"),
        ("ar", "وصل اللاجئون إلى الحدود البولندية.", "وصل لاجء الي حدود بولند"),
        ("el", "Οι πρόσφυγες έφτασαν στα σύνορα.", "οι προσφυγ εφτασ στ συνορ"),
        ("zh", "波兰边境的难民", "波兰 兰边 边境 境的 的难 难民"),
        ("ja", "AppleがiPhoneを発表", "apple が iphone を発 発表"),
        ("tr", "波兰'da NATO加盟'nin", "波兰 da nato 加盟 nin"),
        ("th", "ผู้ลี้ภัย", "ผู้ลี้ ลี้ภั ภัย"),
        ("hi", "दिल्ली में प्रधानमंत्री", "दिल्ल म प्रधानमंत्र"),
        ("ko", "폴란드 국경의 난민", "폴란드 국경의 난민"),
        ("xx", "Tere, Eesti!", "tere eesti"),
    ],
)
def test_a_sentence_becomes_terms(lang: str, text: str, terms: str) -> None:
    """A sentence of each language gives its words, folded, and stemmed where stems are known."""
    assert keys(text, lang) == terms.split()


@pytest.mark.parametrize(
    "lang,forms",
    [
        ("en", "border borders bordering"),
        ("en", "Iraq Iraqi Iraqis"),
        ("en", "Ukraine Ukrainian Ukrainians"),
        ("pl", "granica granicy granicę granicą granice"),
        ("lt", "siena sienos sienai sieną"),
        ("ru", "граница границе границы границу"),
        ("ru", "пограничный пограничная пограничные"),
        ("de", "Flüchtling Flüchtlinge Flüchtlingen"),
        ("fr", "réfugié réfugiés réfugiée"),
        ("es", "manifestante manifestantes"),
        ("pt", "imigração imigrações"),
        ("tr", "sınır sınırı sınırlar"),
        ("cs", "hranice hranicích hranici"),
        ("hu", "határ határon határt"),
        ("el", "πρόσφυγας πρόσφυγες πρόσφυγα"),
        ("ar", "حدود الحدود"),
        ("hi", "सीमा सीमाओं"),
    ],
)
def test_forms_of_a_word_are_one_term(lang: str, forms: str) -> None:
    """What a language declines, counts as one term."""
    assert len(set(keys(forms, lang))) == 1


@pytest.mark.parametrize("word", ["Paris", "Texas", "Denis", "Polish", "Martins"])
def test_no_place_is_made_up(word: str) -> None:
    """A name that only looks like a people keeps to itself."""
    assert keys(word, "en")[0].startswith(word[:4].lower())


@pytest.mark.parametrize("lang", ["en", "pl", "de", "es", "ru", "lv"])
@pytest.mark.parametrize("pair", ["Kuźnica Kuznica", "Erdoğan Erdogan", "Škoda Skoda"])
def test_a_name_is_one_term_with_and_without_accents(lang: str, pair: str) -> None:
    """Who writes a foreign name without its accents means the same one."""
    first, second = keys(pair, lang)
    assert first == second


@pytest.mark.parametrize(
    "one,other",
    [
        ("é", "e\u0301"),
        ("ŁÓDŹ", "lodz"),
        ("STRASSE", "straße"),
        ("Øresund", "oresund"),
        ("ﬁre ＮＡＴＯ", "fire nato"),
        ("Ёлка", "елка"),
        ("п'ять", "пʼять"),
        ("O’Neill's", "oneill"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
    ],
)
def test_spellings_fold(one: str, other: str) -> None:
    """Case, accents, ligatures, widths and kinds of apostrophe do not part words."""
    assert fold(one) == fold(other)


def test_signs_that_are_no_accents_stay() -> None:
    """The virama of Indian scripts is a part of the word."""
    assert fold("दिल्ली") == "दिल्ली"


@given(st.text())
@LAW
def test_folding_twice_is_folding_once(text: str) -> None:
    """What is folded stays as it is."""
    once = fold(text)
    assert fold(fold(once)) == fold(once)


# ------------------------------------------------------------------------------- names


def test_capitals_tell_names() -> None:
    """Within a sentence a capital makes a name; at its start nothing can be told."""
    assert named("Guards at Kuznica saw Belarus move. Poland sent troops: Warsaw said so") == {
        "Guards": None,
        "at": False,
        "Kuznica": True,
        "saw": False,
        "Belarus": True,
        "move": False,
        "Poland": None,
        "sent": False,
        "troops": False,
        "Warsaw": None,
        "said": False,
        "so": False,
    }


@pytest.mark.parametrize("end", [". ", "! ", "? ", ": ", "; ", " | ", "\n", "… ... ", ".” "])
def test_a_sentence_starts_anew(end: str) -> None:
    """After each of these a capital says nothing."""
    assert named(f"the end{end}Belarus")["Belarus"] is None


def test_a_capital_in_quotes_or_brackets_tells() -> None:
    """Other marks do not begin a sentence."""
    found = named("the town (Kuznica) and, “Belarus” – Minsk")
    assert (found["Kuznica"], found["Belarus"], found["Minsk"]) == (True, True, True)


def test_an_elided_article_hides_no_name() -> None:
    """`l'Ukraine` is a name although its article is not."""
    assert named("contre l'Ukraine et d’abord", "fr") == {
        "contre": None,
        "Ukraine": True,
        "et": False,
        "abord": False,
    }


def test_capitals_of_a_title_in_title_case_tell_nothing() -> None:
    """Where all words are capitalised none is known to be a name, and none not to be."""
    found = headline("Poland Closes Its Border As Belarus Sends More Migrants", "en")
    assert {token.name for token in found} == {None}


def test_capitals_of_a_plain_title_tell() -> None:
    """A title in sentence case has its names."""
    found = headline("Poland closes its border with Belarus", "en")
    assert [token.surface for token in found if token.name] == ["Belarus"]


# ------------------------------------------------------------------------- numbers and marks


@pytest.mark.parametrize(
    "text,terms",
    [
        ("1,234 people, 1.5 of 2021", "1,234 peopl 1.5 of 2021"),
        ("2-1 in 2019-20", "2 1 in 2019 20"),
        ("a 33-year-old with Covid-19", "a year old with covid"),
        ("an 18\u2011month-long F-16 deal", "an month long f deal"),
        ("$5bn", "5 bn"),
        ("12.", "12"),
        ("don't won’t", "dont wont"),
        ("’’’ '' \" - --", ""),
        ("", ""),
        (" \n\t\u00a0\u2028", ""),
        ("😀🎉 👩‍👩‍👧", ""),
    ],
)
def test_numbers_and_marks(text: str, terms: str) -> None:
    """A number is a term unless a hyphen makes it a part of a word; marks are none."""
    assert keys(text, "en") == terms.split()


def test_an_apostrophe_of_any_shape_is_known() -> None:
    """A common word is common with a typographic apostrophe too."""
    straight, curly = tokens("don't don’t", "en")
    assert straight.rarity == curly.rarity < 1.5


@pytest.mark.parametrize(
    "lang,common,rare",
    [
        ("en", "said", "Kuźnica"),
        ("pl", "powiedział", "Kuźnica"),
        ("fr", "l'homme", "l'orpailleur"),
        ("ru", "сказал", "пограничник"),
        ("uk", "п’ять", "прикордонник"),
        ("tr", "Türkiye'nin", "Kuznica'daki"),
        ("de", "sagte", "Grenzzaun"),
    ],
)
def test_rare_words_are_rarer(lang: str, common: str, rare: str) -> None:
    """The tables know the words of a language as its texts write them."""
    (usual,), (unusual,) = tokens(common, lang), tokens(rare, lang)
    assert usual.rarity < 2.5 < unusual.rarity <= MOST_RARE


# ----------------------------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    "text",
    [
        "波兰边境的难民" * 200,
        "กรุงเทพมหานคร" * 200,
        "ポーランドの国境" * 200,
        "ភាសាខ្មែរ" * 200,
        "ພາສາລາວ" * 200,
        "NATO加盟とiPhone発表" * 200,
        "မြန်မာဘာသာ" * 200,
        "a" * 5000,
        "é" * 5000,
        "a\u0301\u0302" * 5000,
        "ab'cd" * 2000,
    ],
)
@pytest.mark.parametrize("lang", ["en", "ja", "tr"])
def test_no_term_is_endless(text: str, lang: str) -> None:
    """A text without spaces is cut into many short terms, or what is no word is cut off."""
    found = tokens(text, lang)
    assert found
    assert max(len(token.key) for token in found) <= 2 * MOST_LETTERS
    if any(sign >= "\u0e00" for sign in text):
        assert max(len(token.key) for token in found) <= 12
        assert len(found) > 400


@pytest.mark.parametrize("sign", ["a", "國", "1", "😀", "a\u0301", "1,"])
def test_a_huge_text_takes_bounded_time(sign: str) -> None:
    """A megabyte of anything is done in seconds."""
    started = time.process_time()
    found = tokens(sign * (1_000_000 // len(sign)), "en")
    assert time.process_time() - started < 20
    assert len(found) <= 1_000_000


@given(st.text(max_size=200), st.sampled_from(LANGUAGES))
@LAW
def test_any_text_gives_sound_tokens(text: str, lang: str) -> None:
    """Whatever the text: terms are not empty and hold no space, rarities are in their range."""
    for token in tokens(text, lang) + headline(text, lang):
        assert isinstance(token, Token)
        assert token.key
        assert not any(sign.isspace() for sign in token.key)
        assert 0.0 <= token.rarity <= MOST_RARE
        assert token.surface in text


@given(st.text(alphabet="ab Ż'’-19.,漢かกि\u0301İßﬁ\n", max_size=40), st.sampled_from(LANGUAGES))
@LAW
def test_awkward_text_gives_the_same_tokens_again(text: str, lang: str) -> None:
    """Marks, scripts and accents in any mixture do no harm, and nothing depends on chance."""
    assert tokens(text, lang) == tokens(text, lang)


@given(st.lists(st.sampled_from(["border", "guards", "stopped", "migrants", "near", "Kuźnica"])))
@LAW
def test_words_do_not_depend_on_their_neighbours(words: list[str]) -> None:
    """The terms of a text are those of its words, in order."""
    assert keys(" ".join(words), "en") == [keys(word, "en")[0] for word in words]
