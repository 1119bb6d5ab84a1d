"""Aliases under which items are known, their revisions, and what feeds have shown of their guids."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

# So many items are read and named at a time.
PAGE = 1000


def upgrade() -> None:
    """Make them, and name the items that are stored already: else all of them would be new."""
    op.add_column("feeds", sa.Column("trust", sa.JSON(), nullable=True))
    op.add_column("feeds", sa.Column("read_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("items", sa.Column("edits", sa.Integer(), nullable=True))
    op.create_table(
        "aliases",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("feed_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_aliases_feed_id")),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_aliases_item_id")),
        sa.PrimaryKeyConstraint("key", "feed_id", name=op.f("pk_aliases")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("aliases", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_aliases_item_id"), ["item_id"], unique=False)
    op.create_table(
        "revisions",
        sa.Column("item_id", sa.String(length=16), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed", sa.JSON(), nullable=False),
        sa.Column("judged_again", sa.Boolean(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["items.id"], name=op.f("fk_revisions_item_id")),
        sa.PrimaryKeyConstraint("item_id", "number", name=op.f("pk_revisions")),
    )
    _name_all(op.get_bind())


def downgrade() -> None:
    """Drop them."""
    op.drop_table("revisions")
    with op.batch_alter_table("aliases", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_aliases_item_id"))
    op.drop_table("aliases")
    op.drop_column("items", "edits")
    op.drop_column("items", "last_seen_at")
    op.drop_column("feeds", "read_at")
    op.drop_column("feeds", "trust")


# ------------------------------------------------------------ as the code of this version names them


COLUMNS = "id, feed_id, guid, canonical_url, fingerprint, title, summary, first_seen_at"
ORDER = f"ORDER BY first_seen_at, id LIMIT {PAGE}"
FIRST = f"SELECT {COLUMNS} FROM items {ORDER}"  # noqa: S608 - no value of anybody's
NEXT = f"SELECT {COLUMNS} FROM items WHERE (first_seen_at, id) > (:at, :id) {ORDER}"  # noqa: S608 - the same
NAME = (
    "INSERT INTO aliases (key, feed_id, item_id) VALUES (:key, :feed_id, :item_id)"
    " ON CONFLICT (key, feed_id) DO UPDATE SET item_id = excluded.item_id"
)


def _name_all(bind: sa.Connection) -> None:
    """Give each stored item its aliases; of two items of one name, the later seen has it."""
    rows = bind.execute(sa.text(FIRST)).all()
    while rows:
        named = [
            {"key": key, "feed_id": row.feed_id, "item_id": row.id}
            for row in rows
            for key in sorted(_aliases(row))
        ]
        bind.execute(sa.text(NAME), named)
        last = {"at": rows[-1].first_seen_at, "id": rows[-1].id}
        rows = bind.execute(sa.text(NEXT), last).all()


def _aliases(row: Any) -> set[str]:
    named = {("text", row.fingerprint)}
    if row.guid:
        named.add(("guid", row.guid))
    if row.canonical_url:
        named.add(("url", row.canonical_url))
    if row.summary and len(row.title.split()) >= 4:
        title = hashlib.sha256(_said(row.title).encode("utf-8", "surrogatepass")).hexdigest()
        named.add(("title", title))
    return {
        hashlib.sha256(f"{kind}:{value}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
        for kind, value in named
    }


def _said(text: str) -> str:
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
    return re.sub(r"[\W_]+", " ", text).strip() or " ".join(text.split())
