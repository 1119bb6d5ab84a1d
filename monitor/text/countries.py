"""The countries that a text names, whatever its language. Pure.

Names come from Unicode's CLDR by way of Babel, in the text's language and in English; what people,
capitals and large cities are called in English stands below, for the countries that we have feeds
of. Names change by case in many languages: all but the end of a longer word must be there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import regex
from babel import Locale, UnknownLocaleError

# A title names what an article is about.
TITLE_COUNTS = 3
# A country counts if it is named so often, and a fraction as often as the first.
LEAST_MENTIONS = 2
LEAST_PART = 0.3
MOST_COUNTRIES = 4
# Scripts without spaces, or that write particles and articles into the word.
_RUN_TOGETHER = frozenset({"zh", "ja", "th", "km", "my", "lo", "ar", "he", "fa", "ur"})
# Where a name ends as it begins whatever its case.
_WITHOUT_CASES = frozenset(
    {"en", "fr", "es", "pt", "it", "nl", "de", "sw", "id", "ms", "da", "sv", "no", "nb"}
)

# Code -> people, capital, large cities and short names, in English.
_ENGLISH = {
    "ae": "Emirati Emiratis Dubai UAE|Abu Dhabi", "al": "Albanian Albanians Tirana",
    "ar": "Argentine Argentinian Argentinians|Buenos Aires", "at": "Austrian Austrians Vienna",
    "au": "Australian Australians Canberra Sydney Melbourne", "ba": "Bosnian Bosnians Sarajevo Bosnia",
    "bd": "Bangladeshi Bangladeshis Dhaka", "be": "Belgian Belgians Brussels Antwerp",
    "bg": "Bulgarian Bulgarians Sofia", "br": "Brazilian Brazilians Brasília Brasilia|São Paulo|Rio de Janeiro",
    "by": "Belarusian Belarusians Belarussian Minsk", "ca": "Canadian Canadians Ottawa Toronto Montreal",
    "cd": "Congolese Kinshasa Goma|DR Congo|DRC", "ch": "Swiss Bern Zurich Geneva",
    "cl": "Chilean Chileans Santiago", "cn": "Chinese Beijing Shanghai",
    "co": "Colombian Colombians Bogotá Bogota Medellín", "cr": "Costa Rican|San José",
    "cz": "Czech Czechs Prague|Czech Republic", "de": "German Germans Berlin Munich Hamburg Bundestag",
    "dk": "Danish Danes Copenhagen", "do": "Dominican Dominicans|Santo Domingo",
    "dz": "Algerian Algerians Algiers", "ee": "Estonian Estonians Tallinn",
    "eg": "Egyptian Egyptians Cairo", "es": "Spanish Spaniards Madrid Barcelona Catalan",
    "et": "Ethiopian Ethiopians|Addis Ababa|Tigray", "fi": "Finnish Finns Helsinki",
    "fr": "French Paris Marseille Lyon", "gb": "British Britain Britons London Scottish Scotland Wales England UK Westminster",
    "ge": "Georgian Georgians Tbilisi", "gh": "Ghanaian Ghanaians Accra", "gr": "Greek Greeks Athens",
    "hk": "Hongkong Hongkongers", "hr": "Croatian Croatians Zagreb", "hu": "Hungarian Hungarians Budapest",
    "id": "Indonesian Indonesians Jakarta", "ie": "Irish Dublin", "il": "Israeli Israelis Jerusalem|Tel Aviv",
    "in": "Indian Indians Delhi Mumbai Kolkata Chennai Bengaluru", "ir": "Iranian Iranians Tehran",
    "is": "Icelandic Icelanders Reykjavik Reykjavík", "it": "Italian Italians Rome Milan Naples",
    "jp": "Japanese Tokyo Osaka", "ke": "Kenyan Kenyans Nairobi Mombasa Kisumu", "kh": "Cambodian Cambodians|Phnom Penh",
    "kr": "Seoul|South Korean|South Koreans", "lk": "Colombo|Sri Lankan|Sri Lankans", "lt": "Lithuanian Lithuanians Vilnius Kaunas",
    "lv": "Latvian Latvians Riga", "ma": "Moroccan Moroccans Rabat Casablanca Marrakesh",
    "md": "Moldovan Moldovans Chisinau Chișinău Transnistria", "me": "Montenegrin Montenegrins Podgorica",
    "mk": "Macedonian Macedonians Skopje", "mm": "Burmese Yangon Naypyidaw Burma", "mt": "Maltese Valletta",
    "mx": "Mexican Mexicans|Mexico City", "my": "Malaysian Malaysians|Kuala Lumpur", "ng": "Nigerian Nigerians Abuja Lagos Kano",
    "nl": "Dutch Amsterdam Rotterdam|The Hague", "no": "Norwegian Norwegians Oslo", "np": "Nepali Nepalese Nepalis Kathmandu",
    "nz": "Wellington Auckland Christchurch|New Zealander|New Zealanders", "ph": "Philippine Filipino Filipinos Manila",
    "pk": "Pakistani Pakistanis Islamabad Karachi Lahore", "pl": "Polish Poles Warsaw Krakow Kraków Gdansk Gdańsk",
    "ps": "Palestinian Palestinians Palestine Gaza Ramallah|West Bank", "pt": "Portuguese Lisbon Porto",
    "qa": "Qatari Qataris Doha", "ro": "Romanian Romanians Bucharest", "rs": "Serbian Serbs Serbians Belgrade",
    "ru": "Russian Russians Moscow Kremlin|St Petersburg", "rw": "Rwandan Rwandans Kigali", "sa": "Saudi Saudis Riyadh Jeddah",
    "se": "Swedish Swedes Stockholm", "sg": "Singaporean Singaporeans", "si": "Slovenian Slovenians Ljubljana",
    "sk": "Slovak Slovaks Bratislava", "th": "Thai Thais Bangkok", "tr": "Turkish Turks Turkey Ankara Istanbul",
    "tw": "Taiwanese Taipei", "tz": "Tanzanian Tanzanians Dodoma|Dar es Salaam", "ua": "Ukrainian Ukrainians Kyiv Kiev Kharkiv Odesa Odessa",
    "us": "American Americans Washington Pentagon|United States|White House|New York", "ve": "Venezuelan Venezuelans Caracas",
    "vn": "Vietnamese Hanoi|Ho Chi Minh City", "xk": "Kosovar Kosovars Pristina",
    "za": "Johannesburg Pretoria|South African|South Africans|Cape Town",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCountry:
    """A country that a text names."""

    # ISO 3166-1 in small letters.
    code: str
    # How often; a mention in the title counts three times.
    mentions: int


def countries_named(
    title: str, text: str, lang: str, codes: Iterable[str]
) -> tuple[NamedCountry, ...]:
    """Give the countries, of those codes, that an article is about, most mentioned first.

    >>> found = countries_named("Polish guards", "Poland shut it. Belarus and Poland.", "en", ["pl", "by"])
    >>> [(one.code, one.mentions) for one in found]
    [('pl', 5)]
    """
    body = text.removeprefix(title)
    found = []
    for code in codes:
        pattern = _pattern(code, lang)
        if pattern is None:
            continue
        mentions = TITLE_COUNTS * len(pattern.findall(title)) + len(pattern.findall(body))
        if mentions >= LEAST_MENTIONS:
            found.append(NamedCountry(code=code, mentions=mentions))
    found.sort(key=lambda one: (-one.mentions, one.code))
    return tuple(one for one in found if one.mentions >= LEAST_PART * found[0].mentions)[
        :MOST_COUNTRIES
    ]


@lru_cache(maxsize=512)
def _pattern(code: str, lang: str) -> regex.Pattern[str] | None:
    """Give what finds a country's names in a language; None if it has none."""
    own = _territories(lang).get(code.upper())
    english = {name for name in (_territories("en").get(code.upper()),) if name}
    first, *phrases = _ENGLISH.get(code, "").split("|")
    english |= {*first.split(), *phrases}
    parts = [_exact(name) for name in sorted(english, key=len, reverse=True)]
    if own and lang != "en":
        parts.insert(0, _bent(own, lang))
    # As in CLDR: `Myanmar (Burma)`, `Hong Kong SAR China`.
    return regex.compile("|".join(parts)) if parts else None


@lru_cache(maxsize=64)
def _territories(lang: str) -> Mapping[str, str]:
    try:
        names: Mapping[str, str] = Locale.parse(lang).territories
    except (UnknownLocaleError, ValueError):
        return {}
    return {code: _short(name) for code, name in names.items()}


def _short(name: str) -> str:
    """Take off what stands in brackets or tells a region's status."""
    return regex.sub(r"\s*[(（].*?[)）]|\s+SAR China$|^SAR\s+|\s+Territories$", "", name).strip()


def _exact(name: str) -> str:
    return rf"(?<!\w){regex.escape(name)}(?:['’]s)?(?!\w)"


def _bent(name: str, lang: str) -> str:
    """Give a pattern for a name that may stand in any case of its language."""
    if lang in _RUN_TOGETHER:
        return regex.escape(name)
    if lang in _WITHOUT_CASES:
        return _exact(name)
    return r"(?<!\w)" + r"\s+".join(_stem(word) for word in name.split()) + r"(?!\w)"


def _stem(word: str) -> str:
    """Leave the end of a word open, as far as what is left still names it."""
    if len(word) <= 3:
        return regex.escape(word)
    kept = len(word) - (1 if len(word) < 6 else 2)
    return regex.escape(word[:kept]) + r"\w{0,4}"
