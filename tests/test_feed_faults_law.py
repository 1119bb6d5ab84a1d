"""Whatever a feed does, in whatever order: each article is judged, and told once."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records import Reason
from monitor.store import migrate, open_engine
from tests.fakes import news
from tests.fakes.made import DAY, HOUR
from tests.fakes.press import Desk, Entry, Found, off_topic, on_topic

pytestmark = pytest.mark.xdist_group("english")

LAW = settings(max_examples=40, deadline=None)
# What may happen to a feed between two polls; several at once.
DEEDS = (
    "publish",
    "publish",
    "edit title",
    "edit summary",
    "new guids",
    "no guids",
    "own guids",
    "shuffle",
    "drop",
    "bring back",
    "date anew",
    "track",
    "reuse guid",
    "restart",
    "wait",
)


@dataclass(slots=True)
class Outlet:
    """A feed with a will of its own; articles are told apart by the event in their titles."""

    chance: Random
    listed: list[Entry] = field(default_factory=lambda: [off_topic(n) for n in range(8)])
    gone: list[Entry] = field(default_factory=list)
    published: int = 0

    def do(self, deed: str, mark: int) -> None:
        """Do one deed; the mark is another one in each round."""
        place = self.chance.randrange(len(self.listed))
        if deed in {"publish", "reuse guid"}:
            self._publish(place, reuse=deed == "reuse guid")
        elif deed == "drop" and len(self.listed) > 6:
            self.gone.append(self.listed.pop(place))
        elif deed == "bring back" and self.gone:
            self.listed.append(self.gone.pop())
        elif deed == "shuffle":
            self.chance.shuffle(self.listed)
        elif deed in ALL:
            self.listed = [ALL[deed](entry, mark) for entry in self.listed]
        elif deed in ONE:
            self.listed[place] = ONE[deed](self.listed[place], mark)

    def _publish(self, place: int, *, reuse: bool) -> None:
        """Put a new article on top, maybe in the place of another and under its guid."""
        if self.published == len(news.BORDER):
            return
        new = on_topic(self.published)
        self.published += 1
        if reuse:
            old = self.listed.pop(place)
            self.gone.append(old)
            new = new.but(guid=old.guid)
        self.listed.insert(0, new)


def own_word(one: Entry) -> str:
    """Give a word that no other entry has."""
    return "w" + str(one.link).partition("?")[0].rpartition("/")[2].replace("-", "")


# What is done to all that is listed, or to one item.
ALL: dict[str, Callable[[Entry, int], Entry]] = {
    "new guids": lambda one, mark: one.but(guid=f"{mark}-{one.link}"),
    "no guids": lambda one, _: one.but(guid=None),
    "own guids": lambda one, _: one.but(guid=one.link),
    "date anew": lambda one, mark: one.but(date=f"Tue, {1 + mark} Nov 2022 10:00:00 GMT"),
}
# Edits bring words of their own: with the same new word in all, articles would grow alike.
ONE: dict[str, Callable[[Entry, int], Entry]] = {
    "edit title": lambda one, mark: one.but(title=f"{one.title} {own_word(one)}{mark}"),
    "edit summary": lambda one, mark: one.but(summary=f"{one.summary} {own_word(one)}{mark}."),
    "track": lambda one, mark: one.but(
        link=f"{str(one.link).partition('?')[0]}?utm_source=rss{mark}"
    ),
}


def event(title: str) -> str | None:
    """Give the event in a title; None for what is not on the border."""
    return next((name for name, _ in news.BORDER if name in title), None)


def count(desk: Desk, found: Found, judged: Counter[str], told: Counter[str]) -> None:
    """Count the events that a poll judged, and those that it or its catch-up told."""
    for one in (*found.batch.items, *found.batch.rejudged):
        name = event(one.seen.item.title)
        if name:
            judged[name] += 1
    late = desk.ingest.catch_up(desk.topic, desk.now)
    for alert in (*found.batch.alerts, *filter(None, [late])):
        assert alert.reason in {Reason.FIRST_STORY, Reason.CATCH_UP}
        told.update(filter(None, (event(item.title) for item in alert.items)))


@pytest.fixture(scope="session")
def empty_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite database that has all its tables, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "seedwatch.db"
    engine = open_engine(f"sqlite:///{path}")
    migrate(engine)
    engine.dispose()
    return path


@given(
    rounds=st.lists(st.lists(st.sampled_from(DEEDS), min_size=1, max_size=4), max_size=12),
    chance=st.randoms(use_true_random=False),
)
@LAW
def test_each_article_is_judged_and_told_once(
    empty_file: Path, rounds: list[list[str]], chance: Random
) -> None:
    """Edits, new guids, other orders, in any interleaving: no article is lost, none told twice."""
    judged: Counter[str] = Counter()
    told: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        shutil.copy(empty_file, Path(folder) / "seedwatch.db")
        engine = open_engine(f"sqlite:///{folder}/seedwatch.db")
        desk, outlet = Desk(engine), Outlet(chance)
        desk.poll(outlet.listed)
        for mark, deeds in enumerate(rounds):
            for deed in deeds:
                outlet.do(deed, mark)
            if "restart" in deeds:
                desk.start()
            after = 5 * DAY if "wait" in deeds else HOUR
            count(desk, desk.poll(outlet.listed, after=after), judged, told)
            if chance.random() < 0.3:
                count(desk, desk.poll(outlet.listed[::-1], name="Other"), judged, told)
        listed = {event(str(one.title)) for one in (*outlet.listed, *outlet.gone)} - {None}
        engine.dispose()
    # What came and went between two polls could not be seen.
    assert listed - set(judged) <= {event(str(one.title)) for one in outlet.gone}
    assert told == Counter(dict.fromkeys(judged, 1))
