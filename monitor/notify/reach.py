"""Whether a destination can be reached, as far as that can be said without sending anything."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from monitor.errors import DeliveryError
from monitor.notify.email import EmailNotifier
from monitor.notify.slack_bot import SlackBotNotifier
from monitor.notify.told import secrets_of, told
from monitor.notify.tools import Tools
from monitor.records import FetchFailure
from monitor.targets import (
    AlertmanagerTarget,
    AppriseTarget,
    ConsoleTarget,
    EmailTarget,
    FileTarget,
    Secret,
    SlackBotTarget,
    SlackTarget,
    Target,
    WebhookTarget,
)

# Connects to where a URL leads and hangs up; gives what is in the way.
Connect = Callable[[str], FetchFailure | None]


def reach(target: Target, tools: Tools, connect: Connect) -> str:
    """Go as far as possible without sending, and say how far that was.

    Raises `DeliveryError` with what is in the way, without secrets.
    """
    match target:
        case EmailTarget():
            EmailNotifier(target, tools).knock()
            return "the mail server takes us" + (" and the password" if target.password else "")
        case SlackBotTarget():
            SlackBotNotifier(target, tools).knock()
            return "Slack knows the token"
        case SlackTarget(webhook_url=url) | WebhookTarget(url=url) | AlertmanagerTarget(url=url):
            _connect(url, connect)
            return "its server can be reached"
        case FileTarget():
            _look_at_files(target)
            return "its files can be written"
        case ConsoleTarget():
            return "standard output"
        case AppriseTarget():
            return "Apprise can only be tried by sending: `seedwatch test-alert`"


def _connect(url: Secret, connect: Connect) -> None:
    failure = connect(url.reveal())
    if failure is not None:
        cause = told(failure.told, *secrets_of(url.reveal()))
        raise DeliveryError(cause, permanent=False)


def _look_at_files(target: FileTarget) -> None:
    for name in filter(None, (target.atom, target.jsonl)):
        path = Path(name)
        # Atom feeds are written beside and moved; the folder counts as much as the file.
        for one in (path.parent, *([path] if path.exists() else [])):
            if not os.access(one, os.W_OK):
                raise DeliveryError(f"{one} cannot be written", permanent=True)
