"""A terminal of 80 columns in which a test types as a person does, and reads what stands there.

with Terminal(folder, environment) as terminal:
    terminal.type("seedwatch check")
    terminal.wait()
    assert "fine" in terminal.text

Programs see a real terminal (they ask, colour and move); what is kept is what stood on the
screen at the end, as the eye has it: a bar that moved is there once.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

import pexpect
import pyte

COLUMNS = 80
# More than a session writes; the screen never scrolls, so nothing is lost at its top.
LINES = 1500
PROMPT = "$ "
PATIENCE = 60.0


class Terminal:
    """A shell on a pseudo-terminal, and the screen that it draws."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment) | {
            "TERM": "xterm",
            "PS1": PROMPT,
            "BASH_SILENCE_DEPRECATION_WARNING": "1",
            "COLUMNS": str(COLUMNS),
        }
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)

    def __enter__(self) -> Self:
        bash = shutil.which("bash") or "/bin/bash"
        self._shell = pexpect.spawn(
            bash,
            ["--norc", "--noprofile", "--noediting"],
            cwd=str(self._folder),
            env=self._environment,
            encoding="utf-8",
            codec_errors="replace",
            dimensions=(24, COLUMNS),
            timeout=PATIENCE,
        )
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._shell.close(force=True)

    @property
    def text(self) -> str:
        """What stands on the screen, blanks at the ends of lines taken off."""
        self._read(0.0)
        rows = (self._screen.buffer[row] for row in range(self._screen.cursor.y + 1))
        lines = ("".join(row[column].data for column in range(COLUMNS)).rstrip() for row in rows)
        return "\n".join(lines)

    def type(self, words: str) -> None:
        """Type a line, and press return; ends when the terminal shows it."""
        row = self._screen.cursor.y
        self._shell.sendline(words)
        self.wait_for(lambda _: self._screen.cursor.y > row)

    def press(self, letter: str) -> None:
        """Hold control and press a letter: `c` interrupts."""
        self._shell.sendcontrol(letter)

    def wait(self, *, until: str | None = None, seconds: float = PATIENCE) -> None:
        """Wait until the shell asks again, or a pattern stands in the last line but blanks.

        Raises AssertionError, with the end of the screen, if it does not come.
        """
        found = re.compile(until).search if until else re.compile(rf"^{re.escape(PROMPT)}?$").search
        self.wait_for(lambda text: found(_last_line(text)) is not None, seconds)

    def wait_for(self, holds: Callable[[str], bool], seconds: float = PATIENCE) -> None:
        """Wait until what stands on the screen has a quality."""
        give_up_at = time.monotonic() + seconds
        while not holds(self.text):
            assert time.monotonic() < give_up_at, f"still:\n{self.text[-2000:]}"
            self._read(0.2)

    def _read(self, seconds: float) -> None:
        """Draw what has come; wait for the first of it at most so long."""
        try:
            while True:
                self._stream.feed(self._shell.read_nonblocking(65536, timeout=seconds))
                seconds = 0.0
        except (pexpect.TIMEOUT, pexpect.EOF):
            return


def _last_line(text: str) -> str:
    return text.rpartition("\n")[2]
