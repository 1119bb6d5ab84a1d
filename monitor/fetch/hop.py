"""Where a request may go: which addresses are asked, and where a redirect leads. Pure.

Who writes an address may be anyone, and what one library takes for the host another may not: what
can be read in two ways is not read at all.
"""

from __future__ import annotations

import re
from contextlib import suppress
from urllib.parse import SplitResult, urljoin, urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from monitor.feeds.address import bare
from monitor.fetch.refused import Refused
from monitor.fetch.words import shown
from monitor.records import Stage

# What every server must take (RFC 9110 section 4.1), and more than any feed's address has.
LONGEST_URL = 8_000
# A `Location` is written down where a feed has moved for good.
LONGEST_LOCATION = 2_048
SCHEMES = frozenset({"http", "https"})
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
    if parts.scheme not in SCHEMES:
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
    """Give the address that a redirect leads to, without a name and password in it.

    A redirect brings none: they would be somebody else's, sent in our name. From https it does not
    lead to http, where anyone on the way could write what is then told as this outlet's news.
    Raises `Refused` if it may not lead there.

    >>> follow("https://a.example/old", "//me:pw@b.example/new")
    'https://b.example/new'
    """
    if len(location) > LONGEST_LOCATION:
        raise Refused(
            f"leads to an address of more than {LONGEST_LOCATION:,} characters", Stage.REDIRECT
        )
    location = _as_meant(location)
    if _AMBIGUOUS.search(location):
        # Looked for here, too: `urljoin` drops tabs and line ends in silence.
        raise Refused(f"leads to an address that {_MARKS}", Stage.REDIRECT)
    try:
        target = urlsplit(bare(urljoin(url, location)))
    except ValueError:
        raise Refused("leads to an address that cannot be read", Stage.REDIRECT) from None
    # With its scheme in small letters.
    to, scheme = target.geturl(), target.scheme
    if scheme not in SCHEMES:
        raise Refused(f"redirected to {to[:80]!r}, which is not http or https", Stage.REDIRECT)
    try:
        parts = check_url(to)
    except Refused as error:
        raise Refused(f"leads to an address that {error}", Stage.REDIRECT) from None
    if urlsplit(url).scheme == "https" and scheme == "http":
        raise Refused(
            f"https leads to http at {shown(parts.hostname or '')};"
            " that is followed only from an http address",
            Stage.REDIRECT,
        )
    return to


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
