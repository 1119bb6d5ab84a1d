"""A subscription from its discovery to its end, as timelines against a hub on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import Engine

from monitor.desk import PushDesk
from monitor.feeds import websub
from monitor.feeds.pace import Bounds
from monitor.feeds.pacer import Pacer
from monitor.fetch import Client, Guard, Limits, Trust
from monitor.inbox import Inbox
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.push import Listener, PushLimits
from monitor.reading import Reading
from monitor.records import Answer, Batch, Document, Feed, FetchFailure, Link, NotModified
from monitor.store import Store, Subscriptions, migrate, open_engine
from monitor.subscribe import MOST_TRIES, Pipe, Subscriber, SubscribeRules
from monitor.subscription import Subscription, SubscriptionState
from monitor.topics.track import Tracker
from tests.fakes import made
from tests.fakes.hub import CHALLENGE, Hub
from tests.fakes.made import DAY, HOUR, MINUTE, NOW, SECOND
from tests.fakes.reading import look_into, read
from tests.fakes.web import Reply

CALLBACK = "https://alerts.example.org/websub"
TOPIC = "https://lrt.example/rss"
MAX_BYTES = 50_000
EVERY = 15 * MINUTE


class AtOnce(Executor):
    """Does what it is given before it returns."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do it."""
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Stage:
    """A store, a subscriber, a door and a hub; time passes when the test says so."""

    def __init__(self, engine: Engine) -> None:
        self.now = NOW
        self.store = Store(engine)
        self.subscriptions = Subscriptions(engine)
        self.inbox = Inbox(most=3, max_bytes=4 * MAX_BYTES)
        desk = PushDesk(self.subscriptions, self.inbox, clock=self.clock)
        self.listener = Listener("127.0.0.1", 0, desk, PushLimits(max_bytes=MAX_BYTES))
        self.hub = Hub(self.listener.port)
        watch = Watch(topics=(), destinations={}, at_least_every=6 * HOUR)
        self.ingest = Ingest(
            self.store,
            Tracker((), self.store.lessons()),
            watch,
            Pacer(EVERY, Bounds(least=EVERY, most=6 * HOUR)),
            chance=self.chance,
        )
        self.subscriber = self.wire()
        self.store.sync_feeds([made.spec(url=TOPIC)], NOW)
        self.published: list[str] = []

    def wire(self, callback: str = CALLBACK) -> Subscriber:
        """Wire a subscriber on what is stored, as a start or a reload does."""
        return Subscriber(
            self.subscriptions,
            Pipe(
                poll=self.ingest.take,
                read=self.read_push,
                push=self.ingest.take_push,
                post=self.ask_hub,
            ),
            SubscribeRules(callback=callback, at_least_every=6 * HOUR),
            self.inbox,
            clock=self.clock,
            chance=self.chance,
        )

    def read_push(self, feed: Feed, document: Document) -> Future[Reading | FetchFailure]:
        """Read a push before this returns."""
        return AtOnce().submit(look_into, feed, document)

    def ask_hub(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a request as the service does; the hub of these tests is allowed by its address."""
        limits = Limits(timeout=5 * SECOND, max_bytes=MAX_BYTES)
        guard = Guard.allowing([ip_network("127.0.0.1")])
        client = Client(agent="seedwatch/1.0", limits=limits, clock=self.clock, guard=guard)
        return client.post(url, body, headers, trust=Trust.HUB)

    def clock(self) -> Any:
        """Give the time of the test."""
        return self.now

    def chance(self) -> float:
        """Give no jitter."""
        return 0.5

    # -- what happens

    def rss(self, *more: str) -> bytes:
        """Write the feed as it is now, without the names of its hub."""
        items = "".join(
            f"<item><guid>{name}</guid><title>Border {name}</title></item>"
            for name in [*self.published, *more]
        )
        return f"<rss version='2.0'><channel><title>LRT</title>{items}</channel></rss>".encode()

    def poll(self, *links: Link, body: bytes | None = None) -> Batch:
        """Poll the feed; its HTTP headers name the hub unless links are given."""
        document = Document(
            url=TOPIC,
            body=self.rss() if body is None else body,
            links=links or self.links(),
            fetched_at=self.now,
        )
        return self.subscriber.take(self.feed, read(self.feed, document))

    def links(self, topic: str = TOPIC, hub: str | None = None) -> tuple[Link, ...]:
        """Name a hub and a topic."""
        return (Link(rel="hub", url=hub or self.hub.address), Link(rel="self", url=topic))

    def tick(self) -> None:
        """Let the subscriber do what is due."""
        self.subscriber.tick(AtOnce(), until=time.monotonic() + 60)

    def go_live(self, lease: timedelta = 10 * DAY) -> dict[str, str]:
        """Poll, ask, and verify; give the form that the hub was sent."""
        self.poll()
        self.tick()
        request = self.hub.asked()[-1]
        said = self.hub.verify(request, lease_seconds=str(int(lease.total_seconds())))
        assert (said.status, said.text) == (200, CHALLENGE)
        return request

    # -- what is there

    @property
    def feed(self) -> Feed:
        """The feed as it is stored."""
        (found,) = self.store.feeds()
        return found

    @property
    def one(self) -> Subscription:
        """The only subscription."""
        (found,) = self.subscriptions.all()
        return found

    def wait(self) -> timedelta:
        """Give how long the next poll is away, to the second: a share of a budget is never even."""
        return timedelta(seconds=round((self.feed.due_at - self.now).total_seconds()))

    def stored(self) -> int:
        """Count the stored items."""
        return len(self.store.latest_items(100))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Give a stage with a fresh database."""
    engine = open_engine(f"sqlite:///{tmp_path / 'seedwatch.db'}")
    migrate(engine)
    stage = Stage(engine)
    with stage.hub:
        yield stage
    stage.listener.close()
    engine.dispose()


# ------------------------------------------------------------------------------------- asking


def test_a_named_hub_is_asked_once(stage: Stage) -> None:
    """A feed that names a hub is subscribed to: with a callback of its own and a long secret."""
    stage.poll()
    stage.tick()
    stage.tick()
    stage.poll()
    stage.tick()
    (request,) = stage.hub.asked()
    callback, secret = request.pop("hub.callback"), request.pop("hub.secret")
    assert request == {
        "hub.mode": "subscribe",
        "hub.topic": TOPIC,
        "hub.lease_seconds": "864000",
    }
    assert callback.startswith(f"{CALLBACK}/")
    assert len(callback) - len(CALLBACK) - 1 == 43
    assert len(bytes.fromhex(secret)) == 32
    assert stage.one.state is SubscriptionState.WANTED


def test_a_feed_without_hub_is_left_alone(stage: Stage) -> None:
    """A feed that names no hub costs nothing."""
    stage.poll(Link(rel="alternate", url="https://lrt.example/"))
    stage.tick()
    assert stage.subscriptions.all() == []
    assert stage.wait() == EVERY


def test_the_challenge_makes_it_live(stage: Stage) -> None:
    """A verified subscription lasts as long as the hub says, and is renewed at four fifths."""
    request = stage.go_live(10 * HOUR)
    one = stage.one
    assert one.state is SubscriptionState.LIVE
    assert one.lease_until == NOW + 10 * HOUR
    assert one.due_at == NOW + 8 * HOUR
    stage.now += 8 * HOUR
    stage.tick()
    again = stage.hub.asked()[1]
    assert (again["hub.callback"], again["hub.secret"]) == (
        request["hub.callback"],
        request["hub.secret"],
    )
    assert stage.hub.verify(again, lease_seconds="36000").status == 200
    assert stage.one.lease_until == NOW + 18 * HOUR
    assert stage.one.verified_at == NOW


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "https://lrt.example/other"},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"lease_seconds": "60"},
        {"lease_seconds": "-1"},
        {"lease_seconds": "soon"},
        {"lease_seconds": ""},
        {"challenge": ""},
        {"challenge": "x" * 2049},
    ],
    ids=lambda changes: "-".join(f"{key}={value[:20]}" for key, value in changes.items()),
)
def test_a_challenge_that_does_not_fit_is_refused(stage: Stage, changes: dict[str, str]) -> None:
    """Another topic, mode or lease than we can mean is not confirmed; the right one still is."""
    stage.poll()
    stage.tick()
    (request,) = stage.hub.asked()
    said = stage.hub.verify(request, **changes)
    assert (said.status, said.text) == (404, "not found")
    assert stage.one.state is SubscriptionState.WANTED
    assert stage.hub.verify(request).status == 200


def test_an_old_challenge_is_not_confirmed_again(stage: Stage) -> None:
    """Who replays a challenge, or sends it before or long after we asked, is not answered."""
    request = stage.go_live()
    assert stage.hub.verify(request).status == 404
    lease = stage.one.lease_until
    stage.now += 9 * DAY
    stage.tick()
    stage.now += websub.ANSWER_WITHIN + SECOND
    assert stage.hub.verify(request).status == 404
    assert stage.one.lease_until == lease


def test_a_lease_of_years_is_taken_as_a_month(stage: Stage) -> None:
    """A lease without end is renewed within the month all the same."""
    stage.go_live(3650 * DAY)
    assert stage.one.lease_until == NOW + 30 * DAY


def test_an_answer_without_a_challenge_is_a_failure(stage: Stage) -> None:
    """A hub that accepts and never asks back is asked again, ever more patiently."""
    stage.poll()
    stage.tick()
    waits = []
    for _ in range(12):
        stage.now = stage.one.due_at
        stage.tick()
        waits.append(stage.one.due_at - stage.now)
        stage.now = stage.one.due_at
        stage.tick()
    assert waits[:3] == [5 * MINUTE, 10 * MINUTE, 20 * MINUTE]
    assert waits[-1] == DAY
    assert stage.one.detail == "no challenge came"


def test_a_hub_that_is_down_is_asked_again(stage: Stage) -> None:
    """A hub that fails or cannot be reached is asked later; polling goes on as ever."""
    stage.hub.route(
        "/hub", [Reply(status=500), Reply(status=429), Reply(drop=True), Reply(status=202)]
    )
    stage.poll()
    stage.tick()
    for wait in (5, 10, 20):
        assert stage.one.due_at - stage.now == wait * MINUTE
        assert stage.wait() <= EVERY
        stage.now = stage.one.due_at
        stage.tick()
    assert len(stage.hub.asked()) == 4
    assert stage.hub.verify(stage.hub.asked()[3]).status == 200
    assert stage.one.failures == 0


def test_a_hub_that_says_no_is_left_alone(stage: Stage) -> None:
    """A hub that answers 403 is not asked again for a week."""
    stage.hub.route("/hub", Reply(status=403))
    stage.poll()
    for _ in range(6):
        stage.tick()
        stage.poll()
        stage.now += DAY
    assert len(stage.hub.asked()) == 1
    assert stage.one.state is SubscriptionState.REFUSED
    assert stage.one.detail == "the hub answered HTTP 403"
    stage.now += DAY
    stage.tick()
    assert len(stage.hub.asked()) == 2


def test_a_denial_ends_it(stage: Stage) -> None:
    """A hub that denies what it granted is left alone for long, and the feed is polled as ever."""
    request = stage.go_live()
    stage.now += HOUR
    stage.poll()
    assert stage.wait() == HOUR
    assert stage.hub.deny(request, "you are\nblocked").status == 200
    assert stage.one.state is SubscriptionState.REFUSED
    assert stage.one.detail == "denied: you are blocked"
    assert stage.wait() == EVERY
    assert stage.hub.push(request, stage.rss("A")).status == 410
    stage.now += 6 * DAY
    stage.tick()
    assert len(stage.hub.asked()) == 1


def test_a_hub_that_has_moved_is_followed_once(stage: Stage) -> None:
    """A 307 or 308 of the hub is followed once, with the same form."""
    stage.hub.route("/hub", Reply(status=308, headers={"Location": "/moved"}))
    stage.hub.route("/moved", Reply(status=308, headers={"Location": "/moved"}))
    stage.poll()
    stage.tick()
    old, new = stage.hub.requests("/hub"), stage.hub.requests("/moved")
    assert [one.body for one in old] == [one.body for one in new]
    assert stage.one.failures == 1


@pytest.mark.parametrize(
    "location, says",
    [
        ("file:///etc/passwd", "which is not http or https"),
        (r"http://127.0.0.1\@hub.example/", "has a backslash"),
        ("http://10.0.0.1/hub", "10.0.0.1 is private, and a feed may name no hub there"),
    ],
)
def test_a_hub_leads_nowhere_else(stage: Stage, location: str, says: str) -> None:
    """Where a hub sends us on is vetted like the hub: what is refused is a failure, and told."""
    stage.hub.route("/hub", Reply(status=307, headers={"Location": location}))
    stage.poll()
    stage.tick()
    assert says in stage.one.detail
    assert stage.one.failures == 1


def test_a_redirect_to_no_place_is_an_answer(stage: Stage) -> None:
    """A 307 that does not say where is not asked again at once."""
    stage.hub.route("/hub", Reply(status=307))
    stage.poll()
    stage.tick()
    assert len(stage.hub.asked()) == 1


def test_an_expired_lease_is_told_and_asked_anew(stage: Stage) -> None:
    """When a lease ends unrenewed, polling is as ever, pushes are refused, and we ask again."""
    request = stage.go_live(10 * HOUR)
    stage.hub.route("/hub", Reply(status=500))
    stage.now += 9 * HOUR
    stage.poll()
    stage.tick()
    assert stage.wait() == HOUR
    with structlog.testing.capture_logs() as logs:
        stage.now += 61 * MINUTE
        stage.tick()
    assert "websub_expired" in [line["event"] for line in logs]
    assert stage.one.state is SubscriptionState.WANTED
    assert stage.wait() <= EVERY
    assert stage.hub.push(request, stage.rss("A")).status == 410
    stage.hub.route("/hub", Reply(status=202))
    stage.now = max(stage.one.due_at, stage.now)
    stage.tick()
    assert stage.hub.verify(stage.hub.asked()[-1]).status == 200


# ------------------------------------------------------------------------------------ leaving


def test_a_removed_feed_is_given_back(stage: Stage) -> None:
    """A feed that is no longer polled is unsubscribed, confirmed, and forgotten."""
    request = stage.go_live()
    stage.store.sync_feeds([made.spec("BBC")], stage.now)
    stage.subscriber.sync(stage.now)
    assert stage.hub.push(request, stage.rss("A")).status == 410
    stage.tick()
    farewell = stage.hub.asked()[-1]
    assert farewell == {
        "hub.mode": "unsubscribe",
        "hub.topic": TOPIC,
        "hub.callback": request["hub.callback"],
    }
    assert stage.hub.verify(request).status == 404
    assert stage.hub.verify(farewell).text == CHALLENGE
    assert stage.subscriptions.all() == []
    assert stage.hub.verify(farewell).status == 404


def test_a_farewell_is_not_repeated_for_ever(stage: Stage) -> None:
    """A hub that cannot be told is left to the end of its lease."""
    stage.go_live()
    stage.hub.route("/hub", Reply(status=500))
    stage.now += 2 * HOUR
    stage.poll(Link(rel="self", url=TOPIC))
    for _ in range(5):
        stage.tick()
        stage.now += DAY
    assert [form["hub.mode"] for form in stage.hub.asked()] == ["subscribe"] + ["unsubscribe"] * 3
    assert stage.subscriptions.all() == []


def test_another_topic_is_another_subscription(stage: Stage) -> None:
    """When a feed names itself anew, the old subscription is given back and a new one asked for."""
    first = stage.go_live()
    stage.now += 2 * HOUR
    stage.poll(*stage.links(topic="https://lrt.example/new"))
    stage.tick()
    modes = {form["hub.mode"]: form for form in stage.hub.asked()[1:]}
    assert modes["unsubscribe"]["hub.topic"] == TOPIC
    assert modes["subscribe"]["hub.topic"] == "https://lrt.example/new"
    assert modes["subscribe"]["hub.callback"] != first["hub.callback"]
    assert modes["subscribe"]["hub.secret"] != first["hub.secret"]


def test_a_feed_that_changes_its_mind_does_not_drive_us(stage: Stage) -> None:
    """A feed that names another hub at each poll, or none, moves us no more than once an hour."""
    for number in range(12):
        topic = f"https://lrt.example/{number}"
        stage.poll(*stage.links(topic=topic) if number % 2 else stage.links()[1:])
        stage.tick()
        stage.now += 10 * MINUTE
    topics = {form["hub.topic"] for form in stage.hub.asked() if form["hub.mode"] == "subscribe"}
    assert topics == {"https://lrt.example/1", "https://lrt.example/7"}


def test_a_start_keeps_what_is_live(stage: Stage) -> None:
    """A restart or a reload asks for nothing that is live, and its pushes are taken."""
    request = stage.go_live()
    stage.subscriber = stage.wire()
    stage.subscriber.sync(stage.now)
    stage.tick()
    assert len(stage.hub.asked()) == 1
    assert stage.hub.push(request, stage.rss("A")).status == 202
    stage.tick()
    assert stage.stored() == 1


def test_another_callback_address_is_told_to_the_hub(stage: Stage) -> None:
    """When our public address changes, each hub is told the new one, and gets the old one back."""
    stage.go_live()
    stage.subscriber = stage.wire("https://new.example.org/push")
    stage.subscriber.sync(stage.now)
    stage.tick()
    callbacks = [(form["hub.mode"], form["hub.callback"]) for form in stage.hub.asked()[1:]]
    assert sorted((mode, url.rpartition("/")[0]) for mode, url in callbacks) == [
        ("subscribe", "https://new.example.org/push"),
        ("unsubscribe", CALLBACK),
    ]


# ------------------------------------------------------------------------------------- pushes


def test_a_push_is_judged_like_a_poll(stage: Stage) -> None:
    """What is pushed is stored once, though a later poll brings it too; validators stay."""
    stage.published = ["A"]
    request = stage.go_live()
    before = stage.feed
    assert stage.hub.push(request, stage.rss("B")).status == 202
    assert stage.stored() == 1
    stage.tick()
    assert stage.stored() == 2
    assert replace(stage.feed, pace=None) == replace(before, pace=None)
    assert stage.one.pushed_at == stage.now
    stage.published = ["A", "B"]
    stage.now += EVERY
    assert stage.poll().items == ()
    assert stage.one.missed_at is None


def test_what_is_pushed_counts_for_the_pace(stage: Stage) -> None:
    """Items count once for how often their feed brings some, whether pushed or polled.

    A push of nothing but news is no sign of a loss.
    """
    request = stage.go_live()
    stage.now += HOUR
    stage.hub.push(request, stage.rss("A", "B", "C"))
    stage.tick()
    stage.published = ["A", "B", "C", "D"]
    stage.now += HOUR
    stage.poll()
    pace = stage.feed.pace
    assert pace is not None
    assert pace.items == pytest.approx(4, rel=0.01)
    assert (pace.days, pace.lost, pace.strange) == (round(2 / 24, 5), 0, 0)
    assert pace.hours[15] == pytest.approx(3.5, rel=0.01)
    assert stage.store.demands() == {stage.feed.id: pace.demand}


def test_a_push_while_its_feed_is_fetched_counts(stage: Stage) -> None:
    """What a push taught is not lost if a poll was under way when it came."""
    request = stage.go_live()
    fetched = stage.feed
    stage.now += HOUR
    stage.hub.push(request, stage.rss("A", "B"))
    stage.tick()
    stage.subscriber.take(fetched, NotModified(fetched_at=stage.now))
    pace = stage.feed.pace
    assert pace is not None
    assert pace.items == pytest.approx(2, rel=0.01)


def test_a_push_that_brings_nothing_teaches_nothing(stage: Stage) -> None:
    """A push of what is known leaves the feed as it is."""
    stage.published = ["A"]
    request = stage.go_live()
    before = stage.feed
    stage.now += HOUR
    stage.hub.push(request, stage.rss())
    stage.tick()
    assert (stage.one.pushed_at, stage.feed) == (stage.now, before)


def test_an_end_restores_the_pace_that_was_learned(stage: Stage) -> None:
    """When a hub is left, its feed is polled as its pace and its server's wishes have it."""
    request = stage.go_live()
    stage.now += HOUR
    wait = NotModified(fetched_at=stage.now, fresh_for=2 * HOUR)
    stage.subscriber.take(stage.feed, wait)
    assert stage.wait() == 6 * HOUR
    stage.hub.deny(request, "no more")
    assert stage.wait() == 2 * HOUR


@pytest.mark.parametrize("method", ["sha256", "sha384", "sha512"])
def test_each_strong_signature_is_taken(stage: Stage, method: str) -> None:
    """A push signed with SHA-2 is taken."""
    request = stage.go_live()
    assert stage.hub.push(request, stage.rss("A"), method=method).status == 202
    stage.tick()
    assert stage.stored() == 1


@pytest.mark.parametrize(
    "signing",
    [{"method": None}, {"method": "sha1"}, {"method": "md5"}, {"secret": "guessed"}],
    ids=["unsigned", "sha1", "md5", "wrong secret"],
)
def test_a_push_that_is_not_signed_well_is_dropped(stage: Stage, signing: Any) -> None:
    """It is answered like any other, never read, counted each time, and logged once."""
    request = stage.go_live()
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            assert stage.hub.push(request, stage.rss("A"), **signing).status == 202
    stage.tick()
    assert stage.stored() == 0
    assert stage.one.rejected == 3
    assert stage.one.pushed_at is None
    assert [line["event"] for line in logs] == ["push_dropped"]


def test_secrets_are_never_logged(stage: Stage) -> None:
    """Neither a callback's token nor its secret is in any line of the log, or in a dump."""
    with structlog.testing.capture_logs() as logs:
        request = stage.go_live()
        stage.hub.push(request, stage.rss("A"), method="sha1")
        stage.hub.push(request, b"no feed")
        stage.tick()
        stage.hub.deny(request)
    shown = json.dumps(logs, default=str) + repr(stage.one)
    assert len(logs) >= 4
    assert request["hub.secret"] not in shown
    assert request["hub.callback"].rpartition("/")[2] not in shown


def test_a_stranger_finds_nothing(stage: Stage) -> None:
    """An unknown callback is 404, whatever is sent there."""
    request = stage.go_live()
    for path in ("/", "/websub", "/websub/" + "x" * 43, "/websub/%00", "/websub/'--"):
        assert stage.hub.push(request, stage.rss("A"), path=path).status == 404
    nobody = request | {"hub.callback": f"{CALLBACK}/{'A' * 43}"}
    assert stage.hub.verify(nobody).status == 404


def test_a_push_that_is_no_feed_changes_nothing(stage: Stage) -> None:
    """A well-signed page instead of a feed is logged and dropped; the feed itself stays well."""
    request = stage.go_live()
    assert stage.hub.push(request, b"<html><body>soon</body></html>").status == 202
    with structlog.testing.capture_logs() as logs:
        stage.tick()
    assert [line["event"] for line in logs] == ["push_unreadable"]
    assert (stage.feed.failures, stage.stored()) == (0, 0)


def test_a_full_inbox_asks_for_patience(stage: Stage) -> None:
    """When more comes than can be judged, hubs are told to come again, and nothing is lost."""
    request = stage.go_live()
    names = ["A", "B", "C", "D"]
    said = [stage.hub.push(request, stage.rss(name)) for name in names]
    assert [one.status for one in said] == [202, 202, 202, 503]
    assert said[-1].headers["retry-after"] == "60"
    stage.tick()
    assert stage.hub.push(request, stage.rss("D")).status == 202
    stage.tick()
    assert stage.stored() == 4


def test_a_push_survives_a_store_that_is_gone_for_a_moment(stage: Stage) -> None:
    """What was taken and could not be stored is tried again, but not for ever."""
    request = stage.go_live()
    faults = [OSError("disk full")] * MOST_TRIES

    def push(feed: Feed, reading: Reading) -> Batch:
        if faults:
            raise faults.pop()
        return stage.ingest.take_push(feed, reading)

    stage.subscriber._pipe = replace(stage.subscriber._pipe, push=push)
    stage.hub.push(request, stage.rss("A"))
    for _ in range(MOST_TRIES):
        with pytest.raises(OSError, match="disk full"):
            stage.tick()
    stage.tick()
    assert stage.stored() == 1


def never(_feed: Feed, _document: Document) -> Future[Reading | FetchFailure]:
    """Read for longer than any tick."""
    return Future()


def noted(stage: Stage) -> list[str | None]:
    """Give the list in which the guids of pushes will be written as they are judged."""
    guids: list[str | None] = []

    def push(feed: Feed, reading: Reading) -> Batch:
        batch = stage.ingest.take_push(feed, reading)
        guids.extend(one.seen.item.guid for one in batch.items)
        return batch

    stage.subscriber._pipe = replace(stage.subscriber._pipe, push=push)
    return guids


def test_a_push_that_is_long_in_the_reading_holds_up_nothing(stage: Stage) -> None:
    """A tick does not wait for it, and the pushes behind it are judged after it, in their order."""
    request = stage.go_live()
    slow: Future[Reading | FetchFailure] = Future()
    given, guids = iter([slow]), noted(stage)
    stage.subscriber._pipe = replace(
        stage.subscriber._pipe,
        read=lambda feed, document: next(given, None) or stage.read_push(feed, document),
    )
    for name in ("A", "B", "C"):
        stage.hub.push(request, stage.rss(name))
    stage.tick()
    assert guids == []
    slow.set_result(look_into(stage.feed, made.document(stage.rss("A"), fetched_at=stage.now)))
    stage.tick()
    assert guids == ["A", "B", "C"]


def test_a_reload_loses_no_push_that_is_read(stage: Stage) -> None:
    """What is taken out of the inbox and not judged when a reload comes is judged after it."""
    request = stage.go_live()
    stage.subscriber._pipe = replace(stage.subscriber._pipe, read=never)
    for name in ("A", "B", "C"):
        stage.hub.push(request, stage.rss(name))
    stage.tick()
    stage.subscriber.give_back()
    stage.subscriber = stage.wire()
    guids = noted(stage)
    stage.tick()
    assert guids == ["A", "B", "C"]


def test_a_push_whose_reading_broke_is_read_again(stage: Stage) -> None:
    """A fault of ours over a push is seen, and the push is not lost by it."""
    request = stage.go_live()
    broken: Future[Reading | FetchFailure] = Future()
    broken.set_exception(RuntimeError("a fault of ours"))
    given = iter([broken])
    stage.subscriber._pipe = replace(
        stage.subscriber._pipe,
        read=lambda feed, document: next(given, None) or stage.read_push(feed, document),
    )
    stage.hub.push(request, stage.rss("A"))
    with pytest.raises(RuntimeError, match="a fault of ours"):
        stage.tick()
    stage.tick()
    assert stage.stored() == 1


# ------------------------------------------------------------------------------------ polling


def test_polls_of_a_live_feed_are_rarer_but_never_stop(stage: Stage) -> None:
    """While a hub pushes, its feed is polled a quarter as often, changed or not."""
    stage.go_live()
    assert stage.wait() == EVERY
    stage.now += EVERY
    batch = stage.subscriber.take(stage.feed, NotModified(fetched_at=stage.now))
    assert stage.wait() == 4 * EVERY
    assert batch.poll is not None
    assert batch.poll.due_at == stage.feed.due_at


def test_a_failing_feed_keeps_its_own_patience(stage: Stage) -> None:
    """A poll that fails is retried as without a hub."""
    stage.go_live()
    stage.now += EVERY
    stage.subscriber.take(stage.feed, made.failure(fetched_at=stage.now))
    assert stage.wait() == EVERY


def test_what_was_there_before_it_was_live_is_not_missed(stage: Stage) -> None:
    """The first poll after the verification may find what came before it."""
    stage.go_live()
    stage.published = ["A"]
    stage.now += EVERY
    # The poll before this one was before the verification, or at its moment.
    stage.subscriptions.change(stage.one.token, lambda one: replace(one, verified_at=NOW + MINUTE))
    assert len(stage.poll().items) == 1
    assert stage.one.missed_at is None
    assert stage.wait() == 4 * EVERY


def test_a_late_push_is_only_late(stage: Stage) -> None:
    """A poll may be quicker than the hub by some minutes."""
    request = stage.go_live()
    stage.published = ["A"]
    stage.now += EVERY
    stage.poll()
    assert stage.wait() == EVERY
    stage.now += 9 * MINUTE
    stage.hub.push(request, stage.rss())
    stage.tick()
    stage.now += 2 * MINUTE
    stage.tick()
    assert stage.one.is_relied_upon(stage.now)


def test_a_missed_push_restores_polling_for_a_day(stage: Stage) -> None:
    """When a poll finds what no push brought, the hub is not relied upon for a day."""
    stage.go_live()
    stage.now += EVERY
    stage.poll()
    assert stage.wait() == 4 * EVERY
    stage.published = ["A"]
    stage.now += HOUR
    stage.poll()
    with structlog.testing.capture_logs() as logs:
        stage.now += websub.LATE_BY
        stage.tick()
    assert [line["event"] for line in logs] == ["push_broken"]
    assert stage.one.is_broken(stage.now)
    for _ in range(3):
        stage.now += EVERY
        stage.poll()
        assert stage.wait() == EVERY
    stage.now += DAY
    stage.poll()
    assert stage.wait() == 4 * EVERY
    assert len(stage.hub.asked()) == 1
