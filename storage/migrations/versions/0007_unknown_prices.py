"""A call whose model has no price is booked without one, instead of for $0.00."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    with op.batch_alter_table("spending") as spending:
        spending.alter_column("usd", existing_type=sa.Double(), nullable=True)
