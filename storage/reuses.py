"""How often earlier work was shown again, offered or taken instead of being bought anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import func, select

from storage.database import Database
from storage.stamps import today
from storage.tables import Reuse

ReuseKind = Literal["shown", "offered", "taken"]
"""Shown again free for the same call; offered as similar; such an offer taken."""


@dataclass(frozen=True)
class ReuseTotals:
    """How often in all, and the USD that were not paid for it."""

    kind: str
    count: int
    usd: float


class Reuses:
    """Counts of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, kind: ReuseKind, *, origin: str, usd: float = 0.0) -> None:
        """Count one more of today, and the USD that it saved."""
        async with self._database.write() as session:
            row = await session.get(Reuse, (kind, today(), origin))
            if row is None:
                session.add(Reuse(kind=kind, day=today(), origin=origin, count=1, usd=usd))
            else:
                row.count, row.usd = row.count + 1, row.usd + usd

    async def totals(self, origin: str) -> list[ReuseTotals]:
        """What there was since records are kept, of `openai` or the `sandbox`."""
        rows = (
            select(Reuse.kind, func.sum(Reuse.count), func.sum(Reuse.usd))
            .where(Reuse.origin == origin)
            .group_by(Reuse.kind)
            .order_by(Reuse.kind)
        )
        async with self._database.read() as session:
            found: Sequence[tuple[str, int, float]] = (await session.execute(rows)).all()
        return [ReuseTotals(*row) for row in found]
