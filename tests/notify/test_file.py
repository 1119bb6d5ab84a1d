"""Files that others read: whole at every moment, bounded, each message once."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import feedparser
import pytest

from monitor.errors import DeliveryError
from monitor.notify.file import FileNotifier
from monitor.records import Message
from monitor.targets import FileTarget
from tests.fakes.alerts import message


def lines(folder: Path, **changes: Any) -> FileNotifier:
    """Return a notifier that writes JSON Lines."""
    return FileNotifier(replace(FileTarget(jsonl=str(folder / "alerts.jsonl")), **changes))


def ids(path: Path) -> list[str]:
    """Give the ids of all messages in a file of JSON Lines."""
    return [json.loads(line)["message_id"] for line in path.read_text("utf-8").splitlines()]


def failure(notifier: FileNotifier, sent: Message | None = None) -> DeliveryError:
    """Return the failure of writing a message."""
    with pytest.raises(DeliveryError) as caught:
        notifier.send(sent or message())
    return caught.value


def test_both_files(tmp_path: Path) -> None:
    """A message goes into the feed and becomes a line, which is the webhook's JSON and its id."""
    atom, jsonl = tmp_path / "alerts.xml", tmp_path / "alerts.jsonl"
    notifier = FileNotifier(FileTarget(atom=str(atom), jsonl=str(jsonl)))
    answers = [notifier.send(message(f"d-{number}")).answer for number in (1, 2)]
    assert answers == ["written to alerts.xml, alerts.jsonl"] * 2
    assert len(feedparser.parse(atom.read_bytes()).entries) == 2
    assert ids(jsonl) == ["d-1", "d-2"]
    first = json.loads(jsonl.read_text("utf-8").splitlines()[0])
    assert first == {"message_id": "d-1", **json.loads(json.dumps(message("d-1").payload))}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["alerts.jsonl", "alerts.xml"]


def test_a_repeat_adds_nothing(tmp_path: Path) -> None:
    """A message that was written before a crash is not written twice."""
    for sent in (message("d-1"), message("d-2"), message("d-2")):
        lines(tmp_path).send(sent)
    assert ids(tmp_path / "alerts.jsonl") == ["d-1", "d-2"]


@pytest.mark.parametrize("torn", [b'{"message_id":"d-2","topic', b"{"])
def test_half_a_line_is_mended(tmp_path: Path, torn: bytes) -> None:
    """A line that a crash cut off is taken away, and its message is written whole."""
    path = tmp_path / "alerts.jsonl"
    lines(tmp_path).send(message("d-1"))
    with path.open("ab") as file:
        file.write(torn)
    lines(tmp_path).send(message("d-2"))
    assert ids(path) == ["d-1", "d-2"]


def test_half_a_first_line_is_mended(tmp_path: Path) -> None:
    """The same for a crash over the very first line."""
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"message_id":"d-1","to')
    lines(tmp_path).send(message("d-1"))
    assert ids(path) == ["d-1"]


def test_full_lines_make_room(tmp_path: Path) -> None:
    """A file that is full becomes `.1`, in the place of the one before: two at most."""
    notifier = lines(tmp_path, max_bytes=5_000)
    for number in range(40):
        notifier.send(message(f"d-{number}"))
    names = sorted(one.name for one in tmp_path.iterdir())
    assert names == ["alerts.jsonl", "alerts.jsonl.1"]
    kept = [ids(tmp_path / name) for name in reversed(names)]
    assert kept[0] + kept[1] == [f"d-{number}" for number in range(40)][-len(kept[0] + kept[1]) :]
    assert all((tmp_path / name).stat().st_size <= 5_000 for name in names)


@pytest.mark.parametrize("there", [b"topics: {}\n", b"{" + b"x" * 200_000])
def test_a_file_of_others_stays(tmp_path: Path, there: bytes) -> None:
    """A file that holds something else is not touched; nothing goes there until it is moved."""
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(there)
    error = failure(lines(tmp_path))
    assert (error.permanent, error.scope) == (True, "destination")
    assert str(error).startswith("alerts.jsonl stays as it is: it")
    assert path.read_bytes() == there


def test_a_feed_of_others_stays(tmp_path: Path) -> None:
    """The same for a file where the Atom feed should be."""
    path = tmp_path / "alerts.xml"
    path.write_bytes(b"<html/>")
    error = failure(FileNotifier(FileTarget(atom=str(path))))
    assert (error.permanent, error.scope) == (True, "destination")
    assert str(error) == (
        "alerts.xml stays as it is: it is not the feed of this receiver;"
        " move it away or name another file"
    )
    assert path.read_bytes() == b"<html/>"


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    """A folder that is not there, as before a disk is mounted, may come back."""
    error = failure(lines(tmp_path / "gone"))
    assert not error.permanent
    assert str(error) == "cannot write gone: No such file or directory"


FULL = """
import resource, signal, sys
from monitor.errors import DeliveryError
from monitor.notify.file import FileNotifier
from monitor.targets import FileTarget
from tests.fakes.alerts import message
folder, room = sys.argv[1], int(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    FileNotifier(FileTarget(atom=folder + "/a.xml", jsonl=folder + "/b.jsonl")).send(message("d-9"))
except DeliveryError as error:
    print(error.permanent, error)
"""


@pytest.mark.parametrize("name", ["a.xml", "b.jsonl"])
def test_a_full_disk_leaves_what_was_there(tmp_path: Path, name: str) -> None:
    """If there is no room for all of it, both files stay as they were, and it is tried again."""
    atom, jsonl = tmp_path / "a.xml", tmp_path / "b.jsonl"
    notifier = FileNotifier(FileTarget(atom=str(atom), jsonl=str(jsonl)))
    for number in range(6 if name == "b.jsonl" else 1):
        notifier.send(message(f"d-{number}"))
    if name == "b.jsonl":
        atom.unlink()
    before = {one: one.read_bytes() for one in (atom, jsonl) if one.exists()}
    room = (tmp_path / name).stat().st_size + 100
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path), str(room)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.startswith("False cannot write ")
    assert "File too large" in done.stdout
    assert {one: one.read_bytes() for one in before} == before
    notifier.send(message("d-9"))
    assert ids(jsonl)[-1] == "d-9"
    assert len(feedparser.parse(atom.read_bytes()).entries) >= 1
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.xml", "b.jsonl"]


def test_two_processes_do_not_mix(tmp_path: Path) -> None:
    """While another process writes there, a message waits for the next try."""
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    error = failure(lines(tmp_path))
    assert (error.permanent, str(error)) == (False, "another process writes to that folder")
    os.close(folder)
    lines(tmp_path).send(message("d-1"))
    assert ids(tmp_path / "alerts.jsonl") == ["d-1"]


def test_rights_and_links_stay(tmp_path: Path) -> None:
    """A feed that a web server may read stays so, and a link to it stays a link."""
    (tmp_path / "public").mkdir()
    real, link = tmp_path / "public" / "feed.xml", tmp_path / "alerts.xml"
    link.symlink_to(real)
    notifier = FileNotifier(FileTarget(atom=str(link)))
    notifier.send(message("d-1"))
    real.chmod(0o644)
    notifier.send(message("d-2"))
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o644
    assert len(feedparser.parse(real.read_bytes()).entries) == 2
