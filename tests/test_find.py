"""Earlier work is found again: listed, filtered, searched by words and by meaning."""

import asyncio
import base64
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, update

from errors import StorageError
from storage.database import Database
from storage.full_text import index
from storage.list_pages import Filter
from storage.maintenance import Maintenance
from storage.picture_files import SmallCopies
from storage.search import Search, SearchPage
from storage.spending import booking
from storage.tables import Answer, Conversation, Image, Job, Spending, Turn
from storage.vectors import Vectors
from tests.calls import text_of
from tests.conftest import Connect

MODEL = "some-model"
SAID = "\n\n\n\n"
"""The words of a conversation in which nothing was said: title, words, answers, prompts."""


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database without records: copying it is quicker than making it."""

    async def make() -> Path:
        made = Database(tmp_path_factory.mktemp("empty"))
        async with made.read():
            pass
        await made.close()
        return made.path

    return asyncio.run(make())


@pytest.fixture
async def database(tmp_path: Path, empty: Path) -> AsyncIterator[Database]:
    opened = Database(tmp_path)
    shutil.copyfile(empty, opened.path)
    yield opened
    await opened.close()


@pytest.fixture
def search(database: Database) -> Search:
    return Search(database)


async def begin(
    database: Database,
    key: str,
    *,
    words: str = "",
    answer: str = "",
    day: str = "2026-01-01",
    **facts: Any,
) -> str:
    """A conversation of one turn, last changed at noon of a day."""
    at = f"{day}T12:00:00.000000+00:00"
    facts = {"mode": "guided", "created_at": at, "changed_at": at, **facts}
    async with database.write() as session:
        session.add(Conversation(id=key, **facts))
        await session.flush()
        session.add(Turn(conversation_id=key, number=1, words=words, created_at=at))
        session.add(Answer(conversation_id=key, turn_number=1, question="q1", text=answer))
        await index(session, key)
    return key


async def draw(
    database: Database, key: str, name: str, *, rating: int | None = None, **facts: Any
) -> None:
    """A picture of a conversation."""
    at = facts.pop("at", "2026-01-01T13:00:00.000000+00:00")
    prompt, drawn = facts.pop("prompt", ""), facts.pop("format", "png")
    async with database.write() as session:
        job = {"id": f"job_{name}", "conversation_id": key, "state": "kept", "batch": name}
        session.add(
            Job(
                **job, prompt=prompt, options={}, parent_image_id=None, created_at=at, changed_at=at
            )
        )
        await session.flush()
        size = {"width": 8, "height": 8, "bytes": 8, "has_alpha": False, "sha256": ""}
        said = {"prompt": prompt, "revised_prompt": "", "model": "m", "response_id": ""}
        owner = {"conversation_id": key, "job_id": f"job_{name}", "parent_image_id": None}
        place = {"path": f"/there/{name}.{drawn}", "format": drawn, "created_at": at}
        session.add(Image(id=name, **owner, **place, **size, **said, rating=rating))
        await session.flush()
        await index(session, key)


async def ids(search: Search, query: str = "", **wanted: Any) -> list[str]:
    page = await search.page(Filter(query, **wanted))
    assert page.total == len(page.items)
    return [item.conversation_id for item in page.items]


async def through(search: Search, wanted: Filter, limit: int) -> list[SearchPage]:
    """All pages, one after the other."""
    pages = [await search.page(wanted, limit=limit)]
    while pages[-1].cursor:
        pages.append(await search.page(wanted, cursor=pages[-1].cursor, limit=limit))
    return pages


@pytest.mark.parametrize("query", ["", "fox"])
async def test_pages_hold_each_conversation_once(
    database: Database, search: Search, query: str
) -> None:
    made = [await begin(database, f"conv_{number:02}", words="a fox") for number in range(11)]

    pages = await through(search, Filter(query), 3)

    assert [len(page.items) for page in pages] == [3, 3, 3, 2]
    assert {page.total for page in pages} == {11}
    seen = [item.conversation_id for page in pages for item in page.items]
    assert sorted(seen) == made
    if not query:
        assert seen == made[::-1]  # changed at the same moment: by id


async def test_pages_have_no_gaps_nor_doubles_while_others_are_added(
    database: Database, search: Search
) -> None:
    made = [
        await begin(database, f"old_{number}", day=f"2026-01-0{number}") for number in range(1, 8)
    ]

    seen: list[str] = []
    cursor = None
    for turn in range(4):
        page = await search.page(Filter(), cursor=cursor, limit=2)
        seen, cursor = seen + [item.conversation_id for item in page.items], page.cursor
        await begin(database, f"new_{turn}", day="2026-06-01")

    assert seen == made[::-1]
    assert cursor is None


async def test_both_days_of_a_period_are_part_of_it(database: Database, search: Search) -> None:
    for day in ("2026-01-30", "2026-01-31", "2026-02-01"):
        await begin(database, day, day=day)

    assert await ids(search, since="2026-01-31") == ["2026-02-01", "2026-01-31"]
    assert await ids(search, until="2026-01-31") == ["2026-01-31", "2026-01-30"]
    assert await ids(search, since="2026-01-31", until="2026-01-31") == ["2026-01-31"]
    assert await ids(search, until="9999-12-31", since="0001-01-01") != []


async def test_what_is_no_date_is_told(search: Search) -> None:
    for value in ("yesterday", "2026-02-30", "2026-01-01T10:00", "\0", "1" * 999):
        for name, wanted in (("since", Filter(since=value)), ("until", Filter(until=value))):
            told = rf"{name} is .* no date\. Write a day as YYYY-MM-DD"
            with pytest.raises(StorageError, match=told):
                await search.page(wanted)


async def test_each_filter_chooses(database: Database, search: Search) -> None:
    await begin(database, "a", image_type="logo", style="Ölgemälde auf Leinwand", words="fox")
    await begin(database, "b", image_type="photo", bookmarked=True, words="fox")
    await draw(database, "b", "img_b", rating=4)

    for query in ("", "fox"):
        assert await ids(search, query, image_type="logo") == ["a"]
        assert await ids(search, query, style="ölGEMÄLDE") == ["a"]
        assert await ids(search, query, style="%") == []
        assert await ids(search, query, bookmarked=True) == ["b"]
        assert await ids(search, query, bookmarked=False) == ["a"]
        assert await ids(search, query, rating=4) == ["b"]
        assert await ids(search, query, rating=5) == []
        assert await ids(search, query, rating=1, image_type="logo") == []


async def test_a_rating_of_a_type_is_the_mean_of_all_its_ratings(
    database: Database, tmp_path: Path
) -> None:
    for key in "abc":
        await begin(database, key, image_type="logo")
    for number, (key, rating) in enumerate(zip("aaaab", (5, 5, 5, None, 2), strict=True)):
        await draw(database, key, str(number), rating=rating)

    await begin(database, "words as they are")
    await draw(database, "words as they are", "img", rating=5)

    none, logo = await Maintenance(database, [], SmallCopies(tmp_path)).statistics()

    assert (none.kind, none.name, none.rating) == ("dialogue", "none", 5)
    assert (logo.conversations, logo.pictures, logo.rating) == (3, 5, 4.25)
    assert (logo.refinements, logo.usd, logo.play_money) == (0, 0, False)


async def test_words_are_found_wherever_they_were_said(database: Database, search: Search) -> None:
    await begin(database, "title", title="A zebra at dusk")
    await begin(database, "words", words="I want a Zébra")
    await begin(database, "answer", answer="zebras, of course")
    await begin(database, "prompt")
    await draw(database, "prompt", "img", prompt="zebra-striped")
    await begin(database, "other", title="fox")

    found = await ids(search, "zebra")

    assert found[0] == "title"
    assert sorted(found) == ["answer", "prompt", "title", "words"]


async def test_more_of_the_words_nearer_together_comes_first(
    database: Database, search: Search
) -> None:
    await begin(database, "once", words="fox " + "and so on " * 50)
    await begin(database, "often", words="fox fox fox")

    assert await ids(search, "fox") == ["often", "once"]


async def test_a_word_finds_those_that_begin_with_it(database: Database, search: Search) -> None:
    await begin(database, "a", words="a lighthouse")

    (item,) = (await search.page(Filter("light"))).items

    assert item.matches == "a **lighthouse**"


async def test_all_words_must_be_there_and_else_it_is_said(
    database: Database, search: Search
) -> None:
    await begin(database, "both", words="a fox in the snow")
    await begin(database, "one", words="a fox on a roof")

    tight = await search.page(Filter("snow fox"))
    loose = await search.page(Filter("fox roof snow"), limit=1)
    rest = await search.page(Filter("fox roof snow"), cursor=loose.cursor)

    assert ([item.conversation_id for item in tight.items], tight.loosened) == (["both"], False)
    assert loose.loosened
    assert rest.loosened
    assert {item.conversation_id for item in [*loose.items, *rest.items]} == {"both", "one"}
    assert not (await search.page(Filter("hen pig in a barn"))).loosened  # "in" and "a" say nothing


async def test_a_word_that_most_conversations_have_finds_none_in_place_of_another(
    database: Database, search: Search
) -> None:
    for number in range(23):
        await begin(database, f"fox_{number}", words="the fox is on the roof")
    await begin(database, "dog", words="the old dog")

    assert await ids(search, "the hound") == []
    assert await ids(search, "the dogs and the hound, or a dog") == ["dog"]


@pytest.mark.parametrize(
    ("words", "query"),
    [
        ("海辺の灯台を描いて", "灯台"),
        ("我想要一座红色的灯塔", "灯塔 红色"),
        ("ภาพประภาคารริมทะเล", "ประภาคาร"),
        ("大きなLEGOの城", "lego 城"),
    ],
)
async def test_words_of_scripts_without_spaces_are_found(
    database: Database, search: Search, words: str, query: str
) -> None:
    await begin(database, "old", words=words)
    await begin(database, "titled", day="2025-01-01", title=words)
    await begin(database, "other", words="a fox")

    page = await search.page(Filter(query))

    assert [item.conversation_id for item in page.items] == ["titled", "old"]
    assert not page.loosened
    assert all("**" in item.matches for item in page.items)
    assert await ids(search, query, bookmarked=True) == []


async def test_a_long_text_is_cut_around_the_words(database: Database, search: Search) -> None:
    await begin(database, "a", words="and\nso on " * 100 + "the fox 灯台 sleeps " + "so on " * 100)

    for query in ("fox", "灯台"):
        (item,) = (await search.page(Filter(query))).items
        assert f"**{query}**" in item.matches
        assert item.matches.startswith("…")
        assert item.matches.endswith("…")
        assert "\n" not in item.matches
        assert len(item.matches) < 200


HOSTILE = [
    '"', '""', '"fox', "fox AND", "NOT fox", "NEAR(fox hen, 2)", "fox*", "^fox", "title:fox",
    "{a b}:c", "-fox", "fox\0hen", "\0", "(", "a" * 10_000, "a " * 5_000, "%", "_", "🦊", "...",
    "'; DROP TABLE texts; --", " ".join(f"w{number}" for number in range(3_000)), "\u0301",
    "\u200d", "\ud800", "灯" * 9_999,
]  # fmt: skip


async def test_no_query_fails_or_is_slow(database: Database, search: Search) -> None:
    await begin(database, "a", words="fox hen NEAR not and")
    await search.page(Filter("warm up"))

    for query in HOSTILE:
        started = time.process_time()  # not of the clock: others may use the machine
        page = await search.page(Filter(query, style=query, image_type=query))
        plain = await search.page(Filter(query))

        assert time.process_time() - started < 1, query[:20]
        assert page.items == []
        assert plain.total == len(plain.items)


FORGED = ["all\n-1", "all\n٣", "each\n1", "all\n1e9", f"all\n{'9' * 40}"]


def _coded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


async def test_a_cursor_that_is_none_is_told(database: Database, search: Search) -> None:
    for key in ("a", "b"):
        await begin(database, key, words="a fox")
    mark = base64.urlsafe_b64decode(
        str((await search.page(Filter("fox"), limit=1)).cursor)
    ).partition(b"\n")[0]
    places = ("a\nb", "a\nb\nc", *(f"{mark.decode()}\n{place}" for place in FORGED))

    for cursor in ("", "x", "é", "\0", "A" * 9_999, "\ud800", *map(_coded, places)):
        for wanted in (Filter(), Filter("fox")):
            with pytest.raises(StorageError, match=r"cursor .* Leave it out"):
                await search.page(wanted, cursor=cursor)


async def test_a_cursor_of_other_filters_is_told(database: Database, search: Search) -> None:
    for key in ("a", "b"):
        await begin(database, key, words="a fox")
    listed = (await search.page(Filter(), limit=1)).cursor
    found = (await search.page(Filter("fox"), limit=1)).cursor

    assert listed
    assert found
    for cursor, other in ((listed, Filter("fox")), (found, Filter()), (found, Filter("foxes"))):
        with pytest.raises(StorageError, match="cursor"):
            await search.page(other, cursor=cursor)


async def test_resources_come_newest_first(database: Database, search: Search) -> None:
    for number in (1, 3):
        await begin(database, f"conv_{number}", day=f"2026-01-0{number}", title=f"Title {number}")
    prompt = "a very red fox " * 20
    for name, number, kind in (("img_2", 2, "png"), ("img_4", 4, "svg")):
        at = f"2026-01-0{number}T00:00:00.000000+00:00"
        await draw(database, "conv_1", name, at=at, prompt=prompt, format=kind)

    seen = await search.resources(4)

    assert await search.resources(2) == seen[:2]
    uris = ["image://img_4", "conversation://conv_3", "image://img_2", "conversation://conv_1"]
    assert [one.uri for one in seen] == uris
    assert [one.mime_type for one in seen[:3]] == ["image/svg+xml", "text/markdown", "image/png"]
    assert seen[1].title == "Title 3"
    assert prompt.startswith(seen[0].title)
    assert 40 < len(seen[0].title) <= 80


def vectors_of(count: int) -> Any:
    return np.random.default_rng(5).normal(size=(count, 512)).astype(np.float32)


async def keep(database: Database, vectors: Any) -> list[str]:
    """Conversations with these vectors."""
    made = [await begin(database, f"conv_{number:03}") for number in range(len(vectors))]
    await give(Vectors(database), dict(zip(made, vectors, strict=True)))
    return made


def charge() -> Spending:
    return booking(None, "search", model=MODEL, usd=0.0, estimated=False, usage={}, sandbox=True)


async def give(meanings: Vectors, vectors: dict[str, Any]) -> None:
    """Keep these vectors, whatever was kept before."""
    rows = [(key, SAID, vector.tolist()) for key, vector in vectors.items()]
    await meanings.store(MODEL, rows, charge())


async def nearest(meanings: Vectors, vector: Any, limit: int = 3) -> list[str]:
    return [key for key, _ in await meanings.nearest(vector.tolist(), MODEL, limit=limit)]


async def test_nearest_are_those_of_the_greatest_cosine(database: Database) -> None:
    vectors, wanted = vectors_of(60), vectors_of(61)[-1]
    made = await keep(database, vectors)

    found = await Vectors(database).nearest(wanted.tolist(), MODEL, limit=7)

    cosines = vectors @ wanted / np.linalg.norm(vectors, axis=1) / np.linalg.norm(wanted)
    ordered = np.argsort(-cosines)[:7]
    assert [key for key, _ in found] == [made[index] for index in ordered]
    assert [score for _, score in found] == pytest.approx([cosines[i] for i in ordered], abs=1e-5)


async def test_what_was_said_since_makes_a_vector_stale_and_a_title_alone_too(
    database: Database,
) -> None:
    a, b, c = await keep(database, vectors_of(3))
    meanings = Vectors(database)
    assert await meanings.stale(MODEL) == {}

    async with database.write() as session:
        await session.execute(update(Turn).where(Turn.conversation_id == a).values(words="a fox"))
        await session.execute(update(Conversation).where(Conversation.id == b).values(title="Fox"))
        for key in (a, b, c):
            await index(session, key)

    assert await meanings.stale(MODEL) == {a: "\na fox\n\n\n", b: "Fox\n\n\n\n"}
    assert list(await meanings.stale(MODEL, limit=1)) == [a]
    assert list(await meanings.stale(MODEL, after=a)) == [b]
    assert list(await meanings.stale("another-model")) == [a, b, c]
    assert len(await nearest(meanings, vectors_of(1)[0], 9)) == 3


async def test_a_vector_of_words_that_changed_meanwhile_is_not_kept(database: Database) -> None:
    await begin(database, "a", words="a fox")
    meanings = Vectors(database)
    ((key, words),) = (await meanings.stale(MODEL)).items()
    async with database.write() as session:
        await session.execute(update(Turn).values(words="a hen"))
        await index(session, key)

    await meanings.store(MODEL, [(key, words, [1.0] * 512), ("gone", words, [1.0] * 512)], charge())

    assert list(await meanings.stale(MODEL)) == ["a"]
    assert await nearest(meanings, vectors_of(1)[0]) == []


async def test_two_servers_see_each_other_s_vectors(database: Database, tmp_path: Path) -> None:
    vectors = vectors_of(3)
    wanted = np.eye(512, dtype=np.float32)[0]
    vectors[0, 0] = 99
    made = await keep(database, vectors)
    other = Database(tmp_path)
    ours, theirs = Vectors(database), Vectors(other)
    assert (await nearest(ours, wanted))[0] == (await nearest(theirs, wanted))[0] == made[0]

    await give(theirs, {made[2]: wanted})

    assert (await nearest(ours, wanted))[0] == (await nearest(theirs, wanted))[0] == made[2]
    async with other.write() as session:
        await session.execute(delete(Conversation).where(Conversation.id == made[2]))
    assert sorted(await nearest(ours, wanted)) == made[:2]
    await other.close()


@pytest.mark.parametrize("toolset", ["keep", "quick"])
async def test_words_that_find_nothing_lead_to_the_search_by_meaning_where_there_is_one(
    connect: Connect, toolset: str
) -> None:
    async with connect(toolsets=[toolset]) as client:
        tools = {tool.name for tool in await client.list_tools()}
        empty = text_of(await client.call_tool("openai_list_conversations", {"query": "zebra"}))

    assert "Pass a conversation_id" not in empty
    assert ("openai_search_conversations" in empty) is ("openai_search_conversations" in tools)
