"""A record made by an earlier version is read by this one, whole."""

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from call_meaning import undrawn_prompt
from errors import Problem
from generation.job_end import recorded_problem
from settings import Settings
from storage.database import Database
from storage.database_file import FILE_NAME
from storage.list_pages import Filter
from storage.records import Records
from storage.schema_upgrade import MIGRATIONS
from storage.search import Search
from tests.calls import Result, consult
from tests.conftest import Connect, Run

AT = "2026-11-01T10:00:00.000000+00:00"


def make(folder: Path, version: str) -> Path:
    """A database of a version with a conversation, a turn, a job and a picture."""
    path = folder / FILE_NAME
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        config.set_main_option("path_separator", "newline")
        command.upgrade(config, version)
    engine.dispose()
    with closing(sqlite3.connect(path)) as records, records:
        records.execute(
            "INSERT INTO conversations (id, title, mode, image_type, language, created_at, "
            "changed_at) VALUES ('conv_1', 'A fox', 'guided', 'general', 'en', ?, ?)", (AT, AT)
        )  # fmt: skip
        records.execute(
            'INSERT INTO turns (conversation_id, number, words, answers_given, model, response_id, '
            'templates, notes, repairs, "references", created_at) '
            "VALUES ('conv_1', 1, 'a fox in snow', '[]', '', '', '{}', '[]', '[]', '[]', ?)", (AT,)
        )  # fmt: skip
        records.execute(
            "INSERT INTO jobs (id, conversation_id, state, prompt, options, templates, "
            "response_id, error, request_key, beat_at, created_at, changed_at) "
            "VALUES ('job_1', 'conv_1', 'kept', 'a fox', '{}', '{}', '', '', '', '', ?, ?)",
            (AT, AT),
        )  # fmt: skip
        records.execute(
            "INSERT INTO images (id, conversation_id, job_id, path, format, width, height, bytes, "
            "has_alpha, sha256, prompt, revised_prompt, model, response_id, created_at) VALUES "
            "('img_1', 'conv_1', 'job_1', '/x.png', 'png', 1, 1, 1, 0, '', 'a fox', '', '', '', ?)",
            (AT,),
        )
    return path


def test_what_was_disliked_in_an_earlier_version_is_found(tmp_path: Path) -> None:
    with closing(sqlite3.connect(make(tmp_path, "0004"))) as records, records:
        records.execute("UPDATE images SET rating = 2, disliked = 'too murky'")
        records.execute("INSERT INTO texts VALUES (1, 'conv_1', 'A fox', 'a fox in snow', '', '')")

    async def find() -> list[str]:
        database = Database(tmp_path)
        page = await Search(database).page(Filter(query="murky"))
        await database.close()
        return [item.conversation_id for item in page.items]

    assert asyncio.run(find()) == ["conv_1"]


@pytest.mark.parametrize("version", ["0001", "0003"])
def test_records_of_an_earlier_version_are_read_and_found(tmp_path: Path, version: str) -> None:
    make(tmp_path, version)

    async def read() -> tuple[list[str], str, list[str], str | None]:
        database = Database(tmp_path)
        loaded = await Records(database).load("conv_1")
        found = await Search(database).page(Filter(query="snow"))
        await database.close()
        words = [turn.words for turn in loaded.turns]
        ids = [item.conversation_id for item in found.items]
        return words, loaded.jobs[0].batch, ids, undrawn_prompt(loaded)

    words, batch, found, undrawn = asyncio.run(read())

    assert words == ["a fox in snow"]
    assert found == ["conv_1"]
    assert batch == ("job_1" if version == "0001" else "")
    assert undrawn is None


@pytest.mark.parametrize(
    ("told", "charged"),
    [
        ("OpenAI refused it. Nothing was charged. Change what is asked for.", "no"),
        ("It brought words alone. The call was charged. Say more plainly.", "yes"),
        ("It was left. It is unknown whether this was charged. Look at the usage page.", "unknown"),
    ],
)
def test_a_failure_of_an_earlier_version_is_told_as_it_was_and_says_in_data_what_it_cost(
    tmp_path: Path, told: str, charged: str
) -> None:
    again = " The same call again only tells this; redraw=true draws it anew, for money."
    with closing(sqlite3.connect(make(tmp_path, "0008"))) as records, records:
        records.execute("UPDATE jobs SET state = 'failed', error = ?", (told + again,))

    async def read() -> Problem:
        database = Database(tmp_path)
        loaded = await Records(database).load("conv_1")
        await database.close()
        return recorded_problem(loaded.jobs[0])

    problem = asyncio.run(read())

    assert (str(problem), problem.charged) == (told, charged)


def rows_of_0_1() -> Iterator[tuple[str, dict[str, object]]]:
    """A dialogue as version 0.1 left it: it asked two questions, and one was answered."""
    questions = [
        ("style", "Which style?", ["watercolour", "photograph"]),
        ("palette", "Which colours?", ["warm", "cool"]),
    ]
    put = [
        {"id": f"q{n}", "dimension": d, "text": t, "why": "", "options": o, "default": o[0]}
        for n, (d, t, o) in enumerate(questions, start=1)
    ]
    subject = {"dimension": "subject", "value": "a fox", "source": "request", "ref": "m1"}
    style = {"dimension": "style", "value": "watercolour", "source": "answer", "ref": "q1"}
    palette = {"dimension": "palette", "value": "", "source": "open", "ref": None}
    asked = {"language": "en", "title": "A fox", "image_type": "general", "brief": [subject],
        "answered": [], "questions": put, "ready": False, "phrases": []}  # fmt: skip
    mapped = [{"question_id": "q1", "answer": "watercolour"}]
    answered = {**asked, "brief": [subject, style], "answered": mapped, "questions": []}
    for one in put:
        row = {key: value for key, value in one.items() if key != "id"}
        yield "questions", {"turn_number": 1, "number": int(str(one["id"])[1:]), **row}
    yield "answers", {"turn_number": 2, "question": "q1", "text": "watercolour"}
    yield "turns", {"number": 2, "words": "watercolour", "answers_given": [], "model": "gpt-4o",
        "response_id": "", "templates": {}, "notes": [], "repairs": [], "references": [],
        "reply": answered, "created_at": AT}  # fmt: skip
    for number, entries in enumerate([[subject, palette], [subject, style, palette]], start=1):
        yield "briefs", {"turn_number": number, "entries": entries, "completeness": 20,
            "phrases": [], "suggested": {}}  # fmt: skip
    yield "", {"reply": asked}


def test_a_dialogue_of_version_0_1_goes_on_and_is_exported(
    connect: Connect, settings: Settings, run: Run, tmp_path: Path
) -> None:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(make(settings.data_dir, "0001"))) as records, records:
        for table, row in rows_of_0_1():
            cells = [v if isinstance(v, str | int) else json.dumps(v) for v in row.values()]
            names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
            into = f"INSERT INTO {table} (conversation_id, {names}) VALUES ('conv_1', {marks})"
            records.execute(into if table else "UPDATE turns SET reply = ? WHERE number = 1", cells)

    async def go_on() -> Result:
        async with connect() as client:
            return await consult(client, "warm please", conversation_id="conv_1")

    result = asyncio.run(go_on())

    brief = {entry["dimension"]: entry for entry in result["brief"]}
    assert brief["subject"]["value"].startswith("a fox")
    assert brief["style"]["value"] == "watercolour"
    assert {brief[name]["source"] for name in ("subject", "style", "palette")} <= {"said", "chosen"}
    assert not {"q1", "q2"} & {question["id"] for question in result["questions"]}
    run("conversations", "export", "conv_1", "--as", "markdown", "--to", str(tmp_path / "out"))
    (exported,) = (tmp_path / "out").rglob("*.md")
    text = exported.read_text(encoding="utf-8")
    for words in ("a fox in snow", "Which colours?", "style: watercolour", "warm please"):
        assert words in text
