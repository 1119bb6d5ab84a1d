"""What `feeds lists` finds."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from monitor.cli import main
from monitor.cli.screen import WIDTH


@pytest.mark.parametrize(
    "word,names",
    [
        ("kenya", {"kenya"}),
        ("KE", {"kenya"}),
        ("swahili", {"kenya", "tanzania"}),
        ("sw", {"kenya", "tanzania"}),
        ("bosnia", {"bosnia-and-herzegovina"}),
        ("Folha de S", {"brazil"}),
        ("portuguese", {"brazil", "portugal"}),
    ],
)
def test_lists_are_found_by_what_people_know(word: str, names: set[str]) -> None:
    """A list is found by its country, a language, their codes, or an outlet in it."""
    done = CliRunner().invoke(main, ["feeds", "lists", word, "--json"])
    found = json.loads(done.stdout)
    assert {one["name"] for one in found} == {f"builtin:{name}" for name in names}
    assert all(feed["url"].startswith("https://") for one in found for feed in one["feeds"])


def test_all_lists_fit_the_screen() -> None:
    """Without a word each list has a line of at most 80 columns, and it ends with what to write."""
    done = CliRunner().invoke(main, ["feeds", "lists"])
    lines = done.stdout.splitlines()
    assert len([line for line in lines if line.startswith("builtin:")]) > 40
    assert max(map(len, lines)) <= WIDTH
    assert lines[-1].startswith("Into the configuration: `- opml: builtin:")


def test_a_word_that_fits_nothing_is_a_failure() -> None:
    """What no list has to do with ends with 1 and says so."""
    done = CliRunner().invoke(main, ["feeds", "lists", "xq"])
    assert done.exit_code == 1
    assert "no list has to do with 'xq'" in done.stderr
