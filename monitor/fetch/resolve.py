"""Look host names up, without ever waiting longer than the exchange may take.

`getaddrinfo` cannot be interrupted, and a resolver that does not answer holds it for half a minute
or more. So it runs in another thread, which is left behind when the time is up. At most
`MOST_THREADS` of them run at a time: whoever comes then waits for one, within the same time. One
that has answered waits a little for the next name: to start it costs more than most look-ups.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any

from monitor.fetch.addresses import Address
from monitor.fetch.deadline import Deadline
from monitor.fetch.refused import Refused

# `socket.getaddrinfo`, or a stand-in that takes host, port and keywords and gives the same.
LookUp = Callable[..., Sequence[tuple[Any, ...]]]
# (family, what `connect` takes): an entry that getaddrinfo gave, its address untouched.
Place = tuple[socket.AddressFamily, tuple[Any, ...]]

MOST_THREADS = 32
IDLE_SECONDS = 3.0
# One of each family comes before the second of any (see `in_turns`), so that these are enough.
MOST_PLACES = 6


class _Question:
    """One name to look up, and in the end what came of it."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self.found: Sequence[tuple[Any, ...]] = ()
        self.error: Exception | None = None
        # Answered, or nobody waits any more.
        self.over = threading.Event()


class Resolver:
    """Looks names up in a bounded number of threads; threads may share it."""

    def __init__(
        self, look_up: LookUp = socket.getaddrinfo, most_threads: int = MOST_THREADS
    ) -> None:
        self._look_up = look_up
        self._most_threads = most_threads
        self._asked = threading.Condition()
        self._waiting: deque[_Question] = deque()
        self._threads = 0
        # Of these, those that look nothing up, or have only just begun; a question that waits has
        # called for one of them.
        self._idle = 0

    def places(self, host: str, port: int, deadline: Deadline) -> list[Place]:
        """Give all that a name leads to, in the resolver's order, each once.

        Raises `socket.gaierror` if there is nothing, `TimeoutError` when the time is up, and
        `Refused` if it is no name.
        """
        question = _Question(host, port)
        deadline.at_end(question.over.set)
        self._ask(question)
        # The deadline sets it at the latest.
        question.over.wait()
        deadline.check()
        if isinstance(question.error, UnicodeError):
            raise Refused("its host name is not one") from question.error
        if question.error is not None:
            raise question.error
        found = {
            (family, to): None
            for family, _, _, _, to in question.found
            if family in {socket.AF_INET, socket.AF_INET6}
        }
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        return list(found)

    def _ask(self, question: _Question) -> None:
        with self._asked:
            self._waiting.append(question)
            if self._idle >= len(self._waiting):
                self._asked.notify()
            elif self._threads < self._most_threads:
                # Daemons: a program that ends does not wait for a resolver.
                threading.Thread(target=self._work, daemon=True, name="look-up").start()
                self._threads += 1
                self._idle += 1

    def _next(self) -> _Question | None:
        """Wait for a question, but not long; None if none comes: then this thread is done."""
        with self._asked:
            self._asked.wait_for(lambda: self._waiting, IDLE_SECONDS)
            self._idle -= 1
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None

    def _work(self) -> None:
        while (question := self._next()) is not None:
            # If it is over, nobody waits for it any more.
            if not question.over.is_set():
                self._answer(question)
            with self._asked:
                self._idle += 1
            # Only now: who is answered may ask again at once, and finds this thread idle.
            question.over.set()

    def _answer(self, question: _Question) -> None:
        try:
            question.found = self._look_up(question.host, question.port, type=socket.SOCK_STREAM)
        # Whatever a resolver raises belongs to who asked.
        except Exception as error:  # noqa: BLE001
            question.error = error


def address_of(place: Place) -> Address:
    """Give the address of a place, without the name of a network interface (`fe80::1%eth0`)."""
    return ip_address(str(place[1][0]).partition("%")[0])


def in_turns(places: Sequence[Place]) -> list[Place]:
    """Take one of each family in turn, and so many as are worth trying.

    A host whose IPv6 leads nowhere is then reached by its second address (RFC 8305 section 4).
    """
    first = places[0][0]
    ours = [place for place in places if place[0] == first]
    others = [place for place in places if place[0] != first]
    mixed: list[Place] = []
    for number in range(max(len(ours), len(others))):
        mixed += ours[number : number + 1] + others[number : number + 1]
    return mixed[:MOST_PLACES]
