"""The command `add`: what it takes. What it does is imported when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def register(group: click.Group) -> None:
    """Add the command to the program."""
    group.add_command(add)


@click.command("add")
@click.argument("what", metavar="URL|FILE|-")
@click.option("--name", help="Of the new topic. Default: made of the article's title.")
@click.option("--topic", help="Add the article to this topic, as a further seed.")
@click.option(
    "--list",
    "lists",
    metavar="NAME",
    multiple=True,
    help="Read this list of feeds; none: only the site's own.",
)
@click.option("--feed", "feeds", metavar="URL", multiple=True, help="Read this feed, too.")
@click.option("--news-search", is_flag=True, help="Read a news search for its names, too.")
@click.option("--receiver", "receivers", multiple=True, help="Who is told.")
@click.option("--no-poll", is_flag=True, help="Do not ask the feeds for a look.")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
@click.pass_context
def add(ctx: click.Context, /, *, no_poll: bool, **given: Any) -> None:
    """Make a topic of an article: look, choose feeds, try, write.

    Takes a page by its address, a file of HTML or text, or - for standard
    input. Shows what the article is about and what speaks against it, finds
    feeds, asks them once and shows what would have alerted. Then it asks, and
    writes the seed and the configuration. Nothing is sent. Works without a
    configuration, too: then it writes a first one here.

    \b
    Examples:
      seedwatch add https://example.org/2026/bridge-closed
      seedwatch add article.txt --name bridge --list kenya --yes
      seedwatch add https://example.org/2 --topic bridge    # a further seed
      pbpaste | seedwatch add - --name bridge --yes
    """  # noqa: D301 - click's own mark
    from monitor.cli import add as adding

    config: Path | None = ctx.obj
    if not adding.add(config, adding.Wanted(poll=not no_poll, **given)):
        ctx.exit(1)
