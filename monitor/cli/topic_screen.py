"""`topics`: what each topic looks for, what it has met, and whether its story has moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding

from monitor.cli.place import opened, settings_of
from monitor.cli.plots import bars, block_of, histogram
from monitor.cli.screen import ago, plain, print_json, screen, table
from monitor.cli.sparkline import sparkline
from monitor.config.values import suggest
from monitor.errors import SeedwatchError

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.topics.drift import Drift

MONTH = timedelta(days=30)
WEEK = timedelta(days=7)
WEEKS = 12
MOST_TERMS = 15
# Scores that a picture is made of, at most, and from where on: most items share nothing at all.
MOST_SCORES = 20_000
MOST_MATCHES = 1000
FLOOR = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicView:
    """All that is shown of one topic."""

    name: str
    seeds: tuple[str, ...]
    languages: tuple[str, ...]
    threshold: float
    threshold_why: str
    # The strongest terms, as the seeds write them, with their weights after feedback.
    terms: tuple[tuple[str, float], ...]
    # Judged in the last month, and the scores of those that came near, newest first.
    judged: int
    scores: tuple[float, ...]
    # On-topic items of the last month.
    matches: int
    # In each of the last weeks, the oldest first.
    alerts_by_week: tuple[int, ...]
    last_alert_at: datetime | None
    judgements: int
    drift: Drift
    # Titles of the items that carry the drift, by id.
    carriers: dict[str, str]


def list_all(named: Path | None, *, as_json: bool) -> None:
    """Print a line on each topic."""
    settings = settings_of(named)
    with opened(settings, must_exist=True) as app:
        now = app.clock()
        views = [take_view(app, topic.name, now) for topic in settings.topics]
    if as_json:
        print_json(views)
        return
    rows = table("topic", "threshold", "matches", "alerts", "last", "story", least=7)
    for view in views:
        moved = "has moved" if view.drift.has_moved else "as its seeds"
        rows.add_row(
            plain(view.name),
            f"{view.threshold:.2f}",
            str(view.matches),
            sparkline(view.alerts_by_week),
            ago(view.last_alert_at, now),
            moved if view.drift.items else "no match yet",
        )
    console = screen()
    console.print(rows)
    console.print(f"matches of {MONTH.days} days; alerts by week, the last {WEEKS}", style="dim")


def show(named: Path | None, name: str, *, as_json: bool) -> None:
    """Print one topic."""
    settings = settings_of(named)
    known = [topic.name for topic in settings.topics]
    if name not in known:
        raise SeedwatchError(f"there is no topic {name!r}{suggest(name, sorted(known))}")
    with opened(settings, must_exist=True) as app:
        now = app.clock()
        view = take_view(app, name, now)
    if as_json:
        print_json(view)
        return
    show_view(screen(), view, now)


def take_view(app: App, name: str, now: datetime) -> TopicView:
    """Gather what is known of a topic."""
    from monitor.start import choose_thresholds
    from monitor.topics.drift import Match, drift
    from monitor.topics.feedback import standing

    choose_thresholds(app)
    topic = next(one for one in app.settings.topics if one.name == name)
    since = now - MONTH
    choice = app.tracker.threshold(name)
    scores = app.reports.scores(name, FLOOR, since, MOST_SCORES)
    near = app.store.nearest_verdicts(name, min(choice.value, 0.5), since, MOST_MATCHES)
    matched = [(seen, verdict) for seen, verdict in near if verdict.score.on_topic]
    found = drift(
        [Match(id=seen.id, weights=app.tracker.terms(name, seen.item)) for seen, _ in matched],
        app.tracker.seed_terms(name),
    )
    surfaces: dict[str, str] = {}
    for seen, _ in matched:
        surfaces |= app.tracker.surfaces(name, seen.item)
    titles = {seen.id: f"{seen.source}: {seen.item.title}" for seen, _ in matched}
    report = app.reports.topic(name, since)
    return TopicView(
        name=name,
        seeds=tuple(seed.name for seed in topic.seeds),
        languages=app.tracker.languages(name),
        threshold=choice.value,
        threshold_why=choice.why,
        terms=app.tracker.weights(name, MOST_TERMS),
        judged=report.scored,
        scores=tuple(scores),
        matches=len(matched),
        alerts_by_week=_by_week(app.reports.alert_times(name, now - WEEKS * WEEK), now),
        last_alert_at=report.last_alert_at,
        judgements=len(standing(app.feedback.all(name))),
        drift=replace(
            found, terms=tuple((surfaces.get(term, term), part) for term, part in found.terms)
        ),
        carriers={one: titles[one] for one in found.carriers},
    )


def _by_week(times: Sequence[datetime], now: datetime) -> tuple[int, ...]:
    counts = [0] * WEEKS
    for at in times:
        weeks_ago = (now - at) // WEEK
        if 0 <= weeks_ago < WEEKS:
            counts[WEEKS - 1 - weeks_ago] += 1
    return tuple(counts)


def show_view(console: Console, view: TopicView, now: datetime) -> None:
    """Print a topic on one screen."""
    seeds = ", ".join(view.seeds)
    console.print(plain(f"topic {view.name}: {seeds} ({', '.join(view.languages)})"))
    _line(console, f"threshold {view.threshold:.2f}: {view.threshold_why}")
    if view.judgements:
        word = "judgement moves" if view.judgements == 1 else "judgements move"
        _line(console, f"feedback: {view.judgements} {word} it")
    console.print("what it looks for:")
    for line in bars(view.terms, width=console.width - 2, block=block_of(console)):
        console.print(plain(f"  {line}".rstrip()))
    console.print(
        f"scores of {MONTH.days} days: {view.judged} items judged,"
        f" {len(view.scores)} of them from {FLOOR}, {view.matches} on-topic"
    )
    if view.scores:
        for line in histogram(
            view.scores, view.threshold, width=console.width - 2, block=block_of(console)
        ):
            console.print(plain(f"  {line}"))
    total = sum(view.alerts_by_week)
    last = ago(view.last_alert_at, now)
    console.print(f"alerts by week: {sparkline(view.alerts_by_week)} ({total} in {WEEKS}; {last})")
    _show_drift(console, view)


def _show_drift(console: Console, view: TopicView) -> None:
    found = view.drift
    share = f"{found.moved:.0%} of the words that the last month's matches share are in no seed"
    if not found.items:
        console.print("drift: no match in the last month")
        return
    if not found.has_moved:
        console.print(f"drift: the story is as its seeds tell it; {share}")
        return
    console.print(f"drift: the story has moved: {share}.")
    terms = ", ".join(f"{term} {part:.0%}" for term, part in found.terms)
    _line(console, f"these terms carry them: {terms}")
    console.print("  add one of these items as a second seed?")
    for item_id, title in view.carriers.items():
        console.print(plain(f"    {item_id[:8]}  {title}"), no_wrap=True, overflow="ellipsis")


def _line(console: Console, text: str) -> None:
    console.print(Padding(plain(text), (0, 0, 0, 2), expand=False))
