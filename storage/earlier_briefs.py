"""What was decided in earlier conversations, for preferences to be learnt from."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.stamps import now
from storage.tables import Brief, Conversation, Image, Memory, Question, Spending

FORGOTTEN = "likings forgotten at"
"""The row of `Memory` that says when; older ones were written under this name."""

LEARNT_FROM = 60
"""Newest conversations that preferences are learnt from: what one chose long ago says little."""


async def forgotten_at(session: AsyncSession) -> str:
    """When a person last had their preferences forgotten; "" where they never did."""
    row = await session.get(Memory, FORGOTTEN)
    return row.value if row else ""


def is_all_of(origin: str) -> ColumnElement[bool]:
    """Of a conversation: that all of it is of this `origin`, since play is nobody's taste."""
    return ~exists().where(Spending.origin != origin, Spending.conversation_id == Conversation.id)


@dataclass(frozen=True)
class EarlierBrief:
    """What was decided in an earlier conversation, the best rating of its pictures, what was
    disliked in them, a line each, and the answers that were proposed to its questions."""

    entries: list[Any]
    rating: int | None
    disliked: str = ""
    defaults: frozenset[str] = frozenset()


class EarlierBriefs:
    """The briefs of one data folder, back to when preferences were last forgotten."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest(self, origin: str, *, without: str | None = None) -> list[EarlierBrief]:
        """What was decided in the newest conversations since preferences were last forgotten.

        Only in those with this `origin`.
        """
        async with self._database.read() as session:
            newest = (
                select(Conversation.id)
                .where(Conversation.changed_at > await forgotten_at(session))
                .where(Conversation.id != (without or ""))
                .where(is_all_of(origin))
                .order_by(Conversation.changed_at.desc())
                .limit(LEARNT_FROM)
            )
            last = select(func.max(Brief.id)).group_by(Brief.conversation_id)
            briefs = (
                select(
                    Brief.conversation_id,
                    Brief.entries,
                    func.max(Image.rating),
                    func.aggregate_strings(Image.disliked, "\n"),
                )
                .outerjoin(Image, Image.conversation_id == Brief.conversation_id)
                .where(Brief.conversation_id.in_(newest))
                .where(Brief.id.in_(last.where(Brief.conversation_id.in_(newest))))
                .group_by(Brief.id)
            )
            rows = (await session.execute(briefs)).all()
            proposals = select(Question.conversation_id, Question.default)
            defaults: defaultdict[str, set[str]] = defaultdict(set)
            offered = proposals.where(Question.conversation_id.in_(newest))
            for conversation, text in await session.execute(offered):
                defaults[conversation].add(text)
        return [
            EarlierBrief(entries, rating, text or "", frozenset(defaults[conversation]))
            for conversation, entries, rating, text in rows
        ]

    async def forget(self) -> None:
        """Learn preferences only from what comes after this moment."""
        async with self._database.write() as session:
            await session.merge(Memory(name=FORGOTTEN, value=now()))
