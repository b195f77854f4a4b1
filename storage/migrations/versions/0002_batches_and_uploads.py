"""Jobs of one call, what they cost, vary and start from; findings on pictures; uploads."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("jobs", sa.Column("batch", sa.String(), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("variation", sa.String(), nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("inputs", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column(
        "jobs", sa.Column("estimated_usd", sa.Double(), nullable=False, server_default="0")
    )
    op.execute("UPDATE jobs SET batch = id")
    op.add_column("images", sa.Column("variation", sa.String(), nullable=False, server_default=""))
    op.add_column("images", sa.Column("verification", sa.JSON(), nullable=True))
    op.create_table(
        "uploads",
        sa.Column("sha256", sa.String(), primary_key=True),
        sa.Column("origin", sa.String(), primary_key=True),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("created_at", sa.String(), nullable=False),
    )
