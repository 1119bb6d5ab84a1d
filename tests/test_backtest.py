"""Going through what is stored again: it decides as the service did, and writes nothing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from monitor.cli import main
from monitor.config import load
from monitor.difference import Baseline
from monitor.errors import StoreError
from monitor.records import Reason
from monitor.store import open_read_only
from tests.fakes.living import FEEDS, TOPICS, Life
from tests.fakes.made import DAY, HOUR, MINUTE, NOW
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


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
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


STRICT = {"never_mention": ["Belarus"]}
CHANGED = {"border": TOPICS["border"], "berlin": TOPICS["berlin"]}


def busy(life: Life) -> None:
    """Let two feeds bring some days of items on the topic and on others."""
    for number in range(24):
        life.poll("Wire", [off_topic(number), on_topic(number)], after=7 * HOUR)
        life.poll("Post", [off_topic(40 - number), on_topic(number)])


def test_a_change_that_loses(tmp_path: Path) -> None:
    """What a word excludes is lost, item by item, and nothing else changes."""
    life = Life(tmp_path, CHANGED)
    busy(life)
    life.close()
    changed = load(life.settings.path, {}, ["topics.border.never_mention=[Belarus]"])
    found = life.backtest(changed)
    (border,) = found.topics
    assert found.baseline is Baseline.RERUN
    assert found.untouched == ("berlin",)
    assert (border.gained, border.after) == ((), border.before - len(border.lost))
    assert border.before > 10
    assert border.lost
    assert {one.after.reason for one in border.lost if one.after} == {Reason.MENTIONED}
    assert sum(day.before for day in border.days) == border.before
    assert sum(day.lost for day in border.days) == len(border.lost)
    # Every day has its place, also one without any.
    assert len({day.day for day in border.days}) == (life.now - NOW).days + 1
    assert found.extent.until is not None
    begin = found.extent.until - 2 * DAY
    later = life.backtest(changed, since=2 * DAY).topics[0]
    assert later.lost == tuple(one for one in border.lost if one.first_seen_at >= begin)


def test_a_backtest_is_what_the_change_would_have_done(tmp_path: Path) -> None:
    """A service that had the changed configuration all along has decided what is foretold."""
    fates = []
    for name, topics in (("one", CHANGED), ("other", {"border": {**CHANGED["border"], **STRICT}})):
        folder = tmp_path / name
        folder.mkdir()
        life = Life(folder, topics)
        busy(life)
        life.close()
        fates.append(life)
    one, other = fates
    (foretold, _) = one.backtest(load(other.settings.path, {})).topics
    (came,) = other.backtest().topics
    assert foretold.lost
    assert (foretold.after, came.before) == (came.before, came.after)


def test_a_topic_that_came_later(tmp_path: Path) -> None:
    """It is gone through from when it came; what it was shown then counts as a baseline."""
    life = Life(tmp_path, {"border": TOPICS["border"]})
    busy(life)
    life.restart(CHANGED)
    busy(life)
    life.restart({"border": TOPICS["border"], "berlin": {**TOPICS["berlin"], "threshold": 0.01}})
    life.close()
    found = life.backtest()
    assert found.agreement.compared > found.extent.items
    assert [one.topic for one in found.agreement.differing if one.topic == "border"] == []


def test_nothing_can_be_written(life: Life) -> None:
    """The engine that it is given refuses to write, whoever asks."""
    engine = open_read_only(life.settings.store_url)
    with pytest.raises(OperationalError, match="readonly"), engine.begin() as tx:
        tx.execute(text("DELETE FROM items"))
    engine.dispose()


def test_an_older_schema_is_refused(life: Life) -> None:
    """To bring a database up to date is to write: the cure is named."""
    with life.app.engine.begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(StoreError, match=r"is 0001, that of this version is"):
        open_read_only(life.settings.store_url)


def test_what_is_printed(tmp_path: Path) -> None:
    """Table, plot and titles fit 80 columns; JSON has all of it; the database stays as it is."""
    life = Life(tmp_path, CHANGED)
    busy(life)
    life.close()
    before = digests(tmp_path)

    def printed(*words: str) -> str:
        done = CliRunner().invoke(main, ["-c", str(life.settings.path), "backtest", *words])
        assert done.exit_code == 0, done.output
        return done.stdout

    change = ("--set", "topics.border.never_mention=[Belarus]", "--titles", "2")
    lines = [line.rstrip() for line in printed(*change).splitlines()]
    assert max(map(len, lines)) <= 80
    assert lines[0] == "changed: topics.border.never_mention=[Belarus]"
    assert "topic   today   changed  gained  lost" in lines
    (bars,) = [line[11:] for line in lines if line.startswith("  today    ")]
    assert len(bars) == (life.now - NOW).days + 1
    assert sum(line.startswith("  - ") for line in lines) == 2
    assert any("told (0.99 >= 0.50) -> mentioned" in line for line in lines)
    assert "  the change does not touch: berlin" in lines
    found = json.loads(printed(*change, "--json"))["backtest"]
    assert (found["baseline"], len(found["topics"])) == ("rerun", 1)
    assert "compared with what was decided then" in printed()
    assert "nothing that a topic tells hangs on the change" in printed("--set", "log.level=debug")
    assert digests(tmp_path) == before
