"""The manual page and the completion of shells."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from monitor.cli import EX_CONFIG, EX_DATAERR, completion, main, manual
from monitor.config import builtin

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "man" / "seedwatch.1"
CONFIG = """\
topics:
  border: {seeds: [a.txt], receivers: [desk]}
  # 'old': not any more
  "us: tax":
    seeds: [b.txt]
    receivers: [desk]
receivers:
    desk: [console]
    pager:
        - slack: {webhook_url_file: credentials/slack}
store: sqlite:///x.db
"""


def every_command(group: click.Group, words: str = "") -> Iterator[tuple[str, click.Command]]:
    """Give all commands with their words."""
    for name, command in group.commands.items():
        yield f"{words}{name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{words}{name} ")


def offered(*words: str) -> list[str]:
    """Complete the last of some words."""
    asked = ShellComplete(main, {}, completion.PROGRAM, completion.VARIABLE)
    return [one.value for one in asked.get_completions(list(words[:-1]), words[-1])]


def test_the_page_is_what_the_commands_say() -> None:
    """The page of the repository is up to date; `make man` renews it."""
    done = CliRunner().invoke(main, ["man"])
    assert done.exit_code == 0
    assert done.stdout == PAGE.read_text(encoding="utf-8"), "run `make man`"


def test_the_page_has_every_command_and_option() -> None:
    """Nothing that can be typed is missing from the page."""
    page = manual.page(main).replace("\\-", "-")
    for words, command in every_command(main):
        assert f'.SS "{words}' in page
        for param in command.params:
            if isinstance(param, click.Option):
                assert all(f"\\fB{name}\\fR" in page for name in param.opts)


def test_the_page_has_the_exit_codes() -> None:
    """The exit codes of the page are those of the command line."""
    assert set(manual.EXITS) == {0, 1, 2, EX_DATAERR, EX_CONFIG}


@pytest.mark.skipif(shutil.which("groff") is None, reason="groff is absent")
def test_groff_has_no_complaint() -> None:
    """The page is set without a warning."""
    words = ["groff", "-ww", "-man", "-Tutf8", "-z", "-rLL=80n", str(PAGE)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_is_not_read_as_roff() -> None:
    """Whatever a help text holds is shown as it is."""

    @click.command("dots", help=".SH no heading\n\n'quoted' \\fBnot bold\\fR – “so” ^~")
    def dots() -> None:
        """Do nothing."""

    page = manual.page(click.Group("x", commands=[dots], help="Try it."))
    assert "\n\\&.SH no heading\n" in page
    assert (
        "\n\\(aqquoted\\(aq \\efBnot bold\\efR \\[u2013] \\[u201C]so\\[u201D] \\(ha\\(ti\n" in page
    )


@pytest.mark.parametrize("shell", list(completion.WHERE))
def test_each_shell_has_its_script(shell: str) -> None:
    """The script hands the line to the program itself, and its help says where it goes."""
    done = CliRunner().invoke(main, ["completion", shell])
    assert done.exit_code == 0
    assert f"_SEEDWATCH_COMPLETE={shell}_complete" in done.stdout
    told = CliRunner().invoke(main, ["completion", "--help"]).stdout
    assert f"> {completion.WHERE[shell]}" in told


def test_names_of_the_configuration_are_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Topics and receivers of the file that the command would read are offered."""
    (tmp_path / "seedwatch.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert offered("alerts", "--topic", "") == ["border", "us: tax"]
    assert offered("preview", "b") == ["border"]
    assert offered("test-alert", "") == ["desk", "pager"]
    assert offered("silence", "add", "--receiver", "pa") == ["pager"]
    named = tmp_path / "other.yaml"
    named.write_text(CONFIG.replace("border", "tides"), encoding="utf-8")
    assert offered("--config", str(named), "preview", "t") == ["tides"]


def test_without_a_configuration_nothing_is_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no file, or a folder in its place, completion is silent."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert offered("--config", str(tmp_path), "preview", "") == []
    assert offered("--config", str(tmp_path / "none.yaml"), "preview", "") == []


def test_builtin_lists_are_offered() -> None:
    """`feeds lists` completes the names of the lists that come along."""
    assert offered("feeds", "lists", "") == sorted(builtin.names())
    assert offered("feeds", "lists", "keny") == ["kenya"]


def test_commands_are_offered() -> None:
    """Click's own completion stands: commands and options."""
    assert offered("feeds", "li") == ["list", "lists"]
    assert "--dry-run" in offered("once", "--")


def test_a_name_that_is_not_known_is_taken() -> None:
    """What is offered binds nobody: each other name goes through to the command."""
    name = completion.TOPIC.convert("elsewhere", None, None)
    assert name == "elsewhere"
