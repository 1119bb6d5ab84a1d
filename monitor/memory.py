"""What one topic has judged, in memory: a store for who goes through the past again.

Only what ingest asks for is kept: the items that are in a story, and the stories.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from monitor.feeds.identity import alias
from monitor.records import (
    Batch,
    JudgedItem,
    KnownItem,
    Lessons,
    Reason,
    SeenItem,
    Story,
    Verdict,
)

# A story that nothing joined for so much longer than it is open is looked for no more: the clocks
# of polls in parallel go apart by seconds.
SLACK = timedelta(hours=1)
_WAITING = {Reason.BASELINE, Reason.HELD}


class Memory:
    """Books (`ingest.Books`) that are gone with the process."""

    def __init__(self) -> None:
        # Item id -> the item and its verdict; those in a story.
        self.judged: dict[str, tuple[SeenItem, Verdict]] = {}
        self._stories: dict[str, Story] = {}
        # Ids of those that may still be open.
        self._recent: dict[str, None] = {}
        # Ids of items that wait for a catch-up.
        self._waiting: dict[str, None] = {}
        # Alias -> ids of items.
        self._named: defaultdict[str, dict[str, None]] = defaultdict(dict)

    def lessons(self) -> Lessons:
        """Give what was learned before: nothing."""
        return Lessons()

    def known_items(self, feed_id: int, keys: Sequence[str]) -> dict[str, KnownItem]:  # noqa: ARG002 - as ingest asks
        """Know no item: what is stored has been told from its like."""
        return {}

    def remembered(self, feed_id: int, keys: Sequence[str]) -> set[str]:  # noqa: ARG002 - as ingest asks
        """Remember no pruned item, for the same reason."""
        return set()

    def told_copies(
        self, keys: Sequence[str], opened_before: datetime
    ) -> list[tuple[str, SeenItem, Story]]:
        """Give the items that some aliases name, with their older stories that were told."""
        found = []
        for key in keys:
            for item_id in self._named.get(key, ()):
                seen, verdict = self.judged[item_id]
                story = self._stories[verdict.decision.story_id or ""]
                if story.told and story.opened_at < opened_before:
                    found.append((key, seen, story))
        return sorted(found, key=lambda one: (one[2].opened_at, one[1].id))

    def placed(self, item_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Say which of some items are in a story, as (item id, topic)."""
        return {(one, self.judged[one][1].decision.topic) for one in item_ids if one in self.judged}

    def open_stories(self, topics: Iterable[str], since: datetime) -> list[Story]:
        """Give the stories of some topics that had an item since a time, oldest first."""
        wanted = set(topics)
        for story_id in list(self._recent):
            if self._stories[story_id].updated_at < since - SLACK:
                del self._recent[story_id]
        found = (self._stories[one] for one in self._recent)
        left = [one for one in found if one.topic in wanted and one.updated_at >= since]
        return sorted(left, key=lambda one: (one.opened_at, one.id))

    def stories(self, ids: Iterable[str]) -> list[Story]:
        """Give stories by their ids, oldest first."""
        found = (self._stories[one] for one in set(ids) if one in self._stories)
        return sorted(found, key=lambda one: one.opened_at)

    def waiting_matches(self, topic: str) -> list[tuple[SeenItem, Verdict]]:
        """Give a topic's items that wait for a catch-up, best first."""
        found = [self.judged[one] for one in self._waiting]
        mine = [one for one in found if one[1].decision.topic == topic]
        return sorted(mine, key=lambda one: (-one[1].score.value, one[0].first_seen_at, one[0].id))

    def commit(self, batch: Batch) -> None:
        """Keep what a poll changed, as far as it will be asked for."""
        for story in batch.stories:
            self._stories[story.id] = story
            self._recent[story.id] = None
        for one in batch.items:
            self._keep(one)
        for edit in batch.edits:
            if edit.seen.id in self.judged:
                seen, verdict = self.judged[edit.seen.id]
                self._place(replace(seen, item=edit.seen.item), verdict)
        for one in batch.rejudged:
            self._keep(one)
        for _, item_id, reason in batch.caught_up:
            seen, verdict = self.judged[item_id]
            decision = replace(verdict.decision, reason=reason)
            self._place(seen, replace(verdict, decision=decision))

    def _keep(self, one: JudgedItem) -> None:
        for verdict in one.verdicts:
            if verdict.decision.story_id is not None:
                self._place(one.seen, verdict)

    def _place(self, seen: SeenItem, verdict: Verdict) -> None:
        self.judged[seen.id] = (seen, verdict)
        self._named[alias("text", seen.item.fingerprint)][seen.id] = None
        if seen.item.canonical_url and not seen.shares_url:
            self._named[alias("url", seen.item.canonical_url)][seen.id] = None
        if verdict.decision.reason in _WAITING:
            self._waiting[seen.id] = None
        else:
            self._waiting.pop(seen.id, None)
