"""A service that is stopped and started again decides as one that ran through."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.app import App, open_database, wire
from monitor.config import load
from monitor.records import Document, Feed, Lessons, Verdict
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, NOW
from tests.fakes.news import NewsItem, rss
from tests.fakes.reading import read

pytestmark = pytest.mark.xdist_group("languages")

SEEDS = {
    "en.txt": "Hundreds of migrants tried to cross from Belarus into Poland near Kuznica on Monday."
    " Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends them.",
    "pl.txt": "Setki migrantów próbowały przekroczyć granicę z Białorusi do Polski koło Kuźnicy."
    " Straż Graniczna użyła gazu przy ogrodzeniu. Warszawa mówi, że przysyła ich Łukaszenka.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens at a time: a feed brings an item, or a person says yes or no to one."""

    feed: str
    title: str
    summary: str = ""
    # If given, what is said of the latest item of that title; nothing is brought then.
    says: bool | None = None


STEPS = (
    Step(feed="LRT", title="Migrants throw stones as Polish guards fire tear gas at Kuznica"),
    Step(feed="LRT", title="City win the cup final", summary="The coach praised his team."),
    Step(
        feed="PAP",
        title="Migranci rzucali kamieniami, Straż Graniczna użyła gazu w Kuźnicy",
        summary="Setki osób próbowały sforsować ogrodzenie na granicy z Białorusią.",
    ),
    Step(feed="BBC", title="Polish guards fire tear gas as migrants at Kuznica throw stones"),
    Step(feed="LRT", title="Belarus beat Poland at ice hockey in Minsk"),
    Step(feed="LRT", title="Belarus beat Poland at ice hockey in Minsk", says=False),
    Step(feed="PAP", title="Lech wygrał mecz w Poznaniu", summary="Trener chwalił bramkarza."),
    Step(
        feed="PAP",
        title="Migranci rzucali kamieniami, Straż Graniczna użyła gazu w Kuźnicy",
        says=True,
    ),
    Step(
        feed="DPA",
        title="Lukaschenko droht, Migranten frieren bei Kuznica",
        summary="Belarus und Minsk weisen alle Vorwürfe aus Warschau zurück, die Lage ist ernst.",
    ),
    Step(feed="BBC", title="Poland loses to Belarus at ice hockey in Minsk"),
    Step(feed="LRT", title="Lithuania strings razor wire along its border with Belarus"),
    Step(
        feed="PAP",
        title="Kolejna próba przekroczenia granicy w Kuźnicy, Straż Graniczna użyła gazu",
        summary="Grupa 200 osób próbowała sforsować ogrodzenie na granicy z Białorusią.",
    ),
    Step(
        feed="BBC", title="Polish guards at Kuznica: 300 migrants tried to cross the border fence"
    ),
)
FEEDS = ("LRT", "BBC", "PAP", "DPA")


class Newsroom:
    """A service on a database of its own; its feeds state the language of their template."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        for name, text in SEEDS.items():
            (folder / name).write_text(text, encoding="utf-8")
        self.path = folder / "seedwatch.yaml"
        config = {
            "topics": {"border": {"seeds": sorted(SEEDS), "receivers": ["desk"]}},
            "feeds": {"all": [f"https://{name.lower()}.example/rss" for name in FEEDS]},
            "receivers": {"desk": [{"console": {}}]},
            "store": f"sqlite:///{folder / 'seedwatch.db'}",
        }
        self.path.write_text(json.dumps(config), encoding="utf-8")
        self.held: dict[str, list[NewsItem]] = {name: [] for name in FEEDS}
        self.app = self.start()
        self.app.store.sync_feeds([made.spec(name, lang=None) for name in FEEDS], NOW)
        for name in FEEDS:
            self.poll(name, 0)

    def start(self) -> App:
        """Start the service on what is stored."""
        settings = load(self.path, {})
        return wire(settings, open_database(settings))

    def restart(self) -> None:
        """Stop it, and start it again."""
        self.app.close()
        self.app = self.start()

    def feed(self, name: str) -> Feed:
        """Give a feed as it is stored."""
        return next(feed for feed in self.app.store.feeds() if feed.name == name)

    def poll(self, name: str, number: int) -> None:
        """Let a feed be polled."""
        body = rss("", name.lower(), self.held[name][::-1])
        body = body.replace(b"<language>en</language>", b"")
        at = NOW + number * HOUR
        feed = self.feed(name)
        document = Document(url=feed.url, body=body, fetched_at=at)
        self.app.ingest.take(feed, read(feed, document))

    def take(self, number: int, step: Step) -> None:
        """Let a step happen."""
        if step.says is not None:
            found = self.app.store.latest_items(100)
            seen = next(one for one in found if one.item.title == step.title)
            at = NOW + number * HOUR
            said = self.app.tracker.judgement("border", seen, is_on_topic=step.says, at=at)
            self.app.feedback.add([said])
            self.app.tracker.hear(self.app.feedback.all())
            return
        one = NewsItem(
            name=f"n{number}", title=step.title, summary=step.summary, published_at=NOW - DAY
        )
        self.held[step.feed].append(one)
        self.poll(step.feed, number)

    def outcome(self) -> tuple[list[tuple[str, str | None, Verdict]], Lessons]:
        """Give all that was decided, and all that was learned."""
        verdicts = [
            (seen.item.title, seen.item.lang, verdict)
            for seen, verdict in self.app.store.verdicts_of("border")
        ]
        return verdicts, self.app.store.lessons()


def play(folder: Path, restarts: Sequence[int]) -> Newsroom:
    """Let all steps happen, with a restart before some of them."""
    room = Newsroom(folder)
    for number, step in enumerate(STEPS, start=1):
        if number in restarts:
            room.restart()
        room.take(number, step)
    return room


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Give a service that ran through."""
    return play(tmp_path_factory.mktemp("through") / "room", ())


@pytest.mark.parametrize(
    "restarts",
    [[cut] for cut in range(2, len(STEPS) + 1)] + [list(range(1, len(STEPS) + 1))],
    ids=lambda restarts: "-".join(map(str, restarts)),
)
def test_a_restart_changes_nothing(through: Newsroom, tmp_path: Path, restarts: list[int]) -> None:
    """Wherever it is stopped, scores, languages, stories, feedback and lessons stay the same."""
    assert play(tmp_path / "room", restarts).outcome() == through.outcome()


def test_what_happened_is_worth_a_law(through: Newsroom) -> None:
    """The stream has both languages, a third one, stories of several items, and both answers."""
    verdicts, lessons = through.outcome()
    assert {lang for _, lang, _ in verdicts} >= {"en", "pl", "de"}
    assert {name.split("/")[2] for name in lessons.states} == {"en", "pl"}
    by_story = [verdict.decision.story_id for _, _, verdict in verdicts]
    told = [story for story in by_story if story]
    assert len(set(told)) < len(told) < len(by_story)
    assert {one.is_on_topic for one in through.app.feedback.all()} == {True, False}
    assert {one.lang for one in through.app.feedback.all()} == {"en", "pl"}


def test_feedback_is_heard_after_a_restart(through: Newsroom, tmp_path: Path) -> None:
    """Without what was said the scores after it would be others: the law is not empty."""
    silent = Newsroom(tmp_path / "room")
    for number, step in enumerate(STEPS, start=1):
        if step.says is None:
            silent.take(number, step)
    spoken = [verdict.score.value for _, _, verdict in through.outcome()[0]]
    unspoken = [verdict.score.value for _, _, verdict in silent.outcome()[0]]
    assert spoken[:5] == unspoken[:5]
    assert spoken != unspoken
