"""docs/messages.md shows what is really sent, and its templates work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from monitor.alerts.filters import FILTERS
from monitor.alerts.own import PARTS, check_template
from monitor.alerts.render import render
from monitor.alerts.view import ALERT, ITEM
from tests.alerts import test_about_feeds, test_render, test_report
from tests.fakes.alerts import alert

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
