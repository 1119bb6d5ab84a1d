"""Settings to wired objects: the only place that knows every class."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError

from monitor import __version__, notify
from monitor import clock as clocks
from monitor.config import Settings
from monitor.deliver import Deliver
from monitor.desk import PushDesk
from monitor.feeds.conditions import conditions
from monitor.feeds.moves import address
from monitor.feeds.pacer import Pacer
from monitor.fetch import Client, Guard, Limits, Trust, user_agent
from monitor.gap import Gap, long_after
from monitor.inbox import Inbox
from monitor.ingest import Ingest
from monitor.metrics import Metrics
from monitor.notices import Notices
from monitor.parsing import Parsers
from monitor.poll import Poller
from monitor.push import Doorplate, PushLimits
from monitor.reading import Imprints, Reader
from monitor.records import Editor, Feed, FetchResult, Item, Notifier
from monitor.recount import Recounter
from monitor.reporter import Reporter
from monitor.rules import (
    delivery_rules,
    destinations_of,
    keep_rules,
    make_pacer,
    operator_of,
    reporter_rules,
    turn_rules,
    watch_of,
)
from monitor.store import (
    Feedback,
    Keeping,
    Mailboxes,
    Recounts,
    Reports,
    Silences,
    Slots,
    Store,
    Subscriptions,
    Tellings,
    open_at,
    outage,
)
from monitor.subscribe import Pipe, Subscriber, SubscribeRules
from monitor.topics.profile import Weigh, weigh_here
from monitor.topics.track import Tracker
from monitor.upkeep import Caretaker
from monitor.workers import Workers

log = structlog.get_logger()

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
    """Read the clock."""
    return clocks.utc_now()


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
    # What was missed while nothing was read.
    gap: Gap
    caretaker: Caretaker
    client: Client
    # Outlives a reload.
    parsers: Parsers
    # Polls one feed, as politely as it is known, and reads what came.
    reader: Reader
    # Read what hubs push.
    readers: ThreadPoolExecutor
    # Weighs seeds, here or apart.
    weigh: Weigh
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
    # Outlives a reload.
    metrics: Metrics
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
    return open_at(settings.store_url)


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
    weigh: Weigh = weigh_here,
) -> App:
    """Wire everything for a configuration, on a database that is open.

    Pushes that wait to be judged, the processes that parse and what is remembered of the feeds come
    over from the app before.
    """
    store = Store(engine)
    client = make_client(settings, clock)
    tracker = Tracker(settings.topics, store.lessons(), weigh)
    feedback = Feedback(engine)
    tracker.hear(feedback.all())
    # Spreads polls and retries; nothing secret hangs on it.
    chance = random.Random().random  # noqa: S311
    polling, policy = settings.polling, settings.delivery
    fetchers = Workers(polling.workers, "fetch", at_most=2 * polling.timeout)
    pacer = make_pacer(settings)
    slots = Slots(engine)
    keeping = Keeping(engine)
    gap = Gap(keeping.last_read_at, keeping.restored_at, long_after(polling.at_least_every))
    ingest = Ingest(store, tracker, watch_of(settings), pacer, chance=chance, outbox=slots)
    ingest.gap = gap
    subscriptions = Subscriptions(engine)
    inbox = after.inbox if after else Inbox(most=MOST_PUSHES, max_bytes=0)
    inbox.max_bytes = MOST_LARGE_PUSHES * polling.max_bytes
    notices = Notices(store, operator_of(settings))
    notifiers = make_notifiers(settings, client, clock)
    deliver = Deliver(
        store, notifiers, delivery_rules(settings), clock=clock, chance=chance, notices=notices
    )
    if after:
        deliver.follow(after.deliver)
    editors = {name: one for name, one in notifiers.items() if isinstance(one, Editor)}
    parsers = after.parsers if after else Parsers()
    imprints = after.reader.imprints if after else Imprints()
    reader = _reader(settings, store, client, parsers, imprints, clock)
    readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
    pipe = Pipe(
        poll=ingest.take,
        read=lambda feed, document: readers.submit(reader.look_into, feed, document),
        push=ingest.take_push,
        # Who writes a feed names its hub.
        post=partial(client.post, trust=Trust.HUB),
    )
    subscriber = _subscriber(settings, subscriptions, inbox, pipe, clock)
    metrics = after.metrics if after else Metrics(__version__)
    return App(
        settings=settings,
        engine=engine,
        store=store,
        reports=Reports(engine),
        feedback=feedback,
        slots=slots,
        silences=Silences(engine),
        gap=gap,
        caretaker=Caretaker(keeping, keep_rules(settings)),
        client=client,
        parsers=parsers,
        reader=reader,
        readers=readers,
        weigh=weigh,
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
            metrics.timing(reader.read),
            metrics.counting(subscriber.take if subscriber else ingest.take),
            turn_rules(settings),
            fetchers,
        ),
        subscriptions=subscriptions,
        inbox=inbox,
        metrics=metrics,
        subscriber=subscriber,
        fetchers=fetchers,
        askers=Workers(ASKERS, "hub", at_most=2 * policy.timeout),
        senders=Workers(SENDERS, "send", at_most=2 * policy.timeout),
        clock=clock,
    )


def _reader(
    settings: Settings,
    store: Store,
    client: Client,
    parsers: Parsers,
    imprints: Imprints,
    clock: Callable[[], datetime],
) -> Reader:
    """Make what polls one feed, as politely as it is known, and reads what came."""

    def fetch(feed: Feed) -> FetchResult:
        return client.get(address(feed), conditions(feed, clock()))

    recall = partial(_recall, store)
    return Reader(fetch, parsers.read, recall, imprints, wants_hub=settings.websub is not None)


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
