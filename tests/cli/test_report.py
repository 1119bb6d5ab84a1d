"""What reports print is the report, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.app import open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.feeds.identity import alias
from monitor.records import Alias, AliasFault, Batch, Edit, Reason, Revision, Trust
from monitor.start import choose_thresholds
from tests.fakes import made
from tests.fakes.made import NOW

SEED = "Belarus sends migrants to the Polish border. " * 8
CONFIG = """\
topics:
  border: {seeds: [seed.txt], receivers: [desk], threshold: 3 per week}
feeds:
  all: ["http://127.0.0.1:9/rss"]
receivers:
  desk: [console]
"""


def test_json_is_all_that_status_prints(tmp_path: Path) -> None:
    """A threshold that is chosen while `status` runs leaves standard output to the report."""
    (tmp_path / "seed.txt").write_text(SEED, encoding="utf-8")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    (tmp_path / "seedwatch.db").touch()
    command = [sys.executable, "-m", "monitor", "-c", str(path), "status", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert json.loads(done.stdout)["thresholds"]["border"]["value"] == 0.5
    assert done.stderr == ""


def status_of(folder: Path, scores: dict[float, int], days: int, **changes: str) -> str:
    """Give what `status` prints after some days with so many items of each score."""
    (folder / "seed.txt").write_text(SEED, encoding="utf-8")
    path = folder / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    settings = load(path, {})
    app = wire(settings, open_database(settings))
    app.store.sync_feeds(settings.feeds, datetime.now(UTC))
    # Half a day more, so that no count of days depends on the hour.
    start = datetime.now(UTC) - timedelta(days=days, hours=12)
    many = [score for score, count in scores.items() for _ in range(count)]
    judged = [
        made.judged(
            made.seen(
                f"n{number}",
                made.item(f"n{number}", **changes),
                first_seen_at=start + (number + 1) * timedelta(days=days) / len(many),
            ),
            value=score,
            reason=Reason.BELOW_THRESHOLD,
        )
        for number, score in enumerate(many)
    ]
    first = made.judged(
        made.seen("first", first_seen_at=start), value=0.01, reason=Reason.BELOW_THRESHOLD
    )
    app.store.commit(Batch(items=(first, *judged)))
    choose_thresholds(app)
    app.close()
    done = CliRunner().invoke(main, ["-c", str(path), "status"])
    assert done.exit_code == 0, done.output
    return " ".join(done.stdout.split())


@pytest.mark.parametrize(
    "scores,days,said",
    [
        (
            {0.9: 3, 0.8: 3, 0.7: 3, 0.65: 3, 0.4: 30},
            28,
            "threshold of border: 0.65, would have given 3 a week over 28 days",
        ),
        (
            {0.8: 4, 0.1: 400},
            27,
            (
                "threshold of border: 0.30, the floor: your feeds bring 1.0 a week above it, you"
                " asked for 3 a week over 27 days"
            ),
        ),
        (
            {0.2: 500},
            20,
            (
                "threshold of border: 0.30, the floor: your feeds bring 0.0 a week above it, you"
                " asked for 3 a week over 20 days"
            ),
        ),
        (
            {0.9: 50},
            2,
            "threshold of border: 0.50, the default, until there are 3 days of items to choose",
        ),
    ],
)
def test_status_says_what_was_chosen_and_why(
    tmp_path: Path, scores: dict[float, int], days: int, said: str
) -> None:
    """A rate of alerts becomes a threshold, and where the feeds cannot give it, that is said."""
    assert said in status_of(tmp_path, scores, days)


def test_status_says_where_only_names_count(tmp_path: Path) -> None:
    """Items in a language that no seed is in are counted: a seed in it is what helps."""
    found = status_of(tmp_path, {0.1: 6}, 4, lang="pl")
    assert "border has no seed for 6 in pl, 7 d: only names count there" in found


def test_why_and_status_tell_of_edits_and_guids(tmp_path: Path) -> None:
    """`why` shows what an item said before, by any address it had; `status` whose guids are bad."""
    (tmp_path / "seed.txt").write_text(SEED, encoding="utf-8")
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    app = wire(settings := load(path, {}), open_database(settings))
    app.store.sync_feeds(settings.feeds, NOW)
    old = made.item(title="A [fence] is planned")
    one = made.seen(of=old)
    trust = Trust(guid_strikes=3, guid_fault=AliasFault.CHANGED)
    named = (Alias(key=alias("url", str(old.canonical_url)), feed_id=1, item_id=one.id),)
    judged = made.judged(one, reason=Reason.BELOW_THRESHOLD)
    app.store.commit(
        Batch(poll=made.poll(trust=trust, read_at=NOW), items=(judged,), aliases=named)
    )
    new = replace(old, title="A fence is built", canonical_url="https://lrt.example/2")
    revision = Revision(
        item_id=one.id,
        number=1,
        at=NOW,
        changed=("title", "address"),
        judged_again=True,
        title=old.title,
        summary=old.summary,
        url=old.url,
    )
    edit = Edit(seen=replace(one, item=new), edits=1, revision=revision)
    app.store.commit(Batch(edits=(edit,)))
    app.close()
    shown = CliRunner().invoke(main, ["-c", str(path), "why", str(old.url)]).output
    assert "A fence is built" in shown
    assert "edited 2021-11-08 14:00 UTC: title, address, and judged again" in shown
    assert "title was: A [fence] is planned" in shown
    assert f"address was: {old.url}"[:60] in shown
    why = "its guids change: items are known by their address"
    assert f"of this feed: {why}" in shown
    status = CliRunner().invoke(main, ["-c", str(path), "status"]).output
    assert why in status
    as_json = CliRunner().invoke(main, ["-c", str(path), "status", "--json"]).output
    assert json.loads(as_json)["feeds"][0]["distrusted"] == why
