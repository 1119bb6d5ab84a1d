"""The commands about feeds: what each takes.

As in `monitor.cli`, what a command does is imported when it is called.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import click


def _json_option(command: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")(command)


def add_to(group: click.Group) -> None:
    """Add the commands to the group `feeds`."""
    for command in (list_feeds, test_feed, show_lists, import_feeds, export_feeds, discover, prune):
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


def _yes_option(command: Any) -> Any:
    return click.option("-y", "--yes", is_flag=True, help="Write without asking.")(command)


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--group", help="Put them, with the list's own groups, into this group.")
@_yes_option
@_json_option
@click.pass_context
def import_feeds(
    ctx: click.Context, file: str, group: str | None, *, yes: bool, as_json: bool
) -> None:
    """Take over the feeds of an OPML file, as other readers export them.

    Groups become groups of the configuration, inner ones parts of a name
    (europe/baltic). Feeds that are there already, in any spelling of their
    address, are left out. The change is shown first; comments stay.

    \b
    Examples:
      seedwatch feeds import subscriptions.opml
      seedwatch feeds import subscriptions.opml --group desk --yes
      ssh reader cat feeds.opml | seedwatch feeds import - --yes
    """  # noqa: D301 - click's own mark
    from monitor.cli import feed_changes

    if not feed_changes.take(ctx.obj, file, group, yes=yes, as_json=as_json):
        ctx.exit(1)


@click.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.pass_obj
def export_feeds(config: Path | None, file: Path | None, *, force: bool) -> None:
    """Write all feeds as OPML 2.0, to FILE or to standard output.

    Names and passwords in addresses are left out.

    \b
    Examples:
      seedwatch feeds export feeds.opml
      seedwatch feeds export | xmllint --format -
    """  # noqa: D301 - click's own mark
    from monitor.cli import feed_changes

    feed_changes.give(config, file, force=force)


@click.command("discover")
@click.argument("what", metavar="URL")
@_json_option
@click.pass_context
def discover(ctx: click.Context, what: str, *, as_json: bool) -> None:
    """Find the feeds of a site: those its page names, and those in our lists.

    One request is made; the feeds themselves are not asked, and nothing is
    written. Ends with 1 if there is none.

    \b
    Examples:
      seedwatch feeds discover www.lrt.lt
      seedwatch feeds discover https://example.org/news --json
    """  # noqa: D301 - click's own mark
    from monitor.cli import feed_discover

    if not feed_discover.discover(ctx.obj, what, as_json=as_json):
        ctx.exit(1)


def _days(_ctx: click.Context, _option: click.Parameter, text: str) -> timedelta:
    from monitor.config.values import parse_duration

    try:
        length = parse_duration(text)
    except ValueError as error:
        raise click.BadParameter(str(error).replace("{}", repr(text))) from error
    if length < timedelta(days=1):
        raise click.BadParameter(f"{text!r} is too short: servers are ill for a day and come back")
    return length


@click.command("prune")
@click.option(
    "--dead-for",
    default="30d",
    show_default=True,
    callback=_days,
    help="How long no poll went well, while other feeds answered.",
)
@_yes_option
@_json_option
@click.pass_context
def prune(ctx: click.Context, *, dead_for: timedelta, yes: bool, as_json: bool) -> None:
    """Take feeds out of the configuration that are dead, with the proof.

    Dead is what failed at every poll for that long, and fails once more when
    it is asked now. A feed that answers stays, however little it brings. In
    lists a dead feed is left out by `without`; its history stays.

    \b
    Examples:
      seedwatch feeds prune
      seedwatch feeds prune --dead-for 90d --json    # shows, writes nothing
    """  # noqa: D301 - click's own mark
    from monitor.cli import feed_prune

    if not feed_prune.prune(ctx.obj, dead_for, yes=yes, as_json=as_json):
        ctx.exit(1)
