"""All pictures, newest first, whatever conversation they are of; what is still being drawn."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.full_text import holding, words_of
from storage.list_pages import (
    Filter,
    Page,
    cursor_of,
    newest_first,
    of_conversations,
    place_in,
    within,
)
from storage.spending import is_of
from storage.tables import UNDER_WAY, Conversation, Image, Job

MOST_TIMED = 1000
"""Newest pictures that say how long one takes: earlier ones were drawn by other models."""

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
    variation: str
    width: int
    height: int
    rating: int | None
    bookmarked: bool
    image_type: str
    created_at: str


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

    async def page(
        self, criteria: Filter, *, cursor: str | None, limit: int
    ) -> Page[ListedPicture]:
        """A page of the pictures that fit. Dates are those of the drawing, the rating is the
        picture's own, words stand anywhere in its conversation. Raises `StorageError`."""
        place = place_in(criteria.mark, cursor)
        async with self._database.read() as session:
            fits = await _conditions(session, criteria)
            count = select(func.count()).select_from(Image).where(*fits)
            total = await session.scalar(count) or 0
            rows = newest_first(_columns().where(*fits), Image.created_at, Image.id, place)
            results = (await session.execute(rows.limit(limit + 1))).all()
        items = [ListedPicture(*row) for row in results[:limit]]
        if len(results) <= limit:
            return Page(items, None, total)
        last = items[-1]
        return Page(items, cursor_of(criteria.mark, last.created_at, last.id), total)

    async def of(self, conversations: Sequence[str], criteria: Filter) -> Page[ListedPicture]:
        """The pictures of these conversations that fit, in the order of the conversations."""
        ranks = {key: rank for rank, key in enumerate(conversations)}
        async with self._database.read() as session:
            fits = await _conditions(session, criteria)
            rows = _columns().where(Image.conversation_id.in_(ranks), *fits)
            rows = newest_first(rows, Image.created_at, Image.id, []).limit(MOST_NEAR)
            items = [ListedPicture(*row) for row in await session.execute(rows)]
        items.sort(key=lambda one: ranks[one.conversation_id])
        return Page(items, None, len(items))

    async def types_and_styles(self) -> tuple[list[str], list[str]]:
        """The image types of the conversations that there are, and their styles in words."""
        rows = select(Conversation.image_type, Conversation.style).distinct()
        async with self._database.read() as session:
            pairs = (await session.execute(rows)).all()
        types, styles = {kind for kind, _ in pairs if kind}, {style for _, style in pairs if style}
        return sorted(types), sorted(styles)[:MOST_STYLES]

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
            pictures = [ListedPicture(*row) for row in await session.execute(rows.limit(limit))]
        return pictures[::-1]

    async def outcomes(self, origin: str) -> Outcomes:
        """How the drawings of `openai` or the `sandbox` ended since records are kept."""
        counts = select(Job.state, Job.error_kind, func.count()).where(is_of(origin))
        times = select(Job.created_at, Job.finished_at)
        times = times.where(is_of(origin), Job.state == "kept", Job.finished_at != "")
        async with self._database.read() as session:
            rows = await session.execute(counts.group_by(Job.state, Job.error_kind))
            newest = times.order_by(Job.created_at.desc()).limit(MOST_TIMED)
            ended, failed = Counter[str](), {}
            for state, kind, count in rows:
                ended[state] += count
                if state == "failed":
                    failed[kind or "unknown"] = count
            spans = (await session.execute(newest)).all()
        moment = datetime.fromisoformat
        took = [(moment(end) - moment(begun)).total_seconds() for begun, end in spans]
        return Outcomes(ended["kept"], failed, ended["unknown"], _shares(took))


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
            *(image.id, owner.id, owner.title, image.prompt, image.variation),
            *(image.width, image.height),
            *(image.rating, owner.bookmarked, owner.image_type, image.created_at),
        )
        .select_from(image)
        .join(owner, image.conversation_id == owner.id)
    )


async def _conditions(session: AsyncSession, criteria: Filter) -> list[ColumnElement[bool]]:
    """What a filter asks of pictures. Raises `StorageError` for bad dates."""
    fits: list[ColumnElement[bool]] = []
    if criteria.query.strip():
        fits.append(Image.conversation_id.in_(holding(words_of(criteria.query))))
    fits += within(criteria, Image.created_at)
    if criteria.rating is not None:
        fits.append(Image.rating >= criteria.rating)
    if owners := await of_conversations(session, criteria):
        fits.append(Image.conversation_id.in_(select(Conversation.id).where(*owners)))
    return fits
