"""`feeds discover`: the feeds of a site, by what its page names and by our lists."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from monitor.cli.feed_changes import configured
from monitor.cli.feed_screen import literal
from monitor.cli.feeds import look_at, read
from monitor.cli.place import settings_or_defaults
from monitor.cli.screen import print_json, screen
from monitor.config.builtin import PREFIX, BuiltinList, read_all
from monitor.config.edit import quoted
from monitor.config.values import check_url
from monitor.errors import SeedwatchError
from monitor.feeds.address import bare, host_of
from monitor.feeds.cures import cure
from monitor.feeds.identity import canonical_url
from monitor.feeds.pages import feeds_of
from monitor.parsing import Parsers
from monitor.records import Document, FeedSpec, FetchFailure

if TYPE_CHECKING:
    from monitor.feeds.examine import Look, Read

# Nothing is polled here: any interval will do for asking once.
USUAL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A feed of a site, not asked yet unless it is the address itself."""

    url: str
    # What tells of it: the page, the address itself, or one of our lists.
    by: str
    # Where the configuration has it; None if it has not.
    configured_as: str | None = None


def discover(named: Path | None, what: str, *, as_json: bool) -> bool:
    """Print the feeds of a site; gives whether there are any."""
    from monitor.app import make_client, utc_now

    settings = settings_or_defaults(named)
    url = _address(what)
    client = make_client(settings, utc_now)
    parsers = Parsers()
    try:
        look = look_at(client, FeedSpec(url=url, name="", groups=(), every=USUAL))
        content = read(look, parsers.read)
    finally:
        parsers.close()
        client.close()
    found = feeds_at(look, content, read_all(), configured(settings))
    if isinstance(look.result, FetchFailure):
        failure = look.result
        helps = cure(failure.cause, failure.status)
        told = f"{bare(url)}: {failure.told}" + (f"; {helps}" if helps else "")
        if not found:
            raise SeedwatchError(told)
        click.echo(f"seedwatch: {told}", err=True)
    if as_json:
        print_json(found)
    else:
        show(screen(), bare(url), found)
    return bool(found)


def _address(what: str) -> str:
    # People name a site as they say it.
    url = what if "://" in what else f"https://{what}"
    try:
        return check_url(url)
    except ValueError as error:
        raise SeedwatchError(str(error).replace("{}", repr(bare(what)))) from error


def feeds_at(
    look: Look,
    content: Read | str | None,
    lists: Sequence[BuiltinList],
    known: Mapping[str, str],
) -> tuple[Found, ...]:
    """Find the feeds that a look at an address leads to, each once.

    First the address itself (`content` is what could be read of it) or what its page names, then
    what our lists have of its site.
    """
    from monitor.feeds.examine import Read

    url = look.spec.url
    found: list[Found] = []
    if isinstance(look.result, Document):
        if isinstance(content, Read):
            found = [Found(url=bare(url), by="the address, which is a feed")]
        else:
            found = [Found(url=one, by="the page") for one in feeds_of(look.result)]
    found += [
        Found(url=feed.url, by=f"{PREFIX}{one.name}")
        for one in lists
        for feed in one.feeds
        if _site(feed.url) == _site(url)
    ]
    once: dict[str, Found] = {}
    for one in found:
        key = canonical_url(one.url) or one.url
        once.setdefault(key, replace(one, configured_as=known.get(key)))
    return tuple(once.values())


def _site(url: str) -> str:
    return host_of(url).removeprefix("www.")


def show(console: Console, url: str, found: Sequence[Found]) -> None:
    """Print what was found, and what to do with it."""
    if not found:
        console.print(literal(f"{url} names no feeds; look for RSS at the foot of its pages"))
        return
    for one in found:
        console.print(literal(bare(one.url)), soft_wrap=True)
        told = f"there already: {one.configured_as}" if one.configured_as else "new"
        line = literal(f"  {told}; by {one.by}")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line, style="dim" if one.configured_as else "green")
    new = next((one for one in found if not one.configured_as), None)
    if new:
        url = bare(new.url)
        # In quotes that hold: whoever wrote the page chose the address, and this is for copying.
        console.print(literal(f"Look: seedwatch feeds test {shlex.quote(url)}"), soft_wrap=True)
        console.print(literal(f"Into a group: - {quoted(url)}"), soft_wrap=True)
