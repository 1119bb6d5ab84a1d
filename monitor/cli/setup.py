"""`init` and `check`: before the service runs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.alerts.schedule_words import in_words
from monitor.cli.place import settings_of
from monitor.cli.screen import plain, print_json, screen, span
from monitor.cli.starter import starter_folder
from monitor.config import Settings
from monitor.errors import SeedwatchError
from monitor.feeds.identity import fingerprint
from monitor.records import Item, Lessons, Score, Topic

if TYPE_CHECKING:
    from monitor.topics.track import Tracker


def init(folder: Path) -> None:
    """Write the starter files into a folder; refuse if the configuration is there already."""
    target = folder / "config" / "seedwatch.yaml"
    if target.exists():
        raise SeedwatchError(f"{target} exists already: nothing was written")
    starter = starter_folder()
    # The lists of feeds stay where they are installed: `builtin:` names them there.
    for part in ("config", "seeds"):
        for source in sorted((starter / part).rglob("*")):
            goal = folder / part / source.relative_to(starter / part)
            if source.is_file() and source.suffix in {".yaml", ".json", ".txt"}:
                goal.parent.mkdir(parents=True, exist_ok=True)
                if not goal.exists():
                    shutil.copyfile(source, goal)
    option = "" if folder == Path() else f" --config {target}"
    click.echo(f"Wrote {target}, its schema and a first seed. Next:")
    click.echo(f"  seedwatch{option} check            is everything right?")
    click.echo(f"  seedwatch{option} once --dry-run   what would it tell me now?")
    click.echo(f"  seedwatch{option} run              start the service")


def check(named: Path | None, *, as_json: bool) -> None:
    """Load the configuration, say what it holds, and try the topics' expectations."""
    from monitor.topics.track import Tracker

    settings = settings_of(named)
    tracker = Tracker(settings.topics, Lessons())
    trials = [trial for topic in settings.topics for trial in _trials(tracker, topic)]
    failed = [trial for trial in trials if not trial["ok"]]
    if as_json:
        print_json(
            {
                "config": settings.path,
                "topics": [topic.name for topic in settings.topics],
                "feeds": len(settings.feeds),
                "operator": settings.operator,
                "schedules": {one.name: in_words(one.schedule) for one in settings.receivers},
                "expectations": trials,
            }
        )
    else:
        _show(settings, tracker, trials)
    if failed:
        raise SeedwatchError(f"{len(failed)} of {len(trials)} expectations do not hold")


def _trials(tracker: Tracker, topic: Topic) -> list[dict[str, object]]:
    trials: list[dict[str, object]] = []
    for wanted, texts in ((True, topic.expect_match), (False, topic.expect_ignore)):
        for text in texts:
            score = try_text(tracker, topic, text)
            trials.append(
                {
                    "topic": topic.name,
                    "text": text,
                    "wanted": "match" if wanted else "ignore",
                    "score": score.value,
                    "threshold": score.threshold,
                    "ok": score.on_topic is wanted,
                }
            )
    return trials


def try_text(tracker: Tracker, topic: Topic, text: str) -> Score:
    """Score a text as if it were an item's title."""
    from monitor import app as wiring
    from monitor.text.language import language_of

    item = Item(
        key="text:",
        guid=None,
        url=None,
        canonical_url=None,
        fingerprint=fingerprint(text, ""),
        title=text,
        summary="",
        lang=language_of(text, "", stated=None, usual=None),
        published_at=None,
    )
    return tracker.score(topic.name, item, wiring.utc_now())


def _show(settings: Settings, tracker: Tracker, trials: list[dict[str, object]]) -> None:
    console = screen()
    console.print(plain(f"{settings.path} is right."))
    for topic in settings.topics:
        seeds = ", ".join(seed.name for seed in topic.seeds)
        urgent = ", urgent" if topic.urgent else ""
        told = f"{', '.join(topic.receivers)}{urgent}"
        console.print(plain(f"topic {topic.name}: {seeds} -> {told}"))
        strongest = ", ".join(tracker.strongest(topic.name, 12))
        console.print(plain(f"  looks for: {strongest}"))
    count = len(settings.feeds)
    feeds = "1 feed" if count == 1 else f"{count} feeds"
    console.print(f"{feeds}, every {span(settings.polling.every)} on average")
    for receiver in settings.receivers:
        kinds = ", ".join(destination.kind for destination in receiver.destinations)
        console.print(plain(f"receiver {receiver.name}: {kinds}"))
        console.print(plain(f"  told {in_words(receiver.schedule)}"))
        if receiver.name in settings.templates:
            console.print("  in your own words: see `seedwatch preview`")
    nobody = "nobody is told when feeds or deliveries fail; set `operator`"
    console.print(plain(f"operator: {', '.join(settings.operator) or nobody}"))
    for trial in trials:
        mark = "ok  " if trial["ok"] else "FAIL"
        score = f"{trial['score']:.2f}/{trial['threshold']:.2f}"
        console.print(plain(f"{mark} {trial['wanted']:6} {score} {trial['text']}"))
