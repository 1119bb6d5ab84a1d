"""The signed webhook: held against the reference library of Standard Webhooks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from monitor.errors import DeliveryError
from monitor.notify import build
from monitor.records import Notifier
from monitor.targets import Secret, WebhookTarget
from tests.fakes.alerts import message
from tests.fakes.post import PlainPost
from tests.fakes.web import Reply, WebServer

KEY = base64.b64encode(b"0123456789abcdef01234567").decode()
OLD_KEY = base64.b64encode(b"76543210fedcba9876543210").decode()


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server whose `/hook` says 204."""
    with WebServer() as server:
        server.route("/hook", Reply(status=204))
        yield server


def hook(
    web: WebServer,
    secret: str | None = f"whsec_{KEY}",
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Notifier:
    """Return a notifier that posts to `/hook`."""
    return build(
        WebhookTarget(url=Secret(web.url("/hook")), secret=Secret(secret) if secret else None),
        post=PlainPost(),
        timeout=timedelta(seconds=1),
        clock=clock,
    )


@pytest.mark.parametrize("secret", [f"whsec_{KEY}", KEY])
def test_the_reference_library_verifies_it(web: WebServer, secret: str) -> None:
    """A receiver that follows Standard Webhooks accepts the bytes as they arrive."""
    sent = message("d-7", title="Kuźnica — «граница» 🇵🇱")
    assert hook(web, secret).send(sent).answer == "204"
    (request,) = web.requests("/hook")
    verified = Webhook(secret).verify(request.body, dict(request.headers))
    assert verified == json.loads(json.dumps(sent.payload))
    assert request.headers["webhook-id"] == "d-7"
    assert request.headers["Content-Type"] == "application/json"


def test_a_changed_byte_is_found(web: WebServer) -> None:
    """What is signed is what is sent: another body does not verify."""
    hook(web).send(message())
    (request,) = web.requests("/hook")
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(request.body + b" ", dict(request.headers))


def test_the_timestamp_is_that_of_the_attempt(web: WebServer) -> None:
    """On a retry the id stays and the timestamp moves; the clock may be in any zone."""
    at = datetime(2021, 11, 8, 16, 10, tzinfo=timezone(timedelta(hours=2)))
    for minutes in (0, 5):
        hook(web, clock=lambda after=minutes: at + timedelta(minutes=after)).send(message())  # type: ignore[misc]
    first, second = (request.headers for request in web.requests("/hook"))
    assert first["webhook-id"] == second["webhook-id"] == "d-1"
    assert int(first["webhook-timestamp"]) == int(at.timestamp())
    assert int(second["webhook-timestamp"]) == int(at.timestamp()) + 300
    for request in web.requests("/hook"):
        stamp = datetime.fromtimestamp(int(request.headers["webhook-timestamp"]), UTC)
        signed = Webhook(KEY).sign("d-1", stamp, request.body.decode())
        assert request.headers["webhook-signature"] == signed


@pytest.mark.parametrize("held", [KEY, OLD_KEY])
def test_both_secrets_sign_while_they_change(web: WebServer, held: str) -> None:
    """During a rotation a receiver accepts the message with the new secret, or with the old."""
    target = WebhookTarget(
        url=Secret(web.url("/hook")), secret=Secret(KEY), previous_secret=Secret(f"whsec_{OLD_KEY}")
    )
    notifier = build(
        target, post=PlainPost(), timeout=timedelta(seconds=1), clock=lambda: datetime.now(UTC)
    )
    notifier.send(message("d-7", title="Kuźnica"))
    (request,) = web.requests("/hook")
    assert Webhook(held).verify(request.body, dict(request.headers))["topic"]
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    stranger = base64.b64encode(b"x" * 24).decode()
    with pytest.raises(WebhookVerificationError):
        Webhook(stranger).verify(request.body, dict(request.headers))


def test_without_a_secret_nothing_is_signed(web: WebServer) -> None:
    """An unsigned webhook still carries its id and timestamp."""
    hook(web, None).send(message())
    (request,) = web.requests("/hook")
    assert "webhook-signature" not in request.headers
    assert request.headers["webhook-id"] == "d-1"


@pytest.mark.parametrize("secret", ["whsec_", "whsec_ä", "x"])
def test_a_secret_that_is_no_base64(web: WebServer, secret: str) -> None:
    """A secret that cannot sign is a permanent failure, and nothing goes out unsigned."""
    with pytest.raises(DeliveryError, match="the webhook's secret is not base64") as caught:
        hook(web, secret).send(message())
    assert caught.value.permanent
    assert web.requests() == []


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(web: WebServer, status: int) -> None:
    """Every 2xx counts, and the receipt tells which it was."""
    web.route("/hook", Reply(status=status, body=b"queued\r\n"))
    assert hook(web).send(message()).answer.startswith(str(status))


@pytest.mark.parametrize(
    "status,permanent",
    [
        (301, True),
        (302, True),
        (307, True),
        (308, True),
        (400, True),
        (401, True),
        (404, True),
        (408, False),
        (410, True),
        (413, True),
        (425, False),
        (429, False),
        (500, False),
        (502, False),
        (504, False),
    ],
)
def test_what_a_refusal_means(web: WebServer, status: int, *, permanent: bool) -> None:
    """Redirects and refusals are permanent, never followed; throttling and faults may pass."""
    headers = {"Location": web.url("/landed"), "Retry-After": "7"}
    web.route("/hook", Reply(status=status, headers=headers, body=b"no"))
    with pytest.raises(DeliveryError, match=f"^HTTP {status}: no$") as caught:
        hook(web).send(message())
    assert caught.value.permanent is permanent
    assert caught.value.code == status
    assert caught.value.retry_after == (None if permanent else timedelta(seconds=7))
    assert [request.path for request in web.requests()] == ["/hook"]


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(body=b"x" * 99, cut=10)])
def test_a_broken_answer_may_pass(web: WebServer, reply: Reply) -> None:
    """An answer that breaks off is a temporary failure: whether it arrived is unknown."""
    web.route("/hook", reply)
    with pytest.raises(DeliveryError) as caught:
        hook(web).send(message())
    assert not caught.value.permanent
