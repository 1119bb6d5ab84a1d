"""`feeds prune`: take feeds out of the configuration that are proven to be dead."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from monitor.cli.change import ask_and_write
from monitor.cli.feed_screen import literal
from monitor.cli.feeds import look_at, read
from monitor.cli.place import opened, settings_of
from monitor.cli.screen import minute, print_json, screen, span
from monitor.config import Settings
from monitor.config.edit import drop_feeds, leave_out
from monitor.config.places import Place, places_of
from monitor.config.rewrite import Draft, draft, read_text
from monitor.config.values import url_key
from monitor.errors import SeedwatchError
from monitor.feeds.address import bare, host_of
from monitor.feeds.dead import Death, find_dead
from monitor.parsing import Parsers
from monitor.records import Document, FeedSpec, FetchFailure

if TYPE_CHECKING:
    from monitor.feeds.examine import Read


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A feed that was found dead, and what it said when it was asked once more."""

    death: Death
    # None: it answers again.
    error_now: str | None
    # Why it stays all the same; None if it goes.
    stays: str | None = None

    @property
    def goes(self) -> bool:
        """Whether it is to be taken out."""
        return self.error_now is not None and self.stays is None


def prune(named: Path | None, dead_for: timedelta, *, yes: bool, as_json: bool) -> bool:
    """Take dead feeds out; gives whether there is nothing left to do."""
    settings = settings_of(named)
    with opened(settings, must_exist=True) as app:
        stored = app.store.feeds()
    specs = {feed.url: feed for feed in settings.feeds}
    known = [feed for feed in stored if feed.url in specs]
    deaths = find_dead(known, dead_for, settings.polling.at_least_every)
    console = screen()
    errors: Mapping[str, str | None] = {}
    if deaths:
        with console.status(f"asking {len(deaths)} feeds once more"):
            errors = ask_once_more([specs[one.feed.url] for one in deaths], settings)
    was, text = read_text(settings.path)
    places = places_of(text, settings.path, os.environ)
    found = decide(deaths, errors, places, entries_of(places))
    going = [one for one in found if one.goes]
    made = make_draft(settings, was, text, going, places) if going else None
    if not as_json:
        show(console, found, len(known), dead_for)
    written = made is None or ask_and_write(made, yes=yes, quiet=as_json)
    if as_json:
        _print(found, written=written and made is not None)
    return written


def ask_once_more(
    specs: Sequence[FeedSpec], settings: Settings, sleep: Callable[[float], None] = time.sleep
) -> Mapping[str, str | None]:
    """Ask feeds once more, hosts side by side; gives by address what is wrong, None for nothing.

    Feeds of one host are asked one after another, as far apart as when they are polled.
    """
    from monitor.app import make_client, utc_now

    by_host: dict[str, list[FeedSpec]] = {}
    for spec in specs:
        by_host.setdefault(host_of(spec.url), []).append(spec)
    client = make_client(settings, utc_now)
    parsers = Parsers()
    pause = settings.polling.host_spacing.total_seconds()

    def ask(of_one_host: Sequence[FeedSpec]) -> list[tuple[str, str | None]]:
        said = []
        for number, spec in enumerate(of_one_host):
            if number:
                sleep(pause)
            look = look_at(client, spec)
            contents = read(look, parsers.read)
            said.append((spec.url, _trouble(look.result, contents)))
        return said

    try:
        with ThreadPoolExecutor(max_workers=settings.polling.workers) as pool:
            return dict(one for said in pool.map(ask, by_host.values()) for one in said)
    finally:
        parsers.close()
        client.close()


def _trouble(result: object, contents: Read | str | None) -> str | None:
    if isinstance(result, FetchFailure):
        return result.told
    if isinstance(contents, str):
        return contents
    # A 304 to a request without conditions is no feed either.
    return None if isinstance(result, Document) else "HTTP 304 to a request without conditions"


def entries_of(places: Mapping[tuple[str, ...], Iterable[Place]]) -> Mapping[str, set[str]]:
    """Give the entries of each group."""
    groups: dict[str, set[str]] = {}
    for mentions in places.values():
        for place in mentions:
            groups.setdefault(place.group, set()).add(place.path)
    return groups


def decide(
    deaths: Iterable[Death],
    errors: Mapping[str, str | None],
    places: Mapping[tuple[str, ...], Sequence[Place]],
    groups: Mapping[str, set[str]],
) -> tuple[Candidate, ...]:
    """Say of each dead feed whether it goes: not if it answers, nor as the last of its group."""
    left = {group: set(entries) for group, entries in groups.items()}
    found = []
    for death in deaths:
        error = errors.get(death.feed.url)
        own = [one for one in places[url_key(death.feed.url)] if one.listed_in is None]
        last = next((one.group for one in own if left[one.group] == {one.path}), None)
        stays = f"is the last entry of group {last}: take that out by hand" if last else None
        if error is not None and not stays:
            for one in own:
                left[one.group].discard(one.path)
        found.append(Candidate(death=death, error_now=error, stays=stays))
    return tuple(found)


def make_draft(
    settings: Settings,
    was: bytes,
    text: str,
    going: Iterable[Candidate],
    places: Mapping[tuple[str, ...], Sequence[Place]],
) -> Draft:
    """Take feeds out of the text: their own entries go, in lists they are left out."""
    entries: list[str] = []
    unwanted: dict[str, list[str]] = {}
    gone = set()
    for one in going:
        gone.add(one.death.feed.url)
        for place in places[url_key(one.death.feed.url)]:
            if place.listed_in is None:
                entries.append(place.path)
            else:
                unwanted.setdefault(place.path, []).append(place.url)
    # First what keeps the numbers of entries.
    made = draft(settings.path, was, drop_feeds(leave_out(text, unwanted), entries), os.environ)
    wanted = {feed.url: set(feed.groups) for feed in settings.feeds if feed.url not in gone}
    if {feed.url: set(feed.groups) for feed in made.settings.feeds} != wanted:
        raise SeedwatchError(
            f"nothing was written: {settings.path} is put together in a way that cannot be taken"
            " apart (anchors, aliases); take the feeds out by hand"
        )
    return made


def show(console: Console, found: Sequence[Candidate], known: int, dead_for: timedelta) -> None:
    """Print each dead feed with the proof."""
    for one in found:
        feed = one.death.feed
        console.print(literal(feed.name), style="red" if one.goes else "green")
        ok = minute(feed.last_ok_at) if feed.last_ok_at else "never"
        rows = (
            bare(feed.url),
            f"last good poll: {ok}",
            f"failing for {span(one.death.lasted)}, since {minute(one.death.since)} at the latest",
            f"{feed.failures} failures in a row: {feed.last_error or 'no reason kept'}",
            f"asked now: {one.error_now or 'answers again: it stays'}",
            *([f"it stays: {one.stays}"] if one.error_now and one.stays else []),
        )
        for row in rows:
            for line in literal(row).wrap(console, console.width - 2):
                line.rstrip()
                console.print(literal("  ") + line)
    going = sum(one.goes for one in found)
    console.print(f"{going} of {known} feeds are dead for {span(dead_for)} or longer")


def _print(found: Iterable[Candidate], *, written: bool) -> None:
    print_json(
        {
            "written": written,
            "dead": [
                {
                    "name": one.death.feed.name,
                    "url": bare(one.death.feed.url),
                    "last_ok_at": one.death.feed.last_ok_at,
                    "failing_since": one.death.since,
                    "lasted": one.death.lasted,
                    "failures": one.death.feed.failures,
                    "last_error": one.death.feed.last_error,
                    "error_now": one.error_now,
                    "goes": one.goes,
                    "stays": one.stays,
                }
                for one in found
            ],
        }
    )
