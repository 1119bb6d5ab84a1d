"""Post messages as alerts to a Prometheus Alertmanager, whose own routes take over from there.

Source: https://github.com/prometheus/alertmanager, api/v2/openapi.yaml, `POST /alerts`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from monitor.alerts.payload import encode
from monitor.notify.http import post_json, refusal
from monitor.notify.told import secrets_of, told
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import AlertmanagerTarget, Secret

# Labels of ours: together they make the alert what it is, so configuration may not change them.
OURS = ("alertname", "topic", "reason", "story", "alert_id")


class AlertmanagerNotifier:
    """Sends each message as one alert that resolves by itself after a while.

    Its labels are the same on every try, so Alertmanager takes a repeat for the same alert.
    """

    def __init__(self, target: AlertmanagerTarget, tools: Tools) -> None:
        self._target = target
        self._url = Secret(f"{target.url.reveal().rstrip('/')}/api/v2/alerts")
        self._tools = tools

    def send(self, message: Message) -> Sent:
        """Post it; any 2xx is a success."""
        now = self._tools.clock()
        token = self._target.token
        headers = {"Authorization": f"Bearer {token.reveal()}"} if token else {}
        body = encode([self._alert(message, now)])
        answer = post_json(self._tools, self._url, body, headers)
        secrets = (*secrets_of(self._url.reveal()), *([token.reveal()] if token else ()))
        if 200 <= answer.status < 300:
            return Sent(answer=f"{answer.status} {told(answer.text, *secrets)}".strip())
        raise refusal(answer, now, *secrets)

    def _alert(self, message: Message, now: datetime) -> dict[str, Any]:
        said = message.payload
        items = said.get("items") or [{}]
        labels = {
            **self._target.labels,
            "alertname": "seedwatch",
            "topic": message.topic,
            "reason": said.get("reason", ""),
            "story": message.story_id,
            # Two updates of one story are two alerts: the second is told as well.
            "alert_id": said.get("id") or message.id,
        }
        alert = {
            # One without a value is as good as absent.
            "labels": {name: text for name, text in labels.items() if text},
            "annotations": {"summary": message.subject, "description": message.text},
            "startsAt": _rfc3339(message.created_at),
            # Counted from this try: an end that has passed would tell nobody.
            "endsAt": _rfc3339(max(now, message.created_at) + self._target.lasts),
        }
        url = items[0].get("url")
        return {**alert, "generatorURL": url} if url else alert


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
