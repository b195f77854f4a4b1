"""What calls cost: a row for each, and what a day or a conversation comes to."""

from typing import Any

from sqlalchemy import Select, func, select

from receipt import note_cost
from storage.stamps import today
from storage.tables import Spending


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
