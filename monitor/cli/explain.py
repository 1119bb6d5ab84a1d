"""`why` and `why-not`: one item's way through every stage, stored rather than guessed again."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from monitor.alerts.decide import decide, refuse
from monitor.alerts.trace import (
    Carrier,
    Step,
    Today,
    carriers,
    delivery_steps,
    first_steps,
    never_seen,
    topic_steps,
    unjudged,
)
from monitor.app import App
from monitor.article import read_article
from monitor.cli.explain_screen import Near, Trace, show
from monitor.cli.place import opened, settings_of
from monitor.cli.screen import print_json, screen
from monitor.config.topics import make_seed
from monitor.errors import ArticleError, SeedwatchError
from monitor.feeds.identity import alias, canonical_url, fingerprint
from monitor.feeds.lang import primary
from monitor.feeds.trust import explain
from monitor.records import (
    SENTENCES,
    Decision,
    Document,
    Feed,
    FetchFailure,
    Item,
    SeenItem,
    Topic,
    Verdict,
)
from monitor.store import Past
from monitor.text.language import language_of
from monitor.topics import story as stories
from monitor.topics.feedback import standing

# Earlier items that are shown as nearest.
MOST_NEAR = 3
LEAST_ALIKE = 0.01
# Of the seed's terms so many are looked for in an item.
STRONGEST = 10


def why(named: Path | None, what: str, *, as_json: bool) -> None:
    """Explain one item, seen or not."""
    _explain(named, what, as_json=as_json, is_why_not=False)


def why_not(named: Path | None, what: str, *, as_json: bool) -> None:
    """Explain it, beginning with where it came to its end."""
    _explain(named, what, as_json=as_json, is_why_not=True)


def _explain(named: Path | None, what: str, *, as_json: bool, is_why_not: bool) -> None:
    settings = settings_of(named)
    is_url = what.startswith(("http://", "https://"))
    # Guids have no spaces to speak of; a text has.
    is_text = not is_url and len(what.split()) > 1
    with opened(settings, must_exist=not is_url) as app:
        found = _find(app, what, canonical_url(what) if is_url else None)
        if found:
            traces = [_stored(app, seen, what) for seen in found]
        elif is_url:
            traces = [_page(app, what)]
        elif is_text:
            traces = [_text(app, what)]
        else:
            raise SeedwatchError(
                f"no item {what!r} is stored: give an id from an alert, an article's address, or"
                " its text"
            )
    if as_json:
        print_json(traces)
        return
    console = screen()
    for trace in traces:
        show(console, trace, is_why_not=is_why_not)


def _find(app: App, what: str, canonical: str | None) -> list[SeenItem]:
    """Find the items that have, or ever had, an id, a guid, an address or a text."""
    keys = [alias("guid", what)] + ([alias("url", canonical)] if canonical else [])
    if canonical is None:
        title, _, summary = what.partition("\n")
        keys.append(alias("text", fingerprint(title, summary)))
    return app.reports.items(what, canonical, keys)


def _stored(app: App, seen: SeenItem, what: str) -> Trace:
    names = {topic.name for topic in app.settings.topics}
    verdicts = tuple(app.reports.verdicts(seen.id))
    told = tuple(app.reports.alerts_of_item(seen.id))
    deliveries = tuple(app.reports.deliveries_of([alert.id for alert in told]))
    withheld = tuple(app.silences.withheld([alert.id for alert in told]))
    known = {
        verdict.decision.topic: app.reports.story(verdict.decision.story_id)
        for verdict in verdicts
        if verdict.decision.story_id
    }
    feed = next((feed for feed in app.store.feeds() if feed.id == seen.feed_id), None)
    steps = first_steps(seen, Past(app.engine).origin(seen.id), _name(what))
    for verdict in verdicts:
        steps += topic_steps(verdict)
        steps += delivery_steps(verdict.score.topic, told, deliveries, withheld)
    judged = {verdict.score.topic for verdict in verdicts}
    groups = feed.groups if feed else ()
    steps += [
        unjudged(topic, groups, seen) for topic in app.settings.topics if topic.name not in judged
    ]
    mine = [verdict for verdict in verdicts if verdict.score.topic in names]
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
            for verdict in mine
            if verdict.decision.story_id
        },
        alerts=told,
        deliveries=deliveries,
        withheld=withheld,
        revisions=tuple(app.reports.revisions(seen.id)),
        known_by=explain(feed.trust) if feed else "",
        steps=tuple(steps),
        missing={verdict.score.topic: _missing(app, seen.item, verdict) for verdict in mine},
        today=_today(app, seen, mine),
    )


def _name(what: str) -> str:
    """Give a name as items have it; empty if it is none that could be an earlier one."""
    if what.startswith(("http://", "https://")):
        return canonical_url(what) or ""
    return ""


def _today(app: App, seen: SeenItem, verdicts: list[Verdict]) -> dict[str, Today]:
    """Say for which topics an item would end elsewhere today than it did then."""
    found = {}
    topics = {topic.name: topic for topic in app.settings.topics}
    for verdict in verdicts:
        topic = topics[verdict.score.topic]
        score = app.tracker.score(topic.name, seen.item, seen.first_seen_at)
        refused = refuse(topic, seen.item, score)
        was_refused = verdict.decision.story_id is None
        if (refused is not None) == was_refused:
            continue
        says = SENTENCES[refused.reason] if refused else "it would be on-topic"
        found[topic.name] = Today(score=score.value, threshold=score.threshold, says=says)
    return found


def _missing(app: App, item: Item, verdict: Verdict) -> tuple[str, ...]:
    """Give the strongest terms of the seeds that an item has not."""
    topic = verdict.score.topic
    surfaces = app.tracker.surfaces(topic, item)
    has = {term.term for term in verdict.score.terms}
    strongest = app.tracker.profile(topic, item.lang).strongest(STRONGEST)
    return tuple(surfaces.get(term, term) for term in strongest if term not in has)


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


def _page(app: App, url: str) -> Trace:
    """Judge a page as if a feed brought it now; nothing is stored."""
    found = _carriers(app, url)
    step = never_seen(found, is_text=False)
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
    return _would(app, item, (step,), found, "never seen in a feed: fetched now")


def _text(app: App, text: str) -> Trace:
    """Judge a text as if a feed brought it now."""
    seed = make_seed("text", text)
    summary = seed.text.removeprefix(seed.title).strip()
    item = Item(
        key="text",
        guid=None,
        url=None,
        canonical_url=None,
        fingerprint=fingerprint(seed.title, summary),
        title=seed.title,
        summary=summary,
        lang=language_of(seed.title, summary, stated=None, usual=None),
        published_at=None,
    )
    return _would(app, item, (never_seen((), is_text=True),), [], "never seen in a feed")


def _carriers(app: App, url: str) -> list[Carrier]:
    canonical = canonical_url(url) or url
    brought = Past(app.engine).have_brought(urlsplit(canonical).netloc)
    feeds: list[Feed] = app.store.feeds()
    return carriers(url, feeds, brought)


def _would(
    app: App, item: Item, steps: tuple[Step, ...], found: list[Carrier], source: str
) -> Trace:
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
        source=source,
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
        steps=(*steps, *(step for verdict in verdicts for step in topic_steps(verdict))),
        carriers=tuple(found),
        missing={one.score.topic: _missing(app, item, one) for one in verdicts},
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
