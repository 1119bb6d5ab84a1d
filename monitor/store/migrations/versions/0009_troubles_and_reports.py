"""What was told of feeds, and up to when topics were reported on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the tables, and the index by which the last items of a feed are found."""
    op.create_table(
        "troubles",
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_troubles_feed_id")),
        sa.PrimaryKeyConstraint("feed_id", "kind", name=op.f("pk_troubles")),
    )
    op.create_table(
        "reported",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_reported")),
    )
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_items_feed_id_first_seen_at"), ["feed_id", "first_seen_at"], unique=False
        )


def downgrade() -> None:
    """Drop them."""
    with op.batch_alter_table("items", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_items_feed_id_first_seen_at"))
    op.drop_table("reported")
    op.drop_table("troubles")
