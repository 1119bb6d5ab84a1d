"""How the other side knows what it was sent, and what was edited there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Keep receipts and edits, and find the alerts of a story."""
    op.add_column("deliveries", sa.Column("receipt", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_alerts_story_id"), "alerts", ["story_id"], unique=False)
    op.create_table(
        "recounts",
        sa.Column("delivery_id", sa.String(length=36), nullable=False),
        sa.Column("sources", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_recounts_delivery_id")
        ),
        sa.PrimaryKeyConstraint("delivery_id", name=op.f("pk_recounts")),
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_table("recounts")
    op.drop_index(op.f("ix_alerts_story_id"), table_name="alerts")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("receipt")
