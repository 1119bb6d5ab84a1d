"""Post messages as JSON to a webhook, signed by the Standard Webhooks scheme.

Source: https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md. The
JSON is described in docs/webhook.md.
"""

from __future__ import annotations

from datetime import UTC

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from monitor.alerts.payload import encode
from monitor.errors import DeliveryError
from monitor.notify.http import post_json, refusal
from monitor.notify.told import secrets_of, told
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import Secret, WebhookTarget


class WebhookNotifier:
    """Sends the payload; its id stays the same on every try, its timestamp is the attempt's."""

    def __init__(self, target: WebhookTarget, tools: Tools) -> None:
        self._target = target
        self._tools = tools

    def send(self, message: Message) -> Sent:
        """Post it; any 2xx is a success, a redirect is followed nowhere; 410 pauses it."""
        url = self._target.url
        body = encode(message.payload)
        answer = post_json(self._tools, url, body, self._headers(message.id, body))
        if 200 <= answer.status < 300:
            said = told(answer.text, *secrets_of(url.reveal()))
            return Sent(answer=f"{answer.status} {said}".strip())
        raise refusal(answer, self._tools.clock(), *secrets_of(url.reveal()))

    def _headers(self, message_id: str, body: bytes) -> dict[str, str]:
        # The library stamps whatever wall time it is given as UTC, so it must be UTC.
        now = self._tools.clock().astimezone(UTC)
        headers = {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp()))}
        secrets = [one for one in (self._target.secret, self._target.previous_secret) if one]
        if secrets:
            # One signature each: a receiver that has taken over the new secret finds its own, and
            # so does one that has not.
            headers["webhook-signature"] = " ".join(
                _signer(secret).sign(message_id, now, body.decode()) for secret in secrets
            )
        return headers


def _signer(secret: Secret) -> Webhook:
    try:
        return Webhook(secret.reveal())
    except (ValueError, EmptyWebhookSecretError):
        # Not chained: the cause might quote the secret.
        raise DeliveryError(
            "the webhook's secret is not base64, with or without `whsec_` before it",
            permanent=True,
            scope="destination",
        ) from None
