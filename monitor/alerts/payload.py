"""The webhook's JSON form of an alert; docs/webhook.md describes it, docs/webhook.schema.json too.

Always under 20 kB, as Standard Webhooks asks: the largest of `_LIMITS` that fits is taken, and
`shortened` says if a text had to give way.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.alerts.wording import clean, link_of, paragraphs_of, shown_items, title_of
from monitor.records import Alert, AlertedItem, Reason

VERSION = 1
MAX_BYTES = 20_000

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Limits:
    """How much of each text goes in: characters, and bytes for a URL, which is whole or absent."""

    summary: int
    title: int
    name: int
    url: int
    terms: int
    sources: int


_LIMITS = (
    _Limits(summary=2_000, title=500, name=100, url=2_000, terms=20, sources=50),
    _Limits(summary=600, title=300, name=100, url=2_000, terms=10, sources=20),
    _Limits(summary=200, title=200, name=60, url=2_000, terms=6, sources=20),
    # Fits even if every character takes four bytes: 5 items of at most 2.8 kB, a head of 2 kB.
    _Limits(summary=1, title=100, name=40, url=800, terms=3, sources=5),
)


def payload(alert: Alert) -> Json:
    """Return the alert as the JSON object that webhooks receive."""
    written = _write(alert, _LIMITS[0])
    for limits in _LIMITS[1:]:
        if len(encode(written)) < MAX_BYTES:
            break
        written = _write(alert, limits)
    # A digest may have more items than fit even so.
    most = len(written["items"])
    while len(encode(written)) >= MAX_BYTES and most > 1:
        most -= 1
        written = _write(alert, _LIMITS[-1], most)
    return written


def encode(written: Any) -> bytes:
    """Encode a payload as the bytes that are signed and sent."""
    return json.dumps(written, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _write(alert: Alert, limits: _Limits, most: int | None = None) -> Json:
    """Write the alert within limits, with at most so many of its items."""
    items, left_out = shown_items(alert)
    left_out += len(items) - len(items[:most])
    items = items[:most]
    sources = tuple(
        dict.fromkeys(name for item in items for name in item.sources or (item.source,))
    )
    detail, is_cut = _detail(alert)
    return {
        "type": f"alert.{alert.reason.value}",
        "version": VERSION,
        "id": clean(alert.id, limits.name),
        "topic": clean(alert.topic, limits.name),
        "reason": alert.reason.value,
        "created_at": _iso(alert.created_at),
        "story": {
            "id": clean(alert.story_id, limits.name),
            "sources": [clean(name, limits.name) for name in sources[: limits.sources]],
            "source_count": len(sources),
        },
        "items": [_item(item, limits) for item in items],
        "left_out": left_out,
        "detail": detail,
        "shortened": is_cut or _shortened(items, sources, limits),
    }


def _detail(alert: Alert) -> tuple[str, bool]:
    """Give what the alert says beside its items, and whether that is cut."""
    whole, most = alert.detail, 400
    if alert.reason is Reason.NOTICE:
        # It has one item at most, so that there is room: 2,000 characters of four bytes.
        headline, *rest = paragraphs_of(alert.detail) or ("",)
        whole, most = f"{headline}: {' '.join(rest)}" if rest else headline, 2_000
    said = clean(whole, most)
    return said, said != clean(whole, most + 1)


def _item(item: AlertedItem, limits: _Limits) -> Json:
    return {
        "id": clean(item.item_id, limits.name),
        "title": title_of(item, limits.title),
        "summary": clean(item.summary, limits.summary),
        "source": clean(item.source, limits.name),
        "url": link_of(item, limits.url),
        "published_at": _iso(item.published_at) if item.published_at else None,
        "first_seen_at": _iso(item.first_seen_at),
        "score": round(item.score, 4),
        "threshold": round(item.threshold, 4),
        "terms": [
            {
                "term": clean(term.term, limits.name),
                "surface": clean(term.surface, limits.name),
                "share": round(term.share, 4),
            }
            for term in item.terms[: limits.terms]
        ],
    }


def _shortened(items: tuple[AlertedItem, ...], sources: tuple[str, ...], limits: _Limits) -> bool:
    return len(sources) > limits.sources or any(
        len(item.summary) > limits.summary
        or len(item.title) > limits.title
        or len(item.terms) > limits.terms
        or len((item.url or "").encode("utf-8", "replace")) > limits.url
        for item in items
    )


def _iso(at: datetime) -> str:
    """Write a time in UTC as RFC 3339."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
