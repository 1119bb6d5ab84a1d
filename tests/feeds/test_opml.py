"""Lists of feeds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import ParseError
from monitor.feeds.opml import MAX_BYTES, MAX_OUTLINES, OpmlFeed, read_opml, write_opml
from monitor.text.markup import plain
from tests.fakes.made import NOW


def opml(body: str) -> bytes:
    """Make a list of what stands between its body tags."""
    return f'<?xml version="1.0"?>\n<opml version="2.0">\n<body>\n{body}\n</body></opml>'.encode()


def test_feed_with_all_attributes() -> None:
    """A feed has its URL, name, language and line."""
    body = '<outline type="rss" text="LRT" language="lt" xmlUrl=" https://www.lrt.lt/?rss "/>'
    assert read_opml(opml(body)) == (
        OpmlFeed(url="https://www.lrt.lt/?rss", name="LRT", lang="lt", line=4),
    )


def test_groups_are_the_titles_around_a_feed() -> None:
    """Nested outlines without a URL are groups, the outermost first; order is kept."""
    body = (
        '<outline text="Europe"><outline title="Baltic"><outline text="A" xmlUrl="u:a"/></outline>'
        '<outline text="B" xmlUrl="u:b"/></outline><outline><outline xmlUrl="u:c"/></outline>'
    )
    assert [(feed.url, feed.name, feed.groups) for feed in read_opml(opml(body))] == [
        ("u:a", "A", ("Europe", "Baltic")),
        ("u:b", "B", ("Europe",)),
        ("u:c", "", ()),
    ]


@pytest.mark.parametrize(
    "attribute, lang",
    [("en-US", "en"), ("PL", "pl"), ("pt_BR", "pt"), ("unknown", None), ("", None), ("e", None)],
)
def test_language_is_two_letters(attribute: str, lang: str | None) -> None:
    """A region is cut off a language, and what is no language is left out."""
    (feed,) = read_opml(opml(f'<outline xmlUrl="u:a" language="{attribute}"/>'))
    assert feed.lang == lang


def test_title_stands_in_for_text() -> None:
    """A feed is named by its text, else by its title, without breaks of line."""
    body = '<outline text="A &amp;&#10; B" title="C" xmlUrl="u:a"/>'
    first, second = read_opml(opml(body + '<outline title="C" xmlUrl="u:b"/>'))
    assert (first.name, second.name) == ("A & B", "C")


def test_case_of_names_does_not_matter() -> None:
    """Lists that write `xmlurl` or `OPML` are read as well."""
    body = b'<OPML><Body><Outline XMLURL="u:a" TEXT="A"/></Body></OPML>'
    assert [feed.name for feed in read_opml(body)] == ["A"]


def test_repeated_feed_is_kept() -> None:
    """What to do with a feed that is there twice is left to the caller."""
    assert len(read_opml(opml('<outline xmlUrl="u:a"/><outline xmlUrl="u:a"/>'))) == 2


def test_empty_list_is_a_list() -> None:
    """A list without feeds is empty, not broken."""
    assert read_opml(opml("<!-- nothing yet --><?x y?>")) == ()


def test_declared_encoding_counts() -> None:
    """Names are read in the encoding that the list declares."""
    head = '<?xml version="1.0" encoding="iso-8859-2"?>'
    body = f'{head}<opml><body><outline text="Wiadomości" xmlUrl="u:a"/></body></opml>'
    assert read_opml(body.encode("iso-8859-2"))[0].name == "Wiadomości"


@pytest.mark.parametrize(
    "body, says",
    [
        (b"", "not well-formed XML: "),
        (b"<opml><body>", "not well-formed XML: "),
        (b"<rss/>", "not OPML: its outermost element is <rss>"),
        (b"<html/>", "not OPML: its outermost element is <html>"),
        (
            b" " * (MAX_BYTES + 1),
            f"{MAX_BYTES + 1} bytes are too many: a list may have {MAX_BYTES}",
        ),
        (opml('<outline text="A"/>' * (MAX_OUTLINES + 1)), f"more than {MAX_OUTLINES} outlines"),
    ],
)
def test_what_is_no_list_says_why(body: bytes, says: str) -> None:
    """What cannot be read says why, in one line."""
    with pytest.raises(ParseError) as caught:
        read_opml(body)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "entity",
    ['SYSTEM "file:///etc/passwd"', 'SYSTEM "http://127.0.0.1:9/x"'],
)
def test_entities_reach_no_file(entity: str) -> None:
    """An entity of the list opens no file and no address."""
    head = f"<!DOCTYPE opml [<!ENTITY x {entity}>]>"
    body = f'{head}<opml><body>&x;<outline xmlUrl="u:a"/></body></opml>'
    assert [feed.url for feed in read_opml(body.encode())] == ["u:a"]


def test_exploding_entities_are_refused() -> None:
    """Entities of entities that stand for a billion letters do not get them."""
    entities = '<!ENTITY a0 "xxxxxxxxxx">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    body = f'<!DOCTYPE opml [{entities}]><opml><body><outline xmlUrl="&a9;"/></body></opml>'
    with pytest.raises(ParseError):
        read_opml(body.encode())


OUTLINES = st.recursive(
    st.sampled_from(['<outline xmlUrl="u:a"/>', '<outline text="&#9731;"/>', "<x/>", "text", "<"]),
    lambda inner: st.lists(inner, max_size=3).map(
        lambda parts: f'<outline text="g">{"".join(parts)}</outline>'
    ),
)


@given(st.binary(max_size=200) | OUTLINES.map(opml))
def test_any_bytes_give_feeds_or_parse_error(body: bytes) -> None:
    """Whatever the bytes are, they give feeds with a URL or one clear error."""
    try:
        feeds = read_opml(body)
    except ParseError as error:
        feeds, said = (), str(error).splitlines()
    else:
        said = ["fine"]
    assert len(said) == 1
    assert all(feed.url for feed in feeds)


@given(st.lists(st.tuples(st.from_regex(r"[a-z]{1,8}", fullmatch=True), st.integers(0, 4))))
def test_every_feed_is_read_in_order(feeds: list[tuple[str, int]]) -> None:
    """Each feed of a list comes out once, in its order, with as many groups as are around it."""
    body = "".join(
        '<outline text="g">' * depth + f'<outline xmlUrl="u:{name}"/>' + "</outline>" * depth
        for name, depth in feeds
    )
    read = read_opml(opml(body))
    assert [(feed.url, len(feed.groups)) for feed in read] == [
        (f"u:{name}", depth) for name, depth in feeds
    ]


# ------------------------------------------------------------------------------------- writing

NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp", "Cn", "Co"]), min_size=1
).filter(lambda name: plain(name, limit=500) == name)
FEEDS = st.builds(
    OpmlFeed,
    url=st.from_regex(r"https://[a-z]{1,9}\.example/[a-z?&=<>\"']{0,9}", fullmatch=True),
    name=NAMES,
    groups=st.lists(NAMES, max_size=3).map(tuple),
    lang=st.sampled_from([None, "en", "pl"]),
    country=st.sampled_from([None, "ke"]),
)


@given(st.lists(FEEDS, max_size=8))
def test_what_is_written_is_read_again(feeds: list[OpmlFeed]) -> None:
    """Each feed comes back with all that it had, however its groups lie in one another."""
    read = read_opml(write_opml("Feeds", feeds, NOW))
    given_back = [repr(replace(one, line=0)) for one in read]
    assert sorted(given_back) == sorted(map(repr, feeds))


def test_groups_are_written_once() -> None:
    """Feeds of one group stand together, in the order in which their groups came first."""
    listed = [("1", ("a", "b")), ("2", ()), ("3", ("a",)), ("4", ("a", "b"))]
    feeds = [OpmlFeed(url=f"u:{url}", name=url, groups=groups) for url, groups in listed]
    written = write_opml("Feeds", feeds, NOW)
    assert [feed.name for feed in read_opml(written)] == ["1", "4", "3", "2"]
    assert written.count(b"<outline text=") == 2


def test_what_is_written_is_opml() -> None:
    """The head has a title and a date of RFC 822, and each feed what it must have."""
    feed = OpmlFeed(
        url="https://a.example/?a&b", name="A \x1b\x00\ufffe<b>", lang="pl", country="pl"
    )
    text = write_opml("Feeds", [feed], NOW).decode()
    assert "<title>Feeds</title>" in text
    assert "<dateCreated>Mon, 08 Nov 2021 14:00:00 +0000</dateCreated>" in text
    assert (
        '<outline type="rss" text="A &lt;b&gt;" title="A &lt;b&gt;" language="pl" '
        'category="/country/pl" xmlUrl="https://a.example/?a&amp;b"/>'
    ) in text


@pytest.mark.parametrize(
    "category, country",
    [
        ("/country/ke", "ke"),
        ("/news,/country/KE", "ke"),
        ("/country/kenya", None),
        ("country/ke", None),
        ("", None),
    ],
)
def test_country_is_a_category(category: str, country: str | None) -> None:
    """The country is told by a category of its own, among others."""
    (feed,) = read_opml(opml(f'<outline xmlUrl="u:a" category="{category}"/>'))
    assert feed.country == country
