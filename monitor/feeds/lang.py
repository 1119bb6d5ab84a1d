"""Tell the language of a text from what its feed says about it."""

from __future__ import annotations

import re

# ISO 639-1, all of it.
_CODES = frozenset(
    re.findall(
        "..",
        "aaabaeafakamanarasavayazbabebgbhbibmbnbobrbscacechcocrcscucvcydadedvdzeeeleneoeseteufafffifj"
        "fofrfygagdglgngugvhahehihohrhthuhyhziaidieigiiikioisitiujajvkakgkikjkkklkmknkokrkskukvkwkyla"
        "lblglilnloltlulvmgmhmimkmlmnmrmsmtmynanbndnengnlnnnonrnvnyocojomorospapiplpsptqurmrnrorurwsa"
        "scsdsesgsiskslsmsnsosqsrssstsusvswtatetgthtitktltntotrtstttwtyugukuruzvevivowawoxhyiyozazhzu",
    )
)

# What feeds write instead: ISO 639-2 codes, and codes of countries that are no language's.
_INSTEAD = {
    "ara": "ar", "bel": "be", "bul": "bg", "ces": "cs", "chi": "zh", "cze": "cs", "dan": "da",
    "deu": "de", "dut": "nl", "ell": "el", "eng": "en", "est": "et", "fin": "fi", "fra": "fr",
    "fre": "fr", "ger": "de", "gre": "el", "heb": "he", "hin": "hi", "hrv": "hr", "hun": "hu",
    "ita": "it", "jpn": "ja", "kat": "ka", "kor": "ko", "lav": "lv", "lit": "lt", "nld": "nl",
    "nor": "no", "per": "fa", "pol": "pl", "por": "pt", "ron": "ro", "rum": "ro", "rus": "ru",
    "slk": "sk", "slo": "sk", "slv": "sl", "spa": "es", "srp": "sr", "swe": "sv", "tur": "tr",
    "ukr": "uk", "zho": "zh", "english": "en", "by": "be", "cn": "zh", "cz": "cs", "dk": "da",
    "gr": "el", "jp": "ja", "ua": "uk", "iw": "he",
}  # fmt: skip

_PRIMARY = re.compile(r"\s*([A-Za-z]+)(?=[-_,;\s]|$)")


def primary(tag: str | None) -> str | None:
    """Return the ISO 639-1 code of a language tag (RFC 5646); None if it names none.

    >>> primary("en-GB"), primary("pol"), primary("und")
    ('en', 'pl', None)
    """
    found = _PRIMARY.match(tag or "")
    if not found:
        return None
    code = found[1].lower()
    code = _INSTEAD.get(code, code)
    return code if code in _CODES else None
