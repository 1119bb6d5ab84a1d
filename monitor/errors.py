"""Every error that seedwatch raises on purpose.

An error says what, where and the value, and if it can, the cure. Its cause is chained.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

# What a permanent failure is about: this one message, or whatever is sent to that destination.
Scope = Literal["message", "destination"]


class SeedwatchError(Exception):
    """Something went wrong that a user can read about in one line."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Fault:
    """One thing wrong in a file that a user wrote."""

    # The file as the user knows it, e.g. `seedwatch.yaml`.
    file: str
    # Counted from 1; 0 where no line can be named.
    line: int
    # Dotted path of the key, e.g. `topics.border.threshold`; empty for the file as a whole.
    path: str
    # What is wrong with it and, if we know, the cure.
    what: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.path}: {self.what}" if self.path else f"{where}: {self.what}"


class ConfigError(SeedwatchError):
    """The configuration is wrong; carries all its faults, in the order of their lines."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = tuple(sorted(faults))
        super().__init__("\n".join(str(fault) for fault in self.faults))


class BadTemplateError(SeedwatchError):
    """A template cannot be used; the text says why in one line."""

    def __init__(self, what: str, *, line: int) -> None:
        super().__init__(what)
        self.what = what
        # Counted from 1 within the template; 0 for all of it.
        self.line = line


class WeighingError(SeedwatchError):
    """The seeds' terms could not be weighed; the text says why in one line."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"the seeds cannot be weighed: {cause}")


class ParseError(SeedwatchError):
    """A document is not a feed; the text says why in one line."""


class ArticleError(SeedwatchError):
    """A page gave no article text."""


class StoreError(SeedwatchError):
    """The database cannot be used as it is."""


class RefusedStoreError(StoreError):
    """The database cannot be used until a person has done something about it."""


class DeliveryError(SeedwatchError):
    """The other side did not take the message.

    `permanent` means that sending the same message again cannot help; only a temporary
    failure is retried, not before `retry_after` if the other side named a time. `scope` says what
    a permanent failure is about: this message (it is dead), or the destination as such (it is
    paused until a person has looked at it). `unsure` means that all of the message was sent and no
    answer came: it may have arrived.
    """

    def __init__(
        self,
        what: str,
        *,
        permanent: bool,
        retry_after: timedelta | None = None,
        code: int | None = None,
        scope: Scope = "message",
        unsure: bool = False,
    ) -> None:
        super().__init__(what)
        self.permanent = permanent
        self.retry_after = retry_after
        self.code = code
        self.scope = scope
        self.unsure = unsure
