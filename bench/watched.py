"""The real command as a process that is watched: when it is ready, and what it holds.

Linux only: what a process holds is read from /proc.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

PROGRAM = Path(sys.executable).with_name("seedwatch")
# What a start or a stop may take on a busy machine.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a process and its children hold."""

    # Resident, shared pages counted in full for each process.
    rss_bytes: int
    # Resident, each shared page divided by those who share it.
    pss_bytes: int
    descriptors: int
    threads: int
    children: int
    # User and system time since the start, of the living processes of the tree.
    cpu_seconds: float


def tree_of(pid: int) -> list[int]:
    """Give a process and all its descendants that live, itself first."""
    found, at = [pid], 0
    while at < len(found):
        with suppress(OSError):
            for task in Path(f"/proc/{found[at]}/task").iterdir():
                found += map(int, (task / "children").read_text("ascii").split())
        at += 1
    return found


def held_by(pid: int) -> Held:
    """Measure a process and its children."""
    tree = tree_of(pid)
    memory = [_memory(one) for one in tree]
    return Held(
        rss_bytes=sum(rss for rss, _ in memory),
        pss_bytes=sum(pss for _, pss in memory),
        descriptors=_count(Path(f"/proc/{pid}/fd")),
        threads=_count(Path(f"/proc/{pid}/task")),
        children=len(tree) - 1,
        cpu_seconds=sum(map(_cpu_seconds, tree)),
    )


def _count(folder: Path) -> int:
    try:
        return len(os.listdir(folder))  # noqa: PTH208 - names only
    except OSError:
        return 0


def _memory(pid: int) -> tuple[int, int]:
    """Give resident and proportional bytes; zeros of a process that has ended."""
    sizes = {"Rss": 0, "Pss": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]:
            name, _, rest = line.partition(":")
            if name in sizes:
                sizes[name] = int(rest.split()[0]) * 1024
    return sizes["Rss"], sizes["Pss"]


def _cpu_seconds(pid: int) -> float:
    with suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        # Fields 14 and 15 of proc(5), counted from the third.
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


class Watched:
    """A command that says by NOTIFY_SOCKET when it is ready; started as often as one likes."""

    def __init__(self, folder: Path, command: Sequence[str]) -> None:
        self._command = list(command)
        self._folder = folder
        self.log = folder / "log.jsonl"
        self._process: subprocess.Popen[bytes] | None = None
        address = str(folder / "notify")
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address)
        self._environ = {**os.environ, "NOTIFY_SOCKET": address, "NO_COLOR": "1"}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()
        self._socket.close()

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._process is not None, "not started"
        return self._process.pid

    def start(self) -> float:
        """Start it, and give the seconds until it was ready."""
        began = time.monotonic()
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                self._command,
                cwd=self._folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        while "READY=1" not in self._heard(1.0):
            if self._process.poll() is not None:
                raise SystemExit(f"ended at its start: {self.log.read_text('utf-8')[-2000:]}")
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise SystemExit(f"not ready: {self.log.read_text('utf-8')[-2000:]}")
        return time.monotonic() - began

    def _heard(self, seconds: float) -> list[str]:
        """Wait for one message, and give its lines."""
        if not select.select([self._socket], [], [], seconds)[0]:
            return []
        return self._socket.recv(65536).decode().splitlines()

    def listen(self) -> None:
        """Take what it has said since, so that its socket does not fill up."""
        while self._heard(0.0):
            pass

    def kill(self) -> None:
        """End it without a warning."""
        assert self._process is not None, "not started"
        self._process.kill()
        self._process.wait()
        self.listen()

    def stop(self) -> int:
        """Ask it to end, and give its exit code."""
        assert self._process is not None, "not started"
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)
