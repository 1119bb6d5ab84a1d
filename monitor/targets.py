"""Where messages go: one record per kind of destination, as the configuration describes it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import Literal


class Secret:
    """A text that no log, dump or error may show; only `reveal` gives it away."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself, for the one call that needs it."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleTarget:
    """Standard output."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackTarget:
    """A Slack incoming webhook."""

    # The URL is itself the secret.
    webhook_url: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackBotTarget:
    """A channel of Slack, as a bot: unlike a webhook it learns how Slack knows its messages."""

    token: Secret
    # Its id (`C0123456789`) or its name.
    channel: str
    # Of the Web API, without a slash at its end.
    api_url: str = "https://slack.com/api"
    # An update goes into its story's thread; here also into the channel.
    updates_in_channel: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailTarget:
    """One mailbox, through an SMTP server: each recipient settles alone, none is mailed twice."""

    to: str
    sender: str
    host: str
    port: int
    # `starttls`: refuse to go on if the server has none; `tls`: from the first byte (465).
    security: Literal["starttls", "tls", "none"]
    username: str | None = None
    password: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookTarget:
    """An HTTP endpoint that takes our JSON, signed by the Standard Webhooks scheme."""

    # May carry a token in its path or query: never shown whole.
    url: Secret
    # `whsec_` and base64, or base64 alone; None sends unsigned.
    secret: Secret | None = None
    # Signs as well, while a receiver changes from one to the other.
    previous_secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseTarget:
    """Any service that Apprise knows, by its URL (which holds its secrets)."""

    url: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTarget:
    """Files of this machine that others read: an Atom feed, JSON Lines, or both."""

    # Paths, absolute.
    atom: str | None = None
    # Of the Atom feed, the newest.
    entries: int = 100
    jsonl: str | None = None
    # Of each file; JSON Lines keep as many again in a file of the same name with `.1`.
    max_bytes: int = 10_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerTarget:
    """A Prometheus Alertmanager, whose routes and silences take over from there."""

    # Its address without `/api/v2/alerts`; may hold a login.
    url: Secret
    token: Secret | None = None
    # Beside our own, e.g. for its routes.
    labels: Mapping[str, str] = field(default_factory=dict)
    # After it the alert resolves there: news do not fire for ever.
    lasts: timedelta = timedelta(hours=1)


Target = (
    ConsoleTarget
    | SlackTarget
    | SlackBotTarget
    | EmailTarget
    | WebhookTarget
    | AppriseTarget
    | FileTarget
    | AlertmanagerTarget
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """One entry of a receiver's list."""

    # `newsroom/1-slack`: the receiver, its place in the list counted from 1, its kind;
    # for mail also the recipient, `newsroom/2-email-desk@example.org`.
    name: str
    receiver: str
    kind: str
    target: Target


def fingerprint(target: Target) -> str:
    """Give eight digits that change when anything of a target does, its secrets too.

    No more than eight, so that whoever guesses at a secret finds many that fit and learns nothing
    certain; one change in four thousand million goes unnoticed.
    """
    spelt = [type(target).__name__]
    spelt += [f"{one.name}={_spelt(getattr(target, one.name))}" for one in fields(target)]
    return hashlib.sha256("\n".join(spelt).encode()).hexdigest()[:8]


def _spelt(value: object) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, tuple):
        return " ".join(map(_spelt, value))
    return repr(value)
