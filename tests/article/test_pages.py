"""The article of a page: title, text and language right, and nothing of what stands around it."""

from __future__ import annotations

import pytest

from monitor.article import read_article
from monitor.records import Seed
from monitor.text.furniture import article_paragraphs
from monitor.text.language import detect
from monitor.text.tokens import fold, tokens
from monitor.topics.profile import make_profile
from tests.article.pages import PAGES, STRAY, Page
from tests.fakes import made


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_gives_its_article_and_nothing_else(page: Page) -> None:
    """Of each make of page the title, language and all paragraphs come, and no word around them."""
    article = read_article(made.document(page.body, content_type=page.content_type))
    paragraphs = article_paragraphs(article.paragraphs, article.title)
    text = "\n".join(paragraphs)
    assert article.title == page.title
    assert detect(f"{article.title}\n{text}") == page.lang
    assert [part for part in page.has if part not in text] == []
    seed = Seed(name="a", title=article.title, text=text)
    profile = make_profile([tokens(f"{seed.title}\n{seed.text}", page.lang)])
    stray = {token.key for word in STRAY for token in tokens(word, page.lang)}
    assert sorted(stray & profile.rarity.keys()) == []
    assert sorted(STRAY & {fold(token.surface) for token in tokens(text, page.lang)}) == []


def test_the_makes_of_pages_are_different() -> None:
    """There are twenty makes and more, in ten languages and more."""
    assert len({page.name for page in PAGES}) == len(PAGES) >= 20
    assert len({page.lang for page in PAGES}) >= 10
