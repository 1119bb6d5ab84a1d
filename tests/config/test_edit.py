"""Feeds are put into a configuration's text and taken out of it, and nothing else changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.edit import (
    add_feeds,
    add_seed,
    add_topic,
    drop_feeds,
    entry,
    leave_out,
    quoted,
    rename_topic,
    replace_values,
)
from monitor.config.tree import read_tree
from monitor.feeds.opml import OpmlFeed

TEXT = """\
# Mine.
feeds:   # what we read
  world:
    # The BBC first.
    - https://a.example/1   # a

    # Then the rest.
    - {url: 'https://b.example/2',   name: B}
    - opml: mine.opml
      # Not this one.
      without: [https://x.example/]
  flow: ["https://c.example/3", {url: https://d.example/4}, https://e.example/5]
  same_column:
  - opml: builtin:kenya
  - opml: builtin:ghana  # west

# Who is told.
receivers: {me: [console]}
"""


def changed(text: str, new: str) -> list[str]:
    """Return the lines that went (-) and came (+), without those that stayed."""
    was, now = text.splitlines(), new.splitlines()
    return [f"-{one}" for one in was if one not in now] + [
        f"+{one}" for one in now if one not in was
    ]


def test_feeds_come_at_the_end_of_their_group() -> None:
    """Comments, quotes, blank lines and order stay; what is new stands in the style around it."""
    new = add_feeds(
        TEXT,
        {"world": ['"u1"'], "flow": ['"u2"'], "same_column": ['"u4"'], "new/one": ['"u5"']},
    )
    assert changed(TEXT, new) == [
        '-  flow: ["https://c.example/3", {url: https://d.example/4}, https://e.example/5]',
        '+    - "u1"',
        '+  flow: ["https://c.example/3", {url: https://d.example/4}, https://e.example/5, "u2"]',
        '+  - "u4"',
        "+  new/one:",
        '+    - "u5"',
    ]
    lines = new.splitlines()
    assert lines[lines.index('    - "u1"') - 1] == "      without: [https://x.example/]"
    assert lines[lines.index('  - "u4"') - 1] == "  - opml: builtin:ghana  # west"
    assert lines[lines.index('    - "u5"') + 1] == ""


def test_feeds_go_and_the_comments_around_them_stay() -> None:
    """What is taken out is its own line, or its part of one."""
    new = drop_feeds(TEXT, ["feeds.world[0]", "feeds.flow[0]", "feeds.flow[2]"])
    assert changed(TEXT, new) == [
        "-    - https://a.example/1   # a",
        '-  flow: ["https://c.example/3", {url: https://d.example/4}, https://e.example/5]',
        "+  flow: [{url: https://d.example/4}]",
    ]


def test_feeds_of_lists_are_left_out() -> None:
    """`without` begins where it is not there, and grows where it is."""
    new = leave_out(
        TEXT, {"feeds.world[2]": ["https://y.example/$x"], "feeds.same_column[1]": ["u"]}
    )
    assert changed(TEXT, new) == [
        "-      without: [https://x.example/]",
        '+      without: [https://x.example/, "https://y.example/$$x"]',
        "+    without:",
        '+      - "u"',
    ]


@pytest.mark.parametrize(
    "was, becomes",
    [
        ("feeds: {a: [x]}", 'feeds: {a: [x, "u"], b: ["u"]}\n'),
        ("feeds:\n  a: [x]", 'feeds:\n  a: [x, "u"]\n  b:\n    - "u"\n'),
        ("feeds:\n  a:\n    - x", 'feeds:\n  a:\n    - x\n    - "u"\n  b:\n    - "u"\n'),
        (
            "feeds:\r\n  a:\r\n    - x\r\n",
            'feeds:\r\n  a:\r\n    - x\r\n    - "u"\r\n  b:\r\n    - "u"\r\n',
        ),
        ("feeds:\n  a: [\n    x,\n  ]\n", 'feeds:\n  a: [\n    x, "u",\n  ]\n  b:\n    - "u"\n'),
        (
            "feeds: {a: [{opml: f, without: []}]}",
            'feeds: {a: [{opml: f, without: []}, "u"], b: ["u"]}\n',
        ),
    ],
)
def test_each_style_is_kept(was: str, becomes: str) -> None:
    """Blocks, flows, other ends of lines and a last line without one are kept as they are."""
    assert add_feeds(was, {"a": ['"u"'], "b": ['"u"']}) == becomes


def test_an_empty_without_is_filled() -> None:
    """An empty `without` gets what is to be left out."""
    assert leave_out("feeds: {a: [{opml: f, without: []}]}", {"feeds.a[0]": ["u"]}) == (
        'feeds: {a: [{opml: f, without: ["u"]}]}\n'
    )


@pytest.mark.parametrize("text", ["", "a: 1", "feeds: 1", "feeds: {}"])
def test_without_feeds_nothing_can_be_added(text: str) -> None:
    """A text that has no feeds is refused."""
    with pytest.raises(ValueError, match="there are no feeds"):
        add_feeds(text, {"a": ["u"]})


@pytest.mark.parametrize("place", ["feeds.flow[3]", "feeds.none[0]", "topics.a", "feeds.flow"])
def test_what_is_not_there_cannot_be_dropped(place: str) -> None:
    """A place that the text has not is refused."""
    with pytest.raises(ValueError, match="no "):
        drop_feeds(TEXT, [place])


@given(st.text(), st.sampled_from([None, "pl", "no"]))
def test_any_name_can_be_written(name: str, lang: str | None) -> None:
    """Whatever a list calls a feed is read again as one feed, never as a variable or a key."""
    url = "https://a.example/${HOME}?a=$$1&b='\"#"
    text = add_feeds("feeds:\n  a: [x]\n", {"b": [entry(OpmlFeed(url=url, name=name, lang=lang))]})
    root, faults = read_tree(text, "f", {"HOME": "leaked"})
    assert not faults
    assert root is not None
    (read,) = root.children["feeds"].children["b"].items
    assert read.children.get("url", read).value == url
    assert set(read.children) <= {"url", "name", "lang"}
    if lang:
        assert read.children["lang"].value == lang


GROUP = st.lists(
    st.from_regex(r"https://[a-z]{1,5}\.example/", fullmatch=True), min_size=2, max_size=5
)


@given(
    st.dictionaries(st.sampled_from("abc"), GROUP, min_size=1),
    st.data(),
    st.sampled_from(["flow", "block"]),
)
def test_what_was_added_can_be_dropped(
    groups: dict[str, list[str]], data: st.DataObject, style: str
) -> None:
    """Adding and dropping again gives the text as it was, in either style."""
    if style == "flow":
        body = "".join(f"  {name}: [{', '.join(urls)}]\n" for name, urls in groups.items())
    else:
        body = "".join(
            f"  {name}:\n" + "".join(f"    - {url}\n" for url in urls)
            for name, urls in groups.items()
        )
    text = f"feeds:\n{body}# end\nlog: {{}}\n"
    name = data.draw(st.sampled_from(sorted(groups)))
    new = add_feeds(text, {name: [quoted("u:1"), quoted("u:2")]})
    count = len(groups[name])
    assert drop_feeds(new, [f"feeds.{name}[{count}]", f"feeds.{name}[{count + 1}]"]) == text


def test_the_shipped_file_can_be_added_to() -> None:
    """The configuration that `init` writes takes feeds without any other change."""
    text = (Path(__file__).parents[2] / "config" / "seedwatch.yaml").read_text(encoding="utf-8")
    new = add_feeds(text, {"kenya": ['{opml: "builtin:kenya"}']})
    assert changed(text, new) == ["+  kenya:", '+    - {opml: "builtin:kenya"}']


TOPICS = """\
topics:  # what
  one: {seeds: [a.txt], receivers: [me]}   # first
  two:
    seeds:
      - b.txt   # kept
    receivers: [me]

feeds:
  world: ["https://a.example/"]
"""


def test_a_topic_is_added_behind_the_last() -> None:
    """A new topic stands behind the others; every other character stays."""
    found = add_topic(TOPICS, "three", ["seeds: [c.txt]", "receivers: [me]"])
    added = "  three:\n    seeds: [c.txt]\n    receivers: [me]\n"
    assert found == TOPICS.replace("    receivers: [me]\n\n", f"    receivers: [me]\n{added}\n")
    flow = add_topic("topics: {one: {seeds: [a]}}\n", "two", ["seeds: [b]"])
    assert flow == "topics: {one: {seeds: [a]}, two: {seeds: [b]}}\n"


def test_a_seed_is_added_to_its_topic() -> None:
    """A further seed comes behind the others, on a line or in brackets as they are."""
    assert '{seeds: [a.txt, "x.txt"], receivers' in add_seed(TOPICS, "one", "x.txt")
    assert '      - b.txt   # kept\n      - "x.txt"\n' in add_seed(TOPICS, "two", "x.txt")
    with pytest.raises(ValueError, match=r"there is no topics\.none\.seeds"):
        add_seed(TOPICS, "none", "x.txt")


def test_values_and_names_are_replaced_in_place() -> None:
    """A value that began on a line of its own stands behind its key when it is on one line."""
    found = replace_values(TOPICS, {("topics", "two", "seeds"): "[z.txt]"})
    assert "  two:\n    seeds: [z.txt]" in found
    assert "  uno: {seeds" in rename_topic(TOPICS, "one", "uno")
    with pytest.raises(ValueError, match=r"there is no topics\.none"):
        rename_topic(TOPICS, "none", "uno")
