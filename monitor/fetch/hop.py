"""Where a request may go: which addresses are asked, and where a redirect leads. Pure.

Who writes an address may be anyone, and what one library takes for the host another may not: what
can be read in two ways is not read at all.
"""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from monitor.fetch.refused import Refused
from monitor.fetch.words import shown
from monitor.records import Stage

# What every server must take (RFC 9110 section 4.1), and more than any feed's address has.
LONGEST_URL = 8_000
PORTS = {"http": 80, "https": 443}
# A backslash is a slash to browsers and part of the name to others: `http://a\@b/` has two hosts.
_AMBIGUOUS = re.compile(r"[\\\s\x00-\x20\x7f-\x9f]")
_MARKS = "has a backslash, a space or a control character in it"


def check_url(url: str) -> SplitResult:
    """Split an address that may be asked. Raises `Refused` for all others."""
    if len(url) > LONGEST_URL:
        raise Refused(f"is longer than {LONGEST_URL:,} characters", Stage.URL)
    if _AMBIGUOUS.search(url):
        raise Refused(_MARKS, Stage.URL)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise Refused("has no host and port that can be read", Stage.URL) from None
    if parts.scheme not in PORTS:
        raise Refused("is not http or https", Stage.URL)
    if not host:
        raise Refused("names no host", Stage.URL)
    # Names in other scripts are written in ASCII later, once for all.
    if host.isascii() and (host, port) != _as_sent_to(url):
        raise Refused("has a host that can be read in two ways", Stage.URL)
    return parts


def _as_sent_to(url: str) -> tuple[str, int | None]:
    """Give host and port as urllib3 reads them, which is whom the request goes to."""
    try:
        seen = parse_url(url)
    except LocationParseError:
        raise Refused("has no host and port that can be read", Stage.URL) from None
    return (seen.host or "").strip("[]").lower(), seen.port


def follow(url: str, location: str) -> str:
    """Give the address that a redirect leads to, with the credentials that may go there.

    Name and password stay with their origin (scheme, host and port), and a redirect brings none
    of its own: they would be somebody else's, sent in our name. From https it does not lead to
    http, where anyone on the way could write what is then told as this outlet's news.

    >>> follow("https://me:pw@a.example/old", "https://a.example/new")
    'https://me:pw@a.example/new'
    >>> follow("https://me:pw@a.example/old", "//b.example/new")
    'https://b.example/new'
    """
    location = _as_meant(location)
    if _AMBIGUOUS.search(location):
        # Looked for here, too: `urljoin` drops tabs and line ends in silence.
        raise Refused(f"leads to an address that {_MARKS}", Stage.REDIRECT)
    try:
        target = urlsplit(urljoin(url, location))
        to = urlunsplit(target._replace(netloc=target.netloc.rpartition("@")[2]))
    except ValueError:
        raise Refused("leads to an address that cannot be read", Stage.REDIRECT) from None
    if target.scheme not in PORTS:
        raise Refused(f"redirected to {to[:80]!r}, which is not http or https", Stage.REDIRECT)
    try:
        parts = check_url(to)
    except Refused as error:
        raise Refused(f"leads to an address that {error}", Stage.REDIRECT) from None
    came = urlsplit(url)
    if came.scheme == "https" and parts.scheme == "http":
        raise Refused(
            f"https leads to http at {shown(parts.hostname or '')};"
            " if that is fine, poll the http address",
            Stage.REDIRECT,
        )
    if _origin(came) == _origin(parts) and "@" in came.netloc:
        user = came.netloc.rpartition("@")[0]
        return urlunsplit(parts._replace(netloc=f"{user}@{parts.netloc}"))
    return to


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme]


def _as_meant(location: str) -> str:
    """Give a `Location` as it was meant: raw UTF-8 was read as Latin-1, spaces stand for `%20`.

    A space in the host is left as it is, to be refused.
    """
    with suppress(UnicodeError):
        location = location.encode("latin-1").decode("utf-8")
    location = location.strip(" ")
    start = re.match(r"([a-zA-Z][a-zA-Z0-9+.-]*:)?//[^/?#]*", location)
    host = start[0] if start else ""
    return host + location[len(host) :].replace(" ", "%20")
