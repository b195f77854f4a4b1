"""The newest records and pictures that clients may read, as one list; the rest is searched for."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.cursors import newest_first
from storage.picture_files import media_type
from storage.tables import Conversation, Image

PROMPT_START = 80
"""Letters of a prompt that stand for a picture in a list: one line."""


@dataclass(frozen=True)
class Resource:
    """A record or a picture that clients may read; `at` is its last change, or its making."""

    kind: str
    id: str
    title: str
    at: str
    format: str = ""
    path: str = ""

    @property
    def uri(self) -> str:
        """Its address."""
        return f"{self.kind}://{self.id}"

    @property
    def name(self) -> str:
        """Its name in lists."""
        return self.id

    @property
    def mime_type(self) -> str:
        """What it is read as."""
        if self.kind == "conversation":
            return "text/markdown"
        return media_type(self.format)


async def newest_resources(session: AsyncSession, limit: int) -> list[Resource]:
    """At most so many of them."""
    parts = [(await session.execute(rows.limit(limit))).all() for rows in _rows()]
    resources = (Resource(*row) for row in chain(*parts))
    return sorted(resources, key=lambda one: (one.at, one.id), reverse=True)[:limit]


def _rows() -> list[Select[Any]]:
    """The two queries, each newest first."""
    record: ColumnElement[str] = literal_column("'conversation'")
    picture: ColumnElement[str] = literal_column("'image'")
    records = select(record, Conversation.id, Conversation.title, Conversation.changed_at)
    start = func.substr(Image.prompt, 1, PROMPT_START)
    pictures = select(picture, Image.id, start, Image.created_at, Image.format, Image.path)
    return [
        newest_first(records, Conversation.changed_at, Conversation.id, []),
        newest_first(pictures, Image.created_at, Image.id, []),
    ]
