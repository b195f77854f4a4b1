"""Lists of records: cursors, opaque and good for one list only, and the newest as resources."""

import base64
import re
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, func, literal_column, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from errors import StorageError
from storage.picture_files import media_type
from storage.tables import Conversation, Image

Rows = TypeVar("Rows", bound="Select[*tuple[Any, ...]]")

PARTS = 2
"""Values behind the mark: a time and an id, or a way to compare and an offset."""
OFFSET_DIGITS = 9
"""Of an offset in a cursor: a billion conversations, and no number too large for SQLite."""

PROMPT_START = 80
"""Letters of a prompt that stand for a picture in a list: one line."""


def cursor_of(mark: str, first: str, second: str) -> str:
    """A cursor of the list that this mark tells from others."""
    return base64.urlsafe_b64encode("\n".join((mark, first, second)).encode()).decode()


def place_in(mark: str, cursor: str | None) -> list[str]:
    """The two values that a cursor holds, none without one. Raises `StorageError`."""
    if cursor is None:
        return []
    try:
        owner, *place = base64.urlsafe_b64decode(cursor).decode().split("\n")
    except ValueError:
        raise _foreign() from None
    if owner != mark or len(place) != PARTS:
        raise _foreign()
    return place


def offset_in(place: list[str], names: tuple[str, ...]) -> tuple[str, int]:
    """A name out of these and an offset, which a place holds. Raises `StorageError`."""
    name, start = place or (names[0], "0")
    if name not in names or not re.fullmatch(f"[0-9]{{1,{OFFSET_DIGITS}}}", start):
        raise _foreign()
    return name, int(start)


def newest_first(rows: Rows, at: Any, key: Any, place: list[str]) -> Rows:  # two columns
    """Rows from behind a place on: no gaps or doubles while others are added."""
    if place:
        rows = rows.where(tuple_(at, key) < tuple_(*place))
    return rows.order_by(at.desc(), key.desc())


def _foreign() -> StorageError:
    return StorageError(
        "cursor is not one that a call with these same filters returned.",
        "Leave it out to start at the beginning, or repeat the filters that it came with.",
        kind="input",
    )


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
