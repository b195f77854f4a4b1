"""Full text over conversations: ranked by the index, letter by letter in scripts without spaces."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    case,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession

from storage.tables import Conversation, Text

MOST_WORDS, LONGEST_WORD, LONGEST_QUERY = 16, 64, 10_000
"""What is read of a query: words beyond are left out, longer ones matched by their start.

Sixteen words say what one looks for; each costs a pass over the index, and a pasted page took
seconds.
"""

FEWEST_LETTERS = 3
"""Of a word that says something alone, where not all can be found: "a" and "in" find everything."""

MOST_READ = 20
"""Conversations of which a list shows all the same: a page of them."""

SHORTEST_START = 2
"""Letters from which on a word also finds those that begin with it: one letter finds all."""

WEIGHTS = "bm25(8.0, 4.0, 2.0, 1.0)"
"""Of title, words, answers, prompts: what the person wrote before what a model wrote.

What was liked and disliked in pictures, and the styles they are in, stands with the answers.
"""

PARTS = (Text.title, Text.words, Text.answers, Text.prompts)
SNIPPET_TOKENS, AROUND = 16, 40
"""Words of a snippet, or letters before and behind: one line in a list."""

NO_JOINT = re.compile(r"\b_+|_+\b")
"""An underscore that joins nothing: only between letters does one make a name of them."""

SPACELESS = re.compile(
    "[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
"""Letters of scripts without spaces: Thai, Lao, Tibetan, Burmese, Khmer, Japanese, Chinese."""

texts_index = table("texts_index", column("rowid"), column("rank"))
snippet: ColumnElement[str] = literal_column(
    f"snippet(texts_index, -1, '**', '**', '…', {SNIPPET_TOKENS})"
)


INDEX = text(
    """
    INSERT INTO texts (conversation_id, title, words, answers, prompts)
    SELECT c.id, c.title,
        (SELECT coalesce(group_concat(words, char(10)), '')
            FROM turns WHERE conversation_id = c.id),
        (SELECT coalesce(group_concat(text, char(10)), '')
            FROM answers WHERE conversation_id = c.id) ||
        (SELECT coalesce(group_concat(char(10) || liked || char(10) || disliked, ''), '')
            FROM images WHERE conversation_id = c.id AND liked || disliked <> '') ||
        (SELECT coalesce(char(10) || group_concat(DISTINCT style.value ->> '$.style.name'), '')
            FROM jobs, json_each(jobs.inputs) AS style WHERE conversation_id = c.id),
        (SELECT coalesce(group_concat(prompt, char(10)), '')
            FROM images WHERE conversation_id = c.id) || char(10) ||
        (SELECT coalesce(group_concat(json_extract(phrase.value, '$.text'), ''), '')
            FROM briefs, json_each(briefs.phrases) AS phrase WHERE briefs.id =
                (SELECT max(id) FROM briefs WHERE conversation_id = c.id))
    FROM conversations c WHERE c.id = :id
    ON CONFLICT (conversation_id) DO UPDATE SET title = excluded.title, words = excluded.words,
        answers = excluded.answers, prompts = excluded.prompts
    """
)


How = Literal["all", "any"]
"""Which of the words have to be there."""
Conditions = Sequence[ColumnElement[bool]]
Matches = tuple[dict[str, str], int]
"""Conversations in their order, each with the words around what was looked for; how many fit."""


async def index(session: AsyncSession, conversation_id: str) -> None:
    """Bring the words of a conversation up to date for full-text search."""
    await session.flush()
    await session.execute(INDEX, {"id": conversation_id})


def words_of(query: str) -> list[str]:
    """The different words of a query, without anything that is no letter, mark or number; a name
    such as harbour_light is one."""
    query = NO_JOINT.sub(" ", query)
    letters = (
        letter if unicodedata.category(letter)[0] in "LMN" or letter == "_" else " "
        for letter in query[:LONGEST_QUERY]
    )
    words = dict.fromkeys(word[:LONGEST_WORD] for word in "".join(letters).split())
    return list(words)[:MOST_WORDS]


async def telling(session: AsyncSession, words: list[str]) -> list[str]:
    """Those of several words by one of which something is found: long enough, and not in most of
    many conversations, as "the" is; all where none is long enough."""
    spaceless = any(map(SPACELESS.search, words))
    long = [word for word in words if len(word) >= FEWEST_LETTERS or SPACELESS.search(word)]
    everything = await session.scalar(select(func.count()).select_from(Text)) or 0
    if spaceless or everything <= MOST_READ:
        return long or words
    return [one for one in long if 2 * await _count(session, _matches([one], "all")) < everything]


async def look_for(
    session: AsyncSession, words: list[str], how: How, conditions: Conditions, place: slice
) -> Matches:
    """Those of the conversations that fit which have these places, best first."""
    if not words:
        return {}, 0
    search = _by_letters if any(map(SPACELESS.search, words)) else _by_words
    return await search(session, words, how, conditions, place)


def holding(words: list[str]) -> Select[str]:
    """The conversations that hold all words, as a part of another query."""
    rows = select(Text.conversation_id)
    if not words:
        return rows.where(false())
    if any(map(SPACELESS.search, words)):
        return rows.where(*_holds(words))
    found = select(texts_index.c.rowid).where(_matches(words, "all"))
    return rows.where(Text.id.in_(found))


async def _by_words(
    session: AsyncSession, words: list[str], how: How, conditions: Conditions, place: slice
) -> Matches:
    """Ordered by its own rank alone, the index makes snippets only for the page."""
    fits = [_matches(words, how)]
    if conditions:  # the plus keeps SQLite from asking the index once for each of these rows
        rows = select(Text.id).join(Conversation, Text.conversation_id == Conversation.id)
        fits.append(literal_column("+texts_index.rowid").in_(rows.where(*conditions)))
    total = await _count(session, *fits)
    if not total:
        return {}, 0
    owner = select(Text.conversation_id).where(Text.id == texts_index.c.rowid).scalar_subquery()
    ids = select(owner, snippet).select_from(texts_index).where(*fits)
    ranked = ids.where(texts_index.c.rank.op("MATCH")(WEIGHTS)).order_by(texts_index.c.rank)
    page = await session.execute(ranked.slice(place.start, place.stop))
    return {key: " ".join(text.split()) for key, text in page}, total


async def _count(session: AsyncSession, *fits: ColumnElement[bool]) -> int:
    """How many rows of the index fit."""
    rows = select(func.count()).select_from(texts_index).where(*fits)
    return await session.scalar(rows) or 0


def _matches(words: list[str], how: How) -> ColumnElement[bool]:
    """That the index has words, in FTS5's syntax, quoted so that none is an operator."""
    quoted = (f'"{word}"{"*" if len(word) >= SHORTEST_START else ""}' for word in words)
    expression = (" AND " if how == "all" else " OR ").join(quoted)
    return literal_column("texts_index").op("MATCH")(expression)


def _holds(words: list[str]) -> list[ColumnElement[bool]]:
    """For each word that some part of a conversation has it."""
    return [or_(*(part.contains(word) for part in PARTS)) for word in words]


async def _by_letters(
    session: AsyncSession, words: list[str], how: How, conditions: Conditions, place: slice
) -> Matches:
    """Texts that hold words anywhere, in titles first, then the newest: every text is looked at."""
    holds = _holds(words)
    fits = [*conditions, *(holds if how == "all" else [or_(*holds)])]
    titled = case((or_(*(Text.title.contains(word) for word in words)), 0), else_=1)
    order = (titled, Conversation.changed_at.desc(), Conversation.id.desc())
    ids: Any = select(Text.conversation_id, func.count().over()).where(*fits)
    ids = ids.join(Conversation, Text.conversation_id == Conversation.id).order_by(*order)
    page = (await session.execute(ids.slice(place.start, place.stop))).all()
    snippets = await _snippets(session, [key for key, _ in page], words)
    return snippets, page[0][1] if page else 0


async def _snippets(session: AsyncSession, ids: list[str], words: list[str]) -> dict[str, str]:
    """What stands around the first of these words in each text, the words marked."""
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE)
    rows = select(Text.conversation_id, *PARTS).where(Text.conversation_id.in_(ids))
    snippets: dict[str, str] = dict.fromkeys(ids, "")
    for key, *parts in await session.execute(rows):
        text = next((part for part in parts if pattern.search(part)), "")
        if first := pattern.search(text):
            start, end = max(0, first.start() - AROUND), first.end() + AROUND
            cut = " ".join(pattern.sub(r"**\g<0>**", text[start:end]).split())
            snippets[key] = f"{'…' if start else ''}{cut}{'…' if end < len(text) else ''}"
    return snippets
