"""What happened to a job, whether it was charged and what helps are columns, no longer one text."""

import sqlalchemy as sa
from alembic import op

from storage.earlier_rows import read_earlier_error

revision = "0009"
down_revision = "0008"

NAMES = ("error_charged", "error_next_step")
JOBS = sa.table("jobs", *(sa.column(name, sa.String) for name in ("id", "error", *NAMES)))


def upgrade() -> None:
    for name in NAMES:
        op.add_column("jobs", sa.Column(name, sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    for row in connection.execute(sa.select(JOBS).where(JOBS.c.error != "")).mappings().all():
        change = sa.update(JOBS).where(JOBS.c.id == row["id"])
        connection.execute(change.values(read_earlier_error({**row})))
