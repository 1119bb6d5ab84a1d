"""How the service behaves towards the servers that it polls, over days, as these see it.

The parts are the real ones: configuration, store, schedule, client. The clock is the test's, and
the web server notes what it is asked, and when.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import structlog

from monitor import app as wiring
from monitor.app import App
from monitor.config import load
from monitor.feeds.conditions import DISTRUST
from monitor.poll import Poller
from monitor.records import Feed
from monitor.rules import turn_rules
from monitor.sift import item_id
from monitor.start import start_up
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND
from tests.fakes.web import RecordedRequest, Reply, WebServer

SEED = "Belarus sends migrants to the Polish border. " * 8
CONFIG = """\
topics:
  border: {{seeds: [seed.txt], receivers: [desk]}}
feeds:
  all: {feeds}
receivers:
  desk: [console]
polling:
  {{every: {every}, contact: https://desk.example/bot, allow_addresses: [127.0.0.1]{more}}}
"""
SYNDICATION = "http://purl.org/rss/1.0/modules/syndication/"
ITEM = "<item><guid>{0}</guid><title>Migrants at the border, {0}</title></item>"


def rss(*names: object, extra: str = "") -> bytes:
    """Write a feed with these items."""
    items = "".join(ITEM.format(name) for name in names)
    return f'<rss version="2.0"><channel><title>t</title>{extra}{items}</channel></rss>'.encode()


class AtOnce(Executor):
    """Does what it is handed before it gives the hand back."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        fn(*args, **kwargs)
        return Future()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a server saw of one poll."""

    at: datetime
    path: str
    headers: dict[str, str]

    @property
    def validators(self) -> tuple[str | None, str | None]:
        """What it was asked with."""
        return self.headers.get("if-none-match"), self.headers.get("if-modified-since")


@dataclass(slots=True)
class World:
    """A service and a server, and a clock that a test moves on."""

    folder: Path
    web: WebServer
    now: datetime = NOW
    asked: list[Asked] = field(default_factory=list)
    logs: list[Any] = field(default_factory=list)

    def serve(self, path: str, answer: Callable[[RecordedRequest], Reply]) -> str:
        """Answer a path, and note who asks for it when."""

        def respond(request: RecordedRequest) -> Reply:
            self.asked.append(
                Asked(at=self.now, path=request.path, headers=dict(request.headers.items()))
            )
            return answer(request)

        return self.web.route(path, respond)

    @contextmanager
    def service(self, *urls: str, every: str = "15m", more: str = "") -> Iterator[App]:
        """Start the service as the configuration says; it polls when the clock is moved."""
        path = self.folder / "seedwatch.yaml"
        text = CONFIG.format(feeds=list(urls), every=every, more=more)
        path.write_text(text, encoding="utf-8")
        (self.folder / "seed.txt").write_text(SEED, encoding="utf-8")
        settings = load(path, {})
        engine = wiring.open_database(settings)
        app = wiring.wire(settings, engine, clock=lambda: self.now)
        start_up(app)
        try:
            yield app
        finally:
            app.close()

    def live(self, app: App, time: timedelta, step: timedelta = MINUTE) -> None:
        """Let some time pass."""
        rules = turn_rules(app.settings)
        poller = Poller(app.store, app.reader.read, app.ingest.take, rules, AtOnce())
        end = self.now + time
        with structlog.testing.capture_logs() as logs:
            while self.now < end:
                poller.tick(self.now, until=float("inf"))
                poller.tick(self.now, until=float("inf"))
                # Nothing happens before the next feed is due.
                due = min(feed.due_at for feed in app.store.feeds())
                self.now = max(self.now + step, min(due, end))
            # Once to start what is due, and once to judge it: nothing is under way at the end.
            poller.tick(self.now, until=float("inf"))
            poller.tick(self.now, until=float("inf"))
        self.logs += logs

    def told(self, event: str) -> list[Any]:
        """Give the lines of the log with this event."""
        return [one for one in self.logs if one["event"] == event]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a world."""
    with WebServer() as web:
        yield World(tmp_path, web)


def the_feed(app: App) -> Feed:
    """Give the only feed."""
    (feed,) = app.store.feeds()
    return feed


def conditional(etag: str, body: Callable[[], bytes], **more: str) -> Callable[..., Reply]:
    """Answer like a good server: 304 to whoever has it, else the whole with its validators."""

    def answer(request: RecordedRequest) -> Reply:
        headers = {"ETag": etag, "Last-Modified": "Mon, 08 Nov 2021 14:00:00 GMT", **more}
        if request.headers.get("If-None-Match") == etag:
            return Reply(status=304, headers=headers)
        return Reply(body=body(), headers=headers)

    return answer


# ------------------------------------------------------------------------------------- the score


@pytest.mark.parametrize("etag", ['W/"a--gzip"', '"\xe9"'])
def test_the_score_of_a_reader(world: World, etag: str) -> None:
    """One whole answer, then only validators as they came, at our pace, with nothing else.

    After Rachel Kroll's "feed reader score" (https://rachelbythebay.com/fs/).
    """
    url = world.serve("/feed?for=me".partition("?")[0], conditional(etag, lambda: rss(1)))
    with world.service(f"{url}?for=me") as app:
        world.live(app, 20 * HOUR)
    first, *later = world.asked
    assert len(later) >= 60
    assert first.validators == (None, None)
    modified = "Mon, 08 Nov 2021 14:00:00 GMT"
    assert {one.validators for one in later} == {(etag, modified)}
    assert {one.path for one in world.asked} == {"/feed?for=me"}
    plain = {"host", "user-agent", "accept", "accept-encoding"}
    for one in world.asked:
        assert set(one.headers) - {"connection", "if-none-match", "if-modified-since"} == plain
        assert one.headers["user-agent"].startswith("seedwatch/")
        assert one.headers["user-agent"].endswith("(+https://desk.example/bot)")
        assert one.headers["accept-encoding"] == "gzip"
    pauses = [after.at - before.at for before, after in pairwise(world.asked)]
    assert min(pauses) >= 15 * MINUTE * 0.9
    # The clock goes on while it is asked.
    assert max(pauses) <= 15 * MINUTE * 1.1 + SECOND


def test_a_restart_asks_nobody(world: World) -> None:
    """A service that is started again and again polls no more often for it, and forgets nothing."""
    url = world.serve("/feed", conditional('"1"', lambda: rss(1)))
    for _ in range(30):
        with world.service(url) as app:
            world.live(app, MINUTE)
    assert [one.validators[0] for one in world.asked[:2]] == [None, '"1"']
    assert {one.validators[0] for one in world.asked[1:]} == {'"1"'}
    # Half an hour has two intervals at most, each stretched or shortened by a tenth.
    pauses = [after.at - before.at for before, after in pairwise(world.asked)]
    assert min(pauses) >= 13 * MINUTE
    assert len(world.asked) <= 3


def test_one_get_for_a_new_feed(world: World) -> None:
    """A feed that is added costs its server one GET: nothing is probed, beside it or before it."""
    url = world.serve("/news/feed", lambda _: Reply(body=rss(1)))
    with world.service(url) as app:
        world.live(app, 2 * MINUTE)
        assert the_feed(app).baseline_at == NOW
    assert [(one.method, one.path) for one in world.web.requests()] == [("GET", "/news/feed")]


# ------------------------------------------------------------------------------------ validators


def test_validators_of_what_was_not_taken(world: World) -> None:
    """A body that could not be read leaves no validators: what is good next is not missed."""
    bodies = [rss(1), b"<html>We are down</html>", rss(1, 2)]

    def answer(request: RecordedRequest) -> Reply:
        number = min(len(world.asked), len(bodies)) - 1
        if request.headers.get("If-None-Match") == f'"{number}"':
            return Reply(status=304)
        return Reply(body=bodies[number], headers={"ETag": f'"{number}"'})

    with world.service(world.serve("/feed", answer)) as app:
        world.live(app, HOUR)
        assert [one.validators[0] for one in world.asked[:4]] == [None, '"0"', '"0"', '"2"']
        assert app.reports.counts()["items"] == 2


def test_another_url_is_another_feed(world: World) -> None:
    """If the configuration names another address, nothing that the old one said is sent there."""
    one = world.serve("/one", conditional('"1"', lambda: rss(1)))
    two = world.serve("/two", conditional('"1"', lambda: rss(2)))
    with world.service(one) as app:
        world.live(app, 20 * MINUTE)
    with world.service(two) as app:
        world.live(app, 20 * MINUTE)
        assert app.reports.counts()["items"] == 2
    assert [one.validators[0] for one in world.asked if one.path == "/two"] == [None, '"1"']


def test_once_a_day_the_whole(world: World) -> None:
    """A feed that has answered only 304 for a day is asked for all of it, once a day."""
    url = world.serve("/feed", conditional('"1"', lambda: rss(1)))
    with world.service(url, every="1h") as app:
        world.live(app, 4 * DAY, 5 * MINUTE)
    whole = [one.at for one in world.asked if one.validators == (None, None)]
    assert len(whole) == 4
    assert all(DAY <= after - before <= DAY + 90 * MINUTE for before, after in pairwise(whole))


def test_validators_that_lie(world: World) -> None:
    """News that a 304 has hidden is found within a day, and for a week no 304 is asked for."""
    names: list[int] = [1]
    url = world.serve("/feed", conditional('"for ever"', lambda: rss(*names)))
    with world.service(url, every="1h") as app:
        world.live(app, 2 * HOUR)
        names.append(2)
        world.live(app, DAY)
        assert app.reports.counts()["items"] == 2
        assert [one["feed"] for one in world.told("validators_lie")] == ["127.0.0.1"]
        names.append(3)
        world.live(app, 2 * HOUR)
        assert app.reports.counts()["items"] == 3
        since = the_feed(app).lied_at
        assert since is not None
        world.live(app, DISTRUST + DAY, 10 * MINUTE)
    believed = [one.at for one in world.asked if one.validators[0] and one.at > since]
    assert believed[0] >= since + DISTRUST


# ---------------------------------------------------------------------------------------- deltas


def test_what_is_new_is_enough(world: World) -> None:
    """Where a server offers deltas (RFC 3229), they are asked for, and nothing is lost by them."""

    def answer(request: RecordedRequest) -> Reply:
        number = len(world.asked)
        headers = {"ETag": f'"{number}"', "Vary": "A-IM", "IM": "feed"}
        if request.headers.get("A-IM") == "feed":
            return Reply(status=226, body=rss(number), headers=headers)
        return Reply(body=rss(*range(1, number + 1)), headers={**headers, "IM": ""})

    with world.service(world.serve("/feed", answer), every="1h") as app:
        world.live(app, 25 * HOUR + 10 * MINUTE)
        assert app.reports.counts()["items"] == len(world.asked)
        feed = the_feed(app)
    assert world.asked[0].headers.get("a-im") is None
    assert [one.headers.get("a-im") for one in world.asked[1:10]] == ["feed"] * 9
    # A part is not the whole: that is still asked for once a day.
    assert sum(one.validators == (None, None) for one in world.asked) == 2
    assert feed.failures == 0


# ----------------------------------------------------------------------------------------- hints


@pytest.mark.parametrize(
    "headers, extra, pause",
    [
        ({"Cache-Control": "max-age=3600"}, "", HOUR),
        ({}, "<ttl>120</ttl>", 2 * HOUR),
        (
            {},
            f'<u:updatePeriod xmlns:u="{SYNDICATION}">daily</u:updatePeriod>',
            6 * HOUR,
        ),
        ({"Cache-Control": "max-age=31536000"}, "<ttl>0</ttl>", 15 * MINUTE),
        (
            {},
            f'<u:updatePeriod xmlns:u="{SYNDICATION}">hourly</u:updatePeriod>',
            15 * MINUTE,
        ),
    ],
)
def test_hints_are_obeyed(
    world: World, headers: dict[str, str], extra: str, pause: timedelta
) -> None:
    """A feed that asks for patience gets it, within the bounds of the configuration."""
    answer = conditional('"1"', lambda: rss(1, extra=extra), **headers)
    with world.service(world.serve("/feed", answer)) as app:
        world.live(app, 20 * HOUR)
    pauses = [after.at - before.at for before, after in pairwise(world.asked)]
    assert len(pauses) >= 3
    assert pause * 0.9 <= min(pauses)
    assert max(pauses) <= pause * 1.1


# ------------------------------------------------------------------------------------- redirects


def test_a_feed_that_moves(world: World) -> None:
    """A permanent redirect is taken over after a day; the items stay the same items."""
    new = world.serve("/new", conditional('"1"', lambda: rss(1)))
    old = world.serve("/old", lambda _: Reply(status=301, headers={"Location": "/new"}))
    with world.service(old, every="1h") as app:
        world.live(app, 3 * DAY, 5 * MINUTE)
        feed = the_feed(app)
        assert (feed.url, feed.moved_to) == (old, new)
        (first,) = app.reports.items("1", None)
        assert first.id == item_id(old, first.item.key)
    at_home = [one.at for one in world.asked if one.path == "/old"]
    assert DAY <= at_home[-1] - at_home[0] <= DAY + 2 * HOUR
    (line,) = world.told("feed_moved")
    assert (line["url"], line["fetched_from"]) == (old, new)
    # No document was sent twice for it but at the first poll, and once a day.
    whole = [one.at for one in world.asked if one.path == "/new" and not one.validators[0]]
    assert len(whole) <= 4


def test_a_feed_that_only_visits(world: World) -> None:
    """A temporary redirect is followed for ever, and never taken over."""
    world.serve("/new", conditional('"1"', lambda: rss(1)))
    old = world.serve("/old", lambda _: Reply(status=307, headers={"Location": "/new"}))
    with world.service(old, every="1h") as app:
        world.live(app, 3 * DAY, 5 * MINUTE)
        assert the_feed(app).moved_to is None
    assert sum(one.path == "/old" for one in world.asked) > 60


def test_a_move_to_a_page_that_is_no_feed(world: World) -> None:
    """A permanent redirect to a log-in page moves nothing, however long it lasts."""
    world.serve("/login", lambda _: Reply(body=b"<html><title>Log in</title></html>"))
    old = world.serve("/old", lambda _: Reply(status=301, headers={"Location": "/login"}))
    with world.service(old, every="1h") as app:
        world.live(app, 4 * DAY, 10 * MINUTE)
        feed = the_feed(app)
    assert (feed.moved_to, feed.move) == (None, None)
    assert feed.failures > 5


# -------------------------------------------------------------------------------------- refusals


def test_a_feed_that_is_gone(world: World) -> None:
    """A feed that is gone is told once, and looked at after a day and then once a week."""
    url = world.serve("/feed", lambda _: Reply(status=410))
    with world.service(url) as app:
        world.live(app, 30 * DAY, HOUR)
        feed = the_feed(app)
        assert feed.gone_at == NOW
    assert 5 <= len(world.asked) <= 6
    assert world.asked[1].at - NOW >= DAY * 0.9
    assert len(world.told("feed_gone")) == 1


def test_a_feed_that_comes_back(world: World) -> None:
    """A feed that was gone by mistake is polled as before once a look finds it."""
    url = world.serve(
        "/feed",
        lambda _: Reply(status=410) if len(world.asked) == 1 else Reply(body=rss(1)),
    )
    with world.service(url) as app:
        world.live(app, 2 * DAY, 5 * MINUTE)
        feed = the_feed(app)
    assert (feed.gone_at, feed.failures) == (None, 0)
    assert len(world.asked) > 50
    assert len(world.told("feed_recovered")) == 1


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_feed_that_is_refused(world: World, status: int) -> None:
    """A refused feed is told once and asked ever less often, but for ever."""
    url = world.serve("/feed", lambda _: Reply(status=status))
    with world.service(url) as app:
        world.live(app, 10 * DAY, 30 * MINUTE)
    assert 11 <= len(world.asked) <= 15
    told = [one for one in world.told("poll_failed") if one["log_level"] == "warning"]
    assert len(told) == 1


@pytest.mark.parametrize(
    "retry_after, rest",
    [("7200", 2 * HOUR), (None, HOUR), ("999999999", DAY)],
    ids=["as it asks", "it does not say", "not for ever"],
)
def test_a_host_that_has_had_enough(world: World, retry_after: str | None, rest: timedelta) -> None:
    """After a 429 none of the host's feeds is asked before the time, even after a restart."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}

    def answer(_: RecordedRequest) -> Reply:
        is_too_much = len(world.asked) == 3
        return Reply(status=429, headers=headers) if is_too_much else Reply(body=rss(1))

    urls = [world.serve(f"/{number}", answer) for number in range(5)]
    with world.service(*urls) as app:
        world.live(app, 30 * MINUTE, 5 * SECOND)
    with world.service(*urls) as app:
        world.live(app, DAY + HOUR, MINUTE)
    third, fourth = world.asked[2:4]
    assert rest <= fourth.at - third.at <= rest + 2 * MINUTE
    assert len({one.path for one in world.asked}) == 5
    assert len(world.told("host_rests")) == 1


def test_one_that_is_unwell_speaks_for_itself(world: World) -> None:
    """A 503 with `Retry-After` is about one feed: others of its host are polled on."""
    headers = {"Retry-After": "7200"}
    ill = world.serve("/ill", lambda _: Reply(status=503, headers=headers))
    well = world.serve("/well", lambda _: Reply(body=rss(1)))
    with world.service(ill, well) as app:
        world.live(app, 2 * HOUR - MINUTE)
    assert sum(one.path == "/ill" for one in world.asked) == 1
    assert sum(one.path == "/well" for one in world.asked) >= 6


# --------------------------------------------------------------------------------------- bursts


def test_a_host_of_many_feeds(world: World) -> None:
    """However many of its feeds are due, a host is asked each five seconds at most, all in turn."""
    urls = [world.serve(f"/{number}", lambda _: Reply(body=rss(1))) for number in range(30)]
    with world.service(*urls) as app:
        world.live(app, 20 * MINUTE, SECOND)
        # The lid is closed for a night.
        world.now += 8 * HOUR
        world.live(app, 3 * MINUTE, SECOND)
    pauses = [after.at - before.at for before, after in pairwise(world.asked)]
    assert min(pauses) >= 5 * SECOND
    times = {path: sum(one.path == path for one in world.asked) for path in map(_path, urls)}
    assert set(times.values()) == {3}


def _path(url: str) -> str:
    return "/" + url.rpartition("/")[2]


def test_a_password_is_not_told(world: World) -> None:
    """The password in a feed's address is used, and is in no line of the log."""
    url = world.serve("/feed", lambda _: Reply(status=410)).replace("//", "//u:s3cret@")
    with world.service(url) as app:
        world.live(app, DAY + HOUR, HOUR)
    assert {one.headers["authorization"] for one in world.asked} == {"Basic dTpzM2NyZXQ="}
    assert world.told("feed_gone")
    assert "s3cret" not in str(world.logs)
