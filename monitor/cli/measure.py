"""`evaluate`: how well tracking does on a labelled set."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from monitor.cli.screen import print_json, screen, table
from monitor.errors import SeedwatchError

if TYPE_CHECKING:
    from monitor.evaluate import Judged, Measure


def run(
    folder: Path,
    topics: Path | None,
    decisions: Path | None,
    changes: tuple[str, ...],
    *,
    as_json: bool,
) -> None:
    """Judge the set, print what it amounts to, and write each decision if a file is named."""
    from monitor.evaluate import evaluate, mean, read_items, read_topics

    labelled = read_topics(topics or folder / "topics.jsonl", _threshold(changes))
    items = read_items(folder)
    console = screen()
    started = time.monotonic()
    with ExitStack() as stack:
        out = stack.enter_context(decisions.open("w", encoding="utf-8")) if decisions else None
        progress = stack.enter_context(
            Progress(console=console, transient=True, disable=as_json or not console.is_terminal)
        )
        bar = progress.add_task("judging", total=len(items))

        def each(judged: Judged) -> None:
            progress.update(bar, completed=judged.place)
            if out:
                out.write(json.dumps(judged.line(), ensure_ascii=False) + "\n")

        measures = evaluate(items, labelled, each=each)
    seconds = time.monotonic() - started
    speed = {"items": len(items), "items_per_second": round(len(items) / seconds, 1)}
    if as_json:
        print_json({"topics": measures, "mean": mean(measures), **speed})
        return
    _show(console, [*measures, mean(measures)])
    console.print(
        f"\n{len(items):,} items, {len(measures)} topics, {seconds:.0f} s:"
        f" {speed['items_per_second']:,} items a second"
    )


def _threshold(changes: tuple[str, ...]) -> float | None:
    """Read `--set KEY=VALUE`. Raises `SeedwatchError` for a key or value that is none."""
    threshold = None
    for change in changes:
        key, equals, value = change.partition("=")
        if key.strip() != "threshold" or not equals:
            raise SeedwatchError(f"--set {change}: the one key that can be set is `threshold`")
        try:
            threshold = float(value)
        except ValueError:
            threshold = -1.0
        if not 0.0 <= threshold <= 1.0:
            raise SeedwatchError(f"--set {change}: {value} is not a number between 0 and 1")
    return threshold


def _show(console: Console, measures: list[Measure]) -> None:
    numbers = ("on", "alert", "miss", "false", "/week", "prec", "rec", "F1", "AP", "C", "min C")
    rows = table("topic", *numbers, gap=1, least=4)
    for one in measures:
        counts = (one.on_topic, one.alerted, one.misses, one.false_alarms)
        rates = (one.precision, one.recall, one.f1, one.average_precision, one.cost, one.least_cost)
        rows.add_row(
            one.topic[:16],
            *(f"{count:.0f}" for count in counts),
            f"{one.false_alarms_a_week:.2f}",
            *(f"{rate:.2f}" for rate in rates),
        )
    console.print(rows)
