"""The process that parses: one document after the other, each within its limits.

The limits are the kernel's, for no check of ours runs while a regular expression or expat does. Two
timers kill the process outright, the memory ends in a `MemoryError`. It holds nothing but a socket:
when that closes, because the daemon ended in whatever way, so does this.
"""

from __future__ import annotations

import fcntl
import os
import resource
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from monitor.errors import ParseError
from monitor.feeds.contents import Contents, contents_of
from monitor.parsing.wire import Answer, Job, Limits, pack, receive, unpack_job
from monitor.text.markup import visible

# A fresh process costs a tenth of a second, what an old one may have piled up is not known.
_MOST_JOBS = 1000
# After a longer body, much of the memory stays taken.
_LONG_BYTES = 1024 * 1024


def main() -> None:
    """Parse what comes over standard input, a socket, until it is closed."""
    # The daemon's own signals reach its children in some set-ups; it decides when this ends.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGPROF, signal.SIGALRM, signal.SIGIO):
        signal.signal(number, signal.SIG_DFL)
    # Some systems know no such limit or file, or forbid to set it: then theirs hold.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):
        # Where memory runs out all the same, this goes, and not the daemon.
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    # A daemon that is killed may leave a reset connection: that is an end like any other.
    with socket.socket(fileno=sys.stdin.fileno()) as daemon, suppress(ConnectionError):
        _serve(daemon)


def _serve(daemon: socket.socket) -> None:
    jobs = 0
    is_last = False
    while not is_last and (packed := receive(daemon)):
        jobs += 1
        answer = _answer(daemon, unpack_job(packed), is_last=jobs >= _MOST_JOBS)
        is_last = answer.is_last
        daemon.sendall(pack(answer))


def _answer(daemon: socket.socket, job: Job, *, is_last: bool) -> Answer:
    is_last = is_last or len(job.document.body) > _LONG_BYTES
    try:
        with _limited(daemon, job.limits):
            return Answer(outcome=_outcome(job), is_last=is_last)
    except MemoryError:
        # What is left of it is anybody's guess.
        megabytes = job.limits.memory_bytes // 1024**2
        return Answer(outcome=f"reading it takes more than {megabytes} MB", is_last=True)


def _outcome(job: Job) -> Contents | str:
    try:
        return contents_of(job.document, job.wanted, seen=job.seen, max_items=job.limits.max_items)
    except ParseError as error:
        return str(error)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 -- a fault of ours spoils one feed, and is told there
        return visible(f"internal error: {type(error).__name__}: {error}"[:200])


@contextmanager
def _limited(daemon: socket.socket, limits: Limits) -> Iterator[None]:
    """Let the kernel end this process if a document takes too much, or if the daemon is gone."""
    with suppress(ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, hard))
    signal.setitimer(signal.ITIMER_PROF, limits.cpu.total_seconds())
    signal.setitimer(signal.ITIMER_REAL, limits.wall.total_seconds())
    # With O_ASYNC a closed socket is a signal, which ends a process in Linux. Nobody writes to it
    # in the meantime. Elsewhere the timers do, a little later.
    flags = fcntl.fcntl(daemon, fcntl.F_GETFL)
    fcntl.fcntl(daemon, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(daemon, fcntl.F_SETFL, flags | os.O_ASYNC)
    try:
        yield
    finally:
        fcntl.fcntl(daemon, fcntl.F_SETFL, flags)
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
