"""Hosts, names and passwords in addresses."""

from __future__ import annotations

import pytest

from monitor.feeds.address import authorization, bare, host_of, may_know_password


@pytest.mark.parametrize(
    "url, host",
    [
        ("https://News.Example/rss", "news.example"),
        ("http://reader:s3cret@news.example:8080/", "news.example"),
        ("http://[::1]:80/", "::1"),
        ("http://[::1", ""),
        ("feed", ""),
    ],
)
def test_the_host(url: str, host: str) -> None:
    """Scheme, port, case and password make no other host; nonsense has none."""
    assert host_of(url) == host


@pytest.mark.parametrize(
    "url, shown",
    [
        ("https://a.example/rss?u=me@b.example", "https://a.example/rss?u=me@b.example"),
        ("https://reader:s3cret@a.example/rss", "https://a.example/rss"),
        ("https://reader:s3@cret@a.example:81/?a=b#c", "https://a.example:81/?a=b#c"),
        ("https://token@a.example/", "https://a.example/"),
        ("https://@a.example/", "https://a.example/"),
        ("https://reader:s3cret@[::1/rss", "[::1/rss"),
    ],
)
def test_a_password_is_left_out(url: str, shown: str) -> None:
    """What is shown of an address has no name and no password, even if it is no address."""
    assert bare(url) == shown


@pytest.mark.parametrize(
    "url, value",
    [
        ("https://a.example/", None),
        ("https://reader:s3cret@a.example/", "Basic cmVhZGVyOnMzY3JldA=="),
        ("https://reader@a.example/", "Basic cmVhZGVyOg=="),
        ("https://r%40b.example:p%3Aw%20%C4%85@a.example/", "Basic ckBiLmV4YW1wbGU6cDp3IMSF"),
    ],
)
def test_the_authorization(url: str, value: str | None) -> None:
    """Name and password in an address are Basic credentials in UTF-8, per cent signs resolved."""
    assert authorization(url) == value


@pytest.mark.parametrize(
    "owner, other, may",
    [
        ("https://a.example/1", "https://a.example/2", True),
        ("https://a.example/", "https://A.example:443/", True),
        ("http://a.example/", "https://a.example/", True),
        ("http://a.example:8080/", "https://a.example/", False),
        ("https://a.example/", "http://a.example/", False),
        ("https://a.example/", "https://a.example:8443/", False),
        ("https://a.example/", "https://b.example/", False),
        ("https://a.example/", "https://www.a.example/", False),
    ],
)
def test_who_may_know_a_password(owner: str, other: str, *, may: bool) -> None:
    """A password is for one host and port; https keeps what was for http there, never back."""
    assert may_know_password(owner, other) is may
