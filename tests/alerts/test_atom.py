"""The Atom feed of messages: valid, bounded, each message once, nobody's file overwritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import feedparser
import pytest
from hypothesis import given, settings
from lxml import etree

from monitor.alerts.atom import add
from monitor.alerts.render import render
from monitor.records import Alert, Message
from tests.fakes.alerts import ALERTS, catch_up, message

MEGABYTE = 1_000_000
ATOM = "{http://www.w3.org/2005/Atom}"


def written(
    *messages: Message, feed: bytes = b"", entries: int = 100, max_bytes: int = MEGABYTE
) -> bytes:
    """Add messages to a feed, one after the other."""
    for one in messages:
        feed = add(feed, one, name="alerts.xml", entries=entries, max_bytes=max_bytes)
    return feed


def several(count: int) -> list[Message]:
    """Return messages, each a minute after the one before."""
    sent = [message(f"d-{number}", title=f"Item {number}") for number in range(count)]
    return [
        replace(one, created_at=one.created_at + timedelta(minutes=number))
        for number, one in enumerate(sent)
    ]


def titles(feed: bytes) -> list[str]:
    """Give the titles as a reader shows them."""
    return [entry.title.partition("] ")[2] for entry in feedparser.parse(feed).entries]


def test_what_a_reader_sees() -> None:
    """A reader finds title, link, topic, time and the whole text of a message."""
    feed = written(message("d-1", title="Fish & <b>chips</b>"))
    found = feedparser.parse(feed)
    assert found.bozo is False
    assert found.feed.title == "seedwatch: alerts.xml"
    (entry,) = found.entries
    assert entry.title == "[belarus-eu-border] Fish & <b>chips</b>"
    assert entry.title_detail.type == "text/plain"
    assert entry.link == "https://www.bbc.co.uk/news/world-europe-59206685"
    # Not as feedparser gives it: where our own parser is loaded, it leaves categories out.
    (category,) = etree.fromstring(feed).iter(f"{ATOM}category")
    assert category.get("term") == "belarus-eu-border"
    assert entry.updated == found.feed.updated == "2021-11-08T14:10:00Z"
    assert "score 0.71" in entry.content[0].value
    assert "<html" not in entry.content[0].value


def test_what_the_standard_asks() -> None:
    """Feed and entries have what RFC 4287 sections 4.1.1 and 4.1.2 require, each once."""
    root = etree.fromstring(written(*several(3)))
    for element in (root, *root.findall(f"{ATOM}entry")):
        for name in ("id", "title", "updated"):
            (one,) = element.findall(ATOM + name)
            assert one.text
    assert len(root.findall(f"{ATOM}author/{ATOM}name")) == 1
    ids = [one.text for one in root.iter(f"{ATOM}id")]
    assert len(set(ids)) == len(ids) == 4


def test_the_newest_come_first_and_the_oldest_go() -> None:
    """The feed holds as many of the newest as it may, newest first."""
    assert titles(written(*several(5), entries=3)) == ["Item 4", "Item 3", "Item 2"]


def test_a_message_is_in_it_once() -> None:
    """A message that is sent again replaces its entry; the others stay."""
    feed = written(*several(3))
    assert sorted(titles(written(several(3)[0], feed=feed))) == ["Item 0", "Item 1", "Item 2"]


def test_the_feed_is_of_its_newest_entry() -> None:
    """A message that comes late does not turn back the time of the feed."""
    first, second = several(2)
    assert feedparser.parse(written(second, first)).feed.updated == "2021-11-08T14:11:00Z"


def test_it_never_grows_too_large() -> None:
    """The feed stays within its bytes, the newest entry always in it."""
    one_alone = len(written(message()))
    feed = written(*several(30), max_bytes=5 * one_alone)
    assert len(feed) <= 5 * one_alone
    assert titles(feed)[0] == "Item 29"
    assert titles(written(*several(3), max_bytes=1)) == ["Item 2"]


def test_a_list_has_no_link_of_its_own() -> None:
    """A message about several items leads to none of them."""
    (entry,) = feedparser.parse(written(render(catch_up(), message_id="d-1"))).entries
    assert entry.get("links", []) == []


@pytest.mark.parametrize(
    "there",
    [
        b"topics: {}",
        b"<html><body/></html>",
        b'<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:x</id></feed>',
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b"\x00",
    ],
)
def test_what_is_not_ours_is_refused(there: bytes) -> None:
    """A file that is no feed of ours raises, so that nobody's file is overwritten."""
    with pytest.raises(ValueError, match=r"^it is (no XML|not the feed of this receiver)$"):
        written(message(), feed=there)


@given(ALERTS)
@settings(max_examples=60, deadline=None)
def test_any_message_can_be_read(alert: Alert) -> None:
    """Whatever feeds say, the feed stays well-formed, and what is in it does not act."""
    feed = written(message("d-1"), render(alert, message_id="d-2"))
    root = etree.fromstring(feed)
    assert len(root.findall(f"{ATOM}entry")) == 2
    for content in root.iter(f"{ATOM}content"):
        assert "<script" not in (content.text or "")
