"""The commands `topics list` and `topics show`: what each takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.ordered import Ordered


def register(main: click.Group) -> None:
    """Add the group to the program."""
    main.add_command(topics_group)


@click.group("topics", cls=Ordered)
def topics_group() -> None:
    """See what each topic looks for, and whether its story has moved.

    \b
    Examples:
      seedwatch topics list
      seedwatch topics show border
    """  # noqa: D301 - click's own mark


def _json_option(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


@topics_group.command("list")
@_json_option
@click.pass_obj
def list_topics(config: Path | None, *, as_json: bool) -> None:
    """List the topics: threshold, matches, alerts, and whether the story moved.

    \b
    Example:
      seedwatch topics list --json | jq '.[] | select(.drift.moved > 0.4) | .name'
    """  # noqa: D301 - click's own mark
    from monitor.cli import topic_screen

    topic_screen.list_all(config, as_json=as_json)


@topics_group.command("show")
@click.argument("name")
@_json_option
@click.pass_obj
def show_topic(config: Path | None, name: str, *, as_json: bool) -> None:
    """Show one topic: what it looks for, its scores, its alerts, its drift.

    Drift is the part of what the last month's matches share that is in no seed:
    nothing is ever retrained by itself, a second seed is yours to add.

    \b
    Example:
      seedwatch topics show border
    """  # noqa: D301 - click's own mark
    from monitor.cli import topic_screen

    topic_screen.show(config, name, as_json=as_json)
