"""The commands about feeds: what each takes.

As in `monitor.cli`, what a command does is imported when it is called.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


def _json_option(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def add_to(group: click.Group) -> None:
    """Add the commands to the group `feeds`."""
    for command in (list_feeds, test_feed, show_lists):
        group.add_command(command)


@click.command("list")
@click.option("--failing", is_flag=True, help="Only those that fail or are gone.")
@_json_option
@click.pass_obj
def list_feeds(config: Path | None, *, failing: bool, as_json: bool) -> None:
    """List the feeds with their health, the worst first.

    Silent feeds answer well, but have brought nothing for two weeks.

    \b
    Examples:
      seedwatch feeds list --failing
      seedwatch feeds list --json | jq '.[] | select(.health == "silent") | .url'
    """  # noqa: D301 - click's own mark
    from monitor.cli import feeds

    feeds.list_all(config, failing=failing, as_json=as_json)


@click.command("test")
@click.argument("what", metavar="URL|NAME")
@click.option("--once", is_flag=True, help="Do not ask a second time.")
@_json_option
@click.pass_context
def test_feed(ctx: click.Context, what: str, *, once: bool, as_json: bool) -> None:
    """Show what is seen of one feed, and what polling would make of it.

    NAME is that of a feed in the configuration; any URL will do, also without a
    configuration. Nothing is stored. To see whether its server answers "not
    modified", the feed is asked a second time after `polling.host_spacing`.

    \b
    Examples:
      seedwatch feeds test https://feeds.bbci.co.uk/news/world/rss.xml
      seedwatch feeds test "BBC News" --json
      seedwatch feeds test https://example.org/ --once   # a page: names its feeds
    """  # noqa: D301 - click's own mark
    from monitor.cli import feeds

    if not feeds.test(ctx.obj, what, once=once, as_json=as_json):
        ctx.exit(1)


@click.command("lists")
@click.argument("word", required=False)
@_json_option
def show_lists(word: str | None, *, as_json: bool) -> None:
    """List the lists of feeds that come with seedwatch, all or those that fit WORD.

    WORD is a country, its code, a language or its code, or part of an outlet's name.

    \b
    Examples:
      seedwatch feeds lists kenya
      seedwatch feeds lists pt                 # Portuguese, and Portugal
      seedwatch feeds lists --json | jq -r '.[].name'
    """  # noqa: D301 - click's own mark
    from monitor.cli import feed_lists

    feed_lists.show(word, as_json=as_json)
