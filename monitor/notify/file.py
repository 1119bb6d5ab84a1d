"""Write messages to files of this machine that others read: an Atom feed, JSON Lines, or both."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.alerts import atom
from monitor.alerts.payload import encode
from monitor.errors import DeliveryError
from monitor.notify.tools import Tools
from monitor.records import Message, Sent
from monitor.targets import FileTarget

# A line has some 20 kB at most.
_TAIL_BYTES = 100_000


class FileNotifier:
    """Adds each message to the files; one that is there already, by its id, is not added twice.

    The Atom feed is replaced as a whole, so a reader never sees half of one. JSON Lines are added
    to in one write, and a line that a crash cut off is taken away before the next.
    """

    def __init__(self, target: FileTarget, _tools: Tools | None = None) -> None:
        self._target = target

    def send(self, message: Message) -> Sent:
        """Write it; a file that is not ours is a permanent failure, all else may pass."""
        written = []
        try:
            if self._target.atom is not None:
                written.append(self._add_entry(Path(self._target.atom), message))
            if self._target.jsonl is not None:
                written.append(self._add_line(Path(self._target.jsonl), message))
        except BlockingIOError:
            raise DeliveryError("another process writes to that folder", permanent=False) from None
        except OSError as error:
            cause = error.strerror or type(error).__name__
            where = Path(error.filename or self._target.atom or self._target.jsonl or "").name
            raise DeliveryError(f"cannot write {where}: {cause}", permanent=False) from None
        return Sent(answer=f"written to {', '.join(written)}")

    def _add_entry(self, path: Path, message: Message) -> str:
        with _alone(path) as real:
            before = real.read_bytes() if real.exists() else b""
            try:
                feed = atom.add(
                    before,
                    message,
                    name=path.name,
                    entries=self._target.entries,
                    max_bytes=self._target.max_bytes,
                )
            except ValueError as error:
                raise _not_ours(path, str(error)) from None
            _replace(real, feed)
        return path.name

    def _add_line(self, path: Path, message: Message) -> str:
        line = encode({"message_id": message.id, **message.payload}) + b"\n"
        with _alone(path) as real:
            size = _mend(real, path)
            if size and _last_line(real).startswith(_head(line)):
                return path.name
            if size and size + len(line) > self._target.max_bytes:
                real.replace(real.with_name(f"{real.name}.1"))
                size = 0
            _append(real, line, size)
        return path.name


@contextmanager
def _alone(path: Path) -> Iterator[Path]:
    """Hold the folder against other processes that write there; give where a link leads."""
    real = path.resolve()
    folder = os.open(real.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield real
        # Names are kept in the folder: with them a new file outlives a power cut.
        os.fsync(folder)
    finally:
        os.close(folder)


def _replace(path: Path, body: bytes) -> None:
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("wb") as file:
            if path.exists():
                os.fchmod(file.fileno(), path.stat().st_mode & 0o777)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _mend(path: Path, named: Path) -> int:
    """Take away a last line that is not whole, and give the size of the file."""
    if not path.exists():
        return 0
    with path.open("rb+") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        if size and file.read(1) != b"{":
            raise _not_ours(named, "it holds no JSON Lines")
        start = max(size - _TAIL_BYTES, 0)
        file.seek(start)
        tail = file.read(_TAIL_BYTES)
        whole = start + tail.rfind(b"\n") + 1
        if whole == start and start:
            raise _not_ours(named, "its lines are too long")
        if whole < size:
            file.truncate(whole)
        return whole


def _last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - _TAIL_BYTES, 0))
        return file.read(_TAIL_BYTES).rstrip(b"\n").rpartition(b"\n")[2]


def _head(line: bytes) -> bytes:
    """Give the part of a line that has its id, which comes first."""
    return line[: line.index(b",")]


def _append(path: Path, line: bytes, size: int) -> None:
    # Not by a file object: one that could not write all tries the rest again when it is closed.
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    try:
        left = memoryview(line)
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    except OSError:
        # Not half a line, where the disk is full.
        with suppress(OSError):
            os.ftruncate(file, size)
        raise
    finally:
        os.close(file)


def _not_ours(path: Path, why: str) -> DeliveryError:
    return DeliveryError(
        f"{path.name} stays as it is: {why}; move it away or name another file",
        permanent=True,
        scope="destination",
    )
