"""Find conversations again: by date, kind, rating and bookmark, or by their words."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from storage.database import Database
from storage.full_text import How, look_for, telling, words_of
from storage.list_pages import (
    Filter,
    Page,
    cursor_of,
    newest_first,
    of_conversations,
    offset_in,
    place_in,
    within,
)
from storage.stamps import IdKind
from storage.tables import Conversation, Image, Text, media_type

MOST_ITEMS = 200
"""Of one page: about 60 kB of JSON, which clients still show whole."""
HOW = ("all", "any")

PROMPT_START = 80
"""Letters of a prompt that stand for a picture in a list: one line."""


@dataclass(frozen=True)
class ConversationSummary:
    """A conversation as lists show it. Dates are ISO 8601 in UTC, costs USD.

    `style` is what is decided of it in words, `drawn_in` the names of kept ones, each with its
    strength. `play_money` says that some of its cost is the sandbox's, `rating` is the best of its
    pictures, `matches` what stands around the words that were looked for.
    """

    conversation_id: str
    title: str
    mode: str
    image_type: str
    style: str
    drawn_in: dict[str, int]
    pictures: int
    cost_usd: float
    play_money: bool
    rating: int | None
    bookmarked: bool
    changed_at: str
    newest_image_id: str
    matches: str


@dataclass(frozen=True)
class Resource:
    """A record or a picture that clients may read; `at` is its last change, or its making."""

    kind: str
    id: str
    title: str
    at: str
    mime_type: str

    @property
    def uri(self) -> str:
        """Its address."""
        return f"{self.kind}://{self.id}"


SearchPage = Page[ConversationSummary]


class Search:
    """Finds conversations in the records of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, criteria: Filter, *, cursor: str | None = None, limit: int = 20
    ) -> SearchPage:
        """A page of the conversations that fit, newest first, or best first with a query.

        Words also find those that begin with them. Scripts without spaces are compared letter
        by letter: unranked but for titles, and slow beyond tens of thousands of conversations.
        Newest first goes on without gaps or doubles while others are added; what changes
        meanwhile moves to the front. Raises `StorageError` for bad dates and cursors.
        """
        place, limit = place_in(criteria.mark, cursor), min(max(limit, 1), MOST_ITEMS)
        page = _best if criteria.query.strip() else _newest
        async with self._database.read() as session:
            return await page(session, criteria, place, limit)

    async def these(self, ids: Sequence[str]) -> SearchPage:
        """The conversations of these ids, in this order; those that are gone are left out."""
        async with self._database.read() as session:
            items = await _summaries(session, dict.fromkeys(ids, ""))
        return SearchPage(items, total=len(items))

    async def ids(self) -> list[str]:
        """Every conversation's id, the oldest first."""
        rows = select(Conversation.id).order_by(Conversation.created_at, Conversation.id)
        async with self._database.read() as session:
            return list(await session.scalars(rows))

    async def ids_beginning(self, kind: IdKind, beginning: str, *, limit: int) -> list[str]:
        """The ids of conversations or pictures that begin so, also without their kind."""
        column = {"conv": Conversation.id, "img": Image.id}[kind]
        starts = [
            column.startswith(start, autoescape=True)
            for start in (beginning, f"{kind}_{beginning}")
        ]
        rows = select(column).where(or_(*starts)).order_by(column).limit(limit)
        async with self._database.read() as session:
            return list(await session.scalars(rows))

    async def has_pictures(self, *, without: str) -> bool:
        """Whether any conversation but one has a picture."""
        rows = select(Image.id).where(Image.conversation_id != without).limit(1)
        async with self._database.read() as session:
            return await session.scalar(rows) is not None

    async def words(self, conversation_id: str) -> str:
        """The person's words, answers and prompts of a conversation, as they are searched."""
        rows = select(Text.words, Text.answers, Text.prompts)
        async with self._database.read() as session:
            result = await session.execute(rows.where(Text.conversation_id == conversation_id))
            row = result.one_or_none()
        return "\n".join(row or ())

    async def resources(self, limit: int) -> list[Resource]:
        """The newest records and pictures, at most so many."""
        records = select(Conversation.id, Conversation.title, Conversation.changed_at)
        start = func.substr(Image.prompt, 1, PROMPT_START)
        pictures = select(Image.id, start, Image.created_at, Image.format)
        records = newest_first(records, Conversation.changed_at, Conversation.id, []).limit(limit)
        pictures = newest_first(pictures, Image.created_at, Image.id, []).limit(limit)
        async with self._database.read() as session:
            resources = [
                Resource("conversation", key, title, at, "text/markdown")
                for key, title, at in await session.execute(records)
            ]
            resources += [
                Resource("image", key, title, at, media_type(form))
                for key, title, at, form in await session.execute(pictures)
            ]
        return sorted(resources, key=lambda one: (one.at, one.id), reverse=True)[:limit]


async def _newest(
    session: AsyncSession, criteria: Filter, place: list[str], limit: int
) -> SearchPage:
    conditions = await _conditions(session, criteria)
    ids = select(Conversation.id, Conversation.changed_at).where(*conditions)
    ids = newest_first(ids, Conversation.changed_at, Conversation.id, place)
    rows = (await session.execute(ids.limit(limit + 1))).all()
    count = select(func.count()).select_from(Conversation).where(*conditions)
    total = await session.scalar(count) or 0
    items = await _summaries(session, dict.fromkeys((key for key, _ in rows[:limit]), ""))
    if len(rows) <= limit:
        return SearchPage(items, None, total)
    key, at = rows[limit - 1]
    return SearchPage(items, cursor_of(criteria.mark, at, key), total)


async def _best(
    session: AsyncSession, criteria: Filter, place: list[str], limit: int
) -> SearchPage:
    conditions = await _conditions(session, criteria)
    words = words_of(criteria.query)
    name, start = offset_in(place, HOW)
    if not words:
        return SearchPage()
    how: How = "any" if name == "any" else "all"
    words = await telling(session, words) if how == "any" else words
    goes_to = slice(start, start + limit)
    snippets, total = await look_for(session, words, how, conditions, goes_to)
    if not total and not place and len(words) > 1:
        how = "any"
        words = await telling(session, words)
        snippets, total = await look_for(session, words, how, conditions, goes_to)
    items = await _summaries(session, snippets)
    goes_on = snippets and goes_to.stop < total
    cursor = cursor_of(criteria.mark, how, str(goes_to.stop)) if goes_on else None
    return SearchPage(items, cursor, total, loosened=how == "any" and total > 0)


async def _summaries(session: AsyncSession, snippets: dict[str, str]) -> list[ConversationSummary]:
    """Conversations by their ids, in this order, each with what was found in it."""
    table = Conversation
    parts = [selectinload(part) for part in (table.jobs, table.images, table.spending)]
    rows = select(table).where(table.id.in_(snippets)).options(*parts)
    by_id = {one.id: one for one in await session.scalars(rows)}
    return [_summary(by_id[key], text) for key, text in snippets.items() if key in by_id]


def _summary(one: Conversation, matches: str) -> ConversationSummary:
    return ConversationSummary(
        conversation_id=one.id,
        title=one.title,
        mode=one.mode,
        image_type=one.image_type,
        style=one.style,
        drawn_in={use["name"]: use["strength"] for job in one.jobs for use in job.style_uses},
        pictures=len(one.images),
        cost_usd=round(one.cost_usd, 6),
        play_money=any(row.origin == "sandbox" for row in one.spending),
        rating=max((image.rating for image in one.images if image.rating), default=None),
        bookmarked=one.bookmarked,
        changed_at=one.changed_at,
        newest_image_id=one.current_image.id if one.current_image else "",
        matches=matches,
    )


async def _conditions(session: AsyncSession, criteria: Filter) -> list[ColumnElement[bool]]:
    """What a filter asks of conversations, but for its query. Raises `StorageError`."""
    conditions = [*within(criteria, Conversation.changed_at)]
    conditions += await of_conversations(session, criteria)
    if criteria.rating is not None:
        best = select(Image.conversation_id).where(Image.rating >= criteria.rating)
        conditions.append(Conversation.id.in_(best))
    return conditions
