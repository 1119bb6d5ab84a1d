"""When a feed is next due. Pure: the chance that spreads polls comes in as an argument."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.feeds.address import host_of
from monitor.feeds.conditions import is_distrusted
from monitor.feeds.hints import after_skips
from monitor.feeds.moves import address, place
from monitor.records import Document, Feed, FetchFailure, Hints, HostRest, NotModified, Poll

# Each interval is stretched or shortened by up to this part, so that feeds that were added
# together drift apart.
JITTER = 0.1
# A feed that cannot be asked on conditions is sent whole each time.
UNCONDITIONAL_FLOOR = timedelta(hours=1)
# What a person must mend before another try makes sense; 402 and 451 are rare, but no accidents.
REFUSED = frozenset({401, 402, 403, 404, 451})
# Refused feeds may wait so many times as long as others that fail.
REFUSED_PATIENCE = 4
# A feed that is gone (410) is looked at once more after a day, since a server can say so by
# mistake, and then each week.
GONE_FIRST_LOOK = timedelta(days=1)
GONE_LOOK = timedelta(days=7)
# A host that has had enough (429) and does not say until when.
HOST_REST = timedelta(hours=1)


def after_success(
    feed: Feed,
    result: Document | NotModified,
    *,
    chance: float,
    body_hash: str | None,
    at_least_every: timedelta,
    base: timedelta | None = None,
) -> Poll:
    """Plan the next poll of a feed that answered well, about `base` (else its `every`) from now.

    `chance` is in [0, 1). The wait is the base interval, give or take the jitter, or what the
    server and the document (`feed.hints`) ask for, if that is longer; but never more than
    `at_least_every` for their sake.
    """
    now = result.fetched_at
    base = base or feed.every
    longest = max(at_least_every, base)
    wanted = now + _jittered(base, chance)
    # A little more by chance.
    asked = min(floor(feed, result) * (1 + JITTER * chance), longest)
    due_at = max(wanted, now + asked)
    free_at = after_skips(due_at, _heeded(feed), now + longest)
    if free_at > due_at:
        # All feeds that skip the same hours would come at their end.
        due_at = max(due_at, min(free_at + base * JITTER * chance, now + longest))
    found = place(feed, result.moved_to, now)
    is_elsewhere = found.moved_to is not None or feed.moved_to is not None
    plan = Poll(
        feed_id=feed.id,
        polled_at=now,
        due_at=due_at,
        is_held=due_at > wanted,
        ok=True,
        failures=0,
        moved_to=found.moved_to,
        move=found.move,
        host=host_of(found.moved_to or feed.url) if is_elsewhere else None,
        lied_at=feed.lied_at,
        hints=feed.hints,
        baseline_at=feed.baseline_at or now,
    )
    return _with_validators(plan, feed, result, body_hash)


def floor(feed: Feed, result: Document | NotModified) -> timedelta:
    """Give the shortest wait that server and document ask for; none is a wait of nothing.

    What the server says of this answer (`Cache-Control`, `Expires`) holds for every feed.
    """
    whole = UNCONDITIONAL_FLOOR if is_distrusted(feed, result.fetched_at) else None
    hints = _heeded(feed)
    asked = filter(None, (result.fresh_for, hints.ttl, hints.update_every, whole))
    return max(asked, default=timedelta(0))


def _heeded(feed: Feed) -> Hints:
    """Give what the document may ask for: what a person has set for this feed goes before it."""
    return Hints() if feed.has_own_interval else feed.hints


def _with_validators(
    plan: Poll, feed: Feed, result: Document | NotModified, body_hash: str | None
) -> Poll:
    """Write down what the next poll is asked with.

    Validators that a 304 repeats replace ours, others stay (RFC 9111 section 3.2); a 200 replaces
    both, even by nothing. A part (226) brings those of the whole, but no hash of it.
    """
    if isinstance(result, NotModified):
        return replace(
            plan,
            etag=result.etag or feed.etag,
            last_modified=result.last_modified or feed.last_modified,
            document_url=feed.document_url,
            body_hash=feed.body_hash,
            whole_at=feed.whole_at,
            offers_deltas=feed.offers_deltas,
        )
    is_whole = not result.is_partial
    return replace(
        plan,
        etag=result.etag,
        last_modified=result.last_modified,
        document_url=result.url,
        body_hash=(is_whole and body_hash) or feed.body_hash,
        whole_at=result.fetched_at if is_whole else feed.whole_at,
        offers_deltas=result.offers_deltas,
    )


def after_failure(
    feed: Feed,
    failure: FetchFailure,
    *,
    chance: float,
    at_least_every: timedelta,
    base: timedelta | None = None,
) -> Poll:
    """Plan the next try of a feed that failed: ever more patient, but never given up.

    The wait is base x 2^(n-1) after n failures in a row, at most `at_least_every` (or one
    interval, if that is longer); without a `base` it is the feed's `every`. Refusals (401, 403,
    404 ...) are base x 4^(n-1), and at most four times that; a feed that is gone (410) is looked
    at after a day, then each week. A server's `Retry-After` is a floor under all; with a 429 it is
    one for all feeds of the host.

    >>> from datetime import UTC, datetime
    >>> now = datetime(2026, 1, 1, tzinfo=UTC)
    >>> feed = Feed(id=1, url="https://a.example/", name="A", groups=(), due_at=now,
    ...             every=timedelta(minutes=15), failures=2)
    >>> poll = after_failure(feed, FetchFailure(cause="HTTP 500", fetched_at=now), chance=0.5,
    ...                      at_least_every=timedelta(hours=6))
    >>> poll.due_at - now, poll.failures
    (datetime.timedelta(seconds=3600), 3)
    """
    now = failure.fetched_at
    base = base or feed.every
    longest = max(at_least_every, base)
    # A feed that has moved is not gone while its own address has not been asked.
    is_gone = feed.gone_at is not None or (failure.status == 410 and address(feed) == feed.url)
    if is_gone:
        wait = GONE_LOOK if feed.gone_at and failure.status else GONE_FIRST_LOOK
    else:
        wait = _backed_off(base, feed.failures, longest, is_refused=failure.status in REFUSED)
    wait = max(_jittered(wait, chance), failure.retry_after or timedelta(0))
    rest = _host_rest(failure, longest)
    failed = replace(feed, failures=feed.failures + 1)
    return Poll(
        feed_id=feed.id,
        polled_at=now,
        due_at=max(now + wait, rest.until) if rest else now + wait,
        ok=False,
        failures=failed.failures,
        error=failure.told,
        status=failure.status,
        moved_to=feed.moved_to,
        # The next try may go elsewhere than this one.
        host=host_of(address(failed)) if feed.moved_to else None,
        gone_at=(feed.gone_at or now) if is_gone else None,
        host_rest=rest,
    )


def _backed_off(
    base: timedelta, failures: int, longest: timedelta, *, is_refused: bool
) -> timedelta:
    factor = REFUSED_PATIENCE if is_refused else 2
    # 2^20 intervals of a second are twelve days: more would only overflow.
    times: int = factor ** min(failures, 20 // (factor // 2))
    return min(base * times, longest * (REFUSED_PATIENCE if is_refused else 1))


def _host_rest(failure: FetchFailure, longest: timedelta) -> HostRest | None:
    if failure.status != 429 or not failure.host:
        return None
    asked = failure.retry_after
    rest = min(HOST_REST, longest) if asked is None else asked
    return HostRest(host=failure.host, until=failure.fetched_at + rest)


def _jittered(wait: timedelta, chance: float) -> timedelta:
    return wait * (1 + JITTER * (2 * chance - 1))
