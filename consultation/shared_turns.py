"""Turns that calls have in common: the same call joins one, and nobody who goes away stops it."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from consultation.consultation_result import Consultation

REMEMBERED_SECONDS = 600.0
"""How long a turn waits for a caller who went away: those whose time was over call again soon."""

_Call = tuple[str | None, str]
"""A conversation, None for a new one, and all that a call says."""


class SharedTurns:
    """The turns under way in this process, and those whose result nobody has fetched yet."""

    def __init__(self) -> None:
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
            turn = asyncio.create_task(begin())
            turn.add_done_callback(partial(self._remember, key))
            self._turns[key] = turn
        try:
            result = await asyncio.shield(turn)
        finally:
            if turn.done() and not _is_cancelled():
                self._forget(key, turn)
        return result.model_copy(deep=True)

    async def finish(self, seconds: float) -> None:
        """Wait so long for the turns that are under way: they are paid for."""
        if turns := [turn for turn in self._turns.values() if not turn.done()]:
            await asyncio.wait(turns, timeout=seconds)

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


def _is_cancelled() -> bool:
    """Whether the caller of this turn has gone away."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
