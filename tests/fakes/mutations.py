"""Feeds made worse: mutations that know what a feed is made of, and what must hold of any.

A mutation of bytes alone is nearly always one more feed that breaks off; so most of them move, copy
and swap whole tags and entries, and put in what has hurt parsers before.
"""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitor.errors import ParseError
from monitor.feeds.parse import ParsedFeed, parse
from monitor.records import Document, Item
from tests.fakes.memory import Memory, but_dates, read

GOLDEN = Path(__file__).parents[1] / "feeds" / "golden"
SEEDS = tuple(
    path.read_bytes()
    for path in sorted(GOLDEN.iterdir())
    if not path.name.endswith(".expected.json")
)
FETCHED_AT = datetime(2021, 11, 9, 12, 0, tzinfo=UTC)

PIECE = re.compile(rb"<[^<>]*>|[^<]+|<")
ENTRY = re.compile(rb"<(item|entry)\b.*?</\1>", re.DOTALL)
TOKENS = (
    b"<item>", b"</item>", b"<entry>", b"</entry>", b"</channel>", b"<!--", b"-->", b"<![CDATA[",
    b"]]>", b"<?x ", b"?>", b"&amp;", b"&#0;", b"&#x202e;", b"&#xD800;", b"&bogus;",
    b"&lt;script&gt;", b"<guid>g</guid>", b"<id>g</id>", b"<link/>", b"<link>/</link>",
    b"<link>http://[</link>",
    b"<link>javascript:alert(1)</link>", b"<link href='//a.example'/>", b"<title/>", b"\0",
    b"\x1b[31m",
    b"\xff\xfe", b"\xe2\x80\xae", b"\xed\xa0\x80", b"\xc2\x9b", b" xml:base='http://b.example/'",
    b" xml:lang='pl'", b" isPermaLink='true'", b"<pubDate>0</pubDate>", b"<updated>9999</updated>",
    b"<pubDate>Mon, 31 Feb 2021 25:61:61 +9999</pubDate>", b'"', b"'", b">", b"<", b"{", b"}", b"[",
    b"null", b"1e999", b"\\ud800", b'"id":', b'"items":', b"<content type='xhtml'><div>",
    b"<media:title>m</media:title>", b"<source><id>s</id></source>",
    b"<!DOCTYPE x [", b"<!ENTITY x 'y'>",
)  # fmt: skip
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "cp1251", "utf-8-sig", "cp1252")

# What no one sees in a text, or sees as something else: see `monitor.text.markup`.
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return a seed after one to eight mutations."""
    for _ in range(chance.randint(1, 8)):
        seed = chance.choice(MUTATIONS)(seed, chance)[:200_000]
    return seed


def _insert(body: bytes, chance: random.Random) -> bytes:
    """Put a token in, mostly where a tag begins or ends."""
    places = [found.start() for found in re.finditer(rb"[<>]", body)] or [0]
    at = chance.choice(places) + chance.randint(0, 1)
    return body[:at] + chance.choice(TOKENS) + body[at:]


def _delete(body: bytes, chance: random.Random) -> bytes:
    """Take a piece out: a tag, or the text between two."""
    pieces = PIECE.findall(body)
    if len(pieces) < 2:
        return body
    del pieces[chance.randrange(len(pieces))]
    return b"".join(pieces)


def _swap(body: bytes, chance: random.Random) -> bytes:
    """Exchange two pieces."""
    pieces = PIECE.findall(body)
    if len(pieces) < 2:
        return body
    one, other = chance.randrange(len(pieces)), chance.randrange(len(pieces))
    pieces[one], pieces[other] = pieces[other], pieces[one]
    return b"".join(pieces)


def _repeat(body: bytes, chance: random.Random) -> bytes:
    """Write a piece several times."""
    pieces = PIECE.findall(body)
    if not pieces:
        return body
    at = chance.randrange(len(pieces))
    pieces[at] *= chance.choice((2, 3, 50))
    return b"".join(pieces)


def _double_entry(body: bytes, chance: random.Random) -> bytes:
    """Copy an entry, perhaps with one of its texts changed."""
    entries = list(ENTRY.finditer(body))
    if not entries:
        return body
    entry = chance.choice(entries)
    copy = entry[0]
    if chance.random() < 0.7:
        copy = _noise(copy, chance)
    at = chance.choice(entries).end()
    return body[:at] + copy + body[at:]


def _splice(body: bytes, chance: random.Random) -> bytes:
    """Put another feed's entry in."""
    entries = ENTRY.findall(chance.choice(SEEDS)) and list(ENTRY.finditer(chance.choice(SEEDS)))
    places = list(re.finditer(rb"<(?:item|entry)\b", body))
    if not entries or not places:
        return body
    at = chance.choice(places).start()
    entry: bytes = chance.choice(entries)[0]
    return body[:at] + entry + body[at:]


def _noise(body: bytes, chance: random.Random) -> bytes:
    """Change a few bytes."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4) if changed else 0):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(body: bytes, chance: random.Random) -> bytes:
    """Let it break off."""
    return body[: chance.randint(0, len(body))]


def _recode(body: bytes, chance: random.Random) -> bytes:
    """Write it in another encoding than it says."""
    return body.decode("utf-8", "replace").encode(chance.choice(ENCODINGS), "replace")


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_insert, _insert, _insert, _delete, _delete, _swap, _repeat, _double_entry, _double_entry),
    *(_splice, _noise, _cut, _recode),
)


def check(body: bytes, chance: random.Random) -> str:
    """Assert what must hold of any document, read alone and after others; say what it was."""
    whole = _read(body)
    if isinstance(whole, str):
        assert "\n" not in whole, whole
        assert len(whole) < 250, whole
        return "refused"
    assert _read(body) == whole
    _check_items(whole)
    _check_known(body, chance)
    return "read" if whole.items else "empty"


def _read(body: bytes) -> ParsedFeed | str:
    document = Document(url="https://courier.example.org/f.xml", body=body, fetched_at=FETCHED_AT)
    try:
        return parse(document, feed_lang=None)
    except ParseError as error:
        return str(error)


def _check_items(parsed: ParsedFeed) -> None:
    assert len({item.key for item in parsed.items}) == len(parsed.items)
    assert is_clean(parsed.title)
    for item in parsed.items:
        check_item(item)


def check_item(item: Item) -> None:
    """Assert what holds of every item, whatever it was read from."""
    assert is_clean(item.title), item
    assert is_clean(item.summary), item
    assert len(item.title) <= 300, item
    assert len(item.summary) <= 2000, item
    assert item.key.startswith(("guid:", "url:", "text:")), item
    # No guid of any length, nor what no database keeps.
    assert "\0" not in item.key
    assert f"{item.key}{item.guid}".encode()
    assert item.url is None or item.url.startswith(("http://", "https://")), item
    assert item.url is None or UNSEEN.search(item.url) is None, item
    assert (item.url is None) == (item.canonical_url is None), item
    at = item.published_at
    assert at is None or FETCHED_AT - timedelta(days=40 * 365) < at <= FETCHED_AT + timedelta(
        minutes=15
    ), item


def is_clean(text: str) -> bool:
    """Say whether a text holds nothing but what a reader sees."""
    return (
        UNSEEN.search(text) is None
        and text == " ".join(text.split())
        and unicodedata.is_normalized("NFC", text)
    )


def _check_known(body: bytes, chance: random.Random) -> None:
    """Assert that nobody can tell whether a document is read after this one, or alone."""
    memory = Memory()
    memory.read(body)
    for after in (body, mutated(body, chance)):
        assert but_dates(memory.read(after)) == but_dates(read(after))
