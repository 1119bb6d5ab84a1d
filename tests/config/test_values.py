"""How single values are read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from monitor.config.tree import expand
from monitor.config.values import parse_duration, parse_size, url_key


@pytest.mark.parametrize(
    "text, seconds",
    [("90s", 90), ("5m", 300), ("1h30m", 5400), ("7d", 604_800), ("1d1h1m1s", 90_061)],
)
def test_durations(text: str, seconds: int) -> None:
    """A duration is numbers with units, the largest unit first."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "s", "1", "1.5h", "5m1h", "-5m", "1w", "5 m", True, [], None])
def test_what_is_no_duration(text: object) -> None:
    """Whatever else is refused, and shows how to write one."""
    with pytest.raises(ValueError, match="write it like 90s, 5m, 1h30m or 7d"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text, size",
    [("8MB", 8_000_000), ("500kB", 500_000), ("1 MiB", 1_048_576), ("10b", 10), ("1GB", 10**9)],
)
def test_sizes(text: str, size: int) -> None:
    """A size is a whole number with a decimal or binary unit."""
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text, expected",
    [
        ("${A}", "1"),
        ("x${A}y${A}", "x1y1"),
        ("${NONE:-d}", "d"),
        ("${NONE:-}", ""),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY}", ""),
        ("$${A} costs $5 or $$5", "${A} costs $5 or $5"),
        ("${NESTED}", "${A}"),
    ],
)
def test_variables(text: str, expected: str) -> None:
    """Variables are put in once, defaults stand in for empty ones, two dollars are one."""
    environ = {"A": "1", "EMPTY": "", "NESTED": "${A}"}
    assert expand(text, environ) == (expected, ())


@pytest.mark.parametrize(
    "first, second, same",
    [
        ("https://a.example/x", "https://A.EXAMPLE/x#top", True),
        ("https://a.example", "https://a.example/", True),
        ("https://a.example/x", "https://a.example/X", False),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://me:pw@a.example/", "https://me:PW@a.example/", False),
        ("https://a.example/?a=1", "https://a.example/?a=2", False),
    ],
)
def test_same_feed(first: str, second: str, same: bool) -> None:  # noqa: FBT001 - a column
    """Two spellings are one feed if no server could tell them apart."""
    assert (url_key(first) == url_key(second)) is same
