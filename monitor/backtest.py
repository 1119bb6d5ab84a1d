"""What would have been told by another configuration: the difference, over what is stored.

    arrivals                 -> every stored item, in the order in which it was judged
    Replay                   -> the verdicts of a topic, by the daemon's own code (replay.py)
    difference               -> what is told in one and not in the other, by topic and day

Nothing is written: the database is opened to be read, and what is judged stays in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from monitor.config import Settings
from monitor.difference import (
    Agreement,
    Backtest,
    Baseline,
    Case,
    Kept,
    case_of,
    difference,
    is_same,
    side_of,
)
from monitor.records import Arrival, FeedSpec, Topic
from monitor.replay import History, Plan, Replay
from monitor.rules import watch_of
from monitor.start import ADOPT_SINCE
from monitor.store import Past

# Decisions that came out otherwise than they are stored: so many are named.
MOST_NAMED = 20


@dataclass(slots=True)
class _Pair:
    """A topic on its way: as it is today, and as it would be."""

    name: str
    # None: there is no such topic on that side.
    today: Replay | None
    changed: Replay | None
    kept: dict[str, Kept] = field(default_factory=dict)
    compared: int = 0
    same: int = 0
    differing: list[Case] = field(default_factory=list)

    def take(self, arrival: Arrival, begin: datetime | None) -> None:
        """Go through what came, and forget what nobody will ask for."""
        for one in arrival.fresh:
            stored = arrival.verdicts.get((one.id, self.name))
            self.kept[one.id] = Kept(seen=one, stored=side_of(stored) if stored else None)
        if self.today is not None:
            for seen, verdict in self.today.take(arrival):
                self.kept.setdefault(seen.id, Kept(seen=seen)).today = side_of(verdict)
        if self.changed is not None:
            for seen, verdict in self.changed.take(arrival):
                self.kept.setdefault(seen.id, Kept(seen=seen)).changed = side_of(verdict)
        for one in arrival.fresh:
            kept = self.kept[one.id]
            sides = (kept.stored, kept.today, kept.changed)
            is_placed = any(side is not None and side.story_id is not None for side in sides)
            waits = kept.stored is not None and kept.today is None and self.today is not None
            if not is_placed and not waits and one.id not in arrival.edited:
                self._compare(kept, begin)
                del self.kept[one.id]

    def finish(self, begin: datetime | None) -> None:
        """Let all happen that was left, and take the last word on each item."""
        for replay, name in ((self.today, "today"), (self.changed, "changed")):
            if replay is None:
                continue
            for seen, verdict in replay.finish():
                setattr(self.kept.setdefault(seen.id, Kept(seen=seen)), name, side_of(verdict))
            for item_id, (seen, verdict) in replay.memory.judged.items():
                setattr(self.kept.setdefault(item_id, Kept(seen=seen)), name, side_of(verdict))
        for kept in self.kept.values():
            self._compare(kept, begin)

    def _compare(self, kept: Kept, begin: datetime | None) -> None:
        is_early = begin is not None and kept.seen.first_seen_at < begin
        if kept.stored is None or self.today is None or is_early:
            return
        self.compared += 1
        if is_same(kept.stored, kept.today):
            self.same += 1
        elif len(self.differing) < MOST_NAMED:
            self.differing.append(case_of(self.name, kept.seen, kept.stored, kept.today))


def backtest(
    past: Past,
    today: Settings,
    changed: Settings | None,
    *,
    since: timedelta | None = None,
    each: Callable[[int], None] = lambda _: None,
) -> Backtest:
    """Go through what is stored with a changed configuration, and compare it with today's.

    Without one, today's configuration is compared with what was decided then. `each` is told of
    every items that were gone through, how many they are.
    """
    extent = past.extent()
    history = History(said=past.said(), silences=past.silences(), catch_ups=past.catch_ups())
    begin = extent.until - since if since is not None and extent.until is not None else None
    pairs, untouched = _pairs(past, today, changed, history)
    items = 0
    for arrival in past.arrivals() if pairs else ():
        for pair in pairs:
            pair.take(arrival, begin)
        items += sum(begin is None or one.first_seen_at >= begin for one in arrival.fresh)
        each(len(arrival.fresh))
    for pair in pairs:
        pair.finish(begin)
    reach = (begin or extent.since, extent.until)
    return Backtest(
        baseline=Baseline.STORED if changed is None else Baseline.RERUN,
        extent=extent,
        since=begin,
        items=items,
        topics=tuple(
            difference(pair.name, pair.kept.values(), reach, from_stored=changed is None)
            for pair in pairs
        ),
        untouched=untouched,
        agreement=Agreement(
            compared=sum(pair.compared for pair in pairs),
            same=sum(pair.same for pair in pairs),
            differing=tuple(case for pair in pairs for case in pair.differing)[:MOST_NAMED],
        ),
        notes=tuple(_notes(today, changed, history)),
    )


# ---------------------------------------------------------------------------- what is gone through


def _pairs(
    past: Past, today: Settings, changed: Settings | None, history: History
) -> tuple[list[_Pair], tuple[str, ...]]:
    """Give the topics that have to be gone through, and the names of those that need not be."""
    pairs, untouched = [], []
    now = {topic.name: topic for topic in today.topics}
    then = {topic.name: topic for topic in changed.topics} if changed is not None else {}
    for name in {**now, **then}:
        one, other = now.get(name), then.get(name)
        if one and other and changed is not None and _reads(today, one) == _reads(changed, other):
            untouched.append(name)
            continue
        # What follows a rate on both sides follows the same one.
        keeps = one is not None and (
            changed is None or (other and other.alerts_per_week) == one.alerts_per_week
        )
        replays = [
            Replay(_plan(past, today, settings, topic, keeps=keeps), history)
            if topic is not None and settings is not None
            else None
            for settings, topic in ((today, one), (changed, other))
        ]
        pairs.append(_Pair(name=name, today=replays[0], changed=replays[1]))
    return pairs, tuple(untouched)


def _plan(past: Past, today: Settings, settings: Settings, topic: Topic, *, keeps: bool) -> Plan:
    known, named = _by_url(today.feeds), _by_url(settings.feeds)

    def groups(url: str, stored: tuple[str, ...]) -> tuple[str, ...] | None:
        if url in named:
            return named[url]
        # A feed that no configuration names brought its items all the same.
        return None if url in known else stored

    return Plan(
        topic=topic,
        watch=watch_of(settings),
        adopted_at=_adopted_at(past, topic.name),
        adopt_since=ADOPT_SINCE,
        groups=groups,
        keeps_thresholds=keeps,
        chosen=past.chosen(topic.name),
    )


def _adopted_at(past: Past, topic: str) -> datetime:
    """Give when a topic was new: when the service first started with it, or the first item came."""
    extent = past.extent()
    # Without an item nothing begins.
    begin = extent.since or datetime(1970, 1, 1, tzinfo=UTC)
    began, judged = past.began(topic), past.first_judged(topic)
    if began is None or judged is None or judged < began:
        return begin
    return began + ADOPT_SINCE


def _by_url(feeds: Iterable[FeedSpec]) -> dict[str, tuple[str, ...]]:
    return {feed.url: feed.groups for feed in feeds}


def _reads(settings: Settings, topic: Topic) -> tuple[Topic, frozenset[str]]:
    """Give all of a configuration that decides what a topic tells."""
    told = replace(topic, expected=(), urgent=False, reports=True, groups=())
    feeds = frozenset(feed.url for feed in settings.feeds if topic.reads(feed.groups))
    return told, feeds


def _notes(today: Settings, changed: Settings | None, history: History) -> Iterator[str]:
    if history.said:
        yield (
            f"what `feedback` was told ({len(history.said)}) counts from when it was said until"
            " it was undone, as it did then"
        )
    if history.silences:
        yield "silences hold as they did then: what they hid counts as not told"
    rated = [
        topic.name
        for settings in filter(None, (today, changed))
        for topic in settings.topics
        if topic.alerts_per_week is not None
    ]
    if rated:
        yield (
            f"a threshold per week ({', '.join(dict.fromkeys(rated))}) is taken as it was then; one"
            " that the change sets is chosen anew once a day"
        )
    if changed is not None and (today.polling, today.websub) != (changed.polling, changed.websub):
        yield "how feeds are polled is not gone through again: the items are those that came then"
    new = (
        {feed.url for feed in changed.feeds} - {feed.url for feed in today.feeds} if changed else ()
    )
    if new:
        yield f"{len(new)} feeds are new: what they would have brought is not known"
