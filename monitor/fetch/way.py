"""The way of a request through redirects, and what goes to each hop of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin, urlsplit

from monitor.feeds.address import authorization, bare, may_know_password
from monitor.feeds.conditions import Conditions
from monitor.fetch.headers import as_sent

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
LONGEST_LOCATION = 2_048
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Refused(Exception):  # noqa: N818 - an answer, not a fault of ours
    """An answer that is of no use, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How far redirects have led."""

    # Without name and password.
    url: str
    # Every hop so far was permanent, and none led away from https.
    is_permanent: bool = True
    hops: int = 0

    def on(self, status: int, location: str) -> Way:
        """Go where an answer points to; names and passwords in it are left out."""
        if len(location) > LONGEST_LOCATION:
            raise Refused(f"redirected to an address of more than {LONGEST_LOCATION:,} characters")
        if _CONTROL.search(location):
            raise Refused("redirected to an address with control characters in it")
        url = bare(urljoin(self.url, as_sent(location)))
        is_worse = urlsplit(self.url).scheme == "https" and urlsplit(url).scheme != "https"
        return Way(
            url=url,
            is_permanent=self.is_permanent and status in PERMANENT and not is_worse,
            hops=self.hops + 1,
        )

    @property
    def moved_to(self) -> str | None:
        """Where it led, if all of it was permanent."""
        return urldefrag(self.url).url if self.hops and self.is_permanent else None


def asked(url: str, hop: str, conditions: Conditions) -> dict[str, str]:
    """Say what goes to one hop of the way from `url`."""
    headers = {"Accept": ACCEPT, "Accept-Encoding": "gzip"}
    secret = authorization(url)
    if secret and may_know_password(url, hop):
        headers["Authorization"] = secret
    if hop != bare(conditions.of or url):
        return headers
    if conditions.etag:
        headers["If-None-Match"] = conditions.etag
        if conditions.deltas:
            # "instance-manipulation": RFC 3229 section 10.5.3.
            headers["A-IM"] = "feed"
    if conditions.last_modified:
        headers["If-Modified-Since"] = conditions.last_modified
    return headers


def is_conditional(headers: Mapping[str, str]) -> bool:
    """Say whether a request may be answered by "not modified"."""
    return "If-None-Match" in headers or "If-Modified-Since" in headers
