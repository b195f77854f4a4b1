"""Full text over conversations, bookmarks, styles, ratings, and vectors for search by meaning."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TEXTS = """
INSERT INTO texts (conversation_id, title, words, answers, prompts)
SELECT c.id, c.title,
    (SELECT coalesce(group_concat(words, char(10)), '') FROM turns WHERE conversation_id = c.id),
    (SELECT coalesce(group_concat(text, char(10)), '') FROM answers WHERE conversation_id = c.id),
    (SELECT coalesce(group_concat(prompt, char(10)), '') FROM images WHERE conversation_id = c.id)
FROM conversations c
"""

FULL_TEXT = (
    """CREATE VIRTUAL TABLE texts_index USING fts5(
        title, words, answers, prompts,
        content='texts', content_rowid='id', tokenize='unicode61 remove_diacritics 2')""",
    """CREATE TRIGGER texts_added AFTER INSERT ON texts BEGIN
        INSERT INTO texts_index (rowid, title, words, answers, prompts)
        VALUES (new.id, new.title, new.words, new.answers, new.prompts); END""",
    """CREATE TRIGGER texts_removed AFTER DELETE ON texts BEGIN
        INSERT INTO texts_index (texts_index, rowid, title, words, answers, prompts)
        VALUES ('delete', old.id, old.title, old.words, old.answers, old.prompts); END""",
    """CREATE TRIGGER texts_changed AFTER UPDATE ON texts BEGIN
        INSERT INTO texts_index (texts_index, rowid, title, words, answers, prompts)
        VALUES ('delete', old.id, old.title, old.words, old.answers, old.prompts);
        INSERT INTO texts_index (rowid, title, words, answers, prompts)
        VALUES (new.id, new.title, new.words, new.answers, new.prompts); END""",
)


def upgrade() -> None:
    op.add_column(
        "conversations", sa.Column("bookmarked", sa.Boolean(), nullable=False, server_default="0")
    )
    op.add_column(
        "conversations", sa.Column("style", sa.String(), nullable=False, server_default="")
    )
    op.add_column(
        "conversations", sa.Column("template", sa.String(), nullable=False, server_default="")
    )
    op.add_column("images", sa.Column("rating", sa.Integer(), nullable=True))
    op.add_column("images", sa.Column("liked", sa.String(), nullable=False, server_default=""))
    op.add_column("images", sa.Column("disliked", sa.String(), nullable=False, server_default=""))
    op.add_column("images", sa.Column("rated_at", sa.String(), nullable=False, server_default=""))
    op.create_table(
        "texts",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "conversation_id",
            sa.String(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            nullable=False,
            unique=True,
        ),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("title", "words", "answers", "prompts")
        ),
    )
    op.create_table(
        "meanings",
        sa.Column(
            "conversation_id",
            sa.String(),
            sa.ForeignKey("conversations.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "memories",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )
    for statement in FULL_TEXT:
        op.execute(statement)
    op.execute(TEXTS)
