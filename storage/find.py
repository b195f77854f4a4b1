"""Find conversations again: by date, kind, rating and bookmark, or by their words."""

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.database import Database
from storage.errors import StorageError
from storage.records import shown
from storage.tables import Conversation, Image, Spending, Text

Rows = TypeVar("Rows", bound="Select[*tuple[Any, ...]]")

MOST_ITEMS = 200
MOST_WORDS, LONGEST_WORD, LONGEST_QUERY = 16, 64, 10_000
"""What is read of a query; words beyond are left out, longer ones matched by their start."""

SHORTEST_START = 2
"""Letters from which on a word also finds those that begin with it."""

WEIGHTS = "bm25(8.0, 4.0, 2.0, 1.0)"
"""Of title, words, answers, prompts."""

PARTS = (Text.title, Text.words, Text.answers, Text.prompts)
SNIPPET_TOKENS, AROUND = 16, 40
PROMPT_START = 80

SPACELESS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Letters of scripts without spaces: Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese."""

texts_index = table("texts_index", column("rowid"), column("rank"))
snippet: ColumnElement[str] = literal_column(
    f"snippet(texts_index, -1, '**', '**', '…', {SNIPPET_TOKENS})"
)


@dataclass(frozen=True)
class Filter:
    """Which conversations to list; what is empty or None does not choose.

    `since` and `until` are ISO dates in UTC of the last change, both inclusive. `style` may
    be a part, in any case. `rating` is the least that some picture has.
    """

    query: str = ""
    since: str = ""
    until: str = ""
    image_type: str = ""
    style: str = ""
    rating: int | None = None
    bookmarked: bool | None = None


@dataclass(frozen=True)
class Listed:
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
class Page:
    """Some conversations and where to go on, None at the end; `total` counts all that fit.

    `loosened` says that no conversation holds all words, so these hold some.
    """

    items: list[Listed] = field(default_factory=list)
    cursor: str | None = None
    total: int = 0
    loosened: bool = False


@dataclass(frozen=True)
class Resource:
    """A record or a picture that clients may read; `at` is its last change, or its making."""

    kind: str
    id: str
    title: str
    at: str
    format: str = ""
    path: str = ""

    @property
    def uri(self) -> str:
        """Its address."""
        return f"{self.kind}://{self.id}"

    @property
    def name(self) -> str:
        """Its name in lists."""
        return self.id

    @property
    def mime_type(self) -> str:
        """What it is read as."""
        if self.kind == "conversation":
            return "text/markdown"
        return f"image/{'svg+xml' if self.format == 'svg' else self.format}"


@dataclass(frozen=True)
class ResourcePage:
    """Some resources, and where to go on."""

    items: list[Resource]
    cursor: str | None


class Finder:
    """Finds conversations in the records of one data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Filter, *, cursor: str | None = None, limit: int = 20) -> Page:
        """A page of the conversations that fit, newest first, or best first with a query.

        Words also find those that begin with them. Scripts without spaces are compared letter
        by letter: unranked but for titles, and slow beyond tens of thousands of conversations.
        Newest first goes on without gaps or doubles while others are added; what changes
        meanwhile moves to the front. Raises `StorageError` for bad dates and cursors.
        """
        limit = min(max(limit, 1), MOST_ITEMS)
        async with self._database.read() as session:
            chosen = await _chosen(session, wanted)
            if wanted.query.strip():
                return await _best(session, wanted, chosen, cursor, limit)
            return await _newest(session, wanted, chosen, cursor, limit)

    async def these(self, ids: Sequence[str]) -> Page:
        """The conversations of these ids, in this order; those that are gone are left out."""
        async with self._database.read() as session:
            items = await _listed(session, dict.fromkeys(ids, ""))
        return Page(items, total=len(items))

    async def words(self, conversation_id: str) -> str:
        """What was said, answered and drawn in a conversation, as it is searched."""
        rows = select(Text.words, Text.answers, Text.prompts)
        async with self._database.read() as session:
            found = await session.execute(rows.where(Text.conversation_id == conversation_id))
            row = found.one_or_none()
        return "\n".join(row or ())

    async def resources(self, cursor: str | None = None, limit: int = 50) -> ResourcePage:
        """Records and pictures in one list, newest first. Raises `StorageError` for bad cursors."""
        limit = min(max(limit, 1), MOST_ITEMS)
        place = _place(cursor, "resources")
        async with self._database.read() as session:
            parts = [
                (await session.execute(_after(rows, at, key, place).limit(limit + 1))).all()
                for rows, at, key in _resource_rows()
            ]
        found = sorted((Resource(*row) for row in chain(*parts)), key=_age, reverse=True)
        items = found[:limit]
        more = len(found) > limit
        return ResourcePage(items, _cursor("resources", *_age(items[-1])) if more else None)


def _age(resource: Resource) -> tuple[str, str]:
    return resource.at, resource.id


def _resource_rows() -> list[tuple[Select[Any], Any, Any]]:
    record: ColumnElement[str] = literal_column("'conversation'")
    picture: ColumnElement[str] = literal_column("'image'")
    records = select(record, Conversation.id, Conversation.title, Conversation.changed_at)
    start = func.substr(Image.prompt, 1, PROMPT_START)
    pictures = select(picture, Image.id, start, Image.created_at, Image.format, Image.path)
    return [
        (records, Conversation.changed_at, Conversation.id),
        (pictures, Image.created_at, Image.id),
    ]


async def _chosen(session: AsyncSession, wanted: Filter) -> list[ColumnElement[bool]]:
    """The conditions on conversations, but for the query."""
    chosen: list[ColumnElement[bool]] = []
    if wanted.since:
        chosen.append(Conversation.changed_at >= _day("since", wanted.since))
    if wanted.until:
        chosen.append(Conversation.changed_at < _day("until", wanted.until) + "~")  # after any time
    if wanted.image_type:
        chosen.append(Conversation.image_type == _clean(wanted.image_type))
    if wanted.style:
        chosen.append(Conversation.style.in_(await _styles(session, wanted.style)))
    if wanted.rating is not None:
        rated = select(Image.conversation_id).where(Image.rating >= wanted.rating)
        chosen.append(Conversation.id.in_(rated))
    if wanted.bookmarked is not None:
        chosen.append(Conversation.bookmarked.is_(wanted.bookmarked))
    return chosen


async def _styles(session: AsyncSession, part: str) -> Select[Any]:
    """The styles that hold a part: SQLite itself knows upper and lower case of ASCII only."""
    known = await session.scalars(select(Conversation.style).distinct())
    fitting = [style for style in known if _clean(part).casefold() in style.casefold()]
    return select(func.json_each(json.dumps(fitting)).table_valued("value").c.value)


async def _newest(
    session: AsyncSession,
    wanted: Filter,
    chosen: list[ColumnElement[bool]],
    cursor: str | None,
    limit: int,
) -> Page:
    mark = _mark(wanted)
    rows = select(Conversation.id, Conversation.changed_at).where(*chosen)
    rows = _after(rows, Conversation.changed_at, Conversation.id, _place(cursor, mark))
    found = (await session.execute(rows.limit(limit + 1))).all()
    total = await session.scalar(select(func.count()).select_from(Conversation).where(*chosen))
    items = await _listed(session, dict.fromkeys((key for key, _ in found[:limit]), ""))
    if len(found) <= limit:
        return Page(items, None, total or 0)
    key, at = found[limit - 1]
    return Page(items, _cursor(mark, at, key), total or 0)


def _after(rows: Rows, at: Any, key: Any, place: list[str]) -> Rows:
    """Newest first, from behind the place that a cursor holds."""
    if place:
        rows = rows.where(tuple_(at, key) < tuple_(*place))
    return rows.order_by(at.desc(), key.desc())


async def _best(
    session: AsyncSession,
    wanted: Filter,
    chosen: list[ColumnElement[bool]],
    cursor: str | None,
    limit: int,
) -> Page:
    words, mark = _split(wanted.query), _mark(wanted)
    how, start = _offset(_place(cursor, mark))
    if not words:
        return Page()
    search = _by_letters if any(map(SPACELESS.search, words)) else _by_words
    ids, counted = search(words, how, chosen)
    total = await session.scalar(counted) or 0
    if total == 0 and how == "all" and len(words) > 1:
        how = "any"
        ids, counted = search(words, how, chosen)
        total = await session.scalar(counted) or 0
    rows = await session.execute(ids.limit(limit).offset(start))
    by_words = search is _by_words
    found = dict(rows.all()) if by_words else await _cut(session, [*rows.scalars()], words)
    items = await _listed(session, {key: " ".join(text.split()) for key, text in found.items()})
    goes_on = found and start + limit < total
    more = _cursor(mark, how, str(start + limit)) if goes_on else None
    return Page(items, more, total, loosened=how == "any" and total > 0)


def _by_words(
    words: list[str], how: str, chosen: list[ColumnElement[bool]]
) -> tuple[Select[Any], Select[Any]]:
    """Ids and snippets by the full-text index, best first; and their number.

    Ordered by its own rank alone, the index makes snippets only for the page.
    """
    fits = [literal_column("texts_index").op("MATCH")(_expression(words, how))]
    if chosen:  # the plus keeps SQLite from asking the index once for each of these rows
        rows = select(Text.id).join(Conversation, Text.conversation_id == Conversation.id)
        fits.append(literal_column("+texts_index.rowid").in_(rows.where(*chosen)))
    owner = select(Text.conversation_id).where(Text.id == texts_index.c.rowid).scalar_subquery()
    ids = select(owner, snippet).select_from(texts_index).where(*fits)
    ranked = ids.where(texts_index.c.rank.op("MATCH")(WEIGHTS)).order_by(texts_index.c.rank)
    return ranked, select(func.count()).select_from(texts_index).where(*fits)


def _expression(words: list[str], how: str) -> str:
    """Words in FTS5's syntax, quoted so that none is an operator."""
    quoted = (f'"{word}"{"*" if len(word) >= SHORTEST_START else ""}' for word in words)
    return (" AND " if how == "all" else " OR ").join(quoted)


def _by_letters(
    words: list[str], how: str, chosen: list[ColumnElement[bool]]
) -> tuple[Select[Any], Select[Any]]:
    """Ids of texts that hold words anywhere, in titles first; and their number."""
    holds = [or_(*(part.contains(word) for part in PARTS)) for word in words]
    fits = [*chosen, *(holds if how == "all" else [or_(*holds)])]
    titled = case((or_(*(Text.title.contains(word) for word in words)), 0), else_=1)
    ids: Select[Any] = select(Text.conversation_id).where(*fits)
    ids = ids.join(Conversation, Text.conversation_id == Conversation.id)
    counted = select(func.count()).select_from(ids.subquery())
    return ids.order_by(titled, Conversation.changed_at.desc(), Conversation.id.desc()), counted


async def _cut(session: AsyncSession, ids: list[str], words: list[str]) -> dict[str, str]:
    """What stands around the first of these words in each text, the words marked."""
    held = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    rows = select(Text.conversation_id, *PARTS).where(Text.conversation_id.in_(ids))
    found: dict[str, str] = dict.fromkeys(ids, "")
    for key, *parts in await session.execute(rows):
        text = next((part for part in parts if held.search(part)), "")
        if first := held.search(text):
            start, end = max(0, first.start() - AROUND), first.end() + AROUND
            cut = held.sub(r"**\g<0>**", text[start:end])
            found[key] = f"{'…' if start else ''}{cut}{'…' if end < len(text) else ''}"
    return found


async def _listed(session: AsyncSession, snippets: dict[str, str]) -> list[Listed]:
    """The facts of conversations by their ids, in this order."""
    rows = _facts().where(Conversation.id.in_(snippets))
    found = {row[0]: Listed(*row) for row in (await session.execute(rows))}
    return [replace(found[key], snippet=text) for key, text in snippets.items() if key in found]


def _facts() -> Select[Any]:
    """The columns of `Listed`, in its order."""
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


def _split(query: str) -> list[str]:
    """The different words of a query, without anything that is no letter, mark or number."""
    kept = (
        letter if unicodedata.category(letter)[0] in "LMN" else " "
        for letter in query[:LONGEST_QUERY]
    )
    words = dict.fromkeys(word[:LONGEST_WORD] for word in "".join(kept).split())
    return list(words)[:MOST_WORDS]


def _clean(text: str) -> str:
    """Text that SQLite takes: lone surrogates have no bytes."""
    return text.encode(errors="ignore").decode()


def _day(name: str, value: str) -> str:
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        raise StorageError(
            f"{name} is {shown(value)}, which is no date. Write a day as YYYY-MM-DD, such as "
            "2026-01-31, or leave it out."
        ) from None


def _mark(wanted: Filter) -> str:
    """What tells a filter from others, in its cursors."""
    return hashlib.sha256(repr(wanted).encode(errors="replace")).hexdigest()[:12]


def _cursor(mark: str, *place: str) -> str:
    return base64.urlsafe_b64encode("\n".join((mark, *place)).encode()).decode()


def _place(cursor: str | None, mark: str) -> list[str]:
    """The two values that a cursor holds, none without one. Raises `StorageError`."""
    if cursor is None:
        return []
    try:
        given, *place = base64.urlsafe_b64decode(cursor).decode().split("\n")
    except ValueError:
        raise _foreign() from None
    if given != mark or len(place) != len(("first", "second")):
        raise _foreign()
    return place


def _offset(place: list[str]) -> tuple[str, int]:
    """How words were joined, and how many conversations were shown before."""
    how, start = place or ("all", "0")
    if how not in ("all", "any") or not re.fullmatch("[0-9]{1,9}", start):
        raise _foreign()
    return how, int(start)


def _foreign() -> StorageError:
    return StorageError(
        "cursor is not one that a call with these same filters returned. Leave it out to start at "
        "the beginning, or repeat the filters that it came with."
    )
