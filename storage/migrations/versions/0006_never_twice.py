"""Request keys across processes, counted takes of jobs, what an asking call ordered, reuses.

A job that was `requested` before may have been sent, which is `sending` from now on; one that was
`unknown` though OpenAI had given it an id can still be fetched. Keys of jobs under way were made
otherwise than new ones are: each gets one of its own.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

JOBS = sa.table(
    "jobs",
    *(
        sa.column(name, sa.String)
        for name in ("id", "state", "request_key", "response_id", "changed_at", "finished_at")
    ),
    sa.column("options", sa.JSON),
)
UNDER_WAY = JOBS.c.state.in_(["requested", "sending", "submitted"])

TEXTS = (
    ("conversations", "request_key"), ("conversations", "beat_at"), ("jobs", "finished_at"),
    ("jobs", "origin"), ("images", "quality"),
)  # fmt: skip
NUMBERS = (("conversations", "runs"), ("jobs", "runs"), ("jobs", "place"))

INDEXED = "state IN ('requested', 'sending', 'submitted')"

PLACES = """
UPDATE jobs SET place = (
    SELECT count(*) FROM jobs AS other WHERE other.batch = jobs.batch AND other.batch <> ''
        AND (other.created_at < jobs.created_at
            OR (other.created_at = jobs.created_at AND other.id < jobs.id))
)
"""


def upgrade() -> None:
    for table, name in TEXTS:
        op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))
    for table, name in NUMBERS:
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("conversations", sa.Column("order", sa.JSON(), nullable=True))
    op.add_column("conversations", sa.Column("current_image_id", sa.String(), nullable=True))
    op.add_column("spending", sa.Column("job_id", sa.String(), nullable=True))
    op.create_index("ix_conversations_request_key", "conversations", ["request_key"])
    op.create_table(
        "reuses",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("day", sa.String(), primary_key=True),
        sa.Column("origin", sa.String(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("usd", sa.Double(), nullable=False),
    )
    _jobs()
    _qualities()


def _jobs() -> None:
    op.execute(PLACES)
    op.execute(JOBS.update().where(JOBS.c.state == "requested").values(state="sending"))
    has_id = (JOBS.c.state == "unknown") & (JOBS.c.response_id != "")
    op.execute(JOBS.update().where(has_id).values(state="submitted"))
    op.execute(JOBS.update().where(UNDER_WAY).values(request_key=JOBS.c.id))
    op.execute(JOBS.update().where(~UNDER_WAY).values(finished_at=JOBS.c.changed_at))
    op.create_index(
        "ix_jobs_under_way",
        "jobs",
        ["conversation_id", "request_key", "place"],
        unique=True,
        sqlite_where=sa.text(INDEXED),
        postgresql_where=sa.text(INDEXED),
    )


def _qualities() -> None:
    """Take the quality of each picture over from what its job asked for."""
    images = sa.table("images", sa.column("job_id", sa.String), sa.column("quality", sa.String))
    connection = op.get_bind()
    qualities = [
        {"job": job_id, "value": options["quality"]}
        for job_id, options in connection.execute(sa.select(JOBS.c.id, JOBS.c.options))
        if isinstance(options, dict) and isinstance(options.get("quality"), str)
    ]
    if qualities:
        change = images.update().where(images.c.job_id == sa.bindparam("job"))
        connection.execute(change.values(quality=sa.bindparam("value")), qualities)
