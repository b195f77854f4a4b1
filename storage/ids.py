"""The ids of a data folder: all of them, or those that begin as a person typed it."""

from sqlalchemy import or_, select

from storage.database import Database
from storage.stamps import IdKind
from storage.tables import Conversation, Image


class Ids:
    """The ids of conversations and pictures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_conversations(self) -> list[str]:
        """Every conversation's id, the oldest first."""
        rows = select(Conversation.id).order_by(Conversation.created_at, Conversation.id)
        async with self._database.read() as session:
            return list(await session.scalars(rows))

    async def beginning(self, kind: IdKind, beginning: str, *, limit: int) -> list[str]:
        """The ids of conversations or pictures that begin so, also without their kind."""
        column = {"conv": Conversation.id, "img": Image.id}[kind]
        starts = [
            column.startswith(start, autoescape=True)
            for start in (beginning, f"{kind}_{beginning}")
        ]
        rows = select(column).where(or_(*starts)).order_by(column).limit(limit)
        async with self._database.read() as session:
            return list(await session.scalars(rows))
