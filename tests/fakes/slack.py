"""Slack's Web API on loopback, as far as a bot uses it."""

from __future__ import annotations

import json
from typing import Any

from tests.fakes.service import wait_until
from tests.fakes.web import RecordedRequest, Reply, WebServer

TOKEN = "xoxb-47110815-5f3d"
POST, UPDATE = "/api/chat.postMessage", "/api/chat.update"


class Slack:
    """The Web API, which names its messages by counting them."""

    def __init__(self, web: WebServer) -> None:
        self._web = web
        self._web.route(POST, self._post)
        self._web.route(UPDATE, Reply(body=b'{"ok":true,"channel":"C1","ts":"1.0"}'))

    @property
    def target(self) -> dict[str, Any]:
        """How the configuration names it."""
        api_url = self._web.url("/api")
        return {"slack": {"bot_token": TOKEN, "channel": "#desk", "api_url": api_url}}

    def _post(self, _request: RecordedRequest) -> Reply:
        said = {"ok": True, "channel": "C1", "ts": f"{len(self.bodies(POST))}.0"}
        return Reply(body=json.dumps(said).encode())

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """Give what came to a method."""
        return [json.loads(one.body) for one in self._web.requests(path)]

    def wait_for(self, path: str, count: int) -> list[dict[str, Any]]:
        """Give what came to a method once there is so much of it."""
        wait_until(
            lambda: len(self.bodies(path)) >= count,
            lambda: f"{len(self.bodies(path))} of {count} came to {path}",
        )
        return self.bodies(path)
