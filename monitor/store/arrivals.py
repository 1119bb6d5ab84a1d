"""Counts what comes in, so that it can be gone through in the same order again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, func, select

from monitor.records import Batch
from monitor.store import rows
from monitor.store.schema import items, revisions


def number(tx: Connection, batch: Batch) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Give the rows of a batch's new items and of its revisions, numbered on from the last.

    The items come first, each kind in the order in which it is judged.
    """
    edits = [edit.revision for edit in batch.edits if edit.revision is not None]
    if not batch.items and not edits:
        return [], []
    last = tx.execute(select(func.max(items.c.arrival))).scalar() or 0
    last = max(last, tx.execute(select(func.max(revisions.c.arrival))).scalar() or 0)
    pushed = (batch.poll is None and batch.pushed is not None) or None
    new = [
        {
            **rows.item_row(judged.seen),
            "arrival": last + place,
            "held": judged.seen.held or None,
            "shares_url": judged.seen.shares_url or None,
            "pushed": pushed,
        }
        for place, judged in enumerate(batch.items, start=1)
    ]
    last += len(new)
    order = {judged.seen.id: place for place, judged in enumerate(batch.rejudged)}
    edits.sort(key=lambda one: order.get(one.item_id, len(order)))
    revised = [
        {**rows.revision_row(revision), "arrival": last + place}
        for place, revision in enumerate(edits, start=1)
    ]
    return new, revised
