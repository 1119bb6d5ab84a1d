"""Subscribe to the feeds that name a hub (WebSub), and judge what the hubs push.

    poll(feed) -> document -> discover -> a subscription is wanted
    tick       -> ask the hub                          (its challenge comes in at desk.py)
    inbox      -> read a push in a thread, judge it like a poll's document, in one transaction
    poll(feed) -> rarer while pushes come; if it finds what was not pushed, as often as ever

Polling never stops: a push is only ever earlier news. A push that was taken and is lost by a crash
is found by the next poll.
"""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog

from monitor.errors import DeliveryError
from monitor.feeds import websub
from monitor.feeds.hubs import choose
from monitor.fetch.hop import follow
from monitor.fetch.refused import Refused
from monitor.inbox import Inbox, Push
from monitor.log import log_alerts
from monitor.reading import Reading, ReadResult
from monitor.records import Answer, Batch, Document, Feed, FetchFailure, Post
from monitor.store import Subscriptions
from monitor.subscription import Subscription, SubscriptionState
from monitor.targets import Secret

log = structlog.get_logger()

# Hubs asked at the same time, and subscriptions looked at in one tick.
MOST_ASKED = 4
MOST_DUE = 100
# How often a push is judged anew that could not be stored.
MOST_TRIES = 3
# Pushes that are read at the same time, and how long one call waits for the next of them: a usual
# one takes milliseconds.
MOST_READ = 2
READ_WITHIN_SECONDS = 0.2
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipe:
    """The way of a document into the store, and ours to a hub."""

    poll: Callable[[Feed, ReadResult], Batch]
    # Has a push read, at once or soon.
    read: Callable[[Feed, Document], Future[Reading | FetchFailure]]
    push: Callable[[Feed, Reading], Batch]
    # The way to the hubs, which are strangers: they have to be vetted.
    post: Post


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribeRules:
    """What the configuration says."""

    # Where hubs reach us; each subscription's token comes after it.
    callback: str
    # However reliable a hub is, its feeds are polled this often.
    at_least_every: timedelta


class Subscriber:
    """Asks hubs, takes their pushes in, and paces the polls of what they push."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        pipe: Pipe,
        rules: SubscribeRules,
        inbox: Inbox,
        *,
        clock: Callable[[], datetime],
        chance: Callable[[], float],
    ) -> None:
        self._subscriptions = subscriptions
        self._pipe = pipe
        self._rules = rules
        self._inbox = inbox
        self._clock = clock
        self._chance = chance
        # Requests to hubs that are under way.
        self._asking: set[Future[None]] = set()
        # Pushes that are read, the oldest first, each with what comes of it.
        self._reading: deque[tuple[Push, Future[Reading | FetchFailure]]] = deque()

    # -- polls

    def take(self, feed: Feed, result: ReadResult) -> Batch:
        """Judge what a poll brought; look for its hub, and for what its pushes have missed."""
        # What was pushed while it was fetched has been counted for its pace.
        feed = self._subscriptions.feed(feed.id) or feed
        batch = self._pipe.poll(feed, result)
        if batch.poll is None or not batch.poll.ok:
            return batch
        current = self._subscriptions.of_feed(feed.id)
        if isinstance(result, Reading):
            current = self._follow(feed, result, current)
        return batch if current is None else self._pace(feed, current, batch)

    def _follow(
        self, feed: Feed, reading: Reading, current: Subscription | None
    ) -> Subscription | None:
        """Subscribe where the document says; leave a hub that it no longer names."""
        named, document = reading.hub, reading.document
        if current is None:
            if named is None:
                return None
            return self._begin(feed, named.hubs[0], named.topic_url, document.url)
        if self._clock() - current.created_at < websub.STEADY_FOR:
            return current
        if named is None:
            self._leave(current, "the feed names no hub any more")
            return None
        hub = choose(named, hub=current.hub, topic_url=current.topic_url)
        if (hub, named.topic_url) == (current.hub, current.topic_url):
            return current
        self._leave(current, "the feed names another hub, or another topic URL")
        return self._begin(feed, hub, named.topic_url, document.url)

    def _begin(self, feed: Feed, hub: str, topic_url: str, document_url: str) -> Subscription:
        now = self._clock()
        begun = Subscription(
            token=Secret(secrets.token_urlsafe(32)),
            # 64 characters; the hub takes less than 200 bytes (section 5.1).
            secret=Secret(secrets.token_hex(32)),
            callback=self._rules.callback,
            feed_id=feed.id,
            hub=hub,
            topic_url=topic_url,
            document_url=document_url,
            created_at=now,
            due_at=now,
        )
        self._subscriptions.add(begun)
        log.info("hub_found", **self._facts(begun))
        return begun

    def _leave(self, subscription: Subscription, cause: str) -> None:
        now = self._clock()
        self._subscriptions.change(subscription.token, lambda one: websub.leave(one, now))
        log.info("websub_leaving", cause=cause, **self._facts(subscription))

    def _pace(self, feed: Feed, current: Subscription, batch: Batch) -> Batch:
        """Poll a feed that is pushed more rarely, unless this poll found what no push brought."""
        assert batch.poll is not None
        now = self._clock()
        if batch.items and websub.missed(current, feed.last_polled_at, now):
            self._subscriptions.change(current.token, lambda one: websub.suspect(one, now))
            return batch
        if not current.is_relied_upon(now):
            return batch
        due_at = websub.slowed(batch.poll, self._rules.at_least_every)
        self._subscriptions.put_off(feed.id, due_at)
        return replace(batch, poll=replace(batch.poll, due_at=due_at))

    # -- the configuration

    def sync(self, now: datetime) -> None:
        """Leave what the configuration no longer has: feeds, or the address that hubs were told."""
        polled = self._subscriptions.polled_ids()
        for one in self._subscriptions.all():
            if one.state is SubscriptionState.LEAVING:
                continue
            if one.feed_id not in polled:
                self._leave(one, "the feed is no longer polled")
            elif one.callback != self._rules.callback:
                self._leave(one, "the address of our callbacks has changed")
                feed = self._subscriptions.feed(one.feed_id)
                if feed is not None:
                    self._begin(feed, one.hub, one.topic_url, one.document_url)
                    self._subscriptions.restore_pace(feed.id, now)

    # -- time

    def tick(self, executor: Executor, *, until: float) -> None:
        """Judge what was pushed, until a reading of the monotonic clock, and ask hubs."""
        self.take_pushes(until=until)
        now = self._clock()
        self._asking = {future for future in self._asking if not future.done()}
        overdue = now - websub.LATE_BY
        for one in self._subscriptions.due(now, missed_before=overdue, most=MOST_DUE):
            settled = self._settle(one, now)
            is_free = len(self._asking) < MOST_ASKED
            if settled is not None and is_free and websub.is_due(settled, now):
                self._subscriptions.change(one.token, lambda one: websub.asked(one, now))
                self._asking.add(executor.submit(self._ask, settled))

    def _settle(self, subscription: Subscription, now: datetime) -> Subscription | None:
        chance = self._chance()
        changed = self._subscriptions.change(
            subscription.token, lambda one: websub.settle(one, now, chance)
        )
        if changed is None:
            return None
        before, after = changed
        if after is not None and _is_over(before, after):
            log.warning("websub_expired", cause=after.detail, **self._facts(after))
            self._subscriptions.restore_pace(after.feed_id, now)
        elif after is not None and after.is_broken(now) and not before.is_broken(now):
            until = after.broken_until
            log.warning("push_broken", rely_again_at=until, **self._facts(after))
            self._subscriptions.restore_pace(after.feed_id, now)
        else:
            self._tell_failure(before, after)
        return after

    def _ask(self, subscription: Subscription) -> None:
        """Send our request to the hub, in a thread of its own."""
        try:
            answer = self._send(subscription)
        except DeliveryError as error:
            self._settle_request(subscription, str(error), None)
        except Exception:
            log.exception("hub_request_broke", **self._facts(subscription))
            self._settle_request(subscription, "internal error", None)
        else:
            self._settle_request(subscription, "", answer.status)

    def _send(self, subscription: Subscription) -> Answer:
        form = websub.request_of(subscription)
        answer = self._pipe.post(subscription.hub, form, _FORM)
        location = _header(answer, "location")
        if answer.status not in {307, 308} or not location:
            return answer
        # A hub that has moved; once, and by the same guarded way (RFC 9110 section 15.4.8). The
        # form has a secret in it, which must not leave TLS.
        try:
            where = follow(subscription.hub, location)
        except Refused as error:
            raise DeliveryError(f"redirect: {error}", permanent=False) from error
        return self._pipe.post(where, form, _FORM)

    def _settle_request(self, asked: Subscription, cause: str, status: int | None) -> None:
        now, chance = self._clock(), self._chance()

        def change(one: Subscription) -> Subscription | None:
            if one.asked_until is None:
                # Verified, or denied, before the answer came.
                return one
            if status is None:
                return websub.failed(one, cause, now=now, chance=chance)
            return websub.answered(one, status, now=now, chance=chance)

        changed = self._subscriptions.change(asked.token, change)
        if changed is not None:
            self._tell_failure(*changed)

    def _tell_failure(self, before: Subscription, after: Subscription | None) -> None:
        facts = self._facts(before)
        if after is None:
            log.info("websub_left", **facts)
        elif after.failures > before.failures and after.detail != before.detail:
            log.warning("websub_failed", cause=after.detail, next_try=after.due_at, **facts)

    # -- pushes

    def take_pushes(self, *, until: float) -> None:
        """Judge what waits in the inbox in its order, until a reading of the monotonic clock.

        Each is read elsewhere; one that takes long is judged at a later call.
        """
        while time.monotonic() < until:
            while len(self._reading) < MOST_READ and (push := self._inbox.take()) is not None:
                with self._kept(push):
                    self._begin_reading(push)
            if not self._reading:
                return
            push, read = self._reading[0]
            if not wait([read], READ_WITHIN_SECONDS).done:
                return
            self._reading.popleft()
            with self._kept(push):
                self._judge(push, read.result())

    def give_back(self) -> None:
        """Put back into the inbox what is read and not judged: another is to judge it."""
        while self._reading:
            self._inbox.put_back(self._reading.pop()[0])

    @contextmanager
    def _kept(self, push: Push) -> Iterator[None]:
        """Keep a push if the store is gone for a moment: the hub was told that we have it."""
        try:
            yield
        except Exception:
            if push.tries < MOST_TRIES:
                self._inbox.put_back(replace(push, tries=push.tries + 1))
            raise

    def _begin_reading(self, push: Push) -> None:
        """Let a push be read that is wanted."""
        found = self._wanted(push)
        if found is not None:
            self._reading.append((push, self._pipe.read(found[1], push.document)))

    def _wanted(self, push: Push) -> tuple[Subscription, Feed] | None:
        """Give what a push is for; None if nobody wants it any more."""
        subscription = self._subscriptions.of_token(push.token.reveal())
        if subscription is None or subscription.state is SubscriptionState.LEAVING:
            return None
        feed = self._subscriptions.feed(subscription.feed_id)
        # What a feed holds at its first poll is a baseline; a push before it would be one, too.
        if feed is None or feed.baseline_at is None:
            return None
        return subscription, feed

    def _judge(self, push: Push, result: Reading | FetchFailure) -> None:
        found = self._wanted(push)
        if found is None:
            return
        subscription, feed = found
        if isinstance(result, FetchFailure):
            log.warning("push_unreadable", cause=result.cause, **self._facts(subscription))
            return
        batch = self._pipe.push(feed, result)
        now = self._clock()
        self._subscriptions.change(subscription.token, lambda one: websub.pushed(one, now))
        event = log.info if batch.items else log.debug
        event("pushed", feed=feed.name, new_items=len(batch.items))
        log_alerts(batch.alerts)

    def _facts(self, subscription: Subscription) -> dict[str, object]:
        # Neither token nor secret; a hub's path may be a secret, too.
        feed = self._subscriptions.feed(subscription.feed_id)
        return {
            "feed": feed.name if feed else subscription.topic_url,
            "hub": urlsplit(subscription.hub).hostname,
        }


def _is_over(before: Subscription, after: Subscription) -> bool:
    live = SubscriptionState.LIVE
    return before.state is live and after.state is not live


def _header(answer: Answer, name: str) -> str:
    return next((value for key, value in answer.headers.items() if key.lower() == name), "")
