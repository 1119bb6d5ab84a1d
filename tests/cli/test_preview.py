"""`preview`: what receivers get, shown and not sent."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.alerts.notice import make_notice
from monitor.cli import main
from monitor.records import Batch, Reason
from monitor.store import Store, migrate, open_engine
from tests.fakes import made
from tests.fakes.made import HOUR, NOW

CONFIG = """\
topics:
  border: {seeds: [seed.txt], receivers: [desk, hooks]}
  quiet: {seeds: [seed.txt], receivers: [desk]}
feeds:
  all: ["https://example.org/rss"]
receivers:
  desk:
    - console
    - email: {to: [a@example.org, b@example.org], smtp: {host: localhost}}
    - slack: {webhook_url: "https://hooks.example/T0"}
  hooks:
    - webhook: {url: "https://example.org/hook"}
templates:
  desk:
    subject: "Border: {{ alert.title }}"
    slack: "*{{ alert.topic }}* {{ alert.url | link('read it') }}"
"""
GOLDEN = Path(__file__).parent / "golden" / "preview.txt"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Give a configuration with templates; its database has one alert, and a later test."""
    (tmp_path / "seed.txt").write_text("Belarus sends migrants to the border. " * 8, "utf-8")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    migrate(engine)
    store = Store(engine)
    store.sync_feeds([made.spec()], NOW)
    store.commit(Batch(items=(made.judged(made.seen()),), alerts=(made.alert(),)))
    test = made.alert("other", reason=Reason.TEST, created_at=NOW + HOUR)
    store.commit(Batch(alerts=(test,)))
    engine.dispose()
    return path


def run(config: Path, *arguments: str) -> str:
    """Run `preview`, and return what it prints."""
    result = CliRunner().invoke(main, ["-c", str(config), "preview", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def test_preview_shows_each_form(config: Path) -> None:
    """The last alert is shown as each kind of destination shows it, templates applied."""
    assert run(config, "border") == GOLDEN.read_text(encoding="utf-8")


def test_preview_of_one_receiver(config: Path) -> None:
    """With a receiver only its destinations are shown, also if the topic does not name it."""
    shown = run(config, "quiet", "--receiver", "hooks")
    assert "hooks/1-webhook" in shown
    assert "desk/" not in shown


def test_preview_without_an_alert(config: Path) -> None:
    """A topic that has told nothing so far is shown with an example, and says that it is one."""
    shown = run(config, "quiet")
    assert shown.startswith("topic quiet: an example, since there is no alert yet; nothing is sent")
    assert "Subject: Border: Belarus sends migrants to the border." in shown
    (config.parent / "seedwatch.db").unlink()
    assert run(config, "quiet").startswith("topic quiet: an example")
    assert not (config.parent / "seedwatch.db").exists()


def test_preview_for_machines(config: Path) -> None:
    """JSON has every form of each message, and whether it is an example."""
    console, mail, slack, hook = json.loads(run(config, "border", "--json"))
    assert mail["destinations"] == ["desk/2-email-a@example.org", "desk/2-email-b@example.org"]
    assert mail["html"].startswith("<!doctype html>")
    assert slack["blocks"][0]["text"]["text"].startswith("*border* <https://")
    assert hook["payload"]["topic"] == "border"
    assert console["is_example"] is False


def test_preview_of_forms_for_machines(config: Path) -> None:
    """Alertmanager gets subject and text; a file gets an entry, and a line of JSON."""
    more = """\
  feed:
    - file: {atom: alerts.xml, jsonl: alerts.jsonl}
    - alertmanager: {url: "http://localhost:9093"}
templates:
"""
    config.write_text(CONFIG.replace("templates:\n", more), encoding="utf-8")
    shown = run(config, "border", "--receiver", "feed")
    file, manager = shown.split("feed/2-alertmanager")
    assert "Atom: [border] " in file
    assert '"type": "alert.first_story"' in file
    subject = manager.index("[border] ")
    assert "first item of a story" not in manager[subject : manager.index("\n\n", subject)]
    assert "[border] first item of a story" in manager


def test_a_report_is_not_previewed(config: Path) -> None:
    """After a report on the topic its last alert is still the one that is shown."""
    engine = open_engine(f"sqlite:///{config.parent / 'seedwatch.db'}")
    report = make_notice("report", "border", "no alert in 7 days", "", NOW + HOUR)
    Store(engine).commit(Batch(alerts=(replace(report, topic="border"),)))
    engine.dispose()
    assert run(config, "border") == GOLDEN.read_text(encoding="utf-8")


def test_preview_of_what_is_not_there(config: Path) -> None:
    """A topic or receiver that the file does not have is said to be missing, with those it has."""
    for arguments, says in (
        (["nothing"], "there is no topic 'nothing'; the file has: border, quiet"),
        (["border", "--receiver", "me"], "there is no receiver 'me'; the file has: desk, hooks"),
    ):
        result = CliRunner().invoke(main, ["-c", str(config), "preview", *arguments])
        assert result.exit_code == 1
        assert says in result.output


def test_preview_says_which_template_failed(config: Path) -> None:
    """A template that makes nothing of the last alert is named; its usual form is shown."""
    picky = (
        "{% if alert.text or 'An outlet' in alert.items[0].sources %}{{ alert.title }}{% endif %}"
    )
    text = CONFIG.replace('subject: "Border: {{ alert.title }}"', f'text: "{picky}"')
    config.write_text(text, encoding="utf-8")
    shown = " ".join(run(config, "border").split())
    cause = "it made nothing of this alert (first_story)"
    assert f"template `text` failed, the usual form stands in: {cause}" in shown
    assert f"Template `text` of desk failed, so this is the usual form: {cause}" in shown
