"""A record made by an earlier version is read by this one, whole."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from storage.database import Database
from storage.database_file import FILE_NAME
from storage.records import Records
from storage.schema_upgrade import MIGRATIONS
from storage.search import Filter, Search

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
        return [item.id for item in page.items]

    assert asyncio.run(find()) == ["conv_1"]


@pytest.mark.parametrize("version", ["0001", "0002", "0003"])
def test_records_of_an_earlier_version_are_read_and_found(tmp_path: Path, version: str) -> None:
    make(tmp_path, version)

    async def read() -> tuple[list[str], str, list[str]]:
        database = Database(tmp_path)
        loaded = await Records(database).load("conv_1")
        found = await Search(database).page(Filter(query="snow"))
        await database.close()
        words = [turn.words for turn in loaded.turns]
        return words, loaded.jobs[0].batch, [item.id for item in found.items]

    words, batch, found = asyncio.run(read())

    assert words == ["a fox in snow"]
    assert found == ["conv_1"]
    assert batch == ("job_1" if version == "0001" else "")
