"""Write messages to standard output."""

from __future__ import annotations

import sys
from typing import TextIO

from monitor.alerts.wording import COLUMNS, printable
from monitor.errors import DeliveryError
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import ConsoleTarget

SEPARATOR = "-" * COLUMNS


class ConsoleNotifier:
    """Writes the text of a message under a separator line, flushed.

    Nothing but printable characters: what a feed says cannot steer the terminal.
    """

    def __init__(
        self, _target: ConsoleTarget, _tools: Tools | None = None, *, stream: TextIO | None = None
    ) -> None:
        self._stream = stream

    def send(self, message: Message) -> Sent:
        """Write it; a stream that cannot be written to is a temporary failure."""
        # Looked up now: whoever redirects standard output means this message too.
        stream = self._stream or sys.stdout
        text = f"{SEPARATOR}\n{printable(message.text).rstrip()}\n"
        encoding = stream.encoding or "utf-8"
        try:
            # One write, so that messages of two threads do not mix.
            stream.write(text.encode(encoding, "replace").decode(encoding))
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"cannot write to the console: {error}", permanent=False) from error
        return Sent(answer="written")
