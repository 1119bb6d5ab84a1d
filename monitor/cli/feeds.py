"""`feeds test` and `feeds list`: what one feed is like, and how all of them are."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from monitor.cli.feed_screen import show_healths, show_report
from monitor.cli.place import opened, settings_of, settings_or_defaults
from monitor.cli.screen import print_json, screen
from monitor.config import Settings
from monitor.config.values import check_url, url_key
from monitor.errors import ParseError, SeedwatchError
from monitor.feeds.address import bare, host_of
from monitor.feeds.conditions import Conditions
from monitor.feeds.contents import Wanted
from monitor.feeds.health import AILING, COUNTED, health_of
from monitor.fetch import Client
from monitor.parsing import Parsers
from monitor.reading import Parse
from monitor.records import Document, FeedSpec, Hop

if TYPE_CHECKING:
    from monitor.feeds.examine import Again, Look, Read

# Names that are shown where none fits.
MOST_NAMES = 5


def test(named: Path | None, what: str, *, once: bool, as_json: bool) -> bool:
    """Print what is seen of one feed; gives whether it is well. Nothing is stored."""
    from monitor.app import make_client, utc_now
    from monitor.feeds.examine import examine

    settings = settings_or_defaults(named)
    spec = find_feed(what, settings)
    console = screen()
    client = make_client(settings, utc_now)
    parsers = Parsers()
    try:
        look = look_at(client, spec)
        pause = None if once else settings.polling.host_spacing
        if pause is not None and _is_to_repeat(look):
            with console.status(f"asking again in {pause.total_seconds():g} s"):
                look = replace(look, again=ask_again(client, look, pause, sleep=time.sleep))
        report = examine(look, read(look, parsers.read), settings.polling.at_least_every)
    finally:
        parsers.close()
        client.close()
    if as_json:
        print_json(report)
    else:
        show_report(console, report)
    return report.trouble is None


def find_feed(what: str, settings: Settings) -> FeedSpec:
    """Give the feed that a name or an address stands for; any address stands for a feed.

    Raises `SeedwatchError` if it is neither.
    """
    if "://" not in what:
        return _by_name(what, settings.feeds)
    try:
        check_url(what)
    except ValueError as error:
        raise SeedwatchError(str(error).replace("{}", repr(bare(what)))) from error
    for feed in settings.feeds:
        if url_key(what) in {url_key(feed.url), url_key(bare(feed.url))}:
            return feed
    return FeedSpec(url=what, name=host_of(what), groups=(), every=settings.polling.every)


def _by_name(name: str, feeds: Sequence[FeedSpec]) -> FeedSpec:
    found = [feed for feed in feeds if feed.name.casefold() == name.casefold()]
    if len(found) == 1:
        return found[0]
    if found:
        urls = ", ".join(bare(feed.url) for feed in found[:MOST_NAMES])
        raise SeedwatchError(f"{len(found)} feeds are named {name!r}: give one's address; {urls}")
    if not feeds:
        raise SeedwatchError(
            f"{name!r} is no address (https://…), and without a configuration no feed has a name"
        )
    names = {feed.name.casefold(): feed.name for feed in feeds}
    near = difflib.get_close_matches(name.casefold(), names, MOST_NAMES, cutoff=0.5)
    near += [key for key in names if name.casefold() in key and key not in near]
    like = ", ".join(names[key] for key in near[:MOST_NAMES])
    cure = f"is it one of these: {like}?" if like else "`seedwatch feeds list` has their names"
    raise SeedwatchError(f"no feed is named {name!r}, and it is no address (https://…): {cure}")


def look_at(client: Client, spec: FeedSpec) -> Look:
    """Ask a feed for all of it, as its first poll would."""
    from monitor.feeds.examine import Look

    hops: list[Hop] = []
    started = time.monotonic()
    result = client.get(spec.url, on_hop=hops.append)
    took = timedelta(seconds=time.monotonic() - started)
    return Look(spec=spec, result=result, hops=tuple(hops), took=took)


def _is_to_repeat(look: Look) -> bool:
    return isinstance(look.result, Document) and bool(look.result.etag or look.result.last_modified)


def ask_again(
    client: Client, look: Look, pause: timedelta, *, sleep: Callable[[float], None]
) -> Again:
    """Ask a second time, with the validators that came, after a pause.

    Polling never asks twice; here it is the only way to see whether the validators are of use.
    """
    from monitor.feeds.examine import Again

    first = look.result
    assert isinstance(first, Document)
    sleep(pause.total_seconds())
    asked = Conditions(etag=first.etag, last_modified=first.last_modified, of=first.url)
    return Again(after=pause, result=client.get(look.spec.url, asked))


def read(look: Look, parse: Parse) -> Read | str | None:
    """Parse what came, as polling does; a text says why that cannot be done."""
    from monitor.feeds.examine import Read
    from monitor.feeds.parse import settle

    document = look.result
    if not isinstance(document, Document):
        return None
    try:
        found = parse(document, Wanted(hub=True, survey=True))
    except ParseError as error:
        return str(error)
    assert found.said is not None
    assert found.survey is not None
    parsed = settle(found.said, document, look.spec.lang)
    return Read(parsed=parsed, survey=found.survey, hub=found.hub)


def list_all(named: Path | None, *, failing: bool, as_json: bool) -> None:
    """Print each feed with its health."""
    settings = settings_of(named)
    with opened(settings, must_exist=True) as app:
        now = app.clock()
        activity = app.reports.activity(now - COUNTED)
        feeds = app.store.feeds()
        healths = [health_of(feed, activity.get(feed.id), now) for feed in feeds]
    shown = [one for one in healths if one.health in AILING or not failing]
    if as_json:
        print_json(shown)
        return
    console: Console = screen()
    show_healths(console, healths, shown, now)
