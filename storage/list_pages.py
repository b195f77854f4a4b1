"""What lists of records choose, and where a page of one goes on; a cursor is good for one list."""

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from errors import StorageError
from storage.stamps import printable
from storage.tables import Conversation, Job

Item = TypeVar("Item")
Rows = TypeVar("Rows", bound="Select[*tuple[Any, ...]]")

PARTS = 2
"""Values behind the mark: a time and an id, or a way to compare and an offset."""
OFFSET_DIGITS = 9
"""Of an offset in a cursor: a billion conversations, and no number too large for SQLite."""


@dataclass(frozen=True)
class Filter:
    """Which conversations to list; what is empty or None does not choose.

    `since` and `until` are ISO dates in UTC of the last change, both inclusive. `style` may
    be a part, in any case, of what is decided of it or of its name. `rating` is the least that
    some picture has.
    """

    query: str = ""
    since: str = ""
    until: str = ""
    image_type: str = ""
    style: str = ""
    rating: int | None = None
    bookmarked: bool | None = None

    @property
    def mark(self) -> str:
        """What tells this filter from others, in its cursors."""
        return hashlib.sha256(repr(self).encode(errors="replace")).hexdigest()[:12]


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Some of a list and where to go on, None at the end; `total` counts all that fit.

    `loosened` says that nothing holds all the words, so these hold some.
    """

    items: list[Item] = field(default_factory=list)
    cursor: str | None = None
    total: int = 0
    loosened: bool = False


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


def within(criteria: Filter, times: InstrumentedAttribute[str]) -> Iterator[ColumnElement[bool]]:
    """That a time lies within the days of a filter. Raises `StorageError` for bad dates."""
    if criteria.since:
        yield times >= _day("since", criteria.since)
    if criteria.until:  # "~" sorts behind every time of the day
        yield times < _day("until", criteria.until) + "~"


async def of_conversations(session: AsyncSession, criteria: Filter) -> list[ColumnElement[bool]]:
    """What a filter asks of the facts that stand in a conversation's own row."""
    one, conditions = Conversation, []
    if criteria.image_type:
        conditions.append(one.image_type == _clean(criteria.image_type))
    if criteria.bookmarked is not None:
        conditions.append(one.bookmarked.is_(criteria.bookmarked))
    if criteria.style:  # SQLite itself knows upper and lower case of ASCII only
        part = _clean(criteria.style).casefold()
        styles = await session.scalars(select(one.style).distinct())
        fitting = json.dumps([style for style in styles if part in style.casefold()])
        mediums = select(func.json_each(fitting).table_valued("value"))
        row = func.json_each(Job.inputs).table_valued("value")
        name = func.json_extract(row.c.value, "$.style.name")
        kept = "_".join(part.replace("-", " ").split())  # as a name is written
        drawn = select(Job.conversation_id).join(row, name.contains(kept, autoescape=True))
        conditions.append(or_(one.style.in_(mediums), one.id.in_(drawn)))
    return conditions


def _clean(text: str) -> str:
    """Text that SQLite takes: lone surrogates have no bytes."""
    return text.encode(errors="ignore").decode()


def _day(name: str, value: str) -> str:
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise StorageError(
            f"{name} is {printable(value)}, which is no date.",
            "Write a day as YYYY-MM-DD, such as 2026-01-31, or leave it out.",
            kind="input",
        ) from None
