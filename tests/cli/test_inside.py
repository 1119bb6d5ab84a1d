"""Feeds inside: refused with the cure, and polled once the configuration allows them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.news import NewsServer, on_topic

CONFIG = """\
topics:
  border: {{seeds: [seed.txt], receivers: [desk]}}
feeds:
  all: [{{url: "{url}", name: Inside}}]
receivers:
  desk: [console]
polling: {polling}
"""


@pytest.fixture
def news() -> Iterator[NewsServer]:
    """Give a news server, which is on this machine."""
    with NewsServer() as server:
        server.open_feed("/wire", "rss", on_topic(0))
        yield server


def run(folder: Path, url: str, polling: str, *command: str) -> tuple[str, str]:
    """Run a command on a configuration with one feed; gives what it prints, and its errors."""
    text = "Belarus sends migrants to the Polish border. " * 8
    (folder / "seed.txt").write_text(text, encoding="utf-8")
    path = folder / "seedwatch.yaml"
    path.write_text(CONFIG.format(url=url, polling=polling), encoding="utf-8")
    whole = [sys.executable, "-m", "monitor", "-c", str(path), *command]
    done = subprocess.run(whole, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout, done.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_feed_inside_is_refused_with_the_cure(
    tmp_path: Path, news: NewsServer, host: str
) -> None:
    """A feed that the configuration itself names is not polled inside; `status` says the key."""
    url = f"http://{host}:{news.port}/wire"
    run(tmp_path, url, "{}", "once")
    status: dict[str, Any] = json.loads(run(tmp_path, url, "{}", "status", "--json")[0])
    (feed,) = status["feeds"]
    assert feed["last_error"].startswith("refused address: ")
    assert feed["last_error"].endswith(
        " is loopback; if that is meant, add it to polling.allow_addresses"
    )
    assert news.requests() == []


def test_an_allowed_feed_inside_is_polled(tmp_path: Path, news: NewsServer) -> None:
    """Once the configuration allows it, the same feed is well."""
    url, polling = news.url("/wire"), "{allow_addresses: [127.0.0.1]}"
    run(tmp_path, url, polling, "once")
    (feed,) = json.loads(run(tmp_path, url, polling, "status", "--json")[0])["feeds"]
    assert (feed["failures"], feed["last_error"]) == (0, None)


def test_pages_are_guarded_as_feeds_are(tmp_path: Path, news: NewsServer) -> None:
    """`why URL` fetches nothing inside either."""
    run(tmp_path, news.url("/wire"), "{}", "once")
    _, said = run(tmp_path, news.url("/wire"), "{}", "why", news.url("/page"))
    assert "cannot be fetched: refused address: 127.0.0.1 is loopback" in " ".join(said.split())
    assert news.requests() == []
