"""What remains of pruned items, what each upkeep did, and when a backup was restored."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "bygone",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_bygone_feed_id")),
        sa.PrimaryKeyConstraint("key", "feed_id", name=op.f("pk_bygone")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "upkeeps",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("stories", sa.Integer(), nullable=False),
        sa.Column("alerts", sa.Integer(), nullable=False),
        sa.Column("wal_bytes", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("at", name=op.f("pk_upkeeps")),
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_marks")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("marks")
    op.drop_table("upkeeps")
    op.drop_table("bygone")
