"""Which language a text is in. Short texts are hard: a guess that is not sure is none."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# The identifier's probability from which a guess is taken.
SURE = 0.9
# Fewer letters than these (a headline has some forty) are guessed wrong too often.
LEAST_LETTERS = 30
# What is longer is told by its beginning; the identifier grows less sure with length beyond.
MOST_LETTERS = 2000
# The identifier's word for what is in no language.
NO_LANGUAGE = "zxx"
# An item is told by its beginning: 300 letters were as sure as 2,000, for half of the time.
ITEM_LETTERS = 400
# What it takes to set a stated language aside: surer, and more letters (a foreign name in a short
# English sentence was taken for Japanese).
SURE_AGAINST = 0.99
LEAST_LETTERS_AGAINST = 100
# One written language under several codes: none of them speaks against another.
SAME = {"nb": "no", "nn": "no", "bs": "sr", "hr": "sr", "sh": "sr", "ms": "id"}


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    whole = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # Else Chinese and Arabic share their probability with dialects that ISO 639-1 does not have.
    whole.set_languages([lang for lang in whole.labels if len(lang) == 2 or lang == NO_LANGUAGE])
    # It would keep what it left out, 28 MB: one that is made of the rest never had it. A list of
    # numbers takes 3 MB more than an array.
    return LanguageIdentifier(
        whole.nb_ptc,
        whole.nb_pc,
        whole.nb_classes,
        whole.tk_nextmove,
        array("i", whole.tk_output),
        norm_probs=True,
        tk_row=whole.tk_row,
    )


def detect(text: str) -> str | None:
    """Give the language of a text as ISO 639-1, or None if it is too short or could be several.

    >>> detect("Poland has stepped up security along its border with Belarus")
    'en'
    >>> detect("Merkel") is None
    True
    """
    found = _guess(text[:MOST_LETTERS])
    return found.lang if found is not None and found.probability >= SURE else None


def language_of(title: str, summary: str, *, stated: str | None, usual: str | None) -> str | None:
    """Give the language of an item: as stated, unless its text is plainly in another.

    Without a statement its text decides, where that is sure; else the usual language of its feed,
    if that is known; else None. Given the answer as `stated`, it answers the same again.

    >>> polish = "Straż Graniczna zatrzymała w nocy kilkuset migrantów w pobliżu Kuźnicy"
    >>> language_of("Granica", polish, stated=None, usual=None)
    'pl'
    >>> language_of("Granica", "", stated=None, usual="pl")
    'pl'
    """
    text = f"{title}\n{summary}"[:ITEM_LETTERS]
    if stated is not None:
        return against(text, stated) or stated
    return detect(text) or usual


def against(text: str, stated: str) -> str | None:
    """Give the language of a text that is plainly not in the stated one; None if it may be.

    Many feeds carry the language of their template: `en-us`, whatever they publish.
    """
    found = _guess(text[:MOST_LETTERS], LEAST_LETTERS_AGAINST)
    if found is None or found.probability < SURE_AGAINST or is_same(found.lang, stated):
        return None
    return found.lang


def is_same(one: str, other: str) -> bool:
    """Say whether two codes are of one language, or of ones that are read by the same people.

    >>> is_same("nb", "no"), is_same("cs", "sk")
    (True, False)
    """
    return SAME.get(one, one) == SAME.get(other, other)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Guess:
    lang: str
    # The identifier's own, in [0, 1].
    probability: float


def _guess(text: str, least_letters: int = LEAST_LETTERS) -> _Guess | None:
    """Give the likeliest language of a text; None if it is too short or in none."""
    if sum(sign.isalpha() for sign in text) < least_letters:
        return None
    lang, probability = _identifier().classify(text)
    return _Guess(lang=str(lang), probability=float(probability)) if lang != NO_LANGUAGE else None
