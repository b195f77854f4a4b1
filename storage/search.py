"""Find conversations again: by date, kind, rating and bookmark, or by their words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from storage.cursors import cursor_of, newest_first, offset_in, place_in
from storage.database import Database
from storage.filters import Filter, conditions
from storage.fulltext import WordQuery, look_for, words_of
from storage.resource_list import ResourcePage, resource_page
from storage.tables import Conversation, Image, Spending, Text

__all__ = ["ConversationSummary", "Filter", "Search", "SearchPage"]

MOST_ITEMS = 200
HOW = ("all", "any")


@dataclass(frozen=True)
class ConversationSummary:
    """A conversation as lists show it; `rating` is the best of its pictures."""

    id: str
    title: str
    mode: str
    image_type: str
    style: str
    bookmarked: bool
    created_at: str
    changed_at: str
    pictures: int
    usd: float
    rating: int | None
    newest_image_id: str
    snippet: str = ""


@dataclass(frozen=True)
class SearchPage:
    """Some conversations and where to go on, None at the end; `total` counts all that fit.

    `loosened` says that no conversation holds all words, so these hold some.
    """

    items: list[ConversationSummary] = field(default_factory=list)
    cursor: str | None = None
    total: int = 0
    loosened: bool = False


class Search:
    """Finds conversations in the records of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, wanted: Filter, *, cursor: str | None = None, limit: int = 20
    ) -> SearchPage:
        """A page of the conversations that fit, newest first, or best first with a query.

        Words also find those that begin with them. Scripts without spaces are compared letter
        by letter: unranked but for titles, and slow beyond tens of thousands of conversations.
        Newest first goes on without gaps or doubles while others are added; what changes
        meanwhile moves to the front. Raises `StorageError` for bad dates and cursors.
        """
        place, limit = place_in(wanted.mark, cursor), _bounded(limit)
        async with self._database.read() as session:
            chosen = await conditions(session, wanted)
            if wanted.query.strip():
                return await _best(session, wanted, chosen, place, limit)
            return await _newest(session, wanted, chosen, place, limit)

    async def these(self, ids: Sequence[str]) -> SearchPage:
        """The conversations of these ids, in this order; those that are gone are left out."""
        async with self._database.read() as session:
            items = await _listed(session, dict.fromkeys(ids, ""))
        return SearchPage(items, total=len(items))

    async def words(self, conversation_id: str) -> str:
        """What was said, answered and drawn in a conversation, as it is searched."""
        rows = select(Text.words, Text.answers, Text.prompts)
        async with self._database.read() as session:
            found = await session.execute(rows.where(Text.conversation_id == conversation_id))
            row = found.one_or_none()
        return "\n".join(row or ())

    async def resources(self, cursor: str | None = None, limit: int = 50) -> ResourcePage:
        """Records and pictures in one list, newest first. Raises `StorageError` for bad cursors."""
        async with self._database.read() as session:
            return await resource_page(session, cursor, _bounded(limit))


def _bounded(limit: int) -> int:
    return min(max(limit, 1), MOST_ITEMS)


async def _newest(
    session: AsyncSession,
    wanted: Filter,
    chosen: list[ColumnElement[bool]],
    place: list[str],
    limit: int,
) -> SearchPage:
    rows = select(Conversation.id, Conversation.changed_at).where(*chosen)
    rows = newest_first(rows, Conversation.changed_at, Conversation.id, place)
    found = (await session.execute(rows.limit(limit + 1))).all()
    total = await session.scalar(select(func.count()).select_from(Conversation).where(*chosen))
    items = await _listed(session, dict.fromkeys((key for key, _ in found[:limit]), ""))
    if len(found) <= limit:
        return SearchPage(items, None, total or 0)
    key, at = found[limit - 1]
    return SearchPage(items, cursor_of(wanted.mark, at, key), total or 0)


async def _best(
    session: AsyncSession,
    wanted: Filter,
    chosen: list[ColumnElement[bool]],
    place: list[str],
    limit: int,
) -> SearchPage:
    words = words_of(wanted.query)
    how, start = offset_in(place, HOW)
    if not words:
        return SearchPage()
    found = await look_for(session, WordQuery(words, how, chosen), start, limit)
    if not found.total and not place and len(words) > 1:
        how = "any"
        found = await look_for(session, WordQuery(words, how, chosen), start, limit)
    items = await _listed(session, found.snippets)
    goes_on = found.snippets and start + limit < found.total
    more = cursor_of(wanted.mark, how, str(start + limit)) if goes_on else None
    return SearchPage(items, more, found.total, loosened=how == "any" and found.total > 0)


async def _listed(session: AsyncSession, snippets: dict[str, str]) -> list[ConversationSummary]:
    """The facts of conversations by their ids, in this order."""
    rows = _facts().where(Conversation.id.in_(snippets))
    found = {row[0]: ConversationSummary(*row) for row in (await session.execute(rows))}
    return [replace(found[key], snippet=text) for key, text in snippets.items() if key in found]


def _facts() -> Select[Any]:
    """The columns of `ConversationSummary`, in its order."""
    one = Conversation
    ours, paid = Image.conversation_id == one.id, Spending.conversation_id == one.id
    newest = select(Image.id).where(ours).order_by(Image.created_at.desc(), Image.id.desc())
    return select(
        *(one.id, one.title, one.mode, one.image_type, one.style, one.bookmarked),
        *(one.created_at, one.changed_at),
        select(func.count()).where(ours).correlate(one).scalar_subquery(),
        select(func.coalesce(func.sum(Spending.usd), 0.0))
        .where(paid)
        .correlate(one)
        .scalar_subquery(),
        select(func.max(Image.rating)).where(ours).correlate(one).scalar_subquery(),
        func.coalesce(newest.limit(1).correlate(one).scalar_subquery(), ""),
    )
