"""`add`: from an article to a topic, with a look at what it would have told.

take      the article, cut to its text                   add_article.py
look      its terms, and what speaks against the seed    monitor/topics/seed_report.py
find      feeds to read                                  add_feeds.py
try out   poll them once, judge by the daemon's code     add_trial.py
write     seed and configuration, both or neither        add_write.py
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
from rich.console import Console

from monitor.app import make_client, utc_now
from monitor.cli import add_screen as shown
from monitor.cli import add_write as writing
from monitor.cli.add_article import Taken, strongest_names, take, topic_name
from monitor.cli.add_feeds import Asked, Found, find, specs_of
from monitor.cli.add_trial import Trial, try_out
from monitor.cli.change import MOST_LINES, STYLES, change_lines
from monitor.cli.feed_screen import literal
from monitor.cli.place import settings_or_defaults
from monitor.cli.screen import print_json, screen
from monitor.config import Settings
from monitor.config.values import NAME_PATTERN
from monitor.errors import SeedwatchError
from monitor.feeds.address import bare
from monitor.feeds.news_search import MOST_NAMES, search_feed
from monitor.records import FeedSpec, Lessons, Topic
from monitor.topics.profile import Profile
from monitor.topics.seed_report import Finding, seed_findings
from monitor.topics.track import Tracker


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the user asked for."""

    what: str
    # Of the new topic; None: made of the title.
    name: str | None = None
    # An existing one that gets a further seed.
    topic: str | None = None
    lists: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    news_search: bool = False
    receivers: tuple[str, ...] = ()
    # Poll the feeds for a look.
    poll: bool = True
    yes: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """An article as a topic: what is known before anything is polled."""

    taken: Taken
    # As it would be, and, of one that gets a further seed, as it is.
    topic: Topic
    was: Topic | None
    tracker: Tracker
    surfaces: Mapping[str, str]
    findings: tuple[Finding, ...]
    # The news search that may be added.
    offered: str | None

    @property
    def profile(self) -> Profile:
        """The profile in the language of the new seed."""
        return self.tracker.profile(self.topic.name, self.taken.lang)


def add(named: Path | None, wanted: Wanted) -> bool:
    """Make a topic of an article, or add it to one; gives whether that was written."""
    settings = settings_or_defaults(named)
    console = None if wanted.as_json else screen()
    client = make_client(settings, utc_now)
    try:
        taken = take(wanted.what, client, settings)
    finally:
        client.close()
    plan = _plan(settings, wanted, taken)
    if console:
        shown.show_article(console, taken)
        shown.show_profile(console, shown.terms_of(_own(plan), plan.surfaces))
        shown.show_findings(console, plan.findings)
    found = () if plan.was else _found(settings, wanted, plan, console)
    feeds = _feeds_of(settings, plan.was) if plan.was else specs_of(found, plan.topic.name)
    trial = Trial()
    if wanted.poll and feeds:
        topics = [plan.topic] if plan.was is None else [plan.was, _apart(plan.topic)]
        trial = try_out(topics, feeds, settings, console)
        if console:
            _show_trial(console, plan, trial)
    change = _change(settings, wanted, plan, found)
    if console:
        _show_change(console, change, settings, found)
    written = _ask_and_write(change, taken, wanted)
    if wanted.as_json:
        print_json(_facts(plan, found, trial, change, written=written))
    return written


def _plan(settings: Settings, wanted: Wanted, taken: Taken) -> _Plan:
    topics = {topic.name: topic for topic in settings.topics}
    was = None
    if wanted.topic is not None:
        if wanted.topic not in topics:
            known = ", ".join(topics) or "none yet"
            raise SeedwatchError(f"there is no topic {wanted.topic!r}; the file has: {known}")
        was = topics[wanted.topic]
    name = wanted.topic or _name(wanted, taken, topics)
    seed = replace(taken.seed(topic_name(taken.title, set())), lang=taken.lang)
    topic = (
        replace(was, seeds=(*was.seeds, seed))
        if was
        else Topic(name=name, seeds=(seed,), receivers=())
    )
    others = [one for one in settings.topics if one.name != name]
    tracker = Tracker([topic, *others], Lessons())
    alone = Tracker([replace(topic, seeds=(seed,))], Lessons())
    profiles = {
        one.name: tracker.profile(one.name, taken.lang)
        for one in others
        if tracker.reads(one.name, taken.lang)
    }
    surfaces = alone.seed_surfaces(topic.name, taken.lang)
    names = strongest_names(alone.profile(topic.name, taken.lang), surfaces, MOST_NAMES)
    return _Plan(
        taken=taken,
        topic=topic,
        was=was,
        tracker=tracker,
        surfaces=tracker.seed_surfaces(topic.name, taken.lang) | surfaces,
        findings=seed_findings((taken.title, *taken.paragraphs), taken.lang, profiles),
        offered=search_feed(names, taken.lang),
    )


def _name(wanted: Wanted, taken: Taken, topics: Mapping[str, Topic]) -> str:
    if wanted.name is None:
        return topic_name(taken.title, topics)
    if not re.fullmatch(NAME_PATTERN, wanted.name):
        raise SeedwatchError(
            f"{wanted.name!r} is no name of a topic; take letters, digits, '-' and '_'"
        )
    if wanted.name in topics:
        raise SeedwatchError(
            f"there is a topic {wanted.name!r} already;"
            f" to add the article to it: --topic {wanted.name}"
        )
    return wanted.name


def _own(plan: _Plan) -> Profile:
    """Give the profile of the new article alone."""
    if plan.was is None:
        return plan.profile
    alone = Tracker([replace(plan.topic, seeds=plan.topic.seeds[-1:])], Lessons())
    return alone.profile(plan.topic.name, plan.taken.lang)


def _apart(topic: Topic) -> Topic:
    """Give a topic as it would be another name: it is tried beside what it is."""
    return replace(topic, name=f"{topic.name} with the new seed")


def _found(
    settings: Settings, wanted: Wanted, plan: _Plan, console: Console | None
) -> tuple[Found, ...]:
    asked = Asked(
        lists=wanted.lists,
        feeds=wanted.feeds,
        search=plan.offered if wanted.news_search else None,
    )
    found = find(plan.taken, settings, asked)
    if console:
        shown.show_feeds(console, found, None if wanted.news_search else plan.offered)
    if not found:
        raise SeedwatchError(
            "no feed was found for the article: name some with --feed URL or --list NAME"
            " (`seedwatch feeds lists` shows the lists)"
        )
    return found


def _feeds_of(settings: Settings, topic: Topic) -> tuple[FeedSpec, ...]:
    return tuple(feed for feed in settings.feeds if topic.reads(feed.groups))


def _show_trial(console: Console, plan: _Plan, trial: Trial) -> None:
    if plan.was is None:
        shown.show_trial(console, trial, shown.sort_out(trial))
        return
    is_first = not _has_seed_in(plan.was, plan)
    shown.show_moved(console, _moved(plan, trial), plan.taken.lang, is_first=is_first)
    shown.show_trial(console, trial, shown.sort_out(trial, 1))


def _has_seed_in(topic: Topic, plan: _Plan) -> bool:
    return Tracker([topic], Lessons()).reads(topic.name, plan.taken.lang)


def _moved(plan: _Plan, trial: Trial) -> shown.Moved:
    assert plan.was is not None
    before = None
    if _has_seed_in(plan.was, plan):
        before = Tracker([plan.was], Lessons()).profile(plan.was.name, plan.taken.lang)
    return shown.moved(trial, before, plan.profile, plan.surfaces)


def _change(
    settings: Settings, wanted: Wanted, plan: _Plan, found: tuple[Found, ...]
) -> writing.Change:
    taken = plan.taken
    if plan.was is not None:
        name = topic_name(taken.title, set())
        return writing.another_seed(settings, plan.was.name, name)
    if not settings.topics:
        return writing.new_topic(None, plan.topic.name, found, ())
    return writing.new_topic(
        settings, plan.topic.name, found, _receivers(settings, wanted.receivers)
    )


def _receivers(settings: Settings, named: tuple[str, ...]) -> tuple[str, ...]:
    """Give who is told: those that were named, else those of the first topic."""
    known = [receiver.name for receiver in settings.receivers]
    for name in named:
        if name not in known:
            raise SeedwatchError(f"there is no receiver {name!r}; the file has: {', '.join(known)}")
    return named or settings.topics[0].receivers


def _show_change(
    console: Console, change: writing.Change, settings: Settings, found: tuple[Found, ...]
) -> None:
    console.print()
    if change.was is None:
        console.print(literal(f"New: {change.config}, with this topic, and its schema"))
    else:
        console.print(literal(f"Change of {change.config}"))
        for line in list(change_lines(change.before, change.after))[:MOST_LINES]:
            text = literal(f"  {line}")
            text.truncate(console.width, overflow="ellipsis")
            console.print(text, style=STYLES.get(line[:1], ""))
    console.print(literal(f"New: {_shown(change.seed)}"))
    greedy = [topic.name for topic in settings.topics if not topic.groups]
    if greedy and any(one.group is None for one in found):
        names = ", ".join(greedy)
        console.print(literal(f"  {names} reads all groups, so these feeds, too"), style="yellow")


def _shown(path: Path) -> str:
    """Name a file from here, if it is below here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _ask_and_write(change: writing.Change, taken: Taken, wanted: Wanted) -> bool:
    if not wanted.yes:
        # The article may have taken standard input: then nobody can answer there.
        if wanted.as_json or not sys.stdin.isatty() or wanted.what == "-":
            click.echo("seedwatch: nothing was written: say --yes to write it", err=True)
            return False
        if not click.confirm(f"Write topic {change.topic}?", default=True, err=True):
            click.echo("Nothing was written.", err=True)
            return False
    writing.carry_out(change, taken)
    if not wanted.as_json:
        _show_next(change)
    return True


def _show_next(change: writing.Change) -> None:
    click.echo(f"Wrote {_shown(change.seed)} and {_shown(change.config)}.")
    if change.was is None:
        click.echo("Next: seedwatch run                    start the service")
        click.echo("      seedwatch test-alert newsroom    after adding Slack or mail there")
        return
    click.echo("A running service takes it over at its next reload: systemctl reload seedwatch,")
    click.echo("or send it SIGHUP.")


def _facts(
    plan: _Plan,
    found: tuple[Found, ...],
    trial: Trial,
    change: writing.Change,
    *,
    written: bool,
) -> dict[str, object]:
    taken, which = plan.taken, 0 if plan.was is None else 1
    items = shown.sort_out(trial, which)
    facts: dict[str, object] = {
        "written": written,
        "topic": plan.topic.name,
        "article": {
            "from": taken.origin,
            "title": taken.title,
            "language": taken.lang,
            "words": taken.words,
            "paragraphs": len(taken.paragraphs),
        },
        "terms": [
            {"term": term, "weight": weight}
            for term, weight in shown.terms_of(_own(plan), plan.surfaces)
        ],
        "findings": plan.findings,
        "feeds": [
            {"what": bare(one.what), "why": one.why, "feeds": len(one.specs), "group": one.group}
            for one in found
        ],
        "news_search": plan.offered,
        "trial": {
            "feeds": trial.feeds,
            "failing": trial.failing,
            "not_asked": trial.not_asked + trial.left_out,
            "items": len(trial.judged),
            "threshold": items.threshold,
            "scores": sorted(items.scores, reverse=True),
        },
        "would_have_alerted": shown.item_facts(items.told),
        "just_missed": shown.item_facts(items.missed),
        "config": change.config,
        "seed": change.seed,
    }
    if plan.was is not None and trial.judged:
        changes = _moved(plan, trial)
        facts["terms_moved"] = [
            {"term": term, "before": was, "after": now} for term, was, now in changes.terms
        ]
        facts["turned"] = [
            {"title": seen.item.title, "before": was.score.value, "after": now.score.value}
            for seen, was, now in changes.turned
        ]
    return facts
