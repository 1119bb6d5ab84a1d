"""The files that we ship: the schema is current, and what the configuration offers loads."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from monitor.config import load
from monitor.config.part import Shape
from monitor.config.schema import schema, text
from monitor.config.values import KINDS

ROOT = Path(__file__).parents[2]
SHIPPED = ROOT / "config" / "seedwatch.yaml"
GROUPS = ("world", "eu", "poland", "lithuania", "latvia", "belarus", "ukraine", "neighbours")

COMMENTED = re.compile(
    r"^(\s+)# (- (?:slack|email|webhook|apprise|file|alertmanager): .*)$", re.MULTILINE
)
ENVIRON = {
    "SLACK_WEBHOOK_URL": "https://hooks.example/T0",
    "SEEDWATCH_MAIL_TO": "desk@example.org",
    "SMTP_HOST": "mail.example.org",
    "SMTP_USER": "me",
    "SMTP_PASSWORD": "pw",
    "SEEDWATCH_WEBHOOK_URL": "https://example.org/hook",
    "APPRISE_URL": "ntfy://ntfy.sh/topic",
    "SLACK_BOT_TOKEN": "xoxb-1-2-abc",
    "ALERTMANAGER_URL": "http://localhost:9093",
}


def test_schema_file_is_current() -> None:
    """The shipped schema is what the models say; `python -m monitor.config.schema` renews it."""
    assert (ROOT / "config" / "schema.json").read_text(encoding="utf-8") == text()


def test_every_key_is_described() -> None:
    """Each key and each section of the schema has a description for whoever edits the file."""
    body = schema()
    for part in [body, *body["$defs"].values()]:
        assert part["description"]
        assert part["additionalProperties"] is False
        for field in part.get("properties", {}).values():
            # One that only repeats the description of its section is left out.
            assert "description" in field or "$ref" in field


def test_defaults_of_the_schema_are_as_written() -> None:
    """Defaults stand in the schema as one would write them in the file."""
    defaults = schema()["$defs"]["PollingShape"]["properties"]
    assert {key: field.get("default") for key, field in defaults.items()} == {
        "every": "15m",
        "at_most_every": None,
        "at_least_every": "6h",
        "per_host": 1,
        "host_spacing": "5s",
        "workers": 16,
        "timeout": "30s",
        "tell_after_failures": 5,
        "max_bytes": "8MB",
        "contact": None,
        "allow_addresses": [],
    }


def test_every_shape_refuses_unknown_keys() -> None:
    """No part of the file lets a mistyped key pass."""
    assert all(shape.model_config.get("extra") == "forbid" for shape in Shape.__subclasses__())


def test_shipped_file_points_to_the_schema() -> None:
    """Editors find the schema by the first line."""
    first = SHIPPED.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=schema.json"


def test_shipped_file_explains_every_key() -> None:
    """Each key that the file may have at its top, in a topic or in a section is shown in it."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    definitions: dict[str, Any] = {"": schema(), **schema()["$defs"]}
    parts = ("Topic", "Expect", "Polling", "Delivery", "Log", "Reports")
    for part in ("", *(f"{name}Shape" for name in parts)):
        for key in definitions[part]["properties"]:
            assert re.search(rf"^ *{key}:", shipped, re.MULTILINE), key


def test_shipped_file_loads_without_environment() -> None:
    """The shipped file works before any secret is set: one topic, a console, real feeds."""
    settings = load(SHIPPED, {})
    assert [topic.name for topic in settings.topics] == ["belarus-eu-border"]
    topic = settings.topics[0]
    assert [one.wanted for one in topic.expected] == [True, True, False, False]
    assert topic.groups == GROUPS
    assert topic.seeds[0].text.startswith("Poland has stepped up security along its border")
    assert [one.kind for one in settings.receivers[0].destinations] == ["console"]


def test_shipped_feeds() -> None:
    """Each group has feeds; all have a name, a language and https; none is there twice."""
    feeds = load(SHIPPED, {}).feeds
    sizes = Counter(group for feed in feeds for group in feed.groups)
    assert set(sizes) == set(GROUPS)
    assert min(sizes.values()) >= 5
    assert all(feed.url.startswith("https://") and feed.name and feed.lang for feed in feeds)
    assert all(len(feed.groups) == 1 for feed in feeds)
    assert {feed.lang for feed in feeds} >= {"en", "pl", "lt", "lv", "be", "ru", "uk"}


@pytest.mark.parametrize("number", range(len(COMMENTED.findall(SHIPPED.read_text("utf-8")))))
def test_commented_receiver_is_one_step_from_use(tmp_path: Path, number: int) -> None:
    """Each receiver in comments loads once its comment is gone and its variables are set."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    found = list(COMMENTED.finditer(shipped))[number]
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds").symlink_to(SHIPPED.parent / "feeds")
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    for name in ("webhook.key", "old.key"):
        (tmp_path / "config" / name).write_bytes(base64.b64encode(b"k" * 32) + b"\n")
    path = tmp_path / "config" / "seedwatch.yaml"
    path.write_text(
        f"{shipped[: found.start()]}{found[1]}{found[2]}{shipped[found.end() :]}", "utf-8"
    )
    names = set(re.findall(r"\$\{(\w+)\}", found[2]))
    settings = load(path, {name: ENVIRON[name] for name in names})
    kind = found[2][2:].partition(":")[0]
    assert [one.kind for one in settings.receivers[0].destinations] == ["console", kind]


def test_commented_websub_is_one_step_from_use(tmp_path: Path) -> None:
    """The line in comments loads in the place of the one above it."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds").symlink_to(SHIPPED.parent / "feeds")
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    path = tmp_path / "config" / "seedwatch.yaml"
    path.write_text(shipped.replace("websub: null\n# websub:", "websub:"), "utf-8")
    assert load(path, {}).websub is not None


def test_commented_templates_are_one_step_from_use(tmp_path: Path) -> None:
    """The templates in comments load in the place of the line above them."""
    shipped = SHIPPED.read_text(encoding="utf-8")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "feeds").symlink_to(SHIPPED.parent / "feeds")
    (tmp_path / "seeds").symlink_to(ROOT / "seeds")
    path = tmp_path / "config" / "seedwatch.yaml"
    before, _, after = shipped.partition("templates: {}\n")
    commented, blank, rest = after.partition("\n\n")
    path.write_text(before + re.sub("(?m)^# ", "", commented) + blank + rest, "utf-8")
    assert sorted(load(path, {}).templates["newsroom"].sources) == ["subject", "text"]


def test_all_kinds_stand_in_comments() -> None:
    """Every kind but the console stands in comments beside it."""
    kinds = {entry[2:].partition(":")[0] for _, entry in COMMENTED.findall(SHIPPED.read_text())}
    assert kinds == set(KINDS) - {"console"}


def test_schema_is_json() -> None:
    """The text of the schema is JSON of a known draft."""
    assert json.loads(text())["$schema"] == "https://json-schema.org/draft/2020-12/schema"
