"""Countries that a text names."""

from __future__ import annotations

import pytest
from babel import Locale

from monitor.config.builtin import read_all
from monitor.text.countries import countries_named

CODES = sorted({one.country for one in read_all() if one.country and one.country != "eu"})


@pytest.mark.parametrize(
    "lang, title, text, expected",
    [
        ("en", "Kenyan ferry aground", "Officials in Nairobi said so.", ["ke"]),
        ("en", "A turkey and a pole", "The turkey sat on a pole in the park.", []),
        ("pl", "Granica", "Polska milczy. W Polsce i na Białorusi. Białoruś.", ["by", "pl"]),
        ("de", "Flut", "In Tschechien, in Deutschland. Tschechien. Deutschland.", ["cz", "de"]),
        ("ru", "В России", "Сообщили в России и на Украине. Украину просят.", ["ru", "ua"]),
        ("pt", "Brasil e Quênia", "No Brasil chove; no Quênia, não.", ["br", "ke"]),
        ("sw", "Mafuriko Kenya", "Serikali ya Kenya imesema.", ["ke"]),
        ("zh", "肯尼亚洪水", "肯尼亚政府表示", ["ke"]),
        ("ar", "فيضانات في كينيا", "قالت حكومة كينيا", ["ke"]),
        ("fr", "Indice", "Un indice industriel indique une indécision.", []),
        ("en", "Once", "Only once is Norway named here.", []),
    ],
)  # fmt: skip
def test_countries_are_found_in_any_language(
    lang: str, title: str, text: str, expected: list[str]
) -> None:
    """What is named again and again, in whatever case, is found; a common word is no country."""
    assert sorted(one.code for one in countries_named(title, text, lang, CODES)) == expected


@pytest.mark.parametrize("code", CODES)
def test_every_list_has_a_country_that_is_found(code: str) -> None:
    """For each country with a list its English name is known."""
    name = Locale.parse("en").territories[code.upper()].split(" (")[0].removesuffix(" SAR China")
    text = f"{name} spoke. All of {name} heard."
    found = [one.code for one in countries_named("", text, "en", CODES)]
    assert code in found or name == "Palestinian Territories"
