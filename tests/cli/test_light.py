"""Commands begin to answer at once: what they load when, and the line while they do."""

from __future__ import annotations

import json
import subprocess
import sys
from io import StringIO

import pytest

from monitor.cli.waiting import Waiting, begin
from tests.test_architecture import MODULES

# Half a second and more of processor time each, or tens of megabytes.
HEAVY = {"sklearn", "scipy", "sqlalchemy", "apscheduler", "trafilatura", "py3langid"}
# Whose every answer needs a topic or the database: there the line of `waiting` begins.
NEED_ALL = (
    "monitor.cli.add",
    "monitor.cli.ailments",
    "monitor.cli.backtest",
    "monitor.cli.data",
    "monitor.cli.doctor",
    "monitor.cli.explain",
    "monitor.cli.exporting",
    "monitor.cli.status",
)
LATE = ("_command", "_commands")
SCRIPT = """
import importlib, json, sys
names, heavy = json.loads(sys.argv[1])
found = {}
for name in names:
    importlib.import_module(name)
    if loaded := [one for one in heavy if one in sys.modules]:
        found[name] = loaded
        break
print(json.dumps(found))
"""


def test_no_module_of_the_commands_loads_what_is_heavy() -> None:
    """A command that needs no topic and no database does not wait for their libraries."""
    names = [
        name
        for name in MODULES
        if name.startswith("monitor.cli") and (name.endswith(LATE) or not name.startswith(NEED_ALL))
    ]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps([names, sorted(HEAVY)])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {}


class Terminal(StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def put_terminals(monkeypatch: pytest.MonkeyPatch) -> tuple[Terminal, Terminal]:
    """Put terminals in the place of both streams; in the test itself, as pytest has its own."""
    out, err = Terminal(), Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    return out, err


def test_the_line_gives_way_to_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line is there at once, and is erased before the first output, once."""
    out, err = put_terminals(monkeypatch)
    line = begin("one moment")
    assert isinstance(line, Waiting)
    assert err.getvalue() == "one moment"
    sys.stdout.write("answer\n")
    assert err.getvalue() == "one moment\r\x1b[K"
    assert (out.getvalue(), sys.stdout, sys.stderr) == ("answer\n", out, err)
    sys.stdout.write("more\n")
    line.end()
    assert err.getvalue() == "one moment\r\x1b[K"


def test_the_line_goes_without_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that prints nothing leaves nothing behind."""
    _, err = put_terminals(monkeypatch)
    line = begin("one moment")
    assert line is not None
    line.end()
    assert err.getvalue() == "one moment\r\x1b[K"
    assert sys.stderr is err


def test_no_line_where_nobody_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Piped output, and a terminal that cannot erase, get no line."""
    _, err = put_terminals(monkeypatch)
    monkeypatch.setenv("TERM", "dumb")
    assert begin("one moment") is None
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdout", StringIO())
    assert begin("one moment") is None
    assert err.getvalue() == ""
