"""Begin to answer at once: a line on the terminal until the command has something to say.

Loading the database and the topics takes a second or two on a small machine. A person must see at
once that the command is at work. When output is piped, nothing is printed.
"""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

# Back to the beginning of the line, and erase it.
_ERASE = "\r\x1b[K"


class Waiting:
    """A line on the terminal that the first output takes the place of."""

    def __init__(self, words: str, out: TextIO, err: TextIO) -> None:
        """Print the line, and watch both streams from now on."""
        self._streams = (out, err)
        self._is_shown = True
        err.write(words)
        err.flush()
        sys.stdout, sys.stderr = _Watched(self, out), _Watched(self, err)

    def end(self) -> None:
        """Erase the line, if it is still there, and give the streams back."""
        if not self._is_shown:
            return
        self._is_shown = False
        out, err = self._streams
        err.write(_ERASE)
        err.flush()
        sys.stdout, sys.stderr = out, err


class _Watched:
    """A stream whose first use ends the waiting; all else is the stream's own."""

    def __init__(self, waiting: Waiting, stream: TextIO) -> None:
        self._waiting, self._stream = waiting, stream

    def write(self, text: str) -> int:
        """Write to the stream."""
        self._waiting.end()
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        # Who writes bytes, or many lines, does so past `write`.
        if name in {"buffer", "writelines"}:
            self._waiting.end()
        return getattr(self._stream, name)


def begin(words: str) -> Waiting | None:
    """Show a line if both streams are a terminal that can erase it; None if not."""
    if os.environ.get("TERM", "dumb") == "dumb":
        return None
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return None
    return Waiting(words, sys.stdout, sys.stderr)
