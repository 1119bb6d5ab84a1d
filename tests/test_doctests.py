"""The examples in the code are true."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "monitor"


def names() -> list[str]:
    """Give the modules that have an example."""
    return [
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(PACKAGE.rglob("*.py"))
        if ">>> " in path.read_text(encoding="utf-8")
    ]


@pytest.mark.parametrize("name", names())
def test_examples(name: str) -> None:
    """Each example of a module gives what it says."""
    failed, tried = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert (failed, tried > 0) == (0, True)


def test_there_are_examples() -> None:
    """The formulas of the heart of the matter are shown at work."""
    assert {"monitor.topics.story", "monitor.alerts.retry", "monitor.feeds.schedule"} <= {*names()}
