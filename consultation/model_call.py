"""Ask the model that leads dialogues, and write down what each attempt cost."""

from typing import Any

from gateway.api_errors import GatewayError
from gateway.client import Gateway, Reply
from storage.records import Records
from storage.spending import booking


async def ask(
    request: dict[str, Any], conversation_id: str, gateway: Gateway, records: Records
) -> Reply:
    """The answer to a request. Raises `GatewayError`; what failed attempts cost is kept, too."""
    try:
        reply = await gateway.talk(request)
    except GatewayError as error:
        await _book(conversation_id, error, gateway, records)
        raise
    await records.add(booking(conversation_id, "consultation", **reply.as_booking))
    await _book(conversation_id, reply, gateway, records)
    return reply


async def _book(
    conversation_id: str, failed: GatewayError | Reply, gateway: Gateway, records: Records
) -> None:
    """Write down what attempts cost that brought nothing."""
    sandbox = gateway.origin == "sandbox"
    await records.add(
        *(
            booking(conversation_id, "failed", **charge.as_booking, sandbox=sandbox)
            for charge in failed.charges
        )
    )
