"""Each failure that is known has its cure."""

from __future__ import annotations

import pytest

from monitor.errors import ParseError
from monitor.feeds.cures import CAUSE_CURES, OTHER_CURE, cure, reading_cure
from monitor.feeds.parse import parse
from monitor.feeds.schedule import REFUSED
from monitor.fetch.words import NAMED
from tests.fakes import made


def test_every_named_cause_has_its_cure() -> None:
    """Whatever words the client has for a failure, there are words for what to do."""
    assert {words for _, words in NAMED} <= set(CAUSE_CURES)


@pytest.mark.parametrize("status", sorted(REFUSED | {410, 429, 500, 503}))
def test_every_status_that_polling_minds_has_its_cure(status: int) -> None:
    """A status that polling treats apart is no riddle to its reader."""
    assert cure(f"HTTP {status}", status) not in {"", OTHER_CURE}


@pytest.mark.parametrize(
    "cause,part",
    [
        ("tls: its TLS certificate is not valid", "compare in a browser"),
        ("no complete answer within 30 s", "polling.timeout"),
        ("body: no complete answer within 30 s", "polling.timeout"),
        ("larger than 8,000,000 bytes", "polling.max_bytes"),
        ("more than 5 redirects", "see where it leads"),
        ("redirected to 'ftp://a/', which is not http or https", "see where it leads"),
        ("TLS failed: wrong version number", "no TLS that is safe"),
        ("cannot connect: No route to host", "has this machine a network"),
        ("its content encoding 'br' is not one that we asked for", "tell the outlet"),
        ("the exchange broke off (Strange)", "in a browser"),
    ],
)
def test_causes_lead_to_cures(cause: str, part: str) -> None:
    """A cause leads to its own cure, whatever stage stands before it."""
    assert part in cure(cause, None)


def test_a_cause_that_has_its_cure_gets_no_other() -> None:
    """Where the cause itself names the key to change, nothing is added."""
    cause = "refused address: 127.0.0.1 is loopback; add it to polling.allow_addresses"
    assert cure(cause, None) == ""


@pytest.mark.parametrize(
    "body,part",
    [
        (b"", "nothing at this address"),
        (b"<html><body>hi</body></html>", "a web page"),
        (b"<svg/>", "another kind of document"),
        (b"[1]", "another kind of document"),
        (b'{"a": 1}', "another kind of document"),
        (b"{", "broken at this place"),
        (b"good morning", "broken at this place"),
        (b"<!DOCTYPE rss [<!ENTITY a 'b'>]><rss/>", "tell the outlet"),
    ],
)
def test_what_cannot_be_read_has_its_cure(body: bytes, part: str) -> None:
    """Each way not to be a feed says what to do, in the words of the real parser."""
    with pytest.raises(ParseError) as caught:
        parse(made.document(body), feed_lang=None)
    assert part in reading_cure(str(caught.value))
