"""From what a poll brought to what is stored and told.

    read(feed)                   -> Reading | NotModified | FetchFailure   (reading.py, in parallel)
    settle(reading)              -> [Item]          identity: guid, canonical URL, fingerprint
    sift(items)                  -> new items, edits          known by their aliases (sift.py)
    judge(items)                 -> scores, stories, decisions, alerts, deliveries (judge.py)
    store.commit(batch)                              ONE transaction a feed

A crash at any point loses nothing: before the commit the next poll finds the same items (its
validators were not stored either), after it the outbox has them.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from monitor.alerts.plan import Missed
from monitor.alerts.route import make_alert
from monitor.feeds import schedule
from monitor.feeds.conditions import hides_news
from monitor.feeds.contents import Said
from monitor.feeds.pacer import Pacer
from monitor.feeds.parse import settle
from monitor.gap import Gap
from monitor.judge import Again, Judge, OpenStories, Watch, alerted
from monitor.reading import Reading, ReadResult
from monitor.records import (
    Alert,
    Batch,
    Document,
    Edit,
    Feed,
    FetchFailure,
    Lessons,
    NotModified,
    Poll,
    Reason,
    SeenItem,
    Story,
    Topic,
    Verdict,
)
from monitor.sift import KnownItems, Sifted, sift, told_before
from monitor.tell import Outbox, Teller
from monitor.text.language import language_of
from monitor.topics.story import tell
from monitor.topics.track import Tracker

# What a catch-up message lists at most.
MOST_CAUGHT_UP = 5
# The best that are looked at for it; stories are counted among these.
MOST_WAITING = 500


class Books(KnownItems, OpenStories, Protocol):
    """What ingest asks of a store, and gives it."""

    def lessons(self) -> Lessons:
        """Give all that tracking has learned so far."""
        ...

    def placed(self, item_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Say which of some items are in a story, as (item id, topic)."""
        ...

    def stories(self, ids: Iterable[str]) -> list[Story]:
        """Give stories by their ids, oldest first."""
        ...

    def waiting_matches(self, topic: str) -> list[tuple[SeenItem, Verdict]]:
        """Give a topic's items that wait for a catch-up, best first."""
        ...

    def commit(self, batch: Batch) -> None:
        """Keep all that a poll changed."""
        ...


class Ingest:
    """Judges what polls bring, one document at a time, and commits each as a whole."""

    def __init__(
        self,
        store: Books,
        tracker: Tracker,
        watch: Watch,
        pacer: Pacer,
        *,
        chance: Callable[[], float],
        outbox: Outbox | None = None,
    ) -> None:
        self._store = store
        self._judge = Judge(store, tracker, watch, outbox)
        self._outbox = outbox
        self._tracker = tracker
        self._watch = watch
        self._pacer = pacer
        self._chance = chance
        # Who runs a service sets it; None: nothing counts as missed.
        self.gap: Gap | None = None
        self._has_held = False

    def take(self, feed: Feed, result: ReadResult) -> Batch:
        """Judge what a poll brought, commit it, and give what was committed."""
        return self._commit(self.judge(feed, result))

    def take_push(self, feed: Feed, reading: Reading) -> Batch:
        """Judge what a hub pushed as if a poll had brought it, and commit it.

        Schedule and validators stay: they are about what the feed's own server said; but what came
        counts for the feed's pace.
        """
        if reading.said is None:
            return self._commit(Batch())
        parsed = settle(reading.said, reading.document, feed.lang)
        now = reading.document.fetched_at
        found = sift(self._store, feed, parsed.items, now)
        batch = self._judge_sifted(feed, found, parsed.lang, now, is_pushed=True)
        if found.fresh:
            pace = self._pacer.learn_pushed(feed, now, len(found.fresh))
            batch = replace(batch, pushed=(feed.id, pace))
        return self._commit(batch)

    def _commit(self, batch: Batch) -> Batch:
        whole = replace(batch, lessons=self._tracker.take_lessons())
        try:
            self._store.commit(whole)
        except Exception:
            # What was learned is not stored: forget it, or the next start would know less.
            self._tracker.restore(self._store.lessons())
            raise
        judged = (*whole.items, *whole.rejudged)
        self._has_held |= any(
            verdict.decision.reason is Reason.HELD for one in judged for verdict in one.verdicts
        )
        return whole

    def take_held(self) -> bool:
        """Say whether something was left to a catch-up since this was last asked, baselines aside.

        After a restart a catch-up looks for all that waits anyway.
        """
        has_held, self._has_held = self._has_held, False
        return has_held

    def judge(self, feed: Feed, result: ReadResult) -> Batch:
        """Judge what a poll brought without storing it; the tracker learns from it."""
        if isinstance(result, FetchFailure):
            return Batch(poll=self._failed(feed, result))
        if isinstance(result, NotModified):
            return Batch(poll=self._succeeded(feed, result))
        if result.said is None:
            return Batch(poll=self._succeeded(feed, result.document, result.body_hash))
        return self._judge_document(feed, result, result.said)

    def _succeeded(
        self,
        feed: Feed,
        result: Document | NotModified,
        body_hash: str | None = None,
        *,
        new: int = 0,
        listed: int = 0,
    ) -> Poll:
        at_least_every = self._watch.at_least_every
        floor = min(schedule.floor(feed, result), at_least_every)
        pace = self._pacer.learn(feed, result.fetched_at, new=new, listed=listed, floor=floor)
        poll = schedule.after_success(
            feed,
            result,
            chance=self._chance(),
            body_hash=body_hash,
            at_least_every=at_least_every,
            base=pace.interval,
        )
        return replace(poll, pace=replace(pace, is_held=poll.is_held))

    def _failed(self, feed: Feed, failure: FetchFailure) -> Poll:
        return schedule.after_failure(
            feed,
            failure,
            chance=self._chance(),
            at_least_every=self._watch.at_least_every,
            base=self._pacer.interval(feed, failure.fetched_at),
        )

    def _judge_document(self, feed: Feed, reading: Reading, said: Said) -> Batch:
        document = reading.document
        parsed = settle(said, document, feed.lang)
        now = document.fetched_at
        found = sift(self._store, feed, parsed.items, now)
        known = replace(feed, hints=parsed.hints)
        if found.fresh and hides_news(feed, document):
            known = replace(known, lied_at=now)
        # A part (226) lists only what is new: that all of it is says nothing.
        listed = 0 if document.is_partial else len(parsed.items)
        poll = self._succeeded(
            known, document, reading.body_hash, new=len(found.fresh), listed=listed
        )
        batch = self._judge_sifted(feed, found, parsed.lang, now)
        return replace(batch, poll=replace(poll, trust=found.trust, read_at=now))

    def _judge_sifted(
        self,
        feed: Feed,
        found: Sifted,
        usual: str | None,
        now: datetime,
        *,
        is_pushed: bool = False,
    ) -> Batch:
        settled = replace(
            found,
            fresh=tuple(_in_language(one, usual) for one in found.fresh),
            again=tuple(_in_language(one, usual) for one in found.again),
            edits=tuple(
                replace(one, seen=_in_language(one.seen, usual)) if one.revision else one
                for one in found.edits
            ),
        )
        # What is pushed comes as it is published.
        missed = self.gap.missed(feed, now) if self.gap and found.fresh and not is_pushed else None
        return self._judge_settled(feed.groups, settled, now, missed)

    def take_stored(self, groups: tuple[str, ...], found: Sifted, now: datetime) -> Batch:
        """Judge what a feed of some groups once brought, as it is stored, and commit it."""
        return self._commit(self._judge_settled(groups, found, now))

    def _judge_settled(
        self, groups: tuple[str, ...], found: Sifted, now: datetime, missed: Missed | None = None
    ) -> Batch:
        topics = [topic for topic in self._watch.topics if topic.reads(groups)]
        again = self._again(found.again, topics)
        told = told_before(self._store, [*found.fresh, *(one.seen for one in again)], now)
        batch = self._judge.judge(found.fresh, topics, now, again=again, told=told, missed=missed)
        judged_again = {one.seen.id for one in again}
        held = {one.id: one.held for one in found.again}
        return replace(
            batch,
            edits=tuple(_noted(edit, judged_again, held) for edit in found.edits),
            aliases=found.aliases,
            seen_again=found.seen_again,
        )

    def _again(self, seen: Sequence[SeenItem], topics: Sequence[Topic]) -> list[Again]:
        """Give the edited items with the topics that have not placed them in a story.

        One that is in a story stays there, and is not told twice because of an edit.
        """
        placed = self._store.placed([one.id for one in seen])
        left = [
            (one, tuple(topic for topic in topics if (one.id, topic.name) not in placed))
            for one in seen
        ]
        return [Again(seen=one, topics=mine) for one, mine in left if mine]

    # -- catching up

    def adopt(
        self, topic: Topic, seen: Sequence[SeenItem], since: datetime, now: datetime
    ) -> Batch:
        """Show a topic that is new the items that are stored already, oldest first.

        It learns from them what is usual in these feeds; those since a time are judged as a
        baseline, so that its catch-up message can list the best of them.
        """
        earlier = [one for one in seen if one.first_seen_at < since]
        self._tracker.warm(topic.name, [(one.item, one.first_seen_at) for one in earlier], since)
        recent = [replace(one, baseline=True) for one in seen if one.first_seen_at >= since]
        return self._commit(self._judge.judge(recent, [topic], now))

    def catch_up(self, topic: Topic, now: datetime) -> Alert | None:
        """Tell in one message the best of what the feeds held at their first poll.

        At most five stories, best first; those whose story has been told since are left out, since
        nobody wants them twice. Gives None if nothing waits.
        """
        teller = Teller(self._watch.routes, self._outbox, now)
        waiting = self._waiting(topic, teller)
        if not waiting:
            return None
        ids = {verdict.decision.story_id or "" for _, verdict in waiting[:MOST_WAITING]}
        known = {one.id: one for one in self._store.stories(ids)}
        best: dict[str, tuple[SeenItem, Verdict]] = {}
        for seen, verdict in waiting[:MOST_WAITING]:
            story_id = verdict.decision.story_id or ""
            if not known[story_id].told:
                best.setdefault(story_id, (seen, verdict))
        chosen = [(known[story_id], *found) for story_id, found in best.items()][:MOST_CAUGHT_UP]
        listed = {story.id for story, _, _ in chosen}
        covered = tuple(
            (
                topic.name,
                seen.id,
                Reason.CATCH_UP if verdict.decision.story_id in listed else Reason.LEFT_OUT,
            )
            for seen, verdict in waiting
        )
        if not chosen:
            self._store.commit(Batch(caught_up=covered))
            return None
        items = tuple(
            alerted(seen, verdict.score, story.sources) for story, seen, verdict in chosen
        )
        alert = make_alert(topic.name, Reason.CATCH_UP, chosen[0][0].id, items, now)
        alert = replace(alert, left_out=len(best) - len(chosen))
        teller.tell(topic, alert)
        self._store.commit(
            Batch(
                stories=tuple(tell(story, now) for story, _, _ in chosen),
                alerts=(alert,),
                deliveries=tuple(teller.deliveries),
                withheld=tuple(teller.withheld),
                caught_up=covered,
            )
        )
        return alert

    def _waiting(self, topic: Topic, teller: Teller) -> list[tuple[SeenItem, Verdict]]:
        """Give what waits for a catch-up, best first; what is silenced waits on."""
        if teller.silenced(topic, "", ""):
            self._has_held = True
            return []
        waiting = self._store.waiting_matches(topic.name)
        left = [
            (seen, verdict)
            for seen, verdict in waiting
            if not teller.silenced(topic, verdict.decision.story_id or "", seen.source)
        ]
        self._has_held |= len(left) < len(waiting)
        return left


def _in_language(seen: SeenItem, usual: str | None) -> SeenItem:
    """Settle the language of an item, once: what is stored is what it was judged in."""
    item = seen.item
    lang = language_of(item.title, item.summary, stated=item.lang, usual=usual)
    return replace(seen, item=replace(item, lang=lang))


def _noted(edit: Edit, judged_again: Container[str], held: Mapping[str, str]) -> Edit:
    """Note in a revision whether the text after it was judged, and why it was held."""
    if edit.revision is None:
        return edit
    revision = replace(
        edit.revision,
        judged_again=edit.seen.id in judged_again,
        held=held.get(edit.seen.id, ""),
    )
    return replace(edit, revision=revision)
