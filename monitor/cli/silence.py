"""`silence`: what somebody does not want to be told for a while, and the way back."""

from __future__ import annotations

import getpass
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor import clock
from monitor.alerts.silence import Silence, in_words, make_id, subject
from monitor.alerts.wording import clean, printable
from monitor.cli.place import consulted, opened, settings_of
from monitor.cli.screen import ago, minute, plain, print_json, screen, table
from monitor.config.values import parse_duration, suggest
from monitor.errors import SeedwatchError

if TYPE_CHECKING:
    from monitor.app import App

# Longer ones are forgotten by who made them: change the topic instead.
LONGEST = timedelta(days=366)
MOST_COMMENT = 500
MOST_AUTHOR = 60
# Names that an error lists.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody asks not to be told, in their own words."""

    topic: str | None
    # A story, by the id of one of its items.
    story: str | None
    source: str | None
    receiver: str | None
    # `48h`, or a time in ISO 8601: one of the two is given.
    span: str | None
    until: str | None
    comment: str
    author: str | None


def add(named: Path | None, wanted: Wanted, *, as_json: bool) -> None:
    """Add a silence; a running service heeds it from its next decision on."""
    with opened(settings_of(named), must_exist=True) as app:
        silence = _checked(app, wanted)
        app.silences.add(silence)
    if as_json:
        print_json(silence)
        return
    console = screen()
    console.print(plain(f"From now on: {in_words(silence)}"))
    console.print("What waits in the outbox already is still sent.")
    console.print(f"End it early: seedwatch silence end {silence.id}")


def _checked(app: App, wanted: Wanted) -> Silence:
    """Make the record of a silence. Raises `SeedwatchError` if it would mean nothing."""
    now = app.clock()
    matchers = (wanted.topic, wanted.story, wanted.source, wanted.receiver)
    if not any(matchers):
        raise SeedwatchError(
            "say what is to be silent: --topic, --story, --source or --receiver, or several of them"
        )
    _must_be_known("topic", wanted.topic, [topic.name for topic in app.settings.topics])
    _must_be_known("receiver", wanted.receiver, [one.name for one in app.settings.receivers])
    _must_be_known("source", wanted.source, sorted({feed.name for feed in app.store.feeds()}))
    story = None if wanted.story is None else _story(app, wanted.story, wanted.topic)
    comment = " ".join(printable(wanted.comment).split())
    if not comment or len(comment) > MOST_COMMENT:
        raise SeedwatchError(f"--comment is to say why, in 1 to {MOST_COMMENT} characters")
    return Silence(
        id=make_id(wanted.topic, story, wanted.source, wanted.receiver, at=now),
        topic=wanted.topic,
        story=story,
        source=wanted.source,
        receiver=wanted.receiver,
        created_at=now,
        until=_end(wanted, now),
        comment=comment,
        author=clean(wanted.author or _user(), MOST_AUTHOR),
    )


def _must_be_known(what: str, name: str | None, known: list[str]) -> None:
    if name is None or name in known:
        return
    cure = suggest(name, known)
    if len(known) > MOST_NAMED and "did you mean" not in cure:
        cure = "; `seedwatch status` and `seedwatch feeds list` have their names"
    raise SeedwatchError(f"there is no {what} {name!r}{cure}")


def _story(app: App, item: str, topic: str | None) -> str:
    """Give the id of the story that an item is in."""
    from monitor.cli.feedback import find_item

    seen = find_item(app, item)
    found = {
        verdict.decision.topic: verdict.decision.story_id
        for verdict in app.reports.verdicts(seen.id)
        if verdict.decision.story_id and topic in {None, verdict.decision.topic}
    }
    if not found:
        raise SeedwatchError(f"{item!r} is in no story: it was on-topic for none that is meant")
    if len(found) > 1:
        raise SeedwatchError(
            f"{item!r} is in the stories of several topics: add --topic {' or '.join(found)}"
        )
    (story,) = found.values()
    return str(story)


def _end(wanted: Wanted, now: datetime) -> datetime:
    if (wanted.span is None) == (wanted.until is None):
        raise SeedwatchError("say how long: either --for 48h, or --until 2026-01-05T08:00")
    try:
        until = now + parse_duration(wanted.span) if wanted.span else _moment(wanted.until or "")
    except (OverflowError, ValueError) as error:
        given = wanted.span or wanted.until or ""
        raise SeedwatchError(str(error).replace("{}", repr(given))) from error
    if not now < until <= now + LONGEST:
        raise SeedwatchError(f"{minute(until)} is not between now and {LONGEST.days} days from now")
    return until


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("{} is not a time; write it like 2026-01-05T08:00+01:00") from None
    # Without an offset it is UTC, as all times on our screens are.
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may have a user without a name.
        return "unknown"


def show(named: Path | None, *, with_ended: bool, as_json: bool) -> None:
    """List the silences that hold, or all."""
    from monitor.store import Silences

    with consulted(settings_of(named)) as engine:
        now = clock.utc_now()
        found = [one for one in Silences(engine).all() if with_ended or one.holds(now)]
    if as_json:
        print_json(found)
        return
    console = screen()
    if not found:
        console.print("Nothing is silenced." if not with_ended else "Nothing was ever silenced.")
        return
    rows = table("silence", "ends", "of", least=8)
    for one in found:
        # Where somebody ended it, that is when it ended.
        end = one.until if one.ended_at is None else min(one.until, one.ended_at)
        rows.add_row(one.id, ago(end, now), plain(subject(one)))
    console.print(rows)
    console.print()
    for one in found:
        told = f"{one.id}: {one.comment} ({one.author}, {minute(one.created_at)})"
        console.print(plain(told))


def end(named: Path | None, beginning: str) -> None:
    """End a silence before its time."""
    from monitor.store import Silences

    with consulted(settings_of(named)) as engine:
        found = Silences(engine).end(beginning, clock.utc_now())
    if not found:
        raise SeedwatchError(
            f"no silence that holds begins with {beginning!r}: `seedwatch silence list` shows them"
        )
    if len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise SeedwatchError(f"{beginning!r} is the beginning of several: {ids}")
    console = screen()
    console.print(plain(f"Ended: silence {found[0].id} of {subject(found[0])}."))
    console.print("What it hid is not told afterwards; the next item of each story is.")
