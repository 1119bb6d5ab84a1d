"""What reports print is the report, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from click.testing import CliRunner

from monitor.app import open_database, wire
from monitor.cli import main
from monitor.config import load
from monitor.feeds.identity import alias
from monitor.records import Alias, AliasFault, Batch, Edit, Reason, Revision, Trust
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
