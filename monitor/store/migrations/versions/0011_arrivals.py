"""In which order items and edits were judged, and what was known of them then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

# Of what is stored already: SQLite counts the rows as they came.
_SQLITE = "UPDATE items SET arrival = rowid"
_POSTGRESQL = """
    UPDATE items SET arrival = counted.place FROM (
        SELECT id, row_number() OVER (ORDER BY first_seen_at, id) AS place FROM items
    ) AS counted WHERE counted.id = items.id
"""
# An edit came after the last item that was seen by then.
_EDITS = """
    UPDATE revisions SET arrival = (
        SELECT arrival FROM items WHERE first_seen_at <= revisions.at
        ORDER BY first_seen_at DESC, arrival DESC LIMIT 1
    )
"""


def upgrade() -> None:
    """Add the columns and count what is there."""
    op.add_column("items", sa.Column("arrival", sa.Integer(), nullable=True))
    op.add_column("items", sa.Column("held", sa.Text(), nullable=True))
    op.add_column("items", sa.Column("shares_url", sa.Boolean(), nullable=True))
    op.add_column("items", sa.Column("pushed", sa.Boolean(), nullable=True))
    op.add_column("revisions", sa.Column("arrival", sa.Integer(), nullable=True))
    op.add_column("revisions", sa.Column("held", sa.Text(), nullable=True))
    op.add_column("revisions", sa.Column("lang", sa.String(length=8), nullable=True))
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    op.execute(_SQLITE if is_sqlite else _POSTGRESQL)
    op.execute(_EDITS)
    op.create_index(op.f("ix_items_arrival"), "items", ["arrival"], unique=False)
    op.create_index(op.f("ix_revisions_arrival"), "revisions", ["arrival"], unique=False)


def downgrade() -> None:
    """Drop them."""
    op.drop_index(op.f("ix_revisions_arrival"), "revisions")
    op.drop_index(op.f("ix_items_arrival"), "items")
    for table, names in {
        "revisions": ("arrival", "held", "lang"),
        "items": ("arrival", "held", "shares_url", "pushed"),
    }.items():
        with op.batch_alter_table(table, schema=None) as batch_op:
            for name in names:
                batch_op.drop_column(name)
