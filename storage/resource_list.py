"""Records and pictures that clients may read, as one list, the newest first."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.cursors import cursor_of, newest_first, place_in
from storage.picture_files import media_type
from storage.tables import Conversation, Image

LIST = "resources"
"""What tells its cursors from those of other lists."""
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


@dataclass(frozen=True)
class ResourcePage:
    """Some resources, and where to go on, None at the end."""

    items: list[Resource]
    cursor: str | None


async def resource_page(session: AsyncSession, cursor: str | None, limit: int) -> ResourcePage:
    """So many of them from where a cursor says. Raises `StorageError` for bad cursors."""
    place = place_in(LIST, cursor)
    parts = [
        (await session.execute(newest_first(rows, at, key, place).limit(limit + 1))).all()
        for rows, at, key in _rows()
    ]
    resources = sorted((Resource(*row) for row in chain(*parts)), key=_age, reverse=True)
    items = resources[:limit]
    more = len(resources) > limit
    return ResourcePage(items, cursor_of(LIST, *_age(items[-1])) if more else None)


def _age(resource: Resource) -> tuple[str, str]:
    return resource.at, resource.id


def _rows() -> list[tuple[Select[Any], Any, Any]]:
    """The two queries, each with its columns of time and id."""
    record: ColumnElement[str] = literal_column("'conversation'")
    picture: ColumnElement[str] = literal_column("'image'")
    records = select(record, Conversation.id, Conversation.title, Conversation.changed_at)
    start = func.substr(Image.prompt, 1, PROMPT_START)
    pictures = select(picture, Image.id, start, Image.created_at, Image.format, Image.path)
    return [
        (records, Conversation.changed_at, Conversation.id),
        (pictures, Image.created_at, Image.id),
    ]
