"""A changed configuration is written whole and right, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config.rewrite import draft, read_text, write
from monitor.errors import SeedwatchError

GOOD = """\
topics:
  border: {seeds: [seed.txt], receivers: [me]}
feeds:
  world: ["https://a.example/1"]
receivers:
  me: [console]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a configuration that is right."""
    (tmp_path / "seed.txt").write_text("Poland shut its border with Belarus. " * 20)
    path = tmp_path / "seedwatch.yaml"
    path.write_text(GOOD)
    path.chmod(0o640)
    return path


def names(path: Path) -> set[str]:
    """Return what lies in the folder."""
    return {one.name for one in path.parent.iterdir()}


def test_what_is_right_is_written(path: Path) -> None:
    """The new text takes the old one's place, with its permissions, and nothing is left beside."""
    was, text = read_text(path)
    made = draft(path, was, text.replace("/1", "/2"), {})
    assert path.read_text() == GOOD
    assert [feed.url for feed in made.settings.feeds] == ["https://a.example/2"]
    assert made.settings.path == path
    write(made)
    assert path.read_text() == GOOD.replace("/1", "/2")
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(path) == {"seed.txt", "seedwatch.yaml"}


@pytest.mark.parametrize("wrong", ["[", "topics: {}", GOOD.replace("a.example", "a b")])
def test_what_is_wrong_is_refused(path: Path, wrong: str) -> None:
    """A text with a fault is never written, and the fault is told."""
    with pytest.raises(
        SeedwatchError, match=r"^nothing was written: seedwatch\.yaml would no longer"
    ):
        draft(path, path.read_bytes(), wrong, {})
    assert path.read_text() == GOOD
    assert names(path) == {"seed.txt", "seedwatch.yaml"}


def test_what_somebody_else_wrote_meanwhile_stays(path: Path) -> None:
    """A file that has changed since it was read is not written over."""
    made = draft(path, path.read_bytes(), GOOD + "# ours\n", {})
    path.write_text(GOOD + "# theirs\n")
    with pytest.raises(SeedwatchError, match="has changed meanwhile"):
        write(made)
    assert path.read_text() == GOOD + "# theirs\n"


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    """What a link leads to is written; files stay relative to the link."""
    place = tmp_path / "real"
    place.mkdir()
    path.rename(place / "real.yaml")
    path.symlink_to(place / "real.yaml")
    was, text = read_text(path)
    write(draft(path, was, text + "# more\n", {}))
    assert path.is_symlink()
    assert (place / "real.yaml").read_text() == GOOD + "# more\n"


def test_a_byte_order_mark_stays(path: Path) -> None:
    """A file that begins with the mark that Windows writes keeps it."""
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    was, text = read_text(path)
    assert text == GOOD
    write(draft(path, was, text + "# more\n", {}))
    assert path.read_bytes() == b"\xef\xbb\xbf" + GOOD.encode() + b"# more\n"
