"""The nouns of the data path, one record per stage of knowledge.

    feed -> document -> item -> score -> story -> alert -> delivery -> message

All are frozen: a change is a new record (`dataclasses.replace`). Times are aware and UTC.
"""

from monitor.records.alerts import SENTENCES, Alert, AlertedItem, Decision, Reason
from monitor.records.commit import Batch, JudgedItem, Lessons, Verdict
from monitor.records.feeds import (
    AliasFault,
    Allowed,
    Document,
    Due,
    Feed,
    FeedSpec,
    FetchFailure,
    FetchResult,
    Hints,
    Hop,
    HostRest,
    Link,
    Move,
    NotModified,
    Pace,
    Poll,
    Stage,
    Trust,
)
from monitor.records.items import Alias, Edit, Item, KnownItem, Revision, SeenItem
from monitor.records.outbox import (
    Claim,
    Delivery,
    DeliveryState,
    Mailbox,
    Message,
    Outcome,
    Sent,
    Withheld,
)
from monitor.records.past import Arrival, CatchUp, Extent, Said
from monitor.records.seams import Answer, Editor, Notifier, Post
from monitor.records.topics import Expected, Judgement, Member, Score, Seed, Story, TermShare, Topic

__all__ = [
    "SENTENCES",
    "Alert",
    "AlertedItem",
    "Alias",
    "AliasFault",
    "Allowed",
    "Answer",
    "Arrival",
    "Batch",
    "CatchUp",
    "Claim",
    "Decision",
    "Delivery",
    "DeliveryState",
    "Document",
    "Due",
    "Edit",
    "Editor",
    "Expected",
    "Extent",
    "Feed",
    "FeedSpec",
    "FetchFailure",
    "FetchResult",
    "Hints",
    "Hop",
    "HostRest",
    "Item",
    "JudgedItem",
    "Judgement",
    "KnownItem",
    "Lessons",
    "Link",
    "Mailbox",
    "Member",
    "Message",
    "Move",
    "NotModified",
    "Notifier",
    "Outcome",
    "Pace",
    "Poll",
    "Post",
    "Reason",
    "Revision",
    "Said",
    "Score",
    "Seed",
    "SeenItem",
    "Sent",
    "Stage",
    "Story",
    "TermShare",
    "Topic",
    "Trust",
    "Verdict",
    "Withheld",
]
