"""The console."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from monitor.errors import DeliveryError
from monitor.notify.console import SEPARATOR, ConsoleNotifier
from monitor.targets import ConsoleTarget
from tests.fakes.alerts import message


class Flushed(io.StringIO):
    """Counts what was flushed."""

    seen = ""

    def flush(self) -> None:
        """Remember how far it was flushed."""
        self.seen = self.getvalue()


def test_the_text_is_written_and_flushed() -> None:
    """The message's text stands under a line, and is out before `send` returns."""
    stream = Flushed()
    assert ConsoleNotifier(ConsoleTarget(), stream=stream).send(message()).answer == "written"
    assert stream.seen == f"{SEPARATOR}\n{message().text}"


def test_no_control_characters() -> None:
    """Even a text that was not rendered by us cannot steer the terminal."""
    stream = io.StringIO()
    hostile = replace(message(), text="a\x1b]0;owned\x07b\r\n\tc\x9bd\u202ee\n")
    ConsoleNotifier(ConsoleTarget(), stream=stream).send(hostile)
    assert stream.getvalue() == f"{SEPARATOR}\na ]0;owned b \n c de\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal(encoding: str) -> None:
    """A terminal that cannot show a character shows a question mark; the message is not lost."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding)
    ConsoleNotifier(ConsoleTarget(), stream=stream).send(message(title="Kuźnica граница"))
    shown = raw.getvalue().decode(encoding)
    assert ("Kuźnica граница" if encoding == "utf-8" else "Ku?nica ???????") in shown


def test_a_closed_stream_may_pass() -> None:
    """A console that is gone is a temporary failure."""
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError, match="cannot write to the console") as caught:
        ConsoleNotifier(ConsoleTarget(), stream=stream).send(message())
    assert not caught.value.permanent
