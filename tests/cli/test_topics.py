"""`check`, `feedback` and `topics` on a small desk: what they prove, show and ask."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.cli import main
from monitor.config import load
from monitor.store import Feedback, Store, open_at
from monitor.topics.drift import LEAST_ITEMS, Match, drift
from tests.cli.desk import SEED, fill, write
from tests.fakes.made import HOUR, NOW


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a desk with a database, three hours after it was filled."""
    monkeypatch.setattr("monitor.clock.utc_now", lambda: NOW + 3 * HOUR)
    path = write(tmp_path)
    fill(path)
    return path


def run(config: Path, *words: str) -> Result:
    """Run a command on it."""
    return CliRunner().invoke(main, ["-c", str(config), *words])


def change(config: Path, old: str, new: str) -> None:
    """Change the configuration."""
    text = config.read_text("utf-8")
    assert old in text
    config.write_text(text.replace(old, new), "utf-8")


def test_files_are_tried_as_feeds_would_show_them(config: Path) -> None:
    """`file:` in `expect` is read with the configuration, and judged by title and beginning."""
    (config.parent / "good.txt").write_text(SEED, "utf-8")
    change(config, "match: [", "match: ['file:good.txt', ")
    done = run(config, "check", "--json")
    assert done.exit_code == 0, done.output
    trials = json.loads(done.stdout)["expectations"]
    assert (trials[0]["text"], trials[0]["ok"]) == ("file:good.txt", True)
    one = load(config, {}).topics[0].expected[0]
    assert one.title.startswith("Hundreds of migrants")
    assert one.summary
    assert one.title not in one.summary


def test_a_file_that_is_missing_is_a_fault(config: Path) -> None:
    """It is told with its line, with all other faults."""
    change(config, "match: [", "match: ['file:none.txt', ")
    done = run(config, "check")
    assert done.exit_code == 78
    assert "seedwatch.yaml:6: topics.border.expect.match[0]:" in done.stderr


def test_pages_are_fetched_only_when_asked_for(config: Path) -> None:
    """Without --fetch an address is not tried, and that is said; it is no failure."""
    change(config, "match: [", "match: ['https://lrt.example/1', ")
    done = run(config, "check")
    assert done.exit_code == 0, done.output
    assert "-- match (not tried: --fetch gets its page) https://lrt.example/1" in " ".join(
        done.output.split()
    )


def test_a_topic_that_cannot_alert_is_an_error(config: Path) -> None:
    """A threshold that its own seed does not reach is told with the cure, where it stands."""
    change(config, "receivers: [desk]", "threshold: 1\n    receivers: [desk]")
    done = run(config, "check", "--ci")
    assert done.exit_code == 1
    line = next(one for one in done.stdout.splitlines() if "can hardly ever" in one)
    assert line.startswith("seedwatch.yaml:2: error: topics.border: can hardly ever alert")
    assert "lower the threshold" in line


def test_an_exclusion_of_its_own_seed_is_told(config: Path) -> None:
    """A `never_mention` that the seed itself has keeps the topic from its own story."""
    change(config, "receivers: [desk]", "never_mention: [tear gas]\n    receivers: [desk]")
    done = run(config, "check", "--ci")
    assert done.exit_code == 0
    assert "its own seed seed.txt would not alert" in done.output
    assert "'tear gas' of `never_mention`" in done.output
    assert run(config, "check", "--ci", "--strict").exit_code == 1


def test_ci_says_file_and_line_of_what_does_not_hold(config: Path) -> None:
    """An expectation that fails is one plain line with its place; all right is one line, too."""
    assert run(config, "check", "--ci").output == "seedwatch.yaml: right; 0 warnings\n"
    change(config, "match: [", "match: [Goats win the cup, ")
    done = run(config, "check", "--ci")
    assert done.exit_code == 1
    first = done.stdout.splitlines()[0]
    assert first.startswith("seedwatch.yaml:6: error: topics.border.expect.match[0]: 'Goats win")


def test_check_says_when_reports_come(config: Path) -> None:
    """Reports are said: when, to whom, not on what; and never is said as well."""
    assert "reports: Mondays at 09:00 (UTC), to desk" in run(config, "check").output
    change(config, "store:", "reports: null\nstore:")
    assert "reports: never: no topic is reported on" in run(config, "check").output


def test_a_template_that_cuts_in_silence_is_told(config: Path) -> None:
    """Who lists items and never says how many are left out is warned, with what to add."""
    text = "{% for item in alert.items %}{{ item.title }} {% else %}{{ alert.title }}{% endfor %}"
    change(config, "store:", f'templates: {{desk: {{text: "{text}"}}}}\nstore:')
    done = run(config, "check", "--ci")
    assert done.exit_code == 0, done.output
    assert "warning: templates.desk.text: never shows alert.left_out" in done.output


def test_feedback_shows_the_past_and_a_dry_run_stores_nothing(config: Path) -> None:
    """What would change is shown first; --dry-run ends there, a pipe stores without asking."""
    engine = open_at(load(config, {}).store_url)
    item = Store(engine).latest_items(1)[0].id
    done = run(config, "feedback", "no", item, "--dry-run")
    assert done.exit_code == 0, done.output
    assert "items that came near in 30 days" in done.output
    assert done.output.endswith("Nothing was stored.\n")
    assert Feedback(engine).all() == []
    assert run(config, "feedback", "no", item).exit_code == 0
    assert len(Feedback(engine).all()) == 1
    engine.dispose()


def test_a_terminal_is_asked(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a no to the question stores nothing, and --yes is not asked."""
    engine = open_at(load(config, {}).store_url)
    item = Store(engine).latest_items(1)[0].id
    monkeypatch.setattr("monitor.cli.feedback.is_terminal", lambda: True)
    words = ["-c", str(config), "feedback", "no", item]
    done = CliRunner().invoke(main, words, input="n\n")
    assert "Store it? [Y/n]" in done.output
    assert Feedback(engine).all() == []
    assert CliRunner().invoke(main, [*words, "--yes"]).exit_code == 0
    assert len(Feedback(engine).all()) == 1
    engine.dispose()


def test_topics_are_shown(config: Path) -> None:
    """A topic has its terms as bars, its scores against the threshold, its alerts by week."""
    shown = run(config, "topics", "show", "border").output
    assert "Belarus" in shown
    assert "--- threshold 0.50 ---" in shown
    assert "alerts by week:" in shown
    facts = json.loads(run(config, "topics", "show", "border", "--json").output)
    assert facts["drift"]["items"] == facts["matches"]
    done = run(config, "topics", "show", "bordr")
    assert done.exit_code == 1
    assert "did you mean 'border'" in done.stderr


def test_a_story_that_moved_is_said_to() -> None:
    """New words that most matches share are drift; of few matches nothing is said."""
    moved = [Match(id=str(n), weights={"minsk": 0.6, "visa": 0.8}) for n in range(LEAST_ITEMS)]
    found = drift(moved, {"minsk"})
    assert found.has_moved
    assert found.terms[0][0] == "visa"
    assert not drift(moved[1:], {"minsk"}).has_moved
    assert not drift(moved, {"minsk", "visa"}).has_moved
    assert drift([], {"minsk"}).moved == 0.0
