"""What new items amount to: a stream in, verdicts, stories and alerts out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.route import route
from monitor.judge import Judge, Watch
from monitor.records import Batch, Decision, Lessons, Reason, Seed, SeenItem, Story, Topic, Verdict
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.made import HOUR, MINUTE, NOW

pytestmark = pytest.mark.xdist_group("english")

LAW = settings(max_examples=25, deadline=None)

SHIPPED = Path(__file__).parents[1] / "seeds" / "2021-11-08-poland-belarus-border.txt"
BORDER = Topic(
    name="border",
    seeds=(Seed(name="seed", title="", text=SHIPPED.read_text(encoding="utf-8")),),
    receivers=("desk",),
)


@dataclass(slots=True)
class Known:
    """The stories that a store would hold."""

    stories: dict[str, Story] = field(default_factory=dict)

    def open_stories(self, topics: Iterable[str], since: datetime) -> list[Story]:
        """Give the stories of some topics that had an item since a time."""
        wanted = set(topics)
        return [
            one for one in self.stories.values() if one.topic in wanted and one.updated_at >= since
        ]


@dataclass(slots=True)
class Desk:
    """A judge with what it knows."""

    topics: tuple[Topic, ...] = (BORDER,)
    known: Known = field(default_factory=Known)
    lessons: Lessons = field(default_factory=Lessons)
    tracker: Tracker = field(init=False)
    judging: Judge = field(init=False)

    def __post_init__(self) -> None:
        self.tracker = Tracker(self.topics, self.lessons)
        watch = Watch(
            topics=self.topics,
            destinations={one.name: (made.destination(),) for one in self.topics},
            at_least_every=HOUR,
        )
        self.judging = Judge(self.known, self.tracker, watch)

    def judge(self, *seen: SeenItem) -> Batch:
        """Judge some items of one poll, and keep what follows."""
        batch = self.judging.judge(seen, self.topics, seen[0].first_seen_at)
        self.known.stories |= {story.id: story for story in batch.stories}
        return batch

    def decide(self, *seen: SeenItem) -> list[Decision]:
        """Judge items one poll each; give the decisions of the first topic."""
        return [self.judge(one).items[0].verdicts[0].decision for one in seen]


def report(after: int, source: str, title: str, summary: str = "", **changes: Any) -> SeenItem:
    """Return an item that comes so many minutes after the start."""
    name = f"{source} {after} {title}"
    item = made.item(
        name,
        title=title,
        summary=summary,
        fingerprint=made.digest(title + summary),
        canonical_url=f"https://{source.lower()}.example/{after}",
    )
    seen = made.seen(name, of=item, source=source, first_seen_at=NOW + after * MINUTE)
    return replace(seen, **changes)


STORM = "Hundreds of migrants try to storm the Polish border near Kuznica"
STORM_SUMMARY = (
    "Guards used tear gas at the fence on Monday, Warsaw said, and accused Minsk of sending the"
    " migrants; 50 were held."
)
FIRST = report(0, "LRT", STORM, STORM_SUMMARY)
COPY = report(5, "Delfi", STORM, STORM_SUMMARY.replace("Monday,", "Monday evening,") + " (LRT)")
OWN_WORDS = report(
    20,
    "BBC",
    "Poland repels migrant push at Kuznica crossing with tear gas",
    "Polish guards at the border fence held back a crowd of migrants from Belarus on Monday.",
)
ANOTHER = report(
    30,
    "BBC",
    "EU ministers weigh sanctions on Lukashenko's airline Belavia",
    "Brussels may punish leasing firms over flights that carry migrants to Minsk.",
)
RISEN = report(
    90,
    "LRT",
    "Migrants at the Polish border near Kuznica: 200 held",
    "Guards at the fence used tear gas again, Warsaw said, and accused Minsk; 200 were held.",
)
SPORT = report(40, "BBC", "City win the cup final", "The coach praised his team.")
STREAM = [FIRST, COPY, OWN_WORDS, ANOTHER, SPORT, RISEN]


def reasons(decisions: Sequence[Decision]) -> list[Reason]:
    """Give their reasons."""
    return [one.reason for one in decisions]


# ------------------------------------------------------------------------------------ decisions


def test_the_first_item_of_a_story_alerts() -> None:
    """An on-topic item that is like no other opens a story, and is told to the destinations."""
    batch = Desk().judge(FIRST)
    ((verdict,),) = (one.verdicts for one in batch.items)
    (story,), (alert,), (delivery,) = batch.stories, batch.alerts, batch.deliveries
    assert verdict.decision == Decision(
        topic="border", alert=True, reason=Reason.FIRST_STORY, story_id=story.id
    )
    assert (story.told_at, story.told_sources, story.size) == (NOW, 1, 1)
    assert (alert.reason, alert.story_id, alert.topic) == (Reason.FIRST_STORY, story.id, "border")
    assert [one.item_id for one in alert.items] == [FIRST.id]
    assert alert.items[0].score == verdict.score.value
    assert alert.items[0].sources == ("LRT",)
    assert [delivery] == list(route(alert, [made.destination()], NOW))


def test_an_off_topic_item_is_declined_with_its_lack() -> None:
    """What is not on-topic opens no story, and its verdict says what is missing."""
    batch = Desk().judge(SPORT)
    (verdict,) = batch.items[0].verdicts
    assert verdict.decision.reason is Reason.BELOW_THRESHOLD
    assert verdict.decision.detail == verdict.score.lacks != ""
    assert verdict.decision.story_id is None
    assert (batch.stories, batch.alerts, batch.deliveries) == ((), (), ())


def test_another_outlets_copy_is_not_sent() -> None:
    """The same text with another outlet's small changes is a copy: one more source, no alert."""
    desk = Desk()
    first, copy = desk.decide(FIRST, COPY)
    assert (first.reason, copy.reason, copy.alert) == (Reason.FIRST_STORY, Reason.COPY, False)
    assert copy.story_id == first.story_id
    assert "LRT" in copy.detail
    (story,) = desk.known.stories.values()
    assert (story.sources, story.size) == (("LRT", "Delfi"), 2)


def test_a_report_of_the_same_event_is_not_sent_as_a_copy() -> None:
    """Another outlet's own words attach to the story, or are a story: they are never a copy."""
    desk = Desk()
    first, own = desk.decide(FIRST, OWN_WORDS)
    assert own.reason in {Reason.FOLLOW_UP, Reason.FIRST_STORY}
    assert (own.reason is Reason.FOLLOW_UP) == (own.story_id == first.story_id)


def test_another_event_of_the_topic_is_a_story_of_its_own() -> None:
    """What happens elsewhere in the topic alerts although the last alert is minutes ago."""
    first, another = Desk().decide(FIRST, ANOTHER)
    assert (another.reason, another.alert) == (Reason.FIRST_STORY, True)
    assert another.story_id != first.story_id


def test_a_risen_count_is_an_update_after_an_hour() -> None:
    """When the toll rises the story is told again, not within the hour, and says what is new."""
    desk = Desk()
    first, risen = desk.decide(FIRST, RISEN)
    assert (risen.reason, risen.alert, risen.story_id) == (Reason.UPDATE, True, first.story_id)
    assert "200" in risen.detail
    (story,) = desk.known.stories.values()
    assert story.told_at == RISEN.first_seen_at
    soon = replace(RISEN, first_seen_at=NOW + 30 * MINUTE)
    assert not Desk().decide(FIRST, soon)[1].alert


def test_a_text_that_is_issued_again_with_a_new_count_is_an_update() -> None:
    """Agencies send their text again with nothing changed but the toll: that is news."""
    again = report(90, "LRT", STORM, STORM_SUMMARY.replace("50 were", "200 were"))
    _, risen = Desk().decide(FIRST, again)
    assert (risen.reason, risen.detail) == (Reason.UPDATE, "a count has risen to 200")


def test_an_update_says_what_is_new() -> None:
    """The alert of an update carries what made it one."""
    desk = Desk()
    desk.judge(FIRST)
    (alert,) = desk.judge(RISEN).alerts
    assert alert.reason is Reason.UPDATE
    assert "200" in alert.detail
    assert alert.items[0].item_id == RISEN.id


def test_many_sources_are_an_update() -> None:
    """A story that a third outlet carries is told again, if only by copies."""
    third = replace(COPY, id="third", source="BNS", first_seen_at=NOW + 2 * HOUR)
    decisions = Desk().decide(FIRST, COPY, third)
    assert reasons(decisions) == [Reason.FIRST_STORY, Reason.COPY, Reason.UPDATE]
    assert "3 sources" in decisions[-1].detail


def test_what_was_there_before_us_waits_for_the_catch_up() -> None:
    """A baseline item opens its story without an alert; the next new one tells it."""
    desk = Desk()
    old = replace(FIRST, baseline=True)
    waiting, new = desk.decide(old, COPY)
    assert (waiting.reason, waiting.alert) == (Reason.BASELINE, False)
    assert waiting.story_id == new.story_id
    assert (new.reason, new.alert) == (Reason.FIRST_STORY, True)
    later = replace(RISEN, baseline=True)
    (known,) = desk.decide(later)
    assert (known.alert, known.story_id) == (False, new.story_id)


def test_the_users_own_words_exclude() -> None:
    """An on-topic item with what `never_mention` names is declined, whatever its score."""
    desk = Desk((replace(BORDER, never_mention=("tear gas",)),))
    first, another = desk.decide(FIRST, ANOTHER)
    assert (first.reason, first.detail, first.alert) == (Reason.MENTIONED, "tear gas", False)
    assert first.story_id is None
    assert another.reason is Reason.FIRST_STORY


def test_the_users_own_words_are_demanded() -> None:
    """An on-topic item without any of what `must_mention` names is declined."""
    desk = Desk((replace(BORDER, must_mention=("Belavia", "airline")),))
    first, another = desk.decide(FIRST, ANOTHER)
    assert (first.reason, first.detail) == (Reason.NOT_MENTIONED, "Belavia, airline")
    assert another.reason is Reason.FIRST_STORY


def test_the_users_threshold_decides() -> None:
    """With a threshold of 1 nothing comes through, with 0 everything does."""
    strict, lax = (Desk((replace(BORDER, threshold=one),)) for one in (1.0, 0.0))
    assert {one.reason for one in strict.decide(*STREAM)} == {Reason.BELOW_THRESHOLD}
    assert Reason.BELOW_THRESHOLD not in reasons(lax.decide(*STREAM))


def test_a_story_closes() -> None:
    """The same words a week later are a new story."""
    late = replace(OWN_WORDS, first_seen_at=NOW + timedelta(days=7))
    first, again = Desk().decide(FIRST, late)
    assert again.reason is Reason.FIRST_STORY
    assert again.story_id != first.story_id


def test_each_topic_decides_for_itself() -> None:
    """One item may be on-topic for several topics, each with its own story and alert."""
    desk = Desk((BORDER, replace(BORDER, name="also"), replace(BORDER, name="never", threshold=1)))
    batch = desk.judge(FIRST)
    verdicts = batch.items[0].verdicts
    assert [one.decision.topic for one in verdicts] == ["border", "also", "never"]
    assert [one.decision.alert for one in verdicts] == [True, True, False]
    assert len({story.id for story in batch.stories}) == len(batch.alerts) == 2
    assert len({alert.id for alert in batch.alerts}) == 2


def test_no_items_are_an_empty_batch() -> None:
    """A poll that brings nothing new changes nothing."""
    assert Desk().judging.judge([], (BORDER,), NOW) == Batch()


# ------------------------------------------------------------------------------------- order


def everything(desk: Desk, *polls: Sequence[SeenItem]) -> list[Verdict]:
    """Judge some polls; give all verdicts in order."""
    return [
        verdict
        for poll in polls
        if poll
        for one in desk.judge(*poll).items
        for verdict in one.verdicts
    ]


def test_no_item_has_a_say_in_its_own_score() -> None:
    """An item is scored by what the tracker knew before it, within a poll too."""
    verdicts = everything(Desk(), STREAM)
    tracker = Tracker([BORDER], Lessons())
    for seen, verdict in zip(STREAM, verdicts, strict=True):
        score = tracker.score("border", seen.item, NOW)
        assert verdict.score == score
        tracker.learn(seen.item, [score], NOW)


@given(st.lists(st.sampled_from(range(1, len(STREAM))), unique=True).map(sorted))
@LAW
def test_polls_make_no_difference(cuts: list[int]) -> None:
    """Brought by one poll or by many, the same items get the same stories and decisions."""
    at = replace_times(STREAM)
    polls = [at[a:b] for a, b in pairwise([0, *cuts, len(at)])]
    one, many = Desk(), Desk()
    together, apart = everything(one, at), everything(many, *polls)
    assert [each.decision for each in together] == [each.decision for each in apart]
    assert one.known.stories == many.known.stories


def replace_times(stream: Sequence[SeenItem]) -> list[SeenItem]:
    """Let all items of a stream be first seen now: one poll gives them one time."""
    return [replace(one, first_seen_at=NOW) for one in stream]


@given(st.integers(0, len(STREAM)))
@LAW
def test_a_restart_makes_no_difference(cut: int) -> None:
    """Stories and lessons taken over at any point lead to the same verdicts."""
    expected = everything(Desk(), *[[one] for one in STREAM])
    early = Desk()
    found = everything(early, *[[one] for one in STREAM[:cut]])
    states = json.loads(json.dumps(early.tracker.take_lessons().states))
    late = Desk(known=early.known, lessons=Lessons(states=states))
    found += everything(late, *[[one] for one in STREAM[cut:]])
    assert found == expected


@given(st.lists(st.sampled_from(STREAM), max_size=8))
@LAW
def test_what_holds_of_every_batch(stream: list[SeenItem]) -> None:
    """An alert for each yes and none for a no; an on-topic item has a story, others have none."""
    desk = Desk()
    for number, seen in enumerate(stream):
        one = replace(seen, id=f"{number}", first_seen_at=NOW + number * HOUR)
        batch = desk.judge(one)
        (verdict,) = batch.items[0].verdicts
        decision = verdict.decision
        assert batch.items[0].seen == one
        assert len(batch.alerts) == len(batch.deliveries) == int(decision.alert)
        assert len(batch.stories) == int(verdict.score.on_topic)
        assert [story.id for story in batch.stories] == (
            [decision.story_id] if verdict.score.on_topic else []
        )
        for story in batch.stories:
            assert one.source in story.sources
            assert story.updated_at == one.first_seen_at
