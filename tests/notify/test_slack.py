"""The Slack incoming webhook: what it is sent, and what its answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import DeliveryError
from monitor.notify import build
from monitor.records import Answer, Notifier
from monitor.targets import Secret, SlackTarget
from tests.fakes.alerts import message
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer

NOW = datetime(2021, 11, 8, 14, 10, tzinfo=UTC)


def answering(answer: Answer) -> Notifier:
    """Return a notifier whose every POST gets this answer."""
    return build(
        SlackTarget(webhook_url=Secret("https://hooks.slack.test/services/T0/B0/token")),
        post=lambda _url, _body, _headers: answer,
        timeout=timedelta(seconds=1),
        clock=lambda: NOW,
    )


def failure(status: int, text: str, **headers: str) -> DeliveryError:
    """Return the failure that an answer of Slack is turned into."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with pytest.raises(DeliveryError) as caught:
        answering(Answer(status=status, headers=named, text=text)).send(message())
    return caught.value


@pytest.mark.parametrize(
    "status,text,permanent",
    [
        (400, "invalid_payload", True),
        (400, "invalid_blocks", True),
        (400, "user_not_found", True),
        (400, "missing_text_or_fallback_or_attachments", True),
        (400, "invalid_token", True),
        (400, "rate_limited", False),
        (403, "action_prohibited", True),
        (403, "invalid_token", True),
        (404, "channel_not_found", True),
        (404, "no_service", True),
        (410, "channel_is_archived", True),
        (429, "rate_limited", False),
        (500, "rollup_error", False),
        (502, "<html>Bad Gateway</html>", False),
        (503, "", False),
        (302, "", True),
        # 200, but not `ok`: the Web API, a portal's page, an empty proxy.
        (200, '{"ok":false,"error":"channel_not_found"}', True),
        (200, '{"ok":false,"error":"ratelimited"}', False),
        (200, '{"ok":false', False),
        (200, "<html>Sign in to the hotel's network</html>", False),
        (200, "", False),
        (202, "ok", False),
    ],
)
def test_what_an_answer_means(status: int, text: str, *, permanent: bool) -> None:
    """Only refusals that no repeat can change are permanent, and the answer is quoted."""
    error = failure(status, text)
    assert error.permanent is permanent
    assert error.code == status
    assert str(error) == (f"HTTP {status}: {text}" if text else f"HTTP {status}")


def test_ok_is_the_only_success() -> None:
    """A 200 whose body is `ok` is a success."""
    assert answering(Answer(status=200, headers={}, text="ok\n")).send(message()).answer == "ok"


def test_retry_after_is_told() -> None:
    """When Slack names a pause, the failure carries it; a permanent one never does."""
    assert failure(429, "rate_limited", Retry_After="30").retry_after == timedelta(seconds=30)
    assert failure(429, "rate_limited").retry_after is None
    assert failure(404, "no_service", Retry_After="30").retry_after is None


def test_a_long_answer_is_cut() -> None:
    """An error page becomes one printable line of at most 200 characters."""
    said = str(failure(500, "<html>\r\n\x1b[31m" + "x" * 9_000))
    assert len(said) <= 200
    assert said.startswith("HTTP 500: <html> [31mxxx")


def test_what_is_sent() -> None:
    """Blocks go out as rendered, the subject as escaped fallback, and nothing unfurls."""
    with WebServer() as web:
        url = web.route("/services", Reply(body=b"ok"))
        notifier = build(
            SlackTarget(webhook_url=Secret(url)),
            post=PlainPost(),
            timeout=timedelta(seconds=1),
            clock=lambda: NOW,
        )
        sent = message(title="Fish & <!channel> *chips* at https://x.example @here")
        notifier.send(sent)
        (request,) = web.requests()
    body = json.loads(request.body)
    assert request.headers["Content-Type"] == "application/json"
    assert body["blocks"] == json.loads(json.dumps(sent.blocks))
    assert body["text"] == (
        "[belarus-eu-border] Fish &amp; &lt;!channel&gt; \u2217chips\u2217"
        " at https:\u200b//x.example @\u200bhere"
    )
    assert body["unfurl_links"] is body["unfurl_media"] is body["link_names"] is False
    assert body["parse"] == "none"
