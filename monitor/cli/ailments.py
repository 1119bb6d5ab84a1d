"""What is wrong with the service, as its database and its disk show it, and what helps. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from monitor.cli.pacing import losses
from monitor.feeds.troubles import Trouble, TroubleKind
from monitor.findings import Finding, fault, warning
from monitor.records import DeliveryState, Feed
from monitor.store import Room
from monitor.store.mailboxes import MailboxReport

# What is called recent.
RECENT = timedelta(days=7)
# How late the poll of a feed may be; at least its own interval.
LATE = timedelta(minutes=5)
# How far ahead of the clock a stored time may be: another machine's clock may differ a little.
AHEAD = timedelta(minutes=5)
# What a database needs beside itself for a busy day, and what it stops without.
LITTLE_BYTES, NOTHING_BYTES = 1_000_000_000, 100_000_000
# A write-ahead log of this size says that nothing has put it back into the database for long.
LONG_WAL_BYTES = 1_000_000_000
# Feeds that are named in a line.
NAMED = 3


def of_running(feeds: Sequence[Feed], now: datetime, *, is_running: bool) -> list[Finding]:
    """Say whether anybody does the work: a daemon, or `once` at its times."""
    late = [feed for feed in feeds if now - feed.due_at > max(feed.every, LATE)]
    stop = "the service is not running"
    if not is_running and late:
        what = f"{stop}, and {_of(late, feeds)} long due"
        return [fault("service", what, "start it with `seedwatch run`")]
    if not is_running:
        return [warning("service", stop, "start it with `seedwatch run`")]
    if len(late) == len(feeds) > 0:
        last = max((feed.last_polled_at for feed in feeds if feed.last_polled_at), default=None)
        since = f" since {last:%Y-%m-%d %H:%M} UTC" if last else " at all"
        what = f"the service runs, but polls nothing{since}"
        return [fault("service", what, "see its log, and start it again")]
    if late:
        what = f"{_of(late, feeds)} long due and not polled"
        cure = "raise `polling.every` or `polling.workers`, or lower `polling.host_spacing`"
        return [warning("feeds", what, cure)]
    return []


def _of(some: Sequence[Feed], feeds: Sequence[Feed]) -> str:
    return f"{len(some)} of {len(feeds)} feeds {'is' if len(some) == 1 else 'are'}"


def of_clock(feeds: Sequence[Feed], now: datetime) -> list[Finding]:
    """Find a clock that was set back: what was stored lies ahead of it."""
    last = max((feed.last_polled_at for feed in feeds if feed.last_polled_at), default=now)
    if last - now <= AHEAD:
        return []
    what = f"the clock shows {now:%Y-%m-%d %H:%M} UTC, but a poll was at {last:%Y-%m-%d %H:%M} UTC"
    return [fault("time", what, "set it right: timedatectl set-ntp true")]


def of_feeds(feeds: Sequence[Feed], troubles: Sequence[Trouble], now: datetime) -> list[Finding]:
    """Say which feeds fail, are gone, have gone silent, or lose items."""
    found = []
    failing = [feed for feed in feeds if feed.failures and not feed.gone_at]
    if failing:
        causes = Counter(feed.last_error or "" for feed in failing).most_common(NAMED)
        why = "; ".join(f"{cause} ({count})" for cause, count in causes)
        verb = "fails" if len(failing) == 1 else "fail"
        what = f"{len(failing)} of {len(feeds)} feeds {verb}: {why}"
        if len(failing) == len(feeds) > 1:
            found.append(fault("feeds", what, "has this machine a network? `seedwatch doctor`"))
        else:
            found.append(warning("feeds", what, "`seedwatch feeds test NAME` says what helps"))
    gone = [feed for feed in feeds if feed.gone_at]
    if gone:
        what = f"{_of(gone, feeds)} gone for good, says their server: {_named(gone)}"
        found.append(warning("feeds", what, "`seedwatch feeds discover SITE` may find another"))
    by_id = {feed.id: feed for feed in feeds}
    quiet = [one for one in troubles if one.kind is TroubleKind.SILENT and one.feed_id in by_id]
    if quiet:
        silent = [by_id[one.feed_id] for one in quiet]
        verb = "has" if len(silent) == 1 else "have"
        what = f"{len(silent)} of {len(feeds)} feeds {verb} gone silent: {_named(silent)}"
        found.append(warning("feeds", what, "`seedwatch feeds test NAME` shows what they hold"))
    missed = losses(feeds, now - RECENT)
    if missed:
        first = missed[0]
        times = f"{first.pace.lost} times" if first.pace and first.pace.lost > 1 else "once"
        what = f"{len(missed)} feeds may have lost items between two polls, {first.name} {times}"
        found.append(warning("feeds", what, "give such a feed a shorter `every`"))
    return found


def _named(feeds: Sequence[Feed]) -> str:
    more = f" and {len(feeds) - NAMED} more" if len(feeds) > NAMED else ""
    return ", ".join(feed.name for feed in feeds[:NAMED]) + more


def of_deliveries(
    boxes: Sequence[MailboxReport], lost: Mapping[DeliveryState, int], known: Collection[str]
) -> list[Finding]:
    """Say what does not arrive: where nothing is sent, and what was given up of late.

    `known` are the destinations of the configuration.
    """
    paused = [one for one in boxes if one.mailbox.paused_at is not None]
    down = [one for one in boxes if one.mailbox.failures and one.mailbox.paused_at is None]
    shut = {one.mailbox.destination for one in (*paused, *down)}
    found = []
    if known and set(known) <= shut:
        what = "nobody is told: every destination is paused or down"
        found.append(fault("deliveries", what, "see below, or `seedwatch doctor`"))
    if paused:
        what = f"{_destinations(len(paused))} paused: nothing is sent there"
        found.append(warning("deliveries", what, "see below"))
    if down:
        found.append(warning("deliveries", f"{_destinations(len(down))} down", "see below"))
    for state, count in sorted(lost.items()):
        ended = f"{count} {'delivery' if count == 1 else 'deliveries'} ended {state.value}, 7 d"
        cure = "`seedwatch deliveries --state lost`, then `seedwatch redeliver ID`"
        found.append(warning("deliveries", ended, cure))
    return found


def _destinations(count: int) -> str:
    return "1 destination is" if count == 1 else f"{count} destinations are"


# By words of the database's own (SQLite's, PostgreSQL's).
STORE_CURES: Mapping[str, str] = {
    "is locked": "another program holds it: end that (`fuser -v FILE` names it)",
    "readonly": "make file and folder writable for the user of the service",
    "read-only": "make file and folder writable for the user of the service",
    "disk is full": "free some room on its disk",
    "disk I/O": "its disk fails: see `dmesg`, and restore a backup elsewhere",
    "unable to open": "is the folder there, and may this user read it?",
    "connection": "is the server there, and is `store` right?",
}


def store_cure(cause: str) -> str:
    """Say what may help against an outage of the database; empty if nothing is known."""
    return next((cure for words, cure in STORE_CURES.items() if words in cause), "")


def of_room(space: Room | None) -> list[Finding]:
    """Say whether the database has room to grow.

    >>> [one.what for one in of_room(Room(database_bytes=5, free_bytes=2_000_000))]
    ['the disk of the database is full: 2.0 MB are left']
    """
    found: list[Finding] = []
    if space is None:
        return found
    free = space.free_bytes
    if free is not None and free < LITTLE_BYTES:
        # A small disk may be meant to be small.
        is_full = free < NOTHING_BYTES
        state = "full" if is_full else "nearly full"
        what = f"the disk of the database is {state}: {in_bytes(free)} are left"
        cure = "free some, or move the database (`store`)"
        found.append((fault if is_full else warning)("disk", what, cure))
    if space.wal_bytes is not None and space.wal_bytes > LONG_WAL_BYTES:
        what = f"the write-ahead log of the database has grown to {in_bytes(space.wal_bytes)}"
        cure = "end what holds the database open for long; a restart of the service shortens it"
        found.append(warning("disk", what, cure))
    return found


def in_bytes(number: int) -> str:
    """Write a size in the unit that suits it.

    >>> in_bytes(999), in_bytes(1_200_000), in_bytes(35_000_000_000)
    ('999 B', '1.2 MB', '35 GB')
    """
    size, unit = float(number), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.1f} {unit}" if unit != "B" and size < 10 else f"{size:.0f} {unit}"
