"""The generated hostile set: every file ends in items or in one clear error, within its limits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monitor.errors import ParseError
from monitor.feeds.contents import Wanted
from monitor.feeds.opml import read_opml
from monitor.parsing import Parsers
from tests.fakes import made
from tests.fakes.hostile_feeds import HOSTILE, LISTS
from tests.fakes.mutations import check_item, is_clean


@pytest.fixture(scope="module")
def parsers() -> Iterator[Parsers]:
    """Give a pool with the limits of the daemon."""
    pool = Parsers(most=1)
    yield pool
    pool.close()


def check_cause(error: ParseError) -> None:
    """Assert that an error is one line that a log can hold."""
    assert is_clean(str(error))
    assert 0 < len(str(error)) < 250


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_is_read_or_refused(parsers: Parsers, name: str) -> None:
    """Its items are few, short and clean, or one line says why there are none."""
    document = made.document(HOSTILE[name](), fetched_at=made.NOW)
    try:
        said = parsers.read(document, Wanted(hub=True)).said
    except ParseError as error:
        check_cause(error)
        return
    assert said is not None
    assert len(said.items) <= 2_000
    assert is_clean(said.title)
    for item in said.items:
        check_item(item)


def test_the_process_is_as_good_as_before(parsers: Parsers) -> None:
    """After all of them, what is well is read."""
    body = b"<rss version='2.0'><channel><item><title>t</title></item></channel></rss>"
    said = parsers.read(made.document(body)).said
    assert said is not None
    assert [one.title for one in said.items] == ["t"]


@pytest.mark.parametrize("name", LISTS)
def test_a_hostile_list_is_read_or_refused(name: str) -> None:
    """A list of feeds costs no more than its length, and opens no file."""
    try:
        feeds = read_opml(LISTS[name]())
    except ParseError as error:
        check_cause(error)
        return
    assert len(feeds) <= 10_000
    assert "root:" not in str(feeds)


def test_there_are_many() -> None:
    """The set is what it is called."""
    assert len(HOSTILE) + len(LISTS) >= 100
