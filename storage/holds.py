"""Who asks a model about a row: of the processes that share the records one at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update

from errors import StorageError
from storage.database import Database
from storage.stamps import UnknownId, beating, is_alive, now, printable
from storage.tables import Conversation, Image


@dataclass(frozen=True)
class Hold:
    """That this process asks a model: in a conversation, or about a picture.

    `runs` counts those that took the row over.
    """

    table: type[Conversation] | type[Image]
    row_id: str
    runs: int


class Holds:
    """The rows of one data folder that some process holds; a dead one lets go by itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(
        self, row_id: str, table: type[Conversation] | type[Image] = Conversation
    ) -> Hold | None:
        """Become the one process that asks a model in a conversation, or about a picture.

        None where another does. Look at the row again after it: whoever held it before may have
        brought what was wanted.
        """
        async with self._database.write(durable=False) as session:
            row: Any = await session.get(table, row_id)  # what both tables have
            if row is None:
                raise UnknownId(f"There is no record {printable(row_id)} any more.")
            if is_alive(row.beat_at):
                return None
            row.runs, row.beat_at = row.runs + 1, now()
        return Hold(table, row.id, row.runs)

    @asynccontextmanager
    async def keep(self, hold: Hold) -> AsyncIterator[None]:
        """Keep a row held for as long as the block runs, and let it go at the end."""
        table = hold.table
        ours = update(table).where(table.id == hold.row_id, table.runs == hold.runs)

        async def write(beat_at: str) -> None:
            async with self._database.write(durable=False) as session:
                await session.execute(ours.values(beat_at=beat_at))

        try:
            async with beating(lambda: write(now())):
                yield
        finally:
            with suppress(StorageError):  # it ends by itself when no heartbeat comes
                await write("")

    async def is_held(self, conversation_id: str) -> bool:
        """Whether some process, this one included, asks the facilitator in a conversation."""
        rows = select(Conversation.beat_at).where(Conversation.id == conversation_id)
        async with self._database.read() as session:
            return is_alive(await session.scalar(rows) or "")
