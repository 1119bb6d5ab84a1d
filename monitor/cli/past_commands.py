"""`why`, `why-not`, `backtest`: what each takes; what it does is imported when it is called."""

from __future__ import annotations

from pathlib import Path

import click


def register(main: click.Group) -> None:
    """Add the commands to those of the program."""
    for command in (why, why_not, backtest):
        main.add_command(command)


@click.command()
@click.argument("what", metavar="ITEM|URL")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def why(config: Path | None, *, what: str, as_json: bool) -> None:
    """Explain why an item did, or did not, become an alert.

    ITEM is the id in an alert (its first characters will do), or the address of an article. One
    that was never seen is fetched and judged as if it came now; nothing is stored or sent.
    """
    from monitor.cli import explain

    explain.why(config, what, as_json=as_json)


@click.command()
@click.option("--since", metavar="SPAN", help="Compare what came in this time: 30d, 12h.")
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a key, the value as in YAML; may be given several times.",
)
@click.option(
    "--against",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Another configuration; with --set, that is changed.",
)
@click.option(
    "--titles",
    type=click.IntRange(0, 1000),
    default=10,
    show_default=True,
    help="Titles per topic that are shown as gained, and as lost.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def backtest(
    config: Path | None,
    *,
    since: str | None,
    changes: tuple[str, ...],
    against: Path | None,
    titles: int,
    as_json: bool,
) -> None:
    """Show what a changed configuration would have told of the stored items.

    Goes through all that is stored, by the code of the service, and prints the
    difference. Nothing is written, sent or fetched. Without a change it compares
    today's configuration with what was decided then.

    \b
    Examples:
      seedwatch backtest --set topics.border.threshold=0.4
      seedwatch backtest --since 30d --set "topics.border.never_mention=[hockey]"
      seedwatch backtest --against new.yaml --json | jq .topics[].gained
    """  # noqa: D301 - click's own mark
    from monitor.cli import backtest as doing

    wanted = doing.Wanted(since=since, changes=changes, against=against, titles=titles)
    doing.run(config, wanted, as_json=as_json)


@click.command("why-not")
@click.argument("what", metavar="URL|ITEM|TEXT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def why_not(config: Path | None, *, what: str, as_json: bool) -> None:
    """Say where an article came to its end, and all the rest as `why` does.

    An address or an item as for `why`; anything else is taken for the text of an
    article, its first line the title.

    \b
    Examples:
      seedwatch why-not https://www.lrt.lt/en/news-in-english/19/1540000
      seedwatch why-not "Lithuania declares a state of emergency at its border"
    """  # noqa: D301 - click's own mark
    from monitor.cli import explain

    explain.why_not(config, what, as_json=as_json)
