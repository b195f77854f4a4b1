"""Rate, bookmark, name, and remove: what a person does with records later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from errors import StorageError
from storage.database import Database
from storage.records import UNDER_WAY, UnknownId, index, now, shown
from storage.tables import Conversation, Image, Job, Spending, Turn


@dataclass(frozen=True)
class Removal:
    """What deleting a conversation takes away, or took away."""

    id: str
    title: str
    turns: int
    pictures: list[Path] = field(default_factory=list)
    bytes: int = 0


@dataclass(frozen=True)
class Statistics:
    """How an image type or a template did.

    `refinements` are changes per conversation, `rating` the mean of all ratings, None
    while there is none, `usd` the price of a conversation.
    """

    kind: str
    name: str
    conversations: int
    pictures: int
    refinements: float
    rating: float | None
    usd: float

    @property
    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


STATS = text(
    """
    WITH made AS (
        SELECT conversation_id, count(*) AS pictures, avg(rating) AS rating,
            sum(parent_image_id IS NOT NULL) AS refined
        FROM images GROUP BY conversation_id
    ), paid AS (
        SELECT conversation_id, sum(usd) AS usd FROM spending GROUP BY conversation_id
    ), named AS (
        SELECT id, 'image type' AS kind, image_type AS name FROM conversations
        UNION ALL SELECT id, 'template', template FROM conversations
    )
    SELECT kind, name, count(*), coalesce(sum(pictures), 0),
        coalesce(sum(refined), 0) * 1.0 / count(*), avg(rating), coalesce(avg(usd), 0.0)
    FROM named LEFT JOIN made ON made.conversation_id = id LEFT JOIN paid
        ON paid.conversation_id = id
    WHERE name <> '' GROUP BY kind, name ORDER BY kind, count(*) DESC, name
    """
)


MOST_DAYS = 36_500
COLLECTED_DAYS = 30
"""OpenAI keeps a response for so long; after that there is nothing left to collect."""


class Maintenance:
    """Changes records at a person's word, and only then."""

    def __init__(self, database: Database, folders: Sequence[Path]) -> None:
        self._database = database
        self._folders = folders

    async def rate(
        self, image_id: str, rating: int, *, liked: str = "", disliked: str = ""
    ) -> Image:
        """Keep what a person thinks of a picture, 1 to 5. Raises `UnknownId`."""
        async with self._database.write() as session:
            image = await session.get(Image, image_id)
            if image is None:
                raise UnknownId(
                    f"There is no picture {shown(image_id)}. Use an image_id from an earlier "
                    "result."
                )
            image.rating, image.rated_at = rating, now()
            image.liked, image.disliked = liked or image.liked, disliked or image.disliked
        return image

    async def mark(
        self, conversation_id: str, *, bookmarked: bool | None = None, title: str = ""
    ) -> Conversation:
        """Bookmark a conversation, or give it another title. Raises `UnknownId`."""
        async with self._database.write() as session:
            conversation = await session.get(Conversation, conversation_id)
            if conversation is None:
                raise _unknown(conversation_id)
            if bookmarked is not None:
                conversation.bookmarked = bookmarked
            conversation.title = title.strip()[:200] or conversation.title
            await index(session, conversation_id)
        return conversation

    async def removal(self, conversation_id: str) -> Removal:
        """What deleting a conversation would take away. Raises a `StorageError`."""
        async with self._database.read() as session:
            conversation = await session.get(Conversation, conversation_id)
            if conversation is None:
                raise _unknown(conversation_id)
            await _refuse_running(session, conversation_id)
            images = await session.scalars(
                select(Image).where(Image.conversation_id == conversation_id)
            )
            turns = await session.scalar(
                select(func.count()).where(Turn.conversation_id == conversation_id)
            )
            kept = list(images)
        return Removal(
            id=conversation.id,
            title=conversation.title,
            turns=turns or 0,
            pictures=[Path(image.path) for image in kept],
            bytes=sum(image.bytes for image in kept),
        )

    async def delete(self, removal: Removal, *, pictures: bool) -> list[str]:
        """Delete a conversation, and its picture files if asked; notes on files that stayed.

        What it cost stays in the day's sum. Only files in our own folders are deleted: a
        record that was brought in may name any path. Raises `StorageError` where a picture was
        ordered meanwhile.
        """
        async with self._database.write() as session:
            await _refuse_running(session, removal.id)
            await session.execute(delete(Conversation).where(Conversation.id == removal.id))
        return [note for path in removal.pictures if pictures and (note := self._unlink(path))]

    def _unlink(self, path: Path) -> str | None:
        ours = any(path.resolve().is_relative_to(folder.resolve()) for folder in self._folders)
        if not ours:
            return f"{path} lies outside the pictures' folders, so it was left alone."
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            return f"{path} could not be deleted ({error.strerror})."
        return None

    async def older_than(self, days: int) -> list[str]:
        """Conversations not changed for so long, neither bookmarked nor rated 4 or more."""
        since = (datetime.now(UTC) - timedelta(days=min(days, MOST_DAYS))).isoformat()
        loved = select(Image.conversation_id).where(Image.rating >= 4)  # noqa: PLR2004  # liked
        aged = (
            select(Conversation.id)
            .where(Conversation.changed_at < since, Conversation.bookmarked.is_(False))
            .where(Conversation.id.not_in(loved))
            .order_by(Conversation.changed_at)
        )
        async with self._database.read() as session:
            return list(await session.scalars(aged))

    async def beyond_size(self, most_bytes: int) -> list[str]:
        """The oldest conversations whose pictures pass a size in sum, spared as in `older`."""
        loved = select(Image.conversation_id).where(Image.rating >= 4)  # noqa: PLR2004  # liked
        sizes = (
            select(Conversation.id, func.sum(Image.bytes), Conversation.bookmarked)
            .join(Image, Image.conversation_id == Conversation.id)
            .group_by(Conversation.id)
            .order_by(Conversation.changed_at.desc())
        )
        async with self._database.read() as session:
            rows: Sequence[tuple[str, int, bool]] = (await session.execute(sizes)).all()
            spared = set(await session.scalars(loved))
        total, beyond = 0, []
        for conversation_id, size, bookmarked in rows:
            total += size
            if total > most_bytes and not bookmarked and conversation_id not in spared:
                beyond.append(conversation_id)
        return beyond[::-1]

    async def statistics(self) -> list[Statistics]:
        """How image types and templates fared, the most used first."""
        async with self._database.read() as session:
            rows = (await session.execute(STATS)).all()
        return [Statistics(*row) for row in rows]

    async def prices(self, conversation_id: str) -> list[Spending]:
        """Every price of a conversation, oldest first."""
        rows = select(Spending).where(Spending.conversation_id == conversation_id)
        async with self._database.read() as session:
            return list(await session.scalars(rows.order_by(Spending.id)))


async def _refuse_running(session: AsyncSession, conversation_id: str) -> None:
    """Raise while a picture may still come; one that nobody collected in time never will."""
    since = (datetime.now(UTC) - timedelta(days=COLLECTED_DAYS)).isoformat()
    running = select(func.count()).where(
        Job.conversation_id == conversation_id,
        Job.state.in_(UNDER_WAY),
        Job.created_at > since,
    )
    if await session.scalar(running):
        raise StorageError(
            f"A picture of conversation {shown(conversation_id)} is still being drawn, so it was "
            "not deleted. Collect it first, with only its conversation_id."
        )


def _unknown(conversation_id: str) -> UnknownId:
    return UnknownId(
        f"There is no conversation {shown(conversation_id)}. openai_list_conversations shows those "
        "that there are."
    )
