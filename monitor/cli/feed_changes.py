"""`feeds import` and `feeds export`: feeds that come from other readers, and go to them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console

from monitor.cli.change import ask_and_write
from monitor.cli.feed_screen import literal
from monitor.cli.place import settings_of
from monitor.cli.screen import print_json, screen
from monitor.config import Settings
from monitor.config.edit import add_feeds, entry
from monitor.config.files import UnreadableError, read_bytes
from monitor.config.rewrite import Draft, draft, read_text
from monitor.config.values import GROUP_PATTERN, check_url
from monitor.errors import ParseError, SeedwatchError
from monitor.feeds.address import bare
from monitor.feeds.identity import canonical_url
from monitor.feeds.intake import Intake, Refused, plan_intake
from monitor.feeds.opml import MAX_BYTES, OpmlFeed, read_opml, write_opml
from monitor.records import FeedSpec

# Refused feeds that are named on the screen; JSON has them all.
MOST_NAMED = 10


def take(named: Path | None, file: str, group: str | None, *, yes: bool, as_json: bool) -> bool:
    """Take the feeds of an OPML file over into the configuration; gives whether they are in.

    That there is nothing new to take is no failure.
    """
    settings = settings_of(named)
    if group is not None and not re.fullmatch(GROUP_PATTERN, group):
        cure = "take letters, digits, '-' and '_', its parts set apart by '/'"
        raise SeedwatchError(f"{group!r} is no name of a group; {cure}")
    wrong, right = _told_apart(_listed(file))
    intake = plan_intake(right, configured(settings), group)
    intake = replace(intake, refused=(*wrong, *intake.refused))
    made = _draft(settings, intake) if intake.added else None
    if not as_json:
        show_intake(screen(), intake)
        for name in unread(made):
            told = literal(f"no topic reads {name}: add it to the feeds of one")
            screen().print(told, style="yellow")
    written = made is None or ask_and_write(made, yes=yes, quiet=as_json)
    if as_json:
        _print_intake(intake, written=written and made is not None)
    return written


def _listed(file: str) -> tuple[OpmlFeed, ...]:
    try:
        body = (
            sys.stdin.buffer.read(MAX_BYTES + 1)
            if file == "-"
            else read_bytes(Path(file), MAX_BYTES)
        )
        listed = read_opml(body)
    except UnreadableError as error:
        raise SeedwatchError(str(error).replace("{}", file)) from error
    except ParseError as error:
        raise SeedwatchError(f"{file}: {error}") from error
    if not listed:
        raise SeedwatchError(f"{file} has no feeds: no outline with an xmlUrl")
    return listed


def _told_apart(listed: Iterable[OpmlFeed]) -> tuple[list[Refused], list[OpmlFeed]]:
    """Set the feeds aside that the configuration could not hold."""
    wrong: list[Refused] = []
    right: list[OpmlFeed] = []
    for feed in listed:
        try:
            check_url(feed.url)
        except ValueError as error:
            why = str(error).replace("{}", "its address")
            wrong.append(Refused(feed=feed, why=why))
        else:
            right.append(feed)
    return wrong, right


def configured(settings: Settings) -> Mapping[str, str]:
    """Give what the configuration has, by canonical address."""
    return {
        key: f"{feed.name} in {', '.join(feed.groups)}"
        for feed in settings.feeds
        if (key := canonical_url(feed.url))
    }


def unread(made: Draft | None) -> tuple[str, ...]:
    """Give the groups that no topic reads: their feeds would be polled for nothing."""
    if made is None:
        return ()
    groups = dict.fromkeys(group for feed in made.settings.feeds for group in feed.groups)
    topics = made.settings.topics
    return tuple(one for one in groups if not any(topic.reads((one,)) for topic in topics))


def _draft(settings: Settings, intake: Intake) -> Draft:
    was, text = read_text(settings.path)
    added = {group: [entry(feed) for feed in feeds] for group, feeds in intake.added.items()}
    made = draft(settings.path, was, add_feeds(text, added), os.environ)
    wanted = {feed.url: set(feed.groups) for feed in settings.feeds}
    for group, feeds in intake.added.items():
        for feed in feeds:
            wanted.setdefault(feed.url, set()).add(group)
    if {feed.url: set(feed.groups) for feed in made.settings.feeds} != wanted:
        raise SeedwatchError(
            f"nothing was written: {settings.path} is put together in a way that cannot be added to"
            " (anchors, aliases); save the list beside it and name it with `- opml: FILE`"
        )
    return made


def show_intake(console: Console, intake: Intake) -> None:
    """Print what an import adds, by group, and what it leaves out and why."""
    for group, feeds in intake.added.items():
        line = literal(f"{group}: " + ", ".join(feed.name or bare(feed.url) for feed in feeds))
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)
    for refused in intake.refused[:MOST_NAMED]:
        line = literal(f"not taken: {refused.feed.name or bare(refused.feed.url)}: {refused.why}")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line, style="yellow")
    more = len(intake.refused) - MOST_NAMED
    if more > 0:
        console.print(f"not taken: {more} more; --json names them all", style="yellow")
    counts = f"new feeds: {intake.feeds}; groups: {len(intake.added)}"
    console.print(f"{counts}; not taken: {len(intake.refused)}")


def _print_intake(intake: Intake, *, written: bool) -> None:
    print_json(
        {
            "written": written,
            "added": {
                group: [
                    {"name": feed.name, "url": bare(feed.url), "lang": feed.lang} for feed in feeds
                ]
                for group, feeds in intake.added.items()
            },
            "refused": [
                {"name": one.feed.name, "url": bare(one.feed.url), "why": one.why}
                for one in intake.refused
            ],
        }
    )


def give(named: Path | None, file: Path | None, *, force: bool) -> None:
    """Write all feeds of the configuration as OPML, to a file or to standard output."""
    from monitor.app import utc_now

    settings = settings_of(named)
    body = write_opml("Feeds of seedwatch", outlines(settings.feeds), utc_now())
    hidden = sum(bare(feed.url) != feed.url for feed in settings.feeds)
    if file is None:
        click.echo(body, nl=False)
    else:
        _write(file, body, force=force)
        click.echo(f"Wrote {len(settings.feeds)} feeds to {file}", err=True)
    if hidden:
        click.echo(f"seedwatch: left out name and password of {hidden} addresses", err=True)


def outlines(feeds: Iterable[FeedSpec]) -> Iterator[OpmlFeed]:
    """Give the outlines of feeds: one a group, groups in the order in which they come first.

    >>> from datetime import timedelta
    >>> feed = FeedSpec(url="https://me:pw@a.example/", name="A", groups=("b/c", "d"),
    ...                 every=timedelta(minutes=15))
    >>> [(one.url, one.groups) for one in outlines([feed])]
    [('https://a.example/', ('b', 'c')), ('https://a.example/', ('d',))]
    """
    by_group: dict[str, list[FeedSpec]] = {}
    for feed in feeds:
        for group in feed.groups:
            by_group.setdefault(group, []).append(feed)
    for group, inside in by_group.items():
        for feed in inside:
            parts = tuple(group.split("/"))
            yield OpmlFeed(url=bare(feed.url), name=feed.name, groups=parts, lang=feed.lang)


def _write(file: Path, body: bytes, *, force: bool) -> None:
    if file.exists() and not force:
        raise SeedwatchError(f"{file} exists already: nothing was written (--force replaces it)")
    try:
        file.write_bytes(body)
    except OSError as error:
        raise SeedwatchError(f"{file} cannot be written: {error.strerror}") from error
