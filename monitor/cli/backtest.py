"""`backtest`: what a changed configuration would have told; the database is only read."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.progress import Progress

from monitor.backtest import backtest
from monitor.cli.backtest_screen import show
from monitor.cli.place import find_config, has_database, settings_of
from monitor.cli.screen import print_json, screen
from monitor.config import Settings, load
from monitor.config.values import parse_duration
from monitor.errors import SeedwatchError, StoreError
from monitor.store import Past, one_line, open_read_only


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for."""

    since: str | None
    # Each `KEY=VALUE`.
    changes: tuple[str, ...]
    against: Path | None
    # So many titles are shown.
    titles: int


def run(named: Path | None, wanted: Wanted, *, as_json: bool) -> None:
    """Go through what is stored, and print the difference."""
    today = settings_of(named)
    changed = _changed(named, wanted)
    since = _span(wanted.since)
    if not has_database(today):
        raise StoreError("there is no database yet: start `seedwatch run` first")
    console = screen()
    started = time.monotonic()
    engine = open_read_only(today.store_url)
    try:
        with ExitStack() as stack:
            stack.enter_context(one_line(engine))
            progress = stack.enter_context(
                Progress(
                    console=console, transient=True, disable=as_json or not console.is_terminal
                )
            )
            past = Past(engine)
            bar = progress.add_task("judging again", total=past.extent().items)
            found = backtest(
                past,
                today,
                changed,
                since=since,
                each=lambda items: progress.advance(bar, items),
            )
    finally:
        engine.dispose()
    changes = [*wanted.changes, *([f"--against {wanted.against}"] if wanted.against else [])]
    if as_json:
        print_json({"changes": changes, "backtest": found})
        return
    show(console, found, changes, wanted.titles, time.monotonic() - started)


def _changed(named: Path | None, wanted: Wanted) -> Settings | None:
    if not wanted.changes and wanted.against is None:
        return None
    path = wanted.against or find_config(named, os.environ)
    return load(path, os.environ, wanted.changes)


def _span(written: str | None) -> timedelta | None:
    if written is None:
        return None
    try:
        return parse_duration(written)
    except ValueError as error:
        raise SeedwatchError(f"--since: {str(error).format(repr(written))}") from error
