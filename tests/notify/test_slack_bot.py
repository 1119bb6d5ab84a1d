"""Slack's Web API: where a message goes, what is remembered of it, and what errors mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitor.errors import DeliveryError
from monitor.notify.slack_bot import SlackBotNotifier
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import Secret, SlackBotTarget
from tests.fakes.alerts import message
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer

NOW = datetime(2021, 11, 8, 14, 10, tzinfo=UTC)
TOKEN = "xoxb-47110815-letmein"
POST, UPDATE = "/api/chat.postMessage", "/api/chat.update"
RECEIPT = {"channel": "C0123", "ts": "1636380600.000100", "to": "#news"}


def said(**fields: Any) -> Reply:
    """Return an answer of the Web API."""
    return Reply(body=json.dumps(fields).encode())


TAKEN = said(ok=True, channel="C0123", ts="1636380600.000100")


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a server that takes whatever is posted."""
    with WebServer() as server:
        server.route(POST, TAKEN)
        server.route(UPDATE, TAKEN)
        yield server


def bot(web: WebServer, **changes: Any) -> SlackBotNotifier:
    """Return a bot that posts to `#news`."""
    target = SlackBotTarget(token=Secret(TOKEN), channel="#news", api_url=web.url("/api"))
    tools = Tools(post=PlainPost(), timeout=timedelta(seconds=1), clock=lambda: NOW)
    return SlackBotNotifier(replace(target, **changes), tools)


def update(earlier: Mapping[str, str] | None = None) -> Message:
    """Return an update of a story whose first message is known by a receipt."""
    earlier = RECEIPT if earlier is None else earlier
    return replace(message("d-2"), is_update=True, earlier=earlier)


def bodies(web: WebServer, path: str = POST) -> list[dict[str, Any]]:
    """Give what was posted."""
    return [json.loads(one.body) for one in web.requests(path)]


def failure(web: WebServer, reply: Reply) -> DeliveryError:
    """Return the failure that an answer is turned into."""
    web.route(POST, reply)
    with pytest.raises(DeliveryError) as caught:
        bot(web).send(message())
    return caught.value


def test_a_first_message(web: WebServer) -> None:
    """The first message stands in the channel, tells its id, and how Slack knows it is kept."""
    sent = message("d-1", title="Fish & <!channel>")
    assert bot(web).send(sent) == Sent(answer="ok 1636380600.000100", receipt=RECEIPT)
    (request,) = web.requests(POST)
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Content-Type"] == "application/json; charset=utf-8"
    (body,) = bodies(web)
    assert body["channel"] == "#news"
    assert body["blocks"] == json.loads(json.dumps(sent.blocks))
    assert "<!channel>" not in body["text"]
    assert body["metadata"]["event_payload"] == {"message_id": "d-1"}
    assert body["unfurl_links"] is body["unfurl_media"] is body["link_names"] is False
    assert {"thread_ts", "reply_broadcast"}.isdisjoint(body)


@pytest.mark.parametrize("shown", [False, True])
def test_an_update_goes_into_the_thread(web: WebServer, *, shown: bool) -> None:
    """An update answers the first message; it also stands in the channel if that is asked for."""
    bot(web, updates_in_channel=shown).send(update())
    (body,) = bodies(web)
    assert (body["thread_ts"], body["reply_broadcast"]) == (RECEIPT["ts"], shown)


@pytest.mark.parametrize(
    "earlier", [{}, {"id": "7"}, {**RECEIPT, "to": "#other"}], ids=["none", "other", "moved"]
)
def test_without_a_thread_of_this_channel(web: WebServer, earlier: Mapping[str, str]) -> None:
    """An update whose first message is not known, or stands in another channel, stands alone."""
    bot(web).send(update(earlier))
    (body,) = bodies(web)
    assert "thread_ts" not in body


@pytest.mark.parametrize("word", ["thread_not_found", "cannot_reply_to_message"])
def test_a_thread_that_is_gone(web: WebServer, word: str) -> None:
    """If somebody deleted the first message, the update is posted to the channel: not lost."""
    web.route(POST, [said(ok=False, error=word), TAKEN])
    assert bot(web).send(update()).receipt == RECEIPT
    threaded, alone = bodies(web)
    assert "thread_ts" in threaded
    assert "thread_ts" not in alone


def test_no_second_try_without_a_thread(web: WebServer) -> None:
    """A first message is asked for once, whatever the error."""
    error = failure(web, said(ok=False, error="thread_not_found"))
    assert (error.permanent, error.scope) == (True, "message")
    assert len(web.requests(POST)) == 1


@pytest.mark.parametrize(
    "word, follows",
    [
        ("invalid_blocks", "message"),
        ("msg_too_long", "message"),
        ("no_text", "message"),
        ("an_error_of_next_year", "message"),
        ("channel_not_found", "destination"),
        ("not_in_channel", "destination"),
        ("is_archived", "destination"),
        ("invalid_auth", "destination"),
        ("token_revoked", "destination"),
        ("account_inactive", "destination"),
        ("restricted_action", "destination"),
        ("ratelimited", "later"),
        ("internal_error", "later"),
        ("service_unavailable", "later"),
    ],
)
def test_what_an_error_means(web: WebServer, word: str, follows: str) -> None:
    """Errors in Slack's words end this message, pause the destination, or may pass."""
    error = failure(web, said(ok=False, error=word))
    assert (error.scope if error.permanent else "later") == follows
    assert str(error) == f"Slack: {word}"


def test_a_scope_that_is_missing_is_named(web: WebServer) -> None:
    """If the token may not post, the error says which scope it needs."""
    error = failure(web, said(ok=False, error="missing_scope", needed="chat:write"))
    assert str(error) == "Slack: missing_scope (chat:write is needed)"
    assert error.scope == "destination"


def test_a_pause_asked_for(web: WebServer) -> None:
    """A 429 carries how long Slack wants to be left alone."""
    reply = replace(said(ok=False, error="ratelimited"), status=429, headers={"Retry-After": "30"})
    error = failure(web, reply)
    assert (error.permanent, error.retry_after) == (False, timedelta(seconds=30))


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"<html>Sign in</html>", b'{"ok":tr', b"[]", b'{"error":"x"}']
)
def test_a_page_is_no_success(web: WebServer, body: bytes) -> None:
    """A 200 that is not the Web API's (a portal, a proxy) is no success, and may pass."""
    assert not failure(web, Reply(body=body)).permanent


@pytest.mark.parametrize(
    "fields", [{}, {"ts": 7, "channel": "C1"}, {"ts": "x" * 99, "channel": "C1"}, {"ts": "1.2"}]
)
def test_a_strange_receipt_is_none(web: WebServer, fields: dict[str, Any]) -> None:
    """A message that was taken is delivered, though Slack does not say how it knows it."""
    web.route(POST, said(ok=True, **fields))
    assert bot(web).send(message()).receipt == {}


def test_the_token_is_not_told(web: WebServer) -> None:
    """An answer that repeats the token does not get it into the error."""
    assert TOKEN not in str(failure(web, Reply(status=500, body=f"no {TOKEN}".encode())))


def test_an_edit_takes_the_place(web: WebServer) -> None:
    """An edit goes to the message that the receipt is of, whatever the channel is called."""
    bot(web).edit(message("d-1"), RECEIPT)
    (body,) = bodies(web, UPDATE)
    assert (body["channel"], body["ts"]) == ("C0123", RECEIPT["ts"])
    assert body["blocks"] == json.loads(json.dumps(message("d-1").blocks))
    assert web.requests(POST) == []


@pytest.mark.parametrize(
    "word, permanent",
    [("message_not_found", True), ("edit_window_closed", True), ("ratelimited", False)],
)
def test_an_edit_that_is_refused(web: WebServer, word: str, *, permanent: bool) -> None:
    """A message that is gone or may no longer be edited is let go; what may pass is told so."""
    web.route(UPDATE, said(ok=False, error=word))
    with pytest.raises(DeliveryError) as caught:
        bot(web).edit(message(), RECEIPT)
    assert caught.value.permanent is permanent
