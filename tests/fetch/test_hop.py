"""Which addresses are asked, and where redirects lead."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.fetch.hop import check_url, follow
from monitor.fetch.refused import Refused
from monitor.records import Stage


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org",
        "https://example.org:8443/a?b=c#d",
        "https://me:p%40ss@example.org/",
        "http://[2606:4700::1111]:80/",
        "http://例え.jp/",
        "http://EXAMPLE.org./",
        "http://127.1/",
    ],
)
def test_what_may_be_asked(url: str) -> None:
    """Any http or https address with a host may be asked; where that is, is looked at later."""
    assert check_url(url).hostname


@pytest.mark.parametrize(
    "url, says",
    [
        ("feed", "is not http or https"),
        ("file:///etc/passwd", "is not http or https"),
        ("gopher://example.org/", "is not http or https"),
        ("javascript:alert(1)", "is not http or https"),
        ("http:feed", "names no host"),
        ("http:///feed", "names no host"),
        ("http://@/", "names no host"),
        ("http://:80/", "names no host"),
        ("http://example.org:99999/", "has no host and port that can be read"),
        ("http://example.org:-1/", "has no host and port that can be read"),
        ("http://[::1/", "has no host and port that can be read"),
        (
            r"http://127.0.0.1\@example.org/",
            "has a backslash, a space or a control character in it",
        ),
        ("http://exam ple.org/", "has a backslash, a space or a control character in it"),
        ("http://example.org/\t", "has a backslash, a space or a control character in it"),
        ("http://example.org/a\r\nX: y", "has a backslash, a space or a control character in it"),
        ("http://example.org/\x00", "has a backslash, a space or a control character in it"),
        ("http://example.org/\x85", "has a backslash, a space or a control character in it"),
        ("http://example\u3000.org/", "has a backslash, a space or a control character in it"),
        ("http://example.org/" + "a" * 8_000, "is longer than 8,000 characters"),
    ],
)
def test_what_is_not_asked(url: str, says: str) -> None:
    """What is no web address, or can be read in two ways, is refused before anything is sent."""
    with pytest.raises(Refused) as refused:
        check_url(url)
    assert (str(refused.value), refused.value.stage) == (says, Stage.URL)


@pytest.mark.parametrize(
    "url, location, target",
    [
        # Nobody's name and password.
        ("https://me:pw@a.example/x", "/y", "https://a.example/y"),
        ("https://me:pw@a.example/x", "https://a.example/y", "https://a.example/y"),
        ("https://a.example/x", "https://A.example:443/y", "https://A.example:443/y"),
        ("http://a.example/x", "https://a.example/y", "https://a.example/y"),
        ("http://a.example/x", "http://you:pw@b.example/y", "http://b.example/y"),
        ("http://a.example/x", "//you:p@w@b.example/y", "http://b.example/y"),
        # As people write.
        ("http://a.example/x/", "y z?q=a b", "http://a.example/x/y%20z?q=a%20b"),
        ("http://a.example/x/", " y ", "http://a.example/x/y"),
        ("http://a.example/", "//b.example/ż", "http://b.example/ż"),
        ("http://a.example/", "HTTPS://b.example/", "https://b.example/"),
    ],
)
def test_where_a_redirect_leads(url: str, location: str, target: str) -> None:
    """A redirect leads where a browser would go, without anybody's password."""
    assert follow(url, location) == target


@pytest.mark.parametrize(
    "location, says",
    [
        ("ftp://b.example/", "redirected to 'ftp://b.example/', which is not http or https"),
        ("javascript:x", "redirected to 'javascript:x', which is not http or https"),
        ("data:,x", "redirected to 'data:,x', which is not http or https"),
        (
            "http://b.example/y",
            "https leads to http at b.example; that is followed only from an http address",
        ),
        ("https://[b", "leads to an address that cannot be read"),
        (
            "//b c/",
            "leads to an address that has a backslash, a space or a control character in it",
        ),
        ("\\\\b", "leads to an address that has a backslash, a space or a control character in it"),
        ("/a\tb", "leads to an address that has a backslash, a space or a control character in it"),
        ("https://:1/", "leads to an address that names no host"),
        ("/" + "a" * 2_048, "leads to an address of more than 2,048 characters"),
    ],
)
def test_where_no_redirect_leads(location: str, says: str) -> None:
    """No redirect leads off the web, to what can be read in two ways, or out of TLS."""
    with pytest.raises(Refused) as refused:
        follow("https://a.example/x", location)
    assert (str(refused.value), refused.value.stage) == (says, Stage.REDIRECT)


@given(st.text(max_size=60), st.sampled_from(["http://me:s3cret@a.example/x", "https://a.example"]))
def test_no_redirect_breaks_the_client(location: str, url: str) -> None:
    """Whatever stands in a `Location`, it is an address that may be asked, or refused."""
    try:
        target = follow(url, location)
    except Refused:
        return
    check_url(target)
    assert "@" not in urlsplit(target).netloc
    assert "s3cret" not in target or "s3cret" in location
