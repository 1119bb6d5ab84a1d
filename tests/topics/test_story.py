"""Which items report one event, and which later one is news."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.records import Item, Member, Story
from monitor.topics.story import (
    MOST_MEMBERS,
    MOST_SEEN,
    OPEN_FOR,
    UPDATE_INTERVAL,
    Link,
    attach,
    likeness,
    link,
    news_in,
    open_story,
    overlap,
    story_id,
    tell,
    usual_terms,
    weigh,
)
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, NOW, SECOND

# A busy machine may take its time.
LAW = settings(max_examples=60, deadline=None)

FENCE = (
    "lithuania",
    "fence",
    "razor",
    "wire",
    "kuznica",
    "troops",
    "tents",
    "night",
    "dozens",
    "camp",
    "vilnius",
    "guards",
    "forest",
    "crossing",
    "group",
    "dogs",
    "drone",
    "flares",
    "bus",
    "consul",
)
STORM = (
    "storm",
    "florida",
    "wind",
    "roofs",
    "flood",
    "rescue",
    "boats",
    "coast",
    "power",
    "outage",
    "landfall",
    "shelter",
    "bridge",
    "surge",
    "gulf",
    "schools",
    "rain",
    "trees",
    "road",
    "damage",
)
# So much alike that no report of its own would be.
COPIED = (*FENCE[:18], *STORM[:2])
# Half of its words are its own.
REPORTED = (*FENCE[:10], *STORM[:10])


def opened(*terms: str, name: str = "fence", **changes: Any) -> Story:
    """Open a story with an item of these terms."""
    seen = made.seen(name)
    return replace(
        open_story("border", seen, made.member(*terms, at=seen.first_seen_at)),
        **changes,
    )


# ------------------------------------------------------------------------------------------- link


@pytest.mark.parametrize(
    "item, terms, at, expected",
    [
        (
            made.item("wall", fingerprint=made.digest("fence")),
            STORM,
            NOW,
            (True, "the same text"),
        ),
        (
            made.item("wall", canonical_url="https://lrt.example/news/fence"),
            (*FENCE[:8], *STORM[:8]),
            NOW,
            (True, "the same address"),
        ),
        (
            made.item("wall", canonical_url="https://lrt.example/news/fence"),
            STORM,
            NOW,
            None,
        ),
        (
            made.item("wall"),
            COPIED,
            NOW,
            (True, "nearly the same text as “Lithuania on the fence at its border with Belarus”"),
        ),
        (made.item("wall"), REPORTED, NOW, (False, "alike; shares camp,")),
        (made.item("wall"), STORM, NOW, None),
        (made.item("wall"), (*FENCE[:7], *STORM[:13]), NOW + 2.5 * DAY, None),
        (made.item("fence"), FENCE, NOW + OPEN_FOR, (True, "the same text")),
        (made.item("fence"), FENCE, NOW + OPEN_FOR + SECOND, None),
        (made.item("wall"), ("fence", *STORM), NOW, None),
    ],
    ids=[
        "the same text, whatever its terms",
        "the same address, if something is shared",
        "the same address of another article",
        "nearly the same text",
        "another report of the event",
        "another event",
        "the same words days later",
        "a story is open for three days",
        "and not longer",
        "one shared word says little",
    ],
)
def test_what_belongs_together(
    item: Item, terms: tuple[str, ...], at: datetime, expected: tuple[bool, str] | None
) -> None:
    """An item joins the story of its event, and the evidence is said."""
    known = opened(*FENCE)
    found = link(item, made.member(*terms, at=at), [known], {})
    if expected is None:
        assert found is None
    else:
        assert found is not None
        assert (found.story_id, found.is_copy) == (known.id, expected[0])
        assert expected[1] in found.why


def test_a_topics_own_words_say_little() -> None:
    """What all items of a topic say does not make them one event."""
    known = opened(*FENCE)
    member = made.member(*REPORTED)
    usual = dict.fromkeys(FENCE[:10], 1.0)
    assert link(made.item("wall"), member, [known], {}) is not None
    assert link(made.item("wall"), member, [known], usual) is None


def test_the_likest_story_is_joined() -> None:
    """Among several open stories an item joins the one that it resembles most, in any order."""
    near = opened(*FENCE, name="near")
    far = opened(*FENCE[:7], *STORM[12:], name="far")
    member = made.member(*REPORTED)
    for stories in ([near, far], [far, near]):
        found = link(made.item("wall"), member, stories, {})
        assert found is not None
        assert (found.story_id, found.is_copy) == (near.id, False)


def test_a_short_story_hides_no_other() -> None:
    """A short headline that is all in an item does not keep it from the text that it copies."""
    short = opened(*FENCE[:3], name="short")
    whole = opened(*FENCE, name="whole")
    for stories in ([short, whole], [whole, short]):
        found = link(made.item("wall"), made.member(*COPIED), stories, {})
        assert found is not None
        assert (found.story_id, found.is_copy) == (whole.id, True)


def test_nothing_is_open() -> None:
    """Without stories an item opens its own."""
    assert link(made.item(), made.member(*FENCE), [], {}) is None


# -------------------------------------------------------------------------------- open and attach


def test_a_story_opens_with_its_first_item() -> None:
    """A story is named and dated by the item that opens it, and has its source."""
    seen = made.seen("fence")
    member = made.member("fence", "border")
    assert open_story("border", seen, member) == Story(
        id=story_id("border", seen.id),
        topic="border",
        title=seen.item.title,
        opened_at=NOW,
        updated_at=NOW,
        sources=("LRT",),
        size=1,
        members=(member,),
        seen_terms=("border", "fence"),
        urls=frozenset({"https://lrt.example/news/fence"}),
        fingerprints=frozenset({made.digest("fence")}),
    )


def test_an_item_without_an_address_opens_one_too() -> None:
    """What has no address is known by its text alone."""
    seen = made.seen("fence", made.item("fence", url=None, canonical_url=None))
    assert open_story("border", seen, made.member()).urls == frozenset()


def test_each_topic_has_its_own_stories() -> None:
    """The same item opens another story for another topic, and always the same for the same."""
    assert story_id("border", "1") == story_id("border", "1")
    assert len({story_id("border", "1"), story_id("border", "2"), story_id("eu", "1")}) == 3


def test_a_source_is_counted_once() -> None:
    """An item adds to the size of its story, and to the sources if it comes from a new one."""
    grown = opened(*FENCE)
    for number, source in enumerate(["BBC", "LRT", "DW", "BBC"]):
        seen = made.seen(f"n{number}", source=source, first_seen_at=NOW + number * HOUR)
        grown = attach(grown, seen, made.member(source=source, at=seen.first_seen_at))
    assert (grown.size, grown.sources) == (5, ("LRT", "BBC", "DW"))
    assert (grown.opened_at, grown.updated_at) == (NOW, NOW + 3 * HOUR)
    assert len(grown.urls) == len(grown.fingerprints) == 5


def test_an_earlier_item_does_not_turn_the_clock_back() -> None:
    """An item that is taken in late leaves the time of the last one as it is."""
    late = made.seen("wall", first_seen_at=NOW - DAY)
    assert attach(opened(*FENCE), late, made.member(at=NOW - DAY)).updated_at == NOW


def test_telling_is_noted() -> None:
    """A story remembers when it was told, and how many carried it then."""
    story = opened(*FENCE, sources=("LRT", "BBC"))
    assert not story.told
    told = tell(story, NOW)
    assert (told.told, told.told_at, told.told_sources) == (True, NOW, 2)


# ---------------------------------------------------------------------------------------- updates

REPORT = Link(story_id="s", is_copy=False, why="31% alike")
COPY = Link(story_id="s", is_copy=True, why="the same text")
LATER = NOW + UPDATE_INTERVAL


def told(*terms: str, sources: int = 1) -> Story:
    """Return a story that was told now, when so many carried it."""
    names = tuple(f"S{number}" for number in range(sources))
    return tell(opened(*terms, sources=names), NOW)


def report(*terms: str, **changes: Any) -> Member:
    """Return a later item whose headline has all its terms, from a source that is known."""
    whole = made.member(*terms, heads=terms, source="S0", at=LATER)
    return replace(whole, **changes)


@pytest.mark.parametrize(
    "story, member, how, news",
    [
        (opened(*FENCE), report(*STORM), REPORT, ""),
        (told(*FENCE), report(*STORM, at=LATER - SECOND), REPORT, ""),
        (told(*FENCE), report(*FENCE), REPORT, ""),
        (told(*FENCE), report(*STORM), REPORT, "new in it: boats, bridge, coast, damage"),
        (told(*FENCE), report(*STORM), COPY, ""),
        (
            told(*FENCE),
            report("hrodna", "visit", "fence", "border", facts=("hrodna",)),
            REPORT,
            "new in it: border, hrodna, visit",
        ),
        (told(*FENCE), report("hrodna", *FENCE, facts=("hrodna",)), REPORT, ""),
        (told(*FENCE, sources=2), report(*FENCE, source="S2"), COPY, "3 sources carry it now"),
        (told(*FENCE, sources=2), report(*FENCE, source="S1"), COPY, ""),
        (told(*FENCE, sources=3), report(*FENCE, source="S3"), COPY, ""),
        (told(*FENCE, sources=9), report(*FENCE, source="S9"), COPY, "10 sources carry it now"),
        (
            told(*FENCE, "40"),
            report(*FENCE, "60", facts=("60",)),
            REPORT,
            "a count has risen to 60",
        ),
        (told(*FENCE, "40"), report(*FENCE, "45", facts=("45",)), REPORT, ""),
        (told(*FENCE, "40"), report(*FENCE, "30", facts=("30",)), REPORT, ""),
        (told(*FENCE, "40"), report(*FENCE, "12,000", facts=("12,000",)), REPORT, ""),
        (told(*FENCE, "2020"), report(*FENCE, "2090", facts=("2090",)), REPORT, ""),
    ],
    ids=[
        "nothing is an update of what was never told",
        "an update waits an hour",
        "the same again is none",
        "something quite else is one",
        "but not in a copy",
        "a new name is one",
        "but not where all else is known",
        "a third source is one, even of a copy",
        "another item of a known source is not",
        "nor is a fourth source",
        "but a tenth",
        "a toll that rises is one",
        "but not by a little",
        "nor one that falls",
        "nor a count of something else",
        "nor a year",
    ],
)
def test_what_is_news(story: Story, member: Member, how: Link, news: str) -> None:
    """A later item is an update only for what it adds, and that is said."""
    assert news_in(member, story, how, {}) == news


# ----------------------------------------------------------------------------------------- laws

TERMS = st.sampled_from([*FENCE, *STORM, "40", "60", "12,000", "2021"])
WEIGHTS = st.dictionaries(TERMS, st.floats(0.01, 11.0), max_size=14)
SPANS = st.timedeltas(-30 * DAY, 30 * DAY)
SOURCES = st.sampled_from([f"S{number}" for number in range(12)])


@st.composite
def members(draw: st.DrawFn) -> Member:
    """Draw what a story may remember of an item."""
    terms = draw(WEIGHTS)
    some = st.lists(st.sampled_from(sorted(terms)), unique=True) if terms else st.just([])
    return Member(
        title=draw(st.text(max_size=5)),
        source=draw(SOURCES),
        at=NOW + draw(SPANS),
        terms=terms,
        heads=tuple(sorted(draw(some))),
        facts=tuple(sorted(draw(some))),
    )


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Draw a story that has grown by some items and may have been told in between."""
    names = draw(st.lists(st.integers(0, 40), min_size=1, max_size=16))
    story: Story | None = None
    for name in names:
        member = draw(members())
        seen = made.seen(f"n{name}", source=member.source, first_seen_at=member.at)
        story = attach(story, seen, member) if story else open_story("border", seen, member)
        if draw(st.booleans()):
            story = tell(story, member.at)
    assert story is not None
    return story


@LAW
@given(st.lists(TERMS), st.lists(TERMS))
def test_overlap_is_a_part(one: list[str], other: list[str]) -> None:
    """The shared part is in [0, 1], the same from both sides, and whole of a set with itself."""
    shared = overlap(one, other)
    assert 0.0 <= shared <= 1.0
    assert shared == overlap(other, one) == overlap(one[::-1], other[::-1])
    assert (shared == 1.0) == (set(one) == set(other) != set())


@LAW
@given(WEIGHTS, WEIGHTS, SPANS)
def test_likeness_is_mutual(
    one: dict[str, float], other: dict[str, float], apart: timedelta
) -> None:
    """Likeness is in [0, 1), the same from both sides, and cools with time."""
    value = likeness(one, other, apart)
    assert 0.0 <= value < 1.0
    assert math.isclose(value, likeness(other, one, -apart), abs_tol=1e-12)
    assert value >= likeness(one, other, apart * 2)


@LAW
@given(WEIGHTS, st.dictionaries(TERMS, st.floats(0, 50)), st.floats(0, 100))
def test_usual_terms_only_take(
    terms: dict[str, float], counts: dict[str, float], more: float
) -> None:
    """How usual a term is takes from its weight, and never adds to it or takes it all."""
    items = max(counts.values(), default=0.0) + more
    usual = usual_terms(terms, counts, items)
    assert all(0.0 <= value <= 1.0 + 1e-9 for value in usual.values())
    weighed = weigh(terms, usual)
    assert weighed.keys() == terms.keys()
    assert all(0.0 < weighed[term] <= terms[term] for term in terms)


@LAW
@given(members(), st.lists(stories(), max_size=4, unique_by=lambda one: one.id), st.integers(0, 60))
def test_an_item_joins_a_story_that_is_open(member: Member, known: list[Story], name: int) -> None:
    """Whatever came before, an item joins one of the open stories, or none."""
    found = link(made.item(f"n{name}"), member, known, dict.fromkeys(FENCE, 0.5))
    if found is not None:
        assert found.why
        (joined, *_) = [story for story in known if story.id == found.story_id]
        assert abs(member.at - joined.opened_at) <= OPEN_FOR


@LAW
@given(members(), stories(), st.booleans())
def test_news_come_of_what_was_told(member: Member, story: Story, is_copy: bool) -> None:  # noqa: FBT001 - drawn
    """Only of a told story, and not too soon, an item is news; the answer is words or nothing."""
    how = Link(story_id=story.id, is_copy=is_copy, why="31% alike")
    news = news_in(member, story, how, {})
    if news:
        assert story.told_at is not None
        assert member.at - story.told_at >= UPDATE_INTERVAL


@LAW
@given(stories(), members(), st.integers(0, 60))
def test_a_story_only_grows(story: Story, member: Member, name: int) -> None:
    """An item adds to its story: nothing of it is lost, doubled, or kept without a bound."""
    seen = made.seen(f"n{name}", source=member.source, first_seen_at=member.at)
    grown = attach(story, seen, member)
    assert grown.size == story.size + 1
    assert grown.sources[: len(story.sources)] == story.sources
    assert len(set(grown.sources)) == len(grown.sources)
    assert len(set(grown.seen_terms)) == len(grown.seen_terms) <= MOST_SEEN
    assert grown.members[0] == story.members[0]
    assert grown.members[-1] == member
    assert len(grown.members) <= MOST_MEMBERS
    assert story.urls <= grown.urls
    assert story.fingerprints < grown.fingerprints | {"another"}
    assert grown.updated_at >= max(story.updated_at, story.opened_at)
    assert (grown.id, grown.title, grown.told_at) == (story.id, story.title, story.told_at)
