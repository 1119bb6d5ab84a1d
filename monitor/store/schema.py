"""The tables, once, for SQLite and PostgreSQL. A change here needs a migration beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time; refuses a naive one, since SQLite would keep it without complaint."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into what the database keeps: naive UTC in SQLite."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"a time without a zone: {value}"
            raise ValueError(msg)
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """Give the zone back that SQLite does not keep."""
        if value is None:
            return None
        aware: datetime = value.replace(tzinfo=UTC) if value.tzinfo is None else value
        return aware.astimezone(UTC)


metadata = MetaData(
    # Named constraints: a later migration can only drop what it can name.
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("url", Text, nullable=False, unique=True),
    # Of where it is fetched: `url`, or `moved_to`.
    Column("host", Text, index=True),
    Column("name", Text, nullable=False),
    Column("groups", JSON, nullable=False),
    Column("every_seconds", Integer, nullable=False),
    Column("lang", String(8)),
    # False once the configuration no longer names it: its history stays.
    Column("active", Boolean, nullable=False),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("document_url", Text),
    Column("body_hash", String(64)),
    Column("whole_at", UtcDateTime),
    Column("lied_at", UtcDateTime),
    Column("offers_deltas", Boolean),
    # What the last document said about when to ask again.
    Column("hints", JSON(none_as_null=True)),
    # A permanent redirect that has not held long enough yet.
    Column("move", JSON(none_as_null=True)),
    Column("moved_to", Text),
    Column("gone_at", UtcDateTime),
    Column("due_at", UtcDateTime, nullable=False),
    Column("baseline_at", UtcDateTime),
    Column("last_polled_at", UtcDateTime),
    Column("last_ok_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("last_error", Text),
    # What it has shown of its guids and addresses; NULL: nothing against them.
    Column("trust", JSON),
    # When a document of it was last read.
    Column("read_at", UtcDateTime),
    # True if the configuration gives it an `every` of its own.
    Column("has_own_interval", Boolean, nullable=False, server_default=false()),
    # What `feeds.pace` counted of it.
    Column("pace", JSON(none_as_null=True)),
    Index(None, "active", "due_at"),
    # Few feeds fail or wait for their first good poll: what asks for them reads those only.
    Index(
        "ix_feeds_failing",
        "id",
        sqlite_where=text("active AND failures > 0"),
        postgresql_where=text("active AND failures > 0"),
    ),
    Index(
        "ix_feeds_unread",
        "id",
        sqlite_where=text("active AND baseline_at IS NULL"),
        postgresql_where=text("active AND baseline_at IS NULL"),
    ),
)

items = Table(
    "items",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False),
    Column("key", Text, nullable=False),
    Column("guid", Text),
    Column("url", Text),
    Column("canonical_url", Text, index=True),
    Column("fingerprint", String(64), nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("lang", String(8)),
    Column("published_at", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False, index=True),
    Column("baseline", Boolean, nullable=False),
    # NULL: not noted since it was first seen, and never edited.
    Column("last_seen_at", UtcDateTime),
    Column("edits", Integer),
    # In which order items, and their edits, were judged: one count for all feeds.
    Column("arrival", Integer, index=True),
    # Why it was not to be told at once, whether its address stood for others, too, and whether a
    # hub pushed it: what was known then. NULL: no.
    Column("held", Text),
    Column("shares_url", Boolean),
    Column("pushed", Boolean),
    UniqueConstraint("feed_id", "key"),
    # When each feed last brought anything.
    Index(None, "feed_id", "first_seen_at"),
)

# Under which names the items of each feed are known. A digest comes first: the same article is
# looked for in its feed, and in all.
aliases = Table(
    "aliases",
    metadata,
    Column("key", String(16), primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), primary_key=True),
    Column("item_id", ForeignKey("items.id"), nullable=False, index=True),
    # Four short rows an item: without it SQLite would keep each key twice.
    sqlite_with_rowid=False,
)

# What items said before their feeds changed them.
revisions = Table(
    "revisions",
    metadata,
    Column("item_id", ForeignKey("items.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("changed", JSON, nullable=False),
    Column("judged_again", Boolean, nullable=False),
    Column("title", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text),
    # As in `items`: the place of the edit among the arrivals, and why it was held; `lang` is of the
    # text before.
    Column("arrival", Integer, index=True),
    Column("held", Text),
    Column("lang", String(8)),
)

stories = Table(
    "stories",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("size", Integer, nullable=False),
    # When a message last named it, and how many sources it had then.
    Column("told_at", UtcDateTime),
    Column("told_sources", Integer, nullable=False),
    # What `topics.story` needs to link the next item.
    Column("state", JSON, nullable=False),
    Index(None, "topic", "updated_at"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("item_id", ForeignKey("items.id"), primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("score", Float, nullable=False),
    Column("threshold", Float, nullable=False),
    Column("terms", JSON, nullable=False),
    Column("lacks", Text, nullable=False),
    Column("alert", Boolean, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("story_id", ForeignKey("stories.id"), index=True),
    Column("detail", Text, nullable=False),
    Column("decided_at", UtcDateTime, nullable=False),
    Index(None, "topic", "reason", "decided_at"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("topic", Text, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("story_id", String(16), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    # The items as they are told, so that a retry says the same as the first try.
    Column("items", JSON, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("detail", Text, nullable=False),
)

alert_items = Table(
    "alert_items",
    metadata,
    Column("alert_id", ForeignKey("alerts.id"), primary_key=True),
    Column("item_id", ForeignKey("items.id"), primary_key=True, index=True),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("dedup_key", Text, nullable=False, unique=True),
    Column("alert_id", ForeignKey("alerts.id"), nullable=False, index=True),
    Column("destination", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    # While SENDING: when another try may begin if this one never settles.
    Column("lease_until", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("answer", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    # With what it may share a message; NULL: always alone.
    Column("group", Text),
    # The first delivery of the message that it is part of, once it was claimed.
    Column("message_id", String(36), index=True),
    Column("retry_at", UtcDateTime),
    # How the other side knows the message; NULL where it does not say.
    Column("receipt", JSON(none_as_null=True)),
    # The line of a destination in its order: however long it is, its head is read at once.
    Index("ix_deliveries_line", "state", "destination", "due_at", "created_at", "id"),
)
# Messages that were tried and have not ended: a few.
Index(
    "ix_deliveries_open_messages",
    deliveries.c.destination,
    sqlite_where=deliveries.c.settled_at.is_(None) & deliveries.c.message_id.is_not(None),
    postgresql_where=deliveries.c.settled_at.is_(None) & deliveries.c.message_id.is_not(None),
)

# The line of each destination.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("destination", Text, primary_key=True),
    Column("next_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("down_since", UtcDateTime),
    Column("paused_at", UtcDateTime),
    Column("why", Text, nullable=False),
    Column("touched_at", UtcDateTime),
    # What the configuration said of it, as a few digits; NULL: not known yet.
    Column("fingerprint", String(8)),
)

# What people said of items, whether it still counts or was undone: nothing is ever deleted.
feedback = Table(
    "feedback",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("topic", Text, nullable=False),
    # No foreign key: it outlives the item, and may come from another database.
    Column("item_id", String(16), nullable=False),
    Column("is_on_topic", Boolean, nullable=False),
    Column("lang", String(8), nullable=False),
    # The item's title and its terms as they were then.
    Column("state", JSON, nullable=False),
    Column("given_at", UtcDateTime, nullable=False),
    Column("undone_at", UtcDateTime),
)

# What is wrong with feeds, as far as it was told.
troubles = Table(
    "troubles",
    metadata,
    Column("feed_id", ForeignKey("feeds.id"), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("detail", Text, nullable=False),
)

# Up to when each topic was reported on.
reported = Table(
    "reported",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("until", UtcDateTime, nullable=False),
)

# What tracking has learned from the stream: small states by name, e.g. `topic/border/en/…`.
learned = Table(
    "learned",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", JSON, nullable=False),
)

# What hubs are to push (WebSub). Token and secret are as good as a password: never shown.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("feed_id", ForeignKey("feeds.id"), nullable=False, index=True),
    Column("hub", Text, nullable=False),
    Column("topic_url", Text, nullable=False),
    Column("document_url", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False, index=True),
    Column("asked_until", UtcDateTime),
    Column("lease_until", UtcDateTime),
    Column("verified_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
    Column("detail", Text, nullable=False),
    Column("pushed_at", UtcDateTime),
    Column("rejected", Integer, nullable=False),
    Column("missed_at", UtcDateTime),
    Column("broken_until", UtcDateTime),
)

# What was done to keep the count of sources right in messages that can be edited in place.
recounts = Table(
    "recounts",
    metadata,
    Column("delivery_id", ForeignKey("deliveries.id"), primary_key=True),
    # How many the message says now.
    Column("sources", Integer, nullable=False),
    # When it may be edited next; NULL: it is gone, or may not be.
    Column("due_at", UtcDateTime),
    Column("failures", Integer, nullable=False),
)

# What somebody has asked not to be told, until when: nothing is ever deleted.
silences = Table(
    "silences",
    metadata,
    Column("id", String(16), primary_key=True),
    # The matchers; no foreign keys, since a silence may come before what it is about.
    Column("topic", Text),
    Column("story_id", String(16)),
    Column("source", Text),
    Column("receiver", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False, index=True),
    Column("comment", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("ended_at", UtcDateTime),
)

# The receivers that were not told of an alert, since they were silenced.
withheld = Table(
    "withheld",
    metadata,
    Column("alert_id", ForeignKey("alerts.id"), primary_key=True),
    Column("receiver", Text, primary_key=True),
    Column("why", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# Under which names the items were known that are pruned: 64 bits of a digest each.
bygone = Table(
    "bygone",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("feed_id", ForeignKey("feeds.id"), primary_key=True),
    sqlite_with_rowid=False,
)

# What each upkeep did, for as long as items are kept.
upkeeps = Table(
    "upkeeps",
    metadata,
    Column("at", UtcDateTime, primary_key=True),
    Column("seconds", Float, nullable=False),
    Column("items", Integer, nullable=False),
    Column("stories", Integer, nullable=False),
    Column("alerts", Integer, nullable=False),
    # Of the write-ahead log before it was written back; NULL where there is none.
    Column("wal_bytes", Integer),
)

# Moments in the life of the database, by name.
marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)
