"""Which items that slide back are pruned ones: a table of what is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.feeds.bygone import Bygone, names_left, recall
from monitor.feeds.identity import alias
from monitor.records import Trust
from tests.fakes import made

LONG = replace(made.item(), title="Lithuania builds a fence", summary="word " * 20)
SHORT = replace(LONG, summary="")
NAKED = replace(SHORT, canonical_url=None)
GUID = alias("guid", LONG.guid or "")
URL = alias("url", LONG.canonical_url or "")
TEXT = alias("text", LONG.fingerprint)


@pytest.mark.parametrize(
    "item, remembered, expected",
    [
        (LONG, {GUID, URL, TEXT}, Bygone.KNOWN),
        (LONG, {TEXT}, Bygone.KNOWN),
        (LONG, {GUID, URL}, Bygone.KNOWN),
        (LONG, {GUID}, Bygone.DOUBTFUL),
        (LONG, {URL}, Bygone.DOUBTFUL),
        (LONG, set(), Bygone.NEW),
        (SHORT, {TEXT}, Bygone.NEW),
        (SHORT, {TEXT, URL}, Bygone.KNOWN),
        (NAKED, {GUID}, Bygone.KNOWN),
    ],
)
def test_what_is_remembered_decides(item: object, remembered: set[str], expected: Bygone) -> None:
    """A whole text or all names make it known, one name of two doubtful, few words nothing."""
    assert isinstance(item, type(LONG))
    assert recall(item, Trust(), remembered) is expected


def test_names_that_lie_count_for_nothing() -> None:
    """Where guids are given to new items a remembered guid says nothing."""
    assert recall(LONG, Trust(guid_strikes=3, url_strikes=3), {GUID, URL}) is Bygone.NEW


def test_all_that_is_left_is_asked_for() -> None:
    """The names that stay are those that an item is looked up by."""
    left = names_left(LONG.guid, LONG.canonical_url, LONG.fingerprint)
    assert set(left) == {GUID, URL, TEXT}
