"""The daemon's own clock: when it looks for work."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.app import App, open_database, wire
from monitor.config import load
from monitor.daemon import Daemon
from tests.fakes.service import PATIENCE, SEED
from tests.fakes.web import Reply, WebServer

# With it, polls that waited for the next tick would not come within the patience of a test.
TICK = timedelta(seconds=PATIENCE)


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server."""
    with WebServer() as server:
        yield server


@pytest.fixture
def app(web: WebServer, tmp_path: Path) -> App:
    """Give an app with one worker and three feeds, which are due at once."""
    config = {
        "topics": {"border": {"seeds": [str(SEED)], "receivers": ["log"]}},
        "feeds": {"all": [web.route(f"/{number}", Reply(status=503)) for number in range(3)]},
        "receivers": {"log": [{"console": {}}]},
        "polling": {
            "workers": 1,
            "host_spacing": "0s",
            "allow_addresses": ["127.0.0.1"],
        },
    }
    path = tmp_path / "seedwatch.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    settings = load(path, {})
    return wire(settings, open_database(settings))


def test_a_worker_that_is_done_does_not_wait_for_the_next_tick(web: WebServer, app: App) -> None:
    """While all workers are busy, the next poll comes much sooner than the next tick would."""
    daemon = Daemon(app, lambda: app.settings, tick=TICK)
    asked: list[int] = []

    def watch() -> None:
        try:
            for number in range(3):
                web.wait_for(f"/{number}", 1, PATIENCE / 2)
                asked.append(number)
        finally:
            daemon.stop()

    watcher = threading.Thread(target=watch)
    watcher.start()
    daemon.run()
    watcher.join()
    assert asked == [0, 1, 2]
