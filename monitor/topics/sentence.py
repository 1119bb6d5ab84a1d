"""The sentence of a seed that comes closest to an item: for a person to see why. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import regex

from monitor.text.tokens import tokens
from monitor.topics.profile import rarities

# An end of a sentence, and the white space or the line that follows it.
END = regex.compile(r"(?<=[.!?…。！？]['”’\"»)]?)\s+|\n+")
# Shorter pieces are headings and furniture.
LEAST_TERMS = 4


def sentences(text: str) -> list[str]:
    """Cut a text into sentences, well enough to show one.

    >>> sentences("Poland closed it. “Why?” he asked.")
    ['Poland closed it.', '“Why?”', 'he asked.']
    """
    return [piece.strip() for piece in END.split(text) if piece and piece.strip()]


def best_sentence(weights: Mapping[str, float], texts: Iterable[str], lang: str) -> str:
    """Give the sentence that shares most with an item; empty if none shares anything.

    `weights` are the item's terms at length 1; compared by cosine, so that a long sentence does not
    win by its length.
    """
    best, best_cosine = "", 0.0
    for text in texts:
        for sentence in sentences(text):
            rarity = rarities(tokens(sentence, lang))
            if len(rarity) < LEAST_TERMS:
                continue
            length = math.sqrt(math.fsum(value * value for value in rarity.values()))
            shared = math.fsum(
                value * weights[term] for term, value in rarity.items() if term in weights
            )
            if shared / length > best_cosine:
                best, best_cosine = sentence, shared / length
    return best
