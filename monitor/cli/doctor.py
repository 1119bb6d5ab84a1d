"""`doctor`: looks closely at all that the service needs, and says what helps."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from monitor import notify
from monitor.app import make_client, utc_now
from monitor.cli import doctor_local
from monitor.cli.feeds import read
from monitor.cli.place import find_config, settings_of
from monitor.cli.screen import count, plain, print_json, screen
from monitor.cli.status_screen import COLOURS, MARKS, show_finding
from monitor.config import Settings
from monitor.errors import DeliveryError
from monitor.feeds.address import host_of
from monitor.feeds.cures import cure, reading_cure
from monitor.feeds.examine import Look
from monitor.fetch import Client, Trust
from monitor.findings import Finding, Grade, fault, health, warning, well
from monitor.parsing import Parsers
from monitor.records import Document, FeedSpec, FetchFailure, Hop, Stage
from monitor.rules import destinations_of
from monitor.standing import standing_of
from monitor.store import Measure, room
from monitor.targets import Destination

# Feeds that are named on the screen; JSON has all.
MOST_SHOWN = 15
# Hosts whose names are looked up, and to which TLS is tried, before the rest is asked.
MOST_HOSTS = 3
# For all feeds: those that were not asked by then are left out, and that is said.
MOST_TIME = timedelta(minutes=10)
# Of the feeds that answered: more than this share failing is no matter of single feeds.
MOST = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is looked at beside this machine."""

    network: bool = True
    feeds: bool = True


@dataclass(slots=True, kw_only=True)
class World:
    """What the checks need of the outside."""

    client: Client
    parsers: Parsers
    now: Callable[[], datetime] = utc_now
    sleep: Callable[[float], None] = time.sleep
    measure: Measure = room
    # Answers of servers, each with the time at which it came.
    answers: list[tuple[Hop, datetime]] = field(default_factory=list)


def doctor(named: Path | None, plan: Plan, *, as_json: bool) -> bool:
    """Print what was found; give whether there is no fault."""
    settings = settings_of(named)
    path = find_config(named, os.environ)
    console = screen()
    with _world(settings) as world, _progress() as progress:
        standing = standing_of(path, os.environ)
        found = [_configuration(settings, standing.sentence() if standing else "")]
        found += examine(settings, plan, world, progress)
    if as_json:
        print_json({"health": health(found), "findings": found})
    else:
        show(console, found)
    return health(found) != "broken"


@contextmanager
def _world(settings: Settings) -> Iterator[World]:
    client, parsers = make_client(settings, utc_now), Parsers()
    try:
        yield World(client=client, parsers=parsers)
    finally:
        parsers.close()
        client.close()


@contextmanager
def _progress() -> Iterator[Progress]:
    # On standard error, so that what is printed is the report alone.
    console = Console(file=sys.stderr)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        yield progress


def _configuration(settings: Settings, standing: str) -> Finding:
    if standing:
        return warning("configuration", standing)
    of = {"topic": settings.topics, "feed": settings.feeds, "receiver": settings.receivers}
    said = ", ".join(count(len(some), what) for what, some in of.items())
    return well("configuration", f"{settings.path.name} is right: {said}")


def examine(settings: Settings, plan: Plan, world: World, progress: Progress) -> list[Finding]:
    """Look at everything that the plan names, this machine first."""
    found = doctor_local.permissions(settings, os.environ)
    stored, known = doctor_local.database(settings, world.measure)
    found += stored
    on_the_way: list[Finding] = []
    if plan.network:
        on_the_way += way_out(settings.feeds, world)
        on_the_way += receivers(settings, world, progress)
    if plan.feeds:
        on_the_way += feeds(settings, world, progress)
    # Last asked, since feeds tell the time; shown before what may follow from it.
    found.append(doctor_local.clock(world.now(), known, world.answers))
    return found + on_the_way


def way_out(specs: Sequence[FeedSpec], world: World) -> list[Finding]:
    """Try whether names can be looked up, and whether certificates can be verified."""
    hosts = {host_of(spec.url): spec.url for spec in specs if spec.url.startswith("https:")}
    hosts |= {host_of(spec.url): spec.url for spec in specs if host_of(spec.url) not in hosts}
    chosen = list(hosts.items())[:MOST_HOSTS]
    if not chosen:
        return []
    said = {host: world.client.reach(url, trust=Trust.ASKED) for host, url in chosen}
    failures = [one for one in said.values() if one is not None]
    names = [host for host in said if not is_address(host)]
    nameless = [one for one in failures if one.stage is Stage.DNS]
    if names and len(nameless) == len(names):
        what = f"no name can be looked up ({', '.join(names)})"
        return [fault("DNS", what, "see /etc/resolv.conf, and whether there is a network")]
    found = [well("DNS", "names are looked up")] if names else []
    untrusted = [one for one in failures if one.stage is Stage.TLS]
    secured = [url for _, url in chosen if url.startswith("https:")]
    if secured and len(untrusted) == len(secured):
        what = f"TLS fails with each host that was tried: {untrusted[0].cause}"
        found.append(fault("TLS", what, "is the clock right, and does a proxy intercept TLS?"))
    elif len(failures) == len(chosen):
        what = f"no host that was tried can be reached: {failures[0].told}"
        found.append(fault("network", what, "is there a network, or a firewall in the way?"))
    elif secured:
        found.append(well("TLS", "certificates are verified"))
    return found


def is_address(host: str) -> bool:
    """Say whether a host is written as an address, which needs no look-up."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def receivers(settings: Settings, world: World, progress: Progress) -> list[Finding]:
    """Go to each destination as far as possible without sending."""
    tools = notify.Tools(post=world.client.post, timeout=settings.delivery.timeout, clock=world.now)

    def knock(one: Destination) -> Finding:
        about = f"receiver {one.name}"
        try:
            return well(about, notify.reach(one.target, tools, world.client.reach))
        except DeliveryError as error:
            helps = "mend its settings" if error.permanent else "is it there, and spelt right?"
            return fault(about, str(error), helps)

    destinations = destinations_of(settings)
    task = progress.add_task("receivers", total=len(destinations))
    found = []
    with ThreadPoolExecutor(max_workers=8) as pool:
        for finding in pool.map(knock, destinations):
            progress.advance(task)
            found.append(finding)
    return found


def feeds(settings: Settings, world: World, progress: Progress) -> list[Finding]:
    """Ask each feed once: hosts side by side, feeds of one host as far apart as when polled."""
    by_host: dict[str, list[FeedSpec]] = {}
    for spec in settings.feeds:
        by_host.setdefault(host_of(spec.url), []).append(spec)
    pause = settings.polling.host_spacing.total_seconds()
    until = time.monotonic() + MOST_TIME.total_seconds()
    task = progress.add_task("feeds", total=len(settings.feeds))

    def ask(of_one_host: Sequence[FeedSpec]) -> list[Finding | None]:
        said: list[Finding | None] = []
        for number, spec in enumerate(of_one_host):
            if number:
                world.sleep(pause)
            if time.monotonic() > until:
                said.append(warning(f"feed {spec.name}", "it was not asked: there was no time"))
            else:
                said.append(_ask(spec, world))
            progress.advance(task)
        return said

    with ThreadPoolExecutor(max_workers=settings.polling.workers) as pool:
        said = [one for some in pool.map(ask, by_host.values()) for one in some]
    failing = [one for one in said if one is not None]
    good = len(said) - len(failing)
    if not failing:
        return [well("feeds", f"all {good} answer")]
    if len(failing) > 1 and len(failing) > MOST * len(said):
        what = f"only {good} of {len(said)} answer"
        return [fault("feeds", what, "is this machine's network whole?"), *failing]
    return [well("feeds", f"{good} of {len(said)} answer"), *failing]


def _ask(spec: FeedSpec, world: World) -> Finding | None:
    """Say what is wrong with a feed; None if nothing is."""

    def note(hop: Hop) -> None:
        if hop.date:
            world.answers.append((hop, world.now()))

    result = world.client.get(spec.url, on_hop=note)
    about = f"feed {spec.name}"
    if isinstance(result, FetchFailure):
        return warning(about, result.told, cure(result.cause, result.status))
    look = Look(spec=spec, result=result, hops=(), took=timedelta(0))
    contents = read(look, world.parsers.read)
    if isinstance(contents, str):
        return warning(about, contents, reading_cure(contents))
    if not isinstance(result, Document):
        return warning(about, "HTTP 304 to a request without conditions", "tell the outlet")
    return None


def show(console: Console, found: Sequence[Finding]) -> None:
    """Print each finding with its mark, `!` for a fault, `-` for a warning; then the sum."""
    of_feeds = [one for one in found if one.about.startswith("feed ")]
    hidden = {id(one) for one in of_feeds[MOST_SHOWN:]}
    for one in found:
        if id(one) not in hidden:
            show_finding(console, MARKS[one.grade], f"{one.about}: {one.sentence()}")
    if hidden:
        console.print(f"    … and {len(hidden)} more feeds (--json lists all)")
    word = health(found)
    faults = sum(one.grade is Grade.FAULT for one in found)
    warnings = sum(one.grade is Grade.WARNING for one in found)
    console.print()
    counts = f"({count(faults, 'fault')}, {count(warnings, 'warning')})"
    console.print(f"[{COLOURS[word]}]{word}[/]", plain(counts))
