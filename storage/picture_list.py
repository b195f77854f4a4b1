"""All pictures, newest first, whatever conversation they are of; what is still being drawn."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from storage.database import Database
from storage.full_text import WordQuery, holding, words_of
from storage.list_pages import cursor_of, newest_first, place_in
from storage.search import Filter, of_conversations, within
from storage.tables import UNDER_WAY, Conversation, Image, Job

MANY = 1000
"""Pictures that fit: beyond, a page is full after a few hundred of the newest."""


@dataclass(frozen=True)
class ListedPicture:
    """A picture as the gallery shows it."""

    id: str
    conversation_id: str
    title: str
    prompt: str
    width: int
    height: int
    rating: int | None
    bookmarked: bool
    image_type: str
    created_at: str


@dataclass(frozen=True)
class PicturePage:
    """Some pictures and where to go on, None at the end; `total` counts all that fit."""

    items: list[ListedPicture]
    cursor: str | None
    total: int


class PictureList:
    """Lists the pictures in the records of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, criteria: Filter, *, cursor: str | None, limit: int) -> PicturePage:
        """A page of the pictures that fit. Dates are those of the drawing, the rating is the
        picture's own, words stand anywhere in its conversation. Raises `StorageError`."""
        place = place_in(criteria.mark, cursor)
        count = select(func.count()).select_from(Image).where(*_conditions(criteria))
        async with self._database.read() as session:
            total = await session.scalar(count) or 0
            fits = _conditions(criteria, by_date=total > MANY)
            rows = newest_first(_columns().where(*fits), Image.created_at, Image.id, place)
            found = (await session.execute(rows.limit(limit + 1))).all()
        items = [ListedPicture(*row) for row in found[:limit]]
        if len(found) <= limit:
            return PicturePage(items, None, total)
        last = items[-1]
        return PicturePage(items, cursor_of(criteria.mark, last.created_at, last.id), total)

    async def types(self) -> list[str]:
        """The image types of the conversations that there are."""
        rows = select(Conversation.image_type).distinct().order_by(Conversation.image_type)
        async with self._database.read() as session:
            return [one for one in await session.scalars(rows) if one]

    async def drawing(self, limit: int) -> list[str]:
        """The conversations in which something is being drawn, the newest drawing first."""
        newest = func.max(Job.created_at)
        rows = select(Job.conversation_id).where(Job.state.in_(UNDER_WAY))
        rows = rows.group_by(Job.conversation_id).order_by(newest.desc()).limit(limit)
        async with self._database.read() as session:
            return list(await session.scalars(rows))


def _columns() -> Any:
    """The columns of `ListedPicture`, in its order."""
    image, owner = Image, Conversation
    return (
        select(
            *(image.id, owner.id, owner.title, image.prompt, image.width, image.height),
            *(image.rating, owner.bookmarked, owner.image_type, image.created_at),
        )
        .select_from(image)
        .join(owner, image.conversation_id == owner.id)
    )


def _conditions(criteria: Filter, *, by_date: bool = False) -> list[ColumnElement[bool]]:
    """What a filter asks of pictures. Raises `StorageError` for bad dates.

    `by_date` has SQLite go through the pictures from the newest on until the page is full, which
    the plus does; else it would gather and sort all that fit.
    """
    fits: list[ColumnElement[bool]] = []
    if criteria.query.strip():
        owner = literal_column("+images.conversation_id") if by_date else Image.conversation_id
        fits.append(owner.in_(holding(WordQuery(words_of(criteria.query), "all", []))))
    fits += within(criteria, Image.created_at)
    if criteria.rating is not None:
        fits.append(Image.rating >= criteria.rating)
    if owners := [*of_conversations(criteria)]:
        fits.append(Image.conversation_id.in_(select(Conversation.id).where(*owners)))
    return fits
