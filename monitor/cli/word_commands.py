"""The commands `feedback yes` and `feedback no`: what each takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def add_to(group: click.Group) -> None:
    """Add them to the group `feedback`."""
    group.add_command(yes)
    group.add_command(no)


def _options(command: Any) -> Any:
    for option in (
        click.option("--dry-run", is_flag=True, help="Only show what it would change."),
        click.option("-y", "--yes", "sure", is_flag=True, help="Store it without asking."),
        click.option("--topic", help="Default: the one topic that it can be."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("item")
@_options
@click.pass_obj
def yes(config: Path | None, item: str, topic: str | None, *, sure: bool, dry_run: bool) -> None:
    """Say that ITEM is about the topic.

    Shows which terms that moves and which items of the last month it would
    have told or not told, asks, and stores it. ITEM is the id in an alert (its
    first characters will do), or its address. Without a terminal nothing is
    asked.

    \b
    Examples:
      seedwatch feedback yes 6bf38f71
      seedwatch feedback yes 6bf38f71 --topic border --dry-run
    """  # noqa: D301 - click's own mark
    from monitor.cli import feedback as told

    word = told.Word(item=item, topic=topic, is_on_topic=True, yes=sure, dry_run=dry_run)
    told.say(config, word)


@click.command()
@click.argument("item")
@_options
@click.pass_obj
def no(config: Path | None, item: str, topic: str | None, *, sure: bool, dry_run: bool) -> None:
    """Say that ITEM is not about the topic.

    Shows which terms that moves and which items of the last month it would
    have told or not told, asks, and stores it. ITEM is the id in an alert (its
    first characters will do), or its address. Without a terminal nothing is
    asked.

    \b
    Examples:
      seedwatch feedback no 6bf38f71
      seedwatch feedback no https://example.org/sport/1 --yes
    """  # noqa: D301 - click's own mark
    from monitor.cli import feedback as told

    word = told.Word(item=item, topic=topic, is_on_topic=False, yes=sure, dry_run=dry_run)
    told.say(config, word)
