"""`why`: one item's way through every stage, stored rather than guessed again."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.padding import Padding

from monitor.alerts.decide import decide, refuse
from monitor.alerts.plan import heading
from monitor.app import App
from monitor.article import read_article
from monitor.cli.place import opened, settings_of
from monitor.cli.screen import minute, plain, print_json, screen
from monitor.errors import ArticleError, SeedwatchError
from monitor.feeds.identity import alias, canonical_url, fingerprint
from monitor.feeds.lang import primary
from monitor.feeds.trust import explain
from monitor.records import (
    SENTENCES,
    Alert,
    Decision,
    Delivery,
    DeliveryState,
    Document,
    FetchFailure,
    Item,
    Revision,
    Score,
    SeenItem,
    Story,
    Topic,
    Verdict,
    Withheld,
)
from monitor.text.language import language_of
from monitor.topics import story as stories
from monitor.topics.feedback import standing

# Edits that are shown of one item.
SHOWN_REVISIONS = 5
# Terms that are shown one by one; the rest are summed up.
MOST_TERMS = 12
# Earlier items that are shown as nearest.
MOST_NEAR = 3
LEAST_ALIKE = 0.01


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


def why(named: Path | None, what: str, *, as_json: bool) -> None:
    """Explain one item, seen or not."""
    settings = settings_of(named)
    is_url = what.startswith(("http://", "https://"))
    with opened(settings, must_exist=not is_url) as app:
        found = _find(app, what, canonical_url(what) if is_url else None)
        if found:
            traces = [_stored(app, seen) for seen in found]
        elif is_url:
            traces = [_would(app, what)]
        else:
            raise SeedwatchError(
                f"no item {what!r} is stored: give an id from an alert, or an article's address"
            )
    if as_json:
        print_json(traces)
        return
    console = screen()
    for trace in traces:
        _show(console, trace)


def _find(app: App, what: str, canonical: str | None) -> list[SeenItem]:
    """Find the items that have, or ever had, an id, a guid or an address, in whichever feed."""
    keys = [alias("guid", what)] + ([alias("url", canonical)] if canonical else [])
    return app.reports.items(what, canonical, keys)


def _stored(app: App, seen: SeenItem) -> Trace:
    names = {topic.name for topic in app.settings.topics}
    verdicts = tuple(app.reports.verdicts(seen.id))
    told = tuple(app.reports.alerts_of_item(seen.id))
    known = {
        verdict.decision.topic: app.reports.story(verdict.decision.story_id)
        for verdict in verdicts
        if verdict.decision.story_id
    }
    return Trace(
        item=seen.item,
        item_id=seen.id,
        source=seen.source,
        first_seen_at=seen.first_seen_at,
        verdicts=verdicts,
        sentences=_sentences(app, seen.item),
        feedback=_feedback(app),
        stories={topic: found for topic, found in known.items() if found},
        nearest={
            verdict.decision.topic: _nearest(app, verdict.decision.topic, seen)
            for verdict in verdicts
            if verdict.decision.story_id and verdict.decision.topic in names
        },
        alerts=told,
        deliveries=tuple(app.reports.deliveries_of([alert.id for alert in told])),
        withheld=tuple(app.silences.withheld([alert.id for alert in told])),
        revisions=tuple(app.reports.revisions(seen.id)),
        known_by=next(
            (explain(feed.trust) for feed in app.store.feeds() if feed.id == seen.feed_id), ""
        ),
    )


def _nearest(app: App, topic: str, seen: SeenItem) -> tuple[Near, ...]:
    """Find the earlier items that an item is most like, in its story and in others."""
    mine = app.tracker.member(topic, seen)
    usual = app.tracker.usual_terms(topic, seen.item.lang)
    found = []
    for story in app.store.open_stories([topic], seen.first_seen_at - stories.OPEN_FOR):
        for known in story.members:
            itself = (known.title, known.source, known.at) == (mine.title, mine.source, mine.at)
            if known.at > mine.at or itself:
                continue
            part, shared = stories.alike(mine, known, usual)
            if part < LEAST_ALIKE:
                continue
            near = Near(
                title=known.title,
                source=known.source,
                at=known.at,
                alike=part,
                shared=shared,
                story_id=story.id,
            )
            found.append(near)
    found.sort(key=lambda one: (-one.alike, one.at, one.title))
    return tuple(found[:MOST_NEAR])


def _sentences(app: App, item: Item) -> dict[str, str]:
    names = [topic.name for topic in app.settings.topics]
    return {name: app.tracker.best_sentence(name, item) for name in names}


def _feedback(app: App) -> dict[str, int]:
    return dict(Counter(one.topic for one in standing(app.feedback.all())))


def _would(app: App, url: str) -> Trace:
    """Judge a page as if a feed brought it now; nothing is stored."""
    result = app.client.get(url)
    if isinstance(result, FetchFailure):
        raise ArticleError(f"{url} was never seen in a feed, and cannot be fetched: {result.told}")
    if not isinstance(result, Document):
        raise ArticleError(f"{url} was never seen in a feed, and answered without a page")
    article = read_article(result)
    item = Item(
        key=f"url:{article.url}",
        guid=None,
        url=article.url,
        canonical_url=canonical_url(article.url),
        fingerprint=fingerprint(article.title, article.summary),
        title=article.title,
        summary=article.summary,
        lang=language_of(article.title, article.summary, stated=primary(article.lang), usual=None),
        published_at=article.published_at,
    )
    seen = SeenItem(
        id="",
        item=item,
        feed_id=0,
        source="the page itself",
        first_seen_at=app.clock(),
        baseline=False,
    )
    verdicts = tuple(_verdict(app, topic, seen) for topic in app.settings.topics)
    return Trace(
        item=item,
        item_id=None,
        source="never seen in a feed: fetched now",
        first_seen_at=None,
        verdicts=verdicts,
        sentences=_sentences(app, item),
        feedback=_feedback(app),
        stories={},
        nearest={
            verdict.decision.topic: _nearest(app, verdict.decision.topic, seen)
            for verdict in verdicts
            if verdict.decision.story_id
        },
    )


def _verdict(app: App, topic: Topic, seen: SeenItem) -> Verdict:
    score = app.tracker.score(topic.name, seen.item, seen.first_seen_at)
    decision = refuse(topic, seen.item, score) or _would_decide(app, topic, seen)
    return Verdict(score=score, decision=decision)


def _would_decide(app: App, topic: Topic, seen: SeenItem) -> Decision:
    now = seen.first_seen_at
    member = app.tracker.member(topic.name, seen)
    usual = app.tracker.usual_terms(topic.name, seen.item.lang)
    known = {one.id: one for one in app.store.open_stories([topic.name], now - stories.OPEN_FOR)}
    link = stories.link(seen.item, member, known.values(), usual)
    if link is None:
        return decide(topic, seen, stories.open_story(topic.name, seen, member), None, "")
    story = known[link.story_id]
    return decide(topic, seen, story, link, stories.news_in(member, story, link, usual))


def _show(console: Console, trace: Trace) -> None:
    item = trace.item
    console.print(plain(item.title), style="bold")
    console.print(plain(f"  {trace.source}, {minute(item.published_at)}"))
    if item.url:
        console.print(plain(f"  {item.url}"), overflow="fold")
    if trace.item_id:
        console.print(plain(f"  item {trace.item_id}, first seen {minute(trace.first_seen_at)}"))
    if trace.known_by:
        console.print(plain(f"  of this feed: {trace.known_by}"))
    _show_revisions(console, trace.revisions)
    if not trace.verdicts:
        console.print("  no topic reads its feed")
    for verdict in trace.verdicts:
        console.print()
        _show_verdict(console, verdict, trace)
    console.print()


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
    _show_terms(console, score)
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
    console.print(plain(f"  story: {story.size} items, carried by {sources}{more}"))
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
        console.print(plain(f"    {near.alike:4.0%}  {minute(near.at)}  {place}{words}"))
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
