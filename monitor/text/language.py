"""Which language a text is in. Short texts are hard: a guess that is not sure is none."""

from __future__ import annotations

from functools import lru_cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

# The identifier's probability from which a guess is taken.
SURE = 0.9
# Fewer letters than these (a headline has some forty) are guessed wrong too often.
LEAST_LETTERS = 30


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def detect(text: str) -> str | None:
    """Give the language of a text as ISO 639-1, or None if it is too short or could be several.

    >>> detect("Poland has stepped up security along its border with Belarus")
    'en'
    >>> detect("Merkel") is None
    True
    """
    if sum(sign.isalpha() for sign in text) < LEAST_LETTERS:
        return None
    lang, probability = _identifier().classify(text)
    return str(lang) if probability >= SURE else None
