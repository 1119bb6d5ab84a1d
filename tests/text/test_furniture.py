"""What is cut from an article, and what is not."""

from __future__ import annotations

import pytest

from monitor.text.furniture import article_paragraphs, is_furniture, without_dateline


@pytest.mark.parametrize(
    "text",
    [
        "By Jane Doe", "Von Max Muster, Dresden", "Por Ana Lima", "Автор: Иван Петров",
        "Published 8 November 2021", "Stand: 12.03.2026", "14:05",
        "Photo: AP", "(Foto: dpa)", "Fot. PAP", "Migrants at a fence. Getty Images",
        "Read more: Ten charts", "Lesen Sie auch: Mehr",
        "Czytaj też: Coś",
        "Leia também: Algo",
        "Читайте также: что-то", "اقرأ أيضا: شيء", "延伸阅读：别的", "Soma pia: kitu",
        "We use cookies to improve this site.", "Already a subscriber? Log in.",
        "Please enable JavaScript.", "***", "2026",
    ],
)  # fmt: skip
def test_furniture_goes(text: str) -> None:
    """Bylines, dates, credits, links and notices are not of the article."""
    assert is_furniture(text, at_start=True)


@pytest.mark.parametrize(
    "text",
    [
        "By Tuesday the water had reached the second floor.",
        "In 2017 the spillway broke apart and 188,000 people fled their homes.",
        "“We saw nothing,” he said.",
        "The photo was taken by a guard, police said.",
        "Related deaths rose to nine. " * 10,
        "The regulator fined the site for its cookies. " * 8,
    ],
)
def test_sentences_stay(text: str) -> None:
    """A sentence of the article stays, whatever it begins with."""
    assert not is_furniture(text, at_start=True)


@pytest.mark.parametrize(
    "head",
    ["WARSAW, Nov 8 (Reuters) - ", "NAIROBI (AP) — ", "Berlin (dpa) - ", "(AFP) - ",
     "KUZNICA, Poland (Reuters) - "],
)  # fmt: skip
def test_datelines_go(head: str) -> None:
    """Agency and date before the first sentence go."""
    assert without_dateline(f"{head}Guards came.") == "Guards came."


def test_title_and_repeats_go() -> None:
    """The title is told once, and so is each paragraph; links at the end go."""
    found = article_paragraphs(
        ["Title", "One is here.", "One is here.", "Two.", "More news"], "Title"
    )
    assert found == ["One is here.", "Two."]
