"""Which hubs are asked: a stranger names them, in a feed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from monitor import app as wiring
from monitor.app import App
from monitor.config import load
from monitor.records import Document, Link
from monitor.start import start_up
from monitor.subscription import Subscription
from tests.fakes.alerts import message
from tests.fakes.made import NOW
from tests.fakes.reading import read
from tests.fakes.web import Reply, WebServer

CONFIG = """\
topics:
  border: {{seeds: [seed.txt], receivers: [desk]}}
feeds:
  all: ["https://lrt.example/rss"]
receivers:
  desk: [{{webhook: {{url: "{receiver}"}}}}]
polling: {{allow_addresses: [127.0.0.0/8]}}
delivery: {{timeout: 5s}}
websub: {{callback_url: "https://alerts.example.org/websub"}}
"""
RSS = b"<rss version='2.0'><channel><title>LRT</title></channel></rss>"


@contextmanager
def service(folder: Path, receiver: str = "https://desk.example/") -> Iterator[App]:
    """Wire the service as it is configured."""
    path = folder / "seedwatch.yaml"
    path.write_text(CONFIG.format(receiver=receiver), encoding="utf-8")
    (folder / "seed.txt").write_text("Belarus sends migrants to the border. " * 8, encoding="utf-8")
    settings = load(path, {})
    app = wiring.wire(settings, wiring.open_database(settings), clock=lambda: NOW)
    try:
        start_up(app)
        yield app
    finally:
        app.close()


def asked(app: App, hub: str) -> Subscription:
    """Let the service ask a hub that its feed names; give what came of it."""
    (feed,) = app.store.feeds()
    links = (Link(rel="hub", url=hub), Link(rel="self", url=feed.url))
    assert app.subscriber is not None
    document = Document(url=feed.url, body=RSS, links=links, fetched_at=NOW)
    app.subscriber.take(feed, read(feed, document))
    with ThreadPoolExecutor(1) as threads:
        app.subscriber.tick(threads, until=time.monotonic() + 60)
    (found,) = app.subscriptions.all()
    return found


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
def test_a_feed_names_no_hub_inside(tmp_path: Path, name: str) -> None:
    """A hub on this machine is not asked, though feeds of this network may be polled."""
    with WebServer() as web, service(tmp_path) as app:
        web.route("/hub", Reply(status=202))
        found = asked(app, f"http://{name}:{web.port}/hub")
        assert web.requests() == []
    assert found.failures == 1
    assert " is loopback" in found.detail
    assert "own name or address to polling.allow_addresses" in found.detail


@pytest.mark.parametrize(
    "hub, says",
    [
        ("http://169.254.169.254/latest/", "169.254.169.254 is a cloud's metadata"),
        ("http://10.0.0.1/", "10.0.0.1 is private"),
        ("http://0.0.0.0/", "0.0.0.0 is unspecified"),
    ],
)
def test_a_hub_elsewhere_inside(tmp_path: Path, hub: str, says: str) -> None:
    """Nor is one in another network, or where a cloud keeps its credentials."""
    with service(tmp_path) as app:
        found = asked(app, hub)
    assert found.detail.startswith(f"{says}, and a feed may name no hub there")


def test_receivers_stay_free(tmp_path: Path) -> None:
    """The same client still brings messages to a receiver inside: who configures, names it."""
    with WebServer() as web:
        receiver = web.route("/hook", Reply(status=202))
        with service(tmp_path, receiver) as app:
            (notifier,) = wiring.make_notifiers(app.settings, app.client, app.clock).values()
            notifier.send(message())
            assert asked(app, web.url("/hook")).failures == 1
        assert [one.body[:1] for one in web.requests("/hook")] == [b"{"]


def test_a_reload_takes_over_what_waits_and_what_parses(tmp_path: Path) -> None:
    """After a reload the same inbox and the same processes serve the new configuration."""
    with service(tmp_path) as app:
        before = app.parsers.read(Document(url="https://lrt.example/rss", body=RSS, fetched_at=NOW))
        after = wiring.wire(app.settings, app.engine, clock=app.clock, after=app)
        assert after.inbox is app.inbox
        assert after.parsers is app.parsers
        document = Document(url="https://lrt.example/rss", body=RSS, fetched_at=NOW)
        assert after.parsers.read(document) == before
