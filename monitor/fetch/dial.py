"""Open every connection: look the name up once, vet all that it leads to, connect to just that.

What was vetted is what is connected to, so that a name that says one thing when it is checked and
another when it is used (rebinding) gains nothing. TLS and the `Host` header go by the name as ever.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from monitor.fetch.addresses import Guard, Trust
from monitor.fetch.deadline import Deadline, Deadlines
from monitor.fetch.resolve import Place, Resolver, address_of, in_turns
from monitor.records import Stage


class Dialer:
    """Connects for the exchange of the calling thread, within its deadline."""

    def __init__(self, guard: Guard, resolver: Resolver, deadlines: Deadlines) -> None:
        self._guard = guard
        self._resolver = resolver
        self._deadlines = deadlines
        self._here = threading.local()

    @contextmanager
    def trusting(self, trust: Trust) -> Iterator[None]:
        """Say who asks for the connections that this thread makes inside the block."""
        self._here.trust = trust
        try:
            yield
        finally:
            # Nobody has asked: only what is public.
            self._here.trust = Trust.STRANGER

    @property
    def is_inside(self) -> bool:
        """Whether the last connection of this thread needed a permission."""
        return getattr(self._here, "is_inside", False)

    def connect(self, host: str, port: int) -> socket.socket:
        """Give a connection to one of the places that a name leads to.

        Raises `Refused` if one of them is out of bounds, else what the last try raised.
        """
        deadline = self._deadlines.current
        deadline.stage = Stage.DNS
        places = self._resolver.places(host, port, deadline)
        trust: Trust = getattr(self._here, "trust", Trust.STRANGER)
        addresses = [address_of(place) for place in places]
        self._here.is_inside = self._guard.vet(host, addresses, trust)
        deadline.stage = Stage.CONNECT
        return _first_that_answers(in_turns(places), deadline)


def _first_that_answers(places: list[Place], deadline: Deadline) -> socket.socket:
    failed: OSError | None = None
    for number, place in enumerate(places):
        deadline.check()
        to_try = len(places) - number
        # The deadline comes before the end of the last try: running out of time has one name.
        seconds = deadline.left() / to_try if to_try > 1 else deadline.left() + 1
        try:
            return _connect(place, deadline, seconds)
        except OSError as error:
            failed = error
    deadline.check()
    assert failed is not None
    raise failed


def _connect(place: Place, deadline: Deadline, seconds: float) -> socket.socket:
    family, address = place
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline.watch(connection)
        connection.settimeout(seconds)
        connection.connect(address)
        # From here on the deadline is what ends it.
        connection.settimeout(deadline.left() + 1)
    except BaseException:
        connection.close()
        raise
    return connection
