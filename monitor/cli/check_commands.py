"""The command `check`: what it takes."""

from __future__ import annotations

from pathlib import Path

import click


def add_to(group: click.Group) -> None:
    """Add the command, behind `init`: the second that a newcomer needs."""
    later = {name: group.commands.pop(name) for name in list(group.commands)[1:]}
    group.add_command(check)
    group.commands.update(later)


@click.command()
@click.option("--ci", is_flag=True, help="Only what is wrong, a line each: `file:line: error: …`.")
@click.option("--strict", is_flag=True, help="Let warnings fail, too.")
@click.option("--fetch", is_flag=True, help="Fetch the pages that `expect` names.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_obj
def check(config: Path | None, *, ci: bool, strict: bool, fetch: bool, as_json: bool) -> None:
    """Check the configuration, and try what each topic's `expect` names.

    Shows what each topic looks for, and proves that it can alert at all. Sends
    nothing and polls nothing; pages are fetched with --fetch only. Ends with 78 if
    the file is wrong, and with 1 if an expectation does not hold.

    \b
    Examples:
      seedwatch check
      seedwatch -c config/seedwatch.yaml check --ci --strict   # in a repository
      seedwatch check --fetch --json | jq '.expectations[] | select(.ok | not)'
    """  # noqa: D301 - click's own mark
    from monitor.cli import checking

    options = checking.Options(ci=ci, strict=strict, fetch=fetch)
    checking.check(config, options, as_json=as_json)
