"""Mailboxes: one line a destination, and messages of several deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table and the columns.

    What waits for another try is due as it was made again: its mailbox knows nothing of failures yet.
    """
    op.create_table(
        "mailboxes",
        sa.Column("destination", sa.Text(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("down_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.String(length=8), nullable=True),
        sa.PrimaryKeyConstraint("destination", name=op.f("pk_mailboxes")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.add_column(sa.Column("group", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("message_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_index(batch_op.f("ix_deliveries_state_due_at"))
        batch_op.create_index(
            "ix_deliveries_line",
            ["state", "destination", "due_at", "created_at", "id"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_deliveries_message_id"), ["message_id"], unique=False)
    open_messages = sa.text("settled_at IS NULL AND message_id IS NOT NULL")
    op.create_index(
        "ix_deliveries_open_messages",
        "deliveries",
        ["destination"],
        unique=False,
        sqlite_where=open_messages,
        postgresql_where=open_messages,
    )
    names = ("state", "due_at", "created_at", "attempts", "id", "message_id")
    deliveries = sa.table("deliveries", *(sa.column(name) for name in names))
    # An attempt was made under the delivery's own id: it stays a message of its own.
    tried = deliveries.c.attempts > 0
    op.execute(sa.update(deliveries).where(tried).values(message_id=deliveries.c.id))
    waits = sa.and_(tried, deliveries.c.state == "pending")
    op.execute(sa.update(deliveries).where(waits).values(due_at=deliveries.c.created_at))


def downgrade() -> None:
    """Forget them."""
    op.drop_index("ix_deliveries_open_messages", "deliveries")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_message_id"))
        batch_op.drop_index("ix_deliveries_line")
        batch_op.create_index(
            batch_op.f("ix_deliveries_state_due_at"), ["state", "due_at"], unique=False
        )
        for name in ("retry_at", "message_id", "group"):
            batch_op.drop_column(name)
    op.drop_table("mailboxes")
