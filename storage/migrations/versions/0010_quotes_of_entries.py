"""An entry of a brief has the words that it rests on, and sources have the names of today."""

import sqlalchemy as sa
from alembic import op

from storage.earlier_rows import read_earlier_brief, read_earlier_reply

revision = "0010"
down_revision = "0009"


def _table(name: str, *columns: str) -> sa.TableClause:
    cells = [sa.column(column, sa.JSON) for column in columns]
    return sa.table(name, sa.column("id", sa.Integer), *cells)


BRIEFS = _table("briefs", "entries", "phrases")
TURNS = _table("turns", "reply")


def upgrade() -> None:
    connection = op.get_bind()
    for table, read in ((BRIEFS, read_earlier_brief), (TURNS, read_earlier_reply)):
        for row in connection.execute(sa.select(table)).mappings().all():
            if values := read({**row}):
                connection.execute(sa.update(table).where(table.c.id == row["id"]).values(values))
