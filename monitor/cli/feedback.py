"""`feedback`: a person's yes or no to an item, and the way back."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from monitor import clock
from monitor.cli.past import Past
from monitor.cli.place import consulted, opened, settings_of
from monitor.cli.screen import minute, plain, print_json, screen, table
from monitor.errors import SeedwatchError
from monitor.feeds.identity import canonical_url
from monitor.records import Judgement, SeenItem

if TYPE_CHECKING:
    from monitor.app import App
    from monitor.topics.profile import Profile

# Terms that are shown when a profile moves.
MOST_SHOWN = 8
# What the database has room for.
MOST_ID, MOST_LANG = 16, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is said of an item, and how."""

    # An id, its beginning, or an address.
    item: str
    # None: the one that it can be.
    topic: str | None
    is_on_topic: bool
    # Store it without asking.
    yes: bool = False
    # Show what it would change, and store nothing.
    dry_run: bool = False


def say(named: Path | None, word: Word) -> None:
    """Show what a yes or no to an item changes, then store it."""
    is_on_topic = word.is_on_topic
    from monitor.topics.feedback import standing

    with opened(settings_of(named), must_exist=True) as app:
        seen = find_item(app, word.item)
        topic = _topic(app, seen, word.topic)
        known = app.feedback.all()
        earlier = [one for one in standing(known) if (one.topic, one.item_id) == (topic, seen.id)]
        if earlier and earlier[0].is_on_topic is is_on_topic:
            same = earlier[0]
            raise SeedwatchError(
                f"you said {_word(same)} to it on {minute(same.given_at)} already: nothing changed."
                f" Undo: seedwatch feedback undo {same.id}"
            )
        said = app.tracker.judgement(topic, seen, is_on_topic=is_on_topic, at=app.clock())
        console = screen()
        console.print(plain(f"{_word(said)}, topic {topic}: {seen.item.title}"))
        _move(console, app, seen, [*known, said], topic)
        if not _is_meant(word):
            return
        app.feedback.add([said])
    console.print(plain(f"Stored. Undo: seedwatch feedback undo {said.id}"))


def is_terminal() -> bool:
    """Say whether a person can be asked."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _is_meant(word: Word) -> bool:
    """Ask on a terminal; where nobody can be asked, the command itself is the word.

    It can be undone to the last bit, so a script need not say that it means it.
    """
    if not word.dry_run:
        if word.yes or not is_terminal():
            return True
        if click.confirm("Store it?", default=True):
            return True
    click.echo("Nothing was stored.")
    return False


def find_item(app: App, what: str) -> SeenItem:
    """Give the item that an id, its beginning, or an address means.

    Raises `SeedwatchError` if it is none that is stored, or several.
    """
    is_url = what.startswith(("http://", "https://"))
    found = app.reports.items(what, canonical_url(what) if is_url else None)
    if not found:
        raise SeedwatchError(f"no item {what!r} is stored: give an id from an alert")
    if not is_url and len(found) > 1:
        ids = ", ".join(one.id for one in found)
        raise SeedwatchError(f"{what!r} is the beginning of several ids: {ids}")
    return found[0]


def _topic(app: App, seen: SeenItem, named: str | None) -> str:
    """Give the topic that is meant: the one named, else the only one that the item can be about."""
    topics = [topic.name for topic in app.settings.topics]
    if named is not None:
        if named not in topics:
            raise SeedwatchError(f"there is no topic {named!r}; the file has: {', '.join(topics)}")
        return named
    judged = [
        verdict.score for verdict in app.reports.verdicts(seen.id) if verdict.score.topic in topics
    ]
    for meant in (
        [score.topic for score in judged if score.on_topic],
        [score.topic for score in judged],
        topics,
    ):
        if len(meant) == 1:
            return meant[0]
        if meant:
            raise SeedwatchError(
                f"the item may be meant for several topics: add --topic {' or '.join(meant)}"
            )
    raise SeedwatchError("the configuration has no topics")


def _move(
    console: Console, app: App, seen: SeenItem, judgements: Sequence[Judgement], topic: str
) -> None:
    """Let the tracker of this command hear the judgements, and show what that changes."""
    tracker, item, now = app.tracker, seen.item, app.clock()
    before, was = tracker.profile(topic, item.lang), tracker.score(topic, item, now)
    past = Past.of(app, topic, now)
    tracker.hear(judgements)
    after, is_now = tracker.profile(topic, item.lang), tracker.score(topic, item, now)
    _show_moves(console, before, after, tracker.surfaces(topic, item))
    console.print(f"Such an item's score: {was.value:.3f} before, {is_now.value:.3f} from now on.")
    past.show(console, tracker, now)


def _show_moves(
    console: Console, before: Profile, after: Profile, surfaces: dict[str, str]
) -> None:
    from monitor.topics.feedback import moves

    found = moves(before, after, MOST_SHOWN)
    if not found:
        console.print("No term moves: what it shares with the topic is the topic's core.")
        return
    rows = table("term", "before", "after", "change")
    for move in found:
        change = move.after - move.before
        rows.add_row(
            plain(surfaces.get(move.term, move.term)),
            f"{move.before:.4f}",
            f"{move.after:.4f}",
            f"{change:+.4f}",
        )
    console.print(rows)


def _word(judgement: Judgement) -> str:
    return "yes" if judgement.is_on_topic else "no"


def show(named: Path | None, topic: str | None, *, as_json: bool) -> None:
    """List the judgements that count, oldest first."""
    from monitor.store import Feedback

    with consulted(settings_of(named)) as engine:
        found = Feedback(engine).all(topic)
    if as_json:
        print_json(found)
        return
    console = screen()
    if not found:
        console.print("No feedback. `seedwatch feedback no ITEM` says that an alert was wrong.")
        return
    rows = table("id", "given", "topic", "said", "title")
    for one in found:
        given = minute(one.given_at).removesuffix(" UTC")
        rows.add_row(one.id, given, plain(one.topic), _word(one), plain(one.title))
    # An id that is cut short is of no use: the title gives way.
    widths = (max(len(one.id) for one in found), len("2021-11-08 14:00"))
    for column, width in zip(rows.columns, widths, strict=False):
        column.min_width = width
    console.print(rows)


def undo(named: Path | None, judgement_id: str | None) -> None:
    """Undo a judgement, the latest one by default."""
    from monitor.store import Feedback

    with consulted(settings_of(named)) as engine:
        said = Feedback(engine)
        undone = said.undo(judgement_id, clock.utc_now())
        left = len(said.all(undone.topic)) if undone else 0
    if undone is None:
        raise SeedwatchError(
            "there is nothing to undo"
            if judgement_id is None
            else f"no judgement {judgement_id!r} counts: `seedwatch feedback list` has their ids"
        )
    click.echo(f"Undone: {_word(undone)}, topic {undone.topic}: {undone.title}")
    click.echo(f"{left} left on this topic.")


def export(named: Path | None, topic: str | None) -> None:
    """Print the judgements that count, one line of JSON each, oldest first."""
    from monitor.store import Feedback

    with consulted(settings_of(named)) as engine:
        found = Feedback(engine).all(topic)
    for one in found:
        fields = dataclasses.asdict(one) | {"given_at": one.given_at.isoformat()}
        sys.stdout.write(json.dumps(fields, ensure_ascii=False) + "\n")


def take(named: Path | None, file: Path) -> None:
    """Add what `export` printed; what is known already, undone or not, stays as it is."""
    found = [
        _read(file, number, line)
        for number, line in enumerate(file.read_text(encoding="utf-8").split("\n"), start=1)
        if line.strip()
    ]
    from monitor.store import Feedback

    settings = settings_of(named)
    with consulted(settings) as engine:
        added = Feedback(engine).add(found)
    topics = {topic.name for topic in settings.topics}
    click.echo(f"{len(added)} added, {len(found) - len(added)} were known.")
    strange = sorted({one.topic for one in added} - topics)
    if strange:
        click.echo(f"No topic of the configuration is called {', '.join(strange)}: kept, unused.")


def _read(file: Path, number: int, line: str) -> Judgement:
    """Read a line. Raises `SeedwatchError` naming file and line if it is not of the form."""
    try:
        fields: dict[str, Any] = json.loads(line)
        _check(fields)
        return Judgement(**{**fields, "given_at": datetime.fromisoformat(fields["given_at"])})
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SeedwatchError(
            f"{file}:{number}: not a line of `feedback export`: {error}"
        ) from error


def _check(fields: dict[str, Any]) -> None:
    texts = [fields[name] for name in ("id", "topic", "item_id", "lang", "title")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a text is none")
    if max(len(fields["id"]), len(fields["item_id"])) > MOST_ID or len(fields["lang"]) > MOST_LANG:
        raise ValueError("an id or a language is too long")
    if not isinstance(fields["is_on_topic"], bool):
        raise TypeError("`is_on_topic` is neither true nor false")
    if datetime.fromisoformat(fields["given_at"]).tzinfo is None:
        raise ValueError("`given_at` has no zone")
    from monitor.text.tokens import MOST_RARE

    weights = {**fields["names"], **fields["matter"]}
    if weights.keys() != fields["rarity"].keys():
        raise ValueError("`rarity` has other terms than `names` and `matter`")
    # The bounds of a profile hold whatever the weights are; its arithmetic needs this much.
    if not all(0.0 <= weight <= 1.0 for weight in weights.values()):
        raise ValueError("a weight is not between 0 and 1")
    if not all(0.0 < rare <= MOST_RARE for rare in fields["rarity"].values()):
        raise ValueError(f"a rarity is not between 0 and {MOST_RARE}")
