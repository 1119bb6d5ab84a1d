"""What a channel is asked for, and what it may ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from monitor.records.outbox import Message, Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an HTTP endpoint said to a POST."""

    status: int
    headers: Mapping[str, str]
    # At most some kilobytes.
    text: str


class Post(Protocol):
    """Send one HTTP POST, without following redirects; the one way out for notifiers.

    Raises `DeliveryError` (temporary) if no answer came in time.
    """

    def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send it."""
        ...


class Notifier(Protocol):
    """The code of one kind of destination: no retries, no store, no clock inside."""

    def send(self, message: Message) -> Sent:
        """Send the message and return what the other side said.

        Raises `DeliveryError`, permanent or temporary.
        """
        ...


@runtime_checkable
class Editor(Notifier, Protocol):
    """A notifier whose messages can be edited in place."""

    def edit(self, message: Message, receipt: Mapping[str, str]) -> None:
        """Put the message in the place of the one that the receipt is of.

        Raises `DeliveryError`; permanent, too, if that one is gone or may not be edited.
        """
        ...
