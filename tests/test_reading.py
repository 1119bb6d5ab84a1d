"""What a poll reads: only what has changed, and one bad feed spoils itself only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from monitor.errors import ParseError
from monitor.feeds.contents import Contents, Wanted, contents_of
from monitor.reading import Reader, Reading
from monitor.records import Document, Feed, FetchFailure, FetchResult, Link, NotModified
from tests.fakes import made

ONE = b"<rss version='2.0'><channel><item><guid>1</guid><title>one</title></item></channel></rss>"
TWO = ONE.replace(b"<item>", b"<item><guid>2</guid><title>two</title></item><item>")
HUB = (Link(rel="hub", url="https://hub.example/"), Link(rel="self", url="https://a.example/f"))


@dataclass
class Desk:
    """A reader, what its feed answers, and what was wanted of it."""

    answer: FetchResult
    wanted: list[Wanted] = field(default_factory=list)
    fault: str = ""
    wants_hub: bool = False

    def __post_init__(self) -> None:
        self.reader = Reader(lambda _: self.answer, self.parse, wants_hub=self.wants_hub)

    def parse(self, document: Document, wanted: Wanted) -> Contents:
        """Read here, or fail as a test says."""
        self.wanted.append(wanted)
        if self.fault:
            raise ParseError(self.fault)
        return contents_of(document, wanted)

    def read(self, feed: Feed) -> Reading:
        """Read a feed that brings a document."""
        reading = self.reader.read(feed)
        assert isinstance(reading, Reading)
        return reading


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
