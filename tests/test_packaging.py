"""What a user installs is whole."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from monitor.config import builtin

ROOT = Path(__file__).parents[1]


def build(folder: Path) -> tuple[Path, Path]:
    """Build wheel and sdist as `make dist` does."""
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist"]
    # Any fixed time will do: it stands for that of a commit.
    environ = os.environ | {"SOURCE_DATE_EPOCH": "1764000000"}
    subprocess.run(
        [*words, "-d", str(folder)],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
        timeout=100,
    )
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build both once."""
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def wheel(built: tuple[Path, Path]) -> Path:
    """Give the wheel."""
    return built[0]


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
    # And whatever else lies in the package: nothing there is left behind by its kind.
    package = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "monitor").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert package - names == set()
    assert not [name for name in names if name.endswith((".db", ".key"))]


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    """Its metadata has licence, Python, command and manual page, no address that is not there."""
    with zipfile.ZipFile(wheel) as opened:
        names = {one.partition(".dist-info/")[2] or one: one for one in opened.namelist()}
        said = message_from_bytes(opened.read(names["METADATA"]))
        commands = opened.read(names["entry_points.txt"]).decode()
    assert (said["License-Expression"], said["Requires-Python"]) == ("MIT", ">=3.11")
    assert "licenses/LICENSE" in names
    assert "seedwatch = monitor.cli:main" in commands
    assert [one for one in names if one.endswith(".data/data/share/man/man1/seedwatch.1")]
    assert said.get_all("Project-URL") is None
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    required = [one for one in said.get_all("Requires-Dist", []) if "extra ==" not in one]
    assert len(required) == len(wanted["dependencies"])


def test_the_sdist_has_what_builds_and_tests_it(built: tuple[Path, Path]) -> None:
    """From the sdist alone the package can be built, tested and put into a container."""
    with tarfile.open(built[1]) as opened:
        names = {one.name.partition("/")[2] for one in opened.getmembers()}
    wanted = {
        "pyproject.toml",
        "Makefile",
        "requirements.lock",
        "LICENSE",
        "Dockerfile",
        ".dockerignore",
        "compose.yaml",
        "docs/man/seedwatch.1",
        "monitor/cli/__init__.py",
        "tests/test_packaging.py",
        "config/feeds/kenya.opml",
        "seeds/2021-11-08-poland-belarus-border.txt",
        "systemd/seedwatch.service",
    }
    assert wanted - names == set()
    assert not [name for name in names if name.endswith((".db", ".key", ".pyc"))]


def test_the_same_commit_gives_the_same_bytes(built: tuple[Path, Path], tmp_path: Path) -> None:
    """A second build of wheel and sdist is the first one, byte for byte."""
    first, second = (
        [hashlib.sha256(path.read_bytes()).hexdigest() for path in pair]
        for pair in (built, build(tmp_path))
    )
    assert first == second


def test_an_installed_copy_has_its_lists(wheel: Path, tmp_path: Path) -> None:
    """Away from any checkout `init` writes few files, and the lists that they name are found."""
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
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
