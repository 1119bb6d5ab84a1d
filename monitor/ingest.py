"""From what a poll brought to what is stored and told.

    read(feed)                   -> Reading | NotModified | FetchFailure   (reading.py, in parallel)
      fetch(feed), parse(document) -> [Item]        identity: guid, canonical URL, fingerprint
    store.unseen(items)          -> [Item]
    judge(items)                 -> scores, stories, decisions, alerts, deliveries (judge.py)
    store.commit(batch)                              ONE transaction a feed

A crash at any point loses nothing: before the commit the next poll finds the same items (its
validators were not stored either), after it the outbox has them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from monitor.alerts.route import make_alert, route
from monitor.feeds import schedule
from monitor.judge import Judge, Watch, alerted
from monitor.reading import Reading, ReadResult
from monitor.records import (
    Alert,
    Batch,
    Feed,
    FetchFailure,
    Item,
    NotModified,
    Poll,
    Reason,
    SeenItem,
    Topic,
    Verdict,
)
from monitor.store import Store
from monitor.topics.story import tell
from monitor.topics.track import Tracker

# What a catch-up message lists at most.
MOST_CAUGHT_UP = 5
# The best that are looked at for it; stories are counted among these.
MOST_WAITING = 500


class Ingest:
    """Judges what polls bring, one document at a time, and commits each as a whole."""

    def __init__(
        self, store: Store, tracker: Tracker, watch: Watch, *, chance: Callable[[], float]
    ) -> None:
        self._store = store
        self._judge = Judge(store, tracker, watch)
        self._tracker = tracker
        self._watch = watch
        self._chance = chance

    def take(self, feed: Feed, result: ReadResult) -> Batch:
        """Judge what a poll brought, commit it, and give what was committed."""
        return self._commit(self.judge(feed, result))

    def _commit(self, batch: Batch) -> Batch:
        whole = replace(batch, lessons=self._tracker.take_lessons())
        try:
            self._store.commit(whole)
        except Exception:
            # What was learned is not stored: forget it, or the next start would know less.
            self._tracker.restore(self._store.lessons())
            raise
        return whole

    def judge(self, feed: Feed, result: ReadResult) -> Batch:
        """Judge what a poll brought without storing it; the tracker learns from it."""
        if isinstance(result, FetchFailure):
            return Batch(poll=self._failed(feed, result))
        chance = self._chance()
        if isinstance(result, NotModified):
            return Batch(
                poll=schedule.after_success(feed, result, chance=chance, body_hash=feed.body_hash)
            )
        poll = schedule.after_success(
            feed, result.document, chance=chance, body_hash=result.body_hash
        )
        return self._judge_reading(feed, result, poll)

    def _failed(self, feed: Feed, failure: FetchFailure) -> Poll:
        return schedule.after_failure(
            feed, failure, chance=self._chance(), at_least_every=self._watch.at_least_every
        )

    def _judge_reading(self, feed: Feed, reading: Reading, poll: Poll) -> Batch:
        if reading.parsed is None:
            return Batch(poll=poll)
        fresh = self._store.unseen(feed.id, reading.parsed.items)
        now = reading.document.fetched_at
        # Oldest first, as the stream would have brought them: feeds list the newest first.
        seen = [_seen(feed, item, now) for item in reversed(fresh)]
        topics = [topic for topic in self._watch.topics if topic.reads(feed.groups)]
        return replace(self._judge.judge(seen, topics, now), poll=poll)

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
        waiting = self._store.waiting_matches(topic.name)
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
        self._store.commit(
            Batch(
                stories=tuple(tell(story, now) for story, _, _ in chosen),
                alerts=(alert,),
                deliveries=route(alert, self._watch.destinations[topic.name], now),
                caught_up=covered,
            )
        )
        return alert


def item_id(feed_url: str, key: str) -> str:
    """Give an item's id: the same for the same item of the same feed, on any machine."""
    return hashlib.sha256(f"{feed_url}\n{key}".encode()).hexdigest()[:16]


def _seen(feed: Feed, item: Item, now: datetime) -> SeenItem:
    return SeenItem(
        id=item_id(feed.url, item.key),
        item=item,
        feed_id=feed.id,
        source=feed.name,
        first_seen_at=now,
        baseline=feed.baseline_at is None,
    )
