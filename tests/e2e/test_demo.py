"""The demo, as a newcomer runs it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest


@pytest.mark.xdist_group("demo")
# It waits for a busy machine as long as that takes; an idle one needs half a minute.
@pytest.mark.timeout(600)
def test_the_demo_shows_the_story_and_sums_up() -> None:
    """It needs nothing, shows alerts with their reasons, and says what was missed and left out."""
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "demo"],
        check=True,
        capture_output=True,
        text=True,
        timeout=580,
    )
    out = done.stdout
    assert "catch-up" in out
    assert "Polish police fire water cannon" in out
    told = re.search(r"told +(\d+)", out)
    on_topic = re.search(r"by the stream's own labels +(\d+)", out)
    assert told
    assert on_topic
    assert int(told.group(1)) >= 0.6 * int(on_topic.group(1))
    assert "broken feed: Vistula 24: parse: an HTML page, not a feed" in out
    assert max(map(len, out.splitlines())) <= 80
    assert done.stderr == ""
