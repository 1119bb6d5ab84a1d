"""The manners of polls: hosts, where validators are from, hints, moves, and feeds that are gone."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def new_columns() -> tuple[sa.Column[Any], ...]:
    """Give what is new in `feeds`."""
    return (
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("document_url", sa.Text(), nullable=True),
        sa.Column("whole_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offers_deltas", sa.Boolean(), nullable=True),
        sa.Column("hints", sa.JSON(), nullable=True),
        sa.Column("move", sa.JSON(), nullable=True),
        sa.Column("moved_to", sa.Text(), nullable=True),
        sa.Column("gone_at", sa.DateTime(timezone=True), nullable=True),
    )


def upgrade() -> None:
    """Add them; the host of each feed follows from its URL.

    All may be NULL: a column that must have a value would make SQLite copy the table, which the
    items refer to.
    """
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        for column in new_columns():
            batch_op.add_column(column)
        batch_op.create_index(batch_op.f("ix_feeds_host"), ["host"], unique=False)
    names = ("id", "url", "host", "last_ok_at", "whole_at")
    feeds = sa.table("feeds", *(sa.column(name) for name in names))
    connection = op.get_bind()
    # Not to ask every feed for all of it on the day of the upgrade.
    connection.execute(sa.update(feeds).values(whole_at=feeds.c.last_ok_at))
    for row in connection.execute(sa.select(feeds.c.id, feeds.c.url)).all():
        host = urlsplit(row.url).hostname or ""
        connection.execute(sa.update(feeds).where(feeds.c.id == row.id).values(host=host))


def downgrade() -> None:
    """Forget them; a feed that has moved is fetched from its own address again."""
    with op.batch_alter_table("feeds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_feeds_host"))
        for column in reversed(new_columns()):
            batch_op.drop_column(column.name)
