"""A hub on loopback (WebSub): takes requests, asks back, and pushes, when a test says so.

with Hub(port) as hub:
    request = hub.wait_for_request(1)
    assert hub.verify(request).text == "…"
    hub.push(request, b"<rss>…")

It reaches every callback at one port of this machine, as a reverse proxy would pass it on.
"""

from __future__ import annotations

import hmac
import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.fakes.web import Reply, WebServer

HUB = "/hub"
CHALLENGE = "challenge-7f3a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What came back from a callback."""

    status: int
    text: str
    headers: Mapping[str, str]


class Hub(WebServer):
    """Accepts every request until it is told otherwise."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self.route(HUB, Reply(status=202))

    @property
    def address(self) -> str:
        """Where it is asked."""
        return self.url(HUB)

    def asked(self) -> list[dict[str, str]]:
        """Give the forms that it was sent so far."""
        return [dict(parse_qsl(one.body.decode())) for one in self.requests(HUB)]

    def wait_for_request(self, count: int, seconds: float = 40.0) -> dict[str, str]:
        """Give the form of a request, counted from 1, once it is there."""
        self.wait_for(HUB, count, seconds)
        return self.asked()[count - 1]

    def verify(self, request: Mapping[str, str], **changes: str) -> Said:
        """Ask whether a request is meant (section 5.3); `lease_seconds` etc. may be changed."""
        fields = {
            "mode": request["hub.mode"],
            "topic": request["hub.topic"],
            "challenge": CHALLENGE,
            "lease_seconds": request.get("hub.lease_seconds", ""),
        } | changes
        return self.call(request, "GET", fields)

    def deny(self, request: Mapping[str, str], reason: str = "closed") -> Said:
        """Deny a subscription (section 5.2)."""
        fields = {"mode": "denied", "topic": request["hub.topic"], "reason": reason}
        return self.call(request, "GET", fields)

    def push(
        self,
        request: Mapping[str, str],
        body: bytes,
        *,
        method: str | None = "sha256",
        secret: str | None = None,
        path: str | None = None,
    ) -> Said:
        """Push a document, signed by a method; None: unsigned."""
        headers = {"Content-Type": "application/rss+xml", "Content-Length": str(len(body))}
        if method is not None:
            key = request["hub.secret"] if secret is None else secret
            digest = hmac.new(key.encode(), body, method).hexdigest()
            headers["X-Hub-Signature"] = f"{method}={digest}"
        target = path or urlsplit(request["hub.callback"]).path
        return self._send("POST", target, body, headers)

    def call(self, request: Mapping[str, str], method: str, fields: Mapping[str, str]) -> Said:
        """Call a request's callback with some `hub.` fields."""
        query = urlencode({f"hub.{name}": value for name, value in fields.items() if value})
        return self._send(method, f"{urlsplit(request['hub.callback']).path}?{query}", b"", {})

    def _send(self, method: str, target: str, body: bytes, headers: Mapping[str, str]) -> Said:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        try:
            connection.request(method, target, body or None, dict(headers))
            with connection.getresponse() as answer:
                return Said(
                    status=answer.status,
                    text=answer.read().decode(),
                    headers={name.lower(): value for name, value in answer.headers.items()},
                )
        finally:
            connection.close()
