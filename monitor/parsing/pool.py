"""The daemon's side of parsing: a few processes, started when needed, replaced when they die.

Each is a fresh interpreter and no fork of the daemon: a fork of a process with threads may inherit
a lock that nobody will ever let go, and would carry the daemon's database along. It imports the
parser and nothing else.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import timedelta

from monitor.errors import ParseError
from monitor.feeds.contents import ITEMS, Contents, Wanted
from monitor.parsing.wire import Answer, Job, Limits, pack, receive, unpack_answer
from monitor.records import Document

# One that a bad document keeps busy leaves another to all the good ones.
_MOST = 2
# A process starts within this; what its own timers missed is ended by ours.
_GRACE = timedelta(seconds=10)

# What a Python may need to start; the daemon's environment holds secrets.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
_START = "import sys; sys.path[:] = {path!r}; from monitor.parsing.worker import main; main()"


class Parsers:
    """Reads documents in processes of its own; safe to use from several threads."""

    def __init__(self, limits: Limits | None = None, *, most: int = _MOST) -> None:
        self._limits = limits or Limits()
        self._places = threading.BoundedSemaphore(most)
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._busy: set[_Process] = set()
        self._is_closed = False

    def read(self, document: Document, wanted: Wanted = ITEMS, *, seen: bytes = b"") -> Contents:
        """Read what is wanted of a document as `contents_of` does, within the limits.

        Waits while all processes are busy: each of them for a bounded time.

        Raises `ParseError` also if it took too much, or if the process died over it.
        """
        job = Job(document=document, wanted=wanted, seen=seen, limits=self._limits)
        with self._places:
            process = self._take()
            try:
                answer = process.ask(job)
            except BaseException:
                self._let_go(process, reuse=False)
                raise
            self._let_go(process, reuse=not answer.is_last)
        if isinstance(answer.outcome, Contents):
            return answer.outcome
        raise ParseError(str(answer.outcome))

    def warm(self) -> None:
        """Start a process, if there is none, for the document that will come."""
        with suppress(ParseError):
            self._let_go(self._take(), reuse=True)

    def close(self) -> None:
        """End all processes; what is being parsed fails."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            # The thread that waits for its answer lets go of it.
            for process in self._busy:
                process.kill()
        for process in idle:
            process.close()

    def _take(self) -> _Process:
        """Return a process that waits for a job: the one that was used last, else a new one."""
        with self._lock:
            if self._is_closed:
                raise ParseError("seedwatch is stopping")
            while self._idle and not self._idle[-1].is_alive():
                self._idle.pop().close()
            process = self._idle.pop() if self._idle else _Process()
            self._busy.add(process)
        return process

    def _let_go(self, process: _Process, *, reuse: bool) -> None:
        with self._lock:
            self._busy.discard(process)
            if reuse and not self._is_closed:
                self._idle.append(process)
                return
        process.close()


class _Process:
    """One process that parses; one thread uses it at a time."""

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        with other:
            try:
                # Its own session: what a terminal sends to the daemon is not for it.
                self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 -- this very interpreter
                    [sys.executable, "-I", "-c", _START.format(path=sys.path)],
                    stdin=other.fileno(),
                    stdout=subprocess.DEVNULL,
                    env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
                    start_new_session=True,
                )
            except OSError as error:
                self._socket.close()
                raise ParseError(f"no process to read it in: {error.strerror}") from error

    def ask(self, job: Job) -> Answer:
        """Give a job, and wait for what comes of it.

        Raises `ParseError` if the process dies over it; it must be closed then.
        """
        self._socket.settimeout((job.limits.wall + _GRACE).total_seconds())
        try:
            self._socket.sendall(pack(job))
            packed = receive(self._socket)
            if packed:
                return unpack_answer(packed)
        except TimeoutError:
            self.kill()
        except ConnectionError:
            # It died: how, its status says.
            pass
        except (ValueError, pickle.UnpicklingError) as error:
            raise ParseError(f"the process that read it went wrong: {error}") from error
        raise ParseError(_cause(self.wait(), job.limits))

    def is_alive(self) -> bool:
        """Say whether it still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it at once; whoever waits for its answer sees it die."""
        self._process.kill()

    def wait(self) -> int:
        """Wait until it has ended; give its exit status, negative for a signal."""
        try:
            return self._process.wait(_GRACE.total_seconds())
        except subprocess.TimeoutExpired:
            self.kill()
            return self._process.wait()

    def close(self) -> None:
        """End it, and let go of all that is left of it."""
        self._socket.close()
        self.kill()
        self._process.wait()


def _cause(status: int, limits: Limits) -> str:
    """Say why a process died over a document."""
    if status == -signal.SIGPROF:
        return f"reading it takes more than {limits.cpu.total_seconds():g} s of processor time"
    if status == -signal.SIGALRM:
        return f"reading it takes more than {limits.wall.total_seconds():g} s"
    how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
    return f"the process that read it died ({how})"
