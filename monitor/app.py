"""Settings to wired objects: the only place that knows every class."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from monitor import __version__, notify
from monitor.config import Settings
from monitor.deliver import Deliver, DeliveryRules
from monitor.errors import StoreError
from monitor.fetch import Client, Limits, user_agent
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.parsing import Parsers
from monitor.poll import Poller, PollRules
from monitor.reading import Reader, ReadResult
from monitor.records import Batch, Feed, FetchResult, Notifier, Topic
from monitor.store import Feedback, Reports, Store, migrate, open_engine
from monitor.targets import Destination
from monitor.topics import threshold
from monitor.topics.track import WARM_ITEMS, Tracker

log = structlog.get_logger()

# How far back a topic that is new is shown the stored items.
ADOPT_SINCE = timedelta(days=7)
# Messages under way at once, each to another destination.
SENDERS = 8


def utc_now() -> datetime:
    """Read the clock: the one place that does."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """All that runs, wired for one configuration."""

    settings: Settings
    engine: Engine
    store: Store
    reports: Reports
    feedback: Feedback
    client: Client
    parsers: Parsers
    reader: Reader
    tracker: Tracker
    ingest: Ingest
    deliver: Deliver
    poller: Poller
    fetchers: ThreadPoolExecutor
    senders: ThreadPoolExecutor
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Let go of threads and connections; what is under way is cut off."""
        self.client.close()
        self.fetchers.shutdown(wait=False, cancel_futures=True)
        self.senders.shutdown(wait=False, cancel_futures=True)
        self.parsers.close()
        self.engine.dispose()


def open_database(settings: Settings) -> Engine:
    """Open the database at this version's schema.

    Raises `StoreError` with one line if it cannot be used as it is.
    """
    engine = open_engine(settings.store_url)
    try:
        migrate(engine)
    except OperationalError as error:
        cause = str(error.orig or error).strip().splitlines()[0]
        where = engine.url.render_as_string()
        raise StoreError(f"the database {where} cannot be used: {cause}") from error
    return engine


def make_client(settings: Settings, clock: Callable[[], datetime]) -> Client:
    """Make the HTTP client with the limits of the configuration."""
    polling = settings.polling
    return Client(
        agent=user_agent(__version__, polling.contact),
        limits=Limits(
            timeout=polling.timeout,
            post_timeout=settings.delivery.timeout,
            max_bytes=polling.max_bytes,
        ),
        clock=clock,
    )


def wire(settings: Settings, engine: Engine, *, clock: Callable[[], datetime] = utc_now) -> App:
    """Wire everything for a configuration, on a database that is open."""
    store = Store(engine)
    client = make_client(settings, clock)
    tracker = Tracker(settings.topics, store.lessons())
    feedback = Feedback(engine)
    tracker.hear(feedback.all())
    # Spreads polls and retries; nothing secret hangs on it.
    chance = random.Random().random  # noqa: S311
    fetchers = ThreadPoolExecutor(settings.polling.workers, thread_name_prefix="fetch")
    ingest = Ingest(store, tracker, watch_of(settings), chance=chance)
    polling = settings.polling

    def fetch(feed: Feed) -> FetchResult:
        return client.get(feed.url, etag=feed.etag, last_modified=feed.last_modified)

    parsers = Parsers()
    reader = Reader(fetch, parsers.parse)

    def take(feed: Feed, result: ReadResult) -> Batch:
        batch = ingest.take(feed, result)
        reader.keep(feed, result)
        return batch

    return App(
        settings=settings,
        engine=engine,
        store=store,
        reports=Reports(engine),
        feedback=feedback,
        client=client,
        parsers=parsers,
        reader=reader,
        tracker=tracker,
        ingest=ingest,
        deliver=Deliver(
            store,
            make_notifiers(settings, client, clock),
            delivery_rules(settings),
            clock=clock,
            chance=chance,
        ),
        poller=Poller(
            store,
            reader.read,
            take,
            PollRules(workers=polling.workers, per_host=polling.per_host),
            fetchers,
        ),
        fetchers=fetchers,
        senders=ThreadPoolExecutor(SENDERS, thread_name_prefix="send"),
        clock=clock,
    )


def watch_of(settings: Settings) -> Watch:
    """Say what is watched, and who is told."""
    by_name = {receiver.name: receiver.destinations for receiver in settings.receivers}
    destinations: Mapping[str, tuple[Destination, ...]] = {
        topic.name: tuple(one for name in topic.receivers for one in by_name[name])
        for topic in settings.topics
    }
    return Watch(
        topics=settings.topics,
        destinations=destinations,
        at_least_every=settings.polling.at_least_every,
    )


def delivery_rules(settings: Settings) -> DeliveryRules:
    """Give the rules of delivery that the configuration sets."""
    policy = settings.delivery
    return DeliveryRules(timeout=policy.timeout, give_up_after=policy.give_up_after)


def make_notifiers(
    settings: Settings, client: Client, clock: Callable[[], datetime]
) -> dict[str, Notifier]:
    """Make the notifier of each destination."""
    return {
        destination.name: notify.build(
            destination.target, post=client.post, timeout=settings.delivery.timeout, clock=clock
        )
        for receiver in settings.receivers
        for destination in receiver.destinations
    }


def start_up(app: App) -> None:
    """Bring the database in line with the configuration: its feeds, its new topics."""
    now = app.clock()
    app.store.sync_feeds(app.settings.feeds, now)
    for topic in app.settings.topics:
        if not app.tracker.knows(topic.name):
            adopt(app, topic, now)
    choose_thresholds(app)


def choose_thresholds(app: App) -> None:
    """Choose the threshold of each topic that asks for a rate of alerts, from its recent items."""
    now = app.clock()
    for topic in app.settings.topics:
        if topic.alerts_per_week is None:
            continue
        first = app.store.judged_since(topic.name) or now
        since = max(first, now - threshold.RECENT)
        scores = app.store.best_scores(topic.name, threshold.FLOOR, since)
        choice = threshold.choose(scores, now - first, topic.alerts_per_week)
        if choice != app.tracker.threshold(topic.name):
            app.tracker.use_threshold(topic.name, choice)
            log.info(
                "threshold_chosen", topic=topic.name, value=round(choice.value, 3), why=choice.why
            )


def adopt(app: App, topic: Topic, now: datetime) -> None:
    """Show a new topic what the feeds brought of late; the best of it goes into its catch-up."""
    groups = {feed.id: feed.groups for feed in app.store.feeds()}
    stored = [
        seen
        for seen in app.store.latest_items(WARM_ITEMS)
        if topic.reads(groups.get(seen.feed_id, ()))
    ]
    app.ingest.adopt(topic, stored, now - ADOPT_SINCE, now)
    log.info("topic_added", topic=topic.name, items_read=len(stored))
