"""Notices about feeds: short, with since when and what helps."""

from __future__ import annotations

from monitor.alerts.about_feeds import begun, over, what_helps
from monitor.alerts.render import render
from monitor.feeds.troubles import Trouble, TroubleKind
from monitor.records import Feed
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, NOW

FAILING, GONE, SILENT = TroubleKind.FAILING, TroubleKind.GONE, TroubleKind.SILENT
NAMES = ("LRT", "BBC", "ERR", "TVP", "DELFI")
FEEDS = {
    number: made.feed(name, id=number, failures=5, due_at=NOW + HOUR)
    for number, name in enumerate(NAMES)
}
ALONE = """\
[seedwatch] notice to the operator

LRT fails

HTTP 503 Service Unavailable, 5 times in a row; last well 2021-11-08 11:00 UTC
(3 hours ago).

What helps: its server is ill: nothing to do but wait; it is tried again, ever
less often.

Next try 2021-11-08 15:00 UTC. A close look: seedwatch feeds test "LRT"
"""
SILENCE = """\
[seedwatch] notice to the operator

BBC has gone silent

It answers, but has brought nothing for 9 days; before, it was never silent
for longer than 3 days.

Last item: 2021-10-30 14:00 UTC. Its outlet may have given it up, or moved it.

A close look: seedwatch feeds test "BBC"
"""


def trouble(feed_id: int, kind: TroubleKind = FAILING, detail: str = "") -> Trouble:
    """Give a trouble of a feed."""
    details = {
        FAILING: "HTTP 503 Service Unavailable",
        GONE: "its server says that it is gone for good (410)",
        SILENT: "before, it was never silent for longer than 3 days",
    }
    since = NOW - (9 * DAY if kind is SILENT else 3 * HOUR)
    return Trouble(feed_id=feed_id, kind=kind, since=since, detail=detail or details[kind])


def lines(*troubles: Trouble, feeds: dict[int, Feed] | None = None) -> list[str]:
    """Give the headline and the paragraphs of what has begun."""
    return begun(troubles, feeds or FEEDS, NOW).detail.splitlines()


def test_one_feed_that_fails() -> None:
    """One feed that fails is named in the subject, with cause, time and cure below."""
    message = render(begun([trouble(0)], FEEDS, NOW), message_id="d-1")
    assert message.subject == "[seedwatch] LRT fails"
    assert message.text == ALONE


def test_one_feed_that_is_silent() -> None:
    """One feed that has fallen silent is said to answer, and what its pace was."""
    message = render(begun([trouble(1, SILENT)], FEEDS, NOW), message_id="d-1")
    assert message.text == SILENCE


def test_a_feed_that_was_never_well() -> None:
    """A feed that never answered is not said to have been well."""
    never = {0: made.feed("LRT", id=0, failures=5, last_ok_at=None)}
    text = " ".join(lines(trouble(0), feeds=never))
    assert "5 times in a row; never well so far." in text
    assert "last well" not in text


def test_several_feeds_are_one_message() -> None:
    """What begins at once is told at once, a line a feed."""
    assert lines(trouble(0), trouble(1), trouble(2, SILENT)) == [
        "2 feeds fail, ERR has gone silent",
        "LRT: HTTP 503 Service Unavailable; last well 3 hours ago.",
        "BBC: HTTP 503 Service Unavailable; last well 3 hours ago.",
        "ERR: nothing for 9 days; before, it was never silent for longer than 3 days.",
    ]


def test_most_feeds_at_once() -> None:
    """Where most feeds fail at once the notice asks about the machine's own network."""
    told = lines(*(trouble(number) for number in range(3)))
    assert told[0] == "3 feeds fail"
    assert told[1] == "That is most of your feeds: is this machine's own network down?"
    assert "network" not in " ".join(lines(trouble(0), trouble(1)))


def test_more_feeds_than_can_be_named() -> None:
    """Of many feeds twelve are named, and the others are counted."""
    feeds = {number: made.feed(f"F{number}", id=number) for number in range(40)}
    told = lines(*(trouble(number) for number in range(15)), feeds=feeds)
    assert told[0] == "15 feeds fail"
    assert len(told) == 1 + 12 + 1
    assert told[-1] == "+3 more: seedwatch feeds list"


def test_what_is_over() -> None:
    """What is well again is told once, with how long it lasted."""
    one = over([trouble(0)], FEEDS, NOW).detail.splitlines()
    assert one == ["LRT is well again", "LRT answers again; it had failed for 3 hours."]
    several = over([trouble(0), trouble(1, SILENT), trouble(2, GONE)], FEEDS, NOW)
    assert several.detail.splitlines() == [
        "3 feeds are well again",
        "LRT answers again; it had failed for 3 hours.",
        "BBC brings items again; it was silent for 9 days.",
        "ERR is back; it was gone for 3 hours.",
    ]


def test_a_hostile_name_and_cause() -> None:
    """Names and causes come from outside: they are one clean line each."""
    feeds = {0: made.feed("LRT\r\n<!channel>\u202e" + "x" * 900, id=0, failures=5)}
    notice = begun([trouble(0, detail="HTTP 500\x1b[2J\n" + "y" * 9_000)], feeds, NOW)
    assert len(notice.detail.splitlines()) == 4
    message = render(notice, message_id="d-1")
    assert "\x1b" not in message.text
    assert "\u202e" not in message.subject
    assert len(message.text) < 2_000


def test_the_same_trouble_is_the_same_notice() -> None:
    """A notice that is made again has the same id; that of a later trouble another."""
    assert begun([trouble(0)], FEEDS, NOW).id == begun([trouble(0)], FEEDS, NOW + HOUR).id
    assert begun([trouble(0)], FEEDS, NOW).id != begun([trouble(0, SILENT)], FEEDS, NOW).id
    assert begun([trouble(0)], FEEDS, NOW).id != over([trouble(0)], FEEDS, NOW).id


def test_what_helps() -> None:
    """Stored causes find their cures, with a stage before them or not."""
    assert what_helps("HTTP 404 Not Found").startswith("the address is wrong or old")
    assert what_helps("dns: its host name cannot be resolved").startswith("is it spelt right")
    assert what_helps("not XML: line 3").startswith("it is broken at this place")
