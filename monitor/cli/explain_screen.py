"""What `why` and `why-not` print of an item, in 80 columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from rich.console import Console
from rich.padding import Padding

from monitor.alerts.plan import heading
from monitor.alerts.trace import Carrier, Stage, Step, Today, end_of
from monitor.cli.screen import count, minute, plain, span
from monitor.records import (
    SENTENCES,
    Alert,
    Decision,
    Delivery,
    DeliveryState,
    Item,
    Revision,
    Score,
    SeenItem,
    Story,
    Verdict,
    Withheld,
)
from monitor.topics import story as stories

# Edits that are shown of one item.
SHOWN_REVISIONS = 5
# Terms that are shown one by one; the rest are summed up.
MOST_TERMS = 12
# Feeds that could have brought an article.
MOST_CARRIERS = 8
# The steps that all topics share, behind the feed.
_FIRST = (Stage.FETCHED, Stage.IDENTITY, Stage.LANGUAGE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """An earlier item of a topic, by how alike it is."""

    title: str
    source: str
    at: datetime
    # In [0, 1), by what is usual in the topic now; `story.LINKED` and above is one story.
    alike: float
    # The terms that both have, heaviest first.
    shared: tuple[str, ...]
    # The story that it is in.
    story_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All that is known of one item."""

    item: Item
    item_id: str | None
    source: str
    first_seen_at: datetime | None
    verdicts: tuple[Verdict, ...]
    # Topic -> the sentence of its seeds that comes closest.
    sentences: dict[str, str]
    # Topic -> how many judgements move it.
    feedback: dict[str, int]
    # Topic -> its story and the story's items.
    stories: dict[str, tuple[Story, list[SeenItem]]]
    # Topic -> the earlier items that are most alike, if it is on-topic.
    nearest: dict[str, tuple[Near, ...]]
    alerts: tuple[Alert, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    # What the item said before its feed changed it, oldest first.
    revisions: tuple[Revision, ...] = ()
    # By what its feed's items are known if not by their guids, and why.
    known_by: str = ""
    # Every stage in order: first those of all topics, then those of each.
    steps: tuple[Step, ...] = ()
    # Of what was never seen: the feeds that could have brought it.
    carriers: tuple[Carrier, ...] = ()
    # Topic -> the strongest terms of its seeds, as they are now, that the item has not.
    missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Topic -> what today's configuration would make of it, where that is otherwise.
    today: dict[str, Today] = field(default_factory=dict)


def show(console: Console, trace: Trace, *, is_why_not: bool) -> None:
    """Print a trace; where the item came to its end comes first if that is asked for."""
    if is_why_not:
        _show_ends(console, trace)
    _show_item(console, trace)
    for verdict in trace.verdicts:
        console.print()
        _show_verdict(console, verdict, trace)
    for step in trace.steps:
        if step.topic and step.stage is Stage.FEED:
            console.print()
            console.print(plain(f"topic {step.topic}: not judged"))
            _line(console, step.says)
    console.print()


def _show_item(console: Console, trace: Trace) -> None:
    """Print the stages that all topics share."""
    item = trace.item
    console.print(plain(item.title), style="bold")
    console.print(plain(f"  {trace.source}, {minute(item.published_at)}"))
    if item.url:
        console.print(plain(f"  {item.url}"), overflow="fold")
    if trace.item_id:
        console.print(plain(f"  item {trace.item_id}, first seen {minute(trace.first_seen_at)}"))
    for step in trace.steps:
        if step.stage in _FIRST and not step.topic and step.passed:
            _line(console, f"{step.stage.value}: {step.says}")
    if trace.known_by:
        console.print(plain(f"  of this feed: {trace.known_by}"))
    if trace.item_id is None:
        _show_never(console, trace)
    _show_revisions(console, trace.revisions)


def _show_ends(console: Console, trace: Trace) -> None:
    """Say of each topic where the item came to its end."""
    topics = dict.fromkeys(step.topic for step in trace.steps if step.topic)
    if trace.item_id is None:
        _text(console, f"It stopped at the feed: {trace.steps[0].says}. If it had come:")
    for topic in topics:
        step = end_of([one for one in trace.steps if one.topic or trace.item_id], topic)
        if step is None:
            word = "would be told" if trace.item_id is None else "did not stop: it was told"
            _text(console, f"{topic}: {word}")
        else:
            _text(console, f"{topic}: stopped at {step.stage.value}: {step.says}")
    console.print()


def _show_never(console: Console, trace: Trace) -> None:
    """Say that no feed brought it, and of those that could have how they are."""
    _line(console, trace.steps[0].says)
    for one in trace.carriers[:MOST_CARRIERS]:
        how = "has brought items from there" if one.has_brought else "is of the same site"
        polled = f"polled {minute(one.last_polled_at)}" if one.last_polled_at else "never polled"
        parts = [how, polled]
        if one.last_error:
            parts.append(f"fails ({one.failures}): {one.last_error}")
        if one.window is not None:
            parts.append(f"its items are gone after {span(one.window)}")
        _line(console, f"- {one.name}: {'; '.join(parts)}")
    if len(trace.carriers) > MOST_CARRIERS:
        console.print(f"  … and {len(trace.carriers) - MOST_CARRIERS} more (--json has all)")


def _text(console: Console, text: str) -> None:
    console.print(Padding(plain(text), (0, 0, 0, 0), expand=False))


def _show_revisions(console: Console, revisions: tuple[Revision, ...]) -> None:
    """Say what changed when, and what stood there before; the latest few."""
    for one in revisions[-SHOWN_REVISIONS:]:
        again = ", and judged again" if one.judged_again else ""
        console.print(plain(f"  edited {minute(one.at)}: {', '.join(one.changed)}{again}"))
        before = {"title": one.title, "summary": one.summary, "address": one.url or "none"}
        for name in one.changed:
            line = f"    {name} was: {before[name]}"
            console.print(plain(line), no_wrap=True, overflow="ellipsis")
    if len(revisions) > SHOWN_REVISIONS:
        console.print(f"  … and {len(revisions) - SHOWN_REVISIONS} earlier edits (--json has all)")


def _show_verdict(console: Console, verdict: Verdict, trace: Trace) -> None:
    score, decision = verdict.score, verdict.decision
    side = "on-topic" if score.on_topic else "off-topic"
    console.print(
        plain(
            f"topic {score.topic}: score {score.value:.2f}, threshold {score.threshold:.2f}: {side}"
        )
    )
    would = "would be: " if trace.item_id is None else ""
    _line(console, f"decision: {would}{SENTENCES[decision.reason]}")
    if decision.detail:
        _line(console, f"because: {decision.detail}")
    today = trace.today.get(score.topic)
    if today:
        _line(
            console,
            f"today otherwise: score {today.score:.2f}, threshold {today.threshold:.2f}:"
            f" {today.says}",
        )
    _show_terms(console, score)
    missing = trace.missing.get(score.topic)
    if missing and not score.on_topic:
        _line(console, f"strong terms of the seed that it lacks: {', '.join(missing)}")
    sentence = trace.sentences.get(score.topic)
    if sentence and score.terms:
        _line(console, f"the seed comes closest here: “{sentence}”")
    said = trace.feedback.get(score.topic, 0)
    if said:
        word = "judgement moves" if said == 1 else "judgements move"
        console.print(f"  feedback: {said} {word} this topic (`seedwatch feedback list`)")
    _show_story(console, decision, trace)
    _show_nearest(console, decision, trace)
    for alert in trace.alerts:
        if alert.topic == score.topic:
            _show_deliveries(console, alert, trace)


def _line(console: Console, text: str) -> None:
    """Print a line that may be long; what it is folded into stays under its beginning."""
    console.print(Padding(plain(text), (0, 0, 0, 2), expand=False))


def _show_terms(console: Console, score: Score) -> None:
    if not score.terms:
        console.print("  no term of the topic's profile is in it")
        return
    console.print("  terms (share of the score):")
    shown, rest = score.terms[:MOST_TERMS], score.terms[MOST_TERMS:]
    most = shown[0].share
    for term in shown:
        bar = "#" * round(24 * term.share / most) if most > 0 else ""
        console.print(plain(f"    {term.surface[:20]:20} {term.share:6.3f}  {bar}".rstrip()))
    if rest:
        share = sum(term.share for term in rest)
        console.print(plain(f"    {'others':20} {share:6.3f}"))
    console.print(plain(f"    {'together':20} {score.value:6.3f}"))


def _show_story(console: Console, decision: Decision, trace: Trace) -> None:
    found = trace.stories.get(decision.topic)
    if found is None:
        return
    story, members = found
    sources = ", ".join(story.sources[:5])
    more = f" +{len(story.sources) - 5}" if len(story.sources) > 5 else ""
    console.print(plain(f"  story: {count(story.size, 'item')}, carried by {sources}{more}"))
    for member in members[:6]:
        mark = "*" if member.id == trace.item_id else " "
        line = f"   {mark} {minute(member.first_seen_at)}  {member.source}: {member.item.title}"
        console.print(plain(line), no_wrap=True, overflow="ellipsis")


def _show_nearest(console: Console, decision: Decision, trace: Trace) -> None:
    nearest = trace.nearest.get(decision.topic, ())
    if not nearest:
        return
    console.print(f"  nearest earlier items ({stories.LINKED:.1%} alike on average is one story):")
    for near in nearest:
        place = "this story" if near.story_id == decision.story_id else "another story"
        words = f"; shares {', '.join(near.shared)}" if near.shared else ""
        line = f"    {near.alike:4.0%}  {minute(near.at)}  {place}{words}"
        console.print(plain(line), no_wrap=True, overflow="ellipsis")
        line = f"          {near.source}: {near.title}"
        console.print(plain(line), no_wrap=True, overflow="ellipsis")


def _show_deliveries(console: Console, alert: Alert, trace: Trace) -> None:
    kind = alert.reason.value.replace("_", " ")
    console.print(plain(f"  alert: {kind}, {minute(alert.created_at)}"))
    for delivery in trace.deliveries:
        if delivery.alert_id == alert.id:
            tries = f" after {delivery.attempts} tries" if delivery.attempts > 1 else ""
            answer = f": {delivery.answer}" if delivery.answer else ""
            line = f"    -> {delivery.destination}: {delivery.state.value}{tries}{answer}"
            console.print(plain(line))
            if delivery.state is DeliveryState.PENDING and (held := heading(delivery.group)):
                _line(console, f"     {held}")
    for kept in trace.withheld:
        if kept.alert_id == alert.id:
            _line(console, f"  -> {kept.receiver}: not told: {kept.why}")
