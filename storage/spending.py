"""What calls cost, what a day or a conversation comes to, and what earlier work spared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from errors import DAILY_BUDGET, Problem
from receipt import note_cost
from storage.database import Database, write_to_the_end
from storage.stamps import before, today
from storage.tables import UNDER_WAY, Conversation, Job, Reuse, Spending

ReuseKind = Literal["shown", "offered", "taken"]
"""Shown again free for the same call; offered as similar; such an offer taken."""


COUNTED = timedelta(days=1)
"""How long a job under way counts for the day's budget; it has long ended or failed by then."""


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


def charge_rows(
    conversation_id: str | None,
    charges: Iterable[Any],
    *,
    sandbox: bool,
    job_id: str | None = None,
) -> list[Spending]:
    """Rows for attempts that brought nothing usable and were charged all the same: each a `Charge`
    of the gateway, which this room does not know."""
    return [
        booking(conversation_id, "failed", **charge.as_booking, sandbox=sandbox, job_id=job_id)
        for charge in charges
    ]


def sum_of_today(origin: str) -> Select[float | None]:
    """The query for USD since midnight, local time, with `openai` or in the `sandbox`."""
    return select(func.sum(Spending.usd)).where(Spending.day == today(), Spending.origin == origin)


async def due_today(session: AsyncSession, origin: str) -> float:
    """USD that the day has cost so far, and what jobs under way should cost, those of a process
    that died included."""
    running = select(func.sum(Job.estimated_usd)).where(
        Job.state.in_(UNDER_WAY), Job.created_at > before(COUNTED), is_of(origin)
    )
    spent = await session.scalar(sum_of_today(origin)) or 0.0
    return spent + (await session.scalar(running) or 0.0)


def is_of(origin: str) -> ColumnElement[bool]:
    """That a job is one with `openai` or in the `sandbox`; those of before do not say."""
    return Job.origin.in_((origin, ""))


@dataclass(frozen=True)
class ReuseTotals:
    """How often in all, and the USD that were not paid for it."""

    kind: str
    count: int
    usd: float


@dataclass(frozen=True)
class DaySpending:
    """USD of one day, local time, and of how many calls."""

    day: str
    usd: float
    calls: int


@dataclass(frozen=True)
class ConversationSpending:
    """USD of one conversation; without an id those that were deleted."""

    conversation_id: str | None
    title: str
    usd: float


class Ledger:
    """What was paid with the records of one data folder, and what was not paid again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def book(self, *rows: Spending) -> None:
        """Write down what calls cost, to the end: who asked may go away just now."""

        async def write() -> None:
            async with self._database.write() as session:
                session.add_all(rows)

        if rows:
            await write_to_the_end(write())

    async def today(self, origin: str) -> float:
        """USD spent since midnight, local time, with `openai` or in the `sandbox`."""
        async with self._database.read() as session:
            return await session.scalar(sum_of_today(origin)) or 0.0

    async def due_today(self, origin: str) -> float:
        """USD that the day has cost so far, and will for what is being drawn."""
        async with self._database.read() as session:
            return await due_today(session, origin)

    async def is_spent(self, budget: float | None, origin: str) -> bool:
        """Whether a day's USD are used up; never where there is no budget."""
        return budget is not None and await self.today(origin) >= budget

    async def refuse_spent(self, budget: float | None, origin: str, next_step: str) -> None:
        """Raise a `Problem` that says what else helps, where a day's USD are used up."""
        if await self.is_spent(budget, origin):
            event = f"The daily budget of ${budget:.2f} is spent."
            raise Problem(event, next_step, kind="budget", code=DAILY_BUDGET, charged="no")

    async def by_day(self, origin: str, limit: int) -> list[DaySpending]:
        """The newest days on which something was spent, with `openai` or in the `sandbox`."""
        rows: Any = (
            select(Spending.day, func.coalesce(func.sum(Spending.usd), 0.0), func.count())
            .where(Spending.origin == origin)
            .group_by(Spending.day)
            .order_by(Spending.day.desc())
            .limit(limit)
        )
        async with self._database.read() as session:
            return [DaySpending(*row) for row in (await session.execute(rows)).all()]

    async def by_conversation(self, origin: str, limit: int) -> list[ConversationSpending]:
        """The conversations that cost most."""
        usd = func.coalesce(func.sum(Spending.usd), 0.0)
        owner = Spending.conversation_id
        rows: Any = (
            select(owner, func.coalesce(Conversation.title, ""), usd)
            .outerjoin(Conversation, owner == Conversation.id)
            .where(Spending.origin == origin)
            .group_by(owner)
            .order_by(usd.desc())
            .limit(limit)
        )
        async with self._database.read() as session:
            return [ConversationSpending(*row) for row in (await session.execute(rows)).all()]

    async def note_reuse(self, kind: ReuseKind, *, origin: str, usd: float) -> None:
        """Count one more reuse of today, and the USD that it saved."""
        async with self._database.write(durable=False) as session:
            row = await session.get(Reuse, (kind, today(), origin))
            if row is None:
                session.add(Reuse(kind=kind, day=today(), origin=origin, count=1, usd=usd))
            else:
                row.count, row.usd = row.count + 1, row.usd + usd

    async def reuses(self, origin: str) -> list[ReuseTotals]:
        """What was reused since records are kept, of `openai` or the `sandbox`."""
        rows = (
            select(Reuse.kind, func.sum(Reuse.count), func.sum(Reuse.usd))
            .where(Reuse.origin == origin)
            .group_by(Reuse.kind)
            .order_by(Reuse.kind)
        )
        async with self._database.read() as session:
            sums = (await session.execute(rows)).all()
        return [ReuseTotals(kind, count, round(usd, 6)) for kind, count, usd in sums]
