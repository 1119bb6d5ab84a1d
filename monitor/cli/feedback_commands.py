"""`feedback`: what its commands take; what they do is imported when they are called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from monitor.cli.ordered import Ordered


# Not named `feedback`, as the module that does the work has that name.
@click.group("feedback", cls=Ordered)
def feedback_group() -> None:
    """Say that an item is, or is not, about a topic, and undo it.

    Each word moves the topic by a small, bounded step; a running service takes
    it over within ten seconds.
    """


def _options(command: Any) -> Any:
    for option in (
        click.option("--dry-run", is_flag=True, help="Only show what it would change."),
        click.option("-y", "--yes", "sure", is_flag=True, help="Store it without asking."),
        click.option("--topic", help="Default: the one topic that it can be."),
    ):
        command = option(command)
    return command


@feedback_group.command()
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


@feedback_group.command()
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


@feedback_group.command("list")
@click.option("--topic", help="Only what was said on this topic.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def list_feedback(config: Path | None, *, topic: str | None, as_json: bool) -> None:
    """List what was said and still counts."""
    from monitor.cli import feedback as told

    told.show(config, topic, as_json=as_json)


@feedback_group.command()
@click.argument("judgement", metavar="[ID]", required=False)
@click.pass_obj
def undo(config: Path | None, *, judgement: str | None) -> None:
    """Undo what was said last, or what `list` shows under ID."""
    from monitor.cli import feedback as told

    told.undo(config, judgement)


@feedback_group.command()
@click.option("--topic", help="Only what was said on this topic.")
@click.pass_obj
def export(config: Path | None, *, topic: str | None) -> None:
    """Print it as text, a line of JSON each, to be kept or moved."""
    from monitor.cli import feedback as told

    told.export(config, topic)


@feedback_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_feedback(config: Path | None, *, file: Path) -> None:
    """Add what `export` printed; what is known already stays as it is."""
    from monitor.cli import feedback as told

    told.take(config, file)
