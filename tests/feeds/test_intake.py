"""What an import takes, where it puts it, and what it refuses."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from monitor.config.values import GROUP_PATTERN
from monitor.feeds.intake import Intake, plan_intake
from monitor.feeds.opml import OpmlFeed

A, B, C = (f"https://{name}.example/rss" for name in "abc")


def plan(*listed: tuple[str, tuple[str, ...]], group: str | None = None, known: str = "") -> Intake:
    """Plan the import of some addresses, each with its groups."""
    feeds = [
        OpmlFeed(url=url, name=url, groups=groups, line=line)
        for line, (url, groups) in enumerate(listed, start=1)
    ]
    return plan_intake(feeds, {known: "Known in world"} if known else {}, group)


def groups(intake: Intake) -> dict[str, list[str]]:
    """Return the addresses by group."""
    return {name: [feed.url for feed in feeds] for name, feeds in intake.added.items()}


def test_nested_groups_are_parts_of_a_name() -> None:
    """Groups in groups are kept, and feeds outside of all go into one of their own."""
    intake = plan((A, ("Europe", "Baltic states")), (B, ("Europe",)), (C, ()))
    assert groups(intake) == {"europe/baltic-states": [A], "europe": [B], "imported": [C]}


def test_a_group_around_all() -> None:
    """A group that is named lies around the list's own."""
    intake = plan((A, ("Europe",)), (B, ()), group="desk")
    assert groups(intake) == {"desk/europe": [A], "desk": [B]}


def test_titles_that_look_alike_stay_apart() -> None:
    """Two groups never become one because their titles have the same letters, or none of ours."""
    intake = plan((A, ("News!",)), (B, ("news",)), (C, ("Новости",)), (A, ("中文",)))
    assert groups(intake) == {"news": [A], "news-2": [B], "group": [C], "group-2": [A]}


def test_what_is_there_is_refused_in_any_spelling() -> None:
    """Scheme, `www.`, a slash at the end and a fragment make no other feed."""
    intake = plan(("http://www.A.example/rss/#top", ()), known=A)
    assert intake.added == {}
    assert [one.why for one in intake.refused] == ["is there already: Known in world"]


def test_a_feed_of_two_groups_is_one_feed() -> None:
    """A list that has a feed in two groups gets it into both, by one spelling, counted once."""
    intake = plan((A, ("x",)), ("http://a.example/rss/", ("y",)), (A, ("x",)))
    assert groups(intake) == {"x": [A], "y": [A]}
    assert intake.feeds == 1
    assert [one.why for one in intake.refused] == [
        "is in this group of the list twice; first on line 1"
    ]


def test_what_has_no_address_is_refused() -> None:
    """What cannot be compared is not taken."""
    (refused,) = plan(("u:x", ())).refused
    assert refused.why == "no address that can be compared"


@given(
    st.lists(st.tuples(st.sampled_from([A, B, C]), st.lists(st.text(), max_size=12).map(tuple))),
    st.sampled_from([None, "desk", "/".join(["deep"] * 8)]),
)
def test_every_feed_is_taken_or_refused(
    listed: list[tuple[str, tuple[str, ...]]], group: str | None
) -> None:
    """Nothing gets lost, whatever the titles, and each group has a name that may be written."""
    intake = plan(*listed, group=group)
    taken = sum(map(len, intake.added.values()))
    assert taken + len(intake.refused) == len(listed)
    assert {feed.url for feeds in intake.added.values() for feed in feeds} == {
        url for url, _ in listed
    }
    assert all(re.fullmatch(GROUP_PATTERN, name) for name in intake.added)
