"""`silence`: what its commands take; what they do is imported when they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.ordered import Ordered


# Not named `silence`, as the module that does the work has that name.
@click.group("silence", cls=Ordered)
def silence_group() -> None:
    """Ask not to be told for a while, and see who has asked.

    A silence ends by itself. What it hides is judged and stored all the same:
    `seedwatch why` shows it.
    """


@silence_group.command("add")
@click.option("--topic", help="Nothing of this topic.")
@click.option("--story", metavar="ITEM", help="Nothing of the story that this item is in.")
@click.option("--source", help="Nothing that this feed alone has.")
@click.option("--receiver", help="Nothing to this receiver; others are told.")
@click.option("--for", "span", metavar="SPAN", help="How long: 90m, 48h, 7d.")
@click.option("--until", metavar="TIME", help="Until when: 2026-01-05T08:00+01:00.")
@click.option("--comment", required=True, help="Why; shown wherever it has an effect.")
@click.option("--author", help="Who asks for it. Default: your user name.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def add_silence(config: Path | None, /, *, as_json: bool, **wanted: Any) -> None:
    """Add a silence; a running service heeds it at once.

    Several of --topic, --story, --source and --receiver narrow it down.

    \b
    Examples:
      seedwatch silence add --for 48h --topic border --comment "moving desks"
      seedwatch silence add --for 7d --receiver pager --comment holiday
      seedwatch silence add --for 1d --story 6bf38f71 --comment "we know"
    """  # noqa: D301 - click's own mark
    from monitor.cli import silence

    silence.add(config, silence.Wanted(**wanted), as_json=as_json)


@silence_group.command("list")
@click.option("--all", "with_ended", is_flag=True, help="Also those that have ended.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def list_silences(config: Path | None, *, with_ended: bool, as_json: bool) -> None:
    """List the silences that hold, the latest first."""
    from monitor.cli import silence

    silence.show(config, with_ended=with_ended, as_json=as_json)


@silence_group.command("end")
@click.argument("beginning", metavar="ID")
@click.pass_obj
def end_silence(config: Path | None, *, beginning: str) -> None:
    """End a silence before its time; the first characters of its ID will do."""
    from monitor.cli import silence

    silence.end(config, beginning)
