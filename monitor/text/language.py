"""Which language a text is in. Short texts are hard: a guess that is not sure is none."""

from __future__ import annotations

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


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # Else Chinese and Arabic share their probability with dialects that ISO 639-1 does not have.
    identifier.set_languages(
        [lang for lang in identifier.labels if len(lang) == 2 or lang == NO_LANGUAGE]
    )
    return identifier


def detect(text: str) -> str | None:
    """Give the language of a text as ISO 639-1, or None if it is too short or could be several.

    >>> detect("Poland has stepped up security along its border with Belarus")
    'en'
    >>> detect("Merkel") is None
    True
    """
    if sum(sign.isalpha() for sign in text) < LEAST_LETTERS:
        return None
    lang, probability = _identifier().classify(text[:MOST_LETTERS])
    return str(lang) if probability >= SURE and lang != NO_LANGUAGE else None
