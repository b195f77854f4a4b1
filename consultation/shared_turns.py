"""One turn at a time, whoever calls: the same call joins it, and nobody who goes away stops it."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from consultation.consultation_result import Consultation
from consultation.facilitator import TURN_SECONDS
from consultation.transcript import ConsultationError
from storage.holds import Hold
from storage.records import Records
from storage.stamps import FOLLOW_SECONDS

REMEMBERED_SECONDS = 600.0
"""How long a turn waits for a caller who went away: those whose time was over call again soon."""

_Call = tuple[str | None, str]
"""A conversation, None for a new one, and all that a call says."""


class SharedTurns:
    """The turns under way in this process, and those whose result nobody has fetched yet."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._turns: dict[_Call, asyncio.Task[Consultation]] = {}

    async def share(
        self,
        conversation_id: str | None,
        call: str,
        begin: Callable[[], Coroutine[Any, Any, Consultation]],
    ) -> Consultation:
        """The result of the turn of a call, begun unless the same call has one already."""
        key = (conversation_id, call)
        turn = self._turns.get(key)
        if turn is None:
            self._forget_ended(conversation_id)
            turn = self._turns[key] = asyncio.create_task(begin())
            turn.add_done_callback(partial(self._remember, key))
        result = await asyncio.shield(turn)  # whoever goes away here leaves it to the next
        self._forget(key, turn)
        return result.model_copy(deep=True)

    async def hold(self, conversation_id: str) -> Hold:
        """Become the one process that asks in a conversation, once no other does."""
        await self._records.load(conversation_id)  # an unknown one is told as such
        while (hold := await self._records.holds.take(conversation_id)) is None:
            await self.wait(conversation_id)
        return hold

    async def wait(self, conversation_id: str) -> None:
        """Wait while a turn is with the facilitator, in whichever process.

        Raises `ConsultationError` where that takes longer than a turn may.
        """
        ends = time.monotonic() + TURN_SECONDS
        while await self._records.holds.is_held(conversation_id):
            if time.monotonic() > ends:
                raise ConsultationError(
                    "Another call has the facilitator's answer to this conversation under way.",
                    "Make this call again in half a minute.",
                    charged="no",
                )
            await asyncio.sleep(FOLLOW_SECONDS)

    def wind_down(self) -> "list[asyncio.Task[Consultation]]":
        """The turns that are still with the facilitator: they are paid for."""
        return [turn for turn in self._turns.values() if not turn.done()]

    def _remember(self, key: _Call, turn: "asyncio.Task[Consultation]") -> None:
        """Have a turn that ended for a while; of one that failed the same call tries anew."""
        if turn.cancelled() or turn.exception() is not None:
            self._forget(key, turn)
        else:
            turn.get_loop().call_later(REMEMBERED_SECONDS, self._forget, key, turn)

    def _forget(self, key: _Call, turn: "asyncio.Task[Consultation]") -> None:
        if self._turns.get(key) is turn:
            del self._turns[key]

    def _forget_ended(self, conversation_id: str | None) -> None:
        """Once a conversation goes on, the words of an earlier turn are a new one."""
        for key, turn in [*self._turns.items()]:
            if conversation_id is not None and key[0] == conversation_id and turn.done():
                del self._turns[key]
