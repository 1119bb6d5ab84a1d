"""`export`: all alerts and decisions, a line each, as they come from the database."""

from __future__ import annotations

import csv
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitor.app import App
from monitor.cli.place import opened, settings_of
from monitor.config.values import parse_duration
from monitor.errors import SeedwatchError
from monitor.records import SENTENCES, Alert, Delivery, SeenItem, Verdict
from monitor.store import Archive
from monitor.text.markup import UNSEEN

# What each line has, in the order of the table's columns.
COLUMNS = (
    "kind",
    "id",
    "at",
    "topic",
    "told",
    "reason",
    "why",
    "score",
    "threshold",
    "title",
    "source",
    "url",
    "published_at",
    "story",
    "detail",
    "deliveries",
)
# With these a spreadsheet's formula begins
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants of it, in their own words."""

    # `jsonl` or `csv`.
    form: str
    # `all`, `alerts` or `decisions`.
    what: str
    since: str | None
    topic: str | None


def export(named: Path | None, wanted: Wanted) -> None:
    """Print it; a reader that goes away early is no fault."""
    with opened(settings_of(named), must_exist=True) as app:
        since = _moment(wanted.since, app.clock()) if wanted.since else None
        write = _table() if wanted.form == "csv" else _line
        try:
            for row in _rows(app, wanted, since):
                write(row)
            sys.stdout.flush()
        except BrokenPipeError:
            # Python would complain once more when it closes it.
            with suppress(OSError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _rows(app: App, wanted: Wanted, since: datetime | None) -> Iterator[Mapping[str, Any]]:
    archive = Archive(app.engine)
    if wanted.what in {"all", "alerts"}:
        for alert, deliveries in archive.alerts(since, wanted.topic):
            yield from _of_alert(alert, deliveries)
    if wanted.what in {"all", "decisions"}:
        for seen, verdict, at in archive.decisions(since, wanted.topic):
            yield _of_decision(seen, verdict, at)


def _of_alert(alert: Alert, deliveries: list[Delivery]) -> Iterator[dict[str, Any]]:
    """Give a line for each item of an alert, or one if it has none."""
    shared = {
        "kind": "alert",
        "id": alert.id,
        "at": alert.created_at.isoformat(),
        "topic": alert.topic,
        "told": True,
        "reason": alert.reason.value,
        "why": SENTENCES[alert.reason],
        "story": alert.story_id,
        "detail": alert.detail,
        "deliveries": {one.destination: one.state.value for one in deliveries},
    }
    for item in alert.items:
        yield shared | {
            "score": item.score,
            "threshold": item.threshold,
            "title": item.title,
            "source": item.source,
            "url": item.url,
            "published_at": item.published_at.isoformat() if item.published_at else None,
        }
    if not alert.items:
        yield shared


def _of_decision(seen: SeenItem, verdict: Verdict, at: datetime) -> dict[str, Any]:
    score, decision, item = verdict.score, verdict.decision, seen.item
    return {
        "kind": "decision",
        "id": seen.id,
        "at": at.isoformat(),
        "topic": decision.topic,
        "told": decision.alert,
        "reason": decision.reason.value,
        "why": SENTENCES[decision.reason],
        "score": score.value,
        "threshold": score.threshold,
        "title": item.title,
        "source": seen.source,
        "url": item.url,
        "published_at": item.published_at.isoformat() if item.published_at else None,
        "story": decision.story_id,
        "detail": decision.detail or score.lacks,
    }


def _line(row: Mapping[str, Any]) -> None:
    whole = {name: row.get(name) for name in COLUMNS}
    text = json.dumps(whole, ensure_ascii=False)
    # What no reader sees can stand in strings only, and there it has a written form.
    sys.stdout.write(UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], text) + "\n")


def _table() -> Callable[[Mapping[str, Any]], None]:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    return lambda row: writer.writerow([cell(row.get(name)) for name in COLUMNS])


def cell(value: object) -> str:
    """Write a value so that no spreadsheet takes it for a formula.

    >>> cell("=1+1"), cell("Talks fail"), cell(0.5), cell(None), cell(True)
    ("'=1+1", 'Talks fail', '0.5', '', 'yes')
    """
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        value = "; ".join(f"{name}: {state}" for name, state in value.items())
    text = "" if value is None else str(value)
    # A NUL ends a cell for some readers.
    text = text.replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) else text


def _moment(text: str, now: datetime) -> datetime:
    """Read a time, or a span back from now. Raises `SeedwatchError` if it is neither."""
    with suppress(ValueError, OverflowError):
        return now - parse_duration(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SeedwatchError(
            f"--since {text!r} is neither a time like 2026-01-05T08:00+01:00 nor a span like 7d"
        ) from None
    # Without an offset it is UTC, as all times on our screens are.
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)
