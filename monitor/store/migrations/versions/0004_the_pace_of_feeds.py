"""What is learned of the pace of each feed, and indexes for the few that fail or are unread."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

FEW = {
    "ix_feeds_failing": "active AND failures > 0",
    "ix_feeds_unread": "active AND baseline_at IS NULL",
}


def upgrade() -> None:
    """Add them."""
    op.add_column(
        "feeds",
        sa.Column("has_own_interval", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("feeds", sa.Column("pace", sa.JSON(), nullable=True))
    for name, which in FEW.items():
        op.create_index(
            name, "feeds", ["id"], sqlite_where=sa.text(which), postgresql_where=sa.text(which)
        )


def downgrade() -> None:
    """Take them away."""
    for name in FEW:
        op.drop_index(name, "feeds")
    # In place, which SQLite can since 3.35: items refer to the table, it cannot be built anew.
    op.drop_column("feeds", "pace")
    op.drop_column("feeds", "has_own_interval")
