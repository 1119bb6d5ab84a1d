"""`silence` on a real database: what it stores and shows, and who then says that it was heeded."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.app import App, open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.records import Batch, Reason, Withheld
from monitor.start import redate
from tests.fakes import made
from tests.fakes.made import NOW

GOLDEN = Path(__file__).parent / "golden"
SEED = "Belarus sends migrants to the Polish border. " * 8
CONFIG: dict[str, Any] = {
    "topics": {
        "border": {"seeds": ["seed.txt"], "receivers": ["desk", "pager"], "urgent": True},
        "rail": {"seeds": ["seed.txt"], "receivers": ["desk"]},
    },
    "feeds": {"world": [{"url": "https://lrt.example/rss", "name": "LRT"}]},
    "receivers": {
        "desk": ["console"],
        "pager": {
            "to": ["console"],
            "zone": "Europe/Warsaw",
            "digest": {"at": ["08:00", "17:00"], "days": "mon-fri"},
            "quiet": ["22:00-07:00", "sat-sun 00:00-24:00"],
        },
    },
}


class Desk:
    """A configuration with two topics and two receivers, and its database."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "seedwatch.yaml"
        (folder / "seed.txt").write_text(SEED, encoding="utf-8")
        self.path.write_text(json.dumps(CONFIG), encoding="utf-8")
        app = self.app()
        app.store.sync_feeds(app.settings.feeds, NOW)
        story = made.story("fence")
        alert = made.alert("fence")
        kept = Withheld(alert_id=alert.id, receiver="pager", why="silence 3fa2b1c9", at=NOW)
        app.store.commit(
            Batch(
                items=(made.judged(story_id=story.id),),
                stories=(story,),
                alerts=(alert,),
                withheld=(kept,),
            )
        )
        app.close()

    def app(self) -> App:
        """Wire the app that a service would be."""
        settings = load(self.path, {})
        return wire(settings, open_database(settings))

    def run(self, *words: str) -> Result:
        """Run a command."""
        return CliRunner().invoke(main, ["-c", str(self.path), *words])

    def listed(self, *words: str) -> list[dict[str, Any]]:
        """Return what is listed."""
        done = self.run("silence", "list", "--json", *words)
        assert done.exit_code == 0, done.output
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Give a desk that has told one story, but not to the pager."""
    return Desk(tmp_path)


def golden(name: str, text: str) -> None:
    """Compare a screen, ids and times aside, with the one that is kept."""
    text = re.sub(r"\b[0-9a-f]{8}\b", "ABCDEF01", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2021-11-08 14:00", text)
    assert text == (GOLDEN / name).read_text(encoding="utf-8")


def test_a_silence_is_added_shown_and_ended(desk: Desk) -> None:
    """The whole way: what is asked for, how it is listed, how it is undone."""
    words = ("--topic", "border", "--comment", "moving desks", "--author", "anna")
    added = desk.run("silence", "add", "--for", "48h", *words)
    listed = desk.run("silence", "list")
    ended = desk.run("silence", "end", desk.listed()[0]["id"][:6])
    after = desk.run("silence", "list")
    assert {one.exit_code for one in (added, listed, ended, after)} == {0}
    golden(
        "silence.txt",
        f"$ add\n{added.output}$ list\n{listed.output}$ end\n{ended.output}$ list\n{after.output}",
    )
    (kept,) = desk.listed("--all")
    assert kept["ended_at"] is not None


def test_the_matchers_are_stored_as_meant(desk: Desk) -> None:
    """Story and the rest become what the service compares with; an item stands for its story."""
    item = made.seen().id
    done = desk.run(
        *("silence", "add", "--for", "1h", "--story", item[:8], "--source", "LRT"),
        *("--receiver", "pager", "--comment", "  we \n\x1b know\u202e ", "--json"),
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["story"] == made.story("fence").id
    assert (found["source"], found["receiver"], found["topic"]) == ("LRT", "pager", None)
    assert (found["comment"], bool(found["author"])) == ("we know", True)
    span = datetime.fromisoformat(found["until"]) - datetime.fromisoformat(found["created_at"])
    assert span == timedelta(hours=1)


def test_a_time_without_an_offset_is_utc(desk: Desk) -> None:
    """`--until` takes a time of any zone, and UTC if none is named."""
    tomorrow = datetime.now(UTC).replace(microsecond=0, tzinfo=None) + timedelta(days=1)
    for text in (f"{tomorrow.isoformat()}", f"{(tomorrow).isoformat()}+00:00"):
        done = desk.run(
            "silence", "add", "--until", text, "--topic", "rail", "--comment", "x", "--json"
        )
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["until"] == f"{tomorrow.isoformat()}+00:00"


@pytest.mark.parametrize(
    "words, says",
    [
        ("--for 1h", "say what is to be silent: --topic, --story, --source or --receiver"),
        ("--topic bordr --for 1h", "there is no topic 'bordr'; did you mean 'border'?"),
        ("--receiver me --for 1h", "there is no receiver 'me'; known here: desk, pager"),
        ("--source BBC --for 1h", "there is no source 'BBC'; known here: LRT"),
        ("--story 0123abcd --for 1h", "no item '0123abcd' is stored"),
        ("--story {item} --topic rail --for 1h", "is in no story"),
        ("--topic border", "say how long: either --for 48h, or --until 2026-01-05T08:00"),
        ("--topic border --for 1h --until 2026-01-05T08:00", "say how long: either"),
        ("--topic border --for 48", "'48' has no unit; write it like 90s, 5m, 1h30m or 7d"),
        ("--topic border --for 0s", "is not between now and 366 days from now"),
        ("--topic border --for 367d", "is not between now and 366 days from now"),
        ("--topic border --for 999999d", "is not between now and 366 days from now"),
        ("--topic border --until soon", "'soon' is not a time; write it like 2026-01-05T08:00"),
        ("--topic border --until 2021-01-05", "is not between now and 366 days from now"),
        ("--topic border --for 1h --comment ''", "--comment is to say why"),
    ],
)
def test_what_means_nothing_is_refused(desk: Desk, words: str, says: str) -> None:
    """A silence that would hide nothing, or for ever, is refused with its cure."""
    parts = [part.strip("'") for part in words.format(item=made.seen().id[:8]).split()]
    done = desk.run("silence", "add", *parts, *(() if "--comment" in parts else ("--comment", "x")))
    assert done.exit_code == 1
    assert says in done.output
    assert desk.listed("--all") == []


@pytest.mark.parametrize("beginning", ["ffffffff", "%", ""])
def test_only_a_silence_is_ended(desk: Desk, beginning: str) -> None:
    """What names none, or several, ends none."""
    for topic in ("border", "rail"):
        desk.run("silence", "add", "--for", "1h", "--topic", topic, "--comment", "x")
    done = desk.run("silence", "end", beginning)
    assert done.exit_code == 1
    assert len(desk.listed()) == 2


def test_alerts_and_why_say_who_was_not_told(desk: Desk) -> None:
    """A receiver that was silenced is named beside those that were told."""
    for words in (("alerts",), ("why", made.seen().id)):
        done = desk.run(*words)
        assert "-> pager: not told: silence 3fa2b1c9" in done.output, done.output
    found = json.loads(desk.run("alerts", "--json").stdout)
    assert found[0]["withheld"][0]["receiver"] == "pager"


def test_why_names_the_silence(desk: Desk) -> None:
    """A decision that a silence took is explained by its words."""
    app = desk.app()
    one = made.judged(made.seen("wall"), reason=Reason.SILENCED, story_id=made.story().id)
    app.store.commit(Batch(items=(one,)))
    app.close()
    assert (
        "decision: on-topic, but somebody has asked not to be told"
        in desk.run("why", made.seen("wall").id).output
    )


def test_check_and_status_show_schedules(desk: Desk) -> None:
    """When a receiver is told, what waits and what is silenced stand in words on both screens."""
    app = desk.app()
    late = made.alert("late", items=(made.alerted("fence"),), created_at=datetime.now(UTC))
    held = made.delivery("pager/1-console", of=late, group="digest/x")
    app.store.commit(Batch(alerts=(late,), deliveries=(held,)))
    redate(app, datetime.now(UTC))
    app.close()
    desk.run(
        *("silence", "add", "--for", "2d", "--topic", "rail", "--comment", "moving desks"),
        *("--author", "anna"),
    )
    checked = [line for line in desk.run("check").output.splitlines() if "receiver" in line]
    assert checked == ["receiver desk: console", "receiver pager: console"]
    words = "digests at 08:00 and 17:00 on Mon-Fri; quiet 22:00-07:00 and Sat, Sun 00:00-24:00"
    assert f"told {words}" in " ".join(desk.run("check").output.split())
    assert "-> desk, pager, urgent" in desk.run("check").output
    shown = " ".join(desk.run("status").output.split())
    assert f"receiver pager: {words} (Europe/Warsaw); next digest 20" in shown
    assert "1 delivery waits, due in" in shown
    assert "silenced: topic rail, ends in 2 d: moving desks (anna)" in shown
    facts = json.loads(desk.run("status", "--json").stdout)
    assert [one["held"] for one in facts["receivers"]] == [0, 1]
    assert facts["silences"][0]["topic"] == "rail"


def test_check_says_who_is_told_of_failures(desk: Desk) -> None:
    """Nobody learns by an outage that no operator was named."""
    said = desk.run("check").output
    assert "operator: nobody is told when feeds or deliveries fail" in " ".join(said.split())
    desk.path.write_text(json.dumps(CONFIG | {"operator": ["desk"]}), encoding="utf-8")
    assert "operator: desk" in desk.run("check").output.splitlines()
