"""The docs tell the truth: their commands, links and words are checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.cli import main
from monitor.records import SENTENCES, Reason

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
# Words that the glossary bans as names of ours, where they would stand for something else.
BANNED = re.compile(
    r"\b(?:class|def) \w*(?:(?<!pool)(?<!alert)manager|helper|util|handler_|notification)\w*",
    re.IGNORECASE,
)


def test_readme_names_every_command() -> None:
    """The README's table of commands has each command there is, and no other."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `seedwatch ([a-z-]+)", text, re.MULTILINE))
    assert named == set(main.commands)


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.name)
def test_links_lead_somewhere(doc: Path) -> None:
    """Each relative link in the docs names a file that exists."""
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", doc.read_text(encoding="utf-8"))
    assert [link for link in links if not (doc.parent / link).exists()] == []


@pytest.mark.parametrize("doc", DOCS, ids=lambda doc: doc.name)
def test_commands_in_docs_exist(doc: Path) -> None:
    """Each `seedwatch …` in the docs is a command."""
    text = doc.read_text(encoding="utf-8")
    named = re.findall(r"(?:`|bin/|^\s*)seedwatch (?:-c \S+ )?([a-z-]{2,})\b", text, re.MULTILINE)
    assert [name for name in named if name not in main.commands] == []


@pytest.mark.parametrize("name", list(main.commands))
def test_help_fits_and_tells(name: str) -> None:
    """Each command's help says what it does, in 80 columns."""
    result = CliRunner().invoke(main, [name, "--help"], terminal_width=80)
    assert result.exit_code == 0
    assert max(map(len, result.output.splitlines())) <= 80
    assert main.commands[name].help


def test_every_reason_has_its_sentence() -> None:
    """No decision is left without words."""
    assert set(SENTENCES) == set(Reason)


def test_names_are_those_of_the_glossary() -> None:
    """No class or function is named by a word that the glossary bans."""
    sources = sorted((ROOT / "monitor").rglob("*.py"))
    found = [
        f"{path.name}: {match.group()}"
        for path in sources
        for match in BANNED.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_makefile_has_what_the_readme_promises() -> None:
    """`make run`, `make test`, `make demo` and `make check` are there."""
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in ("run", "test", "demo", "check", "setup"):
        assert re.search(rf"^{target}:", text, re.MULTILINE), target


def test_the_promise_is_printed() -> None:
    """The README prints what is promised of messages, word for word."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    promise = " ".join(re.findall(r"^> (.+)$", text, re.MULTILINE))
    assert promise == (
        "At least once. A duplicate only after a crash or an unanswered request, and always under"
        " the same id. Nothing is dropped in silence: every delivery ends `delivered`, `expired` or"
        " `dead`, and a dead one is visible in `status`, in the log, in the metrics, and as one"
        " notice through another receiver."
    )


def test_the_tests_that_the_docs_name_exist() -> None:
    """Each test that the design notes name as what holds a promise is there."""
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(test_\w+)`", text))
    assert len(named) > 40
    code = "\n".join(one.read_text(encoding="utf-8") for one in (ROOT / "tests").rglob("test_*.py"))
    assert named - set(re.findall(r"^def (test_\w+)", code, re.MULTILINE)) == set()
