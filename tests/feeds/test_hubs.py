"""Which hub a document names, and what it calls itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.feeds.hubs import MOST_HEAD_BYTES, MOST_HUBS, Named, choose, discover
from monitor.fetch.links import links_of
from monitor.records import Link
from tests.fakes import made

HUB = "https://hub.example/"
SELF = "https://lrt.example/rss"
LAW = settings(deadline=None)
ATOM = 'xmlns="http://www.w3.org/2005/Atom"'


def named(body: str, *links: Link) -> Named | None:
    """Return what a document with this body and these HTTP links says."""
    return discover(made.document(body.encode(), links=links))


def link(rel: str, url: str) -> Link:
    """Return a link."""
    return Link(rel=rel, url=url)


def atom(*elements: str) -> str:
    """Write an Atom feed."""
    return f"<feed {ATOM}>{''.join(elements)}<entry><id>1</id></entry></feed>"


def rss(*elements: str) -> str:
    """Write an RSS feed with Atom's links."""
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        f"<title>LRT</title>{''.join(elements)}<item><title>A</title></item></channel></rss>"
    )


BOTH = (f'<link rel="hub" href="{HUB}"/>', f'<link rel="self" href="{SELF}"/>')
BOTH_IN_RSS = tuple(one.replace("<link", "<atom:link") for one in BOTH)
EXPECTED = Named(hubs=(HUB,), topic_url=SELF)


@pytest.mark.parametrize(
    "body",
    [
        atom(*BOTH),
        rss(*BOTH_IN_RSS),
        "\ufeff \n" + rss(*BOTH_IN_RSS),
        rss(*BOTH_IN_RSS).replace(' xmlns:atom="http://www.w3.org/2005/Atom"', ""),
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><channel>'
        + "".join(one.replace("<link", f"<link {ATOM}") for one in BOTH)
        + "</channel></rdf:RDF>",
        atom(*BOTH)[:-30],
        atom(*(one.replace('"hub"', '"HUB alternate"') for one in BOTH)),
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "feed_url": SELF,
                "hubs": [{"type": "rssCloud", "url": "x"}, {"type": "WebSub", "url": HUB}],
                "items": [],
            }
        ),
    ],
    ids=["atom", "rss", "a mark", "undeclared prefix", "rss 1.0", "cut off", "relations", "json"],
)
def test_a_document_names_its_hub(body: str) -> None:
    """In each form of feed the hub and the feed's own name are found."""
    assert named(body) == EXPECTED


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not a feed",
        "[1, 2]",
        '{"hubs": 5, "feed_url": 7}',
        "{" * 5_000,
        atom(BOTH[0]),
        atom(BOTH[1]),
        rss(f"<description><![CDATA[{''.join(BOTH)}]]></description>"),
        rss(f"<!-- {''.join(BOTH_IN_RSS)} -->"),
        rss(f"<image>{''.join(BOTH_IN_RSS)}</image>"),
        atom(f"<entry>{''.join(BOTH)}</entry>"),
        atom("<title>x</title>" * (MOST_HEAD_BYTES // 16), *BOTH),
        f"<html><head>{''.join(BOTH)}</head></html>",
        '<!DOCTYPE feed [<!ENTITY h SYSTEM "file:///etc/hostname">]>'
        + atom('<link rel="hub" href="&h;"/>', BOTH[1]),
    ],
)
def test_only_the_feed_itself_is_believed(body: str) -> None:
    """What is quoted, stands in an item, or is half of it, names no hub."""
    assert named(body) is None


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://hub.example/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user:word@hub.example/",
        "https://hub.example\\@evil.example/",
        "https://hub.example/a b",
        "https://hub.example:0/",
        "https://hub.example:port/",
        "https://[hub/",
        "https://hub.example/" + "x" * 2048,
        "https://hub.example/\u0001",
    ],
)
def test_a_hub_that_is_no_web_address_is_none(url: str) -> None:
    """A hub or topic that no sane client would ask is passed over, and the next one taken."""
    links = (link("hub", url), link("self", url))
    assert named("", *links) is None
    assert named("", *links, link("hub", HUB), link("self", SELF)) == EXPECTED


def test_headers_come_first() -> None:
    """HTTP headers that name hub and topic are believed before the document (section 4)."""
    other = (link("hub", "https://other.example/"), link("self", "https://other.example/rss"))
    assert named(atom(*BOTH), *other) == Named(
        hubs=("https://other.example/",), topic_url="https://other.example/rss"
    )
    assert named(atom(*BOTH), other[0]) == EXPECTED


def test_names_are_made_absolute() -> None:
    """A relative name is meant relative to the document; a fragment is left out."""
    found = named("", link("hub", "/hub"), link("self", "?format=rss#top"))
    assert found == Named(
        hubs=("https://lrt.example/hub",), topic_url="https://lrt.example/rss?format=rss"
    )


def test_an_encrypted_hub_is_preferred() -> None:
    """Of several hubs one with https is taken, unless another is in use; most are not looked at."""
    hubs = ["http://a.example/", *(f"https://{number}.example/" for number in range(9))]
    found = named("", *(link("hub", hub) for hub in hubs), link("self", SELF))
    assert found is not None
    assert found.hubs == (*hubs[1:MOST_HUBS], hubs[0])
    assert choose(found, hub="", topic_url="") == hubs[1]
    assert choose(found, hub=hubs[0], topic_url=SELF) == hubs[0]
    assert choose(found, hub="https://gone.example/", topic_url=SELF) == hubs[1]


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
@LAW
def test_no_document_breaks_discovery(body: bytes) -> None:
    """Whatever a server sends, looking for a hub raises nothing, and finds addresses or none."""
    for start in (b"", b"<feed>", b"<rss><channel>", b'{"hubs": ['):
        found = discover(made.document(start + body))
        assert found is None or all("://" in hub for hub in found.hubs)


@given(st.text(max_size=200))
@LAW
def test_no_header_breaks_its_reader(header: str) -> None:
    """Whatever stands in a `Link` header, reading it raises nothing."""
    for start in ("", "<https://a.example/>; rel=", '<>; rel="hub", <'):
        for found in links_of(start + header):
            assert found.rel == found.rel.lower().strip()


def test_link_headers_are_read() -> None:
    """Several links in one header, several relations in one link, quoted or not."""
    header = f'<{HUB}>; rel=hub, <{SELF}>; rel="self alternate"; type="application/rss+xml"'
    assert links_of(header) == (link("hub", HUB), link("self", SELF), link("alternate", SELF))
    assert len(links_of("<https://a.example/>; rel=hub, " * 500)) == 20
