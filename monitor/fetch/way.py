"""The way of a request through redirects, and what goes to each hop of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urldefrag

from monitor.feeds.address import authorization, bare, may_know_password
from monitor.feeds.conditions import Conditions
from monitor.fetch.hop import follow

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml,"
    " application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
PERMANENT = frozenset({301, 308})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How far redirects have led."""

    # Without name and password.
    url: str
    # Every hop so far was permanent.
    is_permanent: bool = True
    hops: int = 0

    def on(self, status: int, location: str) -> Way:
        """Go where an answer points to. Raises `Refused` if no redirect may lead there."""
        return Way(
            url=follow(self.url, location),
            is_permanent=self.is_permanent and status in PERMANENT,
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
