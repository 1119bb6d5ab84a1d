"""What is cut out of a document as known, and that nobody can tell by what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.feeds.contents import Said, contents_of
from monitor.feeds.split import split
from tests.fakes import made
from tests.fakes.memory import URL, Memory, but_dates, read

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


@settings(max_examples=400, deadline=None)
@given(poll=POLLS)
@example(poll=Poll(before=(PLAIN[0],), after=(PLAIN[0], HARD[0])))
@example(poll=Poll(before=(PLAIN[0], HARD[0]), after=(PLAIN[0],)))
@example(poll=Poll(before=(HARD[2],), after=(HARD[2], HARD[3])))
def test_what_is_left_out_makes_no_difference(poll: Poll) -> None:
    """Read after another document, a document gives what it gives by itself: every item of it."""
    memory = Memory()
    memory.read(poll.document(poll.before))
    body = poll.document(poll.after)
    assert but_dates(memory.read(body)) == but_dates(read(body))


@settings(max_examples=200, deadline=None)
@given(first=POLLS, others=st.lists(st.tuples(POLLS, st.booleans()), max_size=4))
def test_from_poll_to_poll_it_makes_none(first: Poll, others: list[tuple[Poll, bool]]) -> None:
    """Whatever came before, from whatever head, and whatever of it was stored."""
    memory = Memory()
    memory.read(first.document(first.before))
    for poll, forgets in others:
        if forgets:
            memory.stored = dict(list(memory.stored.items())[::2])
        body = poll.document(poll.after)
        assert but_dates(memory.read(body)) == but_dates(read(body))


@settings(max_examples=200, deadline=None)
@given(poll=POLLS)
def test_what_is_remembered_does_not_depend_on_what_was_known(poll: Poll) -> None:
    """A document leaves the same imprint whether it was read whole or in part."""
    memory = Memory()
    memory.read(poll.document(poll.before))
    alone = Memory()
    body = poll.document(poll.after)
    if not isinstance(memory.read(body), str):
        alone.read(body)
        assert memory.imprint == alone.imprint


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
    memory = Memory()
    memory.read(poll.document(poll.before))
    memory.read(poll.document(poll.after))
    assert memory.gaps == len(entries) - 1


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
    memory = Memory()
    first, then = (
        memory.read(Poll(before=(), after=(), head=head).document((HARD[4],)), url)
        for url, head in (before, after)
    )
    assert memory.gaps == 0
    assert isinstance(first, Said)
    assert isinstance(then, Said)
    assert first.items[0].url != then.items[0].url


def test_another_language_of_the_feed_is_another_context() -> None:
    """What an entry states itself is told by the difference: so it is read when that changes."""
    entry = "<item xml:lang='be'><title>t</title></item>"
    memory = Memory()
    for lang in ("en", "be"):
        head = (f"<rss version='2.0'><channel><language>{lang}</language>", HEADS[0][1])
        body = Poll(before=(), after=(), head=head).document((entry,))
        assert but_dates(memory.read(body)) == but_dates(read(body))
        assert memory.gaps == 0


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


@pytest.mark.parametrize("seen", [b"", b"x", b"x" * 7, b"x" * 10, b"x" * 35, b"x" * 36, b"x" * 999])
def test_a_foreign_imprint_knows_nothing(seen: bytes) -> None:
    """Whatever stands for an imprint, a document loses nothing by it."""
    body = Poll(before=(), after=()).document(tuple(PLAIN))
    memory = Memory()
    memory.read(body)
    memory.imprint = seen
    assert but_dates(memory.read(body)) == but_dates(read(body))
    assert contents_of(made.document(body, url=URL), seen=seen).gaps == ()


def test_what_is_not_stored_is_not_known() -> None:
    """An imprint alone knows nothing: no entry is left out without an item in its place."""
    body = Poll(before=(), after=()).document(tuple(PLAIN))
    memory = Memory()
    memory.read(body)
    memory.stored = {}
    assert but_dates(memory.read(body)) == but_dates(read(body))
    assert memory.gaps == 0


def test_the_date_of_a_known_item_is_the_one_it_stated_first() -> None:
    """As the store keeps it; a known item's date decides nothing."""
    item = "<item><guid>1</guid><title>t</title><pubDate>{} Nov 2021 10:00 GMT</pubDate></item>"
    memory = Memory()
    bodies = [Poll(before=(), after=()).document((item.format(day),)) for day in (1, 2)]
    memory.read(bodies[0])
    said = memory.read(bodies[1])
    assert isinstance(said, Said)
    memory.stored = {key: replace(one, published_at=made.NOW) for key, one in memory.stored.items()}
    again = memory.read(bodies[1])
    assert isinstance(again, Said)
    assert memory.gaps == 1
    assert again.items == (replace(said.items[0], published_at=made.NOW),)


def test_an_imprint_is_small() -> None:
    """26 bytes an entry: the imprints of ten thousand feeds fit into a few megabytes."""
    memory = Memory()
    memory.read(Poll(before=(), after=()).document(tuple(PLAIN)))
    assert len(memory.imprint) == 10 + 26 * len(PLAIN)
