"""Changes of a configuration that are tried without being written."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.config import load
from monitor.errors import ConfigError
from tests.fakes.living import TOPICS, write


def test_values_are_typed_as_yaml_has_them(tmp_path: Path) -> None:
    """Numbers, lists and texts; the last change of a key counts, and the file stays as it is."""
    path = write(tmp_path, TOPICS)
    before = path.read_bytes()
    changes = [
        "topics.border.threshold=0.9",
        "topics.border.threshold=0.4",
        "topics.border.never_mention=[ice hockey, chess]",
        "topics.berlin.threshold=3 per week",
        "polling.every=20m",
    ]
    found = load(path, {}, changes)
    border, berlin, rated = found.topics
    assert (border.threshold, border.never_mention) == (0.4, ("ice hockey", "chess"))
    assert (berlin.threshold, berlin.alerts_per_week) == (None, 3)
    assert rated == load(path, {}).topics[2]
    assert found.polling.every.total_seconds() == 1200
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "change, told",
    [
        (
            "topics.bordr.threshold=0.4",
            "--set: topics.bordr.threshold: unknown topic 'bordr'; did you mean 'border'?",
        ),
        ("topics.border.threshold=7", "--set: topics.border.threshold: 7 is not between 0 and 1"),
        (
            "topics.border.treshold=1",
            "--set: topics.border: unknown key 'treshold'; did you mean 'threshold'?",
        ),
        (
            "topics.border.threshold",
            (
                "--set: 'topics.border.threshold' is no change; write it like"
                " topics.border.threshold=0.4"
            ),
        ),
        (
            "topics.border.receivers=[desq]",
            "--set: topics.border.receivers[0]: unknown receiver 'desq'; did you mean 'desk'?",
        ),
        (
            "topics.border.never_mention=[a",
            (
                "--set: topics.border.never_mention: not valid YAML: a list begun with '[' is not"
                " closed, or lacks a comma"
            ),
        ),
        (
            "topics.border.threshold=",
            "--set: topics.border.threshold: has no value; give it one or remove the key",
        ),
        ("store=${NOWHERE}", "--set: store: ${NOWHERE} is not set; set NOWHERE in the environment"),
    ],
)
def test_a_wrong_change_is_a_fault_like_any_other(tmp_path: Path, change: str, told: str) -> None:
    """It names key, value and cure, and the change in the stead of a line."""
    with pytest.raises(ConfigError) as raised:
        load(write(tmp_path, TOPICS), {}, [change])
    assert str(raised.value) == told
