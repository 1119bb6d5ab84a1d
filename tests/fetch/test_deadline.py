"""Deadlines: each exchange ends at its own time, and one thread sees to all of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from monitor.fetch.deadline import Deadline, Deadlines

LONG = timedelta(minutes=1)
PATIENCE = 20.0


def ended(deadlines: Deadlines, seconds: float) -> float:
    """Wait inside an exchange of so many seconds for its end; give when that came."""
    over = threading.Event()
    with deadlines.within(timedelta(seconds=seconds)) as deadline:
        deadline.at_end(over.set)
        assert over.wait(PATIENCE)
        assert deadline.is_over
        return time.monotonic() - deadline.ends_at


def watchers(before: set[threading.Thread]) -> list[threading.Thread]:
    """Give the threads that look after deadlines, and were not there before."""
    return [one for one in set(threading.enumerate()) - before if one.name == "deadlines"]


def test_each_exchange_ends_at_its_own_time() -> None:
    """No exchange is ended before its time, in whatever order they begin and end."""
    deadlines = Deadlines()
    times = [0.3, 0.05, 0.2, 0.01, 0.1, 0.25, 0.0]
    with ThreadPoolExecutor(len(times)) as threads:
        late = list(threads.map(lambda seconds: ended(deadlines, seconds), times))
    assert all(0 <= one < PATIENCE for one in late)


def test_a_short_one_does_not_wait_for_a_long_one() -> None:
    """A deadline that begins later and ends sooner is kept, too."""
    deadlines = Deadlines()
    with deadlines.within(LONG) as long, ThreadPoolExecutor(1) as threads:
        assert threads.submit(ended, deadlines, 0.05).result(PATIENCE) >= 0
        assert not long.is_over


def test_one_thread_looks_after_all() -> None:
    """However many exchanges there were, at most one thread is left, and it ends in time."""
    deadlines, before = Deadlines(), set(threading.enumerate())
    for _ in range(200):
        with deadlines.within(timedelta(seconds=0.5)):
            assert len(watchers(before)) == 1
    [left] = watchers(before)
    left.join(PATIENCE)
    assert not left.is_alive()
    # The next one has a thread again.
    assert ended(deadlines, 0.01) >= 0


def test_an_exchange_that_ended_is_not_ended_again() -> None:
    """A deadline whose exchange is over has nothing to do when its time comes."""
    deadlines, woken = Deadlines(), threading.Event()
    with deadlines.within(timedelta(seconds=0.05)) as first:
        first.at_end(woken.set)
    assert ended(deadlines, 0.1) >= 0
    assert not first.is_over
    assert not woken.is_set()


def test_a_fault_at_one_end_is_kept_to_it() -> None:
    """An exchange whose end fails does not keep the others from theirs."""
    deadlines = Deadlines()

    def fail() -> None:
        raise RuntimeError

    with deadlines.within(timedelta(seconds=0.01)) as broken, ThreadPoolExecutor(1) as threads:
        broken.at_end(fail)
        assert threads.submit(ended, deadlines, 0.1).result(PATIENCE) >= 0
        assert broken.is_over


@pytest.mark.parametrize("when", ["before", "after"])
def test_closing_ends_all(when: str) -> None:
    """Once all are to end, exchanges under way and those to come have no time left."""
    deadlines, over = Deadlines(), threading.Event()
    close: Callable[[], None] = deadlines.expire_all
    if when == "before":
        close()
    with deadlines.within(LONG) as deadline:
        deadline.at_end(over.set)
        if when == "after":
            close()
        assert over.is_set()
        with pytest.raises(TimeoutError):
            deadline.check()
    assert deadlines.are_closed


def test_outside_of_an_exchange_there_is_no_time() -> None:
    """What asks for its deadline without one is under none, and may not go on."""
    deadlines = Deadlines()
    with pytest.raises(TimeoutError):
        _ = deadlines.current
    with deadlines.within(LONG) as deadline:
        assert deadlines.current is deadline
    with pytest.raises(TimeoutError):
        _ = deadlines.current


def test_a_deadline_says_what_is_left() -> None:
    """What is left shrinks, and is never less than nothing."""
    assert 0 < Deadline(LONG).left() <= LONG.total_seconds()
    assert Deadline(timedelta(0)).left() == 0
