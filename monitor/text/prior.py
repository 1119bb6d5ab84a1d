"""How rare a word is in a language at large: known before the first item, with no corpus to keep.

The frequencies are those of `wordfreq` (Speer, 2022): Zipf values, the decadic logarithm of
occurrences per billion words; `the` has 7.7, `border` 4.9, `Kuznica` none. Its own tables take 50
to 120 MB of memory a language once loaded; here each is read word by word and kept as sorted
hashes, 3 MB.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import lru_cache

import msgpack
import numpy as np
from numpy.typing import NDArray
from wordfreq import available_languages
from wordfreq.numbers import digit_freq, has_digit_sequence, smash_numbers

# What a word that the table lacks has, about the rarest that it knows.
UNKNOWN = 0.0
# Languages that have no table of their own, with a near one that has.
NEAR = {"be": "ru", "nn": "nb", "no": "nb", "gl": "pt", "hr": "sh", "sr": "sh", "bs": "sh"}
# Written without spaces: their tables count words that only a dictionary could cut out.
SPACELESS = frozenset({"zh", "ja"})


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    """Give the file of each language's table."""
    return dict(available_languages())


def table_of(lang: str) -> str:
    """Give the language whose table serves a language; English where there is none nearer.

    >>> table_of("pl"), table_of("be"), table_of("xx")
    ('pl', 'ru', 'en')
    """
    near = NEAR.get(lang, lang)
    return near if near in _languages() and near not in SPACELESS else "en"


class Prior:
    """The frequencies of one language's words."""

    def __init__(self, lang: str) -> None:
        # Words of one frequency each, in centibels below 1: the first would be every word.
        bands = [np.fromiter(map(hash, words), np.int64, len(words)) for words in _bands(lang)]
        keys = np.concatenate(bands)
        zipfs = 9.0 - np.repeat(np.arange(len(bands)), [len(words) for words in bands]) / 100.0
        order = np.argsort(keys, kind="stable")
        self._keys: NDArray[np.int64] = keys[order]
        self._zipfs: NDArray[np.float32] = zipfs.astype(np.float32)[order]

    def zipf(self, word: str) -> float:
        """Give the Zipf value of a folded word, at least 0.

        Numbers are counted by their length and, as years, by their nearness to the present.
        """
        key = smash_numbers(word)
        wanted = hash(key)
        place = int(np.searchsorted(self._keys, wanted))
        if place == len(self._keys) or self._keys[place] != wanted:
            return UNKNOWN
        found = float(self._zipfs[place])
        if has_digit_sequence(word):
            found += float(np.log10(digit_freq(word)))
        return max(UNKNOWN, found)


def _bands(lang: str) -> Iterator[list[str]]:
    """Read the words of a table, those of one frequency at a time.

    `get_frequency_list` would give the same, all of it at once, and keep it for good: what is freed
    afterwards lies in pieces, and stays with the process.
    """
    with gzip.open(_languages()[lang], "rb") as file:
        unpacker = msgpack.Unpacker(file, raw=False)
        bands = unpacker.read_array_header() - 1
        form = unpacker.unpack()
        if form != {"format": "cB", "version": 1}:
            raise ValueError(f"the table of {lang} has a form of its own: {form}")
        for _ in range(bands):
            yield unpacker.unpack()


@lru_cache(maxsize=16)
def prior(lang: str) -> Prior:
    """Give the table that serves a language; loaded at its first use, then kept."""
    return _loaded(table_of(lang))


@lru_cache(maxsize=16)
def _loaded(lang: str) -> Prior:
    return Prior(lang)
