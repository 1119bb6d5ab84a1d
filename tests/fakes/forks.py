"""The command as processes that start quickly: most of a start is importing.

A server imports everything once, and forks one process after the other. What they run is the
command itself, from its arguments to its exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import tempfile
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from monitor.cli import main
from tests.fakes import faulty, killing

# The step of a service whose database can be spoilt.
FAULTY = "faulty"

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(
    [
        "tests.fakes.forks",
        "monitor.cli.explain",
        "monitor.cli.one_round",
        "monitor.cli.report",
        "monitor.cli.service",
        "monitor.cli.status",
        "monitor.cli.trial",
    ]
)


def _settle_in(folder: str, output: str, errors: str) -> None:
    os.chdir(folder)
    os.environ["NO_COLOR"] = "1"
    for number, name in ((0, os.devnull), (1, output), (2, errors)):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(opened, number)
        os.close(opened)


def _command(words: list[str], folder: str, output: str, errors: str) -> None:
    _settle_in(folder, output, errors)
    main(words)


def _service(step: str | None, path: str, log: str) -> None:
    _settle_in(str(Path(path).parent), log, log)
    if step is None:
        main(["--config", path, "run"])
    elif step == FAULTY:
        faulty.run(Path(path))
    else:
        killing.run(step, Path(path))


class Fork:
    """A service; looks like a `Popen`.

    With a step it dies there, or, if that is `FAULTY`, its database can be spoilt; without one it
    is the command `seedwatch run`.
    """

    def __init__(self, step: str | None, path: Path, log: Path) -> None:
        self._process: ForkServerProcess = _forks.Process(
            target=_service, args=(step, str(path), str(log))
        )
        self._process.start()

    def poll(self) -> int | None:
        """Return its exit code, None if it runs."""
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """Return its exit code once it has ended."""
        self._process.join(timeout)
        if self._process.exitcode is None:
            raise subprocess.TimeoutExpired("fork", timeout or 0)
        return self._process.exitcode

    def kill(self) -> None:
        """End it without a warning."""
        self._process.kill()

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)


def forked(path: Path, log: Path) -> Fork:
    """Launch the command `seedwatch run`."""
    return Fork(None, path, log)


def run_forked(*words: str, folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    with tempfile.TemporaryDirectory() as place:
        output, errors = (Path(place) / name for name in ("output", "errors"))
        process = _forks.Process(
            target=_command, args=(list(words), str(folder), str(output), str(errors))
        )
        process.start()
        process.join(seconds)
        code = process.exitcode
        if code is None:
            process.kill()
            process.join()
        process.close()
        assert code is not None, f"{words} still runs after {seconds:g} s"
        said = [one.read_text(encoding="utf-8") for one in (output, errors)]
    return subprocess.CompletedProcess(words, code, *said)
