"""`check`: what the configuration says, whether each topic can fire, and what is expected of it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from monitor import clock
from monitor.alerts.report import ReportPlan
from monitor.alerts.schedule_words import in_words
from monitor.cli.place import settings_of
from monitor.cli.screen import count, plain, print_json, screen, span
from monitor.cli.trying import Tried, item_of, make_item, try_item
from monitor.config import Settings, read_lines
from monitor.errors import Fault, SeedwatchError
from monitor.records import Document, Expected, FetchFailure, Lessons, Topic

if TYPE_CHECKING:
    from monitor.topics.track import Tracker

# Terms of the best short item that a topic can get: a full headline.
HEADLINE_TERMS = 8
DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How `check` is asked to check."""

    # Plain lines, for machines that read files and lines.
    ci: bool = False
    # Warnings are failures.
    strict: bool = False
    # Fetch the pages that `expect` names.
    fetch: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong, or probably not meant."""

    is_error: bool
    fault: Fault

    def __str__(self) -> str:
        """Give it as compilers do, which editors and build servers understand."""
        return (
            f"{_place(self.fault)}: {'error' if self.is_error else 'warning'}: {_what(self.fault)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One expectation, tried; without a score if it could not be."""

    topic: str
    text: str
    wanted: str
    score: float | None
    threshold: float | None
    ok: bool
    # Why it failed or was not tried; empty if it holds.
    why: str = ""
    # Where it stands below its topic.
    path: str = ""


def check(named: Path | None, options: Options, *, as_json: bool) -> None:
    """Load the configuration, say what it holds, and try what is expected of the topics."""
    settings = settings_of(named)
    # Only now: a file with faults is told of at once.
    from monitor.topics.track import Tracker

    tracker = Tracker(settings.topics, Lessons())
    trials = [
        trial for topic in settings.topics for trial in _trials(settings, tracker, topic, options)
    ]
    lines = read_lines(settings.path, os.environ)
    findings = [
        *_failed(settings, lines, trials),
        *_fires(settings, lines, tracker),
        *_templates(settings, lines),
    ]
    if as_json:
        print_json(_facts(settings, trials, findings))
    elif options.ci:
        for finding in sorted(findings, key=lambda one: (one.fault, one.is_error)):
            click.echo(str(finding))
    else:
        _show(settings, tracker, trials)
        _show_findings(screen(), findings)
    _conclude(settings, trials, findings, options)


def _conclude(
    settings: Settings, trials: Sequence[Trial], findings: Sequence[Finding], options: Options
) -> None:
    """Raise if anything failed; else let a build server, which has seen nothing, know it."""
    failed = sum(not trial.ok for trial in trials)
    errors = sum(finding.is_error for finding in findings)
    warnings = len(findings) - errors
    if failed and errors == failed:
        raise SeedwatchError(f"{failed} of {len(trials)} expectations do not hold")
    if errors or (warnings and options.strict):
        raise SeedwatchError(f"{count(errors, 'error')}, {count(warnings, 'warning')}")
    if options.ci:
        click.echo(f"{settings.path.name}: right; {count(warnings, 'warning')}")


def _facts(
    settings: Settings, trials: Sequence[Trial], findings: Sequence[Finding]
) -> dict[str, object]:
    return {
        "config": settings.path,
        "topics": [topic.name for topic in settings.topics],
        "feeds": len(settings.feeds),
        "operator": settings.operator,
        "schedules": {one.name: in_words(one.schedule) for one in settings.receivers},
        "reports": report_words(settings),
        "expectations": trials,
        "findings": [
            {
                "severity": "error" if one.is_error else "warning",
                "file": one.fault.file,
                "line": one.fault.line,
                "path": one.fault.path,
                "what": one.fault.what,
            }
            for one in findings
        ],
    }


# -- what is expected


def _trials(
    settings: Settings, tracker: Tracker, topic: Topic, options: Options
) -> Iterator[Trial]:
    for one in topic.expected:
        told = {"topic": topic.name, "text": one.written, "path": one.path}
        wanted = "match" if one.wanted else "ignore"
        title, summary, trouble = one.title, one.summary, ""
        if one.url is not None and not options.fetch:
            why = "not tried: --fetch gets its page"
            yield Trial(**told, wanted=wanted, score=None, threshold=None, ok=True, why=why)
            continue
        if one.url is not None:
            title, summary, trouble = _page(settings, one)
        if trouble:
            yield Trial(**told, wanted=wanted, score=None, threshold=None, ok=False, why=trouble)
            continue
        verdict = try_item(tracker, topic, make_item(title, summary))
        ok = (verdict.why == "") is one.wanted
        why = "" if ok else verdict.why or "it is on-topic"
        yield Trial(
            **told, wanted=wanted, score=verdict.score, threshold=verdict.threshold, ok=ok, why=why
        )


def _page(settings: Settings, one: Expected) -> tuple[str, str, str]:
    """Fetch a page that is expected to match or not: title, beginning, and what went wrong."""
    from monitor.app import make_client
    from monitor.article import read_article
    from monitor.errors import ArticleError

    client = make_client(settings, clock.utc_now)
    try:
        result = client.get(one.url or "")
        if isinstance(result, FetchFailure):
            return "", "", f"it cannot be fetched: {result.told}"
        if not isinstance(result, Document):
            return "", "", "it answered without a page"
        article = read_article(result)
    except ArticleError as error:
        return "", "", str(error)
    finally:
        client.close()
    return article.title, article.summary, ""


def _failed(
    settings: Settings, lines: dict[str, int], trials: Sequence[Trial]
) -> Iterator[Finding]:
    for trial in trials:
        if not trial.ok:
            path = f"topics.{trial.topic}.{trial.path}"
            side = "should be on-topic" if trial.wanted == "match" else "should be off-topic"
            score = "" if trial.score is None else f" ({trial.score:.2f}/{trial.threshold:.2f})"
            what = f"{trial.text!r} {side}{score}: {trial.why}"
            yield Finding(is_error=True, fault=_fault(settings, lines, path, what))


# -- whether topics can fire


def _fires(settings: Settings, lines: dict[str, int], tracker: Tracker) -> Iterator[Finding]:
    """Prove of each topic that it can fire: by its own seeds, and by a headline of their terms."""
    for topic in settings.topics:
        path = f"topics.{topic.name}"
        best = _headline(tracker, topic)
        seeds = {seed.name: try_item(tracker, topic, item_of(seed)) for seed in topic.seeds}
        if best.why and all(tried.why for tried in seeds.values()):
            what = (
                f"can hardly ever alert: not even its own seed would ({_nearest(seeds)});"
                " lower the threshold, loosen must_mention and never_mention, or take a longer seed"
            )
            yield Finding(is_error=True, fault=_fault(settings, lines, path, what))
            continue
        for name, tried in seeds.items():
            if tried.why:
                what = f"its own seed {name} would not alert ({tried.score:.2f}): {tried.why}"
                yield Finding(is_error=False, fault=_fault(settings, lines, f"{path}.seeds", what))
        if best.why:
            what = (
                f"no headline alone can alert, only with a summary: one of its strongest terms"
                f" has {best.score:.2f}/{best.threshold:.2f}; lower the threshold if your feeds"
                " bring headlines only"
            )
            yield Finding(is_error=False, fault=_fault(settings, lines, path, what))


def _headline(tracker: Tracker, topic: Topic) -> Tried:
    """Judge the best short item there can be: a headline of the strongest terms."""
    words = [*tracker.strongest(topic.name, HEADLINE_TERMS), *topic.must_mention[:1]]
    return try_item(tracker, topic, make_item(" ".join(words), "", is_of_seed=True))


def _nearest(seeds: dict[str, Tried]) -> str:
    name, tried = max(seeds.items(), key=lambda pair: pair[1].score)
    return f"{name}: {tried.score:.2f}/{tried.threshold:.2f}, {tried.why}"


# -- what is probably not meant


def _templates(settings: Settings, lines: dict[str, int]) -> Iterator[Finding]:
    """Warn of templates that list items, and cut a long digest without a word."""
    for receiver, own in settings.templates.items():
        for part, source in own.sources.items():
            if part != "subject" and "alert.items" in source and "left_out" not in source:
                path = f"templates.{receiver}.{part}"
                place = path if path in lines else f"{path}_file"
                what = (
                    "never shows alert.left_out: a digest of more than 20 items ends in silence;"
                    " add {% if alert.left_out %}and {{ alert.left_out }} more{% endif %}"
                )
                yield Finding(is_error=False, fault=_fault(settings, lines, place, what))


def _fault(settings: Settings, lines: dict[str, int], path: str, what: str) -> Fault:
    return Fault(file=settings.path.name, line=lines.get(path, 0), path=path, what=what)


def _place(fault: Fault) -> str:
    return f"{fault.file}:{fault.line}" if fault.line else fault.file


def _what(fault: Fault) -> str:
    return f"{fault.path}: {fault.what}"


# -- the screen


def report_words(settings: Settings) -> str:
    """Say when topics are reported on, and to whom.

    Never is a word, too: who waits for a report that nobody sends believes that all is quiet.
    """
    plan = settings.reports
    told = {name: None for topic in settings.topics if topic.reports for name in topic.receivers}
    if plan is None or not told:
        return "never: no topic is reported on"
    without = [topic.name for topic in settings.topics if not topic.reports]
    but = f"; not on {', '.join(without)}" if without else ""
    return f"{_when(plan)}, to {', '.join(told)}{but}"


def _when(plan: ReportPlan) -> str:
    day = "each day" if plan.weekday is None else DAYS[plan.weekday]
    return f"{day} at {plan.minute // 60:02}:{plan.minute % 60:02} ({plan.zone})"


def _show(settings: Settings, tracker: Tracker, trials: Sequence[Trial]) -> None:
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
    console.print(plain(f"reports: {report_words(settings)}"))
    nobody = "nobody is told when feeds or deliveries fail; set `operator`"
    console.print(plain(f"operator: {', '.join(settings.operator) or nobody}"))
    for trial in trials:
        _show_trial(console, trial)


def _show_trial(console: Console, trial: Trial) -> None:
    if trial.score is None:
        mark, score = ("--  " if trial.ok else "FAIL"), f"({trial.why})"
    else:
        mark = "ok  " if trial.ok else "FAIL"
        score = f"{trial.score:.2f}/{trial.threshold:.2f}"
    console.print(plain(f"{mark} {trial.wanted:6} {score} {trial.text}"))


def _show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print what the lines above do not show: a trial that failed stands there already."""
    for finding in findings:
        if ".expect." not in finding.fault.path:
            word = "error" if finding.is_error else "warning"
            console.print(plain(f"{word}: {_place(finding.fault)}: {_what(finding.fault)}"))
