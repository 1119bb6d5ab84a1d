"""Going through what is stored again: it decides as the service did, and writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.difference import Baseline
from tests.fakes.living import FEEDS, TOPICS, Life
from tests.fakes.made import HOUR, MINUTE
from tests.fakes.press import Entry, off_topic, on_topic

pytestmark = pytest.mark.xdist_group("english")


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    """Give a service that has seen nothing."""
    one = Life(tmp_path)
    yield one
    one.close()


def entry(number: int) -> Entry:
    """Give one of some entries, on the topic or not."""
    return on_topic(number // 2) if number % 2 else off_topic(number // 2)


def edited(one: Entry, by: int) -> Entry:
    """Give an entry as its feed may change it."""
    more = f"{one.summary} Warsaw said on day {by} that the border with Belarus is shut."
    return one.but(summary=more) if by % 2 else one.but(title=f"{one.title}, day {by}")


polls = st.tuples(
    st.just("poll"),
    st.sampled_from(FEEDS),
    st.lists(st.tuples(st.integers(2, 25), st.integers(0, 3)), min_size=1, max_size=7),
    st.sampled_from([5 * MINUTE, HOUR, 7 * HOUR, 30 * HOUR]),
)
others = st.one_of(
    st.tuples(st.just("say"), st.integers(0, 20), st.booleans()),
    st.tuples(st.just("undo")),
    st.tuples(st.just("restart")),
    st.tuples(st.just("choose")),
    st.tuples(st.just("silence"), st.sampled_from(FEEDS)),
)
lives = st.lists(st.one_of(polls, polls, polls, others), min_size=3, max_size=14)


def play(life: Life, events: list[tuple[object, ...]]) -> None:
    """Let a service live through what happens."""
    for event in events:
        match event:
            case ("poll", str(name), list(listed), after):
                entries = {
                    number: edited(entry(number), by) if by else entry(number)
                    for number, by in listed
                }
                life.poll(name, list(entries.values()), after=after)  # type: ignore[arg-type]
            case ("say", int(place), bool(is_on_topic)):
                life.say(place, is_on_topic=is_on_topic)
            case ("undo",):
                life.take_back()
            case ("restart",):
                life.restart()
            case ("choose",):
                life.choose()
            case ("silence", str(source)):
                life.now += MINUTE
                life.silence(source=source)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(events=lives)
def test_it_decides_as_the_service_did(events: list[tuple[object, ...]]) -> None:
    """Whatever came, was said, silenced or edited, and however often the service was started.

    Each decision comes out the same, with the same score in the same story, and not a byte of the
    database changes.
    """
    with TemporaryDirectory() as folder:
        life = Life(Path(folder))
        try:
            play(life, events)
        finally:
            life.close()
        before = digests(Path(folder))
        found = life.backtest()
        assert digests(Path(folder)) == before
        assert found.baseline is Baseline.STORED
        assert found.agreement.differing == ()
        assert found.agreement.same == found.agreement.compared
        assert found.agreement.compared == len(TOPICS) * found.extent.items
        assert [(one.gained, one.lost) for one in found.topics] == [((), ())] * len(TOPICS)


def digests(folder: Path) -> dict[str, str]:
    """Give what the files of a database hold; the empty ones beside it are none of its bytes."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.glob("seedwatch.db*")
        if path.suffix != ".db-shm" and path.stat().st_size
    }
