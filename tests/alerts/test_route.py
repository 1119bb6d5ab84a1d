"""Which alert goes where, and what makes it the same alert and the same delivery."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.alerts.route import make_alert, route
from monitor.records import Alert, DeliveryState, Reason
from tests.fakes import made
from tests.fakes.made import DAY, HOUR, NOW

# A busy machine may take its time.
LAW = settings(deadline=None)

FENCE = (made.alerted("fence"),)
NAMES = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=8)


def alert(
    topic: str = "border",
    reason: Reason = Reason.FIRST_STORY,
    story: str = "s1",
    item: str = "fence",
) -> Alert:
    """Make an alert on one item."""
    return make_alert(topic, reason, story, (made.alerted(item),), NOW)


def test_the_same_decision_is_the_same_alert() -> None:
    """A decision taken again after a crash, at a later time, has the same id."""
    again = make_alert("border", Reason.FIRST_STORY, "s1", FENCE, NOW + HOUR)
    assert again.id == alert().id
    assert uuid.UUID(again.id).version == 5


@pytest.mark.parametrize(
    "other",
    [
        alert(topic="rail"),
        alert(story="s2"),
        alert(reason=Reason.UPDATE),
        alert(reason=Reason.CATCH_UP),
    ],
    ids=["topic", "story", "reason", "another reason"],
)
def test_another_decision_is_another_alert(other: Alert) -> None:
    """Topic, story and reason each make an alert another one."""
    assert other.id != alert().id


@pytest.mark.parametrize(
    "reason, same",
    [
        (Reason.FIRST_STORY, True),
        (Reason.UPDATE, False),
        (Reason.CATCH_UP, False),
        (Reason.TEST, False),
    ],
)
def test_a_story_has_one_first_item(reason: Reason, *, same: bool) -> None:
    """A story is told for the first time once, whoever was first; it may have many updates."""
    one, other = (alert(reason=reason, item=item) for item in ("fence", "wall"))
    assert (one.id == other.id) is same


def test_an_alert_of_no_item_is_of_its_time() -> None:
    """Without an item to tell apart, two messages differ by when they were made."""
    one, same, later = (
        make_alert("border", Reason.TEST, "s1", (), at) for at in (NOW, NOW, NOW + HOUR)
    )
    assert one.id == same.id != later.id


def test_a_delivery_waits_for_nobody() -> None:
    """A new delivery is due at once, untried, under its alert's id."""
    (one,) = route(alert(), [made.destination()], NOW)
    assert (one.alert_id, one.destination) == (alert().id, "desk/1-console")
    assert (one.due_at, one.created_at, one.attempts) == (NOW, NOW, 0)
    assert (one.state, one.answer, one.settled_at) == (DeliveryState.PENDING, "", None)


def test_a_destination_named_twice_gets_one() -> None:
    """Two receivers that share a destination do not make its reader read twice."""
    names = ["a/1-slack", "b/1-email", "a/1-slack", "b/1-email", "c/1-console"]
    found = route(alert(), map(made.destination, names), NOW)
    assert [one.destination for one in found] == ["a/1-slack", "b/1-email", "c/1-console"]


def test_nobody_to_tell() -> None:
    """An alert without destinations has no deliveries."""
    assert route(alert(), [], NOW) == ()


def test_the_same_alert_is_the_same_delivery() -> None:
    """Routed again, later or with other words, a delivery keeps its id and its dedup key."""
    (one,) = route(alert(), [made.destination()], NOW)
    (again,) = route(replace(alert(), detail="other words"), [made.destination()], NOW + DAY)
    assert (one.id, one.dedup_key) == (again.id, again.dedup_key)


@LAW
@given(st.data())
def test_deliveries_differ(data: st.DataObject) -> None:
    """Two deliveries are one exactly if topic, story, reason and destination are the same."""
    reasons = st.sampled_from([Reason.FIRST_STORY, Reason.CATCH_UP, Reason.UPDATE])
    parts = st.tuples(NAMES, NAMES, reasons, NAMES)
    one = data.draw(parts)
    other = data.draw(st.one_of(parts, st.just(one)))

    def delivered(topic: str, story: str, reason: Reason, to: str) -> tuple[str, str]:
        (found,) = route(alert(topic, reason, story), [made.destination(to)], NOW)
        return found.id, found.dedup_key

    (id_one, key_one), (id_other, key_other) = delivered(*one), delivered(*other)
    assert (id_one == id_other) is (key_one == key_other) is (one == other)
