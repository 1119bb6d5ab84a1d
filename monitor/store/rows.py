"""Rows to records and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from monitor.records import (
    Alert,
    AlertedItem,
    Decision,
    Delivery,
    DeliveryState,
    Item,
    JudgedItem,
    Judgement,
    KnownItem,
    Mailbox,
    Member,
    Reason,
    Revision,
    Score,
    SeenItem,
    Story,
    TermShare,
    Verdict,
)


def item_row(seen: SeenItem) -> dict[str, Any]:
    """Write a row of `items`."""
    return {
        "id": seen.id,
        "feed_id": seen.feed_id,
        "key": seen.item.key,
        **item_says(seen.item),
        "first_seen_at": seen.first_seen_at,
        "baseline": seen.baseline,
    }


def item_says(item: Item) -> dict[str, Any]:
    """Write the columns of `items` that an edit may change."""
    return {
        "guid": item.guid,
        "url": item.url,
        "canonical_url": item.canonical_url,
        "fingerprint": item.fingerprint,
        "title": item.title,
        "summary": item.summary,
        "lang": item.lang,
        "published_at": item.published_at,
    }


def known_of(row: RowMapping) -> KnownItem:
    """Read a row of `items` joined with its feed's name as `source`."""
    return KnownItem(
        seen=seen_of(row),
        last_seen_at=row["last_seen_at"] or row["first_seen_at"],
        edits=row["edits"] or 0,
    )


def revision_row(revision: Revision) -> dict[str, Any]:
    """Write a row of `revisions`."""
    return {
        "item_id": revision.item_id,
        "number": revision.number,
        "at": revision.at,
        "changed": list(revision.changed),
        "judged_again": revision.judged_again,
        "title": revision.title,
        "summary": revision.summary,
        "url": revision.url,
        # Empty: none. NULL: it was not noted yet.
        "lang": revision.lang or "",
        "held": revision.held or None,
    }


def revision_of(row: RowMapping) -> Revision:
    """Read a row of `revisions`."""
    return Revision(
        item_id=row["item_id"],
        number=row["number"],
        at=row["at"],
        changed=tuple(row["changed"]),
        judged_again=row["judged_again"],
        title=row["title"],
        summary=row["summary"],
        url=row["url"],
        lang=row["lang"] or None,
        held=row["held"] or "",
    )


def seen_of(row: RowMapping) -> SeenItem:
    """Read a row of `items` joined with its feed's name as `source`."""
    return SeenItem(
        id=row["id"],
        item=Item(
            key=row["key"],
            guid=row["guid"],
            url=row["url"],
            canonical_url=row["canonical_url"],
            fingerprint=row["fingerprint"],
            title=row["title"],
            summary=row["summary"],
            lang=row["lang"],
            published_at=row["published_at"],
        ),
        feed_id=row["feed_id"],
        source=row["source"],
        first_seen_at=row["first_seen_at"],
        baseline=row["baseline"],
        held=row["held"] or "",
        shares_url=bool(row["shares_url"]),
    )


def terms_json(terms: Iterable[TermShare]) -> list[list[Any]]:
    """Write term shares as compact JSON."""
    return [[term.term, term.surface, round(term.share, 6)] for term in terms]


def terms_of(rows: Iterable[Iterable[Any]]) -> tuple[TermShare, ...]:
    """Read what `terms_json` wrote."""
    return tuple(
        TermShare(term=term, surface=surface, share=share) for term, surface, share in rows
    )


def decision_rows(judged: JudgedItem) -> list[dict[str, Any]]:
    """Write the rows of `decisions` of one item."""
    return [
        {
            "item_id": judged.seen.id,
            "topic": verdict.score.topic,
            "score": verdict.score.value,
            "threshold": verdict.score.threshold,
            "terms": terms_json(verdict.score.terms),
            "lacks": verdict.score.lacks,
            "alert": verdict.decision.alert,
            "reason": verdict.decision.reason.value,
            "story_id": verdict.decision.story_id,
            "detail": verdict.decision.detail,
            "decided_at": judged.seen.first_seen_at,
        }
        for verdict in judged.verdicts
    ]


def verdict_of(row: RowMapping) -> Verdict:
    """Read a row of `decisions`."""
    return Verdict(
        score=Score(
            topic=row["topic"],
            value=row["score"],
            threshold=row["threshold"],
            terms=terms_of(row["terms"]),
            lacks=row["lacks"],
        ),
        decision=Decision(
            topic=row["topic"],
            alert=row["alert"],
            reason=Reason(row["reason"]),
            story_id=row["story_id"],
            detail=row["detail"],
        ),
    )


def story_row(story: Story) -> dict[str, Any]:
    """Write a row of `stories`."""
    return {
        "id": story.id,
        "topic": story.topic,
        "title": story.title,
        "opened_at": story.opened_at,
        "updated_at": story.updated_at,
        "sources": list(story.sources),
        "size": story.size,
        "told_at": story.told_at,
        "told_sources": story.told_sources,
        "state": {
            "members": [_member_json(member) for member in story.members],
            "seen_terms": list(story.seen_terms),
            "urls": sorted(story.urls),
            "fingerprints": sorted(story.fingerprints),
        },
    }


def _member_json(member: Member) -> dict[str, Any]:
    return {
        "title": member.title,
        "source": member.source,
        "at": member.at.isoformat(),
        "terms": dict(member.terms),
        "heads": list(member.heads),
        "facts": list(member.facts),
    }


def story_of(row: RowMapping) -> Story:
    """Read a row of `stories`."""
    state: Mapping[str, Any] = row["state"]
    return Story(
        id=row["id"],
        topic=row["topic"],
        title=row["title"],
        opened_at=row["opened_at"],
        updated_at=row["updated_at"],
        sources=tuple(row["sources"]),
        size=row["size"],
        told_at=row["told_at"],
        told_sources=row["told_sources"],
        members=tuple(_member_of(member) for member in state["members"]),
        seen_terms=tuple(state["seen_terms"]),
        urls=frozenset(state["urls"]),
        fingerprints=frozenset(state["fingerprints"]),
    )


def _member_of(fields: Mapping[str, Any]) -> Member:
    return Member(
        title=fields["title"],
        source=fields["source"],
        at=datetime.fromisoformat(fields["at"]),
        terms=fields["terms"],
        heads=tuple(fields["heads"]),
        facts=tuple(fields["facts"]),
    )


def alert_row(alert: Alert) -> dict[str, Any]:
    """Write a row of `alerts`."""
    return {
        "id": alert.id,
        "topic": alert.topic,
        "reason": alert.reason.value,
        "story_id": alert.story_id,
        "created_at": alert.created_at,
        "items": [_alerted_json(item) for item in alert.items],
        "left_out": alert.left_out,
        "detail": alert.detail,
    }


def _alerted_json(item: AlertedItem) -> dict[str, Any]:
    return {
        "item_id": item.item_id,
        "title": item.title,
        "summary": item.summary,
        "source": item.source,
        "url": item.url,
        "published_at": item.published_at.isoformat() if item.published_at else None,
        "first_seen_at": item.first_seen_at.isoformat(),
        "score": item.score,
        "threshold": item.threshold,
        "terms": terms_json(item.terms),
        "sources": list(item.sources),
    }


def alert_of(row: RowMapping) -> Alert:
    """Read a row of `alerts`."""
    return Alert(
        id=row["id"],
        topic=row["topic"],
        reason=Reason(row["reason"]),
        story_id=row["story_id"],
        created_at=row["created_at"],
        items=tuple(_alerted_of(item) for item in row["items"]),
        left_out=row["left_out"],
        detail=row["detail"],
    )


def _alerted_of(fields: Mapping[str, Any]) -> AlertedItem:
    published = fields["published_at"]
    return AlertedItem(
        item_id=fields["item_id"],
        title=fields["title"],
        summary=fields["summary"],
        source=fields["source"],
        url=fields["url"],
        published_at=datetime.fromisoformat(published) if published else None,
        first_seen_at=datetime.fromisoformat(fields["first_seen_at"]),
        score=fields["score"],
        threshold=fields["threshold"],
        terms=terms_of(fields["terms"]),
        sources=tuple(fields["sources"]),
    )


def delivery_row(delivery: Delivery) -> dict[str, Any]:
    """Write a row of `deliveries`."""
    return {
        "id": delivery.id,
        "dedup_key": delivery.dedup_key,
        "alert_id": delivery.alert_id,
        "destination": delivery.destination,
        "state": delivery.state.value,
        "due_at": delivery.due_at,
        "lease_until": None,
        "attempts": delivery.attempts,
        "answer": delivery.answer,
        "created_at": delivery.created_at,
        "settled_at": delivery.settled_at,
        "group": delivery.group or None,
        "message_id": delivery.message_id,
        "retry_at": delivery.retry_at,
        "receipt": dict(delivery.receipt) or None,
    }


def delivery_of(row: RowMapping) -> Delivery:
    """Read a row of `deliveries`."""
    return Delivery(
        id=row["id"],
        dedup_key=row["dedup_key"],
        alert_id=row["alert_id"],
        destination=row["destination"],
        due_at=row["due_at"],
        created_at=row["created_at"],
        state=DeliveryState(row["state"]),
        attempts=row["attempts"],
        answer=row["answer"],
        settled_at=row["settled_at"],
        group=row["group"] or "",
        message_id=row["message_id"],
        retry_at=row["retry_at"],
        receipt=row["receipt"] or {},
    )


def mailbox_row(mailbox: Mailbox) -> dict[str, Any]:
    """Write a row of `mailboxes`."""
    return {
        "destination": mailbox.destination,
        "next_at": mailbox.next_at,
        "failures": mailbox.failures,
        "down_since": mailbox.down_since,
        "paused_at": mailbox.paused_at,
        "why": mailbox.why,
        "touched_at": mailbox.touched_at,
    }


def mailbox_of(row: RowMapping, destination: str) -> Mailbox:
    """Read a row of `mailboxes`, all NULL if there is none yet."""
    return Mailbox(
        destination=destination,
        next_at=row["next_at"],
        failures=row["failures"] or 0,
        down_since=row["down_since"],
        paused_at=row["paused_at"],
        why=row["why"] or "",
        touched_at=row["touched_at"],
    )


def judgement_row(judgement: Judgement) -> dict[str, Any]:
    """Write a row of `feedback`."""
    return {
        "id": judgement.id,
        "topic": judgement.topic,
        "item_id": judgement.item_id,
        "is_on_topic": judgement.is_on_topic,
        "lang": judgement.lang,
        "state": {
            "title": judgement.title,
            "names": dict(judgement.names),
            "matter": dict(judgement.matter),
            "rarity": dict(judgement.rarity),
        },
        "given_at": judgement.given_at,
        "undone_at": None,
    }


def judgement_of(row: RowMapping) -> Judgement:
    """Read a row of `feedback`."""
    state: Mapping[str, Any] = row["state"]
    return Judgement(
        id=row["id"],
        topic=row["topic"],
        item_id=row["item_id"],
        is_on_topic=row["is_on_topic"],
        lang=row["lang"],
        title=state["title"],
        given_at=row["given_at"],
        names=state["names"],
        matter=state["matter"],
        rarity=state["rarity"],
    )
