"""Read the HTTP `Link` header (RFC 8288), as far as requests can."""

from __future__ import annotations

from requests.utils import parse_header_links

from monitor.records import Link

# Of what a server sends; a feed's own has two.
MOST_HEADER = 8192
MOST_LINKS = 20


def links_of(header: str) -> tuple[Link, ...]:
    """Return the links of all `Link` headers joined by commas, a relation at a time.

    >>> links_of('<https://hub.example/>; rel="hub", </feed>; rel="self alternate"')[1]
    Link(rel='self', url='/feed')
    """
    found = [
        Link(rel=rel, url=link["url"])
        for link in parse_header_links(header[:MOST_HEADER])
        for rel in link.get("rel", "").lower().split()
    ]
    return tuple(found[:MOST_LINKS])
