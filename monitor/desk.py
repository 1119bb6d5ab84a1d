"""Answer the hubs at our door: confirm what we asked for, take what is signed, drop the rest.

    GET  a challenge    -> confirmed if we wait for it, else 404      (feeds/websub.py decides)
    POST a push         -> signature -> inbox -> 202                  (subscribe.py judges it later)

Runs in the threads of the door, several at once; nothing here takes long.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import structlog

from monitor.feeds import websub
from monitor.feeds.signature import Signature, check_signature
from monitor.feeds.websub import Ruled, Ruling, read_challenge
from monitor.inbox import Inbox, Push
from monitor.records import Document
from monitor.store import Subscriptions
from monitor.subscription import Reply, Subscription, SubscriptionState, Visit

log = structlog.get_logger()

# How a token is made: 32 random bytes in base64url.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_NOT_FOUND = Reply(status=404, text="not found")
# The hub may forget us (section 7: "410 Gone").
_GONE = Reply(status=410, text="no longer subscribed")
RETRY_SECONDS = 60
_LATER = Reply(status=503, text="later, please", retry_after=RETRY_SECONDS)
_LONGEST_HEADER = 500


class PushDesk:
    """Answers visits; a `Desk`."""

    def __init__(
        self, subscriptions: Subscriptions, inbox: Inbox, *, clock: Callable[[], datetime]
    ) -> None:
        self._subscriptions = subscriptions
        self._inbox = inbox
        self._clock = clock

    def refuse(self, visit: Visit) -> Reply | None:
        """Refuse who comes to no callback of ours, and pushes that we no longer want."""
        try:
            subscription = self._of(visit)
        except Exception:
            log.exception("visit_broke")
            return _LATER
        if subscription is None:
            return _NOT_FOUND
        if visit.method == "POST" and not subscription.is_leased(self._clock()):
            return _GONE
        return None

    def answer(self, visit: Visit) -> Reply:
        """Answer a challenge or take a push."""
        try:
            subscription = self._of(visit)
            if subscription is None:
                return _NOT_FOUND
            if visit.method == "GET":
                return self._confirm(subscription, visit)
            return self._take(subscription, visit)
        except Exception:
            # The hub tries again later; nobody else would tell us of the fault.
            log.exception("visit_broke")
            return _LATER

    def _of(self, visit: Visit) -> Subscription | None:
        # Whatever a proxy puts before it, the token comes last.
        token = visit.path.rpartition("/")[2]
        return self._subscriptions.of_token(token) if _TOKEN.fullmatch(token) else None

    # -- challenges

    def _confirm(self, subscription: Subscription, visit: Visit) -> Reply:
        challenge = read_challenge(visit.query)
        if challenge is None:
            return _NOT_FOUND
        now = self._clock()
        ruled = Ruled(ruling=Ruling.IGNORED)

        def change(stored: Subscription) -> Subscription | None:
            nonlocal ruled
            # Decided on what is stored now: the same challenge twice is confirmed once.
            ruled = websub.rule(stored, challenge, now)
            match ruled.ruling:
                case Ruling.VERIFIED:
                    return websub.verified(stored, ruled.lease, now)
                case Ruling.LEFT:
                    return None
                case Ruling.DENIED:
                    return websub.denied(stored, ruled.why, now)
                case Ruling.IGNORED:
                    return stored

        changed = self._subscriptions.change(subscription.token, change)
        if changed is None:
            return _NOT_FOUND
        self._tell(changed[0], ruled)
        if ruled.ruling is Ruling.DENIED:
            self._subscriptions.restore_pace(subscription.feed_id, now)
            return Reply(status=200)
        if ruled.ruling is Ruling.IGNORED:
            return _NOT_FOUND
        return Reply(status=200, text=challenge.challenge)

    def _tell(self, before: Subscription, ruled: Ruled) -> None:
        facts = self._facts(before)
        match ruled.ruling:
            case Ruling.VERIFIED if before.state is SubscriptionState.LIVE:
                log.debug("websub_renewed", lease=str(ruled.lease), **facts)
            case Ruling.VERIFIED:
                log.info("websub_live", lease=str(ruled.lease), **facts)
            case Ruling.LEFT:
                log.info("websub_left", **facts)
            case Ruling.DENIED:
                log.warning("websub_denied", cause=ruled.why, **facts)
            case Ruling.IGNORED:
                log.debug("websub_challenge_ignored", cause=ruled.why, **facts)

    # -- pushes

    def _take(self, subscription: Subscription, visit: Visit) -> Reply:
        now = self._clock()
        said = visit.headers.get("x-hub-signature", "")[:_LONGEST_HEADER]
        signature = check_signature(visit.body, said, subscription.secret)
        if signature is not Signature.GOOD:
            self._drop(subscription, signature)
            # Section 7.1: who forges shall not learn that it failed.
            return Reply(status=202)
        language = visit.headers.get("content-language")
        document = Document(
            url=subscription.document_url,
            body=visit.body,
            content_type=visit.headers.get("content-type", "")[:_LONGEST_HEADER],
            content_language=language[:_LONGEST_HEADER] if language else None,
            fetched_at=now,
        )
        if not self._inbox.put(Push(token=subscription.token, document=document)):
            log.warning("push_put_off", **self._facts(subscription))
            return _LATER
        return Reply(status=202)

    def _drop(self, subscription: Subscription, signature: Signature) -> None:
        """Count a push that is not signed well; say so the first time."""
        changed = self._subscriptions.change(subscription.token, websub.rejected)
        if changed is not None and changed[0].rejected == 0:
            log.warning("push_dropped", cause=signature.value, **self._facts(subscription))

    def _facts(self, subscription: Subscription) -> dict[str, object]:
        # Neither token nor secret; a hub's path may be a secret, too.
        feed = self._subscriptions.feed(subscription.feed_id)
        return {
            "feed": feed.name if feed else subscription.topic_url,
            "hub": urlsplit(subscription.hub).hostname,
        }
