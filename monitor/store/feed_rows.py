"""Rows of `feeds` to records, and polls to what they change in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from monitor.records import AliasFault, Feed, Hints, Move, Poll, Trust
from monitor.store.paces import pace_json, pace_of


def feed_of(row: RowMapping) -> Feed:
    """Read a row of `feeds`."""
    return Feed(
        id=row["id"],
        url=row["url"],
        name=row["name"],
        groups=tuple(row["groups"]),
        every=timedelta(seconds=row["every_seconds"]),
        lang=row["lang"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        document_url=row["document_url"],
        body_hash=row["body_hash"],
        whole_at=row["whole_at"],
        lied_at=row["lied_at"],
        offers_deltas=bool(row["offers_deltas"]),
        hints=hints_of(row["hints"] or {}),
        move=move_of(row["move"]),
        moved_to=row["moved_to"],
        gone_at=row["gone_at"],
        due_at=row["due_at"],
        baseline_at=row["baseline_at"],
        last_polled_at=row["last_polled_at"],
        last_ok_at=row["last_ok_at"],
        failures=row["failures"],
        last_error=row["last_error"],
        trust=trust_of(row["trust"]),
        read_at=row["read_at"],
        has_own_interval=row["has_own_interval"],
        pace=pace_of(row["pace"]),
    )


def poll_row(poll: Poll) -> dict[str, Any]:
    """Write what a poll changes in a row of `feeds`."""
    values: dict[str, Any] = {
        "due_at": poll.due_at,
        "last_polled_at": poll.polled_at,
        "failures": poll.failures,
        "last_error": poll.error,
        "moved_to": poll.moved_to,
        "gone_at": poll.gone_at,
    }
    if poll.host is not None:
        values["host"] = poll.host
    if poll.pace is not None:
        values["pace"] = pace_json(poll.pace)
    if poll.ok:
        values |= {
            "last_ok_at": poll.polled_at,
            "etag": poll.etag,
            "last_modified": poll.last_modified,
            "document_url": poll.document_url,
            "body_hash": poll.body_hash,
            "whole_at": poll.whole_at,
            "lied_at": poll.lied_at,
            "offers_deltas": poll.offers_deltas,
            "hints": hints_state(poll.hints),
            "move": move_state(poll.move),
            "baseline_at": poll.baseline_at,
        }
    if poll.trust is not None:
        values |= {"trust": trust_json(poll.trust), "read_at": poll.read_at}
    return values


def hints_state(hints: Hints) -> dict[str, Any]:
    """Write hints, without those that are not there."""
    state = {
        "ttl": hints.ttl and hints.ttl.total_seconds(),
        "update_every": hints.update_every and hints.update_every.total_seconds(),
        "skip_hours": list(hints.skip_hours),
        "skip_days": list(hints.skip_days),
    }
    return {name: value for name, value in state.items() if value}


def hints_of(state: Mapping[str, Any]) -> Hints:
    """Read hints."""
    return Hints(
        ttl=timedelta(seconds=state["ttl"]) if "ttl" in state else None,
        update_every=timedelta(seconds=state["update_every"]) if "update_every" in state else None,
        skip_hours=tuple(state.get("skip_hours", ())),
        skip_days=tuple(state.get("skip_days", ())),
    )


def move_state(move: Move | None) -> dict[str, Any] | None:
    """Write a move."""
    if move is None:
        return None
    return {"to": move.to, "since": move.since.isoformat(), "polls": move.polls}


def move_of(state: Mapping[str, Any] | None) -> Move | None:
    """Read a move."""
    if state is None:
        return None
    since = datetime.fromisoformat(state["since"])
    return Move(to=state["to"], since=since, polls=state["polls"])


def trust_json(trust: Trust) -> dict[str, Any]:
    """Write what a feed has shown of its guids and addresses."""
    return {
        "guid": [trust.guid_strikes, trust.guid_fault],
        "url": [trust.url_strikes, trust.url_fault],
    }


def trust_of(stored: Mapping[str, Any] | None) -> Trust:
    """Read what `trust_json` wrote; nothing stored is nothing against the feed."""
    if not stored:
        return Trust()
    (guid_strikes, guid_fault), (url_strikes, url_fault) = stored["guid"], stored["url"]
    return Trust(
        guid_strikes=guid_strikes,
        guid_fault=AliasFault(guid_fault) if guid_fault else None,
        url_strikes=url_strikes,
        url_fault=AliasFault(url_fault) if url_fault else None,
    )
