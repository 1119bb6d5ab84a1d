"""What a user installs is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from monitor.config import builtin

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=100)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_has_all_data(wheel: Path) -> None:
    """The wheel carries the starter files, all lists, templates, migrations, the demo's stream."""
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        "monitor/starter/config/seedwatch.yaml",
        "monitor/starter/config/schema.json",
        *(f"monitor/starter/config/feeds/{name}.opml" for name in builtin.names()),
        "monitor/starter/seeds/2021-11-08-poland-belarus-border.txt",
        "monitor/starter/systemd/seedwatch.service",
        "monitor/starter/systemd/user/seedwatch.service",
        "monitor/demo/stream.yaml",
        "monitor/alerts/templates/alert.txt.j2",
        "monitor/store/migrations/env.py",
    }
    assert wanted - names == set()
    assert not [name for name in names if name.endswith((".db", ".key"))]


def test_an_installed_copy_has_its_lists(wheel: Path, tmp_path: Path) -> None:
    """Away from any checkout `init` writes few files, and the lists that they name are found."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "installed")
    environ = os.environ | {"PYTHONPATH": str(tmp_path / "installed")}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path / "mine",
            env=environ,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return done.stdout

    (tmp_path / "mine").mkdir()
    place = run("-c", "import monitor; print(monitor.__file__)")
    assert place.startswith(str(tmp_path / "installed"))
    run("-m", "monitor", "init")
    written = [one for one in (tmp_path / "mine").rglob("*") if one.is_file()]
    assert len(written) == 3
    assert json.loads(run("-m", "monitor", "check", "--json"))["feeds"] > 100


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
