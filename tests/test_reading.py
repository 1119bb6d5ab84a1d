"""What a poll reads: only what is new, and one bad feed spoils itself only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

from monitor.errors import ParseError
from monitor.feeds.parse import ParsedFeed, parse
from monitor.reading import Reader, Reading
from monitor.records import Document, Feed, FetchFailure, FetchResult, NotModified
from tests.fakes import made

ONE = b"<rss version='2.0'><channel><item><guid>1</guid><title>one</title></item></channel></rss>"
TWO = ONE.replace(b"<item>", b"<item><guid>2</guid><title>two</title></item><item>")


@dataclass
class Desk:
    """A reader, what its feed answers, and what was parsed."""

    answer: FetchResult
    parsed: list[Document] = field(default_factory=list)
    fault: str = ""

    def __post_init__(self) -> None:
        self.reader = Reader(lambda _: self.answer, self.parse)

    def parse(self, document: Document, *, feed_lang: str | None, seen: bytes) -> ParsedFeed:
        """Parse here, or fail as a test says."""
        self.parsed.append(document)
        if self.fault:
            raise ParseError(self.fault)
        return parse(document, feed_lang=feed_lang, seen=seen)

    def titles(self, feed: Feed) -> list[str]:
        """Read a feed, and give the titles that came."""
        reading = self.reader.read(feed)
        assert isinstance(reading, Reading)
        assert reading.parsed is not None
        return [item.title for item in reading.parsed.items]


def test_the_same_body_is_not_parsed() -> None:
    """A body that is the last one to the byte is not parsed."""
    desk = Desk(made.document(ONE))
    feed = made.feed(body_hash=hashlib.sha256(ONE).hexdigest())
    reading = desk.reader.read(feed)
    assert isinstance(reading, Reading)
    assert reading.parsed is None
    assert reading.body_hash == feed.body_hash
    assert desk.parsed == []


def test_what_was_stored_is_left_out() -> None:
    """Of a document that grew, only the new item comes, once the old one is stored."""
    desk = Desk(made.document(ONE))
    feed = made.feed()
    first = desk.reader.read(feed)
    desk.answer = made.document(TWO)
    assert desk.titles(feed) == ["two", "one"]
    desk.reader.keep(feed, first)
    assert desk.titles(feed) == ["two"]
    # Another feed knows nothing of it.
    assert desk.titles(replace(feed, id=2)) == ["two", "one"]


def test_what_cannot_be_parsed_is_a_failure() -> None:
    """A document that is no feed is a failed poll, with stage and cause."""
    desk = Desk(made.document(b"x"), fault="not XML: it begins with 'x'")
    failure = desk.reader.read(made.feed())
    assert isinstance(failure, FetchFailure)
    assert failure.cause == "parse: not XML: it begins with 'x'"
    # It has nothing to remember.
    desk.reader.keep(made.feed(), failure)


def test_what_brought_no_document_passes_through() -> None:
    """An answer without a document, or none, is what the client says."""
    for answer in (NotModified(fetched_at=made.NOW), made.failure()):
        assert Desk(answer).reader.read(made.feed()) is answer


def test_a_reading_holds_no_body() -> None:
    """What waits to be judged does not hold megabytes that nobody needs."""
    reading = Desk(made.document(ONE)).reader.read(made.feed())
    assert isinstance(reading, Reading)
    assert reading.document.body == b""


def test_what_is_remembered_is_bounded() -> None:
    """Of more feeds than there is room for, those that were read last are remembered."""
    desk = Desk(made.document(ONE))
    parsed = replace(parse(made.document(ONE), feed_lang=None), imprint=b"x" * 20_000_000)
    large = Reading(document=made.document(), body_hash="", parsed=parsed)
    for number in (1, 2):
        desk.reader.keep(made.feed(id=number), large)
    assert list(desk.reader._imprints) == [2]
    desk.reader.keep(made.feed(id=2), replace(large, parsed=replace(parsed, imprint=b"")))
    assert desk.reader._bytes == 0
