"""A real systemd in a box of its own, where the service is installed as a user would.

The tool that makes the box lies beside the repository. What is written in the box is gone at its
end; its network is this machine's, so that local servers of a test can be reached.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor.cli.service_files import unreachable

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SEEDWATCH_SHARED") or ROOT.parent / "shared")
# Long, since the machine may be busy with others.
PATIENCE = 90.0
HOME = Path("/opt/seedwatch")
SITE = Path("lib") / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"


def absent(tool: Path) -> str | None:
    """Say why no box can be made here; None if one can."""
    if not tool.is_file():
        return "the box is absent"
    if os.geteuid() != 0:
        return "the box needs root"
    if not Path("/lib/systemd/systemd").exists():
        return "systemd is absent"
    if any(ROOT.is_relative_to(hidden) for hidden in ("/tmp", "/run")):  # noqa: S108 - named, not used
        return "the box hides /tmp and /run, where this checkout lies"
    if interpreter() is None:
        return "no Python that others may run is of this version"
    return None


def interpreter() -> Path | None:
    """Give a Python of this version that a user without rights can run."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    found = [Path(sys.executable).resolve(), *(Path(one, version) for one in ("/usr/bin", "/opt"))]
    return next((one for one in found if one.exists() and unreachable([one]) is None), None)


class Box:
    """A booted systemd."""

    def __init__(self, tool: Path, folder: Path) -> None:
        self._tool = tool
        self._folder = folder

    def _call(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self._tool), *words],
            env={**os.environ, "SYSTEMD_BOX_DIR": str(self._folder)},
            input=text or "",
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def boot(self) -> None:
        """Start it; returns when it is up."""
        done = self._call("start")
        if done.returncode:
            # A machine that lets nobody make namespaces: nothing is said of the service there.
            pytest.skip(f"the box does not boot here: {done.stderr.strip()[-200:]}")
        # As on a real machine, and not in a container, where systemd leaves it to others: without
        # it the folder of a unit's credentials stays empty.
        self.run("mount", "--make-rshared", "/")

    def power_off(self) -> None:
        """End it, with all that was written in it."""
        self._call("stop")

    def attempt(self, *words: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command in it to its end."""
        return self._call("exec", *words, text=text)

    def run(self, *words: str, text: str | None = None) -> str:
        """Run a command in it, and return what it printed; fails if it does."""
        done = self.attempt(*words, text=text)
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}\n{self._ending()}"
        return done.stdout

    def write(self, path: str, text: str, mode: str = "644") -> None:
        """Write a file in it."""
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, text=text)

    def show(self, name: str, unit: str = "seedwatch") -> str:
        """Give a property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def journal(self, unit: str = "seedwatch") -> str:
        """Give all that a unit has logged."""
        return self.attempt("journalctl", "-u", unit, "-o", "cat", "--no-pager").stdout

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition; fails with what the unit said."""
        give_up_at = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < give_up_at, f"not in {PATIENCE:g} s: {what}\n{self._ending()}"
            time.sleep(0.1)

    def _ending(self) -> str:
        return (
            f"{self.attempt('systemctl', 'status', 'seedwatch').stdout}\n{self.journal()[-4000:]}"
        )

    def written_since(self, stamp: float) -> list[str]:
        """Give the files of its disk that were written since a time (seconds since 1970)."""
        outer = (self._folder / "outer").read_text(encoding="ascii").strip()
        layer = str(self._folder / "layer" / "upper")
        find = ["find", layer, "-newermt", f"@{stamp}", "-type", "f", "-printf", "/%P\\n"]
        done = subprocess.run(
            ["nsenter", "-t", outer, "-m", *find],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return sorted(done.stdout.split())

    def install_program(self) -> None:
        """Install the program, as `pip install` into a folder of its own does."""
        python = str(HOME / "bin" / "python")
        self.run(str(interpreter()), "-m", "venv", "--without-pip", str(HOME))
        pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
        # Not below /tmp, which is another one in the box.
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            wheel = build_wheel(Path(folder))
            self.run(*pip, "install", "--quiet", "--no-deps", "--no-index", str(wheel))
        # The libraries are those of these tests, not a second copy.
        here = next(one for one in sys.path if one.endswith(str(SITE)))
        self.write(str(HOME / SITE / "libraries.pth"), f"{here}\n")


def build_wheel(folder: Path) -> Path:
    """Build the wheel that a user installs."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (wheel,) = folder.glob("*.whl")
    return wheel


@contextmanager
def booted(tool: Path) -> Iterator[Box]:
    """Give a box that is up."""
    box = Box(tool, Path(f"/run/seedwatch-box-{os.getpid()}"))
    box.boot()
    try:
        yield box
    finally:
        box.power_off()
