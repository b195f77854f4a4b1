"""What a person decided and liked before, for preferences and styles to be learnt from."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from storage.database import Database
from storage.stamps import now
from storage.tables import Conversation, Image, Memory, Spending

FORGOTTEN = "likings forgotten at"
"""The row of `Memory` that says when; older ones were written under this name."""

LEARNT_FROM = 60
"""Newest conversations that preferences are learnt from: what one chose long ago says little."""

PARTS = ("briefs", "questions", "images")
"""What is read with them."""

LIKED = 4
"""Stars from which on a picture is liked, and keeps its conversation from being pruned."""

OFFERED = "pictures offered as a style"
"""The row of `Memory` that names them."""

MOST_LIKED = 8
"""Of the newest: a style is made of so many at most, and each takes a tenth of a second to
measure."""


@dataclass(frozen=True)
class LikedPicture:
    """A picture that is rated 4 or 5, with the title and language of its conversation."""

    image: Image
    title: str
    language: str


class PreferenceHistory:
    """What was decided and liked in one data folder since preferences were last forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def conversations(self, origin: str, *, without: str | None = None) -> list[Conversation]:
        """The newest conversations since preferences were last forgotten, the newest first.

        Only those with this `origin`; with what was decided in them, asked and drawn.
        """
        parts = [selectinload(getattr(Conversation, name)) for name in PARTS]
        async with self._database.read() as session:
            newest = (
                select(Conversation)
                .where(Conversation.changed_at > await _forgotten_at(session))
                .where(Conversation.id != (without or ""))
                .where(_is_all_of(origin))
                .order_by(Conversation.changed_at.desc())
                .limit(LEARNT_FROM)
            )
            return list(await session.scalars(newest.options(*parts)))

    async def forget(self) -> None:
        """Learn preferences only from what comes after this moment."""
        async with self._database.write() as session:
            await session.merge(Memory(name=FORGOTTEN, value=now()))

    async def liked(self, origin: str) -> list[LikedPicture]:
        """Those rated last in conversations with `openai`, or in those in the `sandbox`.

        Of a picture and what it was changed into, only the latter: they look alike anyway.
        """
        async with self._database.read() as session:
            liked = Image.rating >= LIKED
            changed = select(Image.parent_image_id).where(liked, Image.parent_image_id.is_not(None))
            rows = (
                select(Image, Conversation.title, Conversation.language)
                .join(Conversation, Image.conversation_id == Conversation.id)
                .where(liked, Image.rated_at >= await _forgotten_at(session))
                .where(Image.id.not_in(changed))
                .where(_is_all_of(origin))
                .order_by(Image.rated_at.desc())
                .limit(MOST_LIKED)
            )
            return [LikedPicture(*one) for one in await session.execute(rows)]

    async def note_offer(self, offered: Collection[str], alike: Collection[str]) -> bool:
        """Write down that pictures are offered, unless one that is alike was offered before;
        whether it was written. In one transaction, so that of many servers one offers."""
        async with self._database.write() as session:
            row = await session.get(Memory, OFFERED)
            before: list[str] = json.loads(row.value) if row else []
            if {*before} & {*alike}:
                return False
            await session.merge(Memory(name=OFFERED, value=json.dumps([*before, *offered])))
        return True


async def _forgotten_at(session: AsyncSession) -> str:
    """When a person last had their preferences forgotten; "" where they never did."""
    row = await session.get(Memory, FORGOTTEN)
    return row.value if row else ""


def _is_all_of(origin: str) -> ColumnElement[bool]:
    """Of a conversation: that all of it is of this `origin`, since play is nobody's taste."""
    return ~exists().where(Spending.origin != origin, Spending.conversation_id == Conversation.id)
