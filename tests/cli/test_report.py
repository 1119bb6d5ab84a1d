"""What reports print is the report, and nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
