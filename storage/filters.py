"""Which conversations a person would like to see."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from errors import StorageError
from storage.records import shown
from storage.tables import Conversation, Image


@dataclass(frozen=True)
class Filter:
    """Which conversations to list; what is empty or None does not choose.

    `since` and `until` are ISO dates in UTC of the last change, both inclusive. `style` may
    be a part, in any case. `rating` is the least that some picture has, `without` a conversation
    to leave out.
    """

    query: str = ""
    since: str = ""
    until: str = ""
    image_type: str = ""
    style: str = ""
    rating: int | None = None
    bookmarked: bool | None = None
    without: str = ""

    @property
    def mark(self) -> str:
        """What tells this filter from others, in its cursors."""
        return hashlib.sha256(repr(self).encode(errors="replace")).hexdigest()[:12]


async def conditions(session: AsyncSession, wanted: Filter) -> list[ColumnElement[bool]]:
    """What a filter asks of conversations, but for its query. Raises `StorageError`."""
    chosen: list[ColumnElement[bool]] = []
    if wanted.since:
        chosen.append(Conversation.changed_at >= _day("since", wanted.since))
    if wanted.until:
        chosen.append(Conversation.changed_at < _day("until", wanted.until) + "~")  # after any time
    if wanted.image_type:
        chosen.append(Conversation.image_type == _clean(wanted.image_type))
    if wanted.style:
        chosen.append(Conversation.style.in_(await _styles(session, wanted.style)))
    if wanted.rating is not None:
        rated = select(Image.conversation_id).where(Image.rating >= wanted.rating)
        chosen.append(Conversation.id.in_(rated))
    if wanted.without:
        chosen.append(Conversation.id != wanted.without)
    if wanted.bookmarked is not None:
        chosen.append(Conversation.bookmarked.is_(wanted.bookmarked))
    return chosen


async def _styles(session: AsyncSession, part: str) -> Select[Any]:
    """The styles that hold a part: SQLite itself knows upper and lower case of ASCII only."""
    known = await session.scalars(select(Conversation.style).distinct())
    fitting = [style for style in known if _clean(part).casefold() in style.casefold()]
    return select(func.json_each(json.dumps(fitting)).table_valued("value").c.value)


def _clean(text: str) -> str:
    """Text that SQLite takes: lone surrogates have no bytes."""
    return text.encode(errors="ignore").decode()


def _day(name: str, value: str) -> str:
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise StorageError(
            f"{name} is {shown(value)}, which is no date. Write a day as YYYY-MM-DD, such as "
            "2026-01-31, or leave it out."
        ) from None
