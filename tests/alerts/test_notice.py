"""Notices: what the operator is told, once, in every form."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.notice import address, make_notice
from monitor.alerts.payload import MAX_BYTES, encode
from monitor.alerts.render import render
from monitor.alerts.wording import MAX_PARAGRAPHS
from monitor.records import Alert, Message, Reason
from tests.fakes.alerts import TEXT
from tests.fakes.made import HOUR, NOW, destination

PAUSED = make_notice(
    "paused",
    "desk/1-slack",
    "desk/1-slack is paused",
    "It said: HTTP 404 no_service.\nWhat is due there waits.",
    NOW,
)

SHOWN = """\
[seedwatch] notice to the operator

desk/1-slack is paused

It said: HTTP 404 no_service.

What is due there waits.
"""


def shown(notice: Alert) -> Message:
    """Render a notice."""
    return render(notice, message_id="d-1")


def test_a_notice_in_every_form() -> None:
    """A notice says who speaks, its headline and its paragraphs, and has no item anywhere."""
    message = shown(PAUSED)
    assert message.subject == "[seedwatch] desk/1-slack is paused"
    assert message.text == SHOWN
    for words in ("desk/1-slack is paused", "no_service.", "What is due there waits."):
        assert words in message.html
        assert words in json.dumps(message.blocks)
    assert "score" not in message.html
    assert message.payload["type"] == "alert.notice"
    assert message.payload["items"] == []
    assert message.payload["detail"] == (
        "desk/1-slack is paused: It said: HTTP 404 no_service. What is due there waits."
    )


def test_the_same_notice_is_told_once() -> None:
    """A notice of the same kind and key is the same notice, whatever it says and whenever."""
    again = make_notice("paused", "desk/1-slack", "otherwise", "", NOW + HOUR)
    other = make_notice("paused", "desk/2-email", "desk/1-slack is paused", "", NOW)
    assert again.id == PAUSED.id != other.id


def test_a_notice_never_takes_the_way_that_it_tells_of() -> None:
    """A notice goes to each of the operator's destinations once, but not through those named."""
    slack, mail = destination("desk/1-slack"), destination("desk/2-email")
    found = address(PAUSED, [slack, mail, mail], NOW, never={"desk/1-slack"})
    assert [one.destination for one in found] == ["desk/2-email"]
    assert found[0].alert_id == PAUSED.id
    assert address(PAUSED, [slack], NOW, never={"desk/1-slack"}) == ()
    assert address(PAUSED, [], NOW) == ()


@pytest.mark.parametrize("detail", ["", "\n \n", "\u200b"])
def test_a_notice_without_words(detail: str) -> None:
    """A notice that says nothing is still a message."""
    notice = Alert(
        id="n",
        topic="",
        reason=Reason.NOTICE,
        story_id="",
        created_at=NOW,
        items=(),
        detail=detail,
    )
    assert "(no text)" in shown(notice).text


@settings(deadline=None)
@given(TEXT, st.lists(TEXT, max_size=40).map("\n".join))
def test_any_notice_fits(headline: str, text: str) -> None:
    """Whatever is quoted in a notice, its forms stay within their limits, and nothing acts."""
    message = shown(make_notice("any", "key", headline, text, NOW))
    assert len(message.subject) <= 150
    assert len(message.blocks) <= 3 + MAX_PARAGRAPHS <= 50
    assert len(encode(message.payload)) < MAX_BYTES
    assert "<script" not in message.html
    for block in message.blocks:
        assert len(block["text"]["text"]) <= 3_000
        assert "<!channel>" not in block["text"]["text"]
