"""How the other side knows what it was sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, and find the alerts of a story."""
    op.add_column("deliveries", sa.Column("receipt", sa.JSON(), nullable=True))
    op.create_index(op.f("ix_alerts_story_id"), "alerts", ["story_id"], unique=False)


def downgrade() -> None:
    """Drop both."""
    op.drop_index(op.f("ix_alerts_story_id"), table_name="alerts")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_column("receipt")
