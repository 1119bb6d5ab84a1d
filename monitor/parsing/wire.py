"""What goes between the daemon and a process that parses: a job there, plain records back.

Each message is its length in four bytes and then a pickle. The daemon unpickles only records that
it knows by name: pickle runs whatever it is told to, and the other side has read hostile bytes.
"""

from __future__ import annotations

import io
import pickle
import socket
import struct
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from monitor.feeds.contents import Wanted
from monitor.records import Document

_LENGTH = struct.Struct("!I")
# Some thousand items at their longest are 20 MB.
MAX_BYTES = 64 * 1024 * 1024
# Of one piece that is read from the socket.
_PIECE = 256 * 1024

# What an answer may be made of, beside the types that pickle builds without a name.
_KNOWN = frozenset(
    {
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("datetime", "timezone"),
        ("monitor.feeds.contents", "Contents"),
        ("monitor.feeds.contents", "Said"),
        ("monitor.feeds.hubs", "Named"),
        ("monitor.feeds.survey", "Survey"),
        ("monitor.parsing.wire", "Answer"),
        ("monitor.records.feeds", "Hints"),
        ("monitor.records.items", "Item"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one document may take."""

    # Of a processor. A real feed takes a tenth of a second, the largest ones one.
    cpu: timedelta = timedelta(seconds=5)
    # By the clock, which goes on while others have the processor.
    wall: timedelta = timedelta(seconds=30)
    # The address space of the whole process, some 100 MB of which is Python's own.
    memory_bytes: int = 512 * 1024 * 1024
    max_items: int = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A document to parse."""

    document: Document
    wanted: Wanted
    # What is known of its feed (see `monitor.feeds.imprint`).
    seen: bytes
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a job."""

    # `Contents`, or in one line why there are none.
    outcome: Any
    # Whether the process ends now, and another must take the next job.
    is_last: bool


def pack(message: Job | Answer) -> bytes:
    """Return a message as it is sent."""
    packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(packed)) + packed


def receive(connection: socket.socket) -> bytes:
    """Return the next message without its length; empty if the other side is gone.

    Raises `ValueError` if it is longer than any message is.
    """
    (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size) or bytes(_LENGTH.size))
    if length > MAX_BYTES:
        raise ValueError(f"a message of {length:,} bytes")
    return _exactly(connection, length)


def unpack_job(packed: bytes) -> Job:
    """Read a job; it comes from the daemon."""
    job = pickle.loads(packed)  # noqa: S301 -- from the process that started this one
    assert isinstance(job, Job)
    return job


def unpack_answer(packed: bytes) -> Answer:
    """Read an answer.

    Raises `UnpicklingError` if it holds anything but known records.
    """
    answer = _Known(io.BytesIO(packed)).load()
    if not isinstance(answer, Answer):
        raise pickle.UnpicklingError(f"an answer of type {type(answer).__name__}")
    return answer


class _Known(pickle.Unpickler):
    """Builds records that are known by name, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a known class."""
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name} is no record")
        return super().find_class(module, name)


def _exactly(connection: socket.socket, length: int) -> bytes:
    """Read so many bytes; fewer, or none, if the other side is gone before."""
    parts = []
    while length:
        part = connection.recv(min(length, _PIECE))
        if not part:
            return b""
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
