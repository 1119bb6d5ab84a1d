"""What a user installs is whole."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_wheel_has_all_data(tmp_path: Path) -> None:
    """The wheel carries the starter files, templates, migrations and the demo's stream."""
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "monitor/starter/config/seedwatch.yaml",
        "monitor/starter/config/schema.json",
        "monitor/starter/config/feeds/poland.opml",
        "monitor/starter/seeds/2021-11-08-poland-belarus-border.txt",
        "monitor/starter/systemd/seedwatch.service",
        "monitor/starter/systemd/user/seedwatch.service",
        "monitor/demo/stream.yaml",
        "monitor/alerts/templates/alert.txt.j2",
        "monitor/store/migrations/env.py",
    }
    assert wanted - names == set()
    assert not [name for name in names if name.endswith((".db", ".key"))]


def test_help_imports_nothing_heavy() -> None:
    """`seedwatch --help` answers at once, since it loads no library that takes its time."""
    code = (
        "import sys; from monitor.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'sklearn', 'numpy', 'sqlalchemy', 'requests', 'feedparser', 'pydantic'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_python_dash_m_is_the_command() -> None:
    """`python -m monitor` is `seedwatch`."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--version"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout.startswith("seedwatch, version ")
