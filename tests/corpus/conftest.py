"""Third-party feeds lie beside the repository, or not at all: they are measured, never shipped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.fakes.box import SHARED, absent

if not SHARED.is_dir():
    collect_ignore_glob = ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Say in one line what is absent: once, and past the capturing of output."""
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        return
    line = "shared/ is absent: corpus tests left out"
    if SHARED.is_dir():
        why = absent(SHARED / "tools" / "systemd-box")
        if why is None:
            return
        line = f"{why}: not tried under a real systemd"
    capturing = config.pluginmanager.getplugin("capturemanager")
    with capturing.global_and_fixture_disabled():
        print(line, file=sys.stderr)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of the third-party material."""
    return SHARED
