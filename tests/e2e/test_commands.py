"""The commands, one call at a time: what they print, and their exit codes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.forks import forked
from tests.fakes.news import off_topic, on_topic
from tests.fakes.service import (
    DESTINATIONS,
    SLACK,
    TOPIC,
    WEBHOOK,
    Scene,
    run_command,
    scene,
    shown,
    subject,
    told_once,
    wait_until,
)
from tests.fakes.web import Reply

PAGE = """\
<!DOCTYPE html><html lang="en"><head><title>{title}</title>
<meta property="article:published_time" content="2021-11-09T07:00:00Z"></head><body>
<nav><a href="/">Home</a> <a href="/sport">Sport</a></nav>
<article><h1>{title}</h1><p>{summary}</p>
<p>Lukashenko's government in Minsk sends migrants and refugees to the Polish border near Kuznica,
says Warsaw, and the European Union prepares further sanctions against Belarus.</p>
<p>Border guards reported that people had tried to break through the barbed wire fence.</p>
</article><footer>All rights reserved.</footer></body></html>
"""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Scene]:
    """Give a news server, receivers and a service that is not started yet."""
    with scene(tmp_path) as made:
        made.service.write()
        yield made


def stored(stage: Scene) -> dict[str, int]:
    """Count the rows of each table that has any, its schema's version aside."""
    names = stage.service.sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    counts = {name: stage.service.sql(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in names}  # noqa: S608 - its own names
    return {name: count for name, count in counts.items() if count and name != "alembic_version"}


def test_once_does_one_round(stage: Scene) -> None:
    """A dry run stores and sends nothing, a first round catches up, the next ones alert."""
    service, told = stage.service, stage.receivers.told
    stage.open_feed("wire", "rss", on_topic(0), *map(off_topic, range(3)))
    stage.add_feed("gone", stage.news.url("/gone"))
    service.write()

    dry = service.ask("once", "--dry-run")
    assert (dry["dry_run"], dry["feeds"], dry["new_items"]) == (True, 2, 4)
    assert dry["failing"] == {"gone": "HTTP 404 Not Found"}
    assert [one["item"]["item"]["title"] for one in dry["waiting"]] == [on_topic(0).title]
    assert (dry["alerts"], dry["deliveries"]) == ([], [])
    assert stored(stage) == {}
    assert told() == told_once()

    first = service.ask("once")
    assert (first["dry_run"], first["new_items"]) == (False, 4)
    assert [alert["reason"] for alert in first["alerts"]] == ["catch_up"]
    assert [one["state"] for one in first["deliveries"]] == ["delivered"] * 3
    assert told() == told_once(subject(on_topic(0).title, kind="catch-up"))

    stage.news.publish("/wire", on_topic(1))
    # A feed is due a second after its last poll, give or take a tenth.
    time.sleep(1.3)
    done = service.command("once")
    assert done.returncode == 0
    assert "1 alerts made." in shown(done)
    assert on_topic(1).title in shown(done)
    assert "3 of 3 deliveries arrived." in shown(done)
    both = [subject(on_topic(0).title, kind="catch-up"), subject(on_topic(1).title)]
    assert told() == told_once(*both)


def test_reports_tell_what_became_of_each_item(stage: Scene) -> None:
    """`status`, `alerts` and `why` agree on an alert, a copy, and an item that is off-topic."""
    service = stage.service
    stage.open_feed("wire", "rss")
    stage.open_feed("east", "atom")
    service.start(forked)
    stage.wait_until_read()
    stage.news.publish("/wire", on_topic(0), off_topic(0))
    wait_until(lambda: bool(stage.receivers.taken()), lambda: "no alert came")
    stage.news.publish("/east", on_topic(0))
    stage.wait_until_read()
    service.wait_until_settled()

    status = service.ask("status")
    assert (status["health"], status["ailments"], status["is_running"]) == ("well", [], True)
    assert [feed["name"] for feed in status["feeds"]] == ["wire", "east"]
    assert (status["counts"]["items"], status["counts"]["delivered"]) == (3, 3)
    (topic,) = status["topics"]
    assert (topic["topic"], topic["alerts"], topic["scored"]) == (TOPIC, 1, 3)
    assert service.stop() == 0
    done = service.command("status")
    assert done.returncode == 0
    assert "the service is not running: start it with `seedwatch run`" in shown(done)

    (row,) = service.ask("alerts")
    told = row["alert"]["items"][0]
    assert (told["title"], told["source"]) == (on_topic(0).title, "wire")
    assert {one["destination"]: one["state"] for one in row["deliveries"]} == dict.fromkeys(
        DESTINATIONS.values(), "delivered"
    )

    (trace,) = service.ask("why", told["item_id"][:8])
    (verdict,) = trace["verdicts"]
    assert verdict["decision"]["reason"] == "first_story"
    assert verdict["score"]["value"] >= verdict["score"]["threshold"]
    assert verdict["score"]["terms"]
    assert len(trace["deliveries"]) == 3
    # By the address of an item that the feed brought.
    done = service.command("why", f"https://wire.example/news/{off_topic(0).name}")
    assert done.returncode == 0
    assert "off-topic" in shown(done)
    assert "its score is below the threshold" in shown(done)
    done = service.command("why", f"https://east.example/news/{on_topic(0).name}")
    assert "another outlet's copy of a story already alerted" in shown(done)
    done = service.command("why", "0123abcd")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no item '0123abcd' is stored" in done.stderr


def test_why_judges_a_page_that_no_feed_brought(stage: Scene) -> None:
    """An unknown address is fetched and judged as if it came now; nothing is stored or sent."""
    stage.open_feed("wire", "rss")
    stage.service.write()
    text = PAGE.format(title=on_topic(5).title, summary=on_topic(5).summary)
    headers = {"Content-Type": "text/html; charset=utf-8"}
    page = stage.news.route("/article", Reply(headers=headers, body=text.encode()))
    (trace,) = stage.service.ask("why", page)
    (verdict,) = trace["verdicts"]
    assert trace["item"]["title"] == on_topic(5).title
    assert "rights reserved" not in trace["item"]["summary"]
    assert (verdict["decision"]["alert"], verdict["decision"]["reason"]) == (True, "first_story")
    assert stored(stage) == {}
    assert stage.receivers.told() == told_once()

    done = stage.service.command("why", stage.news.url("/gone"))
    assert (done.returncode, done.stdout) == (1, "")
    assert "cannot be fetched: HTTP 404" in done.stderr


def test_a_test_alert_takes_the_real_way(stage: Scene) -> None:
    """It reaches all destinations, says what each answered, and fails if one does not take it."""
    service = stage.service
    stage.open_feed("wire", "rss")
    service.write()
    results = service.ask("test-alert", "newsroom")
    assert {one["destination"]: one["state"] for one in results} == dict.fromkeys(
        DESTINATIONS.values(), "delivered"
    )
    title = "A test of seedwatch: no news"
    assert stage.receivers.told() == told_once(subject(title, kind="test"))

    stage.receivers.script(WEBHOOK, Reply(status=503, body=b"closed"))
    stage.receivers.script(SLACK, Reply(status=404, body=b"no_team"))
    done = service.command("test-alert", "newsroom")
    assert done.returncode == 1
    assert f"{DESTINATIONS['webhook']}: pending: HTTP 503: closed" in shown(done)
    # It is paused: the test goes out when it is mended.
    assert f"{DESTINATIONS['slack']}: pending: HTTP 404: no_team" in shown(done)
    assert f"{DESTINATIONS['email']}: delivered" in shown(done)
    assert "2 of 3 destinations did not take it" in done.stderr

    done = service.command("test-alert", "nobody")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no receiver 'nobody'; the file has: newsroom" in done.stderr


def test_reports_need_a_database(stage: Scene) -> None:
    """Before the service ran, a report fails with the cure, and makes no database."""
    stage.open_feed("wire", "rss")
    stage.service.write()
    done = stage.service.command("status")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there is no database at" in done.stderr
    assert "start `seedwatch run` first" in done.stderr
    assert not stage.service.database.exists()


def test_init_writes_what_check_finds_right(tmp_path: Path) -> None:
    """A new folder gets a configuration that is right, and is never overwritten."""
    folder = tmp_path / "mine"
    assert run_command("init", str(folder), cwd=tmp_path).returncode == 0
    config = folder / "config" / "seedwatch.yaml"
    done = run_command("check", "--json", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["topics"] == [TOPIC]
    assert found["feeds"] > 20
    assert [trial["text"] for trial in found["expectations"] if not trial["ok"]] == []
    assert len(found["expectations"]) >= 4

    config.write_text("mine: now", encoding="utf-8")
    again = run_command("init", str(folder), cwd=tmp_path)
    assert again.returncode == 1
    assert "exists already: nothing was written" in again.stderr
    assert config.read_text(encoding="utf-8") == "mine: now"


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    """No file named and none found is a wrong configuration, with the cure in the line."""
    done = run_command("check", cwd=tmp_path)
    assert done.returncode == 78
    (line,) = done.stderr.splitlines()
    assert "seedwatch init" in line


def test_feeds_are_looked_at_closely(stage: Scene) -> None:
    """A feed is tested by name or address, which stores nothing, and listed with its health."""
    service = stage.service
    stage.open_feed("wire", "rss", on_topic(0), off_topic(0))
    stage.add_feed("gone", stage.news.url("/gone"))
    service.write()
    report = service.ask("feeds", "test", "wire")
    assert (report["name"], report["trouble"]) == ("wire", None)
    assert report["findings"]["titles"] == [off_topic(0).title, on_topic(0).title]
    assert report["again"]["is_honoured"]
    assert len(stage.news.requests("/wire")) == 2
    service.ask("feeds", "test", stage.news.url("/wire"), "--once")
    assert len(stage.news.requests("/wire")) == 3
    done = service.command("feeds", "test", "gone")
    assert done.returncode == 1
    assert done.stdout.startswith("failed: gone\n")
    assert "HTTP 404 Not Found" in done.stdout
    assert stored(stage) == {}

    assert service.command("once").returncode == 0
    listed = service.ask("feeds", "list")
    assert {one["name"]: one["health"] for one in listed} == {"wire": "well", "gone": "failing"}
    (failing,) = service.ask("feeds", "list", "--failing")
    assert failing["detail"] == "HTTP 404 Not Found"
    assert "2 feeds: 1 failing, 1 well" in service.command("feeds", "list").stdout
