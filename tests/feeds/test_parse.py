"""What documents say, as golden pairs: `golden/NAME.xml` or `.json`, and `NAME.expected.json`."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.dates import moment
from monitor.feeds.identity import item_key
from monitor.feeds.parse import ParsedFeed, parse
from monitor.records import Document, Hints, Item

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(path.name for path in GOLDEN.iterdir() if not path.name.endswith(".expected.json"))
FETCHED_AT = datetime(2021, 11, 9, 12, 0, tzinfo=UTC)


def document(body: bytes, **more: Any) -> Document:
    """Return a document as a fetch would."""
    url = "https://courier.example.org/feeds/all.xml"
    return replace(Document(url=url, body=body, fetched_at=FETCHED_AT), **more)


def rss(items: str) -> bytes:
    """Return a small RSS document."""
    head = '<?xml version="1.0"?><rss version="2.0"><channel><title>T</title>'
    return f"{head}{items}</channel></rss>".encode()


def outcome(body: bytes) -> ParsedFeed | str:
    """Return what a document gives: a feed, or the error in words."""
    try:
        return parse(document(body), feed_lang=None)
    except ParseError as error:
        return str(error)


def shown_item(item: Item) -> dict[str, Any]:
    """Return an item as the golden files write it."""
    at = item.published_at
    return {
        "key": item.key,
        "guid": item.guid,
        "url": item.url,
        "canonical_url": item.canonical_url,
        "title": item.title,
        "summary": item.summary,
        "lang": item.lang,
        "published_at": at.isoformat() if at else None,
    }


def shown(feed: ParsedFeed) -> dict[str, Any]:
    """Return a feed as the golden files write it."""
    ttl = feed.hints.ttl
    return {
        "title": feed.title,
        "lang": feed.lang,
        "ttl_minutes": ttl / timedelta(minutes=1) if ttl else None,
        "items": [shown_item(item) for item in feed.items],
    }


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str) -> None:
    """Every golden document gives the items, or the error, that its file of results states."""
    stated = json.loads((GOLDEN / f"{Path(name).stem}.expected.json").read_text("utf-8"))
    about = stated.pop("about")
    meta = {key: stated.pop(key) for key in ("content_type", "content_language") if key in stated}
    given_document = document((GOLDEN / name).read_bytes(), **meta)
    if "error" in stated:
        with pytest.raises(ParseError) as caught:
            parse(given_document, feed_lang=None)
        assert str(caught.value) == stated["error"], about
    else:
        assert shown(parse(given_document, feed_lang=None)) == stated, about


def test_every_golden_document_is_there() -> None:
    """No file of results has lost its document."""
    results = {path.name.removesuffix(".expected.json") for path in GOLDEN.glob("*.expected.json")}
    assert results == {Path(name).stem for name in NAMES}
    assert len(NAMES) == len(results) > 30


def test_the_language_of_the_list_beats_the_feeds_own() -> None:
    """A language stated in the list of feeds counts more than the feed's, less than the item's."""
    body = (GOLDEN / "atom10.xml").read_bytes()
    items = parse(document(body), feed_lang="be").items
    assert [item.lang for item in items] == ["be", "pl"]


def test_identity_is_the_same_wherever_the_feed_lies() -> None:
    """A feed that moves keeps the keys of all items that have a guid."""
    body = rss("<item><guid>12345</guid><title>A</title></item>")
    places = ("http://a.example/f", "https://b.example/g/")
    keys = {parse(document(body, url=url), feed_lang=None).items[0].key for url in places}
    assert keys == {"guid:12345"}


def test_what_a_feed_says_about_when_to_ask() -> None:
    """All that a feed says about when to ask again is read, of the feed itself and not of items."""
    period = "<sy:updatePeriod>hourly</sy:updatePeriod>"
    body = (
        '<rss version="2.0" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel>'
        f"<title>t</title><ttl>60</ttl>{period}<sy:updateFrequency>2</sy:updateFrequency>"
        "<skipHours><hour>1</hour><hour>2</hour></skipHours>"
        "<item><guid>1</guid><title>A</title></item>"
        "<skipDays><day>Sunday</day></skipDays></channel></rss>"
    )
    hints = parse(document(body.encode()), feed_lang=None).hints
    assert hints == Hints(
        ttl=timedelta(hours=1),
        update_every=timedelta(minutes=30),
        skip_hours=(1, 2),
        skip_days=(6,),
    )
    inside = rss(f"<item><guid>1</guid><title>A</title><ttl>60</ttl>{period}</item>")
    assert parse(document(inside), feed_lang=None).hints == Hints()


def test_of_too_many_items_both_ends_are_read() -> None:
    """Of more items than allowed the first and the last are read, whichever end is new."""
    body = rss("".join(f"<item><guid>g{n}</guid><title>t{n}</title></item>" for n in range(50)))
    titles = [item.title for item in parse(document(body), feed_lang=None, max_items=5).items]
    assert titles == ["t0", "t1", "t2", "t48", "t49"]
    assert len(parse(document(body), feed_lang=None, max_items=1).items) == 1
    assert len(parse(document(body), feed_lang=None, max_items=50).items) == 50


HOSTILE = {
    "a tag of 64 KB": rss('<item a="' + "x" * 70_000 + '"/>'),
    "a tag of many attributes": rss("<item " + " ".join(f"a{n}=''" for n in range(5000)) + "/>"),
    "a comment flood": rss("<!--" * 100_000),
    "an escaped comment flood": rss(
        f"<item><description>{'&lt;!--' * 100_000}</description></item>"
    ),
    "deep nesting": rss("<a>" * 30_000),
    "unclosed CDATA": rss("<item><title>t</title><description>" + "<![CDATA[" * 50_000),
    "very many items": rss("<item><title>t</title></item>" * 60_000),
    "tags": rss("<item>" + "".join(f"<category>{n}</category>" for n in range(50_000)) + "</item>"),
    "keywords": rss("<item><tags>" + ",".join(map(str, range(150_000))) + "</tags></item>"),
    "quotes": rss("<item><title>" + '<a "' * 50_000),
    "numbers without end": rss("<item><title>&#" + "9" * 50_000 + ";</title></item>"),
    "numbers without end, broken": rss("<item><title>&#" + "9" * 50_000 + "; <b></item>"),
    "characters that do not exist": rss("<item><title>&#xD800;&#x110000;<b></item>"),
    "JSON depth": b'{"version":"https://jsonfeed.org/version/1","items":' + b"[" * 100_000,
    "a JSON number": b'{"version":"https://jsonfeed.org/version/1","items":['
    + b"9" * 9_000
    + b"]}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_end(name: str) -> None:
    """A hostile document gives items or a ParseError of one short line, in a few seconds."""
    started = time.process_time()
    result = outcome(HOSTILE[name])
    assert time.process_time() - started < 5
    if isinstance(result, str):
        assert "\n" not in result
        assert len(result) < 200
    else:
        assert all(len(item.title) <= 300 and len(item.summary) <= 2000 for item in result.items)


@pytest.mark.parametrize(
    "body,cause",
    [
        (HOSTILE["a tag of 64 KB"], "a tag of 70,011 characters: no feed needs one"),
        (HOSTILE["a tag of many attributes"], "a tag of 5,000 attributes: no feed needs one"),
    ],
)
def test_what_feedparser_cannot_bear_is_refused(body: bytes, cause: str) -> None:
    """A tag that would cost quadratic time is refused before feedparser sees it."""
    with pytest.raises(ParseError) as caught:
        parse(document(body), feed_lang=None)
    assert str(caught.value) == cause


def test_a_long_picture_in_cdata_is_no_long_tag() -> None:
    """A picture written into the text of a CDATA section does not cost the feed."""
    picture = '<![CDATA[<img src="data:image/png;base64,' + "A" * 100_000 + '">Words]]>'
    body = rss(f"<item><title>t</title><description>{picture}</description></item>")
    assert parse(document(body), feed_lang=None).items[0].summary == "Words"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_end_in_items_or_a_parse_error(noise: bytes) -> None:
    """Whatever the bytes, alone or inside a feed, nothing but a ParseError comes out."""
    for body in (noise, rss("<item><title>x</title>@</item>").replace(b"@", noise)):
        result = outcome(body)
        if isinstance(result, str):
            assert "\n" not in result
        else:
            assert len({item.key for item in result.items}) == len(result.items)


@settings(max_examples=60, deadline=None)
@given(st.datetimes(min_value=datetime(1991, 1, 1), max_value=datetime(2021, 11, 9)))  # noqa: DTZ001 -- hypothesis wants them so
def test_the_key_of_an_item_never_depends_on_dates(naive: datetime) -> None:
    """A feed that re-dates its items changes no key, with or without guid and link."""
    date = f"<pubDate>{naive.replace(tzinfo=UTC).isoformat()}</pubDate>"
    entries = (
        "<item><title>a</title><guid>g</guid>@</item>"
        "<item><title>b</title><link>https://c.example.org/b</link>@</item>"
        "<item><title>c</title>@</item>"
    )
    dated = parse(document(rss(entries.replace("@", date))), feed_lang=None).items
    undated = parse(document(rss(entries.replace("@", ""))), feed_lang=None).items
    assert [item.key for item in dated] == [item.key for item in undated]
    assert all(item.published_at == naive.replace(tzinfo=UTC, microsecond=0) for item in dated)
    assert dated[0].key == item_key("g", None, "")


@settings(max_examples=200)
@given(st.text(alphabet="0123456789 :+-.,/TZJanFebSepMondayCESTGMT()", max_size=40))
def test_a_date_is_utc_or_nothing(text: str) -> None:
    """Whatever a date looks like, it is read as aware UTC or not at all."""
    at = moment(text)
    assert at is None or at.tzinfo is UTC


def test_what_no_database_keeps_never_leaves_the_parser() -> None:
    """NULs and half surrogate pairs, which JSON can hold, are gone from every field of an item."""
    body = (
        rb'{"version": "https://jsonfeed.org/version/1.1", "title": "T", "items": [{"id":'
        rb' "a\ud800b\u0000c", "url": "https://a.example/\ud800", "title": "x\u0000y\udfff",'
        rb' "content_text": "z\ud800"}]}'
    )
    at = datetime(2026, 1, 1, tzinfo=UTC)
    document = Document(
        url="https://a.example/feed", body=body, content_type="application/json", fetched_at=at
    )
    (item,) = parse(document, feed_lang=None).items
    told = f"{item.key}{item.guid}{item.url}{item.title}{item.summary}{item.canonical_url}"
    assert "\x00" not in told
    assert told.encode()


def test_elements_named_like_feedparsers_own_lists_spoil_nothing() -> None:
    """An element that is called as feedparser calls a list of its own is no reason to fail."""
    names = ("links", "title_detail", "summary_detail", "tags", "authors", "enclosures")
    odd = "".join(f"<{name}>x</{name}>" for name in names)
    body = rss(f"{odd}<item>{odd}<title>t</title><link>https://a.example/</link></item>")
    (item,) = parse(document(body), feed_lang=None).items
    assert item.title == "t"
