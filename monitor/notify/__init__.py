"""Take a message to where it should go: one kind of destination, one short file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from monitor.notify.alertmanager import AlertmanagerNotifier
from monitor.notify.console import ConsoleNotifier
from monitor.notify.email import EmailNotifier
from monitor.notify.file import FileNotifier
from monitor.notify.reach import reach
from monitor.notify.slack import SlackNotifier
from monitor.notify.slack_bot import SlackBotNotifier
from monitor.notify.tools import Tools
from monitor.notify.webhook import WebhookNotifier
from monitor.records import Notifier, Post
from monitor.targets import (
    AlertmanagerTarget,
    AppriseTarget,
    ConsoleTarget,
    EmailTarget,
    FileTarget,
    SlackBotTarget,
    SlackTarget,
    Target,
    WebhookTarget,
)

__all__ = ["KINDS", "Tools", "build", "reach"]


def _apprise(target: AppriseTarget, tools: Tools) -> Notifier:
    # Apprise and its services take 0.3 s to import: only who uses them pays.
    from monitor.notify.apprise import AppriseNotifier  # noqa: PLC0415

    return AppriseNotifier(target, tools)


# kind -> what describes it, what sends to it. A new kind is a new row.
KINDS: Mapping[str, tuple[type[Target], Callable[[Any, Tools], Notifier]]] = {
    "console": (ConsoleTarget, ConsoleNotifier),
    "slack": (SlackTarget, SlackNotifier),
    "slack-bot": (SlackBotTarget, SlackBotNotifier),
    "email": (EmailTarget, EmailNotifier),
    "webhook": (WebhookTarget, WebhookNotifier),
    "apprise": (AppriseTarget, _apprise),
    "file": (FileTarget, FileNotifier),
    "alertmanager": (AlertmanagerTarget, AlertmanagerNotifier),
}


def build(
    target: Target, *, post: Post, timeout: timedelta, clock: Callable[[], datetime]
) -> Notifier:
    """Build the notifier for a target; nothing is opened or sent yet.

    `post` is the way out for HTTP, `timeout` bounds the other ways, `clock` gives aware UTC.
    """
    tools = Tools(post=post, timeout=timeout, clock=clock)
    makers = (make for described, make in KINDS.values() if isinstance(target, described))
    return next(makers)(target, tools)
