"""When a picture was chosen, of what kind a failure was, and who has a picture looked at."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

TEXTS = (("conversations", "chosen_at"), ("jobs", "error_kind"), ("images", "beat_at"))


def upgrade() -> None:
    for table, name in TEXTS:
        op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
    op.add_column("images", sa.Column("runs", sa.Integer(), nullable=False, server_default="0"))
