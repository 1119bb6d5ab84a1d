"""Settings to wired objects: the only place that knows every class."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from monitor import __version__, notify
from monitor.alerts.dispatch import redated
from monitor.config import Settings
from monitor.deliver import Deliver, DeliveryRules
from monitor.desk import PushDesk
from monitor.errors import RefusedStoreError, StoreError
from monitor.feeds.conditions import conditions
from monitor.feeds.moves import address
from monitor.feeds.pace import Bounds
from monitor.feeds.pacer import Pacer
from monitor.feeds.schedule import JITTER
from monitor.feeds.turns import TurnRules, steady_rate
from monitor.fetch import Client, Guard, Limits, Trust, user_agent
from monitor.inbox import Inbox
from monitor.ingest import Ingest
from monitor.judge import Watch
from monitor.notices import Notices
from monitor.parsing import Parsers
from monitor.poll import Poller
from monitor.push import Doorplate, PushLimits
from monitor.reading import Imprints, Reader
from monitor.records import Editor, Feed, FetchResult, Item, Notifier, Topic
from monitor.recount import Recounter
from monitor.reporter import Reporter, ReporterRules
from monitor.store import (
    Feedback,
    Mailboxes,
    Recounts,
    Reports,
    Silences,
    Slots,
    Store,
    Subscriptions,
    Tellings,
    is_damaged,
    migrate,
    open_engine,
    outage,
)
from monitor.subscribe import Pipe, Subscriber, SubscribeRules
from monitor.targets import Destination, fingerprint
from monitor.topics import threshold
from monitor.topics.track import WARM_ITEMS, Tracker
from monitor.workers import Workers

log = structlog.get_logger()

# How far back a topic that is new is shown the stored items.
ADOPT_SINCE = timedelta(days=7)
# Messages under way at once, each to another destination.
SENDERS = 8
# Hubs asked at once: there is no hurry.
ASKERS = 2
# Pushes read at once; of processes that parse there are as many.
READERS = 2
# Pushes that wait to be judged: so many, and of so many of the largest bodies.
MOST_PUSHES = 64
MOST_LARGE_PUSHES = 4


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
    # Due times and groups of what waits in the outbox.
    slots: Slots
    silences: Silences
    client: Client
    # Outlives a reload.
    parsers: Parsers
    # Polls one feed, as politely as it is known, and reads what came.
    reader: Reader
    # Read what hubs push.
    readers: ThreadPoolExecutor
    tracker: Tracker
    pacer: Pacer
    ingest: Ingest
    deliver: Deliver
    mailboxes: Mailboxes
    # Keeps messages right that were sent; in a thread of `senders`.
    recounter: Recounter
    # Tells the operator.
    notices: Notices
    # Tells what nobody asked for: troubles of feeds, reports on topics.
    reporter: Reporter
    poller: Poller
    subscriptions: Subscriptions
    # Outlives a reload.
    inbox: Inbox
    # None: no hub is asked.
    subscriber: Subscriber | None
    fetchers: Workers
    # Ask hubs.
    askers: Workers
    senders: Workers
    clock: Callable[[], datetime]

    def close(self) -> None:
        """Let go of threads and connections; what is under way is cut off."""
        self.client.close()
        self.fetchers.shutdown(wait=False, cancel_futures=True)
        self.senders.shutdown(wait=False, cancel_futures=True)
        self.askers.shutdown(wait=False, cancel_futures=True)
        self.readers.shutdown(wait=False, cancel_futures=True)
        self.parsers.close()
        self.engine.dispose()


def open_database(settings: Settings) -> Engine:
    """Open the database at this version's schema.

    Raises `StoreError` with one line if it cannot be used as it is.
    """
    engine = open_engine(settings.store_url)
    with one_line(engine):
        migrate(engine)
    return engine


@contextmanager
def one_line(engine: Engine) -> Iterator[None]:
    """Turn an outage of the database into a `StoreError` of one line."""
    try:
        yield
    except DatabaseError as error:
        cause = outage(error)
        if cause is None:
            raise
        what = f"the database {engine.url.render_as_string()} cannot be used: {cause}"
        if is_damaged(error):
            cure = "restore a backup, or move the file away to begin anew"
            raise RefusedStoreError(f"{what}: {cure}") from error
        raise StoreError(what) from error


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
        guard=Guard.allowing(polling.allow_addresses),
    )


def wire(
    settings: Settings,
    engine: Engine,
    *,
    clock: Callable[[], datetime] = utc_now,
    after: App | None = None,
) -> App:
    """Wire everything for a configuration, on a database that is open.

    Pushes that wait to be judged, the processes that parse and what is remembered of the feeds come
    over from the app before.
    """
    store = Store(engine)
    client = make_client(settings, clock)
    tracker = Tracker(settings.topics, store.lessons())
    feedback = Feedback(engine)
    tracker.hear(feedback.all())
    # Spreads polls and retries; nothing secret hangs on it.
    chance = random.Random().random  # noqa: S311
    polling, policy = settings.polling, settings.delivery
    fetchers = Workers(polling.workers, "fetch", at_most=2 * polling.timeout)
    pacer = make_pacer(settings)
    slots = Slots(engine)
    ingest = Ingest(store, tracker, watch_of(settings), pacer, chance=chance, outbox=slots)
    subscriptions = Subscriptions(engine)
    inbox = after.inbox if after else Inbox(most=MOST_PUSHES, max_bytes=0)
    inbox.max_bytes = MOST_LARGE_PUSHES * polling.max_bytes
    notices = Notices(store, operator_of(settings))
    notifiers = make_notifiers(settings, client, clock)
    deliver = Deliver(
        store,
        notifiers,
        delivery_rules(settings),
        clock=clock,
        chance=chance,
        notices=notices,
    )
    if after:
        deliver.follow(after.deliver)
    editors = {name: one for name, one in notifiers.items() if isinstance(one, Editor)}

    def fetch(feed: Feed) -> FetchResult:
        return client.get(address(feed), conditions(feed, clock()))

    parsers = after.parsers if after else Parsers()
    reader = Reader(
        fetch,
        parsers.read,
        partial(_recall, store),
        after.reader.imprints if after else Imprints(),
        wants_hub=settings.websub is not None,
    )
    readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
    pipe = Pipe(
        poll=ingest.take,
        read=lambda feed, document: readers.submit(reader.look_into, feed, document),
        push=ingest.take_push,
        # Who writes a feed names its hub.
        post=partial(client.post, trust=Trust.HUB),
    )
    subscriber = _subscriber(settings, subscriptions, inbox, pipe, clock)
    return App(
        settings=settings,
        engine=engine,
        store=store,
        reports=Reports(engine),
        feedback=feedback,
        slots=slots,
        silences=Silences(engine),
        client=client,
        parsers=parsers,
        reader=reader,
        readers=readers,
        tracker=tracker,
        pacer=pacer,
        ingest=ingest,
        deliver=deliver,
        mailboxes=Mailboxes(engine),
        recounter=Recounter(Recounts(engine), editors, deliver.render, clock=clock),
        notices=notices,
        reporter=Reporter(store, Tellings(engine), notices, reporter_rules(settings)),
        poller=Poller(
            store,
            reader.read,
            subscriber.take if subscriber else ingest.take,
            turn_rules(settings),
            fetchers,
        ),
        subscriptions=subscriptions,
        inbox=inbox,
        subscriber=subscriber,
        fetchers=fetchers,
        askers=Workers(ASKERS, "hub", at_most=2 * policy.timeout),
        senders=Workers(SENDERS, "send", at_most=2 * policy.timeout),
        clock=clock,
    )


def make_pacer(settings: Settings) -> Pacer:
    """Make what shares the polls among the feeds, within the bounds of the configuration."""
    polling = settings.polling
    # What is planned may be stretched by chance, and still has to come in time.
    most = max(polling.every, polling.at_least_every / (1 + JITTER))
    return Pacer(polling.every, Bounds(least=polling.at_most_every, most=most))


def _recall(store: Store, feed_id: int, aliases: Sequence[str]) -> dict[str, Item]:
    """Give the stored items of a feed under some aliases; none while the store is unusable."""
    try:
        return store.stored_items(feed_id, aliases)
    except DatabaseError as error:
        if outage(error) is None:
            raise
        # No fault of the feed, which is read whole: whoever has to store it will tell.
        return {}


def _subscriber(
    settings: Settings,
    subscriptions: Subscriptions,
    inbox: Inbox,
    pipe: Pipe,
    clock: Callable[[], datetime],
) -> Subscriber | None:
    """Make who asks hubs and takes in what they push; None where WebSub is not configured."""
    if settings.websub is None:
        return None
    return Subscriber(
        subscriptions,
        pipe,
        SubscribeRules(
            callback=settings.websub.callback_url,
            at_least_every=settings.polling.at_least_every,
        ),
        inbox,
        clock=clock,
        chance=random.Random().random,  # noqa: S311 - spreads retries; nothing secret hangs on it
    )


def door_of(app: App) -> Doorplate | None:
    """Say where hubs are to be let in, and who answers them; None: nowhere."""
    if app.settings.websub is None:
        return None
    listen = app.settings.websub.listen
    return Doorplate(
        host=listen.host,
        port=listen.port,
        desk=PushDesk(app.subscriptions, app.inbox, clock=app.clock),
        limits=PushLimits(max_bytes=app.settings.polling.max_bytes),
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
        schedules={
            destination.name: receiver.schedule
            for receiver in settings.receivers
            for destination in receiver.destinations
        },
    )


def operator_of(settings: Settings) -> tuple[Destination, ...]:
    """Say where notices go."""
    by_name = {receiver.name: receiver.destinations for receiver in settings.receivers}
    return tuple(one for name in settings.operator for one in by_name[name])


def reporter_rules(settings: Settings) -> ReporterRules:
    """Say what is told unasked."""
    watch = watch_of(settings)
    return ReporterRules(
        plan=settings.reports,
        failures_told=settings.polling.tell_after_failures,
        topics=watch.topics,
        destinations=watch.destinations,
    )


def turn_rules(settings: Settings) -> TurnRules:
    """Give the rules of turns that the configuration sets."""
    polling = settings.polling
    return TurnRules(
        workers=polling.workers,
        per_host=polling.per_host,
        host_spacing=polling.host_spacing,
        starts_per_second=steady_rate(len(settings.feeds), polling.every),
    )


def delivery_rules(settings: Settings) -> DeliveryRules:
    """Give the rules of delivery that the configuration sets."""
    policy = settings.delivery
    templates = {
        destination.name: settings.templates[receiver.name]
        for receiver in settings.receivers
        if receiver.name in settings.templates
        for destination in receiver.destinations
    }
    return DeliveryRules(
        timeout=policy.timeout,
        give_up_after=policy.give_up_after,
        kinds={one.name: one.kind for one in destinations_of(settings)},
        templates=templates,
    )


def destinations_of(settings: Settings) -> tuple[Destination, ...]:
    """Give every destination there is."""
    return tuple(one for receiver in settings.receivers for one in receiver.destinations)


def make_notifiers(
    settings: Settings, client: Client, clock: Callable[[], datetime]
) -> dict[str, Notifier]:
    """Make the notifier of each destination."""
    return {
        destination.name: notify.build(
            destination.target, post=client.post, timeout=settings.delivery.timeout, clock=clock
        )
        for destination in destinations_of(settings)
    }


def start_up(app: App) -> None:
    """Bring the database in line with the configuration: its feeds, its new topics."""
    now = app.clock()
    app.store.sync_feeds(app.settings.feeds, now)
    app.pacer.fill(app.store.demands(), app.store.floors())
    prints = {one.name: fingerprint(one.target) for one in destinations_of(app.settings)}
    for name in app.mailboxes.sync(prints):
        log.info("destination_tried_again", destination=name, cause="its configuration changed")
    if app.subscriber is not None:
        app.subscriber.sync(now)
    elif app.subscriptions.clear():
        log.info("subscriptions_forgotten", cause="`websub` is not configured")
    for topic in app.settings.topics:
        if not app.tracker.knows(topic.name):
            adopt(app, topic, now)
    choose_thresholds(app)
    redate(app, now)


def redate(app: App, now: datetime) -> None:
    """Give what waits in the outbox the times that the schedules say now."""
    schedules = watch_of(app.settings).schedules
    topics = {topic.name: topic for topic in app.settings.topics}
    changes = [
        (one.delivery.id, slot)
        for one in app.slots.waiting()
        if one.topic in topics
        and (slot := redated(one.delivery, topics[one.topic], schedules, now)) is not None
    ]
    if changes:
        app.slots.redate(changes)
        log.info("deliveries_redated", deliveries=len(changes))


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
