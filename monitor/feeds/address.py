"""Addresses of feeds: their host, and the name and password that some hold."""

from __future__ import annotations

import base64
from urllib.parse import unquote, urlsplit, urlunsplit

_PORTS = {"http": 80, "https": 443}


def host_of(url: str) -> str:
    """Give the host of an address in lower case, whatever its scheme and port; empty without one.

    >>> host_of("http://reader:s3cret@News.Example:8080/rss")
    'news.example'
    """
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def bare(url: str) -> str:
    """Give an address without the name and password in it: fit to be logged, or sent elsewhere.

    >>> bare("https://reader:s3cret@news.example/rss?a=b")
    'https://news.example/rss?a=b'
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        # No client can ask it; what it hides cannot be told apart.
        return url.rpartition("@")[2]
    _, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)) if at else url


def authorization(url: str) -> str | None:
    """Give the `Authorization` that the name and password in an address stand for (RFC 7617).

    >>> authorization("https://reader:s3cret@news.example/rss")
    'Basic cmVhZGVyOnMzY3JldA=='
    """
    user, at, _ = urlsplit(url).netloc.rpartition("@")
    if not at:
        return None
    name, _, password = user.partition(":")
    pair = f"{unquote(name)}:{unquote(password)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def may_know_password(owner: str, url: str) -> bool:
    """Say whether what one address's password is for may be sent to another.

    Only to the same host and port, and never from https to http; the step from http to https on
    their usual ports is the same host made safer.
    """
    one, other = urlsplit(owner), urlsplit(url)
    if one.hostname != other.hostname:
        return False
    if one.scheme == other.scheme:
        return _port(owner) == _port(url)
    return (one.scheme, _port(owner), other.scheme, _port(url)) == ("http", 80, "https", 443)


def _port(url: str) -> int | None:
    parts = urlsplit(url)
    return parts.port or _PORTS.get(parts.scheme)
