"""`add`: what it shows, in 80 columns, and the same as facts for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from babel import Locale, UnknownLocaleError
from rich.console import Console
from rich.padding import Padding

from monitor.cli.add_article import Taken
from monitor.cli.add_feeds import Found
from monitor.cli.add_trial import Trial
from monitor.cli.feed_screen import literal
from monitor.cli.plots import bars, block_of, histogram
from monitor.cli.screen import count, table
from monitor.feeds.address import bare
from monitor.records import Reason, SeenItem, Verdict
from monitor.topics.profile import Profile
from monitor.topics.seed_report import Finding

MOST_TERMS = 15
MOST_SHOWN = 5
# What shares next to nothing with the seed has not just missed.
LEAST_MISSED = 0.1
# Decisions about an item that is not what the topic is about.
OFF_TOPIC = frozenset({Reason.BELOW_THRESHOLD, Reason.NOT_MENTIONED, Reason.MENTIONED})
# A change of a term's weight below this is none.
LEAST_MOVE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """The items of a trial by what would have become of them."""

    # The first item of each story: what an alert would have been about; best first.
    told: tuple[tuple[SeenItem, Verdict], ...]
    # Copies and follow-ups: on-topic, and not told.
    also: int
    # Off-topic, best first.
    missed: tuple[tuple[SeenItem, Verdict], ...]
    scores: tuple[float, ...]
    threshold: float


def sort_out(trial: Trial, which: int = 0) -> Sorted:
    """Sort the items of a trial by the verdicts on one of its topics."""
    found = [(seen, verdicts[which]) for seen, verdicts in trial.judged]
    ranked = sorted(found, key=lambda one: -one[1].score.value)
    on_topic = [one for one in ranked if one[1].decision.reason not in OFF_TOPIC]
    stories: dict[str, tuple[SeenItem, Verdict]] = {}
    for one in on_topic:
        stories.setdefault(one[1].decision.story_id or one[0].id, one)
    missed = [one for one in ranked if one[1].decision.reason in OFF_TOPIC]
    return Sorted(
        told=tuple(stories.values()),
        also=len(on_topic) - len(stories),
        missed=tuple(one for one in missed if one[1].score.value >= LEAST_MISSED)[:MOST_SHOWN],
        scores=tuple(verdict.score.value for _, verdict in found),
        threshold=found[0][1].score.threshold if found else 0.5,
    )


def show_article(console: Console, taken: Taken) -> None:
    """Print title, language and length."""
    _line(console, "Article", taken.title)
    _line(console, "from", taken.origin)
    sure = "" if taken.lang_is_sure else ", by default: the text does not show it"
    _line(console, "language", f"{language(taken.lang)}{sure}")
    count = len(taken.paragraphs)
    inside = "1 paragraph" if count == 1 else f"{count} paragraphs"
    _line(console, "length", f"{taken.words} words in {inside}")


def language(lang: str) -> str:
    """Name a language in English, with its code."""
    try:
        name = Locale.parse("en").languages.get(lang)
    except (UnknownLocaleError, ValueError):
        name = None
    return f"{name} ({lang})" if name else lang


def show_profile(console: Console, terms: Sequence[tuple[str, float]]) -> None:
    """Print the strongest terms as bars."""
    console.print("\nWhat it is about: its strongest terms")
    for line in bars(terms, width=min(60, console.width - 2), block=block_of(console)):
        console.print(literal(f"  {line}"))


def terms_of(profile: Profile, surfaces: Mapping[str, str]) -> list[tuple[str, float]]:
    """Give the strongest terms as the seed writes them, with their weights."""
    strongest = profile.strongest(MOST_TERMS)
    return [(surfaces.get(term, term), profile.weight(term)) for term in strongest]


def show_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print what speaks against the seed, and what to do about it."""
    console.print("\nThe seed")
    if not findings:
        console.print("  nothing speaks against it: long enough, one story, names to go by")
    for one in findings:
        _wrapped(console, f"{one.weakness}: {one.reason}", "yellow")
        _wrapped(console, f"  -> {one.cure}", "")


def show_feeds(console: Console, found: Sequence[Found], offered: str | None) -> None:
    """Print the feeds that the topic would read, and the one that may be added."""
    console.print("\nFeeds")
    if not found:
        _wrapped(console, "none was found: name some with --feed URL or --list NAME", "yellow")
    rows = table("  what", "feeds", "why", least=5)
    for one in found:
        why = one.why if one.group is None else f"{one.why}; you have them in {one.group}"
        rows.add_row(literal(f"  {bare(one.what)}"), str(len(one.specs)), literal(why))
    if found:
        console.print(rows)
    if offered:
        _wrapped(console, "also possible: a search of Google News for its names, --news-search", "")


def show_trial(console: Console, trial: Trial, found: Sorted) -> None:
    """Print what the feeds hold now, and what would have come of it."""
    answered = trial.feeds - len(trial.failing) - trial.not_asked
    console.print(
        f"\nAsked {count(trial.feeds, 'feed')} once, {trial.seconds:.0f} s: {answered} answered,"
        f" {count(len(trial.judged), 'item')}"
    )
    for name, cause in list(trial.failing.items())[:MOST_SHOWN]:
        line = literal(f"  {name}: {cause}")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line, style="yellow")
    if len(trial.failing) > MOST_SHOWN:
        more = len(trial.failing) - MOST_SHOWN
        console.print(f"  ... and {more} more that did not answer", style="yellow")
    if trial.not_asked or trial.left_out:
        left = trial.not_asked + trial.left_out
        _wrapped(console, f"{left} were not asked for this look; the service asks them all", "")
    if not trial.judged:
        return
    console.print("\nScores of these items (bars grow with the logarithm of the count)")
    for row in histogram(found.scores, found.threshold, width=60, block=block_of(console)):
        console.print(f"  {row}")
    _show_items(console, _told(found), found.told)
    if found.also:
        what = "copies or follow-ups" if found.also > 1 else "copy or follow-up"
        console.print(f"  and {found.also} {what} of these, not told again")
    if found.missed:
        _show_items(console, "These just missed", found.missed)


def _told(found: Sorted) -> str:
    if not found.told:
        return "None of these would have alerted: nothing of the story is in the feeds now"
    count = len(found.told)
    return "This would have alerted" if count == 1 else f"These {count} would have alerted"


def _show_items(console: Console, title: str, items: Sequence[tuple[SeenItem, Verdict]]) -> None:
    console.print(f"\n{title}")
    for seen, verdict in items[:MOST_SHOWN]:
        line = literal(f"  {verdict.score.value:.2f}  {seen.source}: {seen.item.title}")
        line.truncate(console.width, overflow="ellipsis")
        console.print(line)
    if len(items) > MOST_SHOWN:
        console.print(f"  ... and {len(items) - MOST_SHOWN} more")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What a further seed changes of a topic."""

    # (term, weight before, weight after), the largest change first.
    terms: tuple[tuple[str, float, float], ...]
    # (item, verdict before, verdict after) of those that change sides.
    turned: tuple[tuple[SeenItem, Verdict, Verdict], ...]


def moved(
    trial: Trial, before: Profile | None, after: Profile, surfaces: Mapping[str, str]
) -> Moved:
    """Compare a topic with what it would be; its old verdicts come first in the trial.

    `before` is its profile in the language of the new seed; None if it has no seed in that.
    """
    known = {term: before.weight(term) for term in before.rarity} if before else {}
    changes = [
        (surfaces.get(term, term), known.get(term, 0.0), after.weight(term))
        for term in {*known, *after.rarity}
    ]
    changes.sort(key=lambda one: (-abs(one[2] - one[1]), one[0]))
    turned = [
        (seen, was, now)
        for seen, (was, now) in trial.judged
        if was.score.on_topic is not now.score.on_topic
    ]
    turned.sort(key=lambda one: -abs(one[2].score.value - one[1].score.value))
    return Moved(
        terms=tuple(one for one in changes if abs(one[2] - one[1]) >= LEAST_MOVE)[:MOST_TERMS],
        turned=tuple(turned),
    )


def show_moved(console: Console, found: Moved, lang: str, *, is_first: bool) -> None:
    """Print which terms come, rise and fall, and which items change sides."""
    if is_first:
        text = f"it is the topic's first seed in {language(lang)}: items in it get a profile"
        _wrapped(console, f"\n{text}", "")
    console.print("\nWhat the seed changes: weight of terms before and after")
    rows = table("  term", "before", "after", "", least=6)
    for term, was, now in found.terms:
        what = "comes" if not was else "rises" if now > was else "falls"
        rows.add_row(literal(f"  {term}"), f"{was:.2f}", f"{now:.2f}", what)
    console.print(rows)
    for title, wanted in (("Would be on-topic now", True), ("No longer on-topic", False)):
        turned = [one for one in found.turned if one[2].score.on_topic is wanted]
        count = "none of these items" if not turned else f"{len(turned)} of these items"
        console.print(f"\n{title}: {count}")
        for seen, old, new in turned[:MOST_SHOWN]:
            scores = f"{old.score.value:.2f} -> {new.score.value:.2f}"
            line = literal(f"  {scores}  {seen.source}: {seen.item.title}")
            line.truncate(console.width, overflow="ellipsis")
            console.print(line)


def item_facts(items: Sequence[tuple[SeenItem, Verdict]]) -> list[dict[str, object]]:
    """Give items with their scores for JSON."""
    return [
        {
            "score": verdict.score.value,
            "source": seen.source,
            "title": seen.item.title,
            "url": seen.item.url,
            "published_at": seen.item.published_at,
            "lacks": verdict.score.lacks,
        }
        for seen, verdict in items
    ]


def _line(console: Console, label: str, text: str) -> None:
    line = literal(f"{label:<9} {text}")
    line.truncate(console.width, overflow="ellipsis")
    console.print(line)


def _wrapped(console: Console, text: str, style: str) -> None:
    console.print(Padding(literal(text), (0, 0, 0, 2)), style=style)
