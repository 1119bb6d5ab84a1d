"""What commands print: 80 columns, colour only on a terminal, JSON for machines."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.text.markup import UNSEEN, visible

WIDTH = 80


def screen() -> Console:
    """Give the console of standard output; a narrow terminal keeps its own width."""
    console = Console(highlight=False, soft_wrap=False)
    if console.width > WIDTH or not console.is_terminal:
        console.width = WIDTH
    return console


def table(*columns: str, gap: int = 2, least: int = 9) -> Table:
    """Make a table without lines, its titles dim; long cells end in an ellipsis.

    `least` is the width that the columns between the first and the last keep.
    """
    made = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    last = len(columns) - 1
    for place, column in enumerate(columns):
        # Names and causes may be cut; what stands between them is short, and told whole.
        kept = None if place in {0, last} else max(len(column), least)
        made.add_column(column, overflow="ellipsis", no_wrap=True, min_width=kept)
    return made


def plain(text: object) -> Text:
    """Keep brackets in a text of the outside from being markup, and controls from acting."""
    return Text("\n".join(visible(line) for line in str(text).split("\n")))


def print_json(value: Any) -> None:
    """Print a value as JSON: records as objects, times as ISO 8601, spans in seconds."""
    text = json.dumps(value, default=_as_json, ensure_ascii=False, indent=2)
    # What no reader sees can stand in strings only, and there it has a written form.
    sys.stdout.write(UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n")


def _as_json(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in dataclasses.fields(value)}
    for kind, write in WRITTEN.items():
        if isinstance(value, kind):
            return write(value)
    return str(value)


# How values that JSON has no form for are written.
WRITTEN: Mapping[type, Callable[[Any], Any]] = {
    datetime: datetime.isoformat,
    timedelta: timedelta.total_seconds,
    Enum: lambda member: member.value,
    frozenset: sorted,
    Mapping: dict,
}


def ago(then: datetime | None, now: datetime) -> str:
    """Say how long ago, or in how long, in one unit.

    >>> from datetime import UTC
    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> ago(noon - timedelta(minutes=90), noon), ago(noon + timedelta(seconds=5), noon)
    ('2 h ago', 'in 5 s')
    """
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if size >= 1.5 * length or (unit == "min" and size >= length):
            amount = f"{size / length:.0f} {unit}"
            break
    else:
        amount = f"{size:.0f} s"
    return f"{amount} ago" if seconds >= 0 else f"in {amount}"


def minute(when: datetime | None) -> str:
    """Write a time to the minute."""
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else "undated"


def count(number: int, what: str) -> str:
    """Give a number of things.

    >>> count(1, "feed"), count(2, "feed")
    ('1 feed', '2 feeds')
    """
    return f"{number} {what}" + ("" if number == 1 else "s")


def amount(number: float) -> str:
    """Write a rate with the digits that it is known to.

    >>> amount(123.4), amount(2.04), amount(0.043), amount(0)
    ('123', '2.0', '0.04', '0')
    """
    if not number:
        return "0"
    if number >= 9.5:
        return f"{number:.0f}"
    return f"{number:.1f}" if number >= 0.095 else f"{number:.2f}"


def span(length: timedelta) -> str:
    """Write a length of time in one unit.

    >>> span(timedelta(seconds=5)), span(timedelta(minutes=90)), span(timedelta(days=3))
    ('5 s', '90 min', '3 d')
    """
    seconds = length.total_seconds()
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds <= 90 * 60:
        return f"{seconds / 60:.0f} min"
    number, unit = (seconds / 3600, "h") if seconds < 48 * 3600 else (seconds / 86_400, "d")
    return f"{number:.1f}".removesuffix(".0") + f" {unit}"
