"""`feedback` on a real database: what it shows, what it stores, and the way back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.daemon import Daemon
from monitor.records import Batch, JudgedItem, SeenItem
from tests.fakes import made
from tests.fakes.made import NOW

SEED = """Hundreds of migrants tried to cross the border from Belarus into Poland near Kuznica.
Polish guards used tear gas at the fence. Warsaw says that Lukashenko in Minsk sends the migrants.
Poland closed the crossing at Kuznica, and the European Union prepares sanctions against Belarus."""
TITLES = {
    "wire": "Lithuania strings razor wire along its border with Belarus",
    "hockey": "Belarus beat Poland at ice hockey in Minsk",
    "again": "Belarus loses to Poland at ice hockey in Minsk",
}

# A line of an export.
GOOD: dict[str, Any] = {
    "id": "0123abcd",
    "topic": "border",
    "item_id": "0123456789abcdef",
    "is_on_topic": True,
    "lang": "en",
    "title": "A fence",
    "given_at": "2021-11-08T14:00:00+00:00",
    "names": {"lithuania": 0.8},
    "matter": {"fence": 0.6},
    "rarity": {"lithuania": 3.5, "fence": 2.5},
}


def news(name: str) -> SeenItem:
    """Return an item that a feed brought."""
    one = made.item(name, title=TITLES[name], summary="", published_at=NOW)
    return made.seen(name, one)


class Desk:
    """A configuration with one topic or two, and its database."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "seedwatch.yaml"
        (folder / "seed.txt").write_text(SEED, encoding="utf-8")
        self.write("border")

    def write(self, *topics: str) -> None:
        """Write the configuration with these topics."""
        one = {"seeds": ["seed.txt"], "receivers": ["desk"]}
        config = {
            "topics": dict.fromkeys(topics, one),
            "feeds": {"world": ["https://lrt.example/rss"]},
            "receivers": {"desk": [{"console": {}}]},
            "store": f"sqlite:///{self.folder / 'seedwatch.db'}",
        }
        self.path.write_text(json.dumps(config), encoding="utf-8")

    def app(self) -> App:
        """Wire the app that a service would be."""
        settings = load(self.path, {})
        return wire(settings, open_database(settings))

    def fill(self, *topics: str) -> None:
        """Let a service store the items, judged by some topics."""
        app = self.app()
        app.store.sync_feeds([made.spec()], NOW)
        for name in TITLES:
            verdicts = tuple(
                made.judged(news(name), topic_name=topic).verdicts[0] for topic in topics
            )
            app.store.commit(Batch(items=(JudgedItem(seen=news(name), verdicts=verdicts),)))
        app.close()

    def run(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, ["-c", str(self.path), "feedback", *words])

    def said(self) -> list[dict[str, Any]]:
        """Return what is listed."""
        done = self.run("list", "--json")
        assert done.exit_code == 0, done.output
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Give a desk with three items that its topic judged."""
    made_of = Desk(tmp_path)
    made_of.fill("border")
    return made_of


def test_a_word_shows_what_moves_and_how_to_undo_it(desk: Desk) -> None:
    """A yes lists the terms that move, stores the judgement, and names the way back."""
    done = desk.run("yes", news("wire").id[:8])
    assert done.exit_code == 0, done.output
    (one,) = desk.said()
    assert f"seedwatch feedback undo {one['id']}" in done.output
    assert "yes, topic border: Lithuania strings razor wire" in done.output
    table = done.output.split("change")[1].split("Such an item's score")[0].splitlines()[1:]
    assert len(table) == 8
    assert any(line.startswith("Lithuania") and "0.0000" in line for line in table)
    assert (one["topic"], one["item_id"], one["is_on_topic"]) == ("border", news("wire").id, True)


def test_a_no_lowers_the_score_of_its_kind(desk: Desk) -> None:
    """A no to an item lowers what comes like it, and undoing gives the very score back."""
    app = desk.app()
    again = news("again").item
    before = app.tracker.score("border", again, NOW)
    app.close()
    assert desk.run("no", news("hockey").id).exit_code == 0
    app = desk.app()
    assert app.tracker.score("border", again, NOW).value < before.value
    app.close()
    done = desk.run("undo")
    assert done.output.splitlines() == [
        f"Undone: no, topic border: {TITLES['hockey']}",
        "0 left on this topic.",
    ]
    app = desk.app()
    assert app.tracker.score("border", again, NOW) == before
    app.close()


def test_the_list_and_undoing_by_id(desk: Desk) -> None:
    """What was said is listed oldest first; any of it can be undone, once."""
    assert "No feedback." in desk.run("list").output
    desk.run("yes", news("wire").id)
    desk.run("no", news("hockey").id)
    first, second = desk.said()
    shown = desk.run("list").output
    assert shown.index(first["id"]) < shown.index(second["id"])
    assert desk.run("undo", first["id"]).exit_code == 0
    assert desk.said() == [second]
    done = desk.run("undo", first["id"])
    assert done.exit_code == 1
    assert f"no judgement '{first['id']}' counts" in done.stderr
    desk.run("undo")
    assert "there is nothing to undo" in desk.run("undo").stderr
    assert desk.run("list", "--topic", "border").exit_code == 0


def test_the_same_word_again_changes_nothing(desk: Desk) -> None:
    """Saying it twice is refused with the way back; the other word takes its place."""
    desk.run("yes", news("wire").id)
    again = desk.run("yes", news("wire").id)
    assert again.exit_code == 1
    assert "already: nothing changed. Undo: seedwatch feedback undo" in again.stderr
    assert len(desk.said()) == 1
    assert desk.run("no", news("wire").id).exit_code == 0
    assert len(desk.said()) == 2
    assert desk.run("yes", news("wire").id).exit_code == 0


def test_items_are_found_as_people_have_them(desk: Desk) -> None:
    """An item goes by its address as well; what names none or several fails with a line."""
    assert desk.run("yes", "https://lrt.example/news/wire").exit_code == 0
    done = desk.run("no", "0123abcd")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "no item '0123abcd' is stored" in done.stderr


def test_the_topic_that_is_meant(tmp_path: Path) -> None:
    """With several topics that could be meant, the one must be named; a strange one is refused."""
    desk = Desk(tmp_path)
    desk.write("border", "rail")
    desk.fill("border", "rail")
    done = desk.run("yes", news("wire").id)
    assert done.exit_code == 1
    assert "add --topic border or rail" in done.stderr
    assert desk.run("yes", news("wire").id, "--topic", "rail").exit_code == 0
    assert [one["topic"] for one in desk.said()] == ["rail"]
    done = desk.run("yes", news("wire").id, "--topic", "gone")
    assert "there is no topic 'gone'; the file has: border, rail" in done.stderr


def test_it_goes_out_and_comes_in_as_text(desk: Desk, tmp_path: Path) -> None:
    """What is exported can be imported elsewhere, means the same there, and is not doubled."""
    desk.run("yes", news("wire").id)
    desk.run("no", news("hockey").id)
    text = desk.run("export").stdout
    assert [json.loads(line)["title"] for line in text.splitlines()] == [
        TITLES["wire"],
        TITLES["hockey"],
    ]
    file = tmp_path / "said.jsonl"
    file.write_text(text, encoding="utf-8")
    assert desk.run("import", str(file)).output == "0 added, 2 were known.\n"

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = Desk(elsewhere)
    other.fill()
    assert other.run("import", str(file)).output == "2 added, 0 were known.\n"
    assert other.run("export").stdout == text
    here, there = desk.app(), other.app()
    assert here.tracker.profile("border", "en") == there.tracker.profile("border", "en")
    here.close()
    there.close()


@pytest.mark.parametrize(
    "changes, fault",
    [
        ({"id": 7}, "a text is none"),
        ({"id": "a" * 17}, "too long"),
        ({"is_on_topic": "yes"}, "neither true nor false"),
        ({"given_at": "2021-11-08T14:00:00"}, "has no zone"),
        ({"given_at": "yesterday"}, "Invalid isoformat"),
        ({"names": {"fence": 0.5}}, "`rarity` has other terms"),
        ({"matter": {"fence": 2.0}, "names": {}, "rarity": {"fence": 3.0}}, "a weight is not"),
        ({"matter": {"fence": 0.5}, "names": {}, "rarity": {"fence": 0.0}}, "a rarity is not"),
        ({"strange": 1}, "strange"),
    ],
    ids=str,
)
def test_a_strange_file_is_refused(
    desk: Desk, tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    """A line that `export` never wrote is named with its number, and nothing is added."""
    file = tmp_path / "said.jsonl"
    file.write_text(f"{json.dumps(GOOD)}\n{json.dumps(GOOD | changes)}\n", encoding="utf-8")
    done = desk.run("import", str(file))
    assert done.exit_code == 1
    assert f"{file}:2: not a line of `feedback export`" in done.stderr
    assert fault in done.stderr
    assert desk.said() == []


def test_an_import_for_no_topic_is_kept(desk: Desk, tmp_path: Path) -> None:
    """Judgements on a topic that is not configured are kept and said to be unused."""
    file = tmp_path / "said.jsonl"
    file.write_text(json.dumps(GOOD | {"topic": "rail"}), encoding="utf-8")
    done = desk.run("import", str(file))
    assert "No topic of the configuration is called rail: kept, unused." in done.output


def test_why_says_that_feedback_has_a_share(desk: Desk) -> None:
    """`why` names in one line how many judgements move the topic."""
    words = ["-c", str(desk.path), "why", news("again").id]
    assert "feedback:" not in CliRunner().invoke(main, words).output
    desk.run("no", news("hockey").id)
    assert "feedback: 1 judgement moves this topic" in CliRunner().invoke(main, words).output
    desk.run("yes", news("wire").id)
    assert "feedback: 2 judgements move this topic" in CliRunner().invoke(main, words).output


def test_a_running_service_takes_it_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon hears what is said and undone while it runs, and keeps what it has learned."""
    monkeypatch.setattr("monitor.rounds.HEAR_EVERY_SECONDS", 0.0)
    app = desk.app()
    daemon = Daemon(replace(app, poller=NoPolls()), lambda: app.settings)  # type: ignore[arg-type]
    again = news("again").item
    app.tracker.learn(again, [app.tracker.score("border", again, NOW)], NOW)
    daemon.poll()
    before = app.tracker.score("border", again, NOW)
    desk.run("no", news("hockey").id)
    assert app.tracker.score("border", again, NOW) == before
    daemon.poll()
    assert app.tracker.score("border", again, NOW).value < before.value
    desk.run("undo")
    daemon.poll()
    assert app.tracker.score("border", again, NOW) == before
    assert app.tracker.take_lessons().states
    app.close()


class NoPolls:
    """A poller that has nothing to do."""

    def tick(self, *_: object, **__: object) -> int:
        """Poll nothing."""
        return 0
