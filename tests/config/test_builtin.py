"""The lists of feeds that come with seedwatch are whole, and no feed is in two of them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from monitor.config.builtin import BuiltinList, folder, names, path_of, read_all
from monitor.config.builtin_table import table
from monitor.config.values import check_language, check_url
from monitor.feeds.identity import canonical_url

ROOT = Path(__file__).parents[2]
LISTS = read_all()
# Whoever asks these asks somebody else's search, not an outlet.
AGGREGATORS = re.compile(
    r"news\.google\.|bing\.com|news\.yahoo\.|feedburner|rss\.app|rsshub|fetchrss|morss|siftrss|"
    r"politepol|openrss|nitter|reddit\.com|hnrss|einnews|feedx\.net|/search[/?]"
)


def ids(one: BuiltinList) -> str:
    """Name a list in the report of a test."""
    return one.name


def test_there_are_enough() -> None:
    """Forty countries and four hundred feeds at the least, in many languages."""
    assert len({one.country for one in LISTS} - {None, "eu"}) >= 40
    assert sum(len(one.feeds) for one in LISTS) >= 400
    assert len({feed.lang for one in LISTS for feed in one.feeds}) >= 30


def test_the_table_in_the_docs_is_current() -> None:
    """docs/feeds.md ends with the table that `-m monitor.config.builtin_table` prints."""
    assert (ROOT / "docs" / "feeds.md").read_text(encoding="utf-8").endswith("\n\n" + table())


@pytest.mark.parametrize("one", LISTS, ids=ids)
def test_each_list_is_whole(one: BuiltinList) -> None:
    """Each feed of a list has a name, a language and a web address with https, from an outlet."""
    assert len(one.feeds) >= 3
    assert len({feed.name for feed in one.feeds}) == len(one.feeds)
    for feed in one.feeds:
        assert feed.name
        assert check_language(feed.lang or "")
        assert urlsplit(check_url(feed.url)).scheme == "https"
        assert not AGGREGATORS.search(feed.url), feed.url
        assert feed.groups == (one.title,)


@pytest.mark.parametrize("one", LISTS, ids=ids)
def test_each_list_says_its_country(one: BuiltinList) -> None:
    """All feeds of a list are of its country; only regions have none, and few are regions."""
    assert {feed.country for feed in one.feeds} == {one.country}
    assert one.country or one.name in {"africa", "caribbean", "middle-east", "world"}
    assert one.name == re.sub(r"[^a-z]+", "-", one.title.lower()).removeprefix("the-") or (
        one.name == "eu"
    )


def test_no_country_has_two_lists() -> None:
    """A code leads to one list."""
    codes = [one.country for one in LISTS if one.country]
    assert len(codes) == len(set(codes))


def test_no_feed_is_there_twice() -> None:
    """No address, in any spelling, is in two lists or twice in one."""
    seen: dict[str, str] = {}
    doubles = []
    for one in LISTS:
        for feed in one.feeds:
            key = canonical_url(feed.url)
            assert key
            if key in seen:
                doubles.append((feed.url, one.name, seen[key]))
            seen[key] = one.name
    assert doubles == []


def test_only_a_known_name_leads_to_a_file() -> None:
    """A name is looked up among the lists that there are, and never put into a path unseen."""
    assert path_of("kenya") == folder() / "kenya.opml"
    for name in ("", ".", "../seedwatch", "kenya.opml", "Kenya", "\0"):
        with pytest.raises(ValueError, match="no list that comes with seedwatch"):
            path_of(name)
    assert "kenya" in names()
