"""Where messages go: one record per kind of destination, as the configuration describes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseTarget:
    """Any service that Apprise knows, by its URL (which holds its secrets)."""

    url: Secret


Target = ConsoleTarget | SlackTarget | EmailTarget | WebhookTarget | AppriseTarget


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
