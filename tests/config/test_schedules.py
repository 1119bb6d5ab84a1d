"""Schedules as they are written, and the records they give."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.schedule import ALL_DAYS, Digest, Quiet, Schedule
from monitor.config import load
from monitor.config.times import parse_days, parse_quiet, parse_time
from monitor.targets import Secret, SlackTarget

ROOT = Path(__file__).parents[2]
GOOD = """\
topics:
  border: {seeds: [border.txt], receivers: [me], urgent: URGENT}
feeds:
  world: ["https://www.example.org/rss"]
receivers:
  me: RECEIVER
delivery: {group_wait: 45s}
"""
WARSAW = ZoneInfo("Europe/Warsaw")
WAIT = timedelta(seconds=45)
SHIPPED = ROOT / "config" / "seedwatch.yaml"


def schedule(folder: Path, receiver: str) -> Schedule:
    """Load a configuration with this receiver, and give its schedule."""
    (folder / "border.txt").write_text("Poland shut its border with Belarus on Monday. " * 5)
    path = folder / "seedwatch.yaml"
    path.write_text(GOOD.replace("RECEIVER", receiver).replace("URGENT", "false"))
    return load(path, {}).receivers[0].schedule


@pytest.mark.parametrize(
    "receiver, expected",
    [
        ("[console]", Schedule(group_wait=WAIT)),
        ("{to: [console]}", Schedule(zone=ZoneInfo("UTC"), group_wait=WAIT)),
        (
            "{to: [console], group_wait: 0s, burst: 3}",
            Schedule(zone=ZoneInfo("UTC"), burst=3),
        ),
        (
            "{to: [console], digest: {every: 1h30m}}",
            Schedule(
                zone=ZoneInfo("UTC"),
                group_wait=WAIT,
                digest=Digest(every=timedelta(minutes=90)),
            ),
        ),
        (
            '{to: [console], zone: Europe/Warsaw, digest: {at: ["17:00", "08:00", "17:00"]}}',
            Schedule(zone=WARSAW, group_wait=WAIT, digest=Digest(at=(480, 1020))),
        ),
        (
            '{to: [console], zone: Europe/Warsaw, digest: {at: "09:00", days: mon}}',
            Schedule(zone=WARSAW, group_wait=WAIT, digest=Digest(at=(540,), days=frozenset({0}))),
        ),
        (
            '{to: [console], quiet: ["22:00-07:00", "sat, sun 00:00-24:00"]}',
            Schedule(
                zone=ZoneInfo("UTC"),
                group_wait=WAIT,
                quiet=(
                    Quiet(start=1320, end=1860),
                    Quiet(start=0, end=1440, days=frozenset({5, 6})),
                ),
            ),
        ),
    ],
)
def test_a_schedule_is_read(tmp_path: Path, receiver: str, expected: Schedule) -> None:
    """Each way of writing a schedule gives the record that it says."""
    assert schedule(tmp_path, receiver) == expected


@pytest.mark.parametrize("urgent, expected", [("true", True), ("false", False), ('"true"', True)])
def test_urgent_is_read(tmp_path: Path, urgent: str, *, expected: bool) -> None:
    """A topic is urgent if it says so, also by a variable."""
    schedule(tmp_path, "[console]")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(GOOD.replace("RECEIVER", "[console]").replace("URGENT", urgent))
    assert load(path, {}).topics[0].urgent is expected


def test_a_schedule_changes_no_destination(tmp_path: Path) -> None:
    """Names and secrets are found in both forms: a schedule may come and go under what waits."""
    entries = '[console, {slack: {webhook_url: "https://hooks.example/T0"}}]'
    found = []
    for receiver in (entries, f"{{to: {entries}, burst: 5}}"):
        schedule(tmp_path, receiver)
        settings = load(tmp_path / "seedwatch.yaml", {})
        found.append(settings.receivers[0].destinations)
    assert found[0] == found[1]
    assert [one.name for one in found[0]] == ["me/1-console", "me/2-slack"]
    assert found[1][1].target == SlackTarget(webhook_url=Secret("https://hooks.example/T0"))


@pytest.mark.parametrize(
    "text, expected",
    [
        ("mon", {0}),
        ("mon-fri", {0, 1, 2, 3, 4}),
        ("fri-mon", {4, 5, 6, 0}),
        ("sat, sun", {5, 6}),
        ("mon - wed,sun", {0, 1, 2, 6}),
        ("sun-sun", {6}),
    ],
)
def test_days(text: str, expected: set[int]) -> None:
    """Days are listed, or given from one to another, also over the end of the week."""
    assert parse_days(text) == expected


@given(st.integers(0, 1439), st.integers(0, 1439))
def test_hours_read_as_written(start: int, end: int) -> None:
    """Hours begin and end where they say, on the next day if they end before they begin."""
    text = "-".join(f"{minute // 60:02}:{minute % 60:02}" for minute in (start, end))
    if start == end:
        with pytest.raises(ValueError, match="begins and ends at the same time"):
            parse_quiet(text)
        return
    found = parse_quiet(text)
    assert found == Quiet(start=start, end=end + 1440 * (end < start), days=ALL_DAYS)
    assert start < found.end <= start + 1439
    assert parse_time(text[:5]) == start


@pytest.mark.parametrize("name", ["desk", "night-desk"])
def test_commented_receivers_are_one_step_from_use(tmp_path: Path, name: str) -> None:
    """Each receiver that the shipped file shows in comments loads once they are gone."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    lines = shipped.splitlines()
    first = lines.index(f"  # {name}:")
    last = next(
        place for place in range(first + 1, len(lines)) if not re.match(r"  #   ", lines[place])
    )
    shown = [line.replace("  # ", "  ", 1) for line in lines[first:last]]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds").symlink_to(SHIPPED.parent / "feeds")
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    path = tmp_path / "config" / "seedwatch.yaml"
    path.write_text("\n".join([*lines[:first], *shown, *lines[last:]]), "utf-8")
    receivers = load(path, {"SEEDWATCH_MAIL_TO": "desk@example.org"}).receivers
    assert [one.name for one in receivers] == ["newsroom", name]
    assert receivers[1].schedule.zone == WARSAW
