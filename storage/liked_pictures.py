"""Pictures that a person likes, and which of them were already offered as a style."""

import json
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Database
from storage.earlier_briefs import forgotten_at, is_all_of
from storage.tables import Conversation, Image, Memory

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


class LikedPictures:
    """The liked pictures of one data folder, back to when preferences were last forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, origin: str) -> list[LikedPicture]:
        """Those rated last in conversations with `openai`, or in those in the `sandbox`.

        Of a picture and what it was changed into, only the latter: they look alike anyway.
        """
        async with self._database.read() as session:
            liked = Image.rating >= LIKED
            changed = select(Image.parent_image_id).where(liked, Image.parent_image_id.is_not(None))
            rows = (
                select(Image, Conversation.title, Conversation.language)
                .join(Conversation, Image.conversation_id == Conversation.id)
                .where(liked, Image.rated_at >= await forgotten_at(session))
                .where(Image.id.not_in(changed))
                .where(is_all_of(origin))
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
