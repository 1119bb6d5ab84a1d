"""Golden screens: each command at 80 columns without colour, on a fixed desk and clock.

`SEEDWATCH_SCREENS=write python -m pytest tests/cli/test_screens.py -n 0` writes them anew. Another
screen is another line of `SCREENS`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor.cli import main
from tests.article.pages import FERRY
from tests.cli.desk import fill, write
from tests.fakes.made import HOUR, NOW

FOLDER = Path(__file__).parents[1] / "screens"
WRITES = os.environ.get("SEEDWATCH_SCREENS") == "write"
WIDTH = 80
TITLE = "Ferry runs aground off Mombasa with 214 on board"

# The file of the screen -> the words of the command.
SCREENS: dict[str, tuple[str, ...]] = {
    "check": ("check",),
    "check-ci": ("check", "--ci"),
    "alerts": ("alerts",),
    "deliveries": ("deliveries",),
    "feedback-list": ("feedback", "list"),
    "feeds-list": ("feeds", "list"),
    "feeds-lists": ("feeds", "lists", "kenya"),
    "silence-list": ("silence", "list"),
    "preview": ("preview", "border"),
    "topics-list": ("topics", "list"),
    "topics-show": ("topics", "show", "border"),
    "why": ("why", "wire"),
    "why-not": ("why-not", "hockey"),
    "why-not-text": ("why-not", "Goats win the cup"),
    "feedback-dry-run": ("feedback", "yes", "hockey", "--dry-run"),
    "add": ("add", "article.txt", "--name", "ferry", "--list", "kenya", "--no-poll", "--yes"),
    "init": ("init", "new"),
}


def commands(group: click.Group, *words: str) -> Iterator[tuple[str, ...]]:
    """Give the words of every command and group."""
    yield words
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *words, name)
        else:
            yield (*words, name)


COMMANDS = list(commands(main))


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the desk, as the folder that the commands run in, three hours after it was filled."""
    path = write(tmp_path)
    fill(path)
    (tmp_path / "article.txt").write_text("\n\n".join((TITLE, *FERRY)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.setattr("monitor.clock.utc_now", lambda: NOW + 3 * HOUR)
    return path


def compare(name: str, text: str) -> None:
    """Hold a screen against its golden."""
    assert max(map(len, text.splitlines()), default=0) <= WIDTH
    assert "\x1b" not in text
    golden = FOLDER / f"{name}.txt"
    if WRITES:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.parametrize("name", list(SCREENS))
def test_screens_are_as_their_goldens(desk: Path, name: str) -> None:
    """What a command shows is what its golden shows, in 80 columns and without colour."""
    done = CliRunner().invoke(main, ["-c", desk.name, *SCREENS[name]])
    assert done.exit_code == 0, done.output
    compare(name, done.output)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: "-".join(words) or "seedwatch")
def test_the_help_of_each_command_fits(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each command explains itself in 80 columns, and has an example."""
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    done = CliRunner().invoke(main, [*words, "--help"], prog_name="seedwatch")
    assert done.exit_code == 0
    assert not words or "Example" in done.output
    compare("-".join(("help", *words)), done.output)
