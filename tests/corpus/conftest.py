"""Third-party feeds lie beside the repository, or not at all: they are measured, never shipped."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("SEEDWATCH_SHARED") or Path(__file__).parents[3] / "shared")

if not SHARED.is_dir():
    collect_ignore_glob = ["test_*.py"]


def pytest_configure(config: pytest.Config) -> None:
    """Say in one line that the corpus is absent: once, and past the capturing of output."""
    if SHARED.is_dir() or os.environ.get("PYTEST_XDIST_WORKER", "gw0") != "gw0":
        return
    capturing = config.pluginmanager.getplugin("capturemanager")
    with capturing.global_and_fixture_disabled():
        print("shared/ is absent: corpus tests left out", file=sys.stderr)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of the third-party material."""
    return SHARED
