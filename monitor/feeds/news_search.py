"""A feed of a news search for what a seed names: offered to a user, never added unasked. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from babel.core import get_global

# All of them must be in an item: more would find nothing.
MOST_NAMES = 3
_SEARCH = "https://news.google.com/rss/search"


def search_feed(names: Sequence[str], lang: str) -> str | None:
    """Give the address of a news search for the strongest names; None without any.

    >>> search_feed(["Kuźnica", "Łukaszenka"], "pl")
    'https://news.google.com/rss/search?q=Ku%C5%BAnica+%C5%81ukaszenka&hl=pl&gl=PL&ceid=PL%3Apl'
    """
    if not names:
        return None
    # `pl` -> `pl_Latn_PL`: where most of its readers live (CLDR).
    land = str(get_global("likely_subtags").get(lang, "en_Latn_US")).rpartition("_")[2]
    asked = {"q": " ".join(names[:MOST_NAMES]), "hl": lang, "gl": land, "ceid": f"{land}:{lang}"}
    return f"{_SEARCH}?{urlencode(asked)}"
