"""`backup`, `restore`, `export`, `forget`: what each takes; what it does is imported late."""

from __future__ import annotations

from pathlib import Path

import click

_FILE = click.Path(dir_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    """Add the commands to those of the program."""
    for command in (backup, restore, export, forget):
        main.add_command(command)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.pass_obj
def backup(config: Path | None, *, file: Path, force: bool) -> None:
    """Copy the database into FILE while the service runs.

    The copy is of one moment, checked, and readable by you alone. It holds what
    was read, told and said; not the configuration and its secrets.

    \b
    Examples:
      seedwatch backup /var/backups/seedwatch.db
      seedwatch backup --force /mnt/usb/seedwatch.db
    """  # noqa: D301 - click's own mark
    from monitor.cli import data

    data.back_up(config, file, force=force)


@click.command()
@click.argument("file", type=_FILE)
@click.pass_obj
def restore(config: Path | None, *, file: Path) -> None:
    """Put the backup FILE in the place of the database; the service must be stopped.

    The database that is there is kept beside it. What came since the backup was
    made is told in one digest a topic, since some of it may have been told before.

    \b
    Example:
      systemctl stop seedwatch
      seedwatch restore /var/backups/seedwatch.db
      systemctl start seedwatch
    """  # noqa: D301 - click's own mark
    from monitor.cli import data

    data.restore(config, file)


@click.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "csv")),
    default="jsonl",
    show_default=True,
    help="A line of JSON for each, or a table.",
)
@click.option(
    "--what",
    type=click.Choice(("all", "alerts", "decisions")),
    default="all",
    show_default=True,
    help="Alerts come first.",
)
@click.option("--since", metavar="TIME|SPAN", help="2026-01-05, 2026-01-05T08:00+01:00, 7d.")
@click.option("--topic", help="Only of this topic.")
@click.pass_obj
def export(
    config: Path | None, *, form: str, what: str, since: str | None, topic: str | None
) -> None:
    """Print all alerts, and the decisions on all items that are kept.

    In CSV a cell that begins with = + - @ (or a tab) gets an apostrophe in front:
    spreadsheets would take it for a formula, and its text comes from strangers.
    JSON Lines have each text as it is.

    \b
    Examples:
      seedwatch export > all.jsonl
      seedwatch export --format csv --what alerts --since 30d > alerts.csv
    """  # noqa: D301 - click's own mark
    from monitor.cli import exporting

    exporting.export(config, exporting.Wanted(form=form, what=what, since=since, topic=topic))


@click.command()
@click.argument("topic")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def forget(config: Path | None, *, topic: str, yes: bool) -> None:
    """Delete the history of TOPIC, which the configuration no longer has.

    Shows what goes, and asks. Items stay, since other topics judged them, too.
    """
    from monitor.cli import data

    data.forget(config, topic, yes=yes)
