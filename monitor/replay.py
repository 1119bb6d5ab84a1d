"""One topic over what is stored, by the very code of the daemon: nothing is written.

    adopt                    -> the topic begins when it once did, as at a start of the service
    hear                     -> what people said counts from when it was said until it was undone
    ingest.take_stored       -> score, refuse, link, decide, learn: `Ingest` over a `Memory`
    ingest.catch_up          -> when a catch-up was told, or would have been

Topics know nothing of each other, so that each is gone through by itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.alerts.silence import Silence
from monitor.feeds.pace import Bounds
from monitor.feeds.pacer import Pacer
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.memory import Memory
from monitor.records import (
    Arrival,
    Batch,
    CatchUp,
    Lessons,
    Reason,
    Said,
    SeenItem,
    Topic,
    Trust,
    Verdict,
)
from monitor.sift import Sifted
from monitor.topics import threshold
from monitor.topics.threshold import Choice
from monitor.topics.track import WARM_ITEMS, Tracker

# Between what is dated by the beginning of a round, and the end of that round.
ROUND = timedelta(seconds=3)
# After a baseline that no message is known of: when the service would have caught up at the latest.
CATCH_UP_WITHIN = timedelta(minutes=2)
# How often a threshold that follows a rate is chosen anew, as the daemon does.
CHOOSE_EVERY = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What happened beside the items: the same for all that are gone through."""

    said: Sequence[Said] = ()
    silences: Sequence[Silence] = ()
    # Oldest first.
    catch_ups: Sequence[CatchUp] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A topic as it is to be gone through."""

    topic: Topic
    # What is watched and who is told; of other topics, too.
    watch: Watch
    # When the topic was new, and what its items of the days before are looked at for.
    adopted_at: datetime
    adopt_since: timedelta
    # Feed URL and stored groups -> the groups that count; None: the feed is not read.
    groups: Callable[[str, tuple[str, ...]], tuple[str, ...] | None]
    # A threshold that follows a rate is taken as it was, rather than chosen anew, ...
    keeps_thresholds: bool = False
    # ... from these choices, oldest first.
    chosen: Sequence[tuple[datetime, float]] = ()


class _Silences:
    """What telling asks of an outbox (`tell.Outbox`), as it was."""

    def __init__(self, silences: Sequence[Silence]) -> None:
        self._silences = silences

    def silences(self, now: datetime) -> list[Silence]:
        return [one for one in self._silences if one.created_at <= now and one.holds(now)]

    def told_at_once(self, topic: str, since: datetime) -> list[tuple[str, datetime]]:  # noqa: ARG002 - as telling asks
        # It only says when a delivery is due, not what is decided.
        return []


class Replay:
    """Goes through arrivals in order; `take` gives the verdicts on each."""

    def __init__(self, plan: Plan, history: History) -> None:
        self.memory = Memory()
        self._plan = plan
        self._history = history
        self._tracker = Tracker([plan.topic], Lessons())
        self._ingest = Ingest(
            self.memory,
            self._tracker,
            replace(plan.watch, topics=(plan.topic,)),
            Pacer(_HOUR, Bounds(least=_HOUR, most=_HOUR)),
            chance=lambda: 0.5,
            outbox=_Silences(history.silences),
        )
        self._hearings = deque(sorted(_hearings(history.said)))
        self._catch_ups = deque(history.catch_ups)
        # Since when something waits for a catch-up that no message is known of.
        self._waits_since: datetime | None = None
        self._is_adopted = False
        # The last items of all feeds before the topic began.
        self._before: deque[tuple[tuple[str, ...], SeenItem]] = deque(maxlen=WARM_ITEMS)
        self._chosen_at: datetime | None = None
        # (event, score, time) of the items that a rate is chosen from.
        self._scores: deque[tuple[str, float, datetime]] = deque()
        self._began_at: datetime | None = None

    def take(self, arrival: Arrival) -> Iterator[tuple[SeenItem, Verdict]]:
        """Judge what came, after all that happened before it."""
        yield from self._pass_time(arrival.at)
        groups = self._plan.groups(arrival.feed_url, arrival.groups)
        if groups is None:
            return
        if not self._is_adopted:
            self._before.extend((groups, one) for one in arrival.fresh)
            return
        if not self._plan.topic.reads(groups):
            return
        self._set_threshold(arrival)
        found = Sifted(
            fresh=arrival.fresh,
            edits=arrival.edits,
            again=arrival.again,
            aliases=(),
            seen_again=(),
            trust=Trust(),
        )
        yield from self._noted(self._ingest.take_stored(groups, found, arrival.at), arrival.at)

    def finish(self) -> Iterator[tuple[SeenItem, Verdict]]:
        """Let all happen that was left when the last item had come."""
        if not self._is_adopted:
            yield from self._adopt()
        self._catch_up(None)

    def _pass_time(self, now: datetime) -> Iterator[tuple[SeenItem, Verdict]]:
        if not self._is_adopted and self._plan.adopted_at <= now:
            yield from self._adopt()
        if self._is_adopted:
            self._catch_up(now)
        if self._hearings and self._hearings[0] <= now:
            while self._hearings and self._hearings[0] <= now:
                self._hearings.popleft()
            self._tracker.hear(one.judgement for one in self._history.said if one.counts(now))

    def _adopt(self) -> Iterator[tuple[SeenItem, Verdict]]:
        self._is_adopted = True
        at, topic = self._plan.adopted_at, self._plan.topic
        mine = sorted(
            (one for groups, one in self._before if topic.reads(groups)),
            key=lambda one: (one.first_seen_at, one.id),
        )
        self._before.clear()
        batch = self._ingest.adopt(topic, mine, at - self._plan.adopt_since, at)
        yield from self._noted(batch, at)

    def _noted(self, batch: Batch, now: datetime) -> Iterator[tuple[SeenItem, Verdict]]:
        for one in (*batch.items, *batch.rejudged):
            for verdict in one.verdicts:
                self._note(one.seen, verdict, now)
                yield one.seen, verdict

    def _note(self, seen: SeenItem, verdict: Verdict, now: datetime) -> None:
        if verdict.decision.reason in {Reason.BASELINE, Reason.HELD}:
            self._waits_since = now
        if self._plan.topic.alerts_per_week is None or self._plan.keeps_thresholds:
            return
        self._began_at = self._began_at or seen.first_seen_at
        if not seen.baseline and verdict.score.value >= threshold.FLOOR:
            event = verdict.decision.story_id or seen.id
            self._scores.append((event, verdict.score.value, seen.first_seen_at))

    def _catch_up(self, now: datetime | None) -> None:
        """Catch up as often as it was done by now; None: to the end."""
        topic = self._plan.topic
        while self._catch_ups:
            told = self._catch_ups[0]
            if now is not None and now <= max(told.at, told.after) + ROUND:
                break
            self._catch_ups.popleft()
            self._ingest.catch_up(topic, told.at)
            self._waits_since = None
        since = self._waits_since
        if since is not None and (now is None or now > since + CATCH_UP_WITHIN):
            self._waits_since = None
            self._ingest.catch_up(topic, since + CATCH_UP_WITHIN)

    def _set_threshold(self, arrival: Arrival) -> None:
        topic = self._plan.topic
        if topic.alerts_per_week is None:
            return
        if self._plan.keeps_thresholds:
            value = self._stored_threshold(arrival)
            if value is not None:
                self._tracker.use_threshold(topic.name, Choice(value=value, why="as it was"))
            return
        self._choose(topic, topic.alerts_per_week, arrival.at)

    def _stored_threshold(self, arrival: Arrival) -> float | None:
        """Give the threshold that was in force; None: nothing says so."""
        found = [value for at, value in self._plan.chosen if at <= arrival.at]
        if found:
            return found[-1]
        # Chosen before choices were noted. What was edited was judged again later.
        mine = (
            one.score.threshold
            for (item_id, name), one in arrival.verdicts.items()
            if name == self._plan.topic.name and item_id not in arrival.edited
        )
        return next(mine, None)

    def _choose(self, topic: Topic, per_week: float, now: datetime) -> None:
        if self._chosen_at is not None and now - self._chosen_at < CHOOSE_EVERY:
            return
        self._chosen_at = now
        began = self._began_at or now
        since = max(began, now - threshold.RECENT)
        while self._scores and self._scores[0][2] < since:
            self._scores.popleft()
        best: dict[str, float] = {}
        for event, value, _ in self._scores:
            best[event] = max(value, best.get(event, 0.0))
        scores = sorted(best.values(), reverse=True)
        choice = threshold.choose(scores, now - began, per_week)
        self._tracker.use_threshold(topic.name, choice)


def _hearings(said: Sequence[Said]) -> list[datetime]:
    """Give the times at which what counts has changed."""
    given = [one.judgement.given_at for one in said]
    return given + [one.undone_at for one in said if one.undone_at is not None]
