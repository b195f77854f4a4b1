"""All pictures, newest first, whatever conversation they are of; what is still being drawn."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from storage.database import Database
from storage.full_text import WordQuery, holding, words_of
from storage.list_pages import (
    Filter,
    cursor_of,
    newest_first,
    of_conversations,
    place_in,
    within,
)
from storage.spending import is_of
from storage.tables import UNDER_WAY, Conversation, Image, Job

MANY = 1000
"""Pictures that fit: beyond, a page is full after a few hundred of the newest."""

MOST_NEAR = 200
"""Pictures of the conversations that come closest, shown at once: their order is no list's."""

MOST_STYLES = 50
"""To choose from: more nobody reads through, and any other can be typed."""


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


@dataclass(frozen=True)
class Outcomes:
    """How drawings ended: pictures that came, failures by kind, and those nobody knows the end of.

    `seconds` are how long half, 95 and 99 of a hundred of the newest pictures took at most.
    """

    done: int
    failed: dict[str, int]
    unknown: int
    seconds: list[float]


class PictureList:
    """Lists the pictures in the records of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, criteria: Filter, *, cursor: str | None, limit: int) -> PicturePage:
        """A page of the pictures that fit. Dates are those of the drawing, the rating is the
        picture's own, words stand anywhere in its conversation. Raises `StorageError`."""
        place = place_in(criteria.mark, cursor)
        async with self._database.read() as session:
            owners = await of_conversations(session, criteria)
            fits = _conditions(criteria, owners)
            count = select(func.count()).select_from(Image).where(*fits)
            total = await session.scalar(count) or 0
            fits = _conditions(criteria, owners, by_date=total > MANY)
            rows = newest_first(_columns().where(*fits), Image.created_at, Image.id, place)
            found = (await session.execute(rows.limit(limit + 1))).all()
        items = [ListedPicture(*row) for row in found[:limit]]
        if len(found) <= limit:
            return PicturePage(items, None, total)
        last = items[-1]
        return PicturePage(items, cursor_of(criteria.mark, last.created_at, last.id), total)

    async def of(self, conversations: Sequence[str], criteria: Filter) -> PicturePage:
        """The pictures of these conversations that fit, in the order of the conversations."""
        ranks = {key: rank for rank, key in enumerate(conversations)}
        async with self._database.read() as session:
            fits = _conditions(criteria, await of_conversations(session, criteria))
            rows = _columns().where(Image.conversation_id.in_(ranks), *fits)
            rows = newest_first(rows, Image.created_at, Image.id, []).limit(MOST_NEAR)
            items = [ListedPicture(*row) for row in await session.execute(rows)]
        items.sort(key=lambda one: ranks[one.conversation_id])
        return PicturePage(items, None, len(items))

    async def types_and_styles(self) -> tuple[list[str], list[str]]:
        """The image types of the conversations that there are, and their styles in words."""
        # The rows are read once for both, which is most of what opening the gallery takes.
        columns = (Conversation.image_type, Conversation.style)
        rows = select(*(func.json_group_array(column.distinct()) for column in columns))
        async with self._database.read() as session:
            values = (await session.execute(rows)).one()
        types, styles = (sorted(filter(None, json.loads(one))) for one in values)
        return types, styles[:MOST_STYLES]

    async def drawing(self, limit: int) -> list[str]:
        """The conversations in which something is being drawn, the newest drawing first."""
        newest = func.max(Job.created_at)
        rows = select(Job.conversation_id).where(Job.state.in_(UNDER_WAY))
        rows = rows.group_by(Job.conversation_id).order_by(newest.desc()).limit(limit)
        async with self._database.read() as session:
            return list(await session.scalars(rows))

    async def newer(self, moment: str, limit: int) -> list[ListedPicture]:
        """The newest of the pictures that came after a moment, oldest first."""
        rows = newest_first(
            _columns().where(Image.created_at > moment), Image.created_at, Image.id, []
        )
        async with self._database.read() as session:
            found = [ListedPicture(*row) for row in await session.execute(rows.limit(limit))]
        return found[::-1]

    async def outcomes(self, origin: str) -> Outcomes:
        """How the drawings of `openai` or the `sandbox` ended since records are kept."""
        counts = select(Job.state, Job.error_kind, func.count()).where(is_of(origin))
        times = select(Job.created_at, Job.finished_at)
        times = times.where(is_of(origin), Job.state == "kept", Job.finished_at != "")
        async with self._database.read() as session:
            rows = list(await session.execute(counts.group_by(Job.state, Job.error_kind)))
            newest = list(await session.execute(times.order_by(Job.created_at.desc()).limit(MANY)))
        failed = {kind or "unknown": count for state, kind, count in rows if state == "failed"}
        totals = {
            name: sum(count for state, _, count in rows if state == name)
            for name in ("kept", "unknown")
        }
        moment = datetime.fromisoformat
        took = [(moment(ended) - moment(begun)).total_seconds() for begun, ended in newest]
        return Outcomes(totals["kept"], failed, totals["unknown"], _shares(took))


def _shares(seconds: list[float]) -> list[float]:
    """What half, 95 and 99 of a hundred take at most, nothing of nothing."""
    if len(seconds) < 2:  # noqa: PLR2004  # one alone is every share of itself
        return seconds * 3
    cuts = quantiles(seconds, n=100, method="inclusive")
    return [round(cuts[share - 1], 1) for share in (50, 95, 99)]


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


def _conditions(
    criteria: Filter, owners: list[ColumnElement[bool]], *, by_date: bool = False
) -> list[ColumnElement[bool]]:
    """What a filter asks of pictures, and of their owners. Raises `StorageError` for bad dates.

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
    if owners:
        fits.append(Image.conversation_id.in_(select(Conversation.id).where(*owners)))
    return fits
