"""Indexes for lists, words that were never indexed, and vectors that know whether they still fit.

Vectors that were kept before are made anew by the next search by meaning: nothing says which of
them stand for their words.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

CHANGED = """CREATE TRIGGER meanings_outdated AFTER UPDATE ON texts
    WHEN (old.title, old.words, old.answers, old.prompts)
        IS NOT (new.title, new.words, new.answers, new.prompts)
    BEGIN UPDATE meanings SET current = 0 WHERE conversation_id = new.conversation_id; END"""

TEXTS = """
INSERT INTO texts (conversation_id, title, words, answers, prompts)
SELECT c.id, c.title, group_concat(t.words, char(10)), '', ''
FROM conversations c JOIN turns t ON t.conversation_id = c.id
WHERE c.id NOT IN (SELECT conversation_id FROM texts) GROUP BY c.id
"""
"""What was said in conversations that no facilitator answered."""


def upgrade() -> None:
    op.create_index("ix_images_created_at", "images", ["created_at"])
    op.create_index(
        "ix_images_rating",
        "images",
        ["rating", "conversation_id"],
        sqlite_where=sa.text("rating IS NOT NULL"),
    )
    op.drop_table("meanings")
    op.create_table(
        "meanings",
        sa.Column(
            "conversation_id",
            sa.String(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    op.create_index(
        "ix_meanings_current",
        "meanings",
        ["model", "conversation_id"],
        sqlite_where=sa.text("current"),
    )
    op.execute(CHANGED)
    op.execute(TEXTS)
