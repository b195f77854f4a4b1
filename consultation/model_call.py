"""Ask the model that leads dialogues, and write down what each attempt cost."""

import asyncio
from typing import Any

from gateway.client import Gateway, Reply
from gateway.prices import Charge
from storage.records import Records
from storage.spending import booking


async def ask(
    request: dict[str, Any], conversation_id: str, gateway: Gateway, records: Records
) -> Reply:
    """The answer to a request. Raises `GatewayError`; what failed attempts cost is kept, too."""

    async def bill(charges: list[Charge]) -> None:
        sandbox = gateway.origin == "sandbox"
        rows = [
            booking(conversation_id, "failed", **charge.as_booking, sandbox=sandbox)
            for charge in charges
        ]
        await asyncio.shield(records.add(*rows))  # the turn's time may be over just now

    reply = await gateway.talk(request, bill)
    row = booking(conversation_id, "consultation", **reply.as_booking)
    await asyncio.shield(records.add(row))
    return reply
