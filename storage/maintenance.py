"""Rate, bookmark, name, delete and count: what a person does with records later."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from errors import StorageError
from storage.database import Database
from storage.full_text import index
from storage.picture_files import SmallCopies, read_picture, sheet_of
from storage.preference_history import LIKED
from storage.stamps import before, now, printable, unknown_conversation, unknown_image
from storage.tables import UNDER_WAY, Conversation, Image, Job

LONGEST_TITLE = 200
"""Letters: a sentence; whoever pastes a whole prompt would fill the list with it."""
MOST_DAYS = 36_500
"""A hundred years: dates before the year 1 cannot be written."""
COLLECTED = timedelta(days=30)
"""OpenAI keeps a response for so long; after that there is nothing left to collect."""

STATISTICS = text(
    """
    WITH drawn AS (
        SELECT conversation_id, count(*) AS pictures, count(parent_image_id) AS refinements,
            count(rating) AS ratings, sum(rating) AS points
        FROM images GROUP BY conversation_id
    ), price AS (
        SELECT conversation_id, sum(usd) AS usd,
            count(CASE WHEN origin = 'sandbox' THEN 1 END) AS plays
        FROM spending GROUP BY conversation_id
    ), named AS (
        SELECT id, 'image type' AS kind, image_type AS name FROM conversations
        UNION ALL SELECT id, 'template', template FROM conversations
        UNION ALL SELECT id, 'dialogue', 'none' FROM conversations
            WHERE image_type = '' AND template = ''
    )
    SELECT kind, name, count(*), CAST(coalesce(sum(pictures), 0) AS INTEGER),
        CAST(coalesce(sum(refinements), 0) AS FLOAT) / count(*),
        CAST(sum(points) AS FLOAT) / sum(ratings), coalesce(avg(usd), 0.0),
        coalesce(sum(plays), 0) > 0
    FROM named LEFT JOIN drawn ON drawn.conversation_id = id LEFT JOIN price
        ON price.conversation_id = id
    WHERE name <> '' GROUP BY kind, name ORDER BY kind, count(*) DESC, name
    """
)
"""Of SQLite and PostgreSQL alike: neither sums truth values here."""


@dataclass(frozen=True)
class Statistics:
    """How an image type or a template fares, or what was drawn without a dialogue.

    `refinements` are changes per conversation, `rating` the mean of all ratings, None
    while there is none, `usd` the mean price of a conversation; `play_money` says that
    some of it is the sandbox's.
    """

    kind: str
    name: str
    conversations: int
    pictures: int
    refinements: float
    rating: float | None
    usd: float
    play_money: bool


@dataclass
class Maintenance:
    """Changes records at a person's word, and only then."""

    database: Database
    folders: Sequence[Path]
    small_copies: SmallCopies

    async def rate(
        self, image_id: str, rating: int, *, liked: str = "", disliked: str = ""
    ) -> Image:
        """Write down what a person thinks of a picture, 1 to 5. Raises `UnknownId`."""
        async with self.database.write() as session:
            image = await session.get(Image, image_id)
            if image is None:
                raise unknown_image(image_id)
            image.rating, image.rated_at = rating, now()
            image.liked, image.disliked = liked or image.liked, disliked or image.disliked
            await index(session, image.conversation_id)
        return image

    async def mark(
        self, conversation_id: str, *, bookmarked: bool | None = None, title: str = ""
    ) -> Conversation:
        """Bookmark a conversation, or give it another title. Raises `UnknownId`."""
        async with self.database.write() as session:
            conversation = await _get(session, conversation_id)
            if bookmarked is not None:
                conversation.bookmarked = bookmarked
            conversation.title = title.strip()[:LONGEST_TITLE] or conversation.title
            await index(session, conversation_id)
        return conversation

    async def removal(self, conversation_id: str) -> Conversation:
        """What deleting a conversation would take away: it with its turns and pictures.

        Raises a `StorageError`.
        """
        async with self.database.read() as session:
            conversation = await _get(session, conversation_id)
            await _refuse_running(session, conversation_id)
        return conversation

    async def delete(self, removal: Conversation, *, pictures: bool) -> list[str]:
        """Delete a conversation, and its picture files if asked; notes on files that stayed.

        What it cost stays in the day's sum. Only files in our own folders are deleted, and of
        those the very ones that were recorded: a record that was brought in may name any path.
        Raises `StorageError` where a picture was ordered meanwhile.
        """
        async with self.database.write() as session:
            await _refuse_running(session, removal.id)
            await session.execute(delete(Conversation).where(Conversation.id == removal.id))
        for image in removal.images:
            await asyncio.to_thread(self.small_copies.remove, image)
        if not pictures:
            return []
        notes = [await asyncio.to_thread(self._unlink, image) for image in removal.images]
        return [note for note in notes if note]

    async def older_than(self, days: int) -> list[str]:
        """Conversations not changed for so long, neither bookmarked nor liked, oldest first."""
        liked = select(Image.conversation_id).where(Image.rating >= LIKED)
        old = (
            select(Conversation.id)
            .where(Conversation.changed_at < before(timedelta(days=min(days, MOST_DAYS))))
            .where(Conversation.bookmarked.is_(False), Conversation.id.not_in(liked))
            .order_by(Conversation.changed_at)
        )
        async with self.database.read() as session:
            return list(await session.scalars(old))

    async def beyond_size(self, most_bytes: int) -> list[str]:
        """The oldest conversations whose pictures pass a size in sum, but for the same ones."""
        liked = select(Image.conversation_id).where(Image.rating >= LIKED)
        sizes = (
            select(Conversation.id, func.sum(Image.bytes), Conversation.bookmarked)
            .join(Image, Image.conversation_id == Conversation.id)
            .group_by(Conversation.id)
            .order_by(Conversation.changed_at.desc())
        )
        async with self.database.read() as session:
            rows: Sequence[tuple[str, int, bool]] = (await session.execute(sizes)).all()
            protected = set(await session.scalars(liked))
        total, beyond = 0, []
        for conversation_id, size, bookmarked in rows:
            total += size
            if total > most_bytes and not bookmarked and conversation_id not in protected:
                beyond.append(conversation_id)
        return beyond[::-1]

    async def statistics(self) -> list[Statistics]:
        """How image types and templates fare, the most used first."""
        async with self.database.read() as session:
            rows = (await session.execute(STATISTICS)).all()
        return [replace(Statistics(*row), play_money=bool(row[-1])) for row in rows]

    def _unlink(self, image: Image) -> str | None:
        path = Path(image.path)
        ours = any(path.resolve().is_relative_to(folder.resolve()) for folder in self.folders)
        if not ours:
            return f"{path} lies outside the pictures' folders, so it was left alone."
        if not path.exists():
            return None
        try:
            read_picture(image)
            path.unlink(missing_ok=True)
            sheet_of(path).unlink(missing_ok=True)
        except StorageError as error:
            return f"{error} It was left alone."
        except OSError as error:
            return f"{path} could not be deleted ({error.strerror})."
        return None


async def _get(session: AsyncSession, conversation_id: str) -> Conversation:
    """A conversation with its turns and pictures. Raises `UnknownId`."""
    options = [selectinload(part) for part in (Conversation.turns, Conversation.images)]
    conversation = await session.get(Conversation, conversation_id, options=options)
    if conversation is None:
        raise unknown_conversation(conversation_id)
    return conversation


async def _refuse_running(session: AsyncSession, conversation_id: str) -> None:
    """Raise while a picture may still come; one that nobody collected in time never will."""
    running = select(func.count()).where(
        Job.conversation_id == conversation_id,
        Job.state.in_(UNDER_WAY),
        Job.created_at > before(COLLECTED),
    )
    if await session.scalar(running):
        raise StorageError(
            f"A picture of conversation {printable(conversation_id)} is still being drawn, so it "
            "was not deleted.",
            "Collect it first, with only its conversation_id.",
            kind="input",
        )
