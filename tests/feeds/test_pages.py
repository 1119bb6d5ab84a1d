"""Which feeds a web page names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.feeds.pages import MOST_FEEDS, feeds_of
from tests.fakes import made

RSS = '<link rel="alternate" type="application/rss+xml" href="{}">'


def named(html: str) -> tuple[str, ...]:
    """Give the feeds that a page names."""
    page = replace(made.document(html.encode()), url="https://a.example/news/")
    return feeds_of(page)


@pytest.mark.parametrize(
    "html,urls",
    [
        (RSS.format("/rss"), ["https://a.example/rss"]),
        (RSS.format("rss?a=1&amp;b=2"), ["https://a.example/news/rss?a=1&b=2"]),
        (RSS.format("//b.example/rss") * 2, ["https://b.example/rss"]),
        (
            "<LINK HREF=/atom TYPE='application/atom+xml; charset=utf-8' REL='home ALTERNATE'/>",
            ["https://a.example/atom"],
        ),
        (RSS.format("/a") + RSS.format("/b"), ["https://a.example/a", "https://a.example/b"]),
        (RSS.format("javascript:alert(1)"), []),
        (RSS.format("file:///etc/passwd"), []),
        (RSS.replace("alternate", "stylesheet").format("/rss"), []),
        (RSS.replace("application/rss+xml", "text/html").format("/rss"), []),
        ('<a rel="alternate" type="application/rss+xml" href="/rss">', []),
        ("<link " * 10_000, []),
        (RSS.format("/rss")[:-1], []),
    ],
)
def test_a_page_names_its_feeds(html: str, urls: list[str]) -> None:
    """Links to feeds are found as absolute web addresses, each once; nothing else is."""
    assert list(named(html)) == urls


def test_a_page_names_a_few_feeds_only() -> None:
    """A page with thousands of links to feeds gives its first ones."""
    found = named("".join(RSS.format(f"/{number}") for number in range(5_000)))
    assert found == tuple(f"https://a.example/{number}" for number in range(MOST_FEEDS))
