"""What is cut out of a document as known, and that nothing else is lost by it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.parse import ParsedFeed, parse
from monitor.feeds.split import split
from monitor.records import Item
from tests.fakes import made

URL = "https://courier.example.org/feeds/all.xml"

# Entries of RSS, each with what makes it hard to tell from the next, or to read without it.
PLAIN = [
    f"<item><guid>g{n}</guid><title>t{n}</title><link>https://a.example/{n}</link></item>"
    for n in range(4)
]
HARD = [
    # Two that share a guid with g0: how they are told apart depends on all three.
    "<item><guid>g0</guid><title>other</title><link>https://a.example/other</link></item>",
    "<item><guid>g0</guid><title>third</title><link>https://a.example/0</link></item>",
    # No guid, no link; two of one text.
    "<item><title>bare</title></item>",
    "<item><title>bare</title><description/></item>",
    "<item><link>/relative</link><title>r</title></item>",
    "<item xml:base='https://b.example/x/'><link>y</link><title>based</title></item>",
    "<item xml:lang='be' xml:base='https://d.example/'><description>&lt;p&gt;<div>x</div></description></item>",
    "<item><title>t<title/></title><summary type='xhtml'><div>x</div></summary></item>",
    "<item><title>u</title><image><title>v</title><summary>w</summary></image></item>",
    # What looks like tags and is none.
    "<item><title>c</title><description><![CDATA[</item><item><title>no</title>]]></description></item>",
    "<item><!-- </item><item> --><title>commented</title></item>",
    "<item><?php </item><item> ?><title>instructed</title></item>",
    "<item><title>escaped &lt;/item&gt;&lt;item&gt;</title></item>",
    "<item a='x>y'><title>quoted</title></item>",
    # A namespace of its own; another one's item inside; a title of a picture.
    "<item xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:date>2021-11-01</dc:date></item>",
    "<item><x:item xmlns:x='urn:x'>inner</x:item><title>outer</title></item>",
    "<item><image><title>p</title></image><title>pictured</title><guid>p</guid></item>",
    "<item><media:title xmlns:media='http://search.yahoo.com/mrss/'>m</media:title></item>",
    "<item xml:lang='pl'><title>polski</title><guid>pl</guid></item>",
    "<item/>",
    "<item></item>",
    "<ITEM><title>loud</title></ITEM>",
    "<item><title>control \x07&#7; characters</title></item>",
    "<&#1;item><title>hidden</title></item>",
    "<item><title>&nbsp;undeclared</title></item>",
    "<item><title>open<guid>o</guid></item>",
    "<item><title>never closed</title>",
    "</item>",
    "<item><title>a & b</title></item>",
]
# What stands between entries.
BETWEEN = [
    "",
    "\n",
    "<!-- <item> -->",
    "<ttl>30</ttl>",
    "<title>again</title>",
    "<language>be</language>",
]
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
HEADS = [
    ("<rss version='2.0'><channel><title>T</title><language>en</language>", "</channel></rss>"),
    (
        "<rss version='2.0' xml:base='https://c.example/'><channel>",
        "<title>late</title></channel></rss>",
    ),
    ("<channel><title>no version</title>", "</channel>"),
    (
        f"<rdf:RDF xmlns='http://purl.org/rss/1.0/' xmlns:rdf='{RDF}'><channel/>",
        "</rdf:RDF>",
    ),
    (
        "<rss version='2.0'><channel><description><![CDATA[<item>]]></description>",
        "</channel></rss>",
    ),
    ("<rss version='2.0'><channel>", ""),
]
ENTRIES = st.lists(st.sampled_from([*PLAIN, *PLAIN, *HARD]), max_size=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Two documents of one feed, one after the other."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    head: tuple[str, str] = HEADS[0]
    between: str = ""

    def document(self, entries: tuple[str, ...]) -> bytes:
        """Write a document."""
        return (self.head[0] + self.between.join(entries) + self.between + self.head[1]).encode()


POLLS = st.builds(
    Poll,
    before=ENTRIES.map(tuple),
    after=ENTRIES.map(tuple),
    head=st.sampled_from(HEADS),
    between=st.sampled_from(BETWEEN),
)


def read(body: bytes, seen: bytes = b"") -> ParsedFeed | str:
    """Read a document, or say why not."""
    try:
        return parse(made.document(body, url=URL), feed_lang=None, seen=seen)
    except ParseError as error:
        return str(error)


def second(poll: Poll) -> tuple[ParsedFeed | str, ParsedFeed | str, ParsedFeed | str]:
    """Read the first document, the second one by itself, and the second one after the first."""
    first = read(poll.document(poll.before))
    seen = first.imprint if isinstance(first, ParsedFeed) else b""
    body = poll.document(poll.after)
    return first, read(body), read(body, seen)


@settings(max_examples=400, deadline=None)
@given(poll=POLLS)
@example(poll=Poll(before=(PLAIN[0],), after=(PLAIN[0], HARD[0])))
@example(poll=Poll(before=(PLAIN[0], HARD[0]), after=(PLAIN[0],)))
@example(poll=Poll(before=(HARD[2],), after=(HARD[2], HARD[3])))
def test_what_is_left_out_is_what_was_there(poll: Poll) -> None:
    """Read after another document, a document gives the same items but those that both hold."""
    first, whole, rest = second(poll)
    if isinstance(whole, str) or isinstance(rest, str):
        assert rest == whole
        return
    assert replace(rest, items=(), known=0, imprint=b"") == replace(
        whole, items=(), known=0, imprint=b""
    )
    # In its order, each as it would be.
    assert list(rest.items) == [item for item in whole.items if item in rest.items]
    left_out = [item for item in whole.items if item not in rest.items]
    assert isinstance(first, ParsedFeed) or not left_out
    for item in left_out:
        assert isinstance(first, ParsedFeed)
        assert item in first.items


@settings(max_examples=200, deadline=None)
@given(first=POLLS, others=st.lists(ENTRIES.map(tuple), max_size=3))
def test_from_poll_to_poll_nothing_is_lost(first: Poll, others: list[tuple[str, ...]]) -> None:
    """Whatever a document holds was given when it came, or in one of those before it."""
    given_so_far: list[Item] = []
    seen = b""
    for entries in (first.before, first.after, *others):
        whole, rest = read(first.document(entries)), read(first.document(entries), seen)
        if isinstance(whole, str) or isinstance(rest, str):
            assert rest == whole
            continue
        given_so_far += rest.items
        seen = rest.imprint
        assert [item for item in whole.items if item not in given_so_far] == []


@pytest.mark.parametrize(
    "head,entries",
    [
        (HEADS[0], PLAIN),
        (HEADS[1], PLAIN),
        (HEADS[3], PLAIN),
        (HEADS[4], PLAIN),
        (HEADS[0], [HARD[place] for place in (2, 4, 5, 9, 10, 11, 12, 13, 14, 16, 17, 18)]),
    ],
)
def test_known_entries_are_not_read_again(head: tuple[str, str], entries: list[str]) -> None:
    """Of a sound document with one new entry, only that one is read."""
    poll = Poll(before=tuple(entries[1:]), after=tuple(entries), head=head)
    _, whole, rest = second(poll)
    assert isinstance(whole, ParsedFeed)
    assert isinstance(rest, ParsedFeed)
    assert rest.items == whole.items[:1]
    assert rest.known == len(entries) - 1


@pytest.mark.parametrize(
    "before,after",
    [
        # The address from which relative links count.
        (("https://a.example/feed", HEADS[0]), ("https://b.example/feed", HEADS[0])),
        (("https://a.example/feed", HEADS[0]), ("https://a.example/feed", HEADS[1])),
    ],
)
def test_around_other_tags_nothing_is_known(
    before: tuple[str, tuple[str, str]], after: tuple[str, tuple[str, str]]
) -> None:
    """Where an entry would be read differently, it is read."""
    body = Poll(before=(), after=(), head=before[1]).document((HARD[4],))
    first = parse(made.document(body, url=before[0]), feed_lang=None)
    body = Poll(before=(), after=(), head=after[1]).document((HARD[4],))
    then = parse(made.document(body, url=after[0]), feed_lang=None, seen=first.imprint)
    assert first.imprint
    assert first.items[0].url != then.items[0].url


@pytest.mark.parametrize(
    "text",
    [
        "<entry><title>a document of its own</title></entry>",
        "<rss><channel/></rss>",
        "<rss><item><item></item></item></rss>",
        "<rss><item></item><entry></entry></rss>",
        "<rss><item/></rss>",
        "<rss><item></rss>",
        "<rss><!-- <item></item>",
        "<rss><item><![CDATA[</item>",
    ],
)
def test_where_entries_are_not_certain_nothing_is_split(text: str) -> None:
    """Entries in each other, without an end, or of two names are left to the parser."""
    assert split(text, URL) is None


@pytest.mark.parametrize("seen", [b"", b"x", b"x" * 7, b"x" * 8, b"x" * 1_000])
def test_a_foreign_imprint_knows_nothing(seen: bytes) -> None:
    """Whatever stands for an imprint, a document loses nothing by it."""
    body = Poll(before=(), after=()).document(tuple(PLAIN))
    assert read(body, seen) == read(body)


def test_an_imprint_is_small() -> None:
    """Sixteen bytes an entry: the imprints of ten thousand feeds fit into a few megabytes."""
    body = Poll(before=(), after=()).document(tuple(PLAIN))
    parsed = read(body)
    assert isinstance(parsed, ParsedFeed)
    assert len(parsed.imprint) == 8 + 16 * len(PLAIN)
