"""The units that are shipped: what systemd's own tools say, and that the two agree."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[1] / "systemd"
SYSTEM, USER = UNITS / "seedwatch.service", UNITS / "user" / "seedwatch.service"
# Of ten, times ten: with the least exposed services of a Debian.
MOST_EXPOSED = 15


def lines(unit: Path) -> set[str]:
    """Give the settings of a unit's service."""
    text = unit.read_text(encoding="utf-8").partition("[Service]")[2].partition("[Install]")[0]
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def test_the_service_is_one_of_the_least_exposed() -> None:
    """`systemd-analyze security` rates the unit at 1.5 of 10 at most."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is absent: the unit was not rated")
    rate = ["systemd-analyze", "security", "--offline=true", f"--threshold={MOST_EXPOSED}"]
    done = subprocess.run([*rate, str(SYSTEM)], capture_output=True, text=True, check=False)
    verdict = (done.stdout + done.stderr).strip().splitlines()[-1]
    assert done.returncode == 0, verdict
    assert "Overall exposure level" in verdict


def test_a_user_has_what_the_system_has_but_what_needs_rights() -> None:
    """What a user's unit sets is what the system's sets, but for its places."""
    own = lines(USER) - lines(SYSTEM)
    places = ("ExecStart=%h/", "ExecReload=%h/")
    assert [line for line in own if not line.startswith(places)] == []


def test_a_wrong_configuration_is_not_tried_again() -> None:
    """Both units name the exit code of a wrong configuration, and start again after any other."""
    for unit in (SYSTEM, USER):
        parser = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes="#")
        parser.optionxform = str  # type: ignore[assignment, method-assign]
        parser.read_string(unit.read_text(encoding="utf-8"))
        assert parser["Service"]["RestartPreventExitStatus"] == "65 78"
        assert parser["Service"]["Restart"] == "always"
        assert parser["Service"]["Type"] == "notify"
