"""When a feed is next due. Pure: the chance that spreads polls comes in as an argument."""

from __future__ import annotations

from datetime import timedelta

from monitor.records import Document, Feed, FetchFailure, NotModified, Poll

# Each interval is stretched or shortened by up to this part, so that feeds that were added
# together drift apart.
JITTER = 0.1


def after_success(
    feed: Feed,
    result: Document | NotModified,
    *,
    chance: float,
    body_hash: str | None,
    base: timedelta | None = None,
) -> Poll:
    """Plan the next poll of a feed that answered well, about `base` (else its `every`) from now.

    `chance` is in [0, 1). Validators that a 304 repeats replace ours, others stay
    (RFC 9111 section 3.2); a 200 replaces both, even by nothing.
    """
    now = result.fetched_at
    etag, last_modified = result.etag, result.last_modified
    if isinstance(result, NotModified):
        etag, last_modified = etag or feed.etag, last_modified or feed.last_modified
    return Poll(
        feed_id=feed.id,
        polled_at=now,
        due_at=now + _jittered(base or feed.every, chance),
        ok=True,
        failures=0,
        etag=etag,
        last_modified=last_modified,
        body_hash=body_hash or feed.body_hash,
        baseline_at=feed.baseline_at or now,
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
    interval, if that is longer); without a `base` it is the feed's `every`. A server's
    `Retry-After` is a floor under it.

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
    # 2^20 intervals of a second are twelve days: more would only overflow.
    base = base or feed.every
    longest = max(at_least_every, base)
    wait = min(base * 2 ** min(feed.failures, 20), longest)
    wait = _jittered(wait, chance)
    if failure.retry_after is not None:
        wait = max(wait, failure.retry_after)
    return Poll(
        feed_id=feed.id,
        polled_at=now,
        due_at=now + wait,
        ok=False,
        failures=feed.failures + 1,
        error=failure.cause,
    )


def _jittered(wait: timedelta, chance: float) -> timedelta:
    return wait * (1 + JITTER * (2 * chance - 1))
