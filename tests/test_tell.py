"""Schedules and silences on the way from an item to its deliveries, through the judge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.plan import HOUR
from monitor.alerts.schedule import Digest, Schedule
from monitor.alerts.silence import Silence, in_words
from monitor.judge import Judge, Watch
from monitor.records import Batch, Decision, Delivery, Lessons, Reason, Seed, SeenItem, Story, Topic
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import MINUTE, NOW, SECOND
from tests.fakes.schedules import SCHEDULES

pytestmark = pytest.mark.xdist_group("english")

SHIPPED = Path(__file__).parents[1] / "seeds" / "2021-11-08-poland-belarus-border.txt"
BORDER = Topic(
    name="border",
    seeds=(Seed(name="seed", title="", text=SHIPPED.read_text(encoding="utf-8")),),
    receivers=("desk", "pager"),
)
DESK, PAGER = made.destination("desk/1-console"), made.destination("pager/1-slack")
HOURLY = Schedule(digest=Digest(every=HOUR))
COMPANY = Schedule(group_wait=30 * SECOND)

TITLES = (
    "Hundreds of migrants try to storm the Polish border near Kuznica",
    "EU ministers weigh sanctions on Lukashenko's airline over migrants at the Polish border",
    "Lithuania declares a state of emergency along its border with Belarus over migrants",
    "Poland sends 12,000 troops to its border with Belarus as migrants camp in the forest",
)


@dataclass(slots=True)
class Kept:
    """The stories, alerts, deliveries and silences that a database would hold."""

    stories: dict[str, Story] = field(default_factory=dict)
    told: list[Silence] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)

    def open_stories(self, topics: object, since: datetime) -> list[Story]:
        """Give all stories: there are few."""
        assert topics
        return [one for one in self.stories.values() if one.updated_at >= since]

    def silences(self, now: datetime) -> list[Silence]:
        """Give the silences that hold."""
        return [one for one in self.told if one.holds(now)]

    def told_at_once(self, topic: str, since: datetime) -> list[tuple[str, datetime]]:
        """Give what went at once since a time."""
        return [
            (one.destination, one.created_at)
            for one in self.deliveries
            if one.group in {"", topic} and one.created_at > since
        ]


@dataclass(slots=True)
class Desk:
    """A judge whose topic goes to two receivers."""

    schedules: Mapping[str, Schedule] = field(default_factory=dict)
    topic: Topic = BORDER
    kept: Kept = field(default_factory=Kept)
    judging: Judge = field(init=False)

    def __post_init__(self) -> None:
        watch = Watch(
            topics=(self.topic,),
            destinations={"border": (DESK, PAGER)},
            at_least_every=HOUR,
            schedules=self.schedules,
        )
        tracker = Tracker((self.topic,), Lessons())
        self.judging = Judge(self.kept, tracker, watch, self.kept)

    def judge(self, *seen: SeenItem) -> Batch:
        """Judge the items of one poll, and keep what follows."""
        batch = self.judging.judge(seen, (self.topic,), seen[0].first_seen_at)
        self.kept.stories |= {story.id: story for story in batch.stories}
        self.kept.deliveries += batch.deliveries
        return batch


def report(number: int, *, after: timedelta = timedelta(0), source: str = "LRT") -> SeenItem:
    """Return an item that opens a story of its own."""
    title, name = TITLES[number], f"{source} {number} {after}"
    item = made.item(
        name, title=title, summary="", fingerprint=made.digest(title), canonical_url=name
    )
    return made.seen(name, of=item, source=source, first_seen_at=NOW + after)


def decision(batch: Batch) -> Decision:
    """Give the one decision of a batch of one item."""
    return batch.items[0].verdicts[0].decision


def test_companions_of_one_poll_share_a_group() -> None:
    """What one poll brings on a topic is due together, and may share a message."""
    desk = Desk(schedules={DESK.name: COMPANY, PAGER.name: HOURLY})
    batch = desk.judge(report(0), report(1), report(2))
    found = Counter((one.destination, one.group, one.due_at - NOW) for one in batch.deliveries)
    window = "digest/2021-11-08 14:00 to 15:00 UTC"
    assert found == {
        (DESK.name, "border", 30 * SECOND): 3,
        (PAGER.name, window, HOUR - (NOW - NOW.replace(minute=0, second=0, microsecond=0))): 3,
    }


def test_a_burst_counts_within_a_poll_and_over_polls() -> None:
    """The hour's share is used up by what one poll brings, by polls before it, and by both."""
    desk = Desk(schedules={DESK.name: Schedule(burst=2)})
    first = desk.judge(report(0))
    then = desk.judge(report(1, after=10 * MINUTE), report(2, after=10 * MINUTE))
    after = desk.judge(report(3, after=65 * MINUTE))
    groups = [one.group for batch in (first, then, after) for one in batch.deliveries]
    at_desk = groups[::2]
    assert at_desk == ["", "", "burst/2021-11-08 14:01 to 15:01 UTC, border", ""]
    assert groups[1::2] == [""] * 4


@pytest.mark.parametrize(
    "matchers",
    [{"topic": "border"}, {"source": "LRT"}, {"topic": "border", "source": "LRT"}],
    ids=str,
)
def test_what_is_silenced_is_judged_and_not_told(matchers: dict[str, str]) -> None:
    """A silenced item has its story and its reason, which says who asked and until when."""
    desk = Desk()
    silence = made.silence(**matchers)
    desk.kept.told = [silence]
    batch = desk.judge(report(0))
    found = decision(batch)
    assert (found.alert, found.reason, found.detail) == (False, Reason.SILENCED, in_words(silence))
    assert found.story_id == batch.stories[0].id
    assert not batch.stories[0].told
    assert [*batch.alerts, *batch.deliveries, *batch.withheld] == []


def test_after_a_silence_the_story_is_told() -> None:
    """What came meanwhile stays untold; the next item of its story is told as its first."""
    desk = Desk()
    desk.kept.told = [made.silence(topic="border", until=NOW + HOUR)]
    first = desk.judge(report(0))
    again = desk.judge(report(0, after=HOUR, source="BBC"))
    assert decision(first).reason is Reason.SILENCED
    assert decision(again).reason is Reason.FIRST_STORY
    assert decision(again).story_id == decision(first).story_id
    assert again.alerts[0].items[0].sources == ("LRT", "BBC")


def test_another_outlet_tells_what_a_silenced_one_had() -> None:
    """A silence of one source does not hide the story from the rest of the world."""
    desk = Desk()
    desk.kept.told = [made.silence(source="LRT")]
    desk.judge(report(0))
    assert decision(desk.judge(report(0, source="BBC"))).reason is Reason.FIRST_STORY


def test_a_silenced_story_is_hushed_and_others_are_told() -> None:
    """A silence of a story stops its updates, and no other story's."""
    desk = Desk()
    story = desk.judge(report(0)).stories[0]
    desk.kept.stories[story.id] = replace(story, told_at=None)
    desk.kept.told = [made.silence(story=story.id)]
    assert decision(desk.judge(report(0, source="BBC"))).reason is Reason.SILENCED
    assert decision(desk.judge(report(1))).reason is Reason.FIRST_STORY


def test_a_silenced_receiver_is_withheld() -> None:
    """One receiver is not told, and why is kept; the others are told as ever."""
    desk = Desk()
    silence = made.silence(receiver="pager")
    desk.kept.told = [silence]
    batch = desk.judge(report(0))
    assert decision(batch).reason is Reason.FIRST_STORY
    assert [one.destination for one in batch.deliveries] == [DESK.name]
    ((kept),) = batch.withheld
    assert (kept.receiver, kept.why) == ("pager", in_words(silence))


def test_when_all_receivers_are_silenced_nobody_was_told() -> None:
    """A story that no receiver could hear of is not taken for told."""
    desk = Desk()
    desk.kept.told = [made.silence(receiver="pager"), made.silence(receiver="desk", id="b")]
    batch = desk.judge(report(0))
    assert decision(batch).reason is Reason.SILENCED
    assert not batch.stories[0].told
    assert batch.withheld == ()


def test_a_silence_hides_no_reason_of_another_kind() -> None:
    """What would not be told anyway keeps its own reason."""
    desk = Desk()
    desk.judge(report(0))
    desk.kept.told = [made.silence(topic="border")]
    found = decision(desk.judge(report(0, source="BBC")))
    assert found.reason is Reason.COPY


@settings(deadline=None, max_examples=15)
@given(
    st.tuples(SCHEDULES, SCHEDULES),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["LRT", "BBC", "Delfi"])), max_size=10),
    st.lists(st.integers(0, 900), min_size=10, max_size=10),
)
def test_every_story_has_one_first_alert_for_each_receiver(
    schedules: tuple[Schedule, Schedule], stream: list[tuple[int, str]], gaps: list[int]
) -> None:
    """However items and schedules fall, each story is told first once to each receiver."""
    desk = Desk(schedules=dict(zip((DESK.name, PAGER.name), schedules, strict=True)))
    passed = timedelta(0)
    firsts: Counter[tuple[str, str]] = Counter()
    for (number, source), gap in zip(stream, gaps, strict=False):
        passed += gap * MINUTE
        batch = desk.judge(report(number, after=passed, source=source))
        alerts = {one.id: one for one in batch.alerts}
        for one in batch.deliveries:
            assert one.due_at >= NOW + passed
            if alerts[one.alert_id].reason is Reason.FIRST_STORY:
                firsts[alerts[one.alert_id].story_id, one.destination] += 1
    assert firsts == dict.fromkeys(
        ((story, name) for story in desk.kept.stories for name in (DESK.name, PAGER.name)), 1
    )
