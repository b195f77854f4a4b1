"""What calls cost, what a day or a conversation comes to, and what earlier work spared."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, func, select

from receipt import note_cost
from storage.database import Database
from storage.stamps import today
from storage.tables import Reuse, Spending

ReuseKind = Literal["shown", "offered", "taken"]
"""Shown again free for the same call; offered as similar; such an offer taken."""


def booking(
    conversation_id: str | None,
    purpose: str,
    *,
    model: str,
    usd: float | None,
    estimated: bool,
    usage: dict[str, Any],
    sandbox: bool,
    job_id: str | None = None,
) -> Spending:
    """The row for what one call cost; `job_id` where it was paid for a picture.

    It stands on the receipt of the call that asked for it, too.
    """
    note_cost(usd)
    return Spending(
        conversation_id=conversation_id,
        job_id=job_id,
        day=today(),
        origin="sandbox" if sandbox else "openai",
        purpose=purpose,
        model=model,
        usd=usd,
        estimated=estimated,
        usage=usage,
    )


def sum_of_today(origin: str) -> Select[float | None]:
    """The query for USD since midnight, local time, with `openai` or in the `sandbox`."""
    return select(func.sum(Spending.usd)).where(Spending.day == today(), Spending.origin == origin)


def sum_of(conversation_id: str) -> Select[float | None]:
    """The query for USD that a conversation cost so far."""
    return select(func.sum(Spending.usd)).where(Spending.conversation_id == conversation_id)


def prices_of(conversation_id: str) -> Select[Spending]:
    """The query for every price of a conversation, oldest first."""
    rows = select(Spending).where(Spending.conversation_id == conversation_id)
    return rows.order_by(Spending.id)


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
