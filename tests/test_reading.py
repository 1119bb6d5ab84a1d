"""What a poll reads: only what has changed, and one bad feed spoils itself only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import pytest

from monitor.errors import ParseError
from monitor.feeds.contents import Contents, Wanted, contents_of, read
from monitor.feeds.identity import alias
from monitor.reading import Imprints, Reader, Reading
from monitor.records import Document, Feed, FetchFailure, FetchResult, Item, Link, NotModified
from tests.fakes import made

ONE = b"<rss version='2.0'><channel><item><guid>1</guid><title>one</title></item></channel></rss>"
TWO = ONE.replace(b"<item>", b"<item><guid>2</guid><title>two</title></item><item>")
FEED_ID = made.feed().id
HUB = (Link(rel="hub", url="https://hub.example/"), Link(rel="self", url="https://a.example/f"))


@dataclass
class Desk:
    """A reader, what its feed answers, and what was wanted of it."""

    answer: FetchResult
    wanted: list[Wanted] = field(default_factory=list)
    # Of each document that was parsed, how many entries were left out.
    gaps: list[int] = field(default_factory=list)
    # Stored items by their aliases.
    stored: dict[str, Item] = field(default_factory=dict)
    fault: str = ""
    wants_hub: bool = False

    def __post_init__(self) -> None:
        self.reader = Reader(
            lambda _: self.answer,
            self.parse,
            lambda feed_id, _: self.stored if feed_id == FEED_ID else {},
            Imprints(),
            wants_hub=self.wants_hub,
        )

    def parse(self, document: Document, wanted: Wanted, *, seen: bytes = b"") -> Contents:
        """Read here, or fail as a test says."""
        self.wanted.append(wanted)
        if self.fault:
            raise ParseError(self.fault)
        found = contents_of(document, wanted, seen=seen)
        self.gaps.append(len(found.gaps))
        return found

    def read(self, feed: Feed) -> Reading:
        """Read a feed that brings a document."""
        reading = self.reader.read(feed)
        assert isinstance(reading, Reading)
        return reading

    def store(self, reading: Reading) -> None:
        """Take what a feed said into the store."""
        assert reading.said is not None
        for item in reading.said.items:
            self.stored[alias("text", item.fingerprint)] = item


def known(body: bytes) -> Feed:
    """Give a feed whose items were last stored from a body."""
    return made.feed(body_hash=hashlib.sha256(body).hexdigest())


def test_the_same_body_is_not_parsed() -> None:
    """A body that is the last one to the byte is not parsed."""
    desk = Desk(made.document(ONE))
    reading = desk.read(known(ONE))
    assert reading.said is None
    assert reading.body_hash == known(ONE).body_hash
    assert desk.wanted == []


def test_another_body_is_read() -> None:
    """A body that has changed gives all its items, in its order."""
    reading = Desk(made.document(TWO)).read(known(ONE))
    assert reading.said is not None
    assert [item.title for item in reading.said.items] == ["two", "one"]


def test_a_hub_is_looked_for_where_it_is_wanted() -> None:
    """With WebSub each whole document is asked for its hub, an unchanged one too; else none is."""
    document = made.document(ONE, links=HUB)
    for feed in (made.feed(), known(ONE)):
        found = Desk(document, wants_hub=True).read(feed).hub
        assert found is not None
        assert found.hubs == ("https://hub.example/",)
        assert Desk(document).read(feed).hub is None


def test_what_cannot_be_parsed_is_a_failure() -> None:
    """A document that is no feed is a failed poll, with stage and cause."""
    desk = Desk(made.document(b"x"), fault="not XML: it begins with 'x'")
    failure = desk.reader.read(made.feed())
    assert isinstance(failure, FetchFailure)
    assert failure.cause == "parse: not XML: it begins with 'x'"


def test_what_brought_no_document_passes_through() -> None:
    """An answer without a document, or none, is what the client says."""
    for answer in (NotModified(fetched_at=made.NOW), made.failure()):
        assert Desk(answer).reader.read(made.feed()) is answer


def test_a_reading_holds_no_body() -> None:
    """What waits to be judged does not hold megabytes that nobody needs."""
    assert Desk(made.document(ONE)).read(made.feed()).document.body == b""


def test_what_was_stored_is_taken_from_there() -> None:
    """Of a document that grew only the new entry is parsed, and all its items come all the same."""
    desk = Desk(made.document(ONE))
    desk.store(desk.read(made.feed()))
    desk.answer = made.document(TWO)
    reading = desk.read(made.feed())
    assert desk.gaps == [0, 1]
    assert reading.said == read(made.document(TWO))


def test_what_was_not_stored_is_parsed_again() -> None:
    """What was read and then could not be stored is not taken for known."""
    desk = Desk(made.document(ONE))
    desk.read(made.feed())
    desk.answer = made.document(TWO)
    assert desk.read(made.feed()).said == read(made.document(TWO))
    assert desk.gaps == [0, 0]


@pytest.mark.parametrize("name", ["guid", "url", "canonical_url", "title", "summary"])
def test_what_is_stored_otherwise_is_parsed_again(name: str) -> None:
    """An item that the store has with other words, or another address, is read from the feed."""
    desk = Desk(made.document(ONE))
    desk.store(desk.read(made.feed()))
    desk.stored = {
        key: replace(item, **{name: "x"})  # type: ignore[arg-type]
        for key, item in desk.stored.items()
    }
    desk.answer = made.document(TWO)
    assert desk.read(made.feed()).said == read(made.document(TWO))
    assert desk.gaps == [0, 0]


def test_another_feed_knows_nothing() -> None:
    """What one feed had is not known of another."""
    desk = Desk(made.document(ONE))
    desk.store(desk.read(made.feed()))
    desk.answer = made.document(TWO)
    desk.read(made.feed(id=FEED_ID + 1))
    assert desk.gaps == [0, 0]


@pytest.mark.parametrize("is_push", [True, False])
def test_a_part_is_not_remembered(is_push: bool) -> None:  # noqa: FBT001 -- a case of a test
    """After a part of a feed, pushed or asked for, the whole is known as before."""
    desk = Desk(made.document(TWO))
    desk.store(desk.read(made.feed()))
    part = made.document(ONE, is_partial=not is_push)
    if is_push:
        desk.reader.look_into(made.feed(), part)
    else:
        desk.answer = part
        desk.read(made.feed())
    desk.answer = made.document(TWO + b"<!-- changed -->")
    assert desk.read(made.feed()).said == read(desk.answer)
    assert desk.gaps == [0, 1, 2]


def test_what_is_remembered_is_bounded() -> None:
    """Of more feeds than there is room for, those that were used last are remembered."""
    imprints = Imprints(most_bytes=100)
    imprints.keep(1, b"x" * 40)
    imprints.keep(2, b"y" * 40)
    assert imprints.of(1) == b"x" * 40
    imprints.keep(3, b"z" * 40)
    assert imprints.of(2) == b""
    assert imprints.of(1) == b"x" * 40
    imprints.keep(1, b"")
    imprints.keep(4, b"w" * 60)
    assert imprints.of(3) == b"z" * 40
