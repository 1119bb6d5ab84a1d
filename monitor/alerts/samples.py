"""Alerts that nobody was told: what a template is tried on, and what a preview shows. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from monitor.alerts.notice import make_notice
from monitor.alerts.route import make_alert
from monitor.records import Alert, AlertedItem, Reason, TermShare

# What messages are sent for; a template has to make something of each.
TOLD = (
    Reason.FIRST_STORY,
    Reason.UPDATE,
    Reason.CATCH_UP,
    Reason.DIGEST,
    Reason.TEST,
    Reason.NOTICE,
)


def sample(
    reason: Reason, now: datetime, *, topic: str = "topic", title: str = "A title of an article"
) -> Alert:
    """Make an alert as it might be: of one item, of three in a list, of none in a notice."""
    if reason is Reason.NOTICE:
        return make_notice("sample", "", "A feed fails", "An outlet: HTTP 503", now)
    item = AlertedItem(
        item_id="0123456789abcdef",
        title=title,
        summary="The first sentences of the article, as its feed gives them.",
        source="An outlet",
        url="https://news.example/an-article",
        published_at=now - timedelta(minutes=9),
        first_seen_at=now,
        score=0.71,
        threshold=0.5,
        terms=(
            TermShare(term="article", surface="article", share=0.4),
            TermShare(term="title", surface="title", share=0.31),
        ),
        sources=("An outlet", "Another"),
    )
    is_list = reason in {Reason.CATCH_UP, Reason.DIGEST}
    made = make_alert(topic, reason, "sample", (item,) * 3 if is_list else (item,), now)
    details = {Reason.UPDATE: "3 sources carry it", Reason.DIGEST: "3 alerts in one message"}
    return Alert(
        id=made.id,
        topic=topic,
        reason=reason,
        story_id=made.story_id,
        created_at=now,
        items=made.items,
        left_out=2 if is_list else 0,
        detail=details.get(reason, ""),
    )
