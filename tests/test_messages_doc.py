"""docs/messages.md shows what is really sent, and its templates work."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from monitor.alerts.bundle import join
from monitor.alerts.filters import FILTERS
from monitor.alerts.notice import make_notice
from monitor.alerts.own import PARTS, OwnTemplates, Part, check_template
from monitor.alerts.render import render
from monitor.alerts.view import ALERT, ITEM
from monitor.records import Alert
from tests.alerts import test_about_feeds, test_render, test_report
from tests.fakes.alerts import alert
from tests.fakes.made import NOW

DOC = (Path(__file__).parents[1] / "docs" / "messages.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [test_render.FIRST_STORY, test_report.TEXT, test_about_feeds.ALONE],
    ids=["alert", "report", "notice"],
)
def test_the_usual_forms_are_shown(text: str) -> None:
    """The messages in the document are those that the tests hold the program to."""
    assert f"```text\n{text}```\n" in DOC


def test_the_example_is_taken() -> None:
    """The templates of the example are taken, and make something."""
    example = re.search("```yaml\n(templates:.*?)```", DOC, re.DOTALL)
    assert example
    parts = YAML(typ="safe").load(example[1])["templates"]["newsroom"]
    assert set(parts) <= {*PARTS, *(f"{part}_file" for part in PARTS)}
    for part in PARTS:
        if part in parts:
            check_template(part, parts[part])
    assert render(alert(), message_id="d").subject.startswith("[belarus-eu-border] Poland")


def test_all_that_templates_see_is_described() -> None:
    """Each field and each filter is named."""
    for name in (*ALERT.fields, *ITEM.fields, *FILTERS):
        assert re.search(rf"`{name}`", DOC), name


def _examples() -> list[tuple[Part, str]]:
    shipped = (Path(__file__).parents[1] / "config" / "seedwatch.yaml").read_text(encoding="utf-8")
    found = re.search(r"^# (templates:\n(?:#  .*\n)+)", shipped, re.MULTILINE)
    documented = re.search("```yaml\n(templates:.*?)```", DOC, re.DOTALL)
    assert found
    assert documented
    texts = (found[1].replace("\n# ", "\n"), documented[1])
    parts: tuple[Part, ...] = ("text", "slack")
    read = [YAML(typ="safe").load(text)["templates"]["newsroom"] for text in texts]
    return [(part, one[part]) for one in read for part in parts if part in one]


@pytest.mark.parametrize("part, body", _examples())
def test_the_examples_leave_nothing_out(part: Part, body: str) -> None:
    """The templates that we show say how much a digest leaves out, and all of a report."""
    check_template(part, body)
    own = OwnTemplates(receiver="newsroom", sources={part: body})

    def said(shown: Alert) -> str:
        message = render(shown, message_id="d", own=own)
        assert not message.template_faults
        return json.dumps(message.blocks) if part == "slack" else message.text

    assert "+7 more" in said(join([replace(alert(), id=str(number)) for number in range(27)]))
    report = make_notice("report", "border", "no alert in 7 days", "Closest: 0.40", NOW)
    report = replace(report, topic="border", items=alert().items)
    assert "no alert in 7 days" in said(report)
    assert "Closest: 0.40" in said(report)
