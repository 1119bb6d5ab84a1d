"""What `feeds prune` takes out, on which proof."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import update

from monitor.app import open_database, utc_now
from monitor.cli import main
from monitor.cli.feed_prune import Candidate, ask_once_more, decide
from monitor.cli.screen import WIDTH
from monitor.config import load
from monitor.config.places import Place
from monitor.feeds.dead import Death
from monitor.store import Store
from monitor.store.schema import feeds as rows
from tests.fakes import made
from tests.fakes.made import DAY, NOW
from tests.fakes.web import Reply, WebServer

CONFIG = """\
topics:
  border: {{seeds: [seed.txt], receivers: [me]}}
feeds:
  world:
    - {web}/well
    # The old one.
    - {{url: "{web}/dead", name: Dead}}   # since 2019
    - {web}/quiet
    - {{opml: list.opml}}
  again:
    - {web}/back
    - {web}/well
receivers:
  me: [console]
polling: {{allow_addresses: [127.0.0.1], host_spacing: 0s}}
"""
RSS = b"<rss version='2.0'><channel><item><title>A</title></item></channel></rss>"
FAILS = {"last_ok_at": 40, "failures": 170, "last_polled_at": 0}


@pytest.fixture
def web() -> Iterator[WebServer]:
    """Give a web server with feeds of which two still answer after a long time."""
    with WebServer() as server:
        for path in ("/well", "/quiet", "/back"):
            server.route(path, Reply(body=RSS))
        server.route("/page", Reply(headers={"Content-Type": "text/html"}, body=b"<html></html>"))
        yield server


@pytest.fixture
def path(tmp_path: Path, web: WebServer) -> Path:
    """Give a configuration whose database has forty days behind it."""
    (tmp_path / "seed.txt").write_text("Migrants at the border. " * 20, encoding="utf-8")
    (tmp_path / "list.opml").write_text(
        f"<opml><body><outline text='Page' xmlUrl='{web.url('/page')}'/></body></opml>"
    )
    path = tmp_path / "seedwatch.yaml"
    path.write_text(CONFIG.format(web=web.url("")), encoding="utf-8")
    settings = load(path, {})
    engine = open_database(settings)
    now = utc_now()
    Store(engine).sync_feeds(settings.feeds, now)
    states = {
        "/well": {"last_ok_at": 0, "failures": 0, "last_polled_at": 0},
        # It answers, and has brought nothing for ever so long.
        "/quiet": {"last_ok_at": 0, "failures": 0, "last_polled_at": 0, "read_at": 400},
        "/dead": FAILS,
        "/back": FAILS,
        "/page": FAILS,
    }
    with engine.begin() as tx:
        for name, state in states.items():
            values = {
                key: value if key == "failures" else now - timedelta(days=value)
                for key, value in state.items()
            }
            error = "HTTP 404 Not Found" if values["failures"] else None
            query = update(rows).where(rows.c.url == web.url(name))
            tx.execute(query.values(**values, last_error=error))
    engine.dispose()
    return path


def run(path: Path, *arguments: str) -> Result:
    """Run `feeds prune` on a configuration."""
    return CliRunner().invoke(main, ["-c", str(path), "feeds", "prune", *arguments])


def test_the_dead_go_and_the_quiet_stay(path: Path, web: WebServer) -> None:
    """What failed for long and fails now goes, from its group or out of its list."""
    was = path.read_text("utf-8")
    done = run(path, "--yes")
    assert done.exit_code == 0, done.output
    dead = f'    - {{url: "{web.url("/dead")}", name: Dead}}   # since 2019\n'
    listed = f'    - {{opml: list.opml, without: ["{web.url("/page")}"]}}\n'
    assert path.read_text("utf-8") == was.replace(dead, "").replace(
        "    - {opml: list.opml}\n", listed
    )
    left = {feed.url for feed in load(path, {}).feeds}
    assert left == {web.url(name) for name in ("/well", "/quiet", "/back")}
    lines = done.stdout.splitlines()
    assert "Dead" in lines
    assert any(line.startswith("  last good poll: 20") for line in lines)
    assert any(line.startswith("  failing for 40 d, since 20") for line in lines)
    assert "  170 failures in a row: HTTP 404 Not Found" in lines
    assert "  asked now: an HTML page, not a feed" in lines
    assert "  asked now: answers again: it stays" in lines
    assert "2 of 5 feeds are dead for 30 d or longer" in lines
    assert max(map(len, lines[:-1])) <= WIDTH
    # Who is not suspected is not asked.
    assert {one.path for one in web.requests()} == {"/dead", "/back", "/page"}


def test_nothing_goes_unasked(path: Path) -> None:
    """Where nobody can be asked nothing is written; JSON has the proof all the same."""
    was = path.read_text("utf-8")
    done = run(path, "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["written"], path.read_text("utf-8")) == (1, False, was)
    assert {one["name"]: one["goes"] for one in report["dead"]} == {
        "Dead": True,
        "Page": True,
        "127.0.0.1": False,
    }
    assert all(one["last_ok_at"] and one["failures"] == 170 for one in report["dead"])


def test_without_dead_feeds_nothing_happens(path: Path, web: WebServer) -> None:
    """Where none is dead for so long nobody is asked, and that is fine."""
    done = run(path, "--dead-for", "41d", "--yes")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == ["0 of 5 feeds are dead for 41 d or longer"]
    assert list(web.requests()) == []


@pytest.mark.parametrize("text", ["3h", "soon", "0s"])
def test_a_short_time_is_no_death(path: Path, text: str) -> None:
    """Less than a day is a wrong use."""
    assert run(path, "--dead-for", text).exit_code == 2


def test_a_host_is_not_hurried(path: Path, web: WebServer) -> None:
    """Feeds of one host are asked one after another, with the pause that polls keep."""
    settings = load(path, {})
    polling = replace(settings.polling, host_spacing=timedelta(seconds=5))
    slept: list[float] = []
    said = ask_once_more(settings.feeds, replace(settings, polling=polling), sleep=slept.append)
    assert slept == [5.0] * (len(settings.feeds) - 1)
    assert {url for url, error in said.items() if error is None} == {
        web.url(name) for name in ("/well", "/quiet", "/back")
    }


def dead(name: str) -> Death:
    """Return a feed that is dead."""
    return Death(feed=made.feed(name), since=NOW - 40 * DAY, lasted=40 * DAY)


def decided(deaths: Sequence[Death]) -> list[Candidate]:
    """Decide on dead feeds that are the entries of one group."""
    places: dict[tuple[str, ...], Sequence[Place]] = {
        ("https", "", f"{one.feed.name.lower()}.example", "/rss", ""): (
            Place(path=f"feeds.a[{number}]", group="a", url=one.feed.url, listed_in=None),
        )
        for number, one in enumerate(deaths)
    }
    errors = {one.feed.url: "HTTP 404" for one in deaths}
    entries = {"a": {f"feeds.a[{number}]" for number in range(len(deaths))}}
    return list(decide(deaths, errors, places, entries))


def test_a_group_keeps_its_last_feed() -> None:
    """A group without feeds would be wrong: its last entry stays, and that is said."""
    first, second = decided([dead("LRT"), dead("BBC")])
    assert (first.goes, second.goes) == (True, False)
    assert second.stays == "is the last entry of group a: take that out by hand"
