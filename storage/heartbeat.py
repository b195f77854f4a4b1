"""The heartbeat by which processes that share the records see that one of them works on a row."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from errors import StorageError
from storage.stamps import before

BEAT_SECONDS = 5.0
"""How often a process says that it works on a row: seldom enough to cost no disk."""
ALIVE = timedelta(seconds=20)
"""A row whose heartbeat is older was left by a process that died: four beats may be late."""


def is_alive(beat_at: str) -> bool:
    """Whether some process works on the row with this heartbeat.

    One from the future counts as none: the clock was set back, and whoever is alive beats again
    in a moment. Up to a beat ahead is no more than a clock that is being corrected.
    """
    return before(ALIVE) < beat_at <= _latest()


def is_dead(beat_at: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """The same of a column, for queries: nobody works on the row."""
    return or_(beat_at <= before(ALIVE), beat_at > _latest())


@asynccontextmanager
async def beating(beat: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    """Call `beat` every few seconds, for as long as the block runs."""

    async def go_on() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            with suppress(StorageError):  # a full disk must not end what was paid for
                await beat()

    heart = asyncio.create_task(go_on())
    try:
        yield
    finally:
        heart.cancel()


def _latest() -> str:
    return before(timedelta(seconds=-BEAT_SECONDS))
