"""What is newest no longer rests on the clock: a job says which turn it knows, a choice that a
later call started from is no choice any more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TURNS = """
UPDATE jobs SET turn_number = (
    SELECT coalesce(max(number), 0) FROM turns
    WHERE turns.conversation_id = jobs.conversation_id AND turns.created_at <= jobs.created_at
)
"""
CHOICES = """
UPDATE conversations SET chosen_at = '' WHERE chosen_at <= (
    SELECT max(created_at) FROM jobs WHERE jobs.conversation_id = conversations.id
)
"""


def upgrade() -> None:
    number = sa.Column("turn_number", sa.Integer(), nullable=False, server_default="0")
    op.add_column("jobs", number)
    op.execute(TURNS)
    op.execute(CHOICES)
