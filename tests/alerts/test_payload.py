"""The webhook's JSON: as documented, and always under 20 kB."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from monitor.alerts.bundle import join
from monitor.alerts.notice import make_notice
from monitor.alerts.payload import MAX_BYTES, encode, payload
from monitor.records import Alert, Reason, TermShare
from tests.fakes.alerts import ALERTS, ITEM, alert, catch_up

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA: dict[str, Any] = json.loads((DOCS / "webhook.schema.json").read_text("utf-8"))
KNOWN = {
    "$schema",
    "title",
    "type",
    "required",
    "properties",
    "items",
    "const",
    "pattern",
    "format",
}
TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}


def faults(value: Any, schema: dict[str, Any], path: str = "$") -> Iterator[str]:
    """Yield where a value departs from a schema; keys that the schema does not know are faults.

    Knows no more of JSON Schema than ours uses.
    """
    assert schema.keys() <= KNOWN, schema.keys()
    if "const" in schema:
        yield from [] if value == schema["const"] else [f"{path}: {value!r}"]
        return
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if type(value) not in [kind for name in names for kind in TYPES[name]]:
        yield f"{path}: {value!r} is not {names}"
    elif isinstance(value, dict):
        if not value.keys() == schema["properties"].keys() == set(schema["required"]):
            yield f"{path}: has {sorted(value)}"
        for name in value.keys() & schema["properties"].keys():
            yield from faults(value[name], schema["properties"][name], f"{path}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from faults(one, schema["items"], f"{path}[{number}]")
    elif isinstance(value, str):
        yield from text_faults(value, schema, path)


def text_faults(value: str, schema: dict[str, Any], path: str) -> Iterator[str]:
    """Yield where a text is not as its schema says."""
    if not re.search(schema.get("pattern", ""), value):
        yield f"{path}: {value!r} does not match {schema['pattern']}"
    if schema.get("format") == "date-time" and not datetime.fromisoformat(value).tzinfo:
        yield f"{path}: {value!r} has no zone"


@settings(max_examples=60, deadline=timedelta(seconds=5))
@given(ALERTS)
def test_any_text_fits(shown: Alert) -> None:
    """Whatever a feed wrote, the payload is as documented and under 20 kB."""
    assert len(encode(payload(shown))) < MAX_BYTES
    assert list(faults(payload(shown), SCHEMA)) == []


@pytest.mark.parametrize("shown", [alert(), catch_up(), alert(reason=Reason.TEST)])
def test_the_payload_is_as_documented(shown: Alert) -> None:
    """Every key of the webhook's JSON is in its schema, and every key of the schema is sent."""
    assert list(faults(payload(shown), SCHEMA)) == []


def test_the_example_in_the_docs_is_real() -> None:
    """The JSON that docs/webhook.md shows is what is sent."""
    page = (DOCS / "webhook.md").read_text("utf-8")
    example = re.search("```json\n(.*?)```", page, re.DOTALL)
    assert example
    assert json.loads(example[1]) == payload(alert())
    for key in SCHEMA["properties"]:
        assert f"`{key}`" in page


def test_the_checker_finds_faults() -> None:
    """The check itself is not blind."""
    sent = json.loads(json.dumps(payload(alert())))
    assert list(faults({**sent, "version": 2}, SCHEMA))
    assert list(faults({**sent, "more": 1}, SCHEMA))
    assert list(faults({**sent, "left_out": True}, SCHEMA))
    assert list(faults({**sent, "created_at": "2021-11-08T14:10:00"}, SCHEMA))
    assert list(faults({**sent, "items": [{**sent["items"][0], "url": "x"}]}, SCHEMA))


@pytest.mark.parametrize("char", ["a", "\\", "ж", "🇵", '"'])
def test_the_largest_payload(char: str) -> None:
    """Five items of a megabyte a text stay under 20 kB, and the payload says that it was cut."""
    long = char * 1_000_000
    terms = tuple(TermShare(term=long, surface=long, share=0.1) for _ in range(50))
    big = replace(
        ITEM,
        item_id=long,
        title=long,
        summary=long,
        source=long,
        url="https://x.test/" + char.replace("\\", "/") * 700,
        terms=terms,
        sources=tuple(f"{number}{long}" for number in range(60)),
    )
    shown = alert(*[big] * 5, reason=Reason.CATCH_UP, topic=long, id=long, story_id=long)
    sent = payload(shown)
    assert len(encode(sent)) < MAX_BYTES
    assert sent["shortened"] is True
    assert sent["story"]["source_count"] == 60
    assert len(sent["items"]) == 5


def test_a_payload_is_cut_no_more_than_needed() -> None:
    """One item keeps a summary of 2,000 characters whole; five such give way."""
    long = replace(ITEM, summary="w" * 2_000)
    assert payload(alert(long))["items"][0]["summary"] == "w" * 2_000
    assert payload(alert(long))["shortened"] is False
    five = payload(alert(*[replace(long, summary="ж" * 2_000)] * 5, reason=Reason.CATCH_UP))
    assert five["shortened"] is True
    assert five["items"][0]["summary"].endswith("…")


@pytest.mark.parametrize("reason", list(Reason))
def test_every_kind_of_message_is_as_documented(reason: Reason) -> None:
    """Whatever is sent is as the schema says: a report, and several in one message, too."""
    now = ITEM.first_seen_at
    shown = [alert(reason=reason), join([alert(), alert(reason=Reason.UPDATE)])]
    if reason is Reason.NOTICE:
        notice = make_notice("report", "border", "no alert in 7 days", "Closest: 0.40", now)
        shown += [notice, join([notice] * 3), replace(notice, topic="border", items=(ITEM,))]
    for one in shown:
        assert not list(faults(payload(one), SCHEMA))


def test_a_notice_that_is_cut_says_so() -> None:
    """A notice of more text than goes in is `shortened`, and one that just fits is not."""
    now = ITEM.first_seen_at
    for length, is_cut in ((499, False), (500, True)):
        text = "\n".join(["x" * length] * 4)
        notice = make_notice("down", "desk", "", text, now)
        assert payload(notice)["shortened"] is is_cut, length
