"""Show how the configuration would change, ask, and write it."""

from __future__ import annotations

import difflib
import re
import sys
from collections.abc import Iterator

import click
from rich.console import Console

from monitor.cli.feed_screen import literal
from monitor.cli.screen import screen
from monitor.config.rewrite import Draft, write

# A longer change is cut on the screen.
MOST_LINES = 60
STYLES = {"+": "green", "-": "red", "l": "dim"}
_PASSWORD = re.compile(r"://[^\s/\"']*@")


def ask_and_write(made: Draft, *, yes: bool, quiet: bool = False) -> bool:
    """Show the change, ask whether to write it, and do so; gives whether it was written.

    Without a terminal nobody can be asked: then only `yes` writes.
    """
    if not quiet:
        show_change(screen(), made)
    if not yes:
        if quiet or not sys.stdin.isatty():
            click.echo("seedwatch: nothing was written: say --yes to write it", err=True)
            return False
        if not click.confirm(f"Write {made.path}?", default=True, err=True):
            click.echo("Nothing was written.", err=True)
            return False
    write(made)
    if not quiet:
        click.echo(f"Wrote {made.path}. A running service takes it over at its next reload.")
    return True


def show_change(console: Console, made: Draft) -> None:
    """Print the lines that go and come, and no others: a neighbour may hold a secret."""
    lines = list(change_lines(made.was.decode("utf-8-sig"), made.text))
    for line in lines[:MOST_LINES]:
        shown = literal(line)
        shown.truncate(console.width, overflow="ellipsis")
        console.print(shown, style=STYLES.get(line[:1], ""))
    if len(lines) > MOST_LINES:
        console.print(f"... and {len(lines) - MOST_LINES} more lines like these", style="dim")


def change_lines(was: str, text: str) -> Iterator[str]:
    r"""Give the lines of a change, with where they are and without passwords in addresses.

    >>> list(change_lines("a: 1\n", "a: 1\n- https://me:s3cret@b.example/\n"))
    ['line 2:', '+- https://***@b.example/']
    """
    lines = difflib.unified_diff(was.splitlines(), text.splitlines(), n=0, lineterm="")
    for number, line in enumerate(lines):
        # The first two name files, which are one here.
        if line.startswith("@@"):
            place = line.split()[2].lstrip("+").partition(",")[0]
            yield f"line {place}:"
        elif number > 1:
            yield _PASSWORD.sub("://***@", line)
