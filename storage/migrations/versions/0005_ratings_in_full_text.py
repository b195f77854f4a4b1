"""What a person liked and disliked in pictures is found by its words, also that of before."""

from alembic import op

revision = "0005"
down_revision = "0004"

RATINGS = """
UPDATE texts SET answers = answers ||
    (SELECT group_concat(char(10) || liked || char(10) || disliked, '')
        FROM images WHERE conversation_id = texts.conversation_id AND liked || disliked <> '')
WHERE conversation_id IN (SELECT conversation_id FROM images WHERE liked || disliked <> '')
"""


def upgrade() -> None:
    op.execute(RATINGS)
