"""Apprise: one URL, once, with its known traps closed."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from monitor.errors import DeliveryError
from monitor.notify import build
from monitor.records import Notifier
from monitor.targets import AppriseTarget, Secret
from tests.fakes.alerts import message
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server whose `/hook` says 200."""
    with WebServer() as server:
        server.route("/hook", Reply())
        yield server


def service(url: str) -> Notifier:
    """Return a notifier for an Apprise URL."""
    return build(
        AppriseTarget(url=Secret(url)),
        post=PlainPost(),
        timeout=timedelta(seconds=5),
        clock=lambda: datetime.now(UTC),
    )


def test_subject_and_text_arrive(web: WebServer) -> None:
    """The service gets the subject as title and the plain text as body."""
    receipt = service(f"json://127.0.0.1:{web.port}/hook").send(message()).answer
    assert receipt == "JSON took it"
    (request,) = web.requests()
    body = json.loads(request.body)
    assert body["title"] == message().subject
    assert body["message"].strip() == message().text.strip()


@pytest.mark.parametrize(
    "asked", ["", "?redirect=yes", "?redirect=yes&retry=3&wait=0&optional=yes"]
)
def test_a_redirect_is_no_success(web: WebServer, asked: str) -> None:
    """A redirected POST would arrive as an empty GET and count as delivered: it is not followed.

    Source: apprise 2.2.0 with its defaults re-sends as GET and reports SUCCESS; seen with
    `json://` and a 302. Not even a URL that asks for it gets redirects, retries or lenience.
    """
    web.route("/hook", Reply(status=302, headers={"Location": web.url("/landed")}))
    web.route("/landed", Reply())
    with pytest.raises(DeliveryError) as caught:
        service(f"json://127.0.0.1:{web.port}/hook{asked}").send(message())
    assert not caught.value.permanent
    assert caught.value.code == 302
    assert [request.path.partition("?")[0] for request in web.requests()] == ["/hook"]


@pytest.mark.parametrize("status", [400, 403, 404, 410, 429, 500, 503])
def test_every_failure_is_temporary(web: WebServer, status: int) -> None:
    """Apprise tells failures apart only in words: all are temporary, the status a mere hint."""
    web.route("/hook", Reply(status=status, headers={"Retry-After": "7"}))
    with pytest.raises(DeliveryError, match=f"error={status}") as caught:
        service(f"json://127.0.0.1:{web.port}/hook").send(message())
    assert (caught.value.permanent, caught.value.code) == (False, status)
    assert caught.value.retry_after is None
    assert len(web.requests()) == 1


def test_what_it_gave_up_waiting_for_is_unsure(web: WebServer) -> None:
    """A service that answers without end is given up: it may have taken the message, told so."""
    web.route("/hook", Reply(body=b"x" * 1_000, drip=0.05))
    target = AppriseTarget(url=Secret(f"json://127.0.0.1:{web.port}/hook"))
    notifier = build(
        target,
        post=PlainPost(),
        timeout=timedelta(seconds=0.3),
        clock=lambda: datetime.now(UTC),
    )
    with pytest.raises(DeliveryError, match="did not finish") as caught:
        notifier.send(message())
    assert (caught.value.permanent, caught.value.unsure) == (False, True)


@pytest.mark.parametrize("url", ["nosuch://host/verysecret", "no url verysecret", "", "slack://"])
def test_a_url_it_does_not_understand(url: str) -> None:
    """A URL that Apprise cannot read is a permanent failure, told without the URL."""
    with pytest.raises(DeliveryError, match="Apprise does not understand this URL") as caught:
        service(url).send(message())
    assert caught.value.permanent


def test_the_url_stays_out_of_the_log(web: WebServer) -> None:
    """Apprise's own log, which holds whole URLs at DEBUG, does not reach the program's."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    try:
        web.route("/hook", Reply(status=500))
        with pytest.raises(DeliveryError):
            service(f"json://joe:verysecret@127.0.0.1:{web.port}/hook").send(message())
    finally:
        logging.getLogger().removeHandler(handler)
    assert "verysecret" not in written.getvalue()
    assert "JSON" not in written.getvalue()


def test_links_keep_their_signs(web: WebServer) -> None:
    """Names cannot mention anybody, but the `@` in a link stays as it is."""
    url = "https://medium.com/@someone/post"
    sent = message(title="@everyone look, desk@example.org", url=url)
    service(f"json://127.0.0.1:{web.port}/hook").send(sent)
    text = json.loads(web.requests()[0].body)["message"]
    assert url in text
    assert "@\u200beveryone look" in text
    assert "desk@example.org" in text
