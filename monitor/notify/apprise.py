"""Send messages to any service that Apprise knows (https://github.com/caronc/apprise).

What it cannot promise: an idempotent retry (it sends no id), and telling refusals from faults
(it reports failure, the status only in words), so every failure but a wrong URL is temporary.
A URL that names several targets is one delivery: if one of them fails, all are sent again.
"""

from __future__ import annotations

import logging
import re
import warnings

from apprise import Apprise, AppriseAsset, NotificationManager, NotifyFormat

from monitor.alerts.wording import printable
from monitor.errors import DeliveryError
from monitor.notify.told import secrets_of, told
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import AppriseTarget

# It logs whole URLs at level DEBUG; what matters of its log is in our errors.
_log = logging.getLogger("apprise")
_log.setLevel(logging.WARNING)
_log.propagate = False

# Its services load here, at once: one of them imports what Python 3.11 calls deprecated.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    NotificationManager().load_modules()  # type: ignore[no-untyped-call]

_STATUS = re.compile(r"error=(\d{3})\b")
# `@everyone` wakes a whole Discord server; outside of URLs, a name is cut from its sign.
_MENTION = re.compile(r"(?<![\w/])@(?=\w)|<(?=[!@#])")


class AppriseNotifier:
    """Sends subject and text to one Apprise URL, once: retries are not Apprise's to make."""

    def __init__(self, target: AppriseTarget, tools: Tools) -> None:
        self._url = target.url
        self._seconds = tools.timeout.total_seconds()

    def send(self, message: Message) -> Sent:
        """Send it; a URL that Apprise does not understand is a permanent failure."""
        asset = AppriseAsset(
            app_id="seedwatch",
            # Followed, a redirected POST arrives as an empty GET and counts as a success.
            http_redirects=False,
            # Nothing is kept on disk.
            storage_mode="memory",
            pgp_autogen=False,
            pem_autogen=False,
            # A title's `:smile:` and `\n` are text.
            interpret_emojis=False,
            interpret_escapes=False,
            # Beyond it the service may still be sending: long, so that sockets give up first.
            service_timeout=3 * self._seconds,
        )
        service = Apprise.instantiate(self._url.reveal(), asset=asset)
        if service is None:
            raise DeliveryError(
                "Apprise does not understand this URL", permanent=True, scope="destination"
            )
        # The URL may ask for retries or redirects, and count failures as successes: not here.
        service.retry, service.optional, service.redirects = 0, False, False
        service.socket_connect_timeout = service.socket_read_timeout = self._seconds
        services = Apprise(asset=asset)
        services.add(service)
        result = services.notify(
            title=_inert(message.subject),
            body=_inert(message.text),
            body_format=NotifyFormat.TEXT,
        )
        with result:
            is_unsure = result.timeout_count > 0
            if result:
                return Sent(answer=f"{told(str(service.service_name))} took it")
            words = " ".join(entry.message for entry in result.logs())
        status = _STATUS.search(words)
        raise DeliveryError(
            told(words, *secrets_of(self._url.reveal())) or "Apprise reports a failure",
            permanent=False,
            code=int(status[1]) if status else None,
            # It gave up waiting, while the service may be sending still.
            unsure=is_unsure,
        )


def _inert(text: str) -> str:
    """Take from names and brackets the power to mention, without changing what is seen."""
    return _MENTION.sub(lambda sign: f"{sign[0]}\u200b", printable(text))
