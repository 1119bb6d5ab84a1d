"""What the client says of servers that mean ill; the table is in `tests/fakes/hostile.py`."""

from __future__ import annotations

import tracemalloc
from datetime import timedelta
from ipaddress import ip_network

import pytest

from monitor.fetch import Client, Guard, Limits
from monitor.fetch.resolve import Resolver
from monitor.records import Document, FetchFailure, FetchResult
from tests.fakes.hostile import BEHAVIOURS, MAX_BYTES, Behaviour
from tests.fakes.made import NOW

# Of all Python objects, while a body of MAX_BYTES is gathered and copied.
MOST_MEMORY = 10 * MAX_BYTES


def ask(behaviour: Behaviour, url: str) -> FetchResult:
    """GET from such a server."""
    client = Client(
        agent="seedwatch/1.0",
        limits=Limits(timeout=timedelta(seconds=behaviour.seconds), max_bytes=MAX_BYTES),
        clock=lambda: NOW,
        guard=Guard.allowing([ip_network("127.0.0.0/8")]),
        resolver=Resolver(behaviour.look_up) if behaviour.look_up else None,
    )
    return client.get(url)


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=[one.name for one in BEHAVIOURS])
def test_hostile_servers_are_survived(behaviour: Behaviour) -> None:
    """Whatever a server does, the client says what it did and where, and keeps little of it.

    That it ends is part of the sentence: who waits too long hears that the time was up.
    """
    with behaviour.serve() as url:
        tracemalloc.start()
        try:
            result = ask(behaviour, url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    if behaviour.says is None:
        assert isinstance(result, Document)
    else:
        assert isinstance(result, FetchFailure)
        assert (result.cause, result.stage) == (behaviour.says, behaviour.stage)
    assert peak < MOST_MEMORY


def test_the_table_is_one() -> None:
    """No behaviour stands in the table twice, and there are many."""
    names = [one.name for one in BEHAVIOURS]
    assert len(set(names)) == len(names) >= 90
