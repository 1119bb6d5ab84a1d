"""Text to terms: words by Unicode's letters, folded, people led back to their place, stemmed.

A *term* is a token after normalisation. Besides its key a token carries what scoring needs to know
of the word in its place: how rare it is at large, and whether it is written as a name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

import regex
import snowballstemmer

from monitor.text.prior import prior

# The prior knows little below Zipf 1.5: rarer words are all equally rare.
MOST_RARE = 5.5
# A rarity of 0 belongs to words as common as `the`.
COMMONEST_ZIPF = 7.0

# A number that a hyphen ties to letters is part of their word: Covid-19, a 33-year-old.
WORD = regex.compile(
    r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}+)?"
    r"|(?<!\p{N}|\p{L}[-‐‑])\p{N}++(?:[.,]\p{N}++)*+(?![-‐‑]\p{L})"
)
# What is longer is no word, whatever it is: the rest is let go.
MOST_LETTERS = 60
# After one of these a capital letter says nothing: every word has it there.
SENTENCE_END = regex.compile(r"[.!?:;|\n]")
# Letters that canonical decomposition leaves whole.
FOLDED = str.maketrans({"ł": "l", "ı": "i", "đ": "d", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe"})
APOSTROPHES = str.maketrans("’ʼ", "''")
# The combining classes of letters, and of the virama, which binds letters in Indian scripts.
NOT_ACCENTS = (0, 9)
# Scripts without spaces between words: each two neighbouring signs are a term, as search engines
# have it for want of a dictionary (Lucene's CJKAnalyzer); Thai, Lao, Khmer and Burmese likewise.
_SIGN = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}ー"
SPACELESS = regex.compile(rf"[{_SIGN}][{_SIGN}\p{{M}}]*+")
# A word may run into them: AppleがiPhoneを.
PARTS = regex.compile(rf"{SPACELESS.pattern}|[^{_SIGN}'’]++")
# How rare a pair of such signs is: none of the tables counts them.
SPACELESS_RARITY = 3.5

# Languages whose articles and prepositions lean on the next word; French `aujourd'hui` is one word.
ELIDING = frozenset({"ca", "fr", "it"})
ELIDED = regex.compile(r"^(?!aujourd)\p{L}+['’](?=\p{L})", regex.IGNORECASE)
# Languages that part a name from its case ending so.
SUFFIXING = frozenset({"az", "tr"})
SUFFIXED = regex.compile(r"['’].*$", regex.DOTALL)

STEMMERS = {
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "et": "estonian",
    "eu": "basque",
    "fa": "persian",
    "fi": "finnish",
    "fr": "french",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
    "yi": "yiddish",
}

# English words for the people of a place, led back to the place where that is a word about as
# common: Syrian -> Syria, Iraqi -> Iraq, Polish stays (it is a word of its own).
# (ending, what may stand in its place)
DEMONYMS = (
    ("ian", ("", "ia", "e", "y", "a")),
    ("an", ("", "a", "o")),
    ("n", ("",)),
    ("i", ("",)),
    ("ish", ("",)),
    ("ese", ("", "a")),
)
# The place must be at least this well known, and not much rarer than its people.
PLACE_ZIPF = 3.0
PLACE_RARER_BY = 0.7
# A title whose words are mostly capitalised is written so throughout.
TITLE_CASE_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word in its place."""

    # The term.
    key: str
    # As it was written.
    surface: str
    # 0 for the commonest words up to 5.5: 7 minus the Zipf value.
    rarity: float
    # Whether it is written as a name; None where that cannot be told, as at a sentence's start.
    name: bool | None


def tokens(text: str, lang: str) -> list[Token]:
    """Give the tokens of a text in order, as a language has them (ISO 639-1).

    >>> [token.key for token in tokens("Syrians reached Kuźnica.", "en")]
    ['syria', 'reach', 'kuznica']
    """
    found: list[Token] = []
    end, is_start = 0, True
    for match in WORD.finditer(text):
        is_start = is_start or SENTENCE_END.search(text, end, match.start()) is not None
        found += _tokens_of(match.group(), lang, is_start=is_start)
        end, is_start = match.end(), False
    return found


def headline(title: str, lang: str) -> list[Token]:
    """Give the tokens of a title; where most words are capitalised, capitals tell nothing."""
    found = tokens(title, lang)
    if sum(token.name is True for token in found) > TITLE_CASE_SHARE * len(found):
        return [replace(token, name=None) for token in found]
    return found


def fold(word: str) -> str:
    """Fold case, accents and apostrophes: what is the same word in another spelling.

    >>> fold("Łukaszenka's"), fold("Kuźnica")
    ('lukaszenka', 'kuznica')
    """
    folded = word.casefold().translate(APOSTROPHES).removesuffix("'s").replace("'", "")
    if folded.isascii():
        return folded
    plain = unicodedata.normalize("NFKD", folded)
    letters = "".join(sign for sign in plain if unicodedata.combining(sign) in NOT_ACCENTS)
    return unicodedata.normalize("NFC", letters).translate(FOLDED)


def _tokens_of(word: str, lang: str, *, is_start: bool) -> Iterable[Token]:
    if word.isascii() or not SPACELESS.search(word):
        return _word(word, lang, is_start=is_start)
    return [
        token
        for part in PARTS.findall(word)
        for token in (
            _pairs(part) if SPACELESS.match(part) else _word(part, lang, is_start=is_start)
        )
    ]


def _word(word: str, lang: str, *, is_start: bool) -> Iterable[Token]:
    word = _bare(word, lang)[:MOST_LETTERS]
    is_capital = word[0].isupper()
    key, rarity = _term(word, lang, is_capital=is_capital)
    if not key:
        return ()
    name = None if is_start else is_capital
    return (Token(key=key, surface=word, rarity=rarity, name=name),)


def _bare(word: str, lang: str) -> str:
    """Take off what an apostrophe ties to a word that is not of it: l'Union, Türkiye'nin."""
    if lang in ELIDING:
        return ELIDED.sub("", word)
    return SUFFIXED.sub("", word) if lang in SUFFIXING else word


def _pairs(run: str) -> list[Token]:
    """Cut a run of a script without spaces into overlapping pairs of signs."""
    signs = regex.findall(r"\X", run)
    pairs = ["".join(two) for two in pairwise(signs)] or [run]
    return [Token(key=pair, surface=pair, rarity=SPACELESS_RARITY, name=None) for pair in pairs]


# Words repeat: the table of what was computed spares nine look-ups in ten.
@lru_cache(maxsize=1 << 15)
def _term(word: str, lang: str, *, is_capital: bool) -> tuple[str, float]:
    folded = fold(word)
    if not folded:
        return "", 0.0
    known = prior(lang)
    written = word.casefold().translate(APOSTROPHES)
    zipf = max(known.zipf(folded), known.zipf(written))
    if is_capital and lang == "en":
        people = folded.removesuffix("s")
        place, place_zipf = _place_of(people)
        if place_zipf > max(PLACE_ZIPF, max(zipf, known.zipf(people)) - PLACE_RARER_BY):
            folded, zipf = place, place_zipf
    # Stemmers know endings by their accents; but English has none, so that there they go first.
    stem = _stem(folded if lang == "en" else written, lang)
    return fold(stem) or folded, min(MOST_RARE, max(0.0, COMMONEST_ZIPF - zipf))


def _place_of(people: str) -> tuple[str, float]:
    """Give the commonest word that may be the place of a people, with its Zipf value."""
    known = prior("en")
    places = [
        people[: -len(ending)] + instead
        for ending, replacements in DEMONYMS
        if people.endswith(ending)
        for instead in replacements
    ]
    found = [(known.zipf(place), place) for place in places if len(place) >= 4]
    zipf, place = max(found, default=(0.0, ""))
    return place, zipf


def _stem(word: str, lang: str) -> str:
    stemmer = _stemmer(lang)
    return str(stemmer.stemWord(word)) if stemmer else word


@lru_cache(maxsize=64)
def _stemmer(lang: str) -> snowballstemmer.stemmer | None:
    name = STEMMERS.get(lang)
    return snowballstemmer.stemmer(name) if name in snowballstemmer.algorithms() else None
