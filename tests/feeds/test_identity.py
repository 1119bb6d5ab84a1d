"""Which item is which."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.identity import canonical_url, distinct, fingerprint, item_key
from monitor.records import Item


@pytest.mark.parametrize(
    "url,canonical",
    [
        ("https://example.org/a", "https://example.org/a"),
        ("http://example.org/a", "https://example.org/a"),
        ("HTTP://User:pw@WWW.Example.ORG:80/a/", "https://example.org/a"),
        ("https://example.org:443", "https://example.org/"),
        ("https://example.org:8443/a", "https://example.org:8443/a"),
        ("https://example.org/a?b=2&a=1&a=0", "https://example.org/a?a=0&a=1&b=2"),
        ("https://example.org/a?&utm_source=x&UTM_Medium=y&id=7&", "https://example.org/a?id=7"),
        ("https://example.org/a?at_medium=RSS&CMP=x&xtor=y&ns_z=1", "https://example.org/a"),
        ("https://example.org/a?fbclid=1&gclid=2&mc_cid=3&_hsenc=4", "https://example.org/a"),
        ("https://www.lrt.lt/naujienos?rss", "https://lrt.lt/naujienos?rss"),
        ("https://example.org/a#top", "https://example.org/a"),
        ("https://example.org/#!/a", "https://example.org/#!/a"),
        ("https://amp.example.org/a/amp/", "https://example.org/a"),
        ("https://m.example.org/a?amp=1", "https://example.org/a"),
        ("https://m.net/amp", "https://m.net/amp"),
        ("https://en.example.org/", "https://en.example.org/"),
        ("https://example.org/%7Ea/%e4%bd%a0/b%2fc", "https://example.org/~a/%E4%BD%A0/b%2Fc"),
        ("https://example.org/ž?q=a+b", "https://example.org/%C5%BE?q=a%20b"),
        ("https://example.org/a/./b/../c", "https://example.org/a/c"),
        ("https://žinios.lt/a", "https://xn--inios-tib.lt/a"),
        ("https://[2001:DB8::1]/a", "https://[2001:db8::1]/a"),
        (" https://example.org/a\n", "https://example.org/a"),
    ],
)
def test_one_article_has_one_canonical_url(url: str, canonical: str) -> None:
    """Each spelling of a URL leads to the same canonical form."""
    assert canonical_url(url) == canonical


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org/a",
        "//example.org/a",
        "ftp://example.org/a",
        "javascript:alert(1)",
        "mailto:desk@example.org",
        "http:///a",
        "http://example.org:99999/",
        "http://example.org:port/",
        "http://[::1/",
        "http://127.0.0.1\\@example.org/",
        "http://example.org/a b",
        "http://example.org/a\u2028b",
        "http://example.org/a\x00b",
        "http://exa mple.org/",
        "http://a/b/\ud800",
        "http://\u2100.example.org/",
        "http://-/",
        "http://" + "ž" * 70 + ".lt/",
    ],
)
def test_what_is_no_web_url_has_no_canonical_form(url: str) -> None:
    """Other schemes, no host, and what two parsers would read differently, have none."""
    assert canonical_url(url) is None


HOSTS = st.from_regex(r"(?:(?:www|m|amp)\.){0,2}[a-z]{1,6}(?:\.[a-z]{1,4}){1,2}", fullmatch=True)
PATHS = st.text(alphabet="abAB/.%~-_žß%2F%7e", max_size=20).map(lambda path: f"/{path}")
PARAMETERS = st.lists(st.text(alphabet="abc=%+ž_-", min_size=1, max_size=8), max_size=4)
URLS = st.builds(
    lambda host, path, query: f"http://{host}{path}" + ("?" + "&".join(query) if query else ""),
    HOSTS,
    PATHS,
    PARAMETERS,
)


@given(URLS | st.text(max_size=60).map(lambda rest: f"http://{rest}"))
def test_a_canonical_url_is_its_own(url: str) -> None:
    """Taking the canonical form twice is taking it once."""
    canonical = canonical_url(url)
    assert canonical is None or canonical_url(canonical) == canonical


@given(URLS, st.sampled_from(["utm_source=rss", "utm_x=", "fbclid=%20", "at_campaign=1"]))
def test_tracking_fragment_and_scheme_change_nothing(url: str, tracking: str) -> None:
    """Tracking parameters, a fragment and https leave the canonical URL as it is."""
    joint = "&" if "?" in url else "?"
    varied = f"{url}{joint}{tracking}#section".replace("http://", "https://", 1)
    assert canonical_url(url) is not None
    assert canonical_url(varied) == canonical_url(url)


@given(URLS, st.randoms(use_true_random=False))
def test_the_order_of_parameters_changes_nothing(url: str, chance: Random) -> None:
    """The same parameters in another order are the same URL."""
    start, _, query = url.partition("?")
    parameters = query.split("&")
    chance.shuffle(parameters)
    assert canonical_url(f"{start}?{'&'.join(parameters)}") == canonical_url(url)


def test_a_fingerdigestis_of_what_is_said() -> None:
    """Case, punctuation and white space do not count; accents and words do."""
    said = fingerprint("Guards: border CLOSED!", "No \u2013 way.")
    assert said == fingerprint("guards  border closed", "no way")
    assert said != fingerprint("guards border closed no", "way")
    assert said != fingerprint("guards border closed", "")
    assert fingerprint("Straße", "") == fingerprint("STRASSE", "")
    assert fingerprint("Cafe\u0301", "") == fingerprint("CAFÉ", "") != fingerprint("Cafe", "")
    assert fingerprint("🔥", "") != fingerprint("🌊", "")
    assert len(said) == 64


def test_a_key_is_the_best_there_is() -> None:
    """The guid comes first, then the canonical URL, then the fingerprint."""
    assert item_key(" Guid-1 ", "https://e.org/", "f") == "guid:Guid-1"
    assert item_key("  ", "https://e.org/", "f") == "url:https://e.org/"
    assert item_key(None, None, "f") == "text:f"


def test_a_long_key_is_digested() -> None:
    """A guid of more than 500 characters becomes a digest that still tells guids apart."""
    assert item_key("x" * 500, None, "f") == "guid:" + "x" * 500
    key = item_key("x" * 501, None, "f")
    assert key.startswith("guid:sha256:")
    assert len(key) < 100
    assert key != item_key("x" * 502, None, "f")


def item(guid: str | None, path: str | None, title: str) -> Item:
    """Return an item with the key that it would have alone."""
    url = f"https://example.org/{path}" if path is not None else None
    digest = fingerprint(title, "")
    return Item(
        key=item_key(guid, url, digest),
        guid=guid,
        url=url,
        canonical_url=url,
        fingerprint=digest,
        title=title,
        summary="",
        lang=None,
        published_at=None,
    )


def test_the_same_entry_twice_is_one_item() -> None:
    """An entry repeated under its guid, with the same URL and text, is one item."""
    twice = [item("g", "a", "Title"), item("g", "a", "title!"), item("h", "a", "Title")]
    assert distinct(twice) == (twice[0], twice[2])


def test_different_entries_under_one_guid_stay_apart() -> None:
    """A guid that several entries share tells nothing: their URLs do, without URLs their texts."""
    shared = [item("g", "a", "A"), item("g", "b", "B"), item("g", None, "C"), item("h", "c", "D")]
    keys = [kept.key for kept in distinct(shared)]
    assert keys == [
        "guid:g|https://example.org/a",
        "guid:g|https://example.org/b",
        "guid:g|" + fingerprint("C", ""),
        "guid:h",
    ]


def test_different_texts_under_one_guid_and_url_stay_apart() -> None:
    """Where a feed gives one guid and one link to many items, their texts tell them apart."""
    shared = [item("g", "a", "A"), item("g", "a", "B"), item("g", "b", "C")]
    assert [kept.key for kept in distinct(shared[:2])] == [
        "guid:g|" + fingerprint("A", ""),
        "guid:g|" + fingerprint("B", ""),
    ]
    assert [kept.key for kept in distinct(shared)] == [
        "guid:g|https://example.org/a|" + fingerprint("A", ""),
        "guid:g|https://example.org/a|" + fingerprint("B", ""),
        "guid:g|https://example.org/b",
    ]


def test_a_new_entry_under_a_shared_guid_is_new() -> None:
    """When one more entry comes on top of others with its guid, only its key is new."""
    before = {kept.key for kept in distinct([item("g", "a", "A"), item("g", "b", "B")])}
    after = [item("g", "c", "C"), item("g", "a", "A"), item("g", "b", "B")]
    assert {kept.key for kept in distinct(after)} - before == {"guid:g|https://example.org/c"}


def test_different_texts_under_one_url_stay_apart() -> None:
    """Without guids, notices that all link to one page are told apart by their texts."""
    notices = [item(None, "", "One"), item(None, "", "Two"), item(None, "", "one!")]
    assert [kept.title for kept in distinct(notices)] == ["One", "Two"]


ITEMS = st.lists(
    st.builds(
        item,
        st.none() | st.sampled_from("gh"),
        st.none() | st.sampled_from("ab"),
        st.sampled_from(["A", "B", "a!"]),
    ),
    max_size=12,
)


@given(ITEMS, st.datetimes(timezones=st.just(UTC)))
def test_keys_are_distinct_and_know_neither_order_nor_dates(
    items: list[Item], published_at: datetime
) -> None:
    """Every item has a key of its own, the same in any order and on any day."""
    keys = [kept.key for kept in distinct(items)]
    assert len(set(keys)) == len(keys)
    assert {kept.key for kept in distinct(reversed(items))} == set(keys)
    dated = [replace(one, published_at=published_at) for one in items]
    assert [kept.key for kept in distinct(dated)] == keys
    assert distinct(distinct(items)) == distinct(items)
