"""Pages that are read in a process of their own: what one may cost, and what comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.article import PageLimits, read_apart, read_article
from monitor.errors import ArticleError
from tests.article.pages import PAGES
from tests.fakes import made


def test_a_page_read_apart_is_the_same() -> None:
    """What comes back over the wire is what reading it here gives."""
    page = next(one for one in PAGES if one.name == "windows-1251")
    document = made.document(page.body, content_type=page.content_type)
    assert read_apart(document) == read_article(document)


def test_a_page_may_not_take_forever() -> None:
    """Endless text ends with its time, and the caller lives on."""
    sentence = b"<p>A sentence of some words, with commas, that goes on and on.</p>\n"
    body = b"<html><body><article>" + sentence * 120_000
    limits = PageLimits(cpu=timedelta(seconds=1), wall=timedelta(seconds=30))
    with pytest.raises(ArticleError, match=r"takes too much|no article|takes more than"):
        read_apart(made.document(body, content_type="text/html"), limits)


def test_a_page_may_not_take_all_memory() -> None:
    """With too little memory for it a page is a failure of one line, and no crash."""
    limits = PageLimits(memory_bytes=64 * 1024 * 1024)
    with pytest.raises(ArticleError, match=r"lrt\.example"):
        read_apart(made.document(PAGES[0].body, content_type="text/html"), limits)


@pytest.mark.parametrize("body", [b"", b"\0" * 5000, b"<", b"<html>" * 3000, b"%PDF-1.7 \xff\xfe"])
def test_what_is_no_page_is_refused(body: bytes) -> None:
    """Bytes that are no article end in an error that names the address."""
    with pytest.raises(ArticleError, match=r"lrt\.example"):
        read_article(made.document(body, content_type="text/html"))
