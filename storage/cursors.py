"""Cursors: where a list goes on, opaque to clients and good for the same list only."""

import base64
import re
from typing import Any, TypeVar

from sqlalchemy import Select, tuple_

from errors import StorageError

Rows = TypeVar("Rows", bound="Select[*tuple[Any, ...]]")

PARTS = 2
"""Values behind the mark: a time and an id, or a way to compare and an offset."""
OFFSET_DIGITS = 9
"""Of an offset in a cursor: a billion conversations, and no number too large for SQLite."""


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
